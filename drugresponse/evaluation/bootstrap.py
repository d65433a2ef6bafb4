"""Bootstrap over independent groups (subjects, drug structures, tissues, lineages), as products of sums per group."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.metrics import METRICS, rounding
from drugresponse.data.scores.labels import OUTCOME_METRIC_LABELS, metric_limits
from drugresponse.data.splits import Scheme
from drugresponse.errors import InputError, count
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.model.judging.skill_interval import MINIMUM_GROUPS, independent_groups

__all__ = [
    "MINIMUM_GROUPS",
    "N_DRAWS",
    "ResampledScores",
    "draw_counts",
    "group_of_row",
    "held_out_errors",
    "noise_of_rows",
    "percentile_interval",
    "resampled_sums",
    "reuse_factor",
    "sums_by_group",
    "without_rounding",
]

N_DRAWS = 1000
"""Draws of an evaluation, unless another number is asked for."""
_DRAWS_AT_ONCE = 100
_CONSTANT = 1e-7
"""A spread below this share is rounding, not spread."""
_LIMITS = {"rmse": (0, np.inf), "mae": (0, np.inf), "r2": (-np.inf, 1)}


def group_of_row(rows: TrainingRows, scheme: Scheme) -> NDArray[np.intp]:
    """`(n_rows,)` group of each row, from 0: what the scheme asks about, and so what an interval must resample.

    Subjects in `random-pairs`, `new-samples` and `new-samples-and-drugs`, drug structures in `new-drugs`, tissues in
    `new-tissues`, lineages in `new-lineages`. In `new-samples-and-drugs` drugs are resampled by nobody: its intervals
    hold for these drugs. In `new-studies` studies are resampled where there are 5 or more, else subjects: the intervals
    hold for these studies.
    """
    return independent_groups(rows.pairs, scheme)[0]


def held_out_errors(evaluation: Evaluation) -> NDArray[np.float64]:
    """`(n_models, n_rows)` loss of each row, averaged over repeats; NaN where it was never held out.

    Squared errors, of which one that is rounding is 0, so that no model is told from another by it; or the proper
    losses of an outcome that is not continuous.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row: it may not decline the hard ones.
    """
    held = evaluation.fold >= 0
    for name, predicted in zip(evaluation.names, evaluation.predicted, strict=True):
        missing = int((held & ~np.isfinite(predicted)).sum())
        if missing:
            raise InputError(
                f"evaluate, {name}: found {count(missing, 'missing prediction')} among the "
                f"{count(int(held.sum()), 'held-out row')} (expected one for every row). "
                "Mend the learner, or leave it out."
            )
    times = held.sum(axis=0)
    losses = np.where(held, np.stack([evaluation.losses(name) for name in evaluation.names]), 0.0)
    losses = without_rounding(evaluation, losses).sum(axis=1)
    return np.where(times > 0, losses / np.maximum(times, 1), np.nan)


def without_rounding(evaluation: Evaluation, losses: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(..., n_rows)` losses, squared errors that are rounding taken for 0; other losses stay."""
    if evaluation.layers:
        return losses
    return np.where(losses > noise_of_rows(evaluation.rows) ** 2, losses, 0.0)


def noise_of_rows(rows: TrainingRows) -> NDArray[np.float64]:
    """`(n_rows,)` error of a prediction that is right up to rounding, by the responses of its drug."""
    drug, largest = rows.pairs.drug_index, float(np.abs(rows.y).max())
    of_drug = [rounding(rows.y[drug == number], largest) for number in range(len(rows.pairs.drugs))]
    return np.array(of_drug)[drug]


def reuse_factor(evaluation: Evaluation) -> float:
    """What the standard error of a difference of two models is multiplied by: the root of 2, or 1 with a single fold.

    Two rows of different folds each train the model that is tested on the other, so what they share enters the
    difference twice, and where there is little to learn this is all there is: the variance between groups is then
    half of the true one (measured on simulated additive data: standard deviation of the t statistic 1.34 to 1.42 for 2
    to 60 folds). Where there is much to learn the factor is too careful.
    """
    n_folds = sum(len(np.unique(fold[fold >= 0])) for fold in evaluation.fold)
    return float(np.sqrt(2)) if n_folds > 1 else 1.0


