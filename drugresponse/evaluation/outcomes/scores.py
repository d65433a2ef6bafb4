"""The metrics table of an outcome that is not continuous, with bootstrap intervals."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.labels import LOSS_METRICS, skill
from drugresponse.data.scores.levels import drugs_scored, samples_scored
from drugresponse.evaluation.bootstrap import MINIMUM_GROUPS, draw_counts, group_of_row, percentile_interval
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.held_out.outcome_layer import OutcomeLayer
from drugresponse.model.held_out import METRIC_COLUMNS

__all__ = ["score_outcomes"]

_SAMPLES_AT_ONCE = 500

Array = NDArray[np.float64]
_Units = Mapping[str, NDArray[np.intp]]


def score_outcomes(evaluation: Evaluation, *, n_draws: int, random_state: int) -> pd.DataFrame:
    """As `score_evaluation`, over the held-out rows of all folds together, averaged over repeats.

    A fold of its own has global scores only. Drugs with fewer than 10 rows or 10 events are not scored by themselves.
    Samples have their loss and skill. Intervals of drugs and samples that lie within one resampled group are those of
    the mean only.

    Parameters
    ----------
    evaluation
        With layers.
    n_draws, random_state
        Of the bootstrap over groups.
    """
    group = np.unique(group_of_row(evaluation.rows, evaluation.scheme), return_inverse=True)[1]
    ever = (evaluation.fold >= 0).any(axis=0)
    group[ever] = np.unique(group[ever], return_inverse=True)[1]
    n_groups = int(group[ever].max()) + 1
    counts = draw_counts(n_groups, n_draws if n_groups >= MINIMUM_GROUPS else 0, random_state)
    tables: list[pd.DataFrame] = []
    for level, units_of in _LEVELS.items():
        made = [_Resampled(evaluation, layer, group[layer.rows], counts) for layer in evaluation.layers]
        units = [units_of(layer) for layer in evaluation.layers]
        names = [name for name in units[0] if all(name in one for one in units)]
        if not names:
            continue
        per_repeat = [
            (one.of_samples if level == "sample" else one.of_units)({name: of_repeat[name] for name in names})
            for one, of_repeat in zip(made, units, strict=True)
        ]
        tables.extend(_rows(evaluation, level, names, per_repeat))
    average = pd.concat(tables, ignore_index=True).assign(repeat="all", fold="all")
    table = pd.concat([average, *_single_folds(evaluation)], ignore_index=True)
    return table.assign(scheme=evaluation.scheme.name)[list(METRIC_COLUMNS)]


_LEVELS = {
    "global": lambda layer: {"all": np.arange(len(layer.rows))},
    "drug": lambda layer: drugs_scored(layer.truth),
    "sample": lambda layer: samples_scored(layer.truth),
}


class _Resampled:
    """The scores of one repeat, as they are and in every draw.

    `group` is `(n_held,)` from 0, `counts` `(n_draws, n_groups)` how often a draw takes each group.
    """

    def __init__(
        self, evaluation: Evaluation, layer: OutcomeLayer, group: NDArray[np.intp], counts: NDArray[np.int16]
    ) -> None:
        self._kind, self._names, self._naive = evaluation.kind, evaluation.names, evaluation.naive
        self._scores: Mapping[str, RowScores] = layer.scores
        self._group, self._counts = group, counts

    def of_units(self, units: _Units) -> dict[str, tuple[Array, Array, Array]]:
        """For each model `(n_units, n_metrics)` values, the same in each draw (last axis), and draws of their mean."""
        tables: dict[str, tuple[list[Array], list[Array]]] = {name: ([], []) for name in self._names}
        for at in units.values():
            drawn = self._counts[:, self._group[at]].astype(np.float64)
            for which, weights in enumerate((np.ones((1, len(at))), drawn)):
                naive = self._best_naive(at, weights)
                for name in self._names:
                    made = self._scores[name].of(at, weights)
                    tables[name][which].append(np.vstack([made, skill(self._kind, made[0], naive)[None]]))
        of_unit = np.array([_weight_of_unit(self._group[at], self._counts) for at in units.values()])
        within = np.isfinite(of_unit).all()
        answers = {}
        for name, (values, draws) in tables.items():
            own, resampled = np.stack(values), np.stack(draws)
            sums = _sums_of_units(resampled, own, of_unit if within else None)
            with np.errstate(divide="ignore", invalid="ignore"):
                answers[name] = own[:, :, 0], resampled, sums[0] / sums[1]
        return answers

    def of_samples(self, units: _Units) -> dict[str, tuple[Array, Array, Array]]:
        """The same of the loss and the skill, of many small units at once; without draws of a unit by itself."""
        names = list(units)
        within = all((self._group[at] == self._group[at[0]]).all() for at in units.values())
        values: dict[str, list[Array]] = {name: [] for name in self._names}
        sums = {name: np.zeros((2, 2, len(self._counts))) for name in self._names}
        for start in range(0, len(names), _SAMPLES_AT_ONCE):
            block = [units[name] for name in names[start : start + _SAMPLES_AT_ONCE]]
            weights = np.array([_weight_of_unit(self._group[at], self._counts) for at in block])
            for name, (own, draws) in self._of_some(block).items():
                values[name].append(own[:, :, 0])
                sums[name] += _sums_of_units(draws, own, weights if within else None)
        with np.errstate(divide="ignore", invalid="ignore"):
            return {
                name: (np.concatenate(values[name]), np.zeros((len(units), 2, 0)), sums[name][0] / sums[name][1])
                for name in self._names
            }

    def _of_some(self, units: list[NDArray[np.intp]]) -> dict[str, tuple[Array, Array]]:
        """`(n_units, 2, 1)` loss and skill, and `(n_units, 2, n_draws)` the same in every draw."""
        rows = np.concatenate(units)
        unit = np.repeat(np.arange(len(units)), [len(at) for at in units])
        means = {name: self._means(self._scores[name].losses[rows], rows, unit, len(units)) for name in self._names}
        answers: dict[str, list[Array]] = {name: [] for name in self._names}
        for which in range(2):
            best = np.min([means[name][which] for name in self._naive], axis=0)
            for name, tables in means.items():
                answers[name].append(np.stack([tables[which], skill(self._kind, tables[which], best)], axis=1))
        return {name: (own, draws) for name, (own, draws) in answers.items()}

    def _means(
        self, losses: Array, rows: NDArray[np.intp], unit: NDArray[np.intp], n_units: int
    ) -> tuple[Array, Array]:
        """`(n_units, 1)` mean losses, and `(n_units, n_draws)` those of every draw."""
        n_groups = self._counts.shape[1]
        cell = self._group[rows] * n_units + unit
        sums = np.bincount(cell, losses, n_groups * n_units).reshape(n_groups, n_units)
        sizes = np.bincount(cell, minlength=n_groups * n_units).reshape(n_groups, n_units).astype(np.float64)
        drawn = self._counts.astype(np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            draws = (drawn @ sums) / (drawn @ sizes)
        return (sums.sum(axis=0) / sizes.sum(axis=0))[:, None], draws.T

    def _best_naive(self, at: NDArray[np.intp], weights: Array) -> Array:
        """`(n_draws,)` the least mean loss of the naive models."""
        losses = np.stack([self._scores[name].losses[at] for name in self._naive])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(((losses @ weights.T) / weights.sum(axis=1)).min(axis=0))


def _weight_of_unit(group: NDArray[np.intp], counts: NDArray[np.int16]) -> Array:
    """`(n_draws,)` how often a draw takes a unit that lies within one group; NaN where it lies in several."""
    if (group != group[0]).any():
        return np.full(len(counts), np.nan)
    return counts[:, group[0]].astype(np.float64)


def _sums_of_units(draws: Array, values: Array, weights: Array | None) -> Array:
    """`(2, n_metrics, n_draws)` sums over `(n_units, n_metrics, n_draws)` units where a score is defined, and of what.

    Units within one group each keep their value, and a draw only weighs them.
    """
    table = draws if weights is None else np.broadcast_to(values, draws.shape)
    weight = np.broadcast_to(np.ones(1) if weights is None else weights[:, None, :], draws.shape)
    defined = np.isfinite(table)
    return np.stack([np.where(defined, table * weight, 0.0).sum(axis=0), np.where(defined, weight, 0.0).sum(axis=0)])


def _rows(
    evaluation: Evaluation, level: str, units: list[str], repeats: list[dict[str, tuple[Array, Array, Array]]]
) -> Iterator[pd.DataFrame]:
    """Columns `learner, level, id, metric, value, lower, upper`, averaged over repeats; a table for each model."""
    metrics = _metrics(evaluation, level)
    crossed = level == "global" or not _within_groups(evaluation, level)
    for name in evaluation.names:
        values, draws, means = (_mean([repeat[name][i] for repeat in repeats]) for i in range(3))
        bounds = [percentile_interval(draws[:, i].T, values[:, i], metric) for i, metric in enumerate(metrics)]
        enough = _enough_groups(evaluation, level, units) if crossed else np.zeros(len(units), dtype=bool)
        lower, upper = (np.where(enough, np.stack([bound[side] for bound in bounds]), np.nan) for side in (0, 1))
        index = pd.MultiIndex.from_product([metrics, units], names=["metric", "id"]).to_frame(index=False)
        yield index.assign(learner=name, level=level, value=values.T.ravel(), lower=lower.ravel(), upper=upper.ravel())
        if level == "global":
            continue
        average = _mean(list(values))
        ends = [percentile_interval(means[i][:, None], average[i : i + 1], metric) for i, metric in enumerate(metrics)]
        lower, upper = (np.concatenate([end[side] for end in ends]) for side in (0, 1))
        yield pd.DataFrame(
            {
                "learner": name,
                "level": level,
                "id": "mean",
                "metric": metrics,
                "value": average,
                "lower": lower,
                "upper": upper,
            }
        )


def _metrics(evaluation: Evaluation, level: str) -> list[str]:
    """Names of the metrics of a level, `skill` last."""
    names = next(iter(evaluation.layers[0].scores.values())).names
    return [*(names if level != "sample" else (LOSS_METRICS[evaluation.kind],)), "skill"]


def _mean(tables: list[Array]) -> Array:
    """Of the defined values."""
    stacked = np.stack(tables)
    defined = np.isfinite(stacked)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(np.where(defined, stacked, 0.0).sum(axis=0) / defined.sum(axis=0))


def _ids(evaluation: Evaluation, level: str) -> NDArray[np.object_]:
    pairs = evaluation.rows.pairs
    if level == "global":
        return np.full(len(pairs), "all", dtype=object)
    return (pairs.drug_ids if level == "drug" else pairs.sample_ids).astype(str).astype(object)


def _cells(evaluation: Evaluation, level: str) -> pd.Series:
    """How many groups have a held-out row in each unit."""
    held = (evaluation.fold >= 0).any(axis=0)
    group = group_of_row(evaluation.rows, evaluation.scheme)
    cells = pd.DataFrame({"unit": _ids(evaluation, level)[held], "group": group[held]}).drop_duplicates()
    return cells.groupby("unit").size()


def _within_groups(evaluation: Evaluation, level: str) -> bool:
    return bool((_cells(evaluation, level) == 1).all())


def _enough_groups(evaluation: Evaluation, level: str, units: list[str]) -> NDArray[np.bool_]:
    return np.asarray(_cells(evaluation, level).reindex(units).to_numpy() >= MINIMUM_GROUPS)


def _single_folds(evaluation: Evaluation) -> Iterator[pd.DataFrame]:
    """Global scores of each fold."""
    metrics = _metrics(evaluation, "global")
    for repeat, layer in enumerate(evaluation.layers):
        for number in np.unique(layer.truth.fold):
            at = np.flatnonzero(layer.truth.fold == number)
            best = min(float(layer.scores[name].losses[at].mean()) for name in evaluation.naive)
            for name in evaluation.names:
                values = layer.scores[name].of(at)[:, 0]
                gained = float(skill(evaluation.kind, values[0], best))
                yield pd.DataFrame(
                    {
                        "learner": name,
                        "level": "global",
                        "id": "all",
                        "metric": metrics,
                        "value": [*values, gained],
                        "repeat": str(repeat),
                        "fold": str(number),
                        "lower": np.nan,
                        "upper": np.nan,
                    }
                )
