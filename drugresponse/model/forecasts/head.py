"""The one interface of all heads, and what they answer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import State
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES

__all__ = ["COVERAGE", "TWO_SIDED", "Forecast", "Head"]

Array = NDArray[np.float64]

COVERAGE = 0.9
"""Share of new rows that sets of classes and bounds shall hold."""
TWO_SIDED = 1.6448536269514722
"""Standard deviations on either side that hold 90 % of a normal distribution."""


@dataclass(frozen=True, eq=False)
class Forecast:
    """What is told of each pair.

    Attributes
    ----------
    distribution
        All of it.
    prediction
        `(n_pairs,)` probability of the event; the most probable of ordered classes, in words; expected reading of
        a value between limits; or restricted mean time.
    lower, upper
        `(n_pairs,)` bounds of the prediction, of its kind: of a probability or a mean time those of what is true on
        average of such rows; of a class or a value those within which a new measurement lies.
    columns
        What else the table of predictions tells, by name, `(n_pairs,)` each.
    bound_columns
        Those of them that hold bounds, and are told where bounds are.
    sets
        `(n_pairs, n_classes)` bool, which classes remain; None in kinds without classes.
    threshold
        `(n_pairs,)` probability from which on the event is called, of a binary outcome; else None.
    """

    distribution: Distribution
    prediction: NDArray[Any]
    lower: NDArray[Any]
    upper: NDArray[Any]
    columns: Mapping[str, NDArray[Any]] = field(default_factory=dict)
    bound_columns: tuple[str, ...] = ()
    sets: NDArray[np.bool_] | None = None
    threshold: Array | None = None

    def covers(self, observed: Observed, y: Array) -> Array | None:
        """`(n_pairs,)` 1 where set or bounds hold what was observed, 0 where not, NaN where there are none.

        None in kinds whose bounds are those of a mean. A value between limits is held where its limits and the bounds
        meet.

        Parameters
        ----------
        observed, y
            Of the same pairs.
        """
        if self.sets is not None:
            return self.sets[np.arange(len(y)), y.astype(np.intp)].astype(np.float64)
        if observed.lower is None or observed.upper is None:
            return None
        held = (observed.lower <= self.upper) & (observed.upper >= self.lower)
        return np.where(np.isnan(self.lower), np.nan, held)

    def size(self) -> Array:
        """`(n_pairs,)` how many classes a set has, or how far the bounds are apart."""
        if self.sets is not None:
            return self.sets.sum(axis=1).astype(np.float64)
        return np.asarray(self.upper - self.lower, dtype=np.float64)


class Head(ABC):
    """Turns scores on the scale of the link into what they say of an outcome.

    It is learned on scores of rows that no training of the score saw, so it need not believe the scores: their level
    and their slope are learned, for each drug as far as its rows tell.

    Attributes
    ----------
    outcome
        What a response is.
    scheme
        The deployment question of the held-out rows.
    n_groups
        Held-out groups that it was learned on: subjects, drug structures, tissues or lineages.
    """

    outcome: Outcome
    scheme: str
    n_groups: int

    @property
    def claimed(self) -> bool:
        """Whether coverage is claimed: new rows of the scheme are like the held-out ones."""
        return self.scheme in CLAIMED_SCHEMES

    @abstractmethod
    def distribution(self, pairs: Pairs, scores: Array) -> Distribution:
        """What the scores of `(n_pairs,)` pairs say; drugs are known by their ids, and others are like all drugs."""

    @abstractmethod
    def forecast(self, pairs: Pairs, scores: Array) -> Forecast:
        """The same with predictions and bounds, as the table of predictions tells them."""

    @abstractmethod
    def point(self, distribution: Distribution) -> NDArray[Any]:
        """`(n_pairs,)` the prediction that a distribution comes to, of the kind of `Forecast.prediction`."""

    @abstractmethod
    def summary(self) -> dict[str, Any]:
        """What a manifest tells, as plain JSON values."""

    @abstractmethod
    def get_state(self) -> State:
        """All that the head needs, without a number for any single person."""
