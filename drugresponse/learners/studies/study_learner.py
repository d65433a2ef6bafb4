"""A learner around which responses of several studies are brought to one scale, and repeats over studies joined."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import PairRegressor, predictions_of
from drugresponse.learners.state import State
from drugresponse.learners.studies.shifts import StudyShifts

__all__ = ["StudyLearner", "on_one_scale", "rows_on_one_scale"]

Array = NDArray[np.float64]


def on_one_scale(
    pairs: Pairs, y: Array, weights: Array | None, reference: str | None = None
) -> tuple[Pairs, Array, Array]:
    """Distinct pairs with their responses on the scale of one study; as they are where studies are not told apart.

    Parameters
    ----------
    pairs, y, weights
        Rows, which may hold a pair once for each study.
    reference
        As in `StudyShifts.fit`.

    Returns
    -------
    pairs, y, weights
        A pair that several studies measured has the weighted mean, and the sum of their weights.
    """
    weights = np.ones(len(y)) if weights is None else weights
    if pairs.studies is None:
        return pairs, y, weights
    return _joined(pairs, StudyShifts.fit(pairs, y, reference).removed(pairs, y), weights)


def rows_on_one_scale(rows: TrainingRows, reference: str | None = None) -> TrainingRows:
    """The same of joined tables."""
    pairs, y, weights = on_one_scale(rows.pairs, rows.y, rows.weights, reference)
    return replace(rows, pairs=pairs, y=y, weights=weights)


def _joined(pairs: Pairs, y: Array, weights: Array) -> tuple[Pairs, Array, Array]:
    cell = pairs.sample_index * len(pairs.drugs) + pairs.drug_index
    first, at = np.unique(cell, return_index=True, return_inverse=True)[1:]
    total = np.bincount(at, weights).astype(np.float64)
    joined = replace(pairs[first], studies=None)
    if pairs.censor is not None:
        least, most = np.full(len(first), 1, np.int8), np.full(len(first), -1, np.int8)
        np.minimum.at(least, at, pairs.censor)
        np.maximum.at(most, at, pairs.censor)
        joined = replace(joined, censor=np.where(least == most, least, 0).astype(np.int8))
    return joined, np.bincount(at, weights * y) / total, total


@dataclass(eq=False, repr=False)
class StudyLearner(PairRegressor):
    """Another learner, fitted to responses from which the shifts of the training studies were taken.

    Predictions are on the scale of the reference study. Which study a new row is of has no part in them.

    Parameters
    ----------
    learner
        Any.
    reference
        Name of a study; None takes the one with most pairs.

    Attributes
    ----------
    learner_
        The fitted learner.
    """

    learner: PairRegressor
    reference: str | None = None

    @property
    def reads_blocks(self) -> bool:  # type: ignore[override]
        """As of the learner."""
        return self.learner.reads_blocks

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> StudyLearner:
        """Estimate the shifts, take them off, and fit to distinct pairs."""
        self.learner_: PairRegressor = clone(self.learner).fit(*on_one_scale(pairs, y, sample_weight, self.reference))
        return self

    def predict(self, pairs: Pairs) -> Array:
        """Responses as the reference study would measure them."""
        return predictions_of(self.learner_, pairs)

    def trained_features(self) -> pd.DataFrame:
        """As of the learner."""
        return self.learner_.trained_features()

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """As of the learner."""
        return self.learner_.feature_weights()

    def get_state(self) -> State:
        """Of the learner."""
        return {"learner": self.learner_.get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> StudyLearner:
        """A fitted learner from its state."""
        restored = cls(**settings)
        kind, own = type(restored.learner), restored.learner.get_params(deep=False)
        restored.learner_ = kind.from_state(state["learner"], **own)
        return restored
