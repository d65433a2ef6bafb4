"""How loud each block of tokens (covariates, mutations, copy number ...) may be beside the others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from drugresponse.features.samples import COVARIATES
from drugresponse.learners.factors.token_spaces import TokenSpace
from drugresponse.learners.state import Array

__all__ = ["LEADING_TARGETS", "block_mixes", "choose_block_scales", "mix_shares"]

_MOST_ROWS = 1500
"""Scales are chosen on at most so many samples: the choice is coarse, and its cost grows with their cube."""
LEADING_TARGETS = slice(0, 24)
"""Choices are made on these: they carry most of the responses."""
_FACTORS = (0.4, 2.5)
_TOWARDS_EQUAL = 0.1
"""How hard shares are pulled towards equal ones, relative to the predictions' mean square."""
_COARSE_PENALTIES = 10.0 ** np.arange(-2, 3.01, 1.0)


def choose_block_scales(
    tokens: TokenSpace,
    targets: Array,
    importance: Array,
    *,
    weights: Array,
    groups: NDArray,
    random_state: int,
) -> dict[str, float]:
    """Coordinate search for the scale of each block that leaves least error on left-out groups.

    Parameters
    ----------
    tokens
        Of the samples, each block with a mean squared row norm of 1.
    targets, importance
        `(n_samples, n_targets)` and `(n_targets,)`: how much a squared error in each target costs in the response;
        the leading targets come first.
    weights, groups
        `(n_samples,)`.
    random_state
        Seed of the cut to 1,500 samples.

    Returns
    -------
    dict
        Scale by block name; 0 switches a block off.
    """
    scales = dict.fromkeys(tokens.names, 1.0)
    if len(scales) < 2:
        return scales
    targets, importance = targets[:, LEADING_TARGETS], importance[LEADING_TARGETS]
    rows = np.sort(np.random.default_rng(random_state).permutation(len(tokens))[:_MOST_ROWS])
    errors = tokens.take(rows).errors(
        targets[rows], weights=weights[rows], groups=groups[rows], penalties=_COARSE_PENALTIES
    )

    def loss(trial: Mapping[str, float]) -> float:
        return float(errors(trial) @ importance)

    best = loss(scales)
    for name in tokens.names:
        for factor in _FACTORS:
            while 0.05 < scales[name] * factor < 20:
                trial = {**scales, name: scales[name] * factor}
                error = loss(trial)
                if error >= best:
                    break
                best, scales = error, trial
    for name in tokens.names:
        trial = {**scales, name: 0.0}
        if any(trial.values()) and (error := loss(trial)) < best:
            best, scales = error, trial
    return scales


def block_mixes(scales: Mapping[str, float]) -> list[dict[str, float]]:
    """Which blocks are fitted together, with the scale of each; all of them first.

    Examples
    --------
    >>> [" ".join(mix) for mix in block_mixes({"covariates": 2.0, "gain": 1.0, "mutation": 1.0, "other": 0.0})]
    ['covariates gain mutation', 'covariates', 'gain mutation', 'covariates gain', 'covariates mutation']
    """
    used = {name: scale for name, scale in scales.items() if scale}
    covariates = {name: scale for name, scale in used.items() if name == COVARIATES}
    genotype = {name: scale for name, scale in used.items() if name != COVARIATES}
    mixes = [used]
    if covariates and genotype:
        mixes += [covariates, genotype]
    if len(genotype) > 1:
        mixes += [{**covariates, name: scale} for name, scale in genotype.items()]
    return mixes


def mix_shares(left_out: Sequence[Array], targets: Array, weights: Array) -> Array:
    """Shares, 0 or more, by which left-out predictions add up to the targets; pulled towards equal ones.

    Parameters
    ----------
    left_out
        Centred predictions of each mix, `(n_samples, n_targets)`.
    targets, weights
        `(n_samples, n_targets)`, centred, and how much a squared error costs in each cell.

    Returns
    -------
    (n_mixes,) float64
        1 where there is a single mix.
    """
    if len(left_out) == 1:
        return np.ones(1)
    n = len(left_out)
    gram = np.array([[float((weights * one * other).sum()) for other in left_out] for one in left_out])
    aim = np.array([float((weights * one * targets).sum()) for one in left_out])
    pull = _TOWARDS_EQUAL * float(np.trace(gram)) / n
    if pull <= 0:
        return np.full(n, 1.0 / n)
    lower = np.linalg.cholesky(gram + pull * np.eye(n))
    return np.asarray(nnls(lower.T, np.linalg.solve(lower, aim + pull / n))[0])
