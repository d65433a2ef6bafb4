"""Scores to values between limits: location and spread of each drug, with bounds that meet what is observed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import State, damaged, state_array, state_number
from drugresponse.model.forecasts._held_out_rows import HeldOutRows
from drugresponse.model.forecasts._reading_ranges import ReadingRanges
from drugresponse.model.forecasts._score_levels import ScoreLevels
from drugresponse.model.forecasts.head import COVERAGE, TWO_SIDED, Forecast, Head
from drugresponse.model.forecasts.likelihoods.censored_normal import interval_density, interval_prior, misfit, unit_of
from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity, ShrunkenParameters, refitted
from drugresponse.model.intervals.conformal import OWN_GROUPS, calibration_units, conformal_quantile

__all__ = ["IntervalHead"]

Array = NDArray[np.float64]

_PARTS = 5


@dataclass(frozen=True, eq=False)
class IntervalHead(Head):
    """Normal distributions of values between limits.

    The location ranks, and bears likelihood and bounds. What is predicted is the expected reading, which lies in the
    range in which values of the drug are told: where most rows are limits the location lies far beyond it.

    Attributes
    ----------
    levels
        Mean score of each drug.
    unit
        Of offsets and spreads, in that of the response.
    parameters
        Offset, logarithm of the slope and of the spread, by drug.
    reach
        `(n_drugs + 1,)` spreads from the location to either bound, last of a drug without its own; infinite without
        bounds.
    ranges
        In which values are told.
    """

    outcome: Outcome
    scheme: str
    n_groups: int
    levels: ScoreLevels
    unit: float
    parameters: ShrunkenParameters
    reach: Array
    ranges: ReadingRanges

    @classmethod
    def fit(cls, held: HeldOutRows) -> IntervalHead:
        """Learn from held-out rows."""
        levels = ScoreLevels.fit(held.pairs, held.scores, held.weights, held.scheme, held.levels_apart)
        unit = unit_of(held.y, levels.split(held.pairs, held.scores)[0])
        prior = interval_prior(levels.within * levels.size / unit)
        parameters, effect = held.fit_parameters(_density(held, levels, unit), prior)
        n_drugs = levels.n_drugs
        endless, ranges = np.full(n_drugs + 1, np.inf), ReadingRanges.fit(held.pairs, held.scheme)
        head = cls(held.outcome, held.scheme, held.n_groups, levels, unit, parameters, endless, ranges)
        if not held.bounded:
            return head
        off = np.empty(len(held.y))
        for seen, left_out in held.parts(_PARTS):
            rows = held.take(seen)
            density = _density(rows, levels, unit)
            again = replace(head, parameters=refitted(parameters, density, rows.pairs, rows.weights / effect, prior))
            location, spread = again._normal(held.pairs[left_out], held.scores[left_out])
            off[left_out] = misfit(held.observed[left_out], location, spread)
        return replace(head, reach=_reach(held, off, levels))

    def _normal(self, pairs: Pairs, scores: Array) -> tuple[Array, Array]:
        level, deviation = self.levels.split(pairs, scores)
        own = self.parameters.by_drug[self.parameters.at(pairs)]
        location = level + self.unit * (own[:, 0] + np.exp(own[:, 1]) * deviation)
        return location, self.unit * np.exp(own[:, 2])

    def distribution(self, pairs: Pairs, scores: Array) -> Distribution:
        """Location, spread and what they come to, on the scale of the responses."""
        location, spread = self._normal(pairs, scores)
        point = self.ranges.point(pairs, location, spread)
        return Distribution(self.outcome, location, spread=spread, point=point)

    def forecast(self, pairs: Pairs, scores: Array) -> Forecast:
        """The expected reading with bounds, beside the same in natural units where the scale is a logarithm.

        A value lies between two dilutions, of which the greater is what a laboratory reads: of a series the readings
        stand last, for comparing with breakpoints.

        Bounds are those of the value itself, wherever it lies, and reach to the prediction where that is the nearest
        value that can be told.
        """
        told = self.distribution(pairs, scores)
        location, point = told.scores, self.point(told)
        reach = self.reach[self.levels.at(pairs)]
        half = np.where(np.isfinite(reach), reach, np.nan) * np.asarray(told.spread)
        lower, upper = np.minimum(location - half, point), np.maximum(location + half, point)
        base = float(self.outcome.logarithm)
        if not base:
            return Forecast(told, point, lower, upper)
        natural = {"value": base**point, "value_lower": base**lower, "value_upper": base**upper}
        bounds: tuple[str, ...] = ("value_lower", "value_upper")
        if self.ranges.are_dilutions:
            # the median reading: a mean never lies at the end of a range
            read = {"reading": location, "reading_lower": lower, "reading_upper": upper}
            natural |= {name: base ** self.ranges.dilutions(pairs, values) for name, values in read.items()}
            bounds = (*bounds, "reading_lower", "reading_upper")
        return Forecast(told, point, lower, upper, natural, bounds)

    def point(self, distribution: Distribution) -> NDArray[Any]:
        """The expected reading."""
        if distribution.point is None:
            raise ValueError("a distribution of values between limits has a value that is predicted")
        return distribution.point

    def summary(self) -> dict[str, Any]:
        """Groups, and how far bounds reach."""
        known = self.reach[np.isfinite(self.reach)]
        return {
            "coverage": COVERAGE,
            "claimed": self.claimed,
            "groups": self.n_groups,
            "reach": round(float(np.median(known)), 6) if len(known) else None,
        }

    def get_state(self) -> State:
        """Numbers by drug."""
        return {
            "levels": self.levels.get_state(),
            "unit": self.unit,
            "parameters": self.parameters.get_state(),
            "reach": self.reach,
            "ranges": self.ranges.get_state(),
        }

    @classmethod
    def from_state(cls, state: State, outcome: Outcome, scheme: str, n_groups: int) -> IntervalHead:
        """The head of `get_state`'s answer, each part proved.

        Raises
        ------
        ModelFileError
            A part is damaged.
        """
        levels = ScoreLevels.from_state(state["levels"])
        reach = state_array(state, "reach", levels.n_drugs + 1, finite=False)
        if not (reach >= 0).all():
            raise damaged("a bound of its forecasts has no width")
        parameters = ShrunkenParameters.from_state(state["parameters"], 3)
        ranges = ReadingRanges.from_state(state["ranges"])
        if list(ranges.drug_ids) != list(levels.drug_ids):
            raise damaged("the ranges of its forecasts are of other drugs")
        return cls(outcome, scheme, n_groups, levels, state_number(state, "unit", 1e-300), parameters, reach, ranges)


def _density(held: HeldOutRows, levels: ScoreLevels, unit: float) -> RowDensity:
    return interval_density(held.observed, *levels.split(held.pairs, held.scores), unit)


def _reach(held: HeldOutRows, off: Array, levels: ScoreLevels) -> Array:
    """`(n_drugs + 1,)` spreads to the bounds that hold for new groups, as in the intervals of continuous responses.

    Where rows are limits, most of which any bounds meet, bounds reach no less far than the normal distribution says.
    """
    units, drug = calibration_units(held.pairs, held.scheme), levels.at(held.pairs)
    observed = held.observed
    limit = np.asarray(observed.lower) < np.asarray(observed.upper)

    def quantile(rows: NDArray[np.intp]) -> float:
        least = TWO_SIDED if limit[rows].any() else 0.0
        return max(least, *(conformal_quantile(off[rows], unit[rows], COVERAGE, held.weights[rows]) for unit in units))

    def count(rows: NDArray[np.intp]) -> int:
        return min(len(np.unique(unit[rows])) for unit in units)

    by_drug = [np.flatnonzero(drug == at) for at in range(levels.n_drugs)]
    own = np.array([count(rows) >= OWN_GROUPS for rows in by_drug], dtype=bool)
    reach = np.full(levels.n_drugs + 1, quantile(np.arange(len(off))))
    for at in np.flatnonzero(own):
        reach[at] = quantile(by_drug[at])
    others = np.flatnonzero(~np.append(own, False)[drug])
    if own.any() and len(others):
        reach[:-1][~own] = quantile(others)
    return reach
