"""A rule under the interface of the learners: it learns nothing but the scale of its scores."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.evaluation.rules.rule import Rule
from drugresponse.learners.base import PairRegressor, relative_weights
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.state import Array, State

__all__ = ["RuleLearner"]

_FEWEST_ROWS = 10


@dataclass(eq=False, repr=False)
class RuleLearner(PairRegressor):
    """Predicts what a rule says.

    Of an outcome that is not continuous these are its scores as they are: what scores say is learned on held-out rows,
    as for every learner. Of a continuous one a line for each drug turns them into responses.

    Parameters
    ----------
    rule
        The rule.
    """

    rule: Rule | None = None
    reads_blocks: ClassVar[bool] = True

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> RuleLearner:
        """Learn the lines of a continuous outcome; else nothing."""
        self.lines_: dict[str, tuple[float, float]] = {}
        self.naive_ = None
        if pairs.outcome.kind != "continuous":
            return self
        weights = relative_weights(sample_weight, len(y))
        self.naive_ = NaiveEffects.fit(pairs, y, weights, scheme="new-samples")
        scores = self._rule().scores(pairs)
        for drug in pairs.used_drugs():
            rows = pairs.drug_index == drug
            if rows.sum() >= _FEWEST_ROWS and np.ptp(scores[rows]) > 0:
                slope, level = np.polyfit(scores[rows], y[rows], 1, w=np.sqrt(weights[rows]))
                self.lines_[str(pairs.drugs.index[drug])] = float(slope), float(level)
        return self

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` scores, or the responses that they stand for."""
        check_is_fitted(self, "lines_")
        scores = self._rule().scores(pairs)
        if self.naive_ is None:
            return scores
        predicted = self.naive_.finest(pairs)
        for drug, (slope, level) in self.lines_.items():
            rows = pairs.drug_ids == drug
            predicted[rows] = level + slope * scores[rows]
        return np.asarray(predicted)

    def _rule(self) -> Rule:
        if self.rule is None:
            raise InputError("`rule`: found none. Give a table of drug_id, feature_id and score or class.")
        return self.rule

    def get_state(self) -> State:
        """A rule is not stored: it is whoever's brings it."""
        raise InputError("rule: a model file holds no rule. Train a learner.")

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> RuleLearner:  # noqa: ARG003 -- no file holds one
        """As `get_state`."""
        raise InputError("rule: a model file holds no rule. Train a learner.")
