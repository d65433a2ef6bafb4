"""Trees after a ridge: for each drug where drugs are few; on samples, or on pairs, where they are many."""

from __future__ import annotations

import logging
from abc import abstractmethod
from typing import Any, TypeAlias

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, TooFewGroupsError, find_scheme, make_folds
from drugresponse.learners.base import relative_weights
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.ridge.staged import StagedRegressor
from drugresponse.learners.state import Array, State
from drugresponse.learners.trees._boosters import Growth
from drugresponse.learners.trees._drug_trees import DrugTrees
from drugresponse.learners.trees._pair_trees import PairTrees
from drugresponse.learners.trees._sample_trees import SampleTrees

__all__ = ["StagedTrees", "Trees"]

logger = logging.getLogger(__name__)

Trees: TypeAlias = DrugTrees | PairTrees | SampleTrees

_FEW_DRUGS = 20
"""Up to so many drugs each gets a booster of its own on all tokens."""
_FOLDS = 3
"""Folds by which the number of rounds is chosen."""


class StagedTrees(StagedRegressor[Trees]):
    """What both kinds of trees share: the ridge stage before them, which trees follow it, and their state.

    Inputs hold the ridge's prediction and embeddings instead of 3,000 columns repeated for each pair. For training rows
    both are left-out ones, so that the trees see the error that new rows will have. Few drugs have a booster each, and
    for new samples one more that they share, which predicts the other half; it looks at tokens only. Of many drugs and
    new samples the trees predict the sample embedding; of other schemes, the ridge's error on pairs.

    Of an outcome that is not continuous the trees are grown by its loss: for each drug, from the score that suits all
    its rows, or on pairs, from the ridge's, where drugs are many, since a class or a limit of one pair says nothing of
    a sample's embedding.
    """

    trees: int
    n_jobs: int | None
    grows_forest = False
    # how many rounds suit a loss is told by folds, whose rows a screening has seen
    reads_blocks_of_numbers_alone = True

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> StagedTrees:
        """Fit the ridge, then the trees on its left-out predictions."""
        pairs = training_pairs_for(self, pairs.compact())
        self.stage_, pairs, self.screened_ = self._start(pairs, y, sample_weight)
        weights = relative_weights(sample_weight, len(y))
        if pairs.outcome.kind != "continuous":
            self.second_ = self._by_loss(pairs, y, loss_of(pairs, y, weights))
            return self
        kind = self._kind(len(pairs.drugs))
        self.second_ = kind.fit(self.stage_, pairs, y, weights, self._growth(*self._parameters(kind)))
        if self.screened_ is not None:
            self.screened_.forget_scores()
        return self

    def _by_loss(self, pairs: Pairs, y: Array, loss: RowLoss) -> Trees:
        """Trees that lower the loss of the ridge's left-out scores; what it holds beside a score suits these."""
        loss = loss.adjusted(self.stage_.predict_left_out(pairs))
        few = self._kind(len(pairs.drugs)) is DrugTrees
        growth = self._growth(*self._loss_parameters())
        kind: type[DrugTrees | PairTrees] = DrugTrees if few else PairTrees
        return kind.fit_by_loss(self.stage_, pairs, y, loss, growth, self._folds(pairs))

    def _growth(self, parameters: dict[str, Any], rounds: int) -> Growth:
        return Growth(self.grows_forest, parameters, rounds, self.trees, self.n_jobs, self.random_state)

    def _folds(self, pairs: Pairs) -> list[Fold]:
        """Folds that choose the number of rounds; none where there are too few groups."""
        try:
            return make_folds(pairs, self.scheme, _FOLDS, self.random_state)
        except TooFewGroupsError as error:
            logger.info("trees stay at the ridge that they start from: %s", error)
            return []

    def _kind(self, n_drugs: int) -> type[Trees]:
        """The trees that suit this scheme and number of drugs."""
        scheme = find_scheme(self.scheme)
        if n_drugs <= _FEW_DRUGS and scheme.drug_effect:
            return DrugTrees
        return SampleTrees if scheme.drug_effect and not scheme.sample_effect else PairTrees

    @abstractmethod
    def _parameters(self, kind: type[Trees]) -> tuple[dict[str, Any], int]:
        """XGBoost's parameters and the number of rounds."""

    @abstractmethod
    def _loss_parameters(self) -> tuple[dict[str, Any], int]:
        """The same for trees that are grown by a loss, and most rounds."""

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Half the ridge's shares, half the trees' (gain of boosters, splits of trees on samples), as shares of 1."""
        names, shares = self.stage_.feature_weights()
        tree_shares = genotype_shares(self.stage_.sample_encoder_, self.second_.token_gains())[1]
        return self._of_features(names, (shares + tree_shares) / 2 if tree_shares.any() else shares)

    def notes(self) -> dict[str, Any]:
        """How the drugs are served, and the ridge stage's notes."""
        return {
            "boosters": 0 if isinstance(self.second_, SampleTrees) else len(self.second_.boosters.by_name),
            "one_booster_per_drug": isinstance(self.second_, DrugTrees),
            "trees_on_samples": isinstance(self.second_, SampleTrees),
            **self._whole().notes(),
        }

    def get_state(self) -> State:
        """The ridge, and trees as arrays or UBJSON bytes."""
        return {"single": isinstance(self.second_, DrugTrees), **super().get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> StagedTrees:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner._restore_stage(state, settings)
        kind: type[Trees] = DrugTrees if state["single"] is True else PairTrees
        if "by_sample" in state:
            kind = SampleTrees
        learner.second_ = kind.from_state(state, learner.stage_, forest=cls.grows_forest)
        return learner
