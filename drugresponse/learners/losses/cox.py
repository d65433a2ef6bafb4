"""Times to an event: the partial likelihood of log hazards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["CoxLoss"]

_LEAST_CURVATURE = 1e-6


@dataclass(frozen=True, eq=False)
class CoxLoss(RowLoss):
    """`log(sum of the hazards at risk) - score` of each event, each drug a stratum (Cox 1972, 1975).

    Ties are Breslow's: the sum is the same for all events of a moment. A weight then is a number of equal rows, and
    the loss of a row is its own. At risk at a time are rows of the drug that came under observation before it and
    whose own time is not before it. doi:10.1111/j.2517-6161.1972.tb00899.x, doi:10.2307/2529620.

    Attributes
    ----------
    y
        `(n_rows,)` time of the event, or up to which none had happened.
    happened
        `(n_rows,)` bool.
    entry
        `(n_rows,)` when the row came under observation.

    Examples
    --------
    >>> times, ones = np.array([1.0, 2.0, 3.0]), np.ones(3)
    >>> loss = CoxLoss(times, ones > 0, 0 * times, ones, np.zeros(3, dtype=np.intp))
    >>> loss.values(np.zeros(3)).round(3).tolist()
    [1.099, 0.693, 0.0]
    """

    y: Array
    happened: NDArray[np.bool_]
    entry: Array
    weights: Array
    drug_index: NDArray[np.intp]

    def values(self, scores: Array) -> Array:
        """`(n_rows,)` 0 where no event happened."""
        losses = np.zeros(len(scores))
        for rows in self._strata():
            at_risk = self._log_at_risk(rows, scores[rows])
            losses[rows] = np.where(self.happened[rows], at_risk - scores[rows], 0.0)
        return losses

    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` expected less observed events of each row, and the diagonal of the second derivatives."""
        slope, curvature = np.zeros(len(scores)), np.zeros(len(scores))
        for rows in self._strata():
            score, log_weight, happened = scores[rows], np.log(self.weights[rows]), self.happened[rows]
            at_risk = self._log_at_risk(rows, score)
            own = score + log_weight
            hazard = self._since_entry(rows, log_weight - at_risk)
            square = self._since_entry(rows, log_weight - 2 * at_risk)
            expected = np.exp(own + hazard)
            slope[rows] = expected - self.weights[rows] * happened
            curvature[rows] = expected - np.exp(2 * own + square)
        return slope, np.maximum(curvature, _LEAST_CURVATURE * self.weights)

    def start(self) -> Array:
        """`(n_drugs,)` zeros: a partial likelihood has no level."""
        return np.zeros(int(self.drug_index.max(initial=-1)) + 1)

    def take(self, rows: Any) -> CoxLoss:
        """The loss of some rows, at risk among themselves."""
        parts = {name: getattr(self, name)[rows] for name in ("y", "happened", "entry", "weights", "drug_index")}
        return replace(self, **parts)

    def _strata(self) -> list[NDArray[np.intp]]:
        """Row numbers of each drug, by time."""
        order = np.lexsort((self.y, self.drug_index))
        ends = np.cumsum(np.bincount(self.drug_index))[:-1]
        return [rows for rows in np.split(order, ends) if len(rows)]

    def _log_at_risk(self, rows: NDArray[np.intp], scores: Array) -> Array:
        """`(n,)` log of the summed hazards at risk at each row's time; `rows` are by time."""
        times, entry, own = self.y[rows], self.entry[rows], scores + np.log(self.weights[rows])
        remaining = _log_sums(own[::-1])[::-1][np.searchsorted(times, times, "left")]
        if entry.max() < times[0]:
            return remaining
        late = np.argsort(entry)[::-1]
        # rows that enter at this time or after it are in the sum of those that remain, and not yet at risk
        counts = len(entry) - np.searchsorted(entry[late[::-1]], times, "left")
        absent = np.concatenate([[-np.inf], _log_sums(own[late])])[counts]
        return np.maximum(_log_difference(remaining, absent), own)

    def _since_entry(self, rows: NDArray[np.intp], logarithms: Array) -> Array:
        """`(n,)` log of the sum over events between each row's entry and its time; `rows` are by time."""
        times, entry, happened = self.y[rows], self.entry[rows], self.happened[rows]
        sums = np.concatenate([[-np.inf], _log_sums(logarithms[happened])])
        moments = times[happened]
        until = sums[np.searchsorted(moments, times, "right")]
        before = sums[np.searchsorted(moments, entry, "right")]
        return _log_difference(until, before)


def _log_sums(logarithms: Array) -> Array:
    """`(n,)` log of the cumulative sums."""
    return np.asarray(np.logaddexp.accumulate(logarithms)) if len(logarithms) else logarithms


def _log_difference(larger: Array, smaller: Array) -> Array:
    """Log of the difference of what these are logarithms of, -inf where it is 0 or less."""
    finite = np.isfinite(larger)
    share = np.exp(np.minimum(np.where(finite, smaller - np.where(finite, larger, 0.0), 0.0), 0.0))
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(finite, larger, 0.0) + np.log1p(-share))
