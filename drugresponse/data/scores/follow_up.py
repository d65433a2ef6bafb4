"""Who was still watched when: the censoring of times to an event, estimated on training rows."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.scores._parts import part

__all__ = ["STATED_SHARES", "Censoring", "FollowUp", "Horizons", "kaplan_meier", "step_at"]

STATED_SHARES = (0.25, 0.5, 0.75)
"""Shares of the observed events, at whose times Brier scores and calibration are stated."""
_STILL_WATCHED = 0.1
"""Least share of the largest number at risk that must still be at risk at the horizon."""
_GRID = 100
_OWN_ROWS, _OWN_EVENTS = 20, 10
"""Fewest rows and events from which a drug's own horizon and censoring are estimated; else those of all drugs."""
_LEAST_WATCHED = 0.05
"""The share still watched counts as no less: no row weighs more than 20."""

Array = NDArray[np.float64]
_Steps = tuple[Array, Array]


def kaplan_meier(
    times: Array, happened: NDArray[np.bool_], entry: Array | None = None, weights: Array | None = None
) -> _Steps:
    """The share without an event, as steps: Kaplan and Meier 1958, doi:10.1080/01621459.1958.10501452.

    Parameters
    ----------
    times, happened
        `(n_rows,)` when the event happened, or up to when it had not.
    entry
        `(n_rows,)` when each row came under observation; it is at risk after that, and from the start where it is 0.
        None is 0.
    weights
        `(n_rows,)` above 0; None is 1 for all.

    Returns
    -------
    times, survival
        `(n_events,)` distinct times of events, ascending, and the share without an event from each of them on.

    Examples
    --------
    >>> at, survival = kaplan_meier(np.array([1.0, 2.0, 3.0]), np.array([True, False, True]))
    >>> at.tolist(), survival.round(3).tolist()
    ([1.0, 3.0], [0.667, 0.0])
    """
    weight = np.ones(len(times)) if weights is None else weights
    at, index = np.unique(times[happened], return_inverse=True)
    events = np.bincount(index, weight[happened], len(at))
    order = np.argsort(times, kind="stable")
    total = np.append(np.cumsum(weight[order][::-1])[::-1], 0.0)
    at_risk = total[np.searchsorted(times[order], at, side="left")]
    if entry is not None:
        # who came at 0 was there from the start, also for an event at 0
        late = np.flatnonzero(entry > 0)
        later = late[np.argsort(entry[late], kind="stable")]
        total = np.append(np.cumsum(weight[later][::-1])[::-1], 0.0)
        # an entry at the very time of an event comes after it
        at_risk = at_risk - total[np.searchsorted(entry[later], at, side="left")]
    with np.errstate(divide="ignore", invalid="ignore"):
        left = np.where(at_risk > 0, 1 - events / at_risk, 1.0)
    return at, np.cumprod(np.clip(left, 0.0, 1.0))


def step_at(steps: _Steps, times: Array, *, before: bool = False) -> Array:
    """The height of steps that begin at 1, at any times; `before` is the height just before them.

    Examples
    --------
    >>> step_at((np.array([1.0]), np.array([0.5])), np.array([0.5, 1.0])).tolist()
    [1.0, 0.5]
    """
    at = np.searchsorted(steps[0], times, side="left" if before else "right")
    return np.append(1.0, steps[1])[at]


@dataclass(frozen=True, eq=False)
class Horizons:
    """To when, and at which times, the predictions of each drug are scored: part of what is asked, not learned.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` those with rows enough for their own; all others share the last row.
    horizon, stated
        `(n_drugs + 1,)`, and `(n_drugs + 1, 3)` the times by which 25, 50 and 75 % of the events before the horizon
        had happened.
    """

    drug_ids: NDArray[np.object_]
    horizon: Array
    stated: Array

    @classmethod
    def of_rows(
        cls, drug_ids: NDArray[np.object_], y: Array, observed: Observed, horizon: float | None = None
    ) -> Horizons:
        """The last time at which a tenth of the largest number at risk was still at risk, for each drug.

        Parameters
        ----------
        drug_ids, y, observed
            `(n_rows,)` all rows, of a time to an event.
        horizon
            The same one for all drugs, but that none is later than the last row of its drug; None as above.
        """
        own = [drug for drug in map(str, np.unique(drug_ids.astype(str))) if _enough(observed, drug_ids == drug)]
        sets = [*(drug_ids == drug for drug in own), np.ones(len(y), dtype=bool)]
        if horizon is None:
            horizons = np.array([_horizon(y[rows], observed[rows]) for rows in sets])
        else:
            horizons = np.array([min(horizon, float(y[rows].max())) for rows in sets])
        stated = []
        for rows, latest in zip(sets, horizons, strict=True):
            times = y[rows][part(observed.happened)[rows] & (y[rows] <= latest)]
            stated.append(np.quantile(times, STATED_SHARES) if len(times) else np.full(3, latest / 2))
        return cls(np.array(own, dtype=object), horizons, np.array(stated))

    def row_of(self, drug_ids: NDArray[np.object_]) -> NDArray[np.intp]:
        """`(n_rows,)` which horizon is each row's."""
        return _place(self.drug_ids, drug_ids)


