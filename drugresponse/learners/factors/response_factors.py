"""What a map from samples to embeddings is fitted to: a general effect and every direction in which drugs differ."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.factors._low_rank import choose_rank, factorise
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.state import Array

__all__ = ["Aims", "ResponseFactors"]

_MOST_FILLED = 20
"""Most factors by which holes of the response matrix are filled; more only fit its noise."""
_FILLED = 0.5
"""What a cell that was filled by what its sample tells weighs in the sample's general effect, beside one measured."""


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
    responses, weights
        `(n_samples, n_drugs)` what was measured, less overall mean and drug effects, 0 elsewhere; and the weight of
        each cell, 0 where not measured.
    """

    values: Array
    loadings: Array
    fill_rank: int
    responses: Array
    weights: Array

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
        values, loadings = _axes(grid.general, filled, rank)
        responses = np.where(grid.weights > 0, grid.general[:, None] + grid.interaction, 0.0)
        return cls(values, loadings, fill_rank, responses, grid.weights)

    def of_table(self, table: Array, refilled: NDArray[np.intp], rank: int) -> ResponseFactors:
        """The same responses, their holes filled by a table.

        Parameters
        ----------
        table
            `(n_samples, n_drugs)` like `responses`.
        refilled
            Numbers of the drugs whose holes now count as known in the general effect.
        rank
            Most axes.
        """
        table = table + np.minimum(self.weights, 1.0) * (self.responses - table)
        known = self.weights.copy()
        known[:, refilled] = np.where(known[:, refilled] > 0, known[:, refilled], _FILLED)
        general = (table * known).sum(axis=1) / known.sum(axis=1)
        values, loadings = _axes(general, table - general[:, None], rank)
        return replace(self, values=values, loadings=loadings)

    @property
    def rank(self) -> int:
        """Axes beside the general effect."""
        return self.values.shape[1] - 1

    @property
    def importance(self) -> Array:
        """`(1 + rank,)` how much a squared error in each column costs in the responses."""
        return (self.loadings**2).sum(axis=0)


@dataclass(frozen=True, eq=False)
class Aims:
    """Targets of samples, and how they are learned from.

    Attributes
    ----------
    targets
        Of the samples.
    weights, groups
        `(n_samples,)` weight of each, and what is left out together.
    folds
        `(n_samples,)` number of the fold in which each is left out, where it is settled already.
    random_state
        Seed of the folds.
    """

    targets: ResponseFactors
    weights: Array
    groups: NDArray
    folds: NDArray[np.intp] | None
    random_state: int


def _axes(general: Array, interaction: Array, rank: int) -> tuple[Array, Array]:
    """General effect and principal axes, and their loadings."""
    # one drug has no interaction, and its matrix holds rounding alone
    most = min(rank, *interaction.shape) if interaction.shape[1] > 1 else 0
    u, s, vt = np.linalg.svd(interaction, full_matrices=False)
    kept = np.flatnonzero(s[:most] > 1e-9 * max(float(s[0]), 1e-300))
    directions = vt[kept].T
    # an axis and its mirror image are one solution: the largest loading is made positive
    # the first of those that are equally large but for rounding, as the loadings of two drugs are
    large = np.abs(directions) > (1 - 1e-6) * np.abs(directions).max(axis=0)
    signs = np.sign(directions[large.argmax(axis=0), np.arange(len(kept))])
    return (
        np.column_stack([general, u[:, kept] * s[kept] * signs]),
        np.column_stack([np.ones(len(directions)), directions * signs]),
    )
