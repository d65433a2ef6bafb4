"""Genotypes as a collection, in a real Galaxy: planemo's cases cannot give one to a field for several datasets, nor a
sample sheet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from server import TEST_DATA, GalaxyServer
from waiting import LONGEST_SECONDS

PATIENTS = [f"patient_P{number}.vcf" for number in ("0121", "0122", "0123")]
COVARIATES = {"age": "int", "sex": "string", "ancestry": "string"}
FILES = {
    "chromosome_2.vcf": "vcf",
    "chromosome_19.vcf": "vcf",
    "responses.tsv": "tabular",
    "new_samples.tsv": "tabular",
}
FILES |= {"model.safetensors": "safetensors"} | dict.fromkeys(PATIENTS, "vcf")
OMICS = {
    "genotypes.tsv": "tabular",
    "more_genotypes.csv": "csv",
    "responses.tsv": "tabular",
    "new_genotypes.tsv": "tabular",
}
AWKWARD = "chr2 $(touch x) 'a"
"""Name of an element that a shell would misread."""
LINKED = "chr2 _(touch x) _a"


def problem_of_collections(server: GalaxyServer) -> str | None:
    """What is wrong with how prepare takes collections, if anything."""
    from bioblend.galaxy import GalaxyInstance  # only planemo's Python has it

    galaxy = GalaxyInstance(server.url, key=server.user_key)
    history = galaxy.histories.create_history("collections")["id"]
    ids = uploaded(galaxy, history, FILES, "germline")
    first = (AWKWARD, ids["chromosome_2.vcf"])
    joined = prepared_from(galaxy, history, [first, ("chr19", ids["chromosome_19.vcf"])])
    if joined["exit_code"] != 0 or "120 samples and 13 features" not in joined["tool_stdout"]:
        return f"two chromosomes: {(joined['tool_stderr'] or joined['tool_stdout'])[-300:]}"
    if f"'genotypes_1/{LINKED}'" not in joined["command_line"]:
        return f"the first file is not linked as {LINKED}: {joined['command_line']}"
    stacked = prepared_from(galaxy, history, [(name, ids[name]) for name in PATIENTS])
    if stacked["exit_code"] != 0 or "3 samples and " not in stacked["tool_stdout"]:
        return f"a file for each patient: {(stacked['tool_stderr'] or stacked['tool_stdout'])[-300:]}"
    wrong = prepared_from(galaxy, history, [first, ("chr19", ids["responses.tsv"])])
    if wrong["exit_code"] != 2 or "error: chr19: all its columns tell of the sample" not in wrong["tool_stderr"]:
        return f"a file that is none of genotypes is not named: {wrong['tool_stderr'][-300:]}"
    return problem_of_blocks(galaxy, history) or problem_of_sheet(galaxy, history, ids)


def problem_of_blocks(galaxy: Any, history: str) -> str | None:
    """What is wrong with lists whose elements are blocks: a model trained on two predicts from one, by its name."""
    ids = uploaded(galaxy, history, OMICS, "cell_lines")
    named = {"genotype_options|blocks": "named", "outputs": None}
    omics = listed(galaxy, history, [("mutation", ids["genotypes.tsv"]), ("expression", ids["more_genotypes.csv"])])
    training = {
        "genotypes_source|genotypes": omics,
        "responses": {"src": "hda", "id": ids["responses.tsv"]},
        "learner": "ridge",
    }
    job = run(galaxy, history, "train", {**training, **named, "learner_settings|folds": 1})
    if job["exit_code"] != 0 or "Block expression: 5 features of 96 samples" not in job["tool_stdout"]:
        return f"two blocks: {(job['tool_stderr'] or job['tool_stdout'])[-300:]}"
    one = listed(galaxy, history, [("mutation", ids["new_genotypes.tsv"])])
    model = {"src": "hda", "id": job["outputs"]["model"]["id"]}
    job = run(galaxy, history, "predict", {"model_source|model": model, "genotypes_source|genotypes": one, **named})
    if job["exit_code"] != 0 or "Flags: block-absent 240." not in job["tool_stdout"]:
        return f"a block that is absent: {(job['tool_stderr'] or job['tool_stdout'])[-300:]}"
    return None


def problem_of_sheet(galaxy: Any, history: str, ids: dict[str, str]) -> str | None:
    """What is wrong with how predict takes a sample sheet: it gives what a table of samples beside the files gives."""
    lines = (TEST_DATA / "germline" / "new_samples.tsv").read_text(encoding="utf-8").splitlines()[1:4]
    rows = [line.split("\t") for line in lines]
    elements = [{"src": "hda", "id": ids[name], "name": row[0]} for name, row in zip(PATIENTS, rows, strict=True)]
    definitions = [{"name": name, "type": kind, "optional": False} for name, kind in COVARIATES.items()]
    asked = {
        "collection_type": "sample_sheet",
        "element_identifiers": elements,
        "column_definitions": definitions,
        "rows": {sample: [int(age), *others] for sample, age, *others in rows},
        "name": "patients",
        "instance_type": "history",
        "history_id": history,
    }
    made = galaxy.make_post_request(f"{galaxy.url}/dataset_collections", payload=asked)
    sheet = {"genotypes_source|source": "sheet", "genotypes_source|sheet": {"src": "hdca", "id": made["id"]}}
    files = [{"src": "hda", "id": ids[name]} for name in PATIENTS]
    beside = {
        "genotypes_source|genotypes": {"batch": False, "values": files},
        "samples": {"src": "hda", "id": ids["new_samples.tsv"]},
    }
    expected, found = (predictions_of(galaxy, history, ids["model.safetensors"], each) for each in (beside, sheet))
    return None if found == expected else f"a sample sheet gives {found[-500:]!r} (expected {expected[-500:]!r})"


def predictions_of(galaxy: Any, history: str, model: str, genotypes: dict[str, Any]) -> str:
    """The table that predict writes of some genotypes; what it says where it writes none."""
    inputs = {"model_source|model": {"src": "hda", "id": model}, "outputs": None, **genotypes}
    job = run(galaxy, history, "predict", {**inputs, "genotype_options|absent_means": "reference"})
    if job["exit_code"] != 0:
        return f"exit {job['exit_code']}, {job['tool_stderr']}"
    return galaxy.datasets.download_dataset(job["outputs"]["predictions"]["id"], require_ok_state=True).decode()


def prepared_from(galaxy: Any, history: str, elements: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Run prepare on a list of these elements, and return the job when it has ended."""
    return run(
        galaxy, history, "prepare", {"genotypes_source|genotypes": listed(galaxy, history, elements), "outputs": None}
    )


