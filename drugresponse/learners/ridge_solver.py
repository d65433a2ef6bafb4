"""Ridge regression of several targets at once, each with the penalty that leaves least error out of sample."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["PENALTIES", "RidgeFit", "fit_kernel_ridge", "fit_ridge", "kernel_errors", "kernel_factors", "thin_factors"]

PENALTIES = 10.0 ** np.arange(-3, 4.01, 0.5)
"""Penalties tried, relative to tokens whose mean squared row norm is 1 for each block."""

_FITTED_AT_ONCE = 64
"""Columns of fitted values, targets times penalties, that are made in one product."""
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
    root, share = _row_weights(weights, len(tokens))
    token_means, target_means = (share * tokens).sum(axis=0), (share * targets).sum(axis=0)
    left, values, right = thin_factors(root[:, None] * (tokens - token_means))
    chosen = _choose_penalties(left, values, targets, target_means, root, groups, penalties)
    coefficients = right @ chosen.gain
    intercepts = target_means - token_means @ coefficients
    return RidgeFit(coefficients, intercepts, chosen.left_out, chosen.penalties, chosen.errors)


def fit_kernel_ridge(
    kernel: Array,
    targets: Array,
    *,
    weights: Array | None = None,
    groups: NDArray | None = None,
    penalties: Array = PENALTIES,
) -> RidgeFit:
    """As `fit_ridge`, of tokens of which only the products of rows are known.

    Parameters
    ----------
    kernel
        `(n_rows, n_rows)`: `tokens @ tokens.T`.
    targets, weights, groups, penalties
        As in `fit_ridge`.

    Returns
    -------
    RidgeFit
        Its coefficients are duals, `(n_rows, n_targets)`: those of the tokens are `tokens.T @ duals`.

    Examples
    --------
    >>> x = np.linspace(-1, 1, 20)[:, None]
    >>> fit = fit_kernel_ridge(x @ x.T, 3 * x + 1)
    >>> round(float(fit.intercepts[0]), 3), bool(abs((x.T @ fit.coefficients)[0, 0] - 3) < 0.01)
    (1.0, True)
    """
    root, share = _row_weights(weights, len(kernel))
    target_means = (share * targets).sum(axis=0)
    gram, means = _centred_kernel(kernel, root, share)
    left, values = kernel_factors(gram)
    del gram
    chosen = _choose_penalties(left, values, targets, target_means, root, groups, penalties)
    duals = root[:, None] * (left @ (chosen.gain / values[:, None]))
    duals -= share * duals.sum(axis=0)
    return RidgeFit(duals, target_means - means @ duals, chosen.left_out, chosen.penalties, chosen.errors)


def kernel_errors(
    kernel: Array, side: Array, targets: Array, *, weights: Array, groups: NDArray, penalties: Array
) -> Callable[[float, float], Array]:
    """Errors of ridges on a few tokens beside a kernel, for any scales of the two, by one factorisation.

    Parameters
    ----------
    kernel, side
        `(n_rows, n_rows)` and `(n_rows, n_side)`.
    targets, weights, groups, penalties
        As in `fit_ridge`.

    Returns
    -------
    callable
        Of the scale of the side, above 0, and of the kernel's tokens, above 0: the `errors` of `fit_kernel_ridge` of
        `scale**2 * side @ side.T + scale**2 * kernel`. The few tokens are added by Woodbury's formula.
    """
    root, share = _row_weights(weights, len(kernel))
    values, vectors = np.linalg.eigh(_centred_kernel(kernel, root, share)[0])
    values = np.maximum(values, 0.0)
    few = vectors.T @ (root[:, None] * (side - (share * side).sum(axis=0)))
    aims = vectors.T @ (root[:, None] * (targets - (share * targets).sum(axis=0)))
    squares, constant = vectors**2, root / np.sqrt((root**2).sum())
    blocks = _group_rows(groups)

    def errors_of(penalty: float, loud_side: float, loud_kernel: float) -> tuple[float, Array]:
        inverse = penalty / (loud_kernel**2 * values + penalty)
        # the share of the rows that is left, less what the few tokens explain of it
        within = np.eye(few.shape[1]) * (penalty / loud_side**2) + few.T @ (inverse[:, None] * few)
        half = inverse[:, None] * np.linalg.solve(np.linalg.cholesky(within), few.T).T
        rows_of_half = vectors @ half
        left = squares @ inverse - (rows_of_half**2).sum(axis=1) - constant**2
        residuals = vectors @ (inverse[:, None] * aims - half @ (half.T @ aims))
        errors = residuals / np.maximum(left, 1e-9)[:, None]
        for rows in blocks:
            whole = (vectors[rows] * inverse) @ vectors[rows].T - rows_of_half[rows] @ rows_of_half[rows].T
            whole += 1e-9 * np.eye(len(rows)) - np.outer(constant[rows], constant[rows])
            errors[rows] = np.linalg.solve(whole, residuals[rows])
        return 1.0 - float(left.mean()), (errors**2).mean(axis=0)

    def least_errors(loud_side: float, loud_kernel: float) -> Array:
        least = np.full(targets.shape[1], np.inf)
        for penalty in penalties:
            leverage, errors = errors_of(float(penalty), loud_side, loud_kernel)
            if leverage <= _MOST_LEVERAGE or penalty >= penalties.max():
                least = np.minimum(least, errors)
        return least

    return least_errors


def _centred_kernel(kernel: Array, root: Array, share: Array) -> tuple[Array, Array]:
    """The kernel of tokens centred by weight, weighed, and `(n_rows,)` means of its columns before."""
    means = (share * kernel).sum(axis=0)
    # in place, since this is the largest array of all
    gram = kernel - means
    gram += float((means @ share)[0])
    gram -= means[:, None]
    gram *= root[:, None]
    gram *= root
    return gram, means


@dataclass(frozen=True, eq=False)
class _Chosen:
    """Penalties that leave least error, and what follows; `gain` is what each right vector counts."""

    gain: Array
    left_out: Array
    penalties: Array
    errors: Array


def _row_weights(weights: Array | None, n: int) -> tuple[Array, Array]:
    """Roots of the weights, of mean square 1, and `(n_rows, 1)` shares by which means are taken."""
    root = np.ones(n) if weights is None else np.sqrt(weights / weights.mean())
    share = (root / root.sum())[:, None] if weights is None else (root**2 / (root**2).sum())[:, None]
    return root, share


def _choose_penalties(
    left: NDArray,
    values: NDArray,
    targets: Array,
    target_means: Array,
    root: Array,
    groups: NDArray | None,
    penalties: Array,
) -> _Chosen:
    residual_target = root[:, None] * (targets - target_means)
    projected = left.T @ residual_target
    constant = root / np.sqrt((root**2).sum())
    blocks = _group_rows(groups)
    best = np.full(targets.shape[1], np.inf)
    chosen, left_out = np.ones(targets.shape[1]), np.zeros_like(targets)
    shrinks = values[:, None] ** 2 / (values[:, None] ** 2 + penalties)
    leverages = (left**2) @ shrinks + constant[:, None] ** 2
    tried = np.flatnonzero((leverages.mean(axis=0) <= _MOST_LEVERAGE) | (penalties >= penalties.max()))
    # few targets at a time are read as slowly as many
    at_once = max(1, _FITTED_AT_ONCE // max(targets.shape[1], 1))
    for some in np.split(tried, range(at_once, len(tried), at_once)):
        gains = (shrinks[:, some, None] * projected[:, None, :]).reshape(len(values), len(some) * targets.shape[1])
        fitted = (left @ gains).reshape(len(left), len(some), targets.shape[1])
        for place, number in enumerate(some):
            residuals = residual_target - fitted[:, place]
            errors = residuals / np.maximum(1 - leverages[:, number], 1e-9)[:, None]
            for rows in blocks:
                hat = (left[rows] * shrinks[:, number]) @ left[rows].T + np.outer(constant[rows], constant[rows])
                errors[rows] = np.linalg.solve((1 + 1e-9) * np.eye(len(rows)) - hat, residuals[rows])
            loss = (errors**2).mean(axis=0)
            better = loss < best
            if not better.any():
                continue
            best[better], chosen[better] = loss[better], penalties[number]
            left_out[:, better] = (targets - errors / root[:, None])[:, better]
    gain = (values[:, None] / (values[:, None] ** 2 + chosen)) * projected
    return _Chosen(gain, left_out, chosen, best)


def kernel_factors(kernel: NDArray) -> tuple[NDArray, NDArray]:
    """Vectors and singular values of a matrix of which the products of rows are known."""
    eigenvalues, vectors = np.linalg.eigh(kernel)
    kept = eigenvalues > max(float(eigenvalues[-1]), 0.0) * 1e-10
    return vectors[:, kept], np.sqrt(eigenvalues[kept])


def thin_factors(matrix: Array) -> tuple[NDArray, NDArray, NDArray]:
    """Left vectors, singular values and right vectors, through the smaller Gram matrix."""
    n, p = matrix.shape
    if p == 0:
        return np.zeros((n, 0)), np.zeros(0), np.zeros((0, 0))
    wide = n <= p
    vectors, values = kernel_factors(matrix @ matrix.T if wide else matrix.T @ matrix)
    other = (matrix.T @ vectors if wide else matrix @ vectors) / values
    return (vectors, values, other) if wide else (other, values, vectors)


def _group_rows(groups: NDArray | None) -> list[NDArray[np.intp]]:
    """Row numbers of the groups that hold more than one row."""
    if groups is None:
        return []
    _, inverse, counts = np.unique(groups, return_inverse=True, return_counts=True)
    return [np.flatnonzero(inverse == group) for group in np.flatnonzero(counts > 1)]
