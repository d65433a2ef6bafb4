"""Weights of a sum of predictions: on held-out rows, and judged on rows that did not make them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import nnls

from drugresponse.learners.paired_gain import paired_gain_over_noise
from drugresponse.learners.state import Array

__all__ = ["LEAST_WEIGHT", "PRIOR_SPREAD", "combine", "judge_weights", "stack_weights", "weigh_learners"]

LEAST_WEIGHT = 0.03
"""A learner of less weight is not worth its fit."""
PRIOR_SPREAD = 0.2
"""How far from equal the weights of those that are kept are expected to be, as a standard deviation."""


def weigh_learners(
    table: Array, y: Array, weights: Array, groups: NDArray, tests: Sequence[NDArray[np.intp]]
) -> tuple[Array, Array]:
    """Weights from all held-out rows, and what weights without a fold's rows say of that fold.

    A sum that does not gain more than one standard error over the naive model, where each fold is weighed without its
    own rows, is not taken; whether it is taken for a fold, the other folds decide.

    Parameters
    ----------
    table
        `(n_rows, 1 + n_learners)` held-out predictions, those of the naive model first; NaN where never held out.
    y, weights, groups
        `(n_rows,)` responses, their weights, and the subject (or drug, where drugs are new) of each row, which is the
        unit of the standard error.
    tests
        Row numbers of the test part of each fold.

    Returns
    -------
    shares : (n_learners,) float64
    predicted : (n_rows,) float64
        NaN where never held out.
    """

    def shares_of(rows: NDArray[np.intp]) -> Array:
        return stack_weights(table[rows], y[rows], weights[rows], groups[rows])

    def losses_of(predicted: Array, rows: NDArray[np.intp]) -> Array:
        return np.asarray((y[rows] - predicted[rows]) ** 2)

    return judge_weights(table, weights, groups, tests, shares_of, losses_of)


def judge_weights(
    table: Array,
    weights: Array,
    groups: NDArray,
    tests: Sequence[NDArray[np.intp]],
    shares_of: Callable[[NDArray[np.intp]], Array],
    losses_of: Callable[[Array, NDArray[np.intp]], Array],
) -> tuple[Array, Array]:
    """As `weigh_learners`, for any way to weigh and any loss.

    Parameters
    ----------
    table, weights, groups, tests
        As in `weigh_learners`.
    shares_of
        Gives the learners' weights by some rows.
    losses_of
        Gives the losses of some rows by the `(n_rows,)` predictions of all.
    """
    tested = np.sort(np.concatenate(tests)) if len(tests) else np.zeros(0, dtype=np.intp)
    others = [np.setdiff1d(tested, test, assume_unique=True) for test in tests]
    predicted, naive = np.full(len(table), np.nan), table[:, 0]
    for test, rest in zip(tests, others, strict=True):
        predicted[test] = combine(table[test], shares_of(rest))

    def gains(rows: NDArray[np.intp]) -> bool:
        if not len(rows):
            return False
        before, after = losses_of(naive, rows), losses_of(predicted, rows)
        return paired_gain_over_noise(before, after, weights[rows], groups[rows]) > 1

    is_taken = gains(tested)
    refused = [test for test, rest in zip(tests, others, strict=True) if not gains(rest)]
    for test in refused:
        predicted[test] = naive[test]
    if not is_taken:
        return np.zeros(table.shape[1] - 1), predicted
    return shares_of(tested), predicted


def stack_weights(table: Array, y: Array, weights: Array, groups: NDArray) -> Array:
    """Weights, 0 or more and at most 1 in sum, of little squared error; the first column has the rest.

    Least squares says which learners are kept, and how much they weigh together. Among them it hardly tells apart those
    that predict alike, so that their weights are pulled towards equal ones, as by a normal prior, with each group of
    rows counted as one observation. Source: Diebold and Pauly 1990, "The use of prior information in forecast
    combination", International Journal of Forecasting 6:503-508.

    Parameters
    ----------
    table
        `(n_rows, 1 + n_learners)` predictions, those of the naive model first.
    y, weights, groups
        `(n_rows,)` responses, their weights, and the subject (or drug, where drugs are new) of each row.

    Returns
    -------
    (n_learners,) float64

    Examples
    --------
    >>> y = np.random.default_rng(0).normal(size=200)
    >>> noise = np.random.default_rng(1).normal(size=(2, 200)) / 2
    >>> table = np.column_stack([np.zeros(200), y + noise[0], y + noise[1]])
    >>> stack_weights(table, y, np.ones(200), np.arange(200)).round(1).tolist()
    [0.4, 0.5]
    """
    if not weights.any():
        return np.zeros(table.shape[1] - 1)
    root = np.sqrt(weights / weights.mean())
    inputs, target = (table[:, 1:] - table[:, :1]) * root[:, None], (y - table[:, 0]) * root
    shares, used = np.zeros(inputs.shape[1]), np.ones(inputs.shape[1], dtype=bool)
    # a learner whose weight is not worth its fit is left out, and the others weighed again
    while used.any():
        shares = np.zeros(inputs.shape[1])
        shares[used] = _on_simplex(inputs[:, used], target)
        keeps = shares >= LEAST_WEIGHT
        if (keeps == used).all():
            break
        used = keeps
    if not used.any():
        return np.zeros(inputs.shape[1])
    noise = float(np.mean((target - inputs @ shares) ** 2)) * len(y) / len(np.unique(groups))
    pull, n_used = np.sqrt(noise) / PRIOR_SPREAD, int(used.sum())
    equal = np.full(n_used, shares.sum() / n_used)
    pulled = np.vstack([inputs[:, used], pull * np.eye(n_used)]), np.append(target, pull * equal)
    shares[used] = _on_simplex(*pulled)
    return shares


def _on_simplex(inputs: Array, target: Array) -> Array:
    """Non-negative least squares, solved again with the sum held at 1 where it would be more."""
    free = nnls(inputs, target)[0]
    if free.sum() <= 1:
        return np.asarray(free, dtype=np.float64)
    heavy = 1e3 * max(float(np.linalg.norm(inputs)), 1e-300)
    held = nnls(np.vstack([inputs, np.full((1, inputs.shape[1]), heavy)]), np.append(target, heavy))[0]
    return np.asarray(held / held.sum(), dtype=np.float64)


def combine(table: Array, shares: Array) -> Array:
    """`(n_rows,)` the first column, moved towards the others."""
    return np.asarray(table[:, 0] + (table[:, 1:] - table[:, :1]) @ shares, dtype=np.float64)
