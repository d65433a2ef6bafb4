"""How loud each block of tokens (covariates, mutations, copy number ...) may be beside the others."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from drugresponse.models.ridge import fit_ridge

__all__ = ["choose_block_scales"]

_MOST_ROWS = 600
"""Scales are chosen on at most so many samples: the choice is coarse, and its cost grows with their cube."""
_FACTORS = (0.4, 2.5)
_COARSE_PENALTIES = 10.0 ** np.arange(-2, 3.01, 1.0)


def choose_block_scales(
    tokens: NDArray[np.float64],
    blocks: Mapping[str, NDArray[np.intp]],
    targets: NDArray[np.float64],
    importance: NDArray[np.float64],
    *,
    weights: NDArray[np.float64],
    groups: NDArray,
    random_state: int,
) -> dict[str, float]:
    """Coordinate search for the scale of each block that leaves least error on left-out groups.

    Parameters
    ----------
    tokens
        `(n_samples, n_tokens)`, each block with a mean squared row norm of 1.
    blocks
        Columns of each block.
    targets, importance
        `(n_samples, n_targets)` and `(n_targets,)`: how much a squared error in each target costs in the response.
    weights, groups
        `(n_samples,)`.
    random_state
        Seed of the cut to 600 samples.

    Returns
    -------
    dict
        Scale by block name; 0 switches a block off.
    """
    scales = dict.fromkeys(blocks, 1.0)
    if len(blocks) < 2:
        return scales
    rows = np.sort(np.random.default_rng(random_state).permutation(len(tokens))[:_MOST_ROWS])

    def loss(trial: Mapping[str, float]) -> float:
        scaled = np.hstack([tokens[np.ix_(rows, at)] * trial[name] for name, at in blocks.items() if trial[name]])
        fit = fit_ridge(scaled, targets[rows], weights=weights[rows], groups=groups[rows], penalties=_COARSE_PENALTIES)
        return float(fit.errors @ importance)

    best = loss(scales)
    for name in blocks:
        for factor in _FACTORS:
            while 0.05 < scales[name] * factor < 20:
                trial = {**scales, name: scales[name] * factor}
                error = loss(trial)
                if error >= best:
                    break
                best, scales = error, trial
    for name in blocks:
        trial = {**scales, name: 0.0}
        if any(trial.values()) and (error := loss(trial)) < best:
            best, scales = error, trial
    return scales
