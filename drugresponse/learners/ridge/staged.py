"""What learners share that start at the ridge and learn something after it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State

__all__ = ["SecondStage", "StagedRegressor"]


class SecondStage(Protocol):
    """What was learned after the ridge, which it holds."""

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)`."""

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The parts of each prediction, drug by drug, of compact pairs; their names are those of the ridge."""

    def get_state(self) -> State:
        """All that `predict` needs beside the ridge."""


Stage = TypeVar("Stage", bound=SecondStage)


class StagedRegressor(PairRegressor, Generic[Stage]):
    """A ridge, and a second stage that is fitted to its numbers."""

    scheme: str
    rank: int
    random_state: int
    stage_: FactorRidge
    second_: Stage

    def _ridge(self) -> FactorRidge:
        return FactorRidge(self.scheme, self.rank, self.random_state)

    def predict(self, pairs: Pairs) -> Array:
        """Those of the second stage."""
        check_is_fitted(self, "second_")
        return self.second_.predict(pairs)

    def contribution_parts(self) -> pd.DataFrame:
        """Those of the ridge."""
        return self.stage_.contribution_parts()

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """Those of the second stage; credit of the ridge's numbers is rescaled to the tokens that they come from."""
        return self.second_.contributions(pairs.compact())

    def trained_features(self) -> pd.DataFrame:
        """Those of the ridge."""
        return self.stage_.trained_features()

    def get_state(self) -> State:
        """The ridge, and the second stage."""
        return {"stage": self.stage_.get_state(), **self.second_.get_state()}