@dataclass(frozen=True, eq=False)
class FollowUp:
    """How probable it was that each held-out row was still watched, given that it was when it entered.

    Attributes
    ----------
    grid
        `(n_rows, n_times)` times from 0 to the row's horizon, the middles of equal steps.
    stated
        `(n_rows, 3)` times at which scores are stated.
    watched_at_grid, watched_at_stated
        The share still watched at those times.
    watched_before_end
        `(n_rows,)` the share still watched just before the row's own time.
    horizon
        `(n_rows,)`.
    """

    grid: Array
    stated: Array
    watched_at_grid: Array
    watched_at_stated: Array
    watched_before_end: Array
    horizon: Array

    def __getitem__(self, rows: Any) -> FollowUp:
        """That of some rows."""
        return FollowUp(**{part.name: getattr(self, part.name)[rows] for part in fields(self)})

    @classmethod
    def join(cls, parts: list[FollowUp]) -> FollowUp:
        """That of the rows of several folds, one fold after another."""
        return cls(**{part.name: np.concatenate([getattr(one, part.name) for one in parts]) for part in fields(cls)})


@dataclass(frozen=True, eq=False)
class Censoring:
    """The distribution of censoring of each drug, by Kaplan and Meier with the event and its absence exchanged.

    Weighing by its inverse makes the rows that were watched stand for those that were not: Graf et al. 1999,
    doi:10.1002/(SICI)1097-0258(19990915/30)18:17/18<2529::AID-SIM274>3.0.CO;2-5. A row that entered late counts from
    its entry on, and is weighed by the share still watched among those that were watched then.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` those with rows enough for their own.
    steps
        Of each of them, then of all rows together.
    """

    drug_ids: NDArray[np.object_]
    steps: tuple[_Steps, ...]

    @classmethod
    def fit(cls, drug_ids: NDArray[np.object_], y: Array, observed: Observed) -> Censoring:
        """Estimate it on training rows.

        Parameters
        ----------
        drug_ids, y, observed
            `(n_rows,)` of a time to an event.
        """
        own = [drug for drug in map(str, np.unique(drug_ids.astype(str))) if _enough(observed, drug_ids == drug)]
        sets = [*(drug_ids == drug for drug in own), np.ones(len(y), dtype=bool)]
        happened, entry = part(observed.happened), _entry(observed, y)
        # at one time events come before what is only not watched longer
        ends = np.where(happened, np.nextafter(y, -np.inf), y)
        steps = tuple(kaplan_meier(ends[rows], ~happened[rows], entry[rows]) for rows in sets)
        return cls(np.array(own, dtype=object), steps)

    def follow_up(self, drug_ids: NDArray[np.object_], y: Array, observed: Observed, horizons: Horizons) -> FollowUp:
        """Of held-out rows, up to their horizons.

        Parameters
        ----------
        drug_ids, y, observed
            `(n_rows,)` of a time to an event.
        horizons
            Of the same cohort.
        """
        which, own = horizons.row_of(drug_ids), _place(self.drug_ids, drug_ids)
        horizon, stated = horizons.horizon[which], horizons.stated[which]
        grid = horizon[:, None] * ((np.arange(_GRID) + 0.5) / _GRID)
        entry = _entry(observed, y)
        times = np.column_stack([grid, stated])
        watched, end = np.ones(times.shape), np.ones(len(y))
        for number in np.unique(own):
            rows, steps = own == number, self.steps[number]
            since = step_at(steps, entry[rows])
            since = np.where(since > 0, since, 1.0)
            watched[rows] = step_at(steps, times[rows]) / since[:, None]
            end[rows] = step_at(steps, y[rows], before=True) / since
        watched, end = np.clip(watched, _LEAST_WATCHED, 1.0), np.clip(end, _LEAST_WATCHED, 1.0)
        return FollowUp(grid, stated, watched[:, :_GRID], watched[:, _GRID:], end, horizon)


def _entry(observed: Observed, y: Array) -> Array:
    """When each row came under observation; -inf where it was from the start, so also at time 0."""
    entry = np.zeros(len(y)) if observed.entry is None else observed.entry
    return np.where(entry > 0, entry, -np.inf)


def _enough(observed: Observed, rows: NDArray[np.bool_]) -> bool:
    return int(rows.sum()) >= _OWN_ROWS and int(part(observed.happened)[rows].sum()) >= _OWN_EVENTS


def _place(known: NDArray[np.object_], drug_ids: NDArray[np.object_]) -> NDArray[np.intp]:
    """`(n_rows,)` number of each row's drug among the known ones, or one beyond."""
    places = {drug: number for number, drug in enumerate(known)}
    return np.array([places.get(drug, len(known)) for drug in drug_ids], dtype=np.intp)


def _horizon(y: Array, observed: Observed) -> float:
    entry = _entry(observed, y)
    times = np.unique(y)
    at_risk = np.array([np.count_nonzero((y >= time) & (entry < time)) for time in times])
    watched = times[at_risk >= max(_STILL_WATCHED * at_risk.max(), 1)]
    return float(watched.max())
