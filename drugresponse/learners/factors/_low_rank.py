"""Low-rank factors of a response matrix with holes, and how many of them the data support."""

from __future__ import annotations

import numpy as np

from drugresponse.learners.state import Array

__all__ = ["choose_rank", "factorise"]

_SWEEPS = 12


def factorise(residuals: Array, weights: Array, rank: int) -> tuple[Array, Array]:
    """Alternating ridge regressions; cells of weight 0 weigh nothing.

    The penalty is twice the residual variance, as for standard normal factors under noise of that order. Rotated so
    that the drug factors are orthonormal and ordered by the share that they explain.

    Parameters
    ----------
    residuals, weights
        `(n_samples, n_drugs)`; a residual of weight 0 is not looked at.
    rank
        0 or more; cut to the smaller side.

    Returns
    -------
    sample_factors : (n_samples, rank)
    drug_factors : (n_drugs, rank)

    Examples
    --------
    >>> table = np.outer([1.0, 2, 3, 4], [1.0, -1, 2])
    >>> samples, drugs = factorise(table, np.ones_like(table), 1)
    >>> bool(np.corrcoef(samples[:, 0], [1, 2, 3, 4])[0, 1] ** 2 > 0.99)
    True
    """
    rank = min(rank, *residuals.shape)
    filled = np.where(weights > 0, residuals, 0.0)
    if rank == 0 or not filled.any():
        return np.zeros((len(residuals), 0)), np.zeros((residuals.shape[1], 0))
    # in units of the residuals, so that the penalty and with it the rank are the same in any unit of the response
    scale = float(np.sqrt((weights * filled**2).sum() / weights.sum()))
    filled /= scale
    penalty = 2.0 * np.eye(rank)
    weighted = weights * filled
    u, s, vt = np.linalg.svd(filled, full_matrices=False)
    samples, drugs = u[:, :rank] * np.sqrt(s[:rank]), vt[:rank].T * np.sqrt(s[:rank])
    for _ in range(_SWEEPS):
        samples = _solve_side(weights, weighted, drugs, penalty)
        drugs = _solve_side(weights.T, weighted.T, samples, penalty)
    sample_factors, drug_factors = _rotate(samples, drugs)
    return sample_factors * scale, drug_factors


def choose_rank(residuals: Array, weights: Array, most: int, random_state: int) -> tuple[int, dict[int, float]]:
    """The rank, 0 included, that predicts a random tenth of the cells best when they are left out.

    Returns
    -------
    rank : int
    errors : dict
        Mean squared error on the left-out cells by rank tried.
    """
    most = min(most, *residuals.shape)
    measured = np.argwhere(weights > 0)
    rng = np.random.default_rng(random_state)
    out = measured[rng.permutation(len(measured))[: max(1, len(measured) // 10)]]
    kept = weights.copy()
    kept[out[:, 0], out[:, 1]] = 0.0
    truth, cell_weights = residuals[out[:, 0], out[:, 1]], weights[out[:, 0], out[:, 1]]
    errors: dict[int, float] = {}
    for rank in sorted({0, *(rank for rank in (1, 2, 3, 5, 10, 20, 50) if rank < most), most}):
        samples, drugs = factorise(residuals, kept, rank)
        predicted = np.einsum("ij,ij->i", samples[out[:, 0]], drugs[out[:, 1]])
        errors[rank] = float(np.average((truth - predicted) ** 2, weights=cell_weights))
    return min(errors, key=lambda rank: (errors[rank], rank)), errors


def _solve_side(weights: Array, weighted: Array, other: Array, penalty: Array) -> Array:
    """Ridge of every row on the other side's factors: one matrix product for all Gram matrices, one batched solve."""
    rank = other.shape[1]
    squares = (other[:, :, None] * other[:, None, :]).reshape(len(other), rank * rank)
    grams = (weights @ squares).reshape(len(weights), rank, rank) + penalty
    return np.asarray(np.linalg.solve(grams, (weighted @ other)[..., None])[..., 0], dtype=np.float64)


def _rotate(samples: Array, drugs: Array) -> tuple[Array, Array]:
    left, left_rest = np.linalg.qr(samples)
    right, right_rest = np.linalg.qr(drugs)
    u, s, vt = np.linalg.svd(left_rest @ right_rest.T)
    sample_factors, drug_factors = np.asarray(left @ (u * s)), np.asarray(right @ vt.T)
    # a factor and its mirror image are one solution: the largest loading is made positive
    signs: Array = np.sign(drug_factors[np.abs(drug_factors).argmax(axis=0), np.arange(drug_factors.shape[1])])
    return np.asarray(sample_factors * signs), np.asarray(drug_factors * signs)
