"""Accuracy of every learner on new samples, beside the naive predictions, on the published folds of each cohort."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np
import pandas as pd
from cohorts import fold_of_rows, read_cohort

from drugresponse.data.metrics import score_levels
from drugresponse.models.base import LEARNERS, make_learner
from drugresponse.models.baselines import NaiveEffects
from drugresponse.models.threads import one_thread, run_in_order

METRICS = ["rmse", "pearson", "normalised_pearson", "skill"]


def score_cohort(folder: Path, learners: list[str], n_jobs: int) -> pd.DataFrame:
    rows = read_cohort(folder)
    fold = fold_of_rows(folder, rows)

    def run(unit: tuple[str, int]) -> pd.DataFrame:
        name, number = unit
        train, test = np.flatnonzero((fold != number) & (fold >= 0)), np.flatnonzero(fold == number)
        held = rows.pairs[test]
        naive = NaiveEffects.fit(rows.pairs[train], rows.y[train], scheme="new-samples").predict(held)
        if name in naive:
            predicted = naive[name]
        else:
            predicted = make_learner(name, {}).fit(rows.pairs[train], rows.y[train]).predict(held)
        truth = pd.DataFrame({"sample_id": held.sample_ids, "drug_id": held.drug_ids, "response": rows.y[test]})
        scores = score_levels(truth, predicted, naive, "drug mean").assign(learner=name)
        sys.stderr.write(f"{folder.name} {name} fold {number}\n")
        return scores

    units = [(name, number) for name in learners for number in range(fold.max() + 1)]
    scores = pd.concat(run_in_order(run, units, n_jobs))
    pooled = scores[scores["level"] == "global"].pivot_table(index="learner", columns="metric", values="value")
    within = scores[(scores["level"] == "drug") & (scores["id"] == "mean") & (scores["metric"] == "pearson")]
    pooled["within_drug_pearson"] = within.groupby("learner")["value"].mean()
    return pooled.loc[learners, [*METRICS, "within_drug_pearson"]]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--learners", nargs="+", default=[name for name in LEARNERS if name != "auto"])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("cohorts", nargs="+")
    options = parser.parse_args()
    with one_thread():
        for cohort in options.cohorts:
            table = score_cohort(
                options.data / cohort, ["drug mean", "tissue-drug mean", *options.learners], options.jobs
            )
            sys.stdout.write(f"\n{cohort}\n{table.round(4).to_string()}\n")


if __name__ == "__main__":
    main()
