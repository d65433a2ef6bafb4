"""Scores of held-out rows without what the models of the folds differ by in the level of a drug."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.model.intervals.conformal import calibration_units

__all__ = ["without_fold_levels"]

Array = NDArray[np.float64]

_LEAST_GROUPS = 5
"""Held-out groups of a fold, of fewer of which the mean score is what these groups are, not what the model is."""


def without_fold_levels(
    pairs: Pairs, scores: Array, fold: NDArray[np.intp], weights: Array, scheme: str
) -> tuple[Array, float]:
    """Scores whose mean in each fold is that of the drug over all folds, and how far these means lie apart.

    Where the test rows of a fold have more events than others, its training rows have fewer, and so the level that its
    model learned is lower: between folds, scores and events go against each other, however good the scores are (Forman
    and Scholz 2010, "Apples-to-apples in cross-validation studies"). New samples are scored by one model. Scores of new
    drugs have no level of their own to take away.

    Parameters
    ----------
    pairs, scores, weights
        `(n_pairs,)` held-out rows, their scores, and weights above 0.
    fold
        `(n_pairs,)` in which fold each was held out.
    scheme
        By which they were held out.

    Returns
    -------
    scores : numpy.ndarray
        `(n_pairs,)`.
    apart : float
        Standard deviation, over the models of the folds, of the level of a drug: of its mean scores, less what these
        differ by since the rows do. So far may the level of the model of all rows lie from theirs. 0 where nothing was
        taken away.
    """
    if not find_scheme(scheme).drug_effect:
        return scores, 0.0
    drug, cell = pairs.drug_index, np.unique(fold * len(pairs.drugs) + pairs.drug_index, return_inverse=True)[1]
    groups = calibration_units(pairs, scheme)[0]
    many = np.array([len(np.unique(groups[cell == at])) >= _LEAST_GROUPS for at in range(cell.max() + 1)])
    moved = many[cell]
    if not moved.any():
        return scores, 0.0
    of_cell = np.bincount(cell, weights * scores) / np.bincount(cell, weights)
    of_drug = np.bincount(drug, weights * scores) / np.maximum(np.bincount(drug, weights), 1e-300)
    drug_of_cell = drug[np.unique(cell, return_index=True)[1]]
    off = (of_cell - of_drug[drug_of_cell])[many]
    free = max(len(off) - len(np.unique(drug_of_cell[many])), 1)
    deviations = scores - of_cell[cell]
    rows = np.bincount(cell)[many]
    by_chance = np.bincount(cell, deviations**2)[many] / np.maximum(rows - 1, 1) / rows
    variance = (off**2).sum() / free - by_chance.mean()
    return np.where(moved, deviations + of_drug[drug], scores), float(np.sqrt(max(variance, 0.0)))
