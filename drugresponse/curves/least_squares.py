"""Fit many Hill curves at once: a coarse grid of starts, then Levenberg-Marquardt on all curves together."""

from __future__ import annotations

from itertools import product

import numpy as np
from numpy.typing import NDArray

from drugresponse.curves.hill import LN10, HillCurves

__all__ = ["HUBER", "fit_hill"]

Array = NDArray[np.float64]

HUBER = 0.1
"""Difference of viability beyond which a dose counts linearly, so that one bad well cannot bend a curve."""
SLOPES = 0.2, 4.0
"""Bounds of the slope; steeper curves cannot be told apart by doses that lie half a decade apart."""
TOPS = 0.8, 1.2
"""Bounds of the top, where it is fitted."""
_BEYOND = 1.0
"""Decades that the midpoint may lie outside the doses tested."""
START_PLACES = np.split(np.linspace(0.0, 1.0, 24), 2)
START_SLOPES = 0.4, 0.8, 1.6, 3.2
START_BOTTOMS = 0.0, 0.3, 0.6, 0.8, 0.9, 0.95
START_TOPS = 0.85, 0.95, 1.05, 1.15
MOST_STEPS = 100
CURVES_AT_ONCE = 20_000


def fit_hill(log_dose: Array, viability: Array, *, fit_top: bool = False) -> HillCurves:
    """Fit one Hill curve to each row by Huber's robust least squares.

    Parameters
    ----------
    log_dose
        `(n_curves, n_doses)` log10 doses, none missing; the doses of a row differ.
    viability
        `(n_curves, n_doses)` none missing.
    fit_top
        Fit the viability without drug, within `TOPS`; else it is 1, the control.

    Returns
    -------
    HillCurves
        The midpoint lies at most one decade outside the doses, the slope within `SLOPES`, the bottom between 0 and the
        top. Where a curve is flat, its midpoint and slope mean nothing.

    Examples
    --------
    >>> log_dose = np.linspace(-2.0, 1.0, 8)[None]
    >>> viability = 0.2 + 0.8 / (1 + 10 ** (1.5 * (log_dose + 0.5)))
    >>> curves = fit_hill(log_dose, viability)
    >>> round(float(curves.midpoint[0]), 3), round(float(curves.slope[0]), 3), round(float(curves.bottom[0]), 3)
    (-0.5, 1.5, 0.2)
    """
    parts = [
        _fit(log_dose[at : at + CURVES_AT_ONCE], viability[at : at + CURVES_AT_ONCE], fit_top)
        for at in range(0, len(log_dose), CURVES_AT_ONCE)
    ]
    midpoint, slope, bottom, top = np.concatenate(parts or [np.empty((0, 4))]).T
    return HillCurves(midpoint, np.exp(slope), top, top * bottom)


def _fit(log_dose: Array, viability: Array, fit_top: bool) -> Array:
    """`(n_curves, 4)`: midpoint, logarithm of the slope, bottom as a share of the top, top."""
    low, high = _bounds(log_dose, fit_top)
    best, cost = np.ones((len(log_dose), 4)), np.full(len(log_dose), np.inf)
    # from several slopes and either half: a step here and a decline there can both be the best nearby
    for slope, places in product(START_SLOPES, START_PLACES):
        start = _best_start(log_dose, viability, low, high, slope, places)
        tried, tried_cost = _search(log_dose, viability, low, high, start)
        better = tried_cost < cost
        best[better], cost[better] = tried[better], tried_cost[better]
    return best


def _search(log_dose: Array, viability: Array, low: Array, high: Array, start: Array) -> tuple[Array, Array]:
    """The nearest minimum `(n_curves, 4)` from a start, and its cost."""
    best, cost = start, _cost(_model(log_dose, start)[0] - viability)
    damping = np.full(len(best), 1e-2)
    active = np.arange(len(best))
    for _ in range(MOST_STEPS):
        if not len(active):
            break
        doses, wanted, now = log_dose[active], viability[active], best[active]
        step = _step(doses, wanted, now, low[active], high[active], damping[active])
        tried = np.clip(now + step, low[active], high[active])
        tried_cost = _cost(_model(doses, tried)[0] - wanted)
        better = tried_cost < cost[active]
        gain = np.where(better, cost[active] - tried_cost, 0.0)
        best[active[better]], cost[active[better]] = tried[better], tried_cost[better]
        damping[active] *= np.where(better, 0.2, 5.0)
        # a step that gained next to nothing, or that had to be damped away, ends the curve's search
        going = np.where(better, gain > 1e-9 * (cost[active] + 1e-9), damping[active] < 1e6)
        active = active[going]
    return best, cost


