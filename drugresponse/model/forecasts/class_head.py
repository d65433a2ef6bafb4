"""Scores to probabilities of classes: calibrated for each drug, with sets that hold the true class and a threshold."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import State, damaged, state_array
from drugresponse.model.forecasts._bent_odds import BentOdds
from drugresponse.model.forecasts._held_out_rows import HeldOutRows
from drugresponse.model.forecasts._score_levels import ScoreLevels
from drugresponse.model.forecasts.class_sets import ClassSets
from drugresponse.model.forecasts.head import COVERAGE, TWO_SIDED, Forecast, Head
from drugresponse.model.forecasts.likelihoods.cumulative_logit import (
    class_density,
    class_prior,
    log_odds_above,
    shares_of,
)
from drugresponse.model.forecasts.likelihoods.shrunken import RowDensity, ShrunkenParameters, refitted
from drugresponse.model.forecasts.thresholds import RULES, Thresholds, choose_thresholds

__all__ = ["ClassHead"]

Array = NDArray[np.float64]

_MOST_APART = 8.0
"""Log odds between one drug and all, of which either is hardly ever or nearly always the event."""
_OF_ONE_MODEL = 2.25
"""Variance of what held-out rows of five folds say of one model of all rows, by that over these rows alone: its
training rows are a draw too, that the folds share (Nadeau and Bengio 2003, "Inference for the generalization error",
doi:10.1023/A:1024068626366: 1 + 5 * 1/4)."""
_SHAPE = 0.15
"""Log odds, and share of the log odds between a row and its drug's mean, by which no score is quite logistic: where
what is not known of a sample is averaged over, odds fall faster in the tails than between."""
_PARTS = 5
"""Into which held-out rows are cut, so that sets and thresholds are learned on probabilities that did not see them."""


@dataclass(frozen=True, eq=False)
class ClassHead(Head):
    """Probabilities of two or more ordered classes.

    Attributes
    ----------
    levels
        Mean score of each drug.
    parameters
        First cut, distances between cuts and slope on the scale of the log odds, by drug.
    bent
        What drugs with many events add to that; none with more than two classes.
    sets
        Which classes remain possible.
    thresholds
        From which probability on the event is called; None with more than two classes.
    """

    outcome: Outcome
    scheme: str
    n_groups: int
    levels: ScoreLevels
    parameters: ShrunkenParameters
    bent: BentOdds
    sets: ClassSets
    thresholds: Thresholds | None

    @classmethod
    def fit(cls, held: HeldOutRows, *, cost_of_miss: float | None = None) -> ClassHead:
        """Learn from held-out rows.

        Parameters
        ----------
        held
            The rows, with the number of the class as response.
        cost_of_miss
            As for `choose_thresholds`.
        """
        n_classes, classes = len(held.outcome.classes), held.y.astype(np.intp)
        levels = ScoreLevels.fit(held.pairs, held.scores, held.weights, held.scheme, held.levels_apart)
        parameters, effect = held.fit_parameters(_density(held, levels), class_prior(n_classes, levels.within))
        bent = _bent(held, levels, parameters, effect)
        drug, n_drugs = levels.at(held.pairs), levels.n_drugs
        empty = ClassSets(np.full((n_drugs + 1, n_classes), np.inf), np.zeros(n_classes, dtype=np.int64))
        head = cls(held.outcome, held.scheme, held.n_groups, levels, parameters, bent, empty, None)
        shares = head._without_own_rows(held, effect)
        sets = empty if not held.bounded else ClassSets.calibrate(
            held.pairs, classes, shares, held.weights,
            scheme=held.scheme, coverage=COVERAGE, drug=drug, n_drugs=n_drugs,
        )  # fmt: skip
        if held.outcome.kind != "binary":
            return replace(head, sets=sets)
        thresholds = choose_thresholds(
            held.outcome, held.y, shares[:, 1], drug, n_drugs,
            groups=held.groups, weights=held.weights, cost_of_miss=cost_of_miss,
        )  # fmt: skip
        return replace(head, sets=sets, thresholds=thresholds)

    def _without_own_rows(self, held: HeldOutRows, effect: float) -> Array:
        """`(n_rows, n_classes)` probabilities by calibrations that did not see the row's group."""
        shares = np.empty((len(held.y), len(self.outcome.classes)))
        for seen, left_out in held.parts(_PARTS):
            rows = held.take(seen)
            density = _density(rows, self.levels)
            prior = class_prior(shares.shape[1], self.levels.within)
            again = refitted(self.parameters, density, rows.pairs, rows.weights / effect, prior)
            head = replace(self, parameters=again, bent=_bent(rows, self.levels, again, effect))
            shares[left_out] = head._shares(held.pairs[left_out], held.scores[left_out])[0]
        return shares

    def distribution(self, pairs: Pairs, scores: Array) -> Distribution:
        """Shares of the classes, beside the mean of the log odds of each class and those above."""
        shares, odds, _ = self._shares(pairs, scores)
        return Distribution(self.outcome, odds.mean(axis=1), shares=shares)

    def _shares(self, pairs: Pairs, scores: Array) -> tuple[Array, Array, Array]:
        """Probabilities `(n_pairs, n_classes)`; log odds of each class and those above; the spread of a correction."""
        level, deviation = _split(self.levels, pairs, scores)
        own = self.parameters.by_drug[self.parameters.at(pairs)]
        above = log_odds_above(own, level, deviation)
        spread, drug = np.zeros(len(pairs)), self.levels.at(pairs)
        if above.shape[1] == 1:
            bent, spread = self.bent.of(above[:, 0], drug)
            shares = shares_of(bent[:, None])
        else:
            shares = shares_of(above)
        # rows say nothing of what is rarer than one in twice their number
        floor = 0.5 / (self.levels.rows[drug] + 1)[:, None]
        shares = np.maximum(shares, np.minimum(floor, 0.5 / shares.shape[1]))
        return shares / shares.sum(axis=1, keepdims=True), above, spread

    def forecast(self, pairs: Pairs, scores: Array) -> Forecast:
        """Probability of the event with its interval, or the most probable class with the ends of its set."""
        shares, odds, spread = self._shares(pairs, scores)
        distribution = Distribution(self.outcome, odds.mean(axis=1), shares=shares)
        threshold = None if self.thresholds is None else self.thresholds.values[self.levels.at(pairs)]
        called = shares.argmax(axis=1) if threshold is None else (shares[:, 1] >= threshold).astype(np.intp)
        sets = self.sets.of(shares, self.levels.at(pairs))
        # a threshold looks at one kind of error, a set at all: what is called is never said to be impossible beside it
        sets[np.arange(len(pairs)), called] = True
        names = np.array(self.outcome.classes, dtype=object)
        columns = {"class_set": np.array([";".join(names[row]) for row in sets], dtype=object)}
        if threshold is None:
            ends = sets.argmax(axis=1), sets.shape[1] - 1 - sets[:, ::-1].argmax(axis=1)
            each = {f"probability_{name}": shares[:, at] for at, name in enumerate(self.outcome.classes)}
            columns = {"probability": shares.max(axis=1), **columns, **each}
            lowest, highest = names[ends[0]], names[ends[1]]
            return Forecast(distribution, names[called], lowest, highest, columns, ("class_set",), sets)
        half = TWO_SIDED * np.maximum(self._odds_spread(pairs, scores), spread)
        centre = logit(shares[:, 1])
        columns = {"class": names[called], **columns, "threshold": threshold}
        lower, upper = expit(centre - half), expit(centre + half)
        return Forecast(distribution, shares[:, 1], lower, upper, columns, ("class_set",), sets, threshold)

    def point(self, distribution: Distribution) -> NDArray[Any]:
        """The probability of the event, or the most probable class."""
        shares = np.asarray(distribution.shares, dtype=np.float64)
        if self.outcome.kind == "binary":
            return shares[:, 1]
        return np.array(self.outcome.classes, dtype=object)[shares.argmax(axis=1)]

    def _odds_spread(self, pairs: Pairs, scores: Array) -> Array:
        """`(n_pairs,)` standard deviation of the log odds of the event, by how sure level, cut and slope are.

        The cut is known given the level of the scores, which was learned from responses too: together they are no
        surer than the share of the event among the drug's rows. All of it was learned on models of parts of the rows,
        whose levels differ from one to the next as that of the model of all rows may.
        """
        at = self.parameters.at(pairs)
        own, covariance = self.parameters.by_drug[at], self.parameters.covariance[at]
        level, deviation = _split(self.levels, pairs, scores)
        slope = np.exp(own[:, 1])
        distance = slope * deviation
        slopes = np.column_stack([-np.ones(len(pairs)), distance])
        variance = np.maximum(np.einsum("ni,nij,nj->n", slopes, covariance, slopes), 0.0)
        share = expit(log_odds_above(own, level, np.zeros(len(pairs)))[:, 0])
        events = self.levels.rows[self.levels.at(pairs)] * share * (1 - share)
        variance = variance + np.maximum(1 / np.maximum(events, 0.5) - covariance[:, 0, 0], 0.0)
        level_apart = slope * self.levels.apart
        return np.sqrt(_OF_ONE_MODEL * variance + level_apart**2 + _SHAPE**2 * (1 + distance**2))

    def summary(self) -> dict[str, Any]:
        """Groups, classes that are in every set, and the threshold."""
        always = [
            name for name, limit in zip(self.outcome.classes, self.sets.limits[-1], strict=True) if np.isinf(limit)
        ]
        told: dict[str, Any] = {
            "coverage": COVERAGE,
            "claimed": self.claimed,
            "groups": self.n_groups,
            "groups_by_class": [int(n) for n in self.sets.groups],
            "always_in_set": always,
        }
        if self.thresholds is not None:
            told["threshold_rule"] = self.thresholds.rule
            told["threshold"] = round(float(np.median(self.thresholds.values)), 6)
            told["drugs_bent"] = len(np.unique(self.bent.drug))
        return told

    def get_state(self) -> State:
        """Numbers by drug."""
        state: State = {
            "levels": self.levels.get_state(),
            "parameters": self.parameters.get_state(),
            "bent": self.bent.get_state(),
            "sets": self.sets.get_state(),
        }
        if self.thresholds is not None:
            state["thresholds"] = {"rule": self.thresholds.rule, "values": self.thresholds.values}
        return state

    @classmethod
    def from_state(cls, state: State, outcome: Outcome, scheme: str, n_groups: int) -> ClassHead:
        """The head of `get_state`'s answer, each part proved.

        Raises
        ------
        ModelFileError
            A part is damaged.
        """
        n_classes, levels = len(outcome.classes), ScoreLevels.from_state(state["levels"])
        thresholds = None
        if outcome.kind == "binary":
            values = state_array(state["thresholds"], "values", levels.n_drugs + 1)
            rule = state["thresholds"].get("rule")
            if rule not in RULES or not ((values >= 0) & (values <= 1)).all():
                raise damaged("a threshold of its forecasts is no probability")
            thresholds = Thresholds(rule, values)
        return cls(
            outcome, scheme, n_groups, levels,
            ShrunkenParameters.from_state(state["parameters"], n_classes),
            BentOdds.from_state(state["bent"], levels.n_drugs),
            ClassSets.from_state(state["sets"], levels.n_drugs, n_classes),
            thresholds,
        )  # fmt: skip


def _split(levels: ScoreLevels, pairs: Pairs, scores: Array) -> tuple[Array, Array]:
    """`(n_pairs,)` where the drug's scores lie among those of all drugs, in log odds; and the score within the drug.

    Scores that lie further apart than log odds do are on another scale.
    """
    level, deviation = levels.split(pairs, scores)
    apart = float(np.abs(levels.mean - levels.mean[-1]).max())
    return (level - levels.mean[-1]) * min(1.0, _MOST_APART / max(apart, 1e-12)), deviation


def _density(held: HeldOutRows, levels: ScoreLevels) -> RowDensity:
    return class_density(held.y.astype(np.intp), *_split(levels, held.pairs, held.scores))


def _bent(held: HeldOutRows, levels: ScoreLevels, parameters: ShrunkenParameters, effect: float) -> BentOdds:
    if held.outcome.kind != "binary":
        return BentOdds.none()
    own = parameters.by_drug[parameters.at(held.pairs)]
    odds = log_odds_above(own, *_split(levels, held.pairs, held.scores))[:, 0]
    drug = levels.at(held.pairs)
    return BentOdds.fit(held.y, odds, drug, levels.n_drugs, held.groups, held.weights / effect)
