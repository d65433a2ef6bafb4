"""The held-out check of a training: the same learner on folds of the scheme, beside every naive prediction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.metrics import score_levels
from drugresponse.data.splits import Fold, find_scheme, make_folds
from drugresponse.learners.baselines import NaiveEffects, reference_name
from drugresponse.learners.studies.study_learner import on_one_scale
from drugresponse.model.intervals.intervals import IntervalTable, cross_conformal_bounds
from drugresponse.model.judging.skill_interval import (
    groups_within_drug,
    independent_groups,
    skill_interval,
)
from drugresponse.model.response_scales.response_scale import IDENTITY

__all__ = [
    "METRIC_COLUMNS",
    "HeldOut",
    "headline",
    "plan_check",
    "score_held_out",
]

METRIC_COLUMNS = ("learner", "scheme", "repeat", "fold", "level", "id", "metric", "value", "lower", "upper")


@dataclass(frozen=True, eq=False)
class HeldOut:
    """What was predicted for training rows by models that did not see them.

    Attributes
    ----------
    rows
        All training rows.
    scheme
        Of the folds.
    fold
        `(n_rows,)` number of the fold in which a row was held out; -1 where it never was.
    predicted
        `(n_rows,)` by the learner; NaN where never held out.
    naive
        `(n_rows,)` by each naive prediction, fitted to the same training parts.
    response_scale
        On which residuals are measured for intervals; all values are on the user's.
    """

    rows: TrainingRows
    scheme: str
    fold: NDArray[np.intp]
    predicted: NDArray[np.float64]
    naive: Mapping[str, NDArray[np.float64]]
    response_scale: str = IDENTITY

    @classmethod
    def gather(
        cls,
        rows: TrainingRows,
        scheme: str,
        folds: Sequence[Fold],
        predicted: NDArray[np.float64],
        response_scale: str = IDENTITY,
        reference: str | None = None,
    ) -> HeldOut:
        """Put naive predictions of the same folds beside the learner's, of studies on the scale of the reference."""
        fold = np.full(len(rows.y), -1, dtype=np.intp)
        naive: dict[str, NDArray[np.float64]] = {}
        for number, (train, test) in enumerate(folds):
            fold[test] = number
            trained = on_one_scale(rows.pairs[train], rows.y[train], rows.weights[train], reference)
            means = NaiveEffects.fit(*trained, scheme=scheme)
            for name, values in means.predict(rows.pairs[test]).items():
                naive.setdefault(name, np.full(len(rows.y), np.nan))[test] = values
        return cls(rows, scheme, fold, predicted, naive, response_scale)

    @property
    def tested(self) -> NDArray[np.intp]:
        """Numbers of the rows that were held out, ascending."""
        return np.flatnonzero(self.fold >= 0)

    @property
    def reference(self) -> NDArray[np.float64]:
        """`(n_rows,)` the naive prediction that normalised scores subtract."""
        return self.naive[reference_name(self.scheme, self.naive)]

    def intervals(self) -> IntervalTable:
        """What turns predictions into bounds, from every row that was held out."""
        at = self.tested
        return IntervalTable.calibrate(
            self.rows.pairs[at],
            self.rows.y[at],
            self.predicted[at],
            scheme=self.scheme,
            weights=self.rows.weights[at],
            response_scale=self.response_scale,
        )


def plan_check(rows: TrainingRows, scheme: str, n_folds: int, random_state: int) -> list[Fold]:
    """Folds of the check; with 1, one fifth is held out once.

    Raises
    ------
    TooFewGroupsError
        There is nothing to hold out.
    """
    folds = make_folds(rows.pairs, scheme, 5 if n_folds == 1 else n_folds, random_state)
    whole = [fold for fold in folds if len(fold[0]) and len(fold[1])]
    return whole[:1] if n_folds == 1 else whole


def score_held_out(held: HeldOut, learner: str) -> pd.DataFrame:
    """Scores of the learner and of every naive prediction on the rows of each fold, and their average.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, scheme, repeat, fold, level, id, metric, value, lower, upper`; the average over folds has
        fold `all`, and there the learner's skill, of all rows and of each drug, its 95 % interval. The learner and the
        reference also have the `coverage` and median `width` of their 90 % intervals.
    """
    pairs = held.rows.pairs
    tables = []
    for number in range(int(held.fold.max()) + 1):
        test = np.flatnonzero(held.fold == number)
        cut = pairs[test]
        truth = pd.DataFrame({"sample_id": cut.sample_ids, "drug_id": cut.drug_ids, "response": held.rows.y[test]})
        naive = {name: values[test] for name, values in held.naive.items() if not np.isnan(values[test]).any()}
        reference = reference_name(held.scheme, naive)
        for name, predicted in {learner: held.predicted[test], **naive}.items():
            scores = score_levels(truth, predicted, naive, reference)
            tables.append(scores.assign(learner=name, fold=str(number)))
    scores = pd.concat([*tables, _score_intervals(held, learner)], ignore_index=True)
    return _with_average(scores, _skill_bounds(held, learner, scores), held.scheme)


