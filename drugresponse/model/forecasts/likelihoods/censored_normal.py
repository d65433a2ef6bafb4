"""Values between limits: a normal distribution around a line through the scores, and its slopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_ndtr

from drugresponse.data.outcomes.observed import Observed
from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity

__all__ = ["interval_density", "interval_prior", "misfit", "unit_of"]

Array = NDArray[np.float64]

_LOG_ROOT = 0.5 * float(np.log(2 * np.pi))
_MOST_LOG_RATIO = 100.0
_NARROW = 1e-5
"""Spreads between two limits below which a value is as good as exact."""


def interval_prior(slope: float) -> Array:
    """`(2, 3)` centre and standard deviation of offset, logarithm of the slope and logarithm of the spread.

    All in units of `unit_of`, which holds how far values lie from the scores: little else is expected of few rows.
    """
    return np.array([[0.0, float(np.log(max(slope, 1e-6))), 0.0], [1.0, 0.7, 0.7]])


def unit_of(y: Array, level: Array) -> float:
    """The unit of offsets and spreads: how far values, or limits, lie from the levels."""
    size = float(np.sqrt(np.mean((y - level) ** 2)))
    return size if size > 0 else 1.0


def interval_density(observed: Observed, level: Array, deviation: Array, unit: float) -> RowDensity:
    """Minus the log likelihood of values between limits, as a function of `interval_prior`'s parameters.

    The location is `level + unit * (offset + exp(slope) * deviation)`; limits count as limits (Tobin 1958,
    doi:10.2307/1907382).

    Parameters
    ----------
    observed
        Limits of the rows.
    level, deviation
        `(n_rows,)` the drug's mean score, and how far the row's lies from it.
    unit
        Of offset and spread.
    """
    lower = (np.asarray(observed.lower, dtype=np.float64) - level) / unit
    upper = (np.asarray(observed.upper, dtype=np.float64) - level) / unit
    open_below, open_above = ~np.isfinite(lower), ~np.isfinite(upper)

    def density(parameters: Array) -> tuple[Array, Array]:
        slope, spread = np.exp(parameters[:, 1]), np.exp(parameters[:, 2])
        centre = parameters[:, 0] + slope * deviation
        below, above = (lower - centre) / spread, (upper - centre) / spread
        exact = above - below < _NARROW
        # the nearer tail keeps its digits
        turned = below > 0
        left, right = np.where(turned, -above, below), np.where(turned, -below, above)
        left, right = np.where(exact, -1.0, left), np.where(exact, 1.0, right)
        outer, inner = log_ndtr(right), log_ndtr(left)
        inside = outer + np.log(-np.expm1(np.minimum(inner - outer, -1e-300)))
        middle = np.where(exact, below, 0.0)
        values = np.where(exact, 0.5 * middle**2 + _LOG_ROOT + np.log(spread), -inside)
        low, high = (_ratio(end, inside, exact) for end in (below, above))
        # of the location, and of the logarithm of the spread, in spreads
        by_centre = np.where(exact, -middle, high - low)
        products = np.where(open_above, 0.0, above) * high - np.where(open_below, 0.0, below) * low
        by_spread = np.where(exact, 1 - middle**2, products)
        by_centre = by_centre / spread
        return values, np.column_stack([by_centre, by_centre * slope * deviation, by_spread])

    return density


def _ratio(end: Array, inside: Array, exact: NDArray[np.bool_]) -> Array:
    """Density at a limit over the probability between the limits; 0 where the limit is open, and of exact values."""
    logs = np.where(exact | ~np.isfinite(end), -np.inf, -0.5 * end**2 - _LOG_ROOT - inside)
    return np.asarray(np.exp(np.minimum(logs, _MOST_LOG_RATIO)))


def misfit(observed: Observed, location: Array, spread: Array) -> Array:
    """`(n_rows,)` how many spreads bounds must reach from the location to meet what was observed; 0 if it lies within.

    Parameters
    ----------
    observed
        Limits of the rows.
    location, spread
        `(n_rows,)` of the predicted distributions.
    """
    below, above = np.asarray(observed.lower) - location, location - np.asarray(observed.upper)
    return np.asarray(np.maximum(np.maximum(below, above), 0.0) / spread)
