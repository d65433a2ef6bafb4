"""Slopes of the loss by the scores of the network: those of numbers and limits, or of any other outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.state import Array

__all__ = ["balanced", "limit_slopes", "mean_slopes_of"]

_MOST_WEIGHT = 30.0


def balanced(loss: RowLoss) -> tuple[RowLoss, Array]:
    """The loss with the rarer events of yes or no weighed by the root of their odds, and what is added to its scores.

    Batches of whole samples hold hardly an event of a drug to which one in a hundred responds. The logarithm of an
    event's weight is what weighing adds to the log odds: with it on top, the scores stay those of the plain loss.
    Other outcomes have no class whose weight is made up for by a shift, and stay as they are. Source: King and Zeng
    2001, "Logistic regression in rare events data", Political Analysis 9:137-163.

    Returns
    -------
    loss : RowLoss
        Its weights are 1 on average.
    shift : (n_rows,) float64
    """
    if not isinstance(loss, BernoulliLoss):
        return loss, np.zeros(len(loss.weights))
    odds = np.exp(-loss.start())
    weight = np.clip(np.sqrt(odds), 1.0, _MOST_WEIGHT)[loss.drug_index]
    weights = loss.weights * np.where(loss.y > 0, weight, 1.0)
    return replace(loss, weights=weights / weights.mean()), np.log(weight)


def mean_slopes_of(
    scores: NDArray[np.float32], loss: RowLoss, rows: NDArray[np.intp], offset: Array, scale: float
) -> Array:
    """Slopes of the sum over members of the mean loss of some rows, weights included, by the network's scores.

    Times are at risk among these rows alone.

    Parameters
    ----------
    scores
        `(n_rows, members)` of the network.
    loss
        Of all training rows.
    rows
        `(n_rows,)` their numbers.
    offset, scale
        `(n_rows,)` what is added to a score that was multiplied by the scale, so that it is on the scale of the link.

    Returns
    -------
    slopes : (n_rows, members) float64
    """
    values = (offset[:, None] + scale * scores.astype(np.float64)).T
    own = loss.take(rows)
    if own.looks_at_others:
        slopes = np.stack([own.derivatives(member)[0] for member in values])
    else:
        # a row does not look at others: all members at once
        repeated = own.take(np.tile(np.arange(len(rows)), len(values)))
        slopes = repeated.derivatives(values.ravel())[0].reshape(values.shape)
    return slopes.T * (scale / len(rows))


def limit_slopes(
    scores: NDArray[np.float32], targets: NDArray[np.float32], delta: float, censor: NDArray[np.int8] | None
) -> NDArray[np.float32]:
    """Slopes of Huber's loss by the scores, and of a censored row those of the Tobit likelihood.

    That is -log P(truth is beyond the limit), with a sigma of 1: where Huber's loss is a square, it is a normal
    likelihood of this very sigma, so that the two kinds of rows speak of one noise. Source: Tobin 1958, "Estimation of
    relationships for limited dependent variables", doi:10.2307/1907382.

    Parameters
    ----------
    scores, targets
        `(n_rows, members)` and `(n_rows,)`.
    delta
        Larger errors pull no harder than one of this size; of rows with a limit among them 1.
    censor
        `(n_rows,)` 1 where the truth lies above the target, -1 below, 0 where it is the target.

    Returns
    -------
    slopes : (n_rows, members)
    """
    away = scores - targets[:, None]
    if censor is None:
        return np.clip(away, -delta, delta)
    slopes, beyond = np.clip(away, -1.0, 1.0), np.flatnonzero(censor)
    side = censor[beyond, None].astype(np.float64)
    deep = side * away[beyond]
    slopes[beyond] = -side * np.exp(-0.5 * deep**2 - log_ndtr(deep)) / np.sqrt(2 * np.pi)
    return slopes
