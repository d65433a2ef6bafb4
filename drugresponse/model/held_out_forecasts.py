"""The held-out check of a training whose responses are no plain numbers: proper scores beside naive distributions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.scores.labels import LOSS_METRICS
from drugresponse.data.scores.levels import drugs_scored, score_outcome
from drugresponse.data.scores.losses import row_losses
from drugresponse.data.scores.pooling import join_distributions, truth_of_folds
from drugresponse.data.scores.truth import Truth
from drugresponse.data.splits import Fold, find_scheme
from drugresponse.model.forecasts.head import Forecast, Head
from drugresponse.model.forecasts.heads import cross_fitted, fit_head
from drugresponse.model.forecasts.naive import NaiveForecasts
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.model.judging.skill_interval import (
    groups_within_drug,
    independent_groups,
    skill_interval,
)
from drugresponse.shown import Shown

__all__ = ["HeldOutForecasts", "outcome_headline"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False, repr=False)
class HeldOutForecasts(Shown):
    """What was told of training rows by models and heads that did not see them.

    Attributes
    ----------
    rows
        All training rows.
    scheme
        Of the folds.
    folds
        Row numbers of the training and test part of each.
    scores
        `(n_rows,)` by the learner, on the scale of the link; NaN where never held out.
    cost_of_miss, horizon
        As for `fit_head`.
    """

    rows: TrainingRows
    scheme: str
    folds: Sequence[Fold]
    scores: Array
    cost_of_miss: float | None = None
    horizon: float | None = None

    @property
    def fold(self) -> NDArray[np.intp]:
        """`(n_rows,)` number of the fold in which a row was held out; -1 where it never was."""
        fold = np.full(len(self.rows.y), -1, dtype=np.intp)
        for number, (_, test) in enumerate(self.folds):
            fold[test] = number
        return fold

    def head(self) -> Head:
        """What turns scores into forecasts, from every row that was held out."""
        at = np.flatnonzero(self.fold >= 0)
        rows = self.rows
        return fit_head(
            rows.pairs[at], rows.y[at], self.scores[at], rows.weights[at],
            scheme=self.scheme, fold=self.fold[at], cost_of_miss=self.cost_of_miss, horizon=self.horizon,
        )  # fmt: skip

    def metrics(self, learner: str) -> pd.DataFrame:
        """Scores of the learner and of every naive prediction, of all held-out rows together and of those of each fold.

        The head of a fold's rows is learned on the other folds, and so are the thresholds and the sets of classes.

        Returns
        -------
        pandas.DataFrame
            As of `score_held_out`; the rows of all folds together have fold `all`, and the learner's skill there its
            interval.
        """
        fold, told, truth = self.fold, self._told, self._truth
        tables = []
        tested = np.flatnonzero(fold >= 0)
        forecasts = self._said()
        called, covered, size = self._calls(told, tested)
        naive = self._naive()
        sets = [("all", np.arange(len(tested)))]
        sets += [(str(number), np.flatnonzero(fold[tested] == number)) for number in range(len(self.folds))]
        for name, at in sets:
            beside = {key: value[at] for key, value in naive.items() if np.isfinite(value.scores[at]).all()}
            for who, said in {learner: forecasts[at], **beside}.items():
                calls = called[at] if who == learner and called is not None else None
                scores = score_outcome(truth[at], said, beside, called=calls, cost_of_miss=self.cost_of_miss)
                tables.append(scores.assign(learner=who, fold=name))
            if covered is not None and size is not None:
                tables.append(_coverage(truth[at], covered[at], size[at]).assign(learner=learner, fold=name))
        table = pd.concat(tables, ignore_index=True).assign(scheme=self.scheme, repeat=0)
        bounds = self._skill_bounds(forecasts, naive, tested).assign(learner=learner, fold="all", metric="skill")
        return table.merge(bounds, how="left", on=["learner", "fold", "level", "id", "metric"])[list(METRIC_COLUMNS)]

    def _skill_bounds(
        self, said: Distribution, naive: Mapping[str, Distribution], tested: NDArray[np.intp]
    ) -> pd.DataFrame:
        """Columns `level, id, lower, upper` of the skill over all tested rows, and of each drug that is scored."""
        truth, pairs, scheme = self._truth, self.rows.pairs[tested], find_scheme(self.scheme)
        losses = row_losses(truth, said)
        of_naive = np.stack([row_losses(truth, baseline) for baseline in naive.values()])
        within = (groups_within_drug(pairs, scheme),)
        units: list[tuple[str, str, NDArray[np.intp], tuple[NDArray[np.intp], ...]]]
        units = [("global", "all", np.arange(len(truth)), independent_groups(pairs, scheme))]
        units += [("drug", name, at, within) for name, at in drugs_scored(truth).items()]
        bounds = [
            (level, name, *skill_interval(truth.outcome.kind, losses, of_naive, [at], groups))
            for level, name, at, groups in units
        ]
        return pd.DataFrame(bounds, columns=["level", "id", "lower", "upper"])

    def pictured(self) -> tuple[Truth, Distribution]:
        """What came in every held-out row, and what was said of it by a model and a head that did not see its fold."""
        return self._truth, self._said()

    def _said(self) -> Distribution:
        return join_distributions(
            [forecast.distribution for _, forecast in self._told], [rows for rows, _ in self._told]
        )

    @cached_property
    def _truth(self) -> Truth:
        return truth_of_folds(self.rows.pairs, self.rows.y, self.folds, self.horizon)[1]

    @cached_property
    def _told(self) -> list[tuple[NDArray[np.intp], Forecast]]:
        rows = self.rows
        return cross_fitted(
            rows.pairs, rows.y, self.scores, self.fold, rows.weights,
            scheme=self.scheme, cost_of_miss=self.cost_of_miss, horizon=self.horizon,
        )  # fmt: skip

    def _naive(self) -> dict[str, Distribution]:
        """Naive distributions of the tested rows, of the training rows of their fold; those that every fold has."""
        rows, parts = self.rows, []
        for train, test in self.folds:
            naive = NaiveForecasts.fit(
                rows.pairs[train], rows.y[train], rows.weights[train], scheme=self.scheme, horizon=self.horizon
            )
            parts.append(naive.predict(rows.pairs[test]))
        names = [name for name in parts[0] if all(name in part for part in parts)]
        tests = [test for _, test in self.folds]
        return {name: join_distributions([part[name] for part in parts], tests) for name in names}

    def _calls(
        self, told: Sequence[tuple[NDArray[np.intp], Forecast]], tested: NDArray[np.intp]
    ) -> tuple[NDArray[np.intp] | None, Array | None, Array | None]:
        """The class called of each tested row, whether set or bounds hold what came, and how many or how wide."""
        n = len(self.rows.y)
        called, covered, size = np.zeros(n, dtype=np.intp), np.full(n, np.nan), np.full(n, np.nan)
        for rows, forecast in told:
            holds = forecast.covers(_observed(self.rows.pairs.observed)[rows], self.rows.y[rows])
            if holds is None:
                return None, None, None
            covered[rows], size[rows] = holds, forecast.size()
            if forecast.threshold is not None and forecast.distribution.shares is not None:
                called[rows] = forecast.distribution.shares[:, 1] >= forecast.threshold
        has_threshold = told[0][1].threshold is not None
        return called[tested] if has_threshold else None, covered[tested], size[tested]


def outcome_headline(metrics: pd.DataFrame, learner: str, kind: str) -> dict[str, Any]:
    """Scores over all held-out rows, and the best naive prediction beside them; None where a score is not defined.

    Parameters
    ----------
    metrics
        Of `HeldOutForecasts.metrics`.
    learner
        Which of its rows are the model's.
    kind
        Of the outcome, which says what its proper loss is.
    """
    metric = {str(key): value for key, value in LOSS_METRICS.items()}[kind]
    pooled = metrics[(metrics["fold"] == "all") & (metrics["level"] == "global")]
    wide = pooled.pivot(index="learner", columns="metric", values="value")
    naive = wide.drop(index=learner)[metric]
    best = str(naive.idxmin())
    own = {str(name): _defined(wide.loc[learner, name]) for name in wide.columns}
    return {
        "metric": metric,
        "best_naive": best,
        "best_naive_loss": float(naive[best]),
        "loss": own.pop(metric),
        "skill": own.pop("skill"),
        "scores": own,
    }


def _defined(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def _observed(observed: Observed | None) -> Observed:
    if observed is None:
        raise ValueError("a continuous outcome has no forecasts")
    return observed


def _coverage(truth: Truth, covered: Array, size: Array) -> pd.DataFrame:
    """Share of rows whose set or bounds hold what came, and the mean number of classes or median width, by drug too."""
    metric = "set_size" if truth.outcome.has_classes else "width"
    table = pd.DataFrame({"id": truth.drug_ids.astype(str), "coverage": covered, metric: size}).dropna()
    of_all = table.assign(id="all", level="global")
    kept = table.groupby("id")["id"].transform("size") >= 10
    rows = pd.concat([of_all, table[kept].assign(level="drug")])
    how = "mean" if truth.outcome.has_classes else "median"
    sums = rows.groupby(["level", "id"], sort=True).agg({"coverage": "mean", metric: how}).reset_index()
    return sums.melt(id_vars=["level", "id"], var_name="metric", value_name="value")