def _bounds(log_dose: Array, fit_top: bool) -> tuple[Array, Array]:
    ones = np.ones(len(log_dose))
    tops = TOPS if fit_top else (1.0, 1.0)
    ends = ((log_dose.min(axis=1) - _BEYOND, log_dose.max(axis=1) + _BEYOND), np.log(SLOPES), (0.0, 1.0), tops)
    low, high = (np.stack([bounds[side] * ones for bounds in ends], axis=1) for side in (0, 1))
    return low, high


def _best_start(log_dose: Array, viability: Array, low: Array, high: Array, slope: float, places: Array) -> Array:
    """The cheapest of a grid of curves of one slope with their midpoints in some places, `(n_curves, 4)`."""
    best, cost = np.ones((len(log_dose), 4)), np.full(len(log_dose), np.inf)
    best[:, 1] = np.log(slope)
    for share in places:
        midpoint = low[:, 0] + share * (high[:, 0] - low[:, 0])
        steps = slope * LN10 * (log_dose - midpoint[:, None])
        remaining = 0.5 * (1.0 - np.tanh(0.5 * steps))
        for bottom, top in product(START_BOTTOMS, START_TOPS if np.any(high[:, 3] > low[:, 3]) else (1.0,)):
            tried = _cost(top * (bottom + (1.0 - bottom) * remaining) - viability)
            better = tried < cost
            cost = np.where(better, tried, cost)
            best[better, 0], best[better, 2], best[better, 3] = midpoint[better], bottom, top
    return best


def _cost(difference: Array) -> Array:
    size = np.abs(difference)
    costs = np.where(size <= HUBER, 0.5 * difference**2, HUBER * (size - 0.5 * HUBER))
    return costs.sum(axis=1)


def _model(log_dose: Array, now: Array) -> tuple[Array, Array]:
    """Viability `(n, n_doses)` of each curve, and its derivatives `(n, n_doses, 4)`."""
    midpoint, slope, bottom, top = (now[:, i, None] for i in range(4))
    steep = np.exp(slope) * LN10
    steps = steep * (log_dose - midpoint)
    remaining = 0.5 * (1.0 - np.tanh(0.5 * steps))
    falling = -remaining * (1.0 - remaining) * top * (1.0 - bottom)
    shape = bottom + (1.0 - bottom) * remaining
    derivatives = np.stack([-steep * falling, steps * falling, top * (1.0 - remaining), shape], axis=2)
    return top * shape, derivatives


def _step(log_dose: Array, viability: Array, now: Array, low: Array, high: Array, damping: Array) -> Array:
    """A damped Gauss-Newton step of the weighted squares, within the parameters that are not held by a bound."""
    modelled, derivatives = _model(log_dose, now)
    difference = modelled - viability
    weight = np.minimum(1.0, HUBER / np.maximum(np.abs(difference), 1e-12))
    slope = np.einsum("nkp,nk->np", derivatives, weight * difference)
    curvature = np.einsum("nkp,nk,nkq->npq", derivatives, weight, derivatives)
    held = ((now <= low) & (slope >= 0)) | ((now >= high) & (slope <= 0))
    slope = np.where(held, 0.0, slope)
    curvature = np.where(held[:, :, None] | held[:, None, :], 0.0, curvature)
    diagonal = np.einsum("npp->np", curvature)
    diagonal = damping[:, None] * (diagonal + 1e-6) + held + 1e-12
    return np.linalg.solve(curvature + diagonal[:, :, None] * np.eye(4), -slope[:, :, None])[:, :, 0]