def draw_counts(n_groups: int, n_draws: int, random_state: int) -> NDArray[np.int16]:
    """`(n_draws, n_groups)` how often each group occurs in each draw of as many groups, with replacement.

    Examples
    --------
    >>> draw_counts(4, 2, 0).sum(axis=1).tolist()
    [4, 4]
    """
    rng = np.random.default_rng(random_state)
    counts = np.empty((n_draws, n_groups), dtype=np.int16)
    for draw in range(n_draws):
        counts[draw] = np.bincount(rng.integers(n_groups, size=n_groups), minlength=n_groups)
    return counts


def sums_by_group(
    values: NDArray[np.float64],
    group: NDArray[np.intp],
    n_groups: int,
    unit: NDArray[np.intp] | None = None,
    n_units: int = 1,
) -> NDArray[np.float64]:
    """`(n_groups, n_units)` sums of `(n,)` values over the rows of each group in each unit (a drug, a sample)."""
    cell = group if unit is None else group * n_units + unit
    summed = np.bincount(cell, values, minlength=n_groups * n_units).astype(np.float64)
    return summed.reshape(n_groups, n_units)


def resampled_sums(counts: NDArray[np.int16], sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_draws, n_units)` sums of every draw: counts times the sums per group, in blocks to spare memory."""
    blocks = range(0, len(counts), _DRAWS_AT_ONCE)
    made = [counts[at : at + _DRAWS_AT_ONCE].astype(np.float64) @ sums for at in blocks]
    return np.concatenate(made) if made else np.zeros((0, sums.shape[1]))


def percentile_interval(
    draws: NDArray[np.float64],
    value: NDArray[np.float64],
    metric: str = "",
    *,
    coverage: float = 0.95,
    widen: float = 1.0,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Percentile interval of bootstrap draws, moved so that the median draw meets the value.

    A draw repeats some rows and lacks others, which makes small sets look too alike: an RMSE averaged over many small
    sets comes out too small in nearly every draw. The move takes this bias away, and the value always lies inside.

    Parameters
    ----------
    draws
        `(n_draws, ...)`; a NaN is a draw in which the score is not defined, and is left out.
    value
        `(...)` the score of the data.
    metric
        Its name, for the limits that it cannot pass.
    coverage
        Of the interval.
    widen
        Factor on both arms.

    Returns
    -------
    lower, upper
        `(...)`; NaN where the value is, or where fewer than half of the draws define the score.

    Examples
    --------
    >>> lower, upper = percentile_interval(np.arange(101.0), np.array(52.0))
    >>> round(float(lower), 6), round(float(upper), 6)
    (4.5, 99.5)
    """
    value = np.asarray(value, dtype=np.float64)
    if not len(draws):
        return np.full(value.shape, np.nan), np.full(value.shape, np.nan)
    ordered = np.sort(draws, axis=0)
    defined = np.isfinite(ordered).sum(axis=0)
    tail = (1 - coverage) / 2
    low, middle, high = (_quantile(ordered, defined, share) for share in (tail, 0.5, 1 - tail))
    least, most = _limits(metric)
    known = np.isfinite(value) & (2 * defined >= len(draws))
    return (
        np.where(known, np.maximum(value - widen * (middle - low), least), np.nan),
        np.where(known, np.minimum(value + widen * (high - middle), most), np.nan),
    )


def _limits(metric: str) -> tuple[float, float]:
    if metric in OUTCOME_METRIC_LABELS:
        return metric_limits(metric)
    return _LIMITS.get(metric, (-1, 1) if metric in METRICS else (-np.inf, np.inf))


def _quantile(ordered: NDArray[np.float64], defined: NDArray[np.intp], share: float) -> NDArray[np.float64]:
    position = share * np.maximum(defined - 1, 0)
    below = np.floor(position).astype(np.intp)
    above = np.minimum(below + 1, np.maximum(defined - 1, 0))
    first, second = (np.take_along_axis(ordered, at[None], axis=0)[0] for at in (below, above))
    return first + (position - below) * (second - first)


class ResampledScores:
    """The scores of one set of test rows in every draw, in each of its units (drugs, samples) at once.

    Every score is made of sums over rows, so a draw needs the sums per group only. Spearman's correlation is that of
    the ranks which the rows have within their unit of the fold: ranks are taken once, not anew in each draw.

    Parameters
    ----------
    counts
        `(n_draws, n_groups)` draws of all groups.
    group, unit
        `(n,)` group and unit of each test row.
    n_units
        How many units; 1 for the whole fold.
    measured, reference
        `(n,)` responses, and the naive prediction that normalised scores subtract.
    naive
        `(n_naive, n)` every naive prediction.
    largest
        Of all responses, see `rounding`.
    """

    def __init__(
        self,
        counts: NDArray[np.int16],
        group: NDArray[np.intp],
        unit: NDArray[np.intp],
        n_units: int,
        measured: NDArray[np.float64],
        reference: NDArray[np.float64],
        naive: NDArray[np.float64],
        largest: float = 0.0,
    ) -> None:
        present, at = np.unique(group, return_inverse=True)
        self._weights = counts[:, present].astype(np.float64)
        self._group, self._unit, self._n_units = at.astype(np.intp), unit, n_units
        self._sizes = np.bincount(unit, minlength=n_units)
        self._measured, self._reference = measured, reference
        self._n, *best = self._sums(np.ones_like(measured), *(measured - naive) ** 2)
        self._best = np.min(best, axis=0)
        noise = [rounding(measured[unit == number], largest) for number in range(n_units)]
        self._least = self._n * np.array(noise) ** 2
        sides = (measured, self._ranks(measured), measured - reference)
        self._plain, self._ranked, self._normalised = (self._side(side) for side in sides)

    def of(self, predicted: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_metrics, n_draws, n_units)` scores of `(n,)` predictions, NaN where not defined, in METRICS' order."""
        error = self._measured - predicted
        squared, absolute = self._sums(error**2, np.abs(error))
        spread = self._plain.spread
        with np.errstate(divide="ignore", invalid="ignore"):
            scores = {
                "rmse": np.sqrt(squared / self._n),
                "mae": absolute / self._n,
                "r2": np.where(spread > self._least, 1 - squared / spread, np.nan),
                "pearson": self._correlation(self._plain, predicted, self._least),
                "spearman": self._correlation(self._ranked, self._ranks(predicted)),
                "normalised_pearson": self._correlation(self._normalised, predicted - self._reference, self._least),
                "skill": np.where(self._best > self._least, 1 - squared / self._best, np.nan),
            }
        return np.stack([scores[metric] for metric in METRICS])

    def _side(self, values: NDArray[np.float64]) -> _Side:
        # centred first: sums of squares of numbers far from 0 would lose their digits
        centred = values - (np.bincount(self._unit, values, minlength=self._n_units) / self._sizes)[self._unit]
        total, square = self._sums(centred, centred**2)
        with np.errstate(divide="ignore", invalid="ignore"):
            spread = square - total**2 / self._n
        return _Side(centred, total, np.where(spread > _CONSTANT**2 * square, spread, 0.0))

    def _correlation(
        self, side: _Side, values: NDArray[np.float64], least_spread: NDArray[np.float64] | float = 0.0
    ) -> NDArray[np.float64]:
        """NaN where the spread of a side is no more than this, or than rounding beside the other's."""
        other = self._side(values)
        (product,) = self._sums(side.centred * other.centred)
        norms = np.sqrt(side.spread), np.sqrt(other.spread)
        least, most = np.minimum(*norms), np.maximum(*norms)
        with np.errstate(divide="ignore", invalid="ignore"):
            correlation = (product - side.total * other.total / self._n) / (norms[0] * norms[1])
        return np.where((least > _CONSTANT * most) & (least**2 > least_spread), correlation, np.nan)

    def _sums(self, *values: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """`(n_draws, n_units)` sums over the rows of each draw."""
        n_groups = self._weights.shape[1]
        cells = [sums_by_group(column, self._group, n_groups, self._unit, self._n_units) for column in values]
        return np.split(self._weights @ np.concatenate(cells, axis=1), len(values), axis=1)

    def _ranks(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.asarray(pd.Series(values).groupby(self._unit).rank(), dtype=np.float64)


@dataclass(frozen=True, eq=False)
class _Side:
    """One side of a correlation.

    `centred` is `(n,)`, around the mean of the unit; `total` is its `(n_draws, n_units)` sum, and `spread` its sum
    of squares around the mean of the draw, 0 where that is only rounding.
    """

    centred: NDArray[np.float64]
    total: NDArray[np.float64]
    spread: NDArray[np.float64]
