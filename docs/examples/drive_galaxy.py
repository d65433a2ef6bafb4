"""Train a model and predict with it on a Galaxy server, from Python.

    pip install bioblend
    GALAXY_KEY=... python drive_galaxy.py https://galaxy.example.org COHORT RESULTS

The key is made in Galaxy under *User, Preferences, Manage API key*. COHORT is a folder with genotypes.tsv,
responses.tsv, drugs.tsv, samples.tsv, new_genotypes.tsv and new_samples.tsv, such as `drugresponse simulate` writes.
The model, the scores and the predictions are written to the folder RESULTS.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

from bioblend.galaxy import GalaxyInstance

TABLES = ("genotypes", "responses", "drugs", "samples", "new_genotypes", "new_samples")


def upload(galaxy: GalaxyInstance, history: str, folder: Path) -> dict[str, dict[str, str]]:
    """Upload all tables, and wait until Galaxy has read them."""
    uploaded = {}
    for name in TABLES:
        answer = galaxy.tools.upload_file(str(folder / f"{name}.tsv"), history, file_name=name, file_type="tabular")
        uploaded[name] = {"src": "hda", "id": answer["outputs"][0]["id"]}
    for dataset in uploaded.values():
        galaxy.datasets.wait_for_dataset(dataset["id"], interval=1, check=True)
    return uploaded


def run_tool(galaxy: GalaxyInstance, history: str, tool: str, inputs: dict[str, Any]) -> dict[str, dict[str, str]]:
    """Run a tool, wait for its end, and return its outputs by name; what the program said stands in the error."""
    answer = galaxy.tools.run_tool(history, tool, inputs)
    for started in answer["jobs"]:
        ended = galaxy.jobs.wait_for_job(started["id"], interval=1)
        if ended["state"] != "ok":
            job = galaxy.jobs.show_job(started["id"], full_details=True)
            raise RuntimeError(f"{tool} ended with {ended['state']}: {job['tool_stderr'].strip()}")
    return {each["output_name"]: {"src": "hda", "id": each["id"]} for each in answer["outputs"]}


def main(url: str, cohort: str, results: str) -> None:
    """Upload, train, predict, download."""
    galaxy = GalaxyInstance(url, key=os.environ["GALAXY_KEY"])
    history = galaxy.histories.create_history("Drug response from Python")["id"]
    data = upload(galaxy, history, Path(cohort))
    trained = run_tool(
        galaxy,
        history,
        "drugresponse_train",
        {
            "genotypes_source|genotypes": data["genotypes"],  # a field that a choice brings: choice|field
            **{name: data[name] for name in ("responses", "drugs", "samples")},
            "learner": "ridge",
            "outputs": ["metrics"],
            "columns|measure": "ln_ic50",  # a field in a section: section|field
        },
    )
    predicted = run_tool(
        galaxy,
        history,
        "drugresponse_predict",
        {
            "model_source|model": trained["model"],
            "genotypes_source|genotypes": data["new_genotypes"],
            "samples": data["new_samples"],
            "outputs": [],
        },
    )
    Path(results).mkdir(parents=True, exist_ok=True)
    wanted = {"model.safetensors": trained["model"], "metrics.tsv": trained["metrics"]}
    for name, dataset in {**wanted, "predictions.tsv": predicted["predictions"]}.items():
        path = str(Path(results) / name)
        galaxy.datasets.download_dataset(dataset["id"], file_path=path, use_default_filename=False)


if __name__ == "__main__":
    main(*sys.argv[1:])
