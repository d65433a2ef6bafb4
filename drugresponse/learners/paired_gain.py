"""Whether one prediction is better than another by more than noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import Array

__all__ = ["paired_gain_interval", "paired_gain_over_noise", "spread_of_drugs", "squared_errors"]

_NORMAL_95 = 1.959964
"""Standard errors to either side of a mean that hold 95 % of a normal distribution."""


def paired_gain_over_noise(before: Array, after: Array, weights: Array, groups: NDArray) -> float:
    """The drop in mean loss, in standard errors; above 1 it is taken for real.

    Parameters
    ----------
    before, after
        `(n_rows,)` losses of the simpler and of the other prediction on the same held-out rows.
    weights, groups
        `(n_rows,)` weights, and the subject (or drug, where drugs are new) of each row: rows of one group err
        together, so groups are the units of the standard error.

    Examples
    --------
    >>> round(paired_gain_over_noise(np.ones(4), np.array([0.5, 0.7, 0.5, 0.7]), np.ones(4), np.arange(4)), 2)
    6.93
    """
    mean, error = _mean_gain(before, after, weights, groups)
    if mean <= 0:
        return 0.0
    return mean / error if error > 0 else float("inf")


def paired_gain_interval(before: Array, after: Array, weights: Array, groups: NDArray) -> tuple[float, float, float]:
    """The drop in mean loss, and its paired 95 % interval in the normal approximation, with groups as units.

    Parameters
    ----------
    before, after, weights, groups
        As in `paired_gain_over_noise`.

    Returns
    -------
    mean, lower, upper : float

    Examples
    --------
    >>> interval = paired_gain_interval(np.ones(4), np.array([0.5, 0.7, 0.5, 0.7]), np.ones(4), np.arange(4))
    >>> [round(bound, 2) for bound in interval]
    [0.4, 0.29, 0.51]
    """
    mean, error = _mean_gain(before, after, weights, groups)
    return mean, mean - _NORMAL_95 * error, mean + _NORMAL_95 * error


def _mean_gain(before: Array, after: Array, weights: Array, groups: NDArray) -> tuple[float, float]:
    """The drop in mean loss and its standard error."""
    _, group = np.unique(groups, return_inverse=True)
    total = np.bincount(group, weights)
    gains = np.bincount(group, weights * (before - after))
    mean = float(gains.sum() / total.sum())
    spread = float(np.sum((gains - mean * total) ** 2)) * len(total) / max(len(total) - 1, 1)
    return mean, float(np.sqrt(spread) / total.sum())


def squared_errors(y: Array, predicted: Array, censor: NDArray[np.int8] | None = None, sigma: float = 1.0) -> Array:
    """Squared errors; of a censored row, what the Tobit likelihood has in their place.

    That is `-2 sigma^2 log P(truth is beyond the limit)`: near 0 for a prediction far on the right side of the limit,
    and near the squared distance far on the wrong side. To count nothing on the right side would reward a prediction
    that stays at the limit, since the measured rows that are left are those that noise kept from it.

    Parameters
    ----------
    y, predicted
        `(n_rows,)` responses and predictions.
    censor
        As in `Pairs`.
    sigma
        Standard deviation of the noise, in units of the response.

    Returns
    -------
    (n_rows,) float64

    Examples
    --------
    >>> squared_errors(np.zeros(3), np.array([2.0, 9.0, -9.0]), np.array([0, 1, 1], dtype=np.int8)).round().tolist()
    [4.0, 0.0, 87.0]
    """
    errors = (predicted - y) ** 2
    if censor is None:
        return errors
    beyond = -2.0 * sigma**2 * log_ndtr(censor * (predicted - y) / sigma)
    return np.where(censor == 0, errors, beyond)


def spread_of_drugs(pairs: Pairs, y: Array) -> Array:
    """`(n_drugs,)` standard deviation of each drug's responses, the unit of errors; that of all where it has none."""
    drug, n_drugs = pairs.drug_index, len(pairs.drugs)
    n = np.maximum(np.bincount(drug, minlength=n_drugs), 1)
    mean = np.bincount(drug, y, n_drugs) / n
    variance = np.bincount(drug, (y - mean[drug]) ** 2, n_drugs) / n
    return np.sqrt(np.where(variance > 0, variance, max(float(np.var(y)), 1e-300)))
