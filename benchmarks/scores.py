"""Scores of what the cache holds: a row for each learner on each fold, and their means over folds."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.cache import NAIVE, Cache, Record, TestedRows, code_hash
from drugresponse.data.metrics import MINIMUM_ROWS, pearson, score

__all__ = ["SCORES", "current_records", "fold_scores", "mean_scores"]

SCORES = ("normalised_pearson", "rmse", "skill", "within_drug_pearson", "spearman")
_COSTS = ("fit_seconds", "predict_seconds", "cpu_seconds", "peak_mb")
_PLACE = ["cohort", "scheme", "learner"]


def current_records(cache: Cache) -> list[Record]:
    """The records of each cohort and scheme that were measured on the newest data of their fold."""
    records = list(cache.records())
    newest = {
        (each.cohort, each.scheme, each.repeat, each.fold): each.data for each in records if each.learner == NAIVE
    }
    return [each for each in records if newest.get((each.cohort, each.scheme, each.repeat, each.fold)) == each.data]


def fold_scores(cache: Cache) -> pd.DataFrame:
    """One row for each (cohort, scheme, repeat, fold, learner), naive predictions included.

    Returns
    -------
    pandas.DataFrame
        Columns `cohort, scheme, repeat, fold, learner, status, stale`, the scores (NaN where not defined) and the costs
        (NaN for naive predictions). `stale`: the learner's code has changed since.
    """
    found = []
    naive: dict[tuple[str, str, int, int], dict[str, NDArray[np.float64]]] = {}
    records = sorted(current_records(cache), key=lambda each: each.learner != NAIVE)
    codes = {name: code_hash(name) for name in {each.learner for each in records}}
    for record in records:
        place = (record.cohort, record.scheme, record.repeat, record.fold)
        if record.learner == NAIVE:
            naive[place] = cache.predictions(record)
        if record.status != "done" or place not in naive:
            found.append({**_named(record), "stale": codes[record.learner] != record.code})
            continue
        for name, scores in _scores_of(cache, record, naive[place]):
            costs = {} if record.learner == NAIVE else {cost: getattr(record, cost) for cost in _COSTS}
            row = {**_named(record), "learner": name, "stale": codes[record.learner] != record.code}
            found.append({**row, **scores, **costs})
    columns = ["cohort", "scheme", "repeat", "fold", "learner", "status", "stale", *SCORES, *_COSTS]
    table = pd.DataFrame(found, columns=columns)
    return table.sort_values(columns[:5], kind="stable", ignore_index=True)


def mean_scores(folds: pd.DataFrame) -> pd.DataFrame:
    """Means over the folds of each learner, the best first.

    Returns
    -------
    pandas.DataFrame
        Columns `cohort, scheme, learner, n_folds, of_folds, status, stale`, scores, costs and `normalised_pearson_sd`
        between folds. Seconds are means; the peak is the largest. `status` is that of the first unit not done.
    """
    numbers = [*SCORES, "fit_seconds", "predict_seconds", "cpu_seconds"]
    groups = folds.groupby(_PLACE, sort=True)
    table = groups[numbers].mean()
    table["peak_mb"] = groups["peak_mb"].max()
    table["normalised_pearson_sd"] = groups["normalised_pearson"].std()
    table["n_folds"] = groups["rmse"].count()
    table["stale"] = groups["stale"].any()
    table["status"] = groups["status"].agg(lambda each: next((word for word in each if word != "done"), "done"))
    of_folds = folds.drop_duplicates(["cohort", "scheme", "repeat", "fold"]).groupby(["cohort", "scheme"]).size()
    table = table.reset_index()
    table["of_folds"] = of_folds.reindex(pd.MultiIndex.from_frame(table[["cohort", "scheme"]])).to_numpy()
    return table.sort_values(["cohort", "scheme", "rmse"], kind="stable", ignore_index=True)


def _scores_of(
    cache: Cache, record: Record, naive: dict[str, NDArray[np.float64]]
) -> Iterator[tuple[str, dict[str, float]]]:
    rows = cache.rows(record)
    reference = naive[rows.reference]
    for name, predicted in cache.predictions(record).items():
        scores = score(rows.measured, predicted, reference, naive)
        scores["within_drug_pearson"] = _within_drugs(rows, predicted)
        yield name, {each: scores[each] for each in SCORES}


def _within_drugs(rows: TestedRows, predicted: NDArray[np.float64]) -> float:
    """Mean correlation over drugs with 10 or more test rows, as far as it is defined."""
    parts = pd.Series(np.arange(len(predicted))).groupby(rows.drug).indices.values()
    found = np.array([pearson(rows.measured[at], predicted[at]) for at in parts if len(at) >= MINIMUM_ROWS])
    return float(np.nanmean(found)) if np.isfinite(found).any() else float("nan")


def _named(record: Record) -> dict[str, object]:
    return {name: getattr(record, name) for name in ("cohort", "scheme", "repeat", "fold", "learner", "status")}
