"""Times to an event: the partial likelihood of log hazards."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

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
    whose own time is not before it; an entry at 0 is before all times. doi:10.1111/j.2517-6161.1972.tb00899.x,
    doi:10.2307/2529620.

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
    looks_at_others: ClassVar[bool] = True

    def values(self, scores: Array) -> Array:
        """`(n_rows,)` 0 where no event happened."""
        return np.where(self.happened, self._log_at_risk(scores) - scores, 0.0)

    def derivatives(self, scores: Array) -> tuple[Array, Array]:
        """`(n_rows,)` expected less observed events of each row, and the diagonal of the second derivatives."""
        at_risk, log_weight = self._log_at_risk(scores), np.log(self.weights)
        own = scores + log_weight
        expected = np.exp(own + self._since_entry(log_weight - at_risk))
        curvature = expected - np.exp(2 * own + self._since_entry(log_weight - 2 * at_risk))
        return expected - self.weights * self.happened, np.maximum(curvature, _LEAST_CURVATURE * self.weights)

    def total_and_slope(self, scores: Array) -> tuple[float, Array]:
        """Both from the same sums at risk."""
        at_risk, log_weight = self._log_at_risk(scores), np.log(self.weights)
        expected = np.exp(scores + log_weight + self._since_entry(log_weight - at_risk))
        total = float(self.weights @ np.where(self.happened, at_risk - scores, 0.0))
        return total, expected - self.weights * self.happened

    def start(self) -> Array:
        """`(n_drugs,)` zeros: a partial likelihood has no level."""
        return np.zeros(int(self.drug_index.max(initial=-1)) + 1)

    def answers(self) -> NDArray[np.intp]:
        """`(n_rows,)` whether the event happened."""
        return self.happened.astype(np.intp)

    def take(self, rows: Any) -> CoxLoss:
        """The loss of some rows, at risk among themselves."""
        parts = {name: getattr(self, name)[rows] for name in ("y", "happened", "entry", "weights", "drug_index")}
        return replace(self, **parts)

    @cached_property
    def _order(self) -> _Order:
        # who is watched from the start is at risk at time 0 too: an event there would else have a slope and no value
        return _Order.of(self.y, np.where(self.entry > 0, self.entry, -np.inf), self.drug_index)

    def _log_at_risk(self, scores: Array) -> Array:
        """`(n_rows,)` log of the summed hazards at risk at each row's time."""
        order, own = self._order, scores + np.log(self.weights)
        remaining = _log_sums(order.by_time, own[order.rows][:, ::-1] + order.outside[:, ::-1])
        at_risk = remaining[order.stratum, order.width - order.first_here]
        if not order.is_late:
            return np.asarray(at_risk, dtype=np.float64)
        # rows that enter at this time or after it are in the sum of those that remain, and not yet at risk
        absent = _log_sums(order.by_time, own[order.late] + order.outside)[order.stratum, order.n_later]
        return np.maximum(_log_difference(at_risk, absent), own)

    def _since_entry(self, logarithms: Array) -> Array:
        """`(n_rows,)` log of the sum over events between each row's entry and its time."""
        order, of_events = self._order, np.where(self.happened, logarithms, -np.inf)
        sums = _log_sums(order.by_time, of_events[order.rows] + order.outside)
        return _log_difference(sums[order.stratum, order.n_until], sums[order.stratum, order.n_before])


@dataclass(frozen=True, eq=False)
class _Order:
    """The rows of each drug by time, side by side in a table, so that all strata are summed at once.

    Attributes
    ----------
    rows, late
        `(n_strata, width)` row numbers by time, and from the latest entry to the first; filled up with 0.
    outside
        `(n_strata, width)` 0, and -inf where `rows` is filled up.
    stratum
        `(n_rows,)` line of each row.
    first_here
        `(n_rows,)` how many rows of the drug have a time before this one's.
    n_later, n_until, n_before
        `(n_rows,)` how many enter at this one's time or after it, have their time until then, and until its entry.
    is_late
        Whether any row enters after the first time of its drug.
    """

    rows: NDArray[np.intp]
    late: NDArray[np.intp]
    outside: Array
    stratum: NDArray[np.intp]
    first_here: NDArray[np.intp]
    n_later: NDArray[np.intp]
    n_until: NDArray[np.intp]
    n_before: NDArray[np.intp]
    is_late: bool

    @property
    def width(self) -> int:
        """Rows of the largest stratum."""
        return int(self.rows.shape[1])

    @property
    def by_time(self) -> tuple[int, int]:
        """Shape of the sums: one more column, for none."""
        return len(self.rows), self.width + 1

    @classmethod
    def of(cls, times: Array, entry: Array, drug_index: NDArray[np.intp]) -> _Order:
        """Sort each drug's rows once."""
        drugs, stratum, counts = np.unique(drug_index, return_inverse=True, return_counts=True)
        shape = len(drugs), int(counts.max(initial=0))
        rows, late, outside = np.zeros(shape, np.intp), np.zeros(shape, np.intp), np.full(shape, -np.inf)
        counted = np.zeros((4, len(times)), dtype=np.intp)
        by_time, is_late = np.lexsort((times, stratum)), False
        for line, at in enumerate(np.split(by_time, np.cumsum(counts)[:-1])):
            own, entries = times[at], np.sort(entry[at])
            rows[line, : len(at)], outside[line, : len(at)] = at, 0.0
            late[line, : len(at)] = at[np.argsort(-entry[at], kind="stable")]
            counted[0, at] = np.searchsorted(own, own, "left")
            counted[1, at] = len(at) - np.searchsorted(entries, own, "left")
            counted[2, at] = np.searchsorted(own, own, "right")
            counted[3, at] = np.searchsorted(own, entry[at], "right")
            is_late = is_late or bool(entries[-1] >= own[0])
        return cls(rows, late, outside, stratum, counted[0], counted[1], counted[2], counted[3], is_late)


def _log_sums(shape: tuple[int, int], logarithms: Array) -> Array:
    """Log of the sums of the first 0, 1, 2 ... of each line."""
    sums = np.full(shape, -np.inf)
    np.logaddexp.accumulate(logarithms, axis=1, out=sums[:, 1:])
    return sums


def _log_difference(larger: Array, smaller: Array) -> Array:
    """Log of the difference of what these are logarithms of, -inf where it is 0 or less."""
    finite = np.isfinite(larger)
    share = np.exp(np.minimum(np.where(finite, smaller - np.where(finite, larger, 0.0), 0.0), 0.0))
    with np.errstate(divide="ignore"):
        return np.asarray(np.where(finite, larger, 0.0) + np.log1p(-share))
