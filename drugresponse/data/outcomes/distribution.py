"""What a prediction says of an outcome: not one number, but how likely each answer is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Outcome

__all__ = ["Distribution"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Distribution:
    """The predicted distribution of the outcome of each of some pairs.

    Attributes
    ----------
    outcome
        The same for all pairs; never the continuous one.
    scores
        `(n_pairs,)` what ranks the pairs, on the scale of the link, larger where the response is: log odds, latent
        place, location, log hazard (larger where the event comes sooner).
    shares
        `(n_pairs, n_classes)` probability of each class, lowest first, each row of sum 1; None in kinds without.
    spread
        `(n_pairs,)` standard deviation of a normal distribution around the score, of an interval outcome; else None.
    point
        `(n_pairs,)` the value that is predicted, of an interval outcome, where the score may lie beyond all values that
        an assay tells; else None.
    times, survival
        `(n_times,)` ascending, and `(n_pairs, n_times)` the probability that the event has not happened by then, of a
        time to an event; else None.
    """

    outcome: Outcome
    scores: Array
    shares: Array | None = None
    spread: Array | None = None
    point: Array | None = None
    times: Array | None = None
    survival: Array | None = None

    def __len__(self) -> int:
        return len(self.scores)

    def __getitem__(self, rows: Any) -> Distribution:
        """That of some pairs."""
        parts = {name: getattr(self, name) for name in _BY_PAIR}
        cut: dict[str, Any] = {name: part[rows] for name, part in parts.items() if part is not None}
        return replace(self, **cut)


_BY_PAIR = ("scores", "shares", "spread", "point", "survival")
