"""A monotone correction of log odds, of drugs with enough events to see one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from sklearn.isotonic import isotonic_regression

from drugresponse.learners.state import State, damaged, state_array, state_wholes

__all__ = ["ENOUGH_EVENTS", "BentOdds"]

Array = NDArray[np.float64]

ENOUGH_EVENTS = 100
"""Groups with the event, and groups without it, from which on a drug has a correction of its own."""
_MOST_KNOTS = 8
_EVENTS_A_KNOT = 20
_PRIOR_ROWS = 4.0


@dataclass(frozen=True, eq=False)
class BentOdds:
    """For some drugs a broken line from log odds to log odds, of slope 1 beyond its ends.

    A knot stands for 20 or more events and as many others, so that it tells of no one.

    Attributes
    ----------
    drug
        `(n_knots,)` number of the drug that each knot is of, ascending.
    at, to, spread
        `(n_knots,)` log odds before and after, ascending within a drug, and standard deviation of the latter.
    """

    drug: NDArray[np.int64]
    at: Array
    to: Array
    spread: Array

    @classmethod
    def none(cls) -> BentOdds:
        """Every drug keeps its log odds."""
        empty = np.zeros(0)
        return cls(np.zeros(0, dtype=np.int64), empty, empty, empty)

    @classmethod
    def fit(
        cls, y: Array, odds: Array, drug: NDArray[np.intp], n_drugs: int, groups: NDArray, weights: Array
    ) -> BentOdds:
        """Isotonic regression of the shares of events in bins of equal information, on the scale of the odds.

        Parameters
        ----------
        y, odds
            `(n_rows,)` 0 or 1, and log odds that logistic calibration gives.
        drug, n_drugs
            `(n_rows,)` number of each row's drug, and how many there are.
        groups
            `(n_rows,)` whose rows err together.
        weights
            `(n_rows,)` by which rows count, less where groups are large.
        """
        knots = []
        for number in range(n_drugs):
            rows = np.flatnonzero(drug == number)
            counts = [len(np.unique(groups[rows[y[rows] == value]])) for value in (0, 1)]
            if min(counts) >= ENOUGH_EVENTS:
                n_bins = min(_MOST_KNOTS, min(counts) // _EVENTS_A_KNOT)
                knots.append((number, *_knots(y[rows], odds[rows], weights[rows], n_bins)))
        if not knots:
            return cls.none()
        drugs = np.repeat([number for number, *_ in knots], [len(at) for _, at, *_ in knots])
        at, off, spread = (np.concatenate([knot[i] for knot in knots]) for i in (1, 2, 3))
        # what all knots lie off beyond noise is kept of each
        beyond = max(0.0, float((off**2 - spread**2).mean()))
        kept = beyond / (beyond + spread**2)
        to = np.concatenate(
            [_rising((at + kept * off)[drugs == drug], spread[drugs == drug]) for drug in np.unique(drugs)]
        )
        return cls(drugs.astype(np.int64), at, to, np.sqrt(kept) * spread)

    def of(self, odds: Array, drug: NDArray[np.intp]) -> tuple[Array, Array]:
        """`(n_rows,)` corrected log odds, and the standard deviation of the correction, 0 where there is none."""
        to, spread = odds.copy(), np.zeros(len(odds))
        for number in np.unique(self.drug):
            rows, knots = drug == number, self.drug == number
            at, value = self.at[knots], self.to[knots]
            inner = np.clip(odds[rows], at[0], at[-1])
            to[rows] = np.interp(inner, at, value) + odds[rows] - inner
            spread[rows] = np.interp(inner, at, self.spread[knots])
        return to, spread

    def get_state(self) -> State:
        """The knots."""
        return {"drug": self.drug, "at": self.at, "to": self.to, "spread": self.spread}

    @classmethod
    def from_state(cls, state: State, n_drugs: int) -> BentOdds:
        """The correction of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            A knot is of no drug, or the line falls.
        """
        drug = state_wholes(state, "drug", -1, below=max(n_drugs, 1)).astype(np.int64)
        at, to, spread = (state_array(state, name, len(drug)) for name in ("at", "to", "spread"))
        same = np.diff(drug) == 0
        if (np.diff(drug) < 0).any() or (np.diff(at)[same] <= 0).any() or (np.diff(to)[same] < 0).any():
            raise damaged("a correction of its probabilities is not monotone")
        if (spread < 0).any():
            raise damaged("a correction of its probabilities has no spread")
        return cls(drug, at, to, spread)


def _rising(values: Array, spread: Array) -> Array:
    return np.asarray(isotonic_regression(values, sample_weight=1 / spread**2), dtype=np.float64)


def _knots(y: Array, odds: Array, weights: Array, n_bins: int) -> tuple[Array, Array, Array]:
    """Mean log odds in bins of equal information, how far the events that happened lie off, and the spread of that."""
    probability = expit(odds)
    information = weights * probability * (1 - probability)
    order = np.argsort(odds, kind="stable")
    reached = np.cumsum(information[order])
    bins = np.empty(len(odds), dtype=np.intp)
    bins[order] = np.minimum((reached / reached[-1] * n_bins).astype(np.intp), n_bins - 1)
    total = np.bincount(bins, information, n_bins)
    used = total > 0
    at = (np.bincount(bins, information * odds, n_bins)[used]) / total[used]
    events, rows = np.bincount(bins, weights * y, n_bins)[used], np.bincount(bins, weights, n_bins)[used]
    expected = np.bincount(bins, weights * probability, n_bins)[used]
    prior = expected / rows
    rate = (events + _PRIOR_ROWS * prior) / (rows + _PRIOR_ROWS)
    at, first = np.unique(at, return_index=True)
    return at, (logit(rate) - logit(prior))[first], 1 / np.sqrt(total[used][first])
