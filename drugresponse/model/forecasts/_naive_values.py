"""The numbers that a naive prediction of each kind of outcome is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import InputError
from drugresponse.learners.state import damaged

__all__ = ["NaiveValues"]

Array = NDArray[np.float64]

_PRIOR_ROWS = 1.0
"""Rows as the next coarser prediction has them, that shares are averaged with: none is 0 or 1."""
_LEAST_SHARE = 1e-4


@dataclass(frozen=True, eq=False)
class NaiveValues:
    """What the numbers are, of one kind.

    Attributes
    ----------
    outcome
        Shares of the classes; location and spread; or the share without an event at `times`.
    times
        `(n_times,)` ascending; empty in kinds without.
    """

    outcome: Outcome
    times: Array

    @classmethod
    def of(cls, observed: Observed, y: Array, horizon: float | None) -> NaiveValues:  # noqa: ARG003
        """For these rows."""
        if not observed.outcome.has_classes:
            raise InputError(f"outcome: {observed.outcome.kind} has no naive forecasts yet.")
        return cls(observed.outcome, np.zeros(0))

    @property
    def n_numbers(self) -> int:
        """How many numbers a key has."""
        return {"interval": 2, "time-to-event": len(self.times)}.get(self.outcome.kind, len(self.outcome.classes))

    def fit(
        self,
        observed: Observed,  # noqa: ARG002
        y: Array,
        weights: Array,
        at: NDArray[np.intp],
        n_keys: int,
        around: Array | None,
    ) -> Array:
        """`(n_keys, n_numbers)` of rows whose keys are numbered by `at`, drawn towards `around` where they are few."""
        return self._shares(y, weights, at, n_keys, around)

    def _shares(self, y: Array, weights: Array, at: NDArray[np.intp], n_keys: int, around: Array | None) -> Array:
        n_classes = len(self.outcome.classes)
        rows = np.bincount(at * n_classes + y.astype(np.intp), weights, n_keys * n_classes)
        prior = np.full((n_keys, n_classes), 1 / n_classes) if around is None else around
        counts = rows.reshape(n_keys, n_classes) + _PRIOR_ROWS * prior
        return np.asarray(counts / counts.sum(axis=1, keepdims=True))

    def distribution(self, numbers: Array) -> Distribution:
        """What `(n_pairs, n_numbers)` say of pairs."""
        reached = np.clip(1 - np.cumsum(numbers, axis=1)[:, :-1], _LEAST_SHARE, 1 - _LEAST_SHARE)
        return Distribution(self.outcome, logit(reached).mean(axis=1), shares=numbers)

    def prove_times(self) -> None:
        """Refuse times that are none."""
        if (np.diff(self.times) <= 0).any() or (self.times <= 0).any():
            raise damaged("the times of its naive predictions are not ascending")
        if (len(self.times) > 0) != (self.outcome.kind == "time-to-event"):
            raise damaged("its naive predictions are not of its outcome")

    def prove(self, numbers: Array) -> None:
        """Refuse numbers that say nothing of an outcome."""
        if self.outcome.has_classes and not ((numbers >= 0).all() and np.allclose(numbers.sum(axis=1), 1.0, atol=1e-6)):
            raise damaged("the shares of a naive prediction do not add up to 1")