def _skill_bounds(held: HeldOut, learner: str, scores: pd.DataFrame) -> pd.DataFrame:
    """Columns `learner, level, id, metric, lower, upper` of the learner's skill, over all rows and of each drug."""
    pairs, y, scheme = held.rows.pairs, held.rows.y, find_scheme(held.scheme)
    losses = (y - held.predicted) ** 2
    naive = np.stack([(y - values) ** 2 for values in held.naive.values()])
    groupings, within = independent_groups(pairs, scheme), (groups_within_drug(pairs, scheme),)
    by_drug = pd.Series(held.tested).groupby(pairs.drug_ids[held.tested])
    rows_of_drug = {str(name): rows.to_numpy() for name, rows in by_drug}
    own = scores[(scores["learner"] == learner) & (scores["metric"] == "skill") & np.isfinite(scores["value"])]
    bounds: list[tuple[str, str, float, float]] = []
    for level, rows_of, groups in (("global", {"all": held.tested}, groupings), ("drug", rows_of_drug, within)):
        for name, folds in own[(own["level"] == level) & (own["id"] != "mean")].groupby("id", sort=False)["fold"]:
            rows = rows_of[str(name)]
            sets = [rows[held.fold[rows] == int(fold)] for fold in folds]
            limits = skill_interval("continuous", losses, naive, sets, groups)
            bounds.append((level, str(name), *limits))
    table = pd.DataFrame(bounds, columns=["level", "id", "lower", "upper"])
    return table.assign(learner=learner, metric="skill").astype({"lower": np.float64, "upper": np.float64})


def _score_intervals(held: HeldOut, learner: str) -> pd.DataFrame:
    """`coverage` and median `width` of the learner's intervals and of the reference's, which are made in the same way.

    The intervals of a fold are calibrated on the other folds; there is no row where there are none.
    """
    y, scores = held.rows.y, []
    for name, predicted in ((learner, held.predicted), (reference_name(held.scheme, held.naive), held.reference)):
        lower, upper = cross_conformal_bounds(
            held.rows.pairs,
            y,
            predicted,
            held.fold,
            scheme=held.scheme,
            weights=held.rows.weights,
            response_scale=held.response_scale,
        )
        for number in np.unique(held.fold[np.isfinite(lower)]):
            at = np.isfinite(lower) & (held.fold == number)
            inside = (y[at] >= lower[at]) & (y[at] <= upper[at])
            for metric, value in (("coverage", inside.mean()), ("width", np.median(upper[at] - lower[at]))):
                scores.append((name, str(number), "global", "all", metric, float(value)))
    return pd.DataFrame(scores, columns=["learner", "fold", "level", "id", "metric", "value"])


def headline(metrics: pd.DataFrame, learner: str) -> dict[str, float | str | None]:
    """Pooled scores of the learner, and the best naive prediction beside it; None where a score is not defined."""
    pooled = metrics[(metrics["fold"] == "all") & (metrics["level"] == "global")]
    wide = pooled.pivot(index="learner", columns="metric", values="value")
    naive = wide.drop(index=learner)["rmse"]
    best = str(naive.idxmin())
    widths = wide["width"].drop(index=learner).dropna() if "width" in wide else pd.Series(dtype=np.float64)
    return {
        "best_naive": best,
        "best_naive_rmse": float(naive[best]),
        "reference_width": float(widths.iloc[0]) if len(widths) else None,
        **{str(metric): _defined(wide.loc[learner, metric]) for metric in wide.columns},
    }


def _defined(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _with_average(scores: pd.DataFrame, bounds: pd.DataFrame, scheme: str) -> pd.DataFrame:
    keys = ["learner", "level", "id", "metric"]
    average = scores.groupby(keys, sort=False)["value"].mean().reset_index().assign(fold="all")
    average = average.merge(bounds, how="left", on=keys)
    table = pd.concat([average, scores.assign(lower=np.nan, upper=np.nan)], ignore_index=True)
    return table.assign(scheme=scheme, repeat=0)[list(METRIC_COLUMNS)]
