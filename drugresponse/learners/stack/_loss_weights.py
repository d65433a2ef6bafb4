"""Weights of a sum of scores on the scale of a link: on held-out rows, by the loss of the outcome."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

from drugresponse.learners.likelihood.alike import alike_numbers, rows_alike
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.paired_gain import paired_gain_over_noise
from drugresponse.learners.stack._weights import LEAST_WEIGHT, PRIOR_SPREAD, combine, judge_weights
from drugresponse.learners.state import Array

__all__ = ["loss_weights", "weigh_by_loss"]

_MOST_IN_SUM = 1.5
"""Scores of shrunken learners may be stretched so far; more is what a few rows say by chance."""
_ADJUSTMENTS = 2


def weigh_by_loss(
    table: Array,
    loss_of_rows: Callable[[NDArray[np.intp]], RowLoss],
    weights: Array,
    groups: NDArray,
    tests: Sequence[NDArray[np.intp]],
) -> tuple[Array, Array]:
    """As `weigh_learners`, by a loss in place of squared errors.

    Weights are taken where, on rows that did not make them, they gain more than one standard error over the plain
    average of the learners; else the average is.

    Parameters
    ----------
    table
        `(n_rows, 1 + n_learners)` held-out scores, those of the naive model first; NaN where never held out.
    loss_of_rows
        Gives the loss of some rows, made of nothing but them.
    weights, groups, tests
        As in `weigh_learners`.

    Returns
    -------
    shares : (n_learners,) float64
    scores : (n_rows,) float64
        NaN where never held out.
    """

    def losses_of(scores: Array, rows: NDArray[np.intp]) -> Array:
        # what a loss holds beside the scores is set alike for all that are compared
        return loss_of_rows(rows).adjusted(scores[rows]).values(scores[rows])

    def weighed(rows: NDArray[np.intp]) -> Array:
        return loss_weights(table[rows], loss_of_rows(rows), groups[rows])

    n_learners = table.shape[1] - 1
    equal = np.full(n_learners, 1.0 / max(n_learners, 1))

    def shares_of(rows: NDArray[np.intp]) -> Array:
        parts = [part for part in (np.intersect1d(rows, test) for test in tests) if 0 < len(part) < len(rows)]
        if not parts:
            return equal if len(rows) else np.zeros(n_learners)
        by_average, by_weights = np.full((2, len(table)), np.nan)
        for part in parts:
            rest = np.setdiff1d(rows, part, assume_unique=True)
            by_average[part], by_weights[part] = combine(table[part], equal), combine(table[part], weighed(rest))
        before, after = losses_of(by_average, rows), losses_of(by_weights, rows)
        # few rows cannot weigh: what they say of the weights is mostly noise, and the plain average is better
        is_weighed = paired_gain_over_noise(before, after, weights[rows], groups[rows]) > 1
        return weighed(rows) if is_weighed else equal

    return judge_weights(table, weights, groups, tests, shares_of, losses_of)


def loss_weights(table: Array, loss: RowLoss, groups: NDArray) -> Array:
    """Weights, 0 or more and at most 1.5 in sum, of little loss; the first column has the rest of 1.

    As in `stack_weights`, those that are kept are pulled towards equal ones. Their sum may pass 1: a learner that was
    fitted with a penalty says less than its ranking is worth. What the loss holds beside the scores is set to what
    suits the sum, and the learners are weighed again.

    Parameters
    ----------
    table
        `(n_rows, 1 + n_learners)` scores, those of the naive model first.
    loss, groups
        Of the rows, and the subject (or drug, where drugs are new) of each.

    Returns
    -------
    (n_learners,) float64

    Examples
    --------
    >>> from drugresponse.learners.losses.bernoulli import BernoulliLoss
    >>> rng = np.random.default_rng(0)
    >>> scores = rng.normal(0, 2, 400)
    >>> loss = BernoulliLoss((rng.logistic(scores) > 0).astype(float), np.ones(400), np.zeros(400, dtype=np.intp))
    >>> loss_weights(np.column_stack([0 * scores, scores, -scores]), loss, np.arange(400)).round().tolist()
    [1.0, 0.0]
    """
    n_rows = len(table)
    # rows of like genotypes have like scores
    different = rows_alike(loss, alike_numbers(table)[1])
    if different is not None:
        table, loss = table[different[0]], different[1]
    naive, beyond = table[:, 0], table[:, 1:] - table[:, :1]
    shares, used = np.zeros(beyond.shape[1]), np.ones(beyond.shape[1], dtype=bool)
    for _ in range(_ADJUSTMENTS):
        loss, used = loss.adjusted(combine(table, shares)), np.ones_like(used)
        # a learner whose weight is not worth its fit is left out, and the others weighed again
        while used.any():
            shares = np.zeros(len(used))
            shares[used] = _least_loss(naive, beyond[:, used], loss)
            keeps = shares >= LEAST_WEIGHT
            if (keeps == used).all():
                break
            used = keeps
        if not used.any():
            return np.zeros(len(used))
    # each group of rows counts as one observation beside the prior
    pull = n_rows / len(np.unique(groups)) / PRIOR_SPREAD**2
    equal = np.full(int(used.sum()), shares.sum() / used.sum())
    shares[used] = _least_loss(naive, beyond[:, used], loss, equal, pull)
    return shares


def _least_loss(naive: Array, beyond: Array, loss: RowLoss, towards: Array | None = None, pull: float = 0.0) -> Array:
    """`(n_columns,)` weights of the columns of `beyond` that leave least loss, pulled towards some."""
    n_columns, n_rows = beyond.shape[1], float(loss.weights.sum())
    start = np.full(n_columns, 1.0 / n_columns) if towards is None else towards
    anchor = np.zeros(n_columns) if towards is None else towards

    def penalised(weights: Array) -> tuple[float, Array]:
        scores, away = naive + beyond @ weights, weights - anchor
        total, slopes = loss.total_and_slope(scores)
        total += 0.5 * pull * float(away @ away)
        return total / n_rows, (beyond.T @ slopes + pull * away) / n_rows

    within = {"type": "ineq", "fun": lambda weights: _MOST_IN_SUM - weights.sum(), "jac": lambda weights: -(weights**0)}
    bounds = [(0.0, _MOST_IN_SUM)] * n_columns
    options = {"ftol": 1e-10, "maxiter": 200}
    best = minimize(penalised, start, jac=True, method="SLSQP", bounds=bounds, constraints=[within], options=options)
    weights = np.maximum(np.asarray(best.x, dtype=np.float64), 0.0)
    # rather the start than what is no better than it
    return weights if np.isfinite(best.fun) and best.fun <= penalised(start)[0] else start
