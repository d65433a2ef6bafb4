"""The metrics table of an evaluation: every learner and every naive prediction, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.metrics import METRICS, MINIMUM_ROWS, score_levels
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    ResampledScores,
    draw_counts,
    group_of_row,
    held_out_errors,
    percentile_interval,
)
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.outcomes.scores import score_outcomes
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.threads import one_thread

__all__ = ["score_evaluation"]

_KEYS = ["learner", "level", "id", "metric"]
_UNITS_AT_ONCE = 64
"""Drugs or samples that are resampled together: bounds the memory."""


def score_evaluation(evaluation: Evaluation, *, n_draws: int = N_DRAWS, random_state: int = 0) -> pd.DataFrame:
    """Score every model pooled, within each drug and within each sample, inside folds.

    Intervals are 95 % bootstrap intervals over subjects (drug structures, tissues or lineages where these are new), the
    same draws for all models, folds and repeats. The score of a draw is averaged over folds as the score itself is.
    Spearman's correlations are resampled on ranks taken once within the fold. Where there is nothing to learn,
    intervals of skill and of correlations around 0 are too narrow, because rows that are tested also train: whether a
    gain is real is asked of `compare_learners` and `drug_verdicts`, which allow for it. An outcome that is not
    continuous is scored over the rows of all folds together, and its rankings compare rows of one fold.

    Parameters
    ----------
    evaluation
        Held-out predictions.
    n_draws
        Of the bootstrap; 0 gives no intervals.
    random_state
        Seed of the draws.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, scheme, repeat, fold, level, id, metric, value, lower, upper`. First the averages over all
        folds and repeats (`repeat` and `fold` are `all`): level `global` with id `all`, levels `drug` and `sample`
        with id `mean` and each id with 10 or more test rows in a fold. Then each repeat and fold, to keep the table
        small only global scores and `mean`. `lower, upper` are NaN in rows of one fold, and for a drug or sample that
        fewer than 5 groups measure, such as a sample where subjects are resampled.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.

    Examples
    --------
    >>> from drugresponse.data.joining import join_training_rows
    >>> from drugresponse.data.splits import find_scheme
    >>> from drugresponse.simulation.cohort import simulate_cohort
    >>> cohort = simulate_cohort(n_samples=40, n_drugs=3, n_features=20)
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    >>> fold = np.zeros((1, len(rows.y)), dtype=np.intp)
    >>> predicted = np.stack([rows.y[None] + 1.0, np.full((1, len(rows.y)), rows.y.mean())])
    >>> made = Evaluation(rows, find_scheme("new-samples"), ("mine",), ("drug mean",), "drug mean", fold, predicted)
    >>> float(score_evaluation(made, n_draws=20).query("learner == 'mine' and metric == 'mae'")["value"].iloc[0])
    1.0
    """
    held_out_errors(evaluation)
    if evaluation.layers:
        with one_thread():
            return score_outcomes(evaluation, n_draws=n_draws, random_state=random_state)
    with one_thread():
        scores = _score_folds(evaluation)
        average = scores.groupby(_KEYS, sort=False)["value"].mean().reset_index()
        intervals = list(_intervals(evaluation, scores, average, n_draws, random_state))
    # a drug may be called "mean"
    bounds = pd.concat(intervals, ignore_index=True).drop_duplicates(_KEYS, keep="last")
    average = average.merge(bounds, on=_KEYS, how="left")
    single = scores[(scores["level"] == "global") | (scores["id"] == "mean")]
    table = pd.concat(
        [average.assign(repeat="all", fold="all"), single.assign(lower=np.nan, upper=np.nan)], ignore_index=True
    )
    return table.assign(scheme=evaluation.scheme.name)[list(METRIC_COLUMNS)]


def _folds(evaluation: Evaluation) -> Iterator[tuple[int, int, NDArray[np.intp]]]:
    """Repeat, fold and test rows."""
    for repeat, folds in enumerate(evaluation.fold):
        for fold in np.unique(folds[folds >= 0]):
            yield repeat, int(fold), np.flatnonzero(folds == fold)


def _score_folds(evaluation: Evaluation) -> pd.DataFrame:
    pairs, tables = evaluation.rows.pairs, []
    ids = pd.DataFrame({"sample_id": pairs.sample_ids, "drug_id": pairs.drug_ids, "response": evaluation.rows.y})
    for name in evaluation.names:
        predicted = evaluation.of(name)
        for repeat, fold, at in _folds(evaluation):
            naive = {baseline: evaluation.of(baseline)[repeat, at] for baseline in evaluation.naive}
            scores = score_levels(ids.iloc[at], predicted[repeat, at], naive, evaluation.reference)
            tables.append(scores.assign(learner=name, repeat=str(repeat), fold=str(fold)))
    return pd.concat(tables, ignore_index=True)


def _intervals(
    evaluation: Evaluation, scores: pd.DataFrame, average: pd.DataFrame, n_draws: int, random_state: int
) -> Iterator[pd.DataFrame]:
    """Columns `learner, level, id, metric, lower, upper`, a table for each level."""
    group = group_of_row(evaluation.rows, evaluation.scheme)
    ever = (evaluation.fold >= 0).any(axis=0)
    group[ever] = np.unique(group[ever], return_inverse=True)[1]
    n_groups = int(group[ever].max()) + 1
    counts = draw_counts(n_groups, n_draws if n_groups >= MINIMUM_GROUPS else 0, random_state)
    pairs = evaluation.rows.pairs
    levels = {
        "global": (np.zeros(len(pairs), dtype=np.intp), np.array(["all"], dtype=object)),
        "drug": (pairs.drug_index, pairs.drugs.index.to_numpy(dtype=object)),
        "sample": (pairs.sample_index, pairs.genotypes.sample_ids.to_numpy(dtype=object)),
    }
    for name, (unit, ids) in levels.items():
        level = _Level(evaluation, name, group, unit, ids)
        values = average[average["level"] == name].set_index(_KEYS)["value"]
        if values.empty:
            continue
        if level.is_nested():
            yield _nested_intervals(level, scores[scores["level"] == name], values, counts)
        else:
            yield from _crossed_intervals(level, values, counts)


@dataclass(frozen=True, eq=False)
class _Level:
    """One level of scores: which unit (the whole fold, a drug, a sample) and which group each row belongs to."""

    evaluation: Evaluation
    name: str
    group: NDArray[np.intp]
    unit: NDArray[np.intp]
    ids: NDArray[np.object_]

    def is_nested(self) -> bool:
        """Whether each unit lies within one group, so that a draw takes it whole or not at all."""
        first = self.group_of_unit()
        return self.name != "global" and bool((first[self.unit] == self.group)[self.rows()].all())

    def rows(self) -> NDArray[np.bool_]:
        return np.asarray((self.evaluation.fold >= 0).any(axis=0))

    def group_of_unit(self) -> NDArray[np.intp]:
        """`(n_units,)` some group of each unit; -1 where it has no held-out row."""
        groups = np.full(len(self.ids), -1, dtype=np.intp)
        groups[self.unit[self.rows()]] = self.group[self.rows()]
        return groups

    def scored_units(self, at: NDArray[np.intp]) -> NDArray[np.intp]:
        """Units that have enough of these test rows to be scored by themselves."""
        sizes = np.bincount(self.unit[at], minlength=len(self.ids))
        return np.flatnonzero(sizes >= (1 if self.name == "global" else MINIMUM_ROWS))

    def n_groups(self) -> NDArray[np.intp]:
        """`(n_units,)` groups that have a held-out row in the unit."""
        cells = pd.DataFrame({"unit": self.unit, "group": self.group})[self.rows()].drop_duplicates()
        return np.bincount(cells["unit"], minlength=len(self.ids))


def _table(
    level: _Level, ids: list[str], draws: NDArray[np.float64], values: pd.Series, known: NDArray[np.bool_]
) -> pd.DataFrame:
    """Intervals from `(n_models, n_metrics, n_draws, n_ids)` draws; empty where not `known`."""
    index = pd.MultiIndex.from_product([level.evaluation.names, METRICS, ids], names=["learner", "metric", "id"])
    table = index.to_frame(index=False).assign(level=level.name)
    aligned = values.reindex(pd.MultiIndex.from_frame(table[_KEYS])).to_numpy(dtype=np.float64)
    scores = aligned.reshape(draws.shape[0], len(METRICS), len(ids))
    bounds = [percentile_interval(draws[:, i].swapaxes(0, 1), scores[:, i], metric) for i, metric in enumerate(METRICS)]
    for side, name in enumerate(("lower", "upper")):
        stacked = np.stack([bound[side] for bound in bounds], axis=1)
        table[name] = np.where(known, stacked, np.nan).ravel()
    return table[[*_KEYS, "lower", "upper"]]


def _nested_intervals(
    level: _Level, scores: pd.DataFrame, values: pd.Series, counts: NDArray[np.int16]
) -> pd.DataFrame:
    """Of id `mean`: the scores of the units stay as they are, a draw only weighs them."""
    names, group = level.evaluation.names, level.group_of_unit()
    means = _Running((len(names), len(METRICS), len(counts), 1))
    wide = scores[scores["id"] != "mean"].pivot(index=["repeat", "fold", "learner", "metric"], columns="id")["value"]
    at = pd.Index(level.ids.astype(str)).get_indexer(wide.columns)
    order = pd.MultiIndex.from_product([names, METRICS])
    for _, fold in wide.groupby(level=["repeat", "fold"], sort=True):
        table = fold.droplevel(["repeat", "fold"]).reindex(order).to_numpy()
        weights = counts[:, group[at]].T.astype(np.float64)
        with np.errstate(invalid="ignore"):
            drawn = (np.nan_to_num(table) @ weights) / (np.isfinite(table).astype(np.float64) @ weights)
        means.add(drawn.reshape(len(names), len(METRICS), -1, 1))
    return _table(level, ["mean"], means.average(), values, np.array([True]))


def _crossed_intervals(level: _Level, values: pd.Series, counts: NDArray[np.int16]) -> Iterator[pd.DataFrame]:
    """Of each unit and of their mean: every unit is scored anew in every draw, some units at a time."""
    folds = list(_folds(level.evaluation))
    scored = [level.scored_units(at) for _, _, at in folds]
    used = np.unique(np.concatenate(scored))
    shape = (len(level.evaluation.names), len(METRICS), len(counts))
    over_units = [_Running((*shape, 1)) for _ in folds]
    enough = level.n_groups() >= MINIMUM_GROUPS
    for start in range(0, len(used), _UNITS_AT_ONCE):
        block = used[start : start + _UNITS_AT_ONCE]
        over_folds = _Running((*shape, len(block)))
        for (repeat, _, at), units, over in zip(folds, scored, over_units, strict=True):
            now = np.intersect1d(block, units)
            if len(now):
                drawn = _draw_scores(level, repeat, at, now, counts)
                over_folds.add(drawn, np.searchsorted(block, now))
                over.add(drawn)
        yield _table(level, list(level.ids[block].astype(str)), over_folds.average(), values, enough[block])
    if level.name != "global":
        means = _Running((*shape, 1))
        for over in over_units:
            means.add(over.average())
        yield _table(level, ["mean"], means.average(), values, np.array([True]))


def _draw_scores(
    level: _Level, repeat: int, at: NDArray[np.intp], units: NDArray[np.intp], counts: NDArray[np.int16]
) -> NDArray[np.float64]:
    """`(n_models, n_metrics, n_draws, n_units)`."""
    evaluation = level.evaluation
    at = at[np.isin(level.unit[at], units)]
    predicted = evaluation.predicted[:, repeat, at]
    resampled = ResampledScores(
        counts,
        level.group[at],
        np.searchsorted(units, level.unit[at]).astype(np.intp),
        len(units),
        evaluation.rows.y[at],
        predicted[evaluation.names.index(evaluation.reference)],
        predicted[len(evaluation.learners) :],
        float(np.abs(evaluation.rows.y).max()),
    )
    return np.stack([resampled.of(of_model) for of_model in predicted])


class _Running:
    """Averages of the defined values among arrays that come one after another; a single column takes all of theirs."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.total = np.zeros(shape)
        self.defined = np.zeros(shape, dtype=np.int32)

    def add(self, values: NDArray[np.float64], columns: slice | NDArray[np.intp] = slice(None)) -> None:
        """Add values to some of the columns, which are the last axis."""
        defined = np.isfinite(values)
        values = np.where(defined, values, 0.0)
        if self.total.shape[-1] == 1:
            values, defined = values.sum(axis=-1, keepdims=True), defined.sum(axis=-1, keepdims=True)
        self.total[..., columns] += values
        self.defined[..., columns] += defined

    def average(self) -> NDArray[np.float64]:
        """NaN where no value was defined."""
        with np.errstate(invalid="ignore"):
            return self.total / self.defined
