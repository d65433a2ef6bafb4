"""The numbers that a naive prediction of each kind of outcome is made of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.follow_up import kaplan_meier, step_at
from drugresponse.learners.state import damaged
from drugresponse.model.forecasts.likelihoods.censored_normal import interval_density, interval_prior, unit_of
from drugresponse.model.forecasts.likelihoods.piecewise_hazard import time_grid
from drugresponse.model.forecasts.likelihoods.shrunken import KeyedRows, fit_shrunken

__all__ = ["NaiveValues"]

Array = NDArray[np.float64]

_PRIOR_ROWS = 3.0
"""Rows as the next coarser prediction has them, that shares are averaged with: none is 0 or 1."""
_PRIOR_EVENTS = 5.0
"""Events as the next coarser prediction has them, that survival is averaged with."""
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
    def of(cls, observed: Observed, y: Array, horizon: float | None) -> NaiveValues:
        """For these rows."""
        if observed.happened is None:
            return cls(observed.outcome, np.zeros(0))
        return cls(observed.outcome, time_grid(max(float(y.max()), horizon or 0.0, 1e-12)))

    @property
    def n_numbers(self) -> int:
        """How many numbers a key has."""
        return {"interval": 2, "time-to-event": len(self.times)}.get(self.outcome.kind, len(self.outcome.classes))

    def fit(
        self,
        observed: Observed,
        y: Array,
        weights: Array,
        at: NDArray[np.intp],
        n_keys: int,
        around: Array | None,
    ) -> Array:
        """`(n_keys, n_numbers)` of rows whose keys are numbered by `at`, drawn towards `around` where they are few."""
        if observed.happened is not None:
            return self._survival(observed, y, weights, at, n_keys, around)
        if observed.lower is not None:
            return _normals(observed, y, weights, at, n_keys, around)
        return self._shares(y, weights, at, n_keys, around)

    def _shares(self, y: Array, weights: Array, at: NDArray[np.intp], n_keys: int, around: Array | None) -> Array:
        n_classes = len(self.outcome.classes)
        rows = np.bincount(at * n_classes + y.astype(np.intp), weights, n_keys * n_classes)
        prior = np.full((n_keys, n_classes), 1 / n_classes) if around is None else around
        counts = rows.reshape(n_keys, n_classes) + _PRIOR_ROWS * prior
        return np.asarray(counts / counts.sum(axis=1, keepdims=True))

    def _survival(
        self, observed: Observed, y: Array, weights: Array, at: NDArray[np.intp], n_keys: int, around: Array | None
    ) -> Array:
        """Kaplan and Meier's of each key, averaged with the coarser one where events are few."""
        happened = np.asarray(observed.happened, dtype=bool)
        survival = np.empty((n_keys, len(self.times)))
        for key in range(n_keys):
            rows = at == key
            entry = None if observed.entry is None else _late(observed.entry[rows])
            survival[key] = step_at(kaplan_meier(y[rows], happened[rows], entry, weights[rows]), self.times)
        if around is None:
            return survival
        events = np.bincount(at, happened, n_keys)[:, None]
        return np.asarray((events * survival + _PRIOR_EVENTS * around) / (events + _PRIOR_EVENTS))

    def distribution(self, numbers: Array) -> Distribution:
        """What `(n_pairs, n_numbers)` say of pairs."""
        if self.outcome.kind == "interval":
            return Distribution(self.outcome, numbers[:, 0], spread=numbers[:, 1])
        if self.outcome.kind == "time-to-event":
            middle = np.clip(numbers[:, len(self.times) // 2], _LEAST_SHARE, 1 - _LEAST_SHARE)
            return Distribution(self.outcome, np.log(-np.log(middle)), times=self.times, survival=numbers)
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
        if self.outcome.kind == "interval" and not (numbers[:, 1] > 0).all():
            raise damaged("a naive prediction has no spread")
        if self.outcome.kind == "time-to-event":
            falls = (np.diff(numbers, axis=1) <= 1e-12).all()
            if not (falls and (numbers >= 0).all() and (numbers <= 1).all()):
                raise damaged("the survival of a naive prediction rises, or is no probability")


def _late(entry: Array) -> Array:
    """When rows came under observation; before all times where it was from the start."""
    return np.where(entry > 0, entry, -np.inf)


def _normals(
    observed: Observed, y: Array, weights: Array, at: NDArray[np.intp], n_keys: int, around: Array | None
) -> Array:
    """`(n_keys, 2)` location and spread, drawn towards those of all keys, or of the coarser one, where rows are few."""
    level = np.full(len(y), np.median(y)) if around is None else around[at, 0]
    unit = unit_of(y, level)
    prior = interval_prior(1.0)
    density = interval_density(observed, level, np.zeros(len(y)), unit)
    keys = pd.Index(np.arange(n_keys))
    fitted = fit_shrunken(density, KeyedRows(keys, at, weights), prior, by_key=n_keys > 1)
    numbers = fitted.common + (fitted.own if len(fitted.own) else np.zeros((n_keys, 3)))
    base = level[:1].repeat(n_keys) if around is None else around[:, 0]
    return np.column_stack([base + unit * numbers[:, 0], unit * np.exp(numbers[:, 2])])
