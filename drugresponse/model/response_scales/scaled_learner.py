"""A learner around which responses are brought to another scale, and its predictions back to means on the user's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, TooFewGroupsError, make_folds
from drugresponse.learners.base import PairRegressor, predictions_of
from drugresponse.learners.chosen import cheap_judge
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.registry import COVARIATES, find_learner, registered_name
from drugresponse.learners.state import State
from drugresponse.model.response_scales.choice import ScaleChoice, choose_scale, crossed_means
from drugresponse.model.response_scales.response_scale import AUTO, IDENTITY, ResponseScale, on_scale

__all__ = ["ScaledLearner"]

_FOLDS = 3

Array = NDArray[np.float64]


@dataclass(eq=False, repr=False)
class ScaledLearner(PairRegressor):
    """Another learner, fitted to responses on the scale that predicts them best on their own.

    Parameters
    ----------
    learner
        Any; of one that is naive the responses stay as they are.
    response_scale
        `auto`, or a name of `SCALES`.
    scheme, random_state
        Of the inner folds.

    Attributes
    ----------
    learner_, scale_, choice_
        The fitted learner, the way back, and what spoke for the scale.
    """

    learner: PairRegressor
    response_scale: str = AUTO
    scheme: str = "new-samples"
    random_state: int = 0

    @property
    def reads_blocks(self) -> bool:  # type: ignore[override]
        """As of the learner."""
        return self.learner.reads_blocks

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> ScaledLearner:
        """Choose a scale, learn the way back from rows that are held out, and fit to all."""
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        self.choice_ = self.choose(pairs, y, weights)
        name = self.choice_.name
        z = on_scale(name, y)
        self.scale_ = self._way_back(name, pairs, y, z, weights)
        self.learner_: PairRegressor = clone(self.learner).fit(pairs, z, sample_weight)
        return self

    def choose(self, pairs: Pairs, y: Array, weights: Array) -> ScaleChoice:
        """The scale for these rows."""
        if self._is_naive():
            return ScaleChoice.identity()
        judge = cheap_judge(self.learner)
        return choose_scale(self.response_scale, judge, pairs, y, weights, self.scheme, self.random_state)

    def _is_naive(self) -> bool:
        name = registered_name(type(self.learner))
        return name is not None and not find_learner(name).uses_genotype and name != COVARIATES

    def _way_back(self, name: str, pairs: Pairs, y: Array, z: Array, weights: Array) -> ResponseScale:
        if name == IDENTITY:
            return ResponseScale.identity()
        try:
            train, test = make_folds(pairs, self.scheme, _FOLDS, self.random_state)[0]
        except TooFewGroupsError:
            train = test = np.arange(len(y))
        fitted = clone(self.learner).fit(pairs[train], z[train], weights[train])
        scores = predictions_of(fitted, pairs[test])
        return ResponseScale.fit(name, pairs[test], y[test], scores, weights[test]).within(y)

    def fit_holding_out(
        self, pairs: Pairs, y: Array, sample_weight: Array | None, folds: Sequence[Fold], n_jobs: int | None = 1
    ) -> Array:
        """As in `PairRegressor`; each fold chooses without its test rows."""
        weights = np.ones(len(y)) if sample_weight is None else sample_weight
        pairs = training_pairs_for(self, pairs)
        self.choice_ = self.choose(pairs, y, weights)
        name = self.choice_.name
        # what is left as it is flatters no fold
        if name not in (IDENTITY, self.response_scale):
            of_folds = {self.choose(pairs[train], y[train], weights[train]).name for train, _ in folds}
            if of_folds != {name}:
                return super().fit_holding_out(pairs, y, sample_weight, folds, n_jobs)
        z = on_scale(name, y)
        self.learner_ = clone(self.learner)
        scores = self.learner_.fit_holding_out(pairs, z, sample_weight, folds, n_jobs)
        if name == IDENTITY:
            self.scale_ = ResponseScale.identity()
            return scores
        tests = [test for _, test in folds]
        tested = np.concatenate(tests)
        self.scale_ = ResponseScale.fit(name, pairs[tested], y[tested], scores[tested], weights[tested]).within(y)
        if len(tests) > 1:
            return crossed_means(name, pairs, y, weights, scores, tests)
        means = np.full(len(y), np.nan)
        means[tested] = self.scale_.means(pairs[tested].drug_ids, scores[tested])
        return means

    def predict(self, pairs: Pairs) -> Array:
        """Mean responses on the user's scale."""
        return self.scale_.means(pairs.drug_ids, predictions_of(self.learner_, pairs))

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """What the learner prepares."""
        self.learner.prepare(pairs, n_jobs)

    def trained_features(self) -> pd.DataFrame:
        """As of the learner."""
        return self.learner_.trained_features()

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """As of the learner."""
        return self.learner_.feature_weights()

    def get_state(self) -> State:
        """Of the learner and of the way back."""
        return {"learner": self.learner_.get_state(), "scale": self.scale_.get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> ScaledLearner:
        """A fitted learner from its state."""
        scaled = cls(**settings)
        scaled.learner_ = type(scaled.learner).from_state(state["learner"], **scaled.learner.get_params(deep=False))
        scaled.scale_ = ResponseScale.from_state(state["scale"])
        return scaled
