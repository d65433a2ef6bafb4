"""python -m benchmarks.dreval.trial: learners and models of drevalpy through its pipeline, on a simulated cohort."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
from drevalpy.datasets.dataset import DrugResponseDataset
from drevalpy.datasets.loader import load_dataset
from drevalpy.evaluation import evaluate
from drevalpy.experiment import drug_response_experiment
from drevalpy.models import MODEL_FACTORY, MULTI_DRUG_MODEL_FACTORY, RandomForest
from drevalpy.models.drp_model import DRPModel

from benchmarks.dreval.folder import CALLS, write_folder
from benchmarks.dreval.model import SCHEMES, register
from benchmarks.pages import markdown_table, tab_separated
from drugresponse.simulation.cohort import simulate_cohort

_NAME = "simulated"
_NAIVE = (
    "NaivePredictor",
    "NaiveCellLineMeanPredictor",
    "NaiveDrugMeanPredictor",
    "NaiveTissueMeanPredictor",
    "NaiveTissueDrugMeanPredictor",
    "NaiveMeanEffectsPredictor",
)
_RULER = "NaiveMeanEffectsPredictor"
"""What drevalpy subtracts on both sides for its normalised scores."""


class _ForestOfCalls(RandomForest):
    """Its random forest with its own settings, on calls in place of the expression that the cohort has none of."""

    @classmethod
    def get_model_name(cls) -> str:
        return "RandomForestOfCalls"

    @classmethod
    def get_hyperparameter_set(cls) -> list[dict[str, Any]]:
        settings = {"n_estimators": 100, "max_samples": 0.2, "n_jobs": 1, "criterion": "squared_error", "max_depth": 30}
        return [{"cell_line_views": [CALLS], "drug_views": ["fingerprints"], "gene_list": None, **settings}]


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.dreval.trial")
    parser.add_argument("--directory", type=Path, required=True, help="for data and results")
    parser.add_argument("--learners", nargs="+", default=["ridge"])
    parser.add_argument("--mode", choices=sorted(SCHEMES), default="LCO")
    parser.add_argument("--folds", type=int, default=3)
    parser.add_argument("--n-samples", type=int, default=200)
    parser.add_argument("--n-features", type=int, default=100)
    parser.add_argument("--n-drugs", type=int, default=20)
    parser.add_argument("--tsv", type=Path, help="write the table also here, for benchmarks scoreboard --others")
    options = parser.parse_args(arguments)
    sizes = {name: getattr(options, name) for name in ("n_samples", "n_features", "n_drugs")}
    data = options.directory / "data"
    write_folder(simulate_cohort(**sizes), data, _NAME)
    MODEL_FACTORY[_ForestOfCalls.get_model_name()] = _ForestOfCalls
    MULTI_DRUG_MODEL_FACTORY[_ForestOfCalls.get_model_name()] = _ForestOfCalls
    tried: list[type[DRPModel]] = [*(register(each, options.mode) for each in options.learners), _ForestOfCalls]
    tried += [MODEL_FACTORY[each] for each in _NAIVE]
    seconds: dict[str, float] = {}
    for model in tried:
        begun = time.process_time()
        drug_response_experiment(
            [model],
            load_dataset(_NAME, str(data)),
            test_mode=options.mode,
            n_cv_splits=options.folds,
            path_out=str(options.directory / "results"),
            path_data=str(data),
            hyperparameter_tuning=False,
        )
        seconds[model.get_model_name()] = time.process_time() - begun
    results = options.directory / "results" / _NAME / options.mode
    scores = _scores(results, seconds)
    sys.stdout.write(_table(scores))
    if options.tsv is not None:
        place = scores.assign(cohort=f"{_NAME}, drevalpy {version('drevalpy')}", scheme=options.mode)
        options.tsv.write_text(tab_separated(place), encoding="utf-8")
    sys.stdout.write(f"\ndrevalpy {version('drevalpy')}, {options.mode}, {options.folds} folds\n")
    return 0


def _scores(results: Path, seconds: dict[str, float]) -> pd.DataFrame:
    """Its own scores of its own files of predictions, means over folds, and seconds of CPU of all folds."""
    ruler, rows = _predictions(results, _RULER), []
    for name, spent in seconds.items():
        scores = []
        for own, beside in zip(_predictions(results, name), ruler, strict=True):
            both = own.merge(beside, on=["cell_line_name", "pubchem_id"], suffixes=("", "_ruler"))
            response, predicted, mean = (both[each] for each in ("response", "predictions", "predictions_ruler"))
            beyond = _scored(response - mean, predicted - mean)["Pearson"]
            scores.append({**_scored(response, predicted), "beyond": beyond})
        means = pd.DataFrame(scores).mean()
        rows.append([name, means["RMSE"], means["Pearson"], means["beyond"], spent])
    return pd.DataFrame(rows, columns=["learner", "rmse", "pearson", "normalised_pearson", "cpu_seconds"])


def _table(scores: pd.DataFrame) -> str:
    header = ["", "RMSE", "Pearson", "normalised Pearson", "CPU, s"]
    lines = [[name, *(f"{each:.3f}" for each in numbers)] for name, *numbers in scores.to_numpy()]
    return markdown_table(header, lines)


def _scored(response: pd.Series, predictions: pd.Series) -> dict[str, float]:
    ids = response.index.to_numpy()
    dataset = DrugResponseDataset(response.to_numpy(), ids, ids, predictions=predictions.to_numpy())
    return evaluate(dataset, ["RMSE", "Pearson"])


def _predictions(results: Path, name: str) -> list[pd.DataFrame]:
    files = sorted((results / name / "predictions").glob("predictions_split_*.csv"))
    return [pd.read_csv(each, dtype={"cell_line_name": str, "pubchem_id": str}) for each in files]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
