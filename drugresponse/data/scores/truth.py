"""What predictions of an outcome are scored against: what was observed of each held-out row."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.follow_up import FollowUp

__all__ = ["FEWEST_EVENTS", "FEW_EVENTS", "Truth", "count_events"]

FEWEST_EVENTS = 10
"""Held-out events of a drug below which it is named and not scored."""
FEW_EVENTS = 30
"""Held-out events of a drug below which it is scored with its interval, and gets no verdict."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Truth:
    """What was observed of held-out rows, and what belongs to scoring them.

    Attributes
    ----------
    observed, y
        Of an outcome that is not continuous, `(n_rows,)`.
    sample_ids, drug_ids
        `(n_rows,)` text.
    fold
        `(n_rows,)` number of the fold in which each row was held out: scores of different folds come from different
        models, and no ranking compares them.
    follow_up
        Of a time to an event: who was still watched when, by the training rows of each row's fold; else None.
    """

    observed: Observed
    y: Array
    sample_ids: NDArray[np.object_]
    drug_ids: NDArray[np.object_]
    fold: NDArray[np.intp]
    follow_up: FollowUp | None = None

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, rows: Any) -> Truth:
        """That of some rows."""
        return replace(
            self,
            observed=self.observed[rows],
            y=self.y[rows],
            sample_ids=self.sample_ids[rows],
            drug_ids=self.drug_ids[rows],
            fold=self.fold[rows],
            follow_up=None if self.follow_up is None else self.follow_up[rows],
        )

    @property
    def outcome(self) -> Outcome:
        """What a response is."""
        return self.observed.outcome


def count_events(observed: Observed, y: Array) -> int:
    """How many rows tell something that the others do not: what a score of these rows rests on.

    The rarer side of yes or no, all rows but those of the largest class, events that happened, and of values between
    limits all rows but those of the limit that is met most often.

    Parameters
    ----------
    observed, y
        `(n_rows,)` of one drug.

    Examples
    --------
    >>> count_events(Observed(Outcome("binary", ("S", "R"))), np.array([0.0, 0.0, 1.0]))
    1
    """
    if observed.happened is not None:
        return int(observed.happened.sum())
    if observed.lower is None or observed.upper is None:
        return len(y) - int(np.unique(y, return_counts=True)[1].max(initial=0))
    limits = np.column_stack([observed.lower, observed.upper])[~np.isfinite(observed.upper - observed.lower)]
    return len(y) - int(np.unique(limits, axis=0, return_counts=True)[1].max(initial=0))
