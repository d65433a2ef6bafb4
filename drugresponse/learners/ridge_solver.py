"""Ridge regression of several targets at once, each with the penalty that leaves least error out of sample."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["PENALTIES", "RidgeFit", "fit_ridge", "thin_factors"]

PENALTIES = 10.0 ** np.arange(-3, 4.01, 0.5)
"""Penalties tried, relative to tokens whose mean squared row norm is 1 for each block."""

_MOST_LEVERAGE = 0.8
"""Penalties that leave less than a fifth of the rows' freedom are passed over: what is left out then says little."""


@dataclass(frozen=True)
class RidgeFit:
    """A fitted ridge.

    Attributes
    ----------
    coefficients
        `(n_tokens, n_targets)`; never in dual form, so that no row of the training data is kept.
    intercepts
        `(n_targets,)`.
    left_out
        `(n_rows, n_targets)` prediction of each row by the fit without that row's group.
    penalties, errors
        `(n_targets,)` penalty chosen for each target, and its mean squared out-of-group error.
    """

    coefficients: Array
    intercepts: Array
    left_out: Array
    penalties: Array
    errors: Array


def fit_ridge(
    tokens: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    groups: NDArray | None = None,
    penalties: Array = PENALTIES,
) -> RidgeFit:
    """Ridge in closed form, solved in the smaller of rows and tokens.

    Each target's penalty minimises the weighted squared error of predictions that leave a row's whole group out:
    `e_G = (I - H_GG)^-1 r_G`, which for single rows is `r / (1 - h)` (Allen 1974, doi:10.2307/1267500).

    Parameters
    ----------
    tokens
        `(n_rows, n_tokens)`, no missing.
    targets
        `(n_rows, n_targets)`, no missing.
    weights
        `(n_rows,)` above 0.
    groups
        `(n_rows,)` labels; rows of one group are left out together.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> fit = fit_ridge(x, 3 * x + 1)
    >>> round(float(fit.intercepts[0]), 3), bool(abs(fit.coefficients[0, 0] - 3) < 0.01)
    (1.0, True)
    """
    n = len(tokens)
    root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
    share = (root / root.sum())[:, None] if weights is None else (root**2 / (root**2).sum())[:, None]
    token_means, target_means = (share * tokens).sum(axis=0), (share * targets).sum(axis=0)
    scaled = root[:, None] * (tokens - token_means)
    left, values, right = thin_factors(scaled)
    residual_target = root[:, None] * (targets - target_means)
    projected = left.T @ residual_target
    constant = root / np.sqrt((root**2).sum())
    blocks = _group_rows(groups)
    best = np.full(targets.shape[1], np.inf)
    chosen, left_out = np.ones(targets.shape[1]), np.zeros_like(targets)
    for penalty in penalties:
        shrink = values**2 / (values**2 + penalty)
        fitted = left @ (shrink[:, None] * projected)
        leverage = (left**2) @ shrink + constant**2
        if leverage.mean() > _MOST_LEVERAGE and penalty < penalties.max():
            continue
        errors = (residual_target - fitted) / np.maximum(1 - leverage, 1e-9)[:, None]
        for rows in blocks:
            hat = (left[rows] * shrink) @ left[rows].T + np.outer(constant[rows], constant[rows])
            errors[rows] = np.linalg.solve(
                np.eye(len(rows)) - hat + 1e-9 * np.eye(len(rows)), (residual_target - fitted)[rows]
            )
        loss = (errors**2).mean(axis=0)
        better = loss < best
        best[better], chosen[better] = loss[better], penalty
        left_out[:, better] = (targets - errors / root[:, None])[:, better]
    gain = (values[:, None] / (values[:, None] ** 2 + chosen)) * projected
    coefficients = right @ gain
    intercepts = target_means - token_means @ coefficients
    return RidgeFit(coefficients, intercepts, left_out, chosen, best)


def thin_factors(matrix: Array) -> tuple[NDArray, NDArray, NDArray]:
    """Left vectors, singular values and right vectors, through the smaller Gram matrix."""
    n, p = matrix.shape
    if p == 0:
        return np.zeros((n, 0)), np.zeros(0), np.zeros((0, 0))
    wide = n <= p
    gram = matrix @ matrix.T if wide else matrix.T @ matrix
    eigenvalues, vectors = np.linalg.eigh(gram)
    kept = eigenvalues > max(float(eigenvalues[-1]), 0.0) * 1e-10
    values, vectors = np.sqrt(eigenvalues[kept]), vectors[:, kept]
    other = (matrix.T @ vectors if wide else matrix @ vectors) / values
    return (vectors, values, other) if wide else (other, values, vectors)


def _group_rows(groups: NDArray | None) -> list[NDArray[np.intp]]:
    """Row numbers of the groups that hold more than one row."""
    if groups is None:
        return []
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return [np.flatnonzero(inverse == group) for group in np.flatnonzero(counts > 1)]