def uploaded(galaxy: Any, history: str, files: dict[str, str], folder: str) -> dict[str, str]:
    """Ids of the datasets that some test data have become."""
    ids = {}
    for name, kind in files.items():
        answer = galaxy.tools.upload_file(str(TEST_DATA / folder / name), history, file_type=kind)
        ids[name] = answer["outputs"][0]["id"]
    for each in ids.values():
        galaxy.datasets.wait_for_dataset(each, maxwait=LONGEST_SECONDS, interval=0.5, check=True)
    return ids


def listed(galaxy: Any, history: str, elements: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A new list of these datasets, as a field for several datasets takes it."""
    named = [{"src": "hda", "id": dataset, "name": name} for name, dataset in elements]
    made = galaxy.histories.create_dataset_collection(
        history, {"collection_type": "list", "name": "genotypes", "element_identifiers": named}
    )
    return {"batch": False, "values": [{"src": "hdca", "id": made["id"]}]}


def run(galaxy: Any, history: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """Run a tool, and return its job when it has ended."""
    (job,) = galaxy.tools.run_tool(history, f"drugresponse_{name}", inputs)["jobs"]
    galaxy.jobs.wait_for_job(job["id"], maxwait=LONGEST_SECONDS, interval=0.5, check=False)
    return galaxy.jobs.show_job(job["id"], full_details=True)
