"""Scores to times of an event: survival of each drug at stored times, and the mean to a horizon."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores.follow_up import Horizons
from drugresponse.learners.state import State, damaged, state_array, state_number
from drugresponse.model.forecasts._held_out_rows import HeldOutRows
from drugresponse.model.forecasts._score_levels import ScoreLevels
from drugresponse.model.forecasts.head import TWO_SIDED, Forecast, Head
from drugresponse.model.forecasts.likelihoods.piecewise_hazard import (
    HazardSteps,
    hazard_edges,
    median_time,
    restricted_mean,
    time_grid,
)
from drugresponse.model.forecasts.likelihoods.shrunken import ShrunkenParameters

__all__ = ["TimeHead"]

Array = NDArray[np.float64]

_STEP = 1e-4
"""By which a parameter is moved to see what the mean time makes of it."""
_LEAST_SHARE = 1e-6


@dataclass(frozen=True, eq=False)
class TimeHead(Head):
    """Survival by hazards that are proportional within a drug.

    Attributes
    ----------
    levels
        Mean score of each drug, at which its hazard is that of `parameters`.
    steps
        Times between which hazards are constant.
    parameters
        Level, logarithms of the hazards of the steps, and that of the slope, by drug.
    horizon
        To which mean times are restricted.
    stated
        `(n_stated,)` times whose survival stands in the table of predictions.
    """

    outcome: Outcome
    scheme: str
    n_groups: int
    levels: ScoreLevels
    steps: HazardSteps
    parameters: ShrunkenParameters
    horizon: float
    stated: Array

    @classmethod
    def fit(cls, held: HeldOutRows, *, horizon: float | None = None) -> TimeHead:
        """Learn from held-out rows.

        Parameters
        ----------
        held
            The rows.
        horizon
            Time up to which survival is told; None is the last at which a tenth of the rows were watched.
        """
        observed = held.observed
        happened = np.asarray(observed.happened, dtype=bool)
        levels = ScoreLevels.fit(held.pairs, held.scores, held.weights, held.scheme, held.levels_apart)
        steps = HazardSteps(hazard_edges(held.y, happened), max(float(happened.sum()), 1.0) / float(held.y.sum()))
        deviation = levels.split(held.pairs, held.scores)[1]
        density = steps.density(observed, held.y, deviation)
        parameters, _ = held.fit_parameters(density, steps.prior(levels.within * levels.size))
        usual = Horizons.of_rows(np.full(len(held.y), "", dtype=object), held.y, observed)
        end = float(usual.horizon[-1]) if horizon is None else horizon
        times = held.y[happened & (held.y <= end)]
        stated = np.quantile(times, (0.25, 0.5, 0.75)) if len(times) else np.array([end / 2])
        stated = np.unique([float(f"{time:.4g}") for time in stated])
        return cls(held.outcome, held.scheme, held.n_groups, levels, steps, parameters, end, stated[stated > 0])

    @property
    def times(self) -> Array:
        """Times at which survival is told."""
        return time_grid(max(float(self.steps.edges[-1]), self.horizon), self.horizon, *self.stated)

    def _survival(self, parameters: Array, deviation: Array) -> Array:
        risk = self.steps.log_risk(parameters, deviation)
        return np.asarray(
            np.exp(-self.steps.cumulative(self.steps.log_hazards(parameters) + risk[:, None], self.times))
        )

    def distribution(self, pairs: Pairs, scores: Array) -> Distribution:
        """Survival, beside the logarithm of the hazard to the horizon."""
        own = self.parameters.by_drug[self.parameters.at(pairs)]
        survival = self._survival(own, self.levels.split(pairs, scores)[1])
        at = int(np.searchsorted(self.times, self.horizon))
        risk = self.steps.log_risk(own, self.levels.split(pairs, scores)[1])
        base = self.steps.cumulative(self.steps.log_hazards(own), self.times[[at]])[:, 0]
        return Distribution(self.outcome, np.log(np.maximum(base, 1e-300)) + risk, times=self.times, survival=survival)

    def forecast(self, pairs: Pairs, scores: Array) -> Forecast:
        """The mean time to the horizon with bounds, beside the median and survival at the stated times."""
        told = self.distribution(pairs, scores)
        survival = np.asarray(told.survival)
        mean = restricted_mean(self.times, survival, self.horizon)
        share = np.clip(mean / self.horizon, _LEAST_SHARE, 1 - _LEAST_SHARE)
        half = TWO_SIDED * self._spread_of_share(pairs, scores, share)
        lower, upper = (self.horizon * expit(logit(share) + sign * half) for sign in (-1, 1))
        columns: dict[str, NDArray[Any]] = {"median_time": median_time(self.times, survival, self.horizon)}
        columns |= {
            f"survival_{time:.4g}": survival[:, int(np.searchsorted(self.times, time))]
            for time in self.stated
            if time <= self.times[-1]
        }
        return Forecast(told, mean, np.minimum(lower, mean), np.maximum(upper, mean), columns)

    def _spread_of_share(self, pairs: Pairs, scores: Array, share: Array) -> Array:
        """`(n_pairs,)` standard deviation of the log odds of mean over horizon, by how sure hazards and slope are."""
        at, deviation = self.parameters.at(pairs), self.levels.split(pairs, scores)[1]
        own, slopes = self.parameters.by_drug[at], []
        for number in range(own.shape[1]):
            moved = own.copy()
            moved[:, number] += _STEP
            mean = restricted_mean(self.times, self._survival(moved, deviation), self.horizon)
            moved_share = np.clip(mean / self.horizon, _LEAST_SHARE, 1 - _LEAST_SHARE)
            slopes.append((logit(moved_share) - logit(share)) / _STEP)
        slope = np.column_stack(slopes)
        variance = np.einsum("ni,nij,nj->n", slope, self.parameters.covariance[at], slope)
        return np.sqrt(np.maximum(variance, 0.0))

    def point(self, distribution: Distribution) -> NDArray[Any]:
        """The mean time to the horizon."""
        return restricted_mean(np.asarray(distribution.times), np.asarray(distribution.survival), self.horizon)

    def summary(self) -> dict[str, Any]:
        """Groups, horizon and the times that are told of."""
        return {
            "claimed": self.claimed,
            "groups": self.n_groups,
            "horizon": self.horizon,
            "steps": len(self.steps.edges),
            "times": [float(time) for time in self.stated],
        }

    def get_state(self) -> State:
        """Hazards by drug and step."""
        return {
            "levels": self.levels.get_state(),
            "edges": self.steps.edges,
            "rate": self.steps.rate,
            "parameters": self.parameters.get_state(),
            "horizon": self.horizon,
            "stated": self.stated,
        }

    @classmethod
    def from_state(cls, state: State, outcome: Outcome, scheme: str, n_groups: int) -> TimeHead:
        """The head of `get_state`'s answer, each part proved.

        Raises
        ------
        ModelFileError
            A part is damaged.
        """
        edges, stated = state_array(state, "edges", -1), state_array(state, "stated", -1)
        for times in (edges, stated):
            if (np.diff(times) <= 0).any() or (times <= 0).any():
                raise damaged("the times of its forecasts do not ascend")
        if not 0 < len(edges) <= 1000 or len(stated) > 1000:
            raise damaged("its forecasts have no times")
        parameters = ShrunkenParameters.from_state(state["parameters"], len(edges) + 2)
        steps = HazardSteps(edges, state_number(state, "rate", 1e-300))
        levels, horizon = ScoreLevels.from_state(state["levels"]), state_number(state, "horizon", 1e-12)
        return cls(outcome, scheme, n_groups, levels, steps, parameters, horizon, stated)
