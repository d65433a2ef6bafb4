"""Held-out rows that a head is learned on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.model.intervals.conformal import calibration_units

__all__ = ["HeldOutRows"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class HeldOutRows:
    """Rows with the scores of models that did not see them.

    Attributes
    ----------
    pairs
        With what was observed of them.
    y, scores, weights
        `(n_rows,)` responses, scores on the scale of the link, and weights of mean 1.
    scheme
        By which they were held out.
    """

    pairs: Pairs
    y: Array
    scores: Array
    weights: Array
    scheme: str

    @property
    def outcome(self) -> Outcome:
        """What a response is."""
        return self.pairs.outcome

    @property
    def groups(self) -> NDArray:
        """`(n_rows,)` number of the group whose rows err together."""
        return calibration_units(self.pairs, self.scheme)[0]

    @property
    def n_groups(self) -> int:
        """How many groups there are; where samples and drugs are new, of the one that has fewer."""
        return min(len(np.unique(groups)) for groups in calibration_units(self.pairs, self.scheme))

    def take(self, rows: Any) -> HeldOutRows:
        """Some of the rows, weighed as before."""
        return HeldOutRows(self.pairs[rows], self.y[rows], self.scores[rows], self.weights[rows], self.scheme)

    def parts(self, number: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Rows without those of some groups, and these, for each of some parts; a single part where groups are one."""
        names, group = np.unique(self.groups, return_inverse=True)
        part = np.random.default_rng(0).permutation(len(names))[group] % number
        for at in np.unique(part):
            left_out = part == at
            yield np.flatnonzero(~left_out if not left_out.all() else left_out), np.flatnonzero(left_out)
