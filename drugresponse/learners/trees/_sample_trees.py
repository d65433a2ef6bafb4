"""Trees on samples: their leaves hold the sample embedding, so that all drugs share every split."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.contributions import EmbeddingParts
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.rescaling import HandingDown
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import State, state_array, state_number, state_wholes
from drugresponse.learners.trees._boosters import booster_bytes, grow_booster, load_booster
from drugresponse.learners.trees._forest import Forest
from drugresponse.learners.trees._shapley_trees import shapley_credits

__all__ = ["SampleTrees"]

_TARGETS = 31
"""Columns of the embedding that trees predict, the general effect first; the ridge's stay for the rest."""
_STAGE_INPUTS = 11
"""Columns of the ridge's left-out embedding among the inputs: tissue in numbers instead of a hundred yes and no."""
_DEPTH = 4
_MOST_TREES = 200
"""Of a forest: more change nothing but the size of the file."""
_MOST_TOKENS = 300


@dataclass(frozen=True, eq=False)
class SampleTrees:
    """Trees that predict the leading columns of the ridge's sample embedding from tokens.

    Attributes
    ----------
    grown
        A forest, or a booster whose leaves hold vectors.
    columns
        `(n_tokens_used,)` tokens among the inputs.
    center, scale
        `(n_targets,)` and a number: what the trees' targets were standardised by.
    """

    grown: Any
    columns: NDArray[np.int64]
    center: NDArray[np.float64]
    scale: float

    @classmethod
    def grow(
        cls,
        stage: FactorRidge,
        pairs: Pairs,
        *,
        forest: bool,
        parameters: Mapping[str, Any],
        rounds: int,
        trees: int,
        n_jobs: int,
        random_state: int,
    ) -> SampleTrees:
        """Fit to the targets of the stage; its left-out embedding is among the inputs.

        Parameters
        ----------
        stage
            Fitted to the same pairs.
        pairs
            Training pairs, compact.
        forest
            Whether a forest is grown instead of boosted trees.
        parameters, rounds
            XGBoost's own, for boosted trees; the depth is cut to 4.
        trees, n_jobs, random_state
            Of the forest; the seed is also that of boosting.
        """
        targets = stage.targets_.values[:, :_TARGETS]
        shares = stage.token_importance()
        columns = np.arange(len(shares)) if forest else np.sort(np.argsort(-shares, kind="stable")[:_MOST_TOKENS])
        weights = stage.sample_weights_
        center = np.average(targets, axis=0, weights=weights)
        scale = float(np.std(targets)) or 1.0
        # scikit-learn takes numbers that differ by less than 1e-7 for equal
        inputs = _inputs(stage, pairs, columns, stage.left_out_ / scale)
        standard = (targets - center) / scale
        if forest:
            n_trees = min(trees, _MOST_TREES)
            made: Any = Forest.grow(
                inputs, standard, weights, n_trees=n_trees, random_state=random_state, n_jobs=n_jobs
            )
        else:
            kept = {**parameters, "max_depth": min(parameters["max_depth"], _DEPTH), "min_child_weight": 3}
            made = grow_booster(inputs, standard, weights, kept, rounds, random_state=random_state, max_bin=32)
        return cls(made, columns.astype(np.int64), center, scale)

    def predict(self, stage: FactorRidge, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_pairs,)`; each distinct sample goes through the trees once."""
        samples = stage.sample_embeddings(pairs)
        inputs = _inputs(stage, pairs, self.columns, samples / self.scale)
        if isinstance(self.grown, Forest):
            found = self.grown.predict(inputs)
        else:
            found = np.asarray(self.grown.inplace_predict(inputs), dtype=np.float64).reshape(len(inputs), -1)
        samples[:, : len(self.center)] = self.center + self.scale * found
        return stage.overall_ + score_pairs(samples, stage.drug_embeddings(pairs), pairs)

    def parts(self, stage: FactorRidge, pairs: Pairs) -> EmbeddingParts:
        """The sample embedding taken apart by token: the trees' columns by their credits, the others by the ridge.

        Credits are Shapley values for boosted trees, and steps on the way down for a forest. What the ridge's embedding
        is credited with as an input is handed down to the tokens that it is made of.
        """
        tokens = stage.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
        ridge = tokens @ stage.coefficients_ + stage.intercepts_
        inputs = _inputs(stage, pairs, self.columns, ridge / self.scale)
        credits = self.grown.credits(inputs) if isinstance(self.grown, Forest) else shapley_credits(self.grown, inputs)
        n_targets, n_used, width = len(self.center), len(self.columns), 1 + stage.rank_
        down = HandingDown.of(tokens, stage.coefficients_[:, : inputs.shape[1] - n_used])
        rest = stage.coefficients_[:, n_targets:]

        def parts(loadings: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
            found = credits.of(self.scale * loadings[:n_targets])
            handed, nobody = down.spread(found[:, n_used:])
            handed[:, self.columns] += found[:, :n_used]
            handed += tokens * (rest @ loadings[n_targets:width])
            return handed, nobody

        mean = np.concatenate([self.center + self.scale * credits.expected, stage.intercepts_[n_targets:]])
        return EmbeddingParts(stage.overall_, mean, np.zeros((len(tokens), width)), parts)

    def token_gains(self, n_tokens: int) -> NDArray[np.float64]:
        """`(n_tokens,)` how many splits ask for each token."""
        found = np.zeros(n_tokens)
        n_used = len(self.columns)
        if isinstance(self.grown, Forest):
            found[self.columns] = self.grown.splits(n_used)
            return found
        for name, count in self.grown.get_score(importance_type="weight").items():
            if int(name[1:]) < n_used:
                found[self.columns[int(name[1:])]] += float(count)
        return found

    def get_state(self) -> State:
        """Arrays; a booster as UBJSON bytes."""
        kept: Any = self.grown.get_state() if isinstance(self.grown, Forest) else {"raw": booster_bytes(self.grown)}
        return {"grown": kept, "columns": self.columns, "center": self.center, "scale": self.scale}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge) -> SampleTrees:
        """The trees of `get_state`'s answer, proved against the stage that they go with."""
        columns, n_targets = state_wholes(state, "columns", -1), min(_TARGETS, 1 + stage.rank_)
        n_inputs = len(columns) + min(_STAGE_INPUTS, 1 + stage.rank_)
        stage.prove_columns(columns)
        kept = state["grown"]
        grown: Any
        if "raw" in kept:
            grown = load_booster(state_wholes(kept, "raw", -1, below=256), n_inputs, n_targets)
        else:
            grown = Forest.from_state(kept, n_inputs, n_targets)
        return cls(grown, columns, state_array(state, "center", n_targets), state_number(state, "scale", 1e-300))


def _inputs(
    stage: FactorRidge, pairs: Pairs, columns: NDArray[np.integer[Any]], embedded: NDArray[np.float64]
) -> NDArray[np.float32]:
    """`(n_samples, n_inputs)` tokens, 0 where not known, and the leading columns of the ridge's embedding."""
    tokens = stage.sample_encoder_.transform(pairs.genotypes, pairs.covariates)[:, columns]
    width = min(_STAGE_INPUTS, 1 + stage.rank_)
    return np.hstack([tokens, embedded[:, :width]]).astype(np.float32)
