"""A first try that needs no data: simulate, train, predict what is new, and compare with the planted truth."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

import drugresponse as dr
from drugresponse.cli import main

FOLDER = Path("demo")


def say(text: str) -> None:
    """A line at once."""
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(*words: str) -> None:
    """Run one command line, shown as a person would type it."""
    say(f"\n$ drugresponse {' '.join(words)}")
    code = main(list(words))
    if code:
        sys.exit(code)


def compare_with_truth(predictions: Path, title: str) -> None:
    """Error of predictions and of the naive baseline against what was held back."""
    measured = pd.read_table(FOLDER / "cohort" / "new_responses.tsv", dtype={"sample_id": str, "drug_id": str})
    table = pd.read_table(predictions).merge(measured, on=["sample_id", "drug_id"])
    errors = {name: np.sqrt(np.mean((table["response"] - table[name]) ** 2)) for name in ("prediction", "baseline")}
    say(
        f"{title}: {len(table)} held-back measurements, RMSE {errors['prediction']:.3f} "
        f"(naive baseline {errors['baseline']:.3f})"
    )


def rank_planted_genes(model: dr.DrugResponseModel) -> None:
    """Where the planted features stand when all are ranked by the model's token weights."""
    features, weights = model.regressor_.feature_weights()
    names = [name for _, name in features]
    rank = {names[at]: place for place, at in enumerate(np.argsort(-weights, kind="stable"), start=1)}
    truth = pd.read_table(FOLDER / "cohort" / "truth.tsv").fillna("")
    say(f"Planted features, and their rank by token weight among {len(names)}:")
    for kind, rows in truth.groupby("mechanism_of_effect", sort=True):
        planted = sorted({*rows["feature_id"], *rows["partner"]} - {""}, key=lambda each: rank.get(each, len(names)))
        shown = ", ".join(f"{each} {rank.get(each, '-')}" for each in planted)
        say(f"  {kind}: {shown}")


def demo() -> None:
    """Run the whole demonstration in the folder `demo`."""
    started = time.monotonic()
    shutil.rmtree(FOLDER, ignore_errors=True)
    FOLDER.mkdir()
    cohort = FOLDER / "cohort"
    say("A first result comes within a minute, all of it takes some minutes.")
    say("\n1 of 4: a made-up cohort whose truth is known")
    run("simulate", "--directory", str(cohort))
    common = ["--drugs", f"{cohort}/drugs.tsv", "--samples", f"{cohort}/samples.tsv"]
    source = ["--genotypes", f"{cohort}/genotypes.tsv", "--features", f"{cohort}/features.tsv"]
    source += ["--responses", f"{cohort}/responses.tsv", *common]
    source += ["--measure", "ln_ic50", "--unit", "uM", "--higher-means", "resistant"]
    new = ["--genotypes", f"{cohort}/new_genotypes.tsv", "--features", f"{cohort}/features.tsv"]
    new += ["--samples", f"{cohort}/new_samples.tsv"]

    def train(model: str, *more: str) -> None:
        run("train", *source, *more, "--model", f"{FOLDER}/{model}.safetensors")

    def predict(model: str, table: str, *more: str) -> None:
        outputs = ["--predictions", f"{FOLDER}/{table}.tsv"]
        run("predict", "--model", f"{FOLDER}/{model}.safetensors", *new, *more, *outputs)

    say("\n2 of 4: the ridge, which is quick, and predictions for samples that it never saw")
    train("ridge", "--learner", "ridge")
    predict("ridge", "ridge")
    say("")
    compare_with_truth(FOLDER / "ridge.tsv", "First result. New samples, known drugs")
    say(f"It took {time.monotonic() - started:.0f} s.")
    say("\n3 of 4: all learners, weighed by held-out rows (some minutes)")
    train("model", "--metrics", f"{FOLDER}/metrics.tsv", "--report", f"{FOLDER}/report.html")
    predict("model", "new_samples", "--report", f"{FOLDER}/predictions.html")
    say("\n4 of 4: drugs that it never saw, by their structures")
    train("new_drugs", "--learner", "ridge", "--scheme", "new-samples-and-drugs")
    predict("new_drugs", "new_drugs", "--drugs", f"{cohort}/new_drugs.tsv")
    say("")
    compare_with_truth(FOLDER / "new_samples.tsv", "New samples, known drugs")
    compare_with_truth(FOLDER / "new_drugs.tsv", "New samples, new drugs")
    rank_planted_genes(dr.load_model(FOLDER / "model.safetensors"))
    say(f"\nResults are in {FOLDER}/: open report.html and predictions.html, read metrics.tsv.")


if __name__ == "__main__":
    demo()
