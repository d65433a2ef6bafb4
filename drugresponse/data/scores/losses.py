"""The proper loss of each row: what a prediction costs whose distribution was not what came."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr
from scipy.stats import norm

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores._parts import part
from drugresponse.data.scores.truth import Truth
from drugresponse.errors import InputError

__all__ = ["alive_at", "brier_at", "conditional_survival", "inverse_weights", "row_losses", "survival_at"]

_LEAST_SPREAD = 1e-6
_LARGEST_LOG_LOSS = 50.0
"""A limit that the prediction thinks impossible costs no more than this, so that one row does not decide alone."""

Array = NDArray[np.float64]


def row_losses(truth: Truth, predicted: Distribution) -> Array:
    """`(n_rows,)` proper loss of each row, smaller is better: no other distribution than the true one costs less.

    Yes or no: the squared error of the probability (Brier 1950). Ordered classes: the ranked probability score, the
    mean over the cuts of the squared error of the probability to lie above (Epstein 1969), which is Brier's of two
    classes. Between limits: minus the log likelihood of a normal distribution, of the value where it is exact and of
    lying between the limits elsewhere. Times: the squared error of the survival probability, averaged from 0 to the
    horizon, rows weighed by the inverse of the probability that they are still watched (Graf et al. 1999).

    Parameters
    ----------
    truth, predicted
        Of the same rows.

    Raises
    ------
    InputError
        A prediction is missing: a learner may not decline the hard rows.

    Examples
    --------
    >>> from drugresponse.data.outcomes.observed import Observed
    >>> from drugresponse.data.outcomes.outcome import Outcome
    >>> words, names = Outcome("binary", ("no", "yes")), np.array(["a", "b"], dtype=object)
    >>> truth = Truth(Observed(words), np.array([0.0, 1.0]), names, names, np.zeros(2, dtype=np.intp))
    >>> row_losses(truth, Distribution(words, np.zeros(2), np.array([[0.9, 0.1], [0.5, 0.5]]))).round(2).tolist()
    [0.01, 0.25]
    """
    of_kind = {
        "binary": _ranked_probability,
        "ordinal": _ranked_probability,
        "interval": _censored_log_loss,
        "time-to-event": _integrated_brier,
    }
    losses = of_kind[truth.outcome.kind](truth, predicted)
    if not np.isfinite(losses).all():
        raise InputError(
            "scores: found a missing prediction (expected one for every test row). Report this as a defect."
        )
    return losses


def _ranked_probability(truth: Truth, predicted: Distribution) -> Array:
    shares = part(predicted.shares)
    n_classes = shares.shape[1]
    above = 1 - np.cumsum(shares, axis=1)[:, :-1]
    is_above = truth.y[:, None] > np.arange(n_classes - 1)
    return np.asarray(((above - is_above) ** 2).mean(axis=1))


def _censored_log_loss(truth: Truth, predicted: Distribution) -> Array:
    lower, upper = part(truth.observed.lower), part(truth.observed.upper)
    spread = np.maximum(part(predicted.spread), _LEAST_SPREAD)
    exact = lower == upper
    below, above = (lower - predicted.scores) / spread, (upper - predicted.scores) / spread
    with np.errstate(invalid="ignore"):
        # the tail that is nearer keeps its digits
        turned = below + above > 0
    low, high = np.where(turned, -above, below), np.where(turned, -below, above)
    with np.errstate(divide="ignore", invalid="ignore"):
        within = log_ndtr(high) + np.log1p(-np.exp(np.minimum(log_ndtr(low) - log_ndtr(high), 0.0)))
    of_value = np.log(spread) - norm.logpdf(np.where(exact, below, 0.0))
    loss = np.where(exact, of_value, np.minimum(-within, _LARGEST_LOG_LOSS))
    return np.where(np.isfinite(predicted.scores) & np.isfinite(spread), loss, np.nan)


def survival_at(predicted: Distribution, times: Array) -> Array:
    """`(n_rows, n_times)` the probability that the event has not happened by each row's own times.

    Between stored times it falls evenly, from 1 at time 0, and after the last of them it stays what it was.

    Parameters
    ----------
    predicted
        Of a time to an event.
    times
        `(n_rows, n_times)`.
    """
    stored, survival = part(predicted.times), part(predicted.survival)
    knots = np.append(0.0, stored) if stored[0] > 0 else stored
    heights = np.column_stack([np.ones(len(survival)), survival]) if stored[0] > 0 else survival
    inside = np.clip(times, knots[0], knots[-1])
    after = np.clip(np.searchsorted(knots, inside, side="left"), 1, len(knots) - 1)
    share = (inside - knots[after - 1]) / (knots[after] - knots[after - 1])
    low, high = (np.take_along_axis(heights, at, axis=1) for at in (after - 1, after))
    return np.asarray(low + share * (high - low))


def _integrated_brier(truth: Truth, predicted: Distribution) -> Array:
    watched = part(truth.follow_up)
    squared = brier_at(truth, predicted, watched.grid, watched.watched_at_grid)
    return np.asarray(squared.mean(axis=1))


def brier_at(truth: Truth, predicted: Distribution, times: Array, watched: Array) -> Array:
    """`(n_rows, n_times)` weighted squared error of survival at times; 0 before a row was watched.

    Parameters
    ----------
    truth, predicted
        Of the same rows.
    times, watched
        `(n_rows, n_times)`, and the share still watched then.
    """
    error = conditional_survival(truth, predicted, times) - alive_at(truth, times)
    return inverse_weights(truth, times, watched) * error**2


def alive_at(truth: Truth, times: Array) -> NDArray[np.bool_]:
    """`(n_rows, n_times)` whether the row's own time is still to come."""
    return np.asarray(truth.y[:, None] > times)


def conditional_survival(truth: Truth, predicted: Distribution, times: Array) -> Array:
    """`(n_rows, n_times)` survival to times, of those without an event when they entered."""
    survival = survival_at(predicted, times)
    entry = truth.observed.entry
    if entry is None or not (entry > 0).any():
        return survival
    since = survival_at(predicted, entry[:, None])
    return np.clip(survival / np.where(since > 0, since, 1.0), 0.0, 1.0)


def inverse_weights(truth: Truth, times: Array, watched: Array) -> Array:
    """`(n_rows, n_times)` how many rows each stands for: 0 once it is no longer watched, and before it entered."""
    alive = alive_at(truth, times)
    dead = ~alive & part(truth.observed.happened)[:, None]
    before_end = part(truth.follow_up).watched_before_end[:, None]
    weights = np.where(alive, 1 / watched, np.where(dead, 1 / before_end, 0.0))
    entry = truth.observed.entry
    return weights if entry is None else np.where((times > entry[:, None]) | (entry[:, None] <= 0), weights, 0.0)
