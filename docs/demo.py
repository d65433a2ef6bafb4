"""A first try that needs no data: simulate, train, predict what is new, and compare with the planted truth."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
import pandas as pd

import drugresponse as dr
from drugresponse.cli import main

FOLDER = Path("demo")


def run(*words: str) -> None:
    """Run one command line, shown as a person would type it."""
    sys.stdout.write(f"\n$ drugresponse {' '.join(words)}\n")
    sys.stdout.flush()
    code = main(list(words))
    if code:
        sys.exit(code)


def compare_with_truth(predictions: Path, title: str) -> None:
    """Error of predictions and of the naive baseline against what was held back."""
    measured = pd.read_table(FOLDER / "cohort" / "new_responses.tsv", dtype={"sample_id": str, "drug_id": str})
    table = pd.read_table(predictions).merge(measured, on=["sample_id", "drug_id"])
    errors = {name: np.sqrt(np.mean((table["response"] - table[name]) ** 2)) for name in ("prediction", "baseline")}
    sys.stdout.write(
        f"{title}: {len(table)} held-back measurements, RMSE {errors['prediction']:.3f} "
        f"(naive baseline {errors['baseline']:.3f})\n"
    )


def rank_planted_genes(model: dr.DrugResponseModel) -> None:
    """Where the planted features stand when all are ranked by the model's token weights."""
    features, weights = model.regressor_.feature_weights()
    names = [name for _, name in features]
    rank = {names[at]: place for place, at in enumerate(np.argsort(-weights, kind="stable"), start=1)}
    truth = pd.read_table(FOLDER / "cohort" / "truth.tsv").fillna("")
    sys.stdout.write(f"Planted features, and their rank by token weight among {len(names)}:\n")
    for kind, rows in truth.groupby("mechanism_of_effect", sort=True):
        planted = sorted({*rows["feature_id"], *rows["partner"]} - {""}, key=lambda each: rank.get(each, len(names)))
        shown = ", ".join(f"{each} {rank.get(each, '-')}" for each in planted)
        sys.stdout.write(f"  {kind}: {shown}\n")


def demo() -> None:
    """Run the whole demonstration in the folder `demo`."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    cohort = FOLDER / "cohort"
    run("simulate", "--directory", str(cohort))
    common = ["--drugs", f"{cohort}/drugs.tsv", "--samples", f"{cohort}/samples.tsv"]
    source = ["--genotypes", f"{cohort}/genotypes.tsv", "--features", f"{cohort}/features.tsv"]
    meaning = ["--measure", "ln_ic50", "--unit", "uM", "--higher-means", "resistant"]
    new = ["--genotypes", f"{cohort}/new_genotypes.tsv", "--features", f"{cohort}/features.tsv"]
    new += ["--samples", f"{cohort}/new_samples.tsv"]
    run(
        "train",
        *source,
        "--responses",
        f"{cohort}/responses.tsv",
        *common,
        *meaning,
        "--model",
        f"{FOLDER}/model.safetensors",
        "--metrics",
        f"{FOLDER}/metrics.tsv",
        "--report",
        f"{FOLDER}/report.html",
    )
    run(
        "predict",
        "--model",
        f"{FOLDER}/model.safetensors",
        *new,
        "--predictions",
        f"{FOLDER}/new_samples.tsv",
        "--report",
        f"{FOLDER}/predictions.html",
    )
    run(
        "train",
        *source,
        "--responses",
        f"{cohort}/responses.tsv",
        *common,
        *meaning,
        "--learner",
        "ridge",
        "--scheme",
        "new-samples-and-drugs",
        "--model",
        f"{FOLDER}/new_drugs.safetensors",
    )
    run(
        "predict",
        "--model",
        f"{FOLDER}/new_drugs.safetensors",
        *new,
        "--drugs",
        f"{cohort}/new_drugs.tsv",
        "--predictions",
        f"{FOLDER}/new_drugs.tsv",
    )
    sys.stdout.write("\n")
    compare_with_truth(FOLDER / "new_samples.tsv", "New samples, known drugs")
    compare_with_truth(FOLDER / "new_drugs.tsv", "New samples, new drugs")
    rank_planted_genes(dr.load_model(FOLDER / "model.safetensors"))
    sys.stdout.write(f"\nResults are in {FOLDER}/: open report.html and predictions.html, read metrics.tsv.\n")


if __name__ == "__main__":
    demo()
