"""Times to an event: a hazard that is constant between few times, and what survival follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.observed import Observed
from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity

__all__ = ["HazardSteps", "hazard_edges", "median_time", "restricted_mean", "time_grid"]

Array = NDArray[np.float64]

_MOST_STEPS = 12
_EVENTS_A_STEP = 8
_GRID = 100
_SLOPE_SPREAD = 2.0
_LEVEL_SPREAD = 0.1
_MOST_LOG_RISK = 30.0


@dataclass(frozen=True, eq=False)
class HazardSteps:
    """Times between which the hazard is constant.

    Attributes
    ----------
    edges
        `(n_steps,)` ends of the steps, ascending; the first begins at 0, and the last goes on for ever.
    rate
        Events per time over all rows: the unit of hazards.

    Examples
    --------
    >>> steps = HazardSteps(np.array([1.0, 2.0]), rate=1.0)
    >>> hazards = np.log([[1.0, 3.0]])
    >>> steps.cumulative(hazards, np.array([0.5, 1.0, 1.5])).round(2).tolist()
    [[0.5, 1.0, 2.5]]
    """

    edges: Array
    rate: float

    @property
    def starts(self) -> Array:
        """`(n_steps,)` where each step begins."""
        return np.append(0.0, self.edges[:-1])

    def exposure(self, times: Array) -> Array:
        """`(n_times, n_steps)` time spent in each step from 0 to each time, in units of `1 / rate`."""
        ends = np.append(self.edges[:-1], np.inf)
        return np.asarray(np.clip(times[:, None] - self.starts, 0.0, ends - self.starts) * self.rate)

    def prior(self, slope: float) -> Array:
        """`(2, n_steps + 2)` centre and spread of the level, of the logarithms of the hazards and of that of the slope.

        The level is added to the hazards of all steps, so that drugs can differ in it and be alike in their course; of
        what is common to all drugs the hazards tell it.
        """
        n = len(self.edges)
        centre = np.append(np.zeros(n + 1), np.log(max(slope, 1e-6)))
        return np.vstack([centre, [_LEVEL_SPREAD, *np.full(n, 3.0), _SLOPE_SPREAD]])

    def density(self, observed: Observed, y: Array, deviation: Array) -> RowDensity:
        """Minus the log likelihood of times, as a function of the logarithms of hazards and slope.

        It is that of a Poisson regression on the time at risk in each step, which equals that of the piecewise
        exponential model (Holford 1980, "The analysis of rates and of survivorship using log-linear models",
        doi:10.2307/2529982). Rows that came late were not at risk before.

        Parameters
        ----------
        observed, y
            When each row's event happened, or up to when it had not.
        deviation
            `(n_rows,)` the row's score from the mean of its drug.
        """
        entry = np.zeros(len(y)) if observed.entry is None else np.asarray(observed.entry, dtype=np.float64)
        at_risk = np.maximum(self.exposure(y) - self.exposure(np.minimum(entry, y)), 0.0)
        step = np.minimum(np.searchsorted(self.edges, y, side="left"), len(self.edges) - 1)
        event = np.zeros(at_risk.shape)
        event[np.arange(len(y)), step] = np.asarray(observed.happened, dtype=np.float64)

        def density(parameters: Array) -> tuple[Array, Array]:
            risk = self.log_risk(parameters, deviation)
            logs = np.minimum(self.log_hazards(parameters) + risk[:, None], _MOST_LOG_RISK)
            expected = at_risk * np.exp(logs)
            values = (expected - event * logs).sum(axis=1)
            slopes = expected - event
            total = slopes.sum(axis=1)
            return values, np.column_stack([total, slopes, total * risk])

        return density

    def log_hazards(self, parameters: Array) -> Array:
        """`(n_rows, n_steps)` logarithms of the hazards of the steps, at the mean score of the drug."""
        return np.asarray(parameters[:, :1] + parameters[:, 1:-1])

    def log_risk(self, parameters: Array, deviation: Array) -> Array:
        """`(n_rows,)` what a row's score adds to the log hazard of its drug."""
        return np.asarray(np.exp(parameters[:, -1]) * deviation)

    def cumulative(self, hazards: Array, times: Array) -> Array:
        """`(n_rows, n_times)` the hazard from 0 to each time, of `(n_rows, n_steps)` logarithms of hazards."""
        return np.asarray(np.exp(np.minimum(hazards, _MOST_LOG_RISK)) @ self.exposure(times).T)


def hazard_edges(y: Array, happened: NDArray[np.bool_]) -> Array:
    """Ends of steps with as many events each, 8 or more, of which there are at most 12; the last is the last time."""
    events = y[happened & (y > 0)]
    n_steps = max(1, min(_MOST_STEPS, len(events) // _EVENTS_A_STEP))
    inner = np.quantile(events, np.arange(1, n_steps) / n_steps) if n_steps > 1 else np.zeros(0)
    edges = np.unique(np.append(inner, max(float(y.max()), 1e-12)))
    return np.asarray(edges[edges > 0])


def time_grid(end: float, *more: float) -> Array:
    """Times at which survival is told: equal steps to the end, and some more."""
    times = np.append(np.linspace(0.0, end, _GRID + 1)[1:], [time for time in more if 0 < time <= end])
    return np.unique(times)


def restricted_mean(times: Array, survival: Array, horizon: float) -> Array:
    """`(n_rows,)` mean of the time to the event or to the horizon, whichever comes first.

    Parameters
    ----------
    times, survival
        `(n_times,)` and `(n_rows, n_times)`, between which survival is taken to fall evenly.
    horizon
        The area under survival to this time is the mean (Royston and Parmar 2011, doi:10.1002/sim.4274).

    Examples
    --------
    >>> restricted_mean(np.array([1.0, 2.0]), np.array([[1.0, 0.0]]), 2.0).tolist()
    [1.5]
    """
    at = np.append(np.append(0.0, times[times < horizon]), horizon)
    left = np.column_stack([np.ones(len(survival)), survival])
    known = np.append(0.0, times)
    inside = left[:, np.searchsorted(known, at[:-1])]
    last = np.array([np.interp(horizon, known, row) for row in left])
    curve = np.column_stack([inside, last])
    return np.asarray(((curve[:, 1:] + curve[:, :-1]) / 2 * np.diff(at)).sum(axis=1))


def median_time(times: Array, survival: Array, horizon: float) -> Array:
    """`(n_rows,)` the time by which half have had the event; NaN where that is not before the horizon.

    Examples
    --------
    >>> median_time(np.array([1.0, 2.0]), np.array([[0.75, 0.25], [0.9, 0.8]]), 2.0).tolist()
    [1.5, nan]
    """
    known = np.append(0.0, times)
    left = np.column_stack([np.ones(len(survival)), survival])
    medians = np.array([np.interp(-0.5, -row, known, right=np.nan) for row in left])
    reached = (left.min(axis=1) <= 0.5) & (medians <= horizon)
    return np.where(reached, medians, np.nan)
