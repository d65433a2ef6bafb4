"""Trees after a ridge: on single drugs where drugs are few; on samples, or on compressed pairs, where they are many."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions, product_contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import State
from drugresponse.learners.trees._boosters import grow_booster
from drugresponse.learners.trees._pair_trees import (
    booster_contributions,
    drug_means,
    embedding_width,
    load_pair_state,
    n_token_inputs,
    pair_inputs,
    pair_state,
    token_inputs,
    token_shares,
)
from drugresponse.learners.trees._sample_trees import SampleTrees
from drugresponse.learners.trees._shared_booster import SharedBooster
from drugresponse.threads import run_in_order

__all__ = ["StagedTrees"]

_MOST_SINGLE_DRUGS = 20
"""Up to so many drugs each gets a booster of its own on all tokens."""
_FEWEST_ROWS = 40
"""A drug with fewer rows has no booster of its own; the ridge takes its place."""
_MOST_TOKENS = 50
"""Tokens beside the embeddings where one booster serves all drugs."""


class StagedTrees(PairRegressor):
    """What both kinds of trees share: the ridge stage before them, their inputs, and their state.

    Inputs hold the ridge's prediction and embeddings instead of 3,000 columns repeated for each pair. For training rows
    both are left-out ones, so that the trees see the error that new rows will have. Few drugs have a booster each, and
    for new samples one more that they share, which predicts the other half; it looks at tokens only. Of many drugs and
    new samples the trees predict the sample embedding; of other schemes, the ridge's error on pairs.
    """

    scheme: str
    rank: int
    trees: int
    random_state: int
    n_jobs: int
    grows_forest = False

    def fit(
        self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None
    ) -> StagedTrees:
        """Fit the ridge, then the trees on its left-out predictions."""
        pairs = pairs.compact()
        self.stage_ = FactorRidge(self.scheme, self.rank, self.random_state).fit(pairs, y, sample_weight)
        scheme = find_scheme(self.scheme)
        self.single_ = len(pairs.drugs) <= _MOST_SINGLE_DRUGS and scheme.drug_effect
        self.by_sample_: SampleTrees | None = None
        self.boosters_: dict[str, Any] = {}
        self.shared_: SharedBooster | None = None
        if not self.single_ and scheme.drug_effect and not scheme.sample_effect:
            self.by_sample_ = self._grow_by_sample(pairs)
        else:
            self._grow_by_pair(pairs, y, sample_weight)
        return self

    def _grow_by_sample(self, pairs: Pairs) -> SampleTrees:
        parameters, rounds = self._parameters()
        return SampleTrees.grow(
            self.stage_,
            pairs,
            forest=self.grows_forest,
            parameters=parameters,
            rounds=rounds,
            trees=self.trees,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )

    def _grow_by_pair(self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None) -> None:
        shares = self.stage_.feature_weights()[1]
        wanted = len(self.stage_.sample_encoder_.tokens_) - len(shares)
        genotype = np.sort(np.argsort(-shares, kind="stable")[: len(shares) if self.single_ else _MOST_TOKENS])
        self.columns_ = np.concatenate([np.arange(wanted), wanted + genotype]).astype(np.int64)
        self.sites_ = self.stage_.sample_encoder_.sites().astype(np.int64)
        if not self.single_:
            self.columns_ = self.columns_[self.columns_ >= wanted]
            self.sites_ = np.full_like(self.sites_, -1)
        stage, drugs = self.stage_.predict_left_out(pairs), self.stage_.drug_embeddings(pairs)
        inputs = self._inputs(pairs, self.stage_.left_out_, drugs, stage)
        target = y if self.single_ else y - stage
        weights = np.ones(len(y)) if sample_weight is None else sample_weight / sample_weight.mean()
        # XGBoost stops splitting at a gain of 1e-6 and counts in float32: it is given numbers of order 1
        self.center_ = float(np.average(target, weights=weights))
        self.scale_ = float(np.std(target)) or 1.0
        target = (target - self.center_) / self.scale_
        self.drug_ids_ = [str(each) for each in pairs.drugs.index]
        jobs = self._jobs(pairs)
        parameters, rounds = self._parameters()
        if self._shares(pairs):
            beyond = y - drug_means(self.stage_, drugs)[pairs.drug_index]
            tokens = inputs[:, : n_token_inputs(self)]
            self.shared_ = SharedBooster.grow(
                tokens, pairs.drug_index, beyond, weights, parameters, rounds, random_state=self.random_state
            )
        made = run_in_order(
            lambda rows: grow_booster(
                inputs[rows], target[rows], weights[rows], parameters, rounds, random_state=self.random_state
            ),
            jobs.values(),
            self.n_jobs,
        )
        self.boosters_ = dict(zip(jobs, made, strict=True))

    def _shares(self, pairs: Pairs) -> bool:
        """Whether drugs share a booster. Where samples are seen they do not: their own responses say more."""
        several = self.single_ and len(pairs.drugs) > 1
        return several and not self.grows_forest and not find_scheme(self.scheme).sample_effect

    @abstractmethod
    def _parameters(self) -> tuple[dict[str, Any], int]:
        """XGBoost's parameters and the number of rounds."""

    def _jobs(self, pairs: Pairs) -> dict[str, NDArray[np.intp]]:
        if not self.single_:
            return {"all": np.arange(len(pairs))}
        rows = {self.drug_ids_[drug]: np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))}
        return {drug: at for drug, at in rows.items() if len(at) >= _FEWEST_ROWS}

    def _inputs(
        self, pairs: Pairs, samples: NDArray[np.float64], drugs: NDArray[np.float64], stage: NDArray[np.float64]
    ) -> NDArray[np.float32]:
        width, tokens = embedding_width(self.stage_), token_inputs(self.stage_, self.columns_, self.sites_, pairs)
        sides = samples[:, :width], None if self.single_ else drugs[:, :width]
        return pair_inputs(pairs, tokens, stage - self.stage_.overall_, *sides)

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Tree predictions; the ridge's where a drug has no booster of its own."""
        check_is_fitted(self, "boosters_")
        if self.by_sample_ is not None:
            return self.by_sample_.predict(self.stage_, pairs)
        embedded = self.stage_.sample_embeddings(pairs), self.stage_.drug_embeddings(pairs)
        predictions = np.empty(len(pairs))
        for start in range(0, len(pairs), 1 << 16):
            cut = pairs[slice(start, start + (1 << 16))]
            predictions[start : start + len(cut)] = self._predict_rows(cut, *embedded)
        return predictions

    def _predict_rows(
        self, pairs: Pairs, samples: NDArray[np.float64], drugs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        predictions = self.stage_.overall_ + score_pairs(samples, drugs, pairs)
        inputs = self._inputs(pairs, samples, drugs, predictions)
        if not self.single_:
            return predictions + self._grown("all", inputs)
        for drug in self.boosters_:
            rows = np.flatnonzero(pairs.drug_ids == drug)
            if len(rows):
                predictions[rows] = self._grown(drug, inputs[rows])
        if self.shared_ is not None:
            drug_index = pd.Index(self.drug_ids_).get_indexer(pd.Index(pairs.drug_ids))
            rows = np.flatnonzero(drug_index >= 0)
            beyond = self.shared_.predict(inputs[rows, : n_token_inputs(self)], drug_index[rows])
            together = drug_means(self.stage_, drugs)[pairs.drug_index[rows]] + beyond
            predictions[rows] = (predictions[rows] + together) / 2
        return predictions

    def _grown(self, name: str, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.center_ + self.scale_ * np.asarray(self.boosters_[name].inplace_predict(inputs), dtype=np.float64)

    def contribution_parts(self) -> pd.DataFrame:
        """Those of the ridge stage."""
        check_is_fitted(self, "boosters_")
        return self.stage_.contribution_parts()

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The trees' credits of tokens, and those of the ridge's numbers handed down to the tokens."""
        check_is_fitted(self, "boosters_")
        pairs, stage = pairs.compact(), self.stage_
        if self.by_sample_ is None:
            return booster_contributions(self, pairs)
        drugs, plain = stage.drug_embeddings(pairs), stage.drug_embeddings_without_structure(pairs)
        parts = self.by_sample_.parts(stage, pairs)
        return product_contributions(pairs, parts, drugs, plain, stage.part_kinds(), self.predict(pairs))

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """Half the ridge's shares, half the trees' (gain of boosters, splits of trees on samples), as shares of 1."""
        names, shares = self.stage_.feature_weights()
        gains = np.zeros(len(self.stage_.sample_encoder_.tokens_))
        if self.by_sample_ is not None:
            gains = self.by_sample_.token_gains(len(gains))
        for booster in (*self.boosters_.values(), *([self.shared_.booster] if self.shared_ else [])):
            for name, gain in booster.get_score(importance_type="total_gain").items():
                gains += gain * token_shares(self.columns_, self.sites_, int(name[1:]))
        tree_shares = genotype_shares(self.stage_.sample_encoder_, gains)[1]
        return names, (shares + tree_shares) / 2 if tree_shares.any() else shares

    def notes(self) -> dict[str, Any]:
        """How the drugs are served, and the ridge stage's notes."""
        by_sample = self.by_sample_ is not None
        served = {"boosters": len(self.boosters_), "one_booster_per_drug": self.single_, "trees_on_samples": by_sample}
        return {**served, **self.stage_.notes()}

    def get_state(self) -> State:
        """The ridge stage, and trees as arrays or UBJSON bytes."""
        state: State = {"stage": self.stage_.get_state(), "single": self.single_}
        if self.by_sample_ is not None:
            return {**state, "by_sample": self.by_sample_.get_state()}
        return {**state, **pair_state(self)}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> StagedTrees:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner.stage_ = FactorRidge.from_state(state["stage"], **FactorRidge.own_settings(settings))
        learner.single_ = state["single"] is True
        learner.boosters_, learner.by_sample_, learner.shared_ = {}, None, None
        if "by_sample" in state:
            learner.by_sample_ = SampleTrees.from_state(state["by_sample"], learner.stage_)
            return learner
        load_pair_state(learner, state)
        return learner
