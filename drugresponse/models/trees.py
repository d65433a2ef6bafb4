"""Trees by XGBoost: one booster a drug where drugs are few, one on compressed inputs where they are many."""

from __future__ import annotations

from abc import abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.errors import ModelFileError
from drugresponse.models.base import PairRegressor, State, state_array
from drugresponse.models.linear import FactorRidge, genotype_shares, score_pairs

__all__ = ["BoostedTrees", "RandomForest"]

_MOST_SINGLE_DRUGS = 20
"""Up to so many drugs each gets a booster of its own on all tokens."""
_FEWEST_ROWS = 40
"""A drug with fewer rows has no booster; the ridge predicts it."""
_MOST_TOKENS = 50
"""Tokens beside the embeddings where one booster serves all drugs."""


class _Trees(PairRegressor):
    """What both kinds of trees share: the ridge stage before them, their inputs, and their state.

    Inputs hold the ridge's prediction and, for many drugs, its embeddings instead of 3,000 columns repeated for each
    pair. For training rows both are left-out ones, so that the trees see the error that new samples will have.
    """

    scheme: str
    rank: int
    random_state: int
    n_jobs: int

    def fit(self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None) -> _Trees:
        """Fit the ridge, then the trees on its left-out predictions."""
        pairs = pairs.compact()
        self.stage_ = FactorRidge(self.scheme, self.rank, self.random_state).fit(pairs, y, sample_weight)
        shares = self.stage_.feature_weights()[1]
        self.single_ = len(pairs.drugs) <= _MOST_SINGLE_DRUGS and self.stage_.scheme not in _NEW_DRUGS
        wanted = len(self.stage_.sample_encoder_.tokens_) - len(shares)
        genotype = np.sort(np.argsort(-shares, kind="stable")[: len(shares) if self.single_ else _MOST_TOKENS])
        self.columns_ = np.concatenate([np.arange(wanted), wanted + genotype]).astype(np.int64)
        if not self.single_:
            self.columns_ = self.columns_[self.columns_ >= wanted]
        left_out = self.stage_.left_out_, self.stage_.drug_embeddings(pairs), self.stage_.left_out_offsets_
        inputs, stage = self._inputs(pairs, *left_out)
        target = y if self.single_ else y - stage
        weights = np.ones(len(y)) if sample_weight is None else sample_weight / sample_weight.mean()
        # XGBoost stops splitting at a gain of 1e-6 and counts in float32: it is given numbers of order 1
        self.center_ = float(np.average(target, weights=weights))
        self.scale_ = float(np.std(target)) or 1.0
        target = (target - self.center_) / self.scale_
        self.drug_ids_ = [str(each) for each in pairs.drugs.index]
        jobs = self._jobs(pairs)
        with ThreadPoolExecutor(self.n_jobs) as pool:
            made = pool.map(lambda rows: self._grow(inputs[rows], target[rows], weights[rows]), jobs.values())
            self.boosters_ = dict(zip(jobs, made, strict=True))
        return self

    @abstractmethod
    def _parameters(self) -> tuple[dict[str, Any], int]:
        """XGBoost's parameters and the number of rounds."""

    def _jobs(self, pairs: Pairs) -> dict[str, NDArray[np.intp]]:
        if not self.single_:
            return {"all": np.arange(len(pairs))}
        rows = {self.drug_ids_[drug]: np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))}
        return {drug: at for drug, at in rows.items() if len(at) >= _FEWEST_ROWS}

    def _inputs(
        self,
        pairs: Pairs,
        samples: NDArray[np.float64],
        drugs: NDArray[np.float64],
        offsets: NDArray[np.float64] | float = 0.0,
    ) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """`(n_pairs, n_inputs)` float32, NaN where a token is unknown, and the ridge's prediction."""
        encoder = self.stage_.sample_encoder_
        tokens = encoder.transform(pairs.genotypes, pairs.covariates)[:, self.columns_].astype(np.float32)
        tokens[~encoder.called(pairs.genotypes, pairs.covariates)[:, self.columns_]] = np.nan
        stage = score_pairs(samples, drugs, pairs) + offsets
        embedded = samples[pairs.sample_index]
        embedded[:, 0] += offsets
        side = [embedded] if self.single_ else [embedded, drugs[pairs.drug_index]]
        parts: list[NDArray[Any]] = [tokens[pairs.sample_index], stage[:, None], *side]
        return np.hstack([part.astype(np.float32) for part in parts]), self.stage_.embeddings_.overall + stage

    def _grow(self, inputs: NDArray[np.float32], target: NDArray[np.float64], weights: NDArray[np.float64]) -> Any:
        import xgboost

        parameters, rounds = self._parameters()
        # one thread a booster: sums over threads would make the result depend on their number
        parameters = {"tree_method": "hist", "nthread": 1, "seed": self.random_state, "max_bin": 64, **parameters}
        data = xgboost.QuantileDMatrix(inputs, label=target, weight=weights, nthread=1, max_bin=64)
        return xgboost.train(parameters, data, num_boost_round=rounds)

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Tree predictions; the ridge's where a drug has no booster of its own."""
        check_is_fitted(self, "boosters_")
        embedded = self.stage_.sample_embeddings(pairs), self.stage_.drug_embeddings(pairs)
        predictions = np.empty(len(pairs))
        for start in range(0, len(pairs), 1 << 16):
            cut = pairs[slice(start, start + (1 << 16))]
            predictions[start : start + len(cut)] = self._predict_rows(cut, *embedded)
        return predictions

    def _predict_rows(
        self, pairs: Pairs, samples: NDArray[np.float64], drugs: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        inputs, predictions = self._inputs(pairs, samples, drugs)
        if not self.single_:
            return predictions + self._grown("all", inputs)
        for drug in self.boosters_:
            rows = np.flatnonzero(pairs.drug_ids == drug)
            if len(rows):
                predictions[rows] = self._grown(drug, inputs[rows])
        return predictions

    def _grown(self, name: str, inputs: NDArray[np.float32]) -> NDArray[np.float64]:
        return self.center_ + self.scale_ * np.asarray(self.boosters_[name].inplace_predict(inputs), dtype=np.float64)

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """Half the ridge's shares, half the trees' total gain, as shares of 1."""
        names, shares = self.stage_.feature_weights()
        gains = np.zeros(len(self.stage_.sample_encoder_.tokens_))
        for booster in self.boosters_.values():
            for name, gain in booster.get_score(importance_type="total_gain").items():
                if int(name[1:]) < len(self.columns_):
                    gains[self.columns_[int(name[1:])]] += gain
        tree_shares = genotype_shares(self.stage_.sample_encoder_, gains)[1]
        return names, (shares + tree_shares) / 2 if tree_shares.any() else shares

    def notes(self) -> dict[str, Any]:
        """How the drugs are served, and the ridge stage's notes."""
        return {"boosters": len(self.boosters_), "one_booster_per_drug": self.single_, **self.stage_.notes()}

    def get_state(self) -> State:
        """The ridge stage and each booster as UBJSON bytes."""
        raw = {
            str(i): np.frombuffer(booster.save_raw("ubj"), np.uint8)
            for i, booster in enumerate(self.boosters_.values())
        }
        return {
            "stage": self.stage_.get_state(),
            "single": self.single_,
            "center": self.center_,
            "scale": self.scale_,
            "columns": self.columns_,
            "drug_ids": self.drug_ids_,
            "booster_names": list(self.boosters_),
            "boosters": raw,
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> _Trees:
        """A fitted learner from its state."""
        learner = cls(**settings)
        stage = {key: value for key, value in settings.items() if key in FactorRidge._get_param_names()}
        learner.stage_ = FactorRidge.from_state(state["stage"], **stage)
        learner.single_ = bool(state["single"])
        learner.center_, learner.scale_ = float(state["center"]), float(state["scale"])
        learner.columns_ = state_array(state, "columns", -1)
        n_tokens = len(learner.stage_.sample_encoder_.tokens_)
        if len(learner.columns_) and not 0 <= learner.columns_.min() <= learner.columns_.max() < n_tokens:
            raise ModelFileError("model: a tree input lies outside the tokens. The file is damaged; train again.")
        learner.drug_ids_ = list(state["drug_ids"])
        width = learner.stage_.embeddings_.rank + 1
        n_inputs = len(learner.columns_) + 1 + width * (1 if learner.single_ else 2)
        names = list(state["booster_names"])
        learner.boosters_ = {
            name: _load_booster(state_array(state["boosters"], str(i), -1), n_inputs) for i, name in enumerate(names)
        }
        return learner


class BoostedTrees(_Trees):
    """Gradient-boosted trees.

    Source: Chen and Guestrin 2016, doi:10.1145/2939672.2939785.

    Parameters
    ----------
    scheme, rank, random_state
        Of the ridge stage; the seed also draws the rows and columns of each tree.
    trees
        Boosting rounds.
    depth
        Deepest tree.
    learning_rate
        Shrinkage of each round.
    n_jobs
        Boosters grown at once; the result does not depend on it.
    """

    def __init__(
        self,
        scheme: str = "new-samples",
        rank: int = 20,
        trees: int = 300,
        depth: int = 5,
        learning_rate: float = 0.05,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.rank = rank
        self.trees = trees
        self.depth = depth
        self.learning_rate = learning_rate
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _parameters(self) -> tuple[dict[str, Any], int]:
        drawn = {"subsample": 0.8, "colsample_bytree": 0.5, "max_depth": self.depth, "eta": self.learning_rate}
        return drawn, self.trees


class RandomForest(_Trees):
    """A random forest grown by XGBoost: one round of many parallel trees.

    Source: Breiman 2001, doi:10.1023/A:1010933404324.

    Parameters
    ----------
    scheme, rank, random_state
        Of the ridge stage; the seed also draws the rows and columns of each tree.
    trees
        Trees in the forest.
    n_jobs
        Forests grown at once; the result does not depend on it.
    """

    def __init__(
        self, scheme: str = "new-samples", rank: int = 20, trees: int = 300, n_jobs: int = 1, random_state: int = 0
    ) -> None:
        self.scheme = scheme
        self.rank = rank
        self.trees = trees
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _parameters(self) -> tuple[dict[str, Any], int]:
        drawn = {
            "subsample": 0.632,
            "colsample_bynode": 0.33,
            "max_depth": 14 if self.single_ else 10,
            "eta": 1.0,
            "num_parallel_tree": self.trees,
            "min_child_weight": 3,
            "lambda": 0.0,
        }
        return drawn, 1


_NEW_DRUGS = ("new-drugs", "new-samples-and-drugs")


def _load_booster(raw: NDArray[np.uint8], n_inputs: int) -> Any:
    import xgboost

    booster = xgboost.Booster({"nthread": 1})
    try:
        booster.load_model(bytearray(raw.astype(np.uint8).tobytes()))
    except xgboost.core.XGBoostError as error:
        raise ModelFileError("model: a booster cannot be read. The file is damaged; train the model again.") from error
    if booster.num_features() != n_inputs:
        raise ModelFileError(
            f"model: a booster takes {booster.num_features()} inputs (expected {n_inputs}). "
            "The file is damaged; train again."
        )
    return booster
