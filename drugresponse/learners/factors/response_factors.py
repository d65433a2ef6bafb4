"""What a map from samples to embeddings is fitted to: a general effect and every direction in which drugs differ."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drugresponse.learners.factors._low_rank import choose_rank, factorise
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.state import Array

__all__ = ["ResponseFactors"]

_MOST_FILLED = 20
"""Most factors by which holes of the response matrix are filled; more only fit its noise."""


@dataclass(frozen=True, eq=False)
class ResponseFactors:
    """Column 0 is the general effect, with loading 1 on every drug; the others are principal axes of what is left.

    Attributes
    ----------
    values
        `(n_samples, 1 + rank)`.
    loadings
        `(n_drugs, 1 + rank)`: `values @ loadings.T` is the response less overall mean and drug effects.
    fill_rank
        Factors that filled the holes, chosen on held-out cells.
    """

    values: Array
    loadings: Array
    fill_rank: int

    @classmethod
    def of(cls, grid: ResponseGrid, rank: int, random_state: int) -> ResponseFactors:
        """Principal axes of the interactions, holes filled by few factors.

        All axes are kept up to `rank`: the regression that follows has a penalty for each and silences those that no
        token predicts. A few factors alone would lose what one drug has for itself.

        Parameters
        ----------
        grid
            Responses as a matrix with holes.
        rank
            Most axes.
        random_state
            Seed of the held-out cells.
        """
        fill_rank = choose_rank(grid.interaction, grid.weights, min(rank, _MOST_FILLED), random_state)[0]
        samples, drugs = factorise(grid.interaction, grid.weights, fill_rank)
        filled = samples @ drugs.T
        # a cell of little weight says little beside its row and column
        filled += np.minimum(grid.weights, 1.0) * (grid.interaction - filled)
        # one drug has no interaction, and its matrix holds rounding alone
        most = min(rank, *filled.shape) if filled.shape[1] > 1 else 0
        u, s, vt = np.linalg.svd(filled, full_matrices=False)
        kept = np.flatnonzero(s[:most] > 1e-9 * max(float(s[0]), 1e-300))
        directions = vt[kept].T
        # an axis and its mirror image are one solution: the largest loading is made positive
        # the first of those that are equally large but for rounding, as the loadings of two drugs are
        large = np.abs(directions) > (1 - 1e-6) * np.abs(directions).max(axis=0)
        signs = np.sign(directions[large.argmax(axis=0), np.arange(len(kept))])
        return cls(
            np.column_stack([grid.general, u[:, kept] * s[kept] * signs]),
            np.column_stack([np.ones(len(directions)), directions * signs]),
            fill_rank,
        )

    @property
    def rank(self) -> int:
        """Axes beside the general effect."""
        return self.values.shape[1] - 1

    @property
    def importance(self) -> Array:
        """`(1 + rank,)` how much a squared error in each column costs in the responses."""
        return (self.loadings**2).sum(axis=0)
