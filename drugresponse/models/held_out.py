"""The held-out check of a training: the same learner on folds of the scheme, beside every naive prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.metrics import score_levels
from drugresponse.data.splits import make_folds
from drugresponse.models.base import PairRegressor
from drugresponse.models.baselines import NaiveEffects, reference_name
from drugresponse.models.threads import run_in_order

__all__ = ["METRIC_COLUMNS", "check_held_out", "headline"]

METRIC_COLUMNS = ("learner", "scheme", "repeat", "fold", "level", "id", "metric", "value", "lower", "upper")


def check_held_out(
    make: Callable[[], PairRegressor], name: str, rows: TrainingRows, scheme: str, n_folds: int, n_jobs: int, seed: int
) -> pd.DataFrame:
    """Scores of a learner and of every naive prediction on rows that its training did not see.

    Parameters
    ----------
    make
        Gives a fresh learner.
    name
        Of the learner, for the table.
    rows
        All training rows.
    scheme, n_folds, seed
        Of the folds; with 1 fold, one fifth is held out once.
    n_jobs
        Folds run at once.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, scheme, repeat, fold, level, id, metric, value, lower, upper`; the average over folds has
        fold `all`.
    """
    folds = make_folds(rows.pairs, scheme, max(n_folds, 5) if n_folds == 1 else n_folds, seed)
    chosen = [(number, fold) for number, fold in enumerate(folds) if len(fold[0]) and len(fold[1])]
    tables = run_in_order(
        lambda unit: _score_fold(make, name, rows, scheme, *unit), chosen[:1] if n_folds == 1 else chosen, n_jobs
    )
    return _with_average(pd.concat(tables, ignore_index=True), scheme)


def headline(metrics: pd.DataFrame, learner: str) -> dict[str, float | str | None]:
    """Pooled scores of the learner, and the best naive prediction beside it; None where a score is not defined."""
    pooled = metrics[(metrics["fold"] == "all") & (metrics["level"] == "global")]
    wide = pooled.pivot(index="learner", columns="metric", values="value")
    naive = wide.drop(index=learner)["rmse"]
    best = str(naive.idxmin())
    return {
        "best_naive": best,
        "best_naive_rmse": float(naive[best]),
        **{str(metric): _defined(wide.loc[learner, metric]) for metric in wide.columns},
    }


def _defined(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _score_fold(
    make: Callable[[], PairRegressor],
    name: str,
    rows: TrainingRows,
    scheme: str,
    number: int,
    fold: tuple[NDArray[np.intp], NDArray[np.intp]],
) -> pd.DataFrame:
    train, test = fold
    learner = make().fit(rows.pairs[train], rows.y[train], rows.weights[train])
    held = rows.pairs[test]
    naive = NaiveEffects.fit(rows.pairs[train], rows.y[train], rows.weights[train], scheme=scheme).predict(held)
    reference = reference_name(scheme, naive)
    truth = pd.DataFrame({"sample_id": held.sample_ids, "drug_id": held.drug_ids, "response": rows.y[test]})
    tables = []
    for each, predicted in {name: learner.predict(held), **naive}.items():
        scores = score_levels(truth, predicted, naive, reference)
        tables.append(scores.assign(learner=each, fold=str(number)))
    return pd.concat(tables, ignore_index=True)


def _with_average(scores: pd.DataFrame, scheme: str) -> pd.DataFrame:
    keys = ["learner", "level", "id", "metric"]
    average = scores.groupby(keys, sort=False)["value"].mean().reset_index().assign(fold="all")
    table = pd.concat([average, scores], ignore_index=True)
    table = table.assign(scheme=scheme, repeat=0, lower=np.nan, upper=np.nan)
    return table[list(METRIC_COLUMNS)]
