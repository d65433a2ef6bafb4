"""Held-out rows that a head is learned on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.model.forecasts.likelihoods.shrunken import (
    KeyedRows,
    RowDensity,
    ShrunkenParameters,
    design_effect,
    fit_shrunken,
)
from drugresponse.model.intervals.conformal import calibration_units
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES, UNCLAIMED_GROUPS

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
    levels_apart
        Standard deviation of the mean score of a drug over the models of the folds.
    """

    pairs: Pairs
    y: Array
    scores: Array
    weights: Array
    scheme: str
    levels_apart: float = 0.0

    @property
    def outcome(self) -> Outcome:
        """What a response is."""
        return self.pairs.outcome

    @property
    def observed(self) -> Observed:
        """What was observed of the rows."""
        if self.pairs.observed is None:
            raise ValueError("continuous responses have no head")
        return self.pairs.observed

    @property
    def groups(self) -> NDArray:
        """`(n_rows,)` number of the group whose rows err together."""
        return calibration_units(self.pairs, self.scheme)[0]

    @property
    def n_groups(self) -> int:
        """How many groups there are; where samples and drugs are new, of the one that has fewer."""
        return min(len(np.unique(groups)) for groups in calibration_units(self.pairs, self.scheme))

    @property
    def bounded(self) -> bool:
        """Whether there are groups enough for sets and bounds, as for the intervals of continuous responses."""
        return self.scheme in CLAIMED_SCHEMES or self.n_groups >= UNCLAIMED_GROUPS

    def fit_parameters(self, density: RowDensity, prior: Array) -> tuple[ShrunkenParameters, float]:
        """Parameters by drug, and how many times less the rows of a group tell than independent ones.

        Parameters
        ----------
        density, prior
            As for `fit_shrunken`.
        """
        by_drug = find_scheme(self.scheme).drug_effect
        first = fit_shrunken(density, KeyedRows.of_drugs(self.pairs, self.weights), prior, by_key=by_drug)
        effect = design_effect(first, density, self.pairs, self.weights, self.groups)
        if effect == 1.0:
            return first, effect
        weighed = KeyedRows.of_drugs(self.pairs, self.weights / effect)
        return fit_shrunken(density, weighed, prior, by_key=by_drug), effect

    def take(self, rows: Any) -> HeldOutRows:
        """Some of the rows, weighed as before."""
        return replace(
            self, pairs=self.pairs[rows], y=self.y[rows], scores=self.scores[rows], weights=self.weights[rows]
        )

    def parts(self, number: int) -> Iterator[tuple[NDArray[np.intp], NDArray[np.intp]]]:
        """Rows without those of some groups, and these, for each of some parts; a single part where groups are one."""
        names, group = np.unique(self.groups, return_inverse=True)
        part = np.random.default_rng(0).permutation(len(names))[group] % number
        for at in np.unique(part):
            left_out = part == at
            yield np.flatnonzero(~left_out if not left_out.all() else left_out), np.flatnonzero(left_out)
