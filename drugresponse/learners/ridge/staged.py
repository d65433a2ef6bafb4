"""What learners share that start at the ridge and learn something after it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, Protocol, TypeVar

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge.screened import ScreenedRidge
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
    """A ridge, and a second stage that is fitted to its numbers.

    Of stored genotypes the second stage is given the ridge's embedding and the features that a screening of the
    training's samples kept.
    """

    scheme: str
    rank: int
    random_state: int
    stage_: FactorRidge
    second_: Stage
    screened_: ScreenedRidge | None = None
    reads_blocks: ClassVar[bool] = True
    _given: FactorRidge | None = None
    """The ridge of all rows, where it is there already."""

    def first_ridge(self) -> FactorRidge:
        """The ridge that comes first, unfitted."""
        return FactorRidge(self.scheme, self.rank, self.random_state)

    def fit_after(self, ridge: FactorRidge, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> Any:
        """As `fit`, of rows to which the first ridge was fitted already.

        Parameters
        ----------
        ridge
            As `first_ridge` gives it, fitted to these rows, of genotypes in memory. It is kept, and not changed.
        pairs, y, sample_weight
            As in `fit`.
        """
        self._given = ridge
        try:
            return self.fit(pairs, y, sample_weight)
        finally:
            self._given = None

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """What the ridge prepares."""
        self.first_ridge().prepare(pairs, n_jobs)

    def _start(self, pairs: Pairs, y: Array, weights: Array | None) -> tuple[FactorRidge, Pairs, ScreenedRidge | None]:
        """The ridge, and the pairs that the second stage is fitted to: of stored genotypes its stand-in, and theirs."""
        return self._start_of_part(pairs, y, weights) if self._given is None else (self._given, pairs, None)

    def _start_of_part(
        self, pairs: Pairs, y: Array, weights: Array | None
    ) -> tuple[FactorRidge, Pairs, ScreenedRidge | None]:
        """As `_start`, of some of the rows."""
        ridge = self.first_ridge().fit(pairs, y, weights)
        if not pairs.genotypes.is_stored:
            return ridge, pairs, None
        screened, shown = ScreenedRidge.fit(ridge, pairs)
        return screened.stage, shown, screened

    def predict(self, pairs: Pairs) -> Array:
        """Those of the second stage."""
        check_is_fitted(self, "second_")
        return self.second_.predict(pairs if self.screened_ is None else self.screened_.shown(pairs))

    def contribution_parts(self) -> pd.DataFrame:
        """Those of the ridge."""
        return self._whole().contribution_parts()

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """Those of the second stage; credit of the ridge's numbers is rescaled to the tokens that they come from."""
        pairs = pairs.compact()
        if self.screened_ is None:
            return self.second_.contributions(pairs)
        return self.screened_.contributions(pairs, self.second_.contributions(self.screened_.shown(pairs)))

    def trained_features(self) -> pd.DataFrame:
        """Those of the ridge."""
        return self._whole().trained_features()

    def _whole(self) -> FactorRidge:
        """The ridge on all tokens."""
        return self.stage_ if self.screened_ is None else self.screened_.whole

    def _of_features(self, names: list[tuple[str, str]], shares: Array) -> tuple[list[tuple[str, str]], Array]:
        """Shares of what the second stage is given as those of all features."""
        return (names, shares) if self.screened_ is None else self.screened_.of_features(names, shares)

    def get_state(self) -> State:
        """The ridge, and the second stage."""
        state: State = {"stage": self.stage_.get_state(), **self.second_.get_state()}
        return state if self.screened_ is None else {**state, "screened": self.screened_.get_state()}

    def _restore_stage(self, state: State, settings: Mapping[str, Any]) -> None:
        """Take the ridge of `get_state`'s answer."""
        self.stage_ = FactorRidge.from_state(state["stage"], **FactorRidge.own_settings(settings))
        if "screened" in state:
            self.screened_ = ScreenedRidge.from_state(state["screened"], self.stage_, settings)
