"""Metrics of times to an event, up to a stated horizon."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.base import RowScores
from drugresponse.data.scores.labels import metrics_of
from drugresponse.data.scores.losses import alive_at, brier_at, conditional_survival, inverse_weights, row_losses
from drugresponse.data.scores.ranking import concordance
from drugresponse.data.scores.truth import Truth

__all__ = ["TimeScores"]

_QUARTERS = ("q25", "q50", "q75")

Array = NDArray[np.float64]


class TimeScores(RowScores):
    """Metrics of predicted survival, rows weighed by the inverse of the probability that they are still watched.

    The integrated Brier score up to the horizon, and the Brier score at the times by which a quarter, half and three
    quarters of the events before it had happened (Graf et al. 1999). The share of events seen by these times
    less the share predicted, which is 0 where survival is calibrated. Harrell's C (1982,
    doi:10.1001/jama.1982.03320430047030) and Uno's (2011, doi:10.1002/sim.4154), over pairs of one drug and fold of
    which the first event is seen before the horizon, and while the other row was watched.

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    """

    def __init__(self, truth: Truth, predicted: Distribution) -> None:
        self.names = metrics_of(truth.outcome)
        self.losses = row_losses(truth, predicted)
        watched, happened = part(truth.follow_up), part(truth.observed.happened)
        drug = np.unique(truth.drug_ids.astype(str), return_inverse=True)[1]
        self._stratum = drug * (int(truth.fold.max(initial=0)) + 1) + truth.fold
        self._time, self._ranks = truth.y, predicted.scores
        self._entry = np.full(len(truth), -np.inf) if truth.observed.entry is None else truth.observed.entry
        self._entry = np.where(self._entry > 0, self._entry, -np.inf)
        self._happened = happened
        self._first = (happened & (truth.y <= watched.horizon)).astype(np.float64)
        self._unseen = self._first / watched.watched_before_end**2
        times = watched.stated
        present = times > self._entry[:, None]
        weights = inverse_weights(truth, times, watched.watched_at_stated)
        dead = weights * ~alive_at(truth, times)
        predicted_dead = present * (1 - conditional_survival(truth, predicted, times))
        brier = brier_at(truth, predicted, times, watched.watched_at_stated)
        self._columns = np.column_stack([np.ones(len(truth)), self.losses, brier, dead - predicted_dead, present])

    def weighted(self, at: NDArray[np.intp], weights: Array) -> dict[str, Array]:
        """Of rows `at`."""
        sums = weights @ self._columns[at]
        n, loss = sums[:, 0], sums[:, 1]
        brier, gap, present = sums[:, 2:5], sums[:, 5:8], sums[:, 8:11]
        order = np.argsort(self._stratum[at], kind="stable")
        harrell, uno = self._concordance(at[order], weights[:, order])
        return {
            "integrated_brier": loss / n,
            "harrell_c": harrell,
            "uno_c": uno,
            **{f"brier_{name}": brier[:, i] / present[:, i] for i, name in enumerate(_QUARTERS)},
            **{f"calibration_{name}": gap[:, i] / present[:, i] for i, name in enumerate(_QUARTERS)},
        }

    def _concordance(self, at: NDArray[np.intp], weights: Array) -> tuple[Array, Array]:
        """Harrell's and Uno's C of rows that lie stratum by stratum."""
        totals = np.zeros((2, 2, len(weights)))
        starts = np.flatnonzero(np.append(True, np.diff(self._stratum[at]) != 0))
        for start, end in zip(starts, np.append(starts[1:], len(at)), strict=True):
            rows, drawn = at[start:end], weights[:, start:end]
            time, entry = self._time[rows], self._entry[rows]
            later = (time > time[:, None]) | ((time == time[:, None]) & ~self._happened[rows])
            earlier = later & (entry < time[:, None])
            for number, first in enumerate((self._first[rows], self._unseen[rows])):
                totals[number] += concordance(first, earlier, self._ranks[rows], drawn)
        return totals[0, 0] / totals[0, 1], totals[1, 0] / totals[1, 1]
