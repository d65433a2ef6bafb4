"""Sample and drug embeddings that meet in a product, and what a seen sample has beyond its genotype."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from drugresponse.data.pairs import Pairs
from drugresponse.learners.factors.drug_covariance import DrugCovariance
from drugresponse.learners.state import Array, State, state_array, state_ids

__all__ = ["DrugVectors", "SeenFactors", "score_pairs"]

_MOST_SEEN_FACTORS = 40


@dataclass(frozen=True, eq=False)
class DrugVectors:
    """A vector for each training drug, and what a structure alone gives.

    Attributes
    ----------
    own, drug_ids
        `(n_drugs, width)` by id; column 0 is the drug's effect.
    structure, intercepts
        `(n_bits, width)` and `(width,)`.
    """

    own: Array
    drug_ids: pd.Index
    structure: Array
    intercepts: Array

    def of(self, bits: Array, drug_ids: pd.Index, use_own: bool) -> Array:
        """`(n_drugs, width)` a drug's own vector where it has one and the scheme allows it, else its structure's."""
        vectors = np.asarray(bits @ self.structure + self.intercepts, dtype=np.float64)
        if use_own:
            at = self.drug_ids.get_indexer(drug_ids)
            vectors[at >= 0] = self.own[at[at >= 0]]
        return vectors

    def get_state(self) -> State:
        """Arrays and ids."""
        return {
            "own": self.own,
            "ids": list(self.drug_ids.map(str)),
            "structure": self.structure,
            "intercepts": self.intercepts,
        }

    @classmethod
    def from_state(cls, state: State, n_bits: int, width: int) -> DrugVectors:
        """The vectors of `get_state`'s answer, their shapes proved."""
        ids = state_ids(state, "ids")
        return cls(
            state_array(state, "own", len(ids), width),
            pd.Index(ids, dtype=object),
            state_array(state, "structure", n_bits, width),
            state_array(state, "intercepts", width),
        )


@dataclass(frozen=True, eq=False)
class SeenFactors:
    """What a sample's own training responses tell beyond its tokens: its place in the covariance of the residuals.

    Attributes
    ----------
    factors, sample_ids
        `(n_samples, n_factors)` by id; no rows where the scheme's samples are new.
    """

    factors: Array
    sample_ids: pd.Index

    @classmethod
    def none(cls) -> SeenFactors:
        """No sample is known."""
        return cls(np.zeros((0, 0)), pd.Index([], dtype=object))

    @classmethod
    def learn(cls, residuals: Array, weights: Array, sample_ids: pd.Index) -> tuple[SeenFactors, Array, Array]:
        """Factors of residuals with holes.

        Parameters
        ----------
        residuals, weights
            `(n_samples, n_drugs)` left-out residuals, and the weight of each, 0 where not measured.
        sample_ids
            `(n_samples,)`.

        Returns
        -------
        seen : SeenFactors
        loadings : (n_drugs, n_factors)
        left_out : (n_samples, n_drugs)
            What the factors add to each cell when its own residual is not looked at.
        """
        covariance = DrugCovariance.fit(residuals, weights, _MOST_SEEN_FACTORS)
        factors, left_out = covariance.complete(residuals, weights)
        return cls(factors, sample_ids.astype(object)), covariance.loadings, left_out

    def of(self, sample_ids: pd.Index) -> Array:
        """`(n_samples, n_factors)`; 0 for a sample that was not seen."""
        at = self.sample_ids.get_indexer(sample_ids)
        return np.vstack([self.factors, np.zeros((1, self.factors.shape[1]))])[at]

    def get_state(self) -> State:
        """An array and ids."""
        return {"factors": self.factors, "ids": list(self.sample_ids.map(str))}

    @classmethod
    def from_state(cls, state: State) -> SeenFactors:
        """The factors of `get_state`'s answer."""
        ids = state_ids(state, "ids")
        return cls(state_array(state, "factors", len(ids), -1), pd.Index(ids, dtype=object))


def score_pairs(samples: Array, drugs: Array, pairs: Pairs, *, chunk: int = 65536) -> Array:
    """`(n_pairs,)` main effects plus product of embeddings: one matrix product for a dense grid, else gathered.

    Parameters
    ----------
    samples, drugs
        `(n_samples, width)` and `(n_drugs, width)`; column 0 is the main effect of either side.
    pairs
        Which sample meets which drug.
    chunk
        Pairs scored at once where the grid is sparse.
    """
    i, j = pairs.sample_index, pairs.drug_index
    if len(samples) * len(drugs) <= 4 * max(len(pairs), 1):
        grid = samples[:, 1:] @ drugs[:, 1:].T
        grid += samples[:, :1]
        grid += drugs[:, 0]
        return grid[i, j]
    scores = samples[i, 0] + drugs[j, 0]
    for start in range(0, len(pairs), chunk):
        at = slice(start, start + chunk)
        scores[at] += np.einsum("ij,ij->i", samples[i[at], 1:], drugs[j[at], 1:])
    return scores
