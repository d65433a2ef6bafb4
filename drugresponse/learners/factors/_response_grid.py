"""Responses as a matrix with holes, split into mean effects, a general factor and what is left."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import relative_weights
from drugresponse.learners.baselines import shrinkage
from drugresponse.learners.state import Array

__all__ = ["ResponseGrid"]


@dataclass(frozen=True, eq=False)
class ResponseGrid:
    """The parts of `response = overall + drug effect + general + interaction`, over distinct samples and drugs.

    Attributes
    ----------
    overall
        Weighted mean response.
    drug_effects
        `(n_drugs,)` shrunken towards 0.
    drug_means, drug_counts, drug_noise
        `(n_drugs,)` the same before they were shrunken, the measurements of each, and the variance of one.
    general
        `(n_samples,)` mean of what a sample's responses have beyond their drugs'.
    noise
        How many measurements of 0 a general effect is averaged with, because it is partly noise.
    row_weights
        `(n_samples,)` how much a sample tells about the general factor, above 0.
    interaction, weights
        `(n_samples, n_drugs)` what is left, 0 where not measured, and the weight of each cell, 0 where not measured.
    """

    overall: float
    drug_effects: Array
    drug_means: Array
    drug_counts: Array
    drug_noise: float
    general: Array
    noise: float
    row_weights: Array
    interaction: Array
    weights: Array

    @classmethod
    def build(cls, pairs: Pairs, y: Array, sample_weight: Array | None) -> ResponseGrid:
        """Split the responses of distinct pairs, all of whose samples and drugs occur."""
        shape = (pairs.genotypes.shape[0], len(pairs.drugs))
        values, weights = np.zeros(shape), np.zeros(shape)
        values[pairs.sample_index, pairs.drug_index] = y
        weights[pairs.sample_index, pairs.drug_index] = relative_weights(sample_weight, len(y))
        overall = float(np.average(values, weights=weights))
        centred = values - overall
        drug_counts = weights.sum(axis=0)
        drug_means = (centred * weights).sum(axis=0) / drug_counts
        drug_noise = float(np.average((centred - drug_means) ** 2, weights=weights))
        drugs = _shrunken(drug_means, drug_counts, drug_noise)
        centred = centred - drugs
        of_drugs = (overall, drugs, drug_means, drug_counts, drug_noise)
        counts = weights.sum(axis=1)
        general = (centred * weights).sum(axis=1) / counts
        if (weights > 0).sum(axis=1).max() == 1:
            # nothing tells a sample's effect from noise, and a row weighs what its only response weighs
            nothing = np.zeros(shape)
            return cls(*of_drugs, general, 0.0, counts / counts.mean(), nothing, weights)
        interaction = np.where(weights > 0, centred - general[:, None], 0.0)
        within = float(np.average(interaction**2, weights=weights))
        noise = shrinkage(general, counts, within)
        row_weights = np.maximum(counts / (counts + noise), 1e-3)
        return cls(*of_drugs, general, noise, row_weights, interaction, weights)

    def drug_effects_towards(self, expected: Array, known: NDArray[np.bool_]) -> Array:
        """Drug effects shrunken towards what a structure tells: a drug with few measurements leans on its like.

        Parameters
        ----------
        expected
            `(n_known,)` effect of each drug with a structure, as told by the other drugs.
        known
            `(n_drugs,)` whether a structure is known; the other drugs keep their effects, as all do where structures
            tell nothing.
        """
        means, counts = self.drug_means[known], self.drug_counts[known]
        beyond = means - expected
        effects = self.drug_effects.copy()
        if np.average(beyond**2, weights=counts) < np.average(means**2, weights=counts):
            effects[known] = expected + _shrunken(beyond, counts, self.drug_noise)
        return effects


def _shrunken(means: Array, counts: Array, within: float) -> Array:
    return means * counts / (counts + shrinkage(means, counts, within))
