"""Results of the tools given as their inputs, in a real Galaxy: the form refuses them before a job is made."""

from __future__ import annotations

from server import TEST_DATA, GalaxyServer
from waiting import LONGEST_SECONDS

COHORT = TEST_DATA / "cell_lines"
SEMICOLONS = "responses_semicolons.csv"
PREDICTIONS = "sample_id\tdrug_id\tprediction\tlower\tupper\nL0001\tD001\t0.5\t0\t1\n"
METRICS = "learner\tscheme\trepeat\tfold\tlevel\tid\tmetric\tvalue\nridge\tnew-samples\t0\tall\tglobal\t\trmse\t1\n"
PAGE = "<!DOCTYPE html>\n<html><head><title>Report</title></head><body>A report</body></html>\n"
REFUSED = "This is a result of these tools"


def problem_of_results(server: GalaxyServer) -> str | None:
    """What is wrong with how the form of train meets results and plain text, if anything."""
    from bioblend import ConnectionError as RefusedError
    from bioblend.galaxy import GalaxyInstance  # only planemo's Python has it

    galaxy = GalaxyInstance(server.url, key=server.user_key)
    history = galaxy.histories.create_history("results as inputs")["id"]
    ids = {}
    for name in ("genotypes.tsv", SEMICOLONS):
        ids[name] = galaxy.tools.upload_file(str(COHORT / name), history, file_name=name)["outputs"][0]["id"]
    for name, text, kind in (
        ("predictions", PREDICTIONS, "tabular"),
        ("metrics", METRICS, "tabular"),
        ("page", PAGE, "txt"),
    ):
        ids[name] = galaxy.tools.paste_content(text, history, file_name=name, file_type=kind)["outputs"][0]["id"]
    for each in ids.values():
        galaxy.datasets.wait_for_dataset(each, maxwait=LONGEST_SECONDS, interval=0.5, check=True)
    kind = galaxy.datasets.show_dataset(ids[SEMICOLONS])["file_ext"]
    if kind != "txt":
        return f"Galaxy takes {SEMICOLONS} for {kind} (txt expected: then the forms need not offer plain text)"
    data = {name: {"src": "hda", "id": each} for name, each in ids.items()}
    usual = {"genotypes_source|genotypes": data["genotypes.tsv"], "responses": data[SEMICOLONS], "outputs": None}
    for role, result in (
        ("genotypes_source|genotypes", "metrics"),
        ("responses", "predictions"),
        ("samples", "metrics"),
        ("drugs", "page"),
    ):
        try:
            galaxy.tools.run_tool(history, "drugresponse_train", {**usual, role: data[result]})
        except RefusedError as error:
            if REFUSED not in str(error.body):
                return f"{result} as {role}: {str(error.body)[:300]}"
        else:
            return f"{result} as {role} were taken"
    settings = {"learner": "additive-mean", "learner_settings|folds": 0}
    (job,) = galaxy.tools.run_tool(history, "drugresponse_train", {**usual, **settings})["jobs"]
    galaxy.jobs.wait_for_job(job["id"], maxwait=LONGEST_SECONDS, interval=0.5, check=False)
    ended = galaxy.jobs.show_job(job["id"], full_details=True)
    return None if ended["exit_code"] == 0 else f"{SEMICOLONS}: {(ended['tool_stderr'] or '')[-300:]}"
