"""Effects on outcomes that are no numbers: the most likely ones, where the score test says that there may be any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.association._cells import AssociationCells
from drugresponse.association._likelihood import DrugLikelihood
from drugresponse.association.feature_columns import FeatureColumns

__all__ = ["with_likely_effects"]

_LARGEST_P = 0.05
"""Up to which the most likely effect is sought; one step from none is near it where the effect is small."""


def with_likely_effects(
    cells: AssociationCells, features: FeatureColumns, drugs: NDArray[np.intp], likelihoods: Sequence[DrugLikelihood]
) -> AssociationCells:
    """The cells, those of small p with the most likely effect and its interval.

    Parameters
    ----------
    cells
        Of these drugs.
    features
        Of the cells.
    drugs, likelihoods
        Numbers of the drugs in the cells, and their likelihoods with the covariates alone, in the same order.
    """
    effect, half_width = cells.effect.copy(), cells.half_width.copy()
    small = cells.p < _LARGEST_P
    for feature in np.unique(cells.feature[small]):
        calls = features.values[:, [feature]].toarray()[:, 0].astype(np.float64)
        for cell in np.flatnonzero(small & (cells.feature == feature)):
            likelihood = likelihoods[int(np.flatnonzero(drugs == cells.drug[cell])[0])]
            effect[cell], half_width[cell] = likelihood.effect(calls[likelihood.samples])
    return replace(cells, effect=effect, half_width=half_width)
