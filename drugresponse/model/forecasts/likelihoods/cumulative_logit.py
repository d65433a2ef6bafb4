"""Ordered classes, or yes and no, by the odds of each class and those above: density, shares and their slopes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, log_expit

from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity

__all__ = ["class_density", "class_prior", "log_odds_above", "shares_of"]

Array = NDArray[np.float64]

_SLOPE_SPREAD = 2.0
_LEAST_GAP = 1e-9


def class_prior(n_classes: int, slope: float = 1.0) -> Array:
    """`(2, n_classes)` centre and standard deviation of the parameters common to all drugs.

    They are the first cut, the logarithms of the distances to the next ones, and the logarithm of the slope, which is
    expected to be `slope`.
    """
    spread = np.full(n_classes, 3.0)
    spread[0], spread[-1] = 10.0, _SLOPE_SPREAD
    return np.vstack([np.append(np.zeros(n_classes - 1), np.log(slope)), spread])


def log_odds_above(parameters: Array, level: Array, deviation: Array) -> Array:
    """`(n_rows, n_classes - 1)` log odds that a response is of class k or above, for each k from 1.

    Parameters
    ----------
    parameters
        `(n_rows, n_classes)` as in `class_prior`.
    level, deviation
        `(n_rows,)` the drug's mean score, and how far the row's lies from it.
    """
    gaps = np.exp(parameters[:, 1:-1])
    cuts = parameters[:, :1] + np.hstack([np.zeros((len(parameters), 1)), np.cumsum(gaps, axis=1)])
    return np.asarray((level + np.exp(parameters[:, -1]) * deviation)[:, None] - cuts)


def shares_of(above: Array) -> Array:
    """`(n_rows, n_classes)` probability of each class, from `log_odds_above`."""
    reached = np.hstack([np.ones((len(above), 1)), expit(above), np.zeros((len(above), 1))])
    return np.maximum(-np.diff(reached, axis=1), 0.0)


def class_density(classes: NDArray[np.intp], level: Array, deviation: Array) -> RowDensity:
    """Of rows of these classes, numbered from 0, as a function of `class_prior`'s parameters.

    The classes are those of the proportional odds model (McCullagh 1980, "Regression models for ordinal data",
    doi:10.1111/j.2517-6161.1980.tb01109.x), whose slope and cuts may differ between drugs.
    """
    rows = np.arange(len(classes))

    def density(parameters: Array) -> tuple[Array, Array]:
        n_classes = parameters.shape[1]
        above = log_odds_above(parameters, level, deviation)
        at_least = np.hstack([np.full((len(above), 1), np.inf), above])[rows, classes]
        beyond = np.hstack([above, np.full((len(above), 1), -np.inf)])[rows, classes]
        # expit(a) - expit(b) = expit(a) expit(-b) (1 - exp(b - a))
        gap = np.maximum(at_least - beyond, _LEAST_GAP)
        values = -(log_expit(at_least) + log_expit(-beyond) + np.log(-np.expm1(-gap)))
        between = np.where(np.isfinite(gap), 1 / np.expm1(np.minimum(gap, 700.0)), 0.0)
        by_lower, by_upper = -(expit(-at_least) + between), expit(beyond) + between
        slopes = np.zeros((len(above), n_classes - 1))
        lower, upper = classes > 0, classes < n_classes - 1
        slopes[rows[lower], classes[lower] - 1] += by_lower[lower]
        slopes[rows[upper], classes[upper]] += by_upper[upper]
        gaps = np.exp(parameters[:, 1:-1])
        # a distance moves its cut and all above it
        beyond_gap = np.cumsum(slopes[:, :0:-1], axis=1)[:, ::-1]
        slope = np.exp(parameters[:, -1]) * deviation * slopes.sum(axis=1)
        return values, np.column_stack([-slopes.sum(axis=1), -gaps * beyond_gap, slope])

    return density
