"""What was observed of each pair where one number does not say it all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Outcome

__all__ = ["Observed"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Observed:
    """The outcome of some pairs, and what `y` alone does not tell of them.

    `y` is the number of the class, the time, or a value within the limits: the value itself where it is exact, the
    limit where one side is open, the middle where none is.

    Attributes
    ----------
    outcome
        The same for all pairs; never the continuous one.
    lower, upper
        `(n_pairs,)` limits of an interval outcome, -inf and inf where open, equal where exact; None in other kinds.
    happened
        `(n_pairs,)` bool, of a time: whether the event happened then, or had not happened until then; None in other
        kinds.
    entry
        `(n_pairs,)` of a time: when the pair came under observation, 0 unless it is left-truncated; None in other
        kinds.
    """

    outcome: Outcome
    lower: Array | None = None
    upper: Array | None = None
    happened: NDArray[np.bool_] | None = None
    entry: Array | None = None

    def __getitem__(self, rows: Any) -> Observed:
        """Those of some pairs."""
        parts = {name: getattr(self, name) for name in _BY_PAIR}
        cut: dict[str, Any] = {name: part[rows] for name, part in parts.items() if part is not None}
        return replace(self, **cut)


_BY_PAIR = ("lower", "upper", "happened", "entry")
