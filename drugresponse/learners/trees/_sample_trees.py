"""Trees on samples: their leaves hold the sample embedding, so that all drugs share every split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.contributions import Contributions, EmbeddingParts, product_contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.rescaling import Rescaling
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, state_array, state_number, state_wholes
from drugresponse.learners.trees._boosters import Growth, booster_bytes, grow_booster, load_booster
from drugresponse.learners.trees._forest import Forest, grow_forest
from drugresponse.learners.trees.credits.shapley_trees import shapley_credits

__all__ = ["SampleTrees"]

_TARGETS = 31
"""Columns of the embedding that trees predict, the general effect first; the ridge's stay for the rest."""
_STAGE_INPUTS = 11
"""Columns of the ridge's left-out embedding among the inputs: tissue in numbers instead of a hundred yes and no."""
_DEPTH = 4
_MOST_TREES = 200
"""Of a forest: more change nothing but the size of the file."""
_MOST_TOKENS = 300
_SAMPLES_A_BIN, _FEWEST_BINS, _MOST_BINS = 16, 8, 32
"""Bins of an input of boosted trees: each node's histogram holds every target in each, whatever the samples are."""


@dataclass(frozen=True, eq=False)
class SampleTrees:
    """Trees that predict the leading columns of the ridge's sample embedding from tokens.

    Attributes
    ----------
    stage
        The ridge, fitted to the same pairs.
    trees
        A forest, or a booster whose leaves hold vectors.
    columns
        `(n_tokens_used,)` tokens among the inputs.
    center, scale
        `(n_targets,)` and a number: what the trees' targets were standardised by.
    """

    stage: FactorRidge
    trees: Any
    columns: NDArray[np.int64]
    center: Array
    scale: float

    @classmethod
    def fit(
        cls,
        stage: FactorRidge,
        pairs: Pairs,
        y: Array,  # noqa: ARG003 -- the stage holds them as targets
        weights: Array,  # noqa: ARG003 -- the stage holds those of samples
        growth: Growth,
    ) -> SampleTrees:
        """Fit to the targets of the stage; its left-out embedding is among the inputs.

        Parameters
        ----------
        stage
            Fitted to the same pairs.
        pairs, y, weights
            Training pairs, compact, their responses and weights.
        growth
            The depth of boosted trees is cut to 4.
        """
        targets = stage.targets_.values[:, :_TARGETS]
        importance, sample_weights = stage.token_importance(), stage.sample_weights_
        columns = np.arange(len(importance))
        if not growth.forest:
            columns = np.sort(np.argsort(-importance, kind="stable")[:_MOST_TOKENS])
        center = np.average(targets, axis=0, weights=sample_weights)
        scale = float(np.std(targets)) or 1.0
        # scikit-learn takes numbers that differ by less than 1e-7 for equal
        inputs = _inputs(stage, pairs, columns, stage.left_out_ / scale)
        standard, seed = (targets - center) / scale, growth.random_state
        if growth.forest:
            n_trees = min(growth.trees, _MOST_TREES)
            trees: Any = grow_forest(
                inputs, standard, sample_weights, n_trees=n_trees, random_state=seed, n_jobs=growth.n_jobs
            )
        else:
            depth = min(growth.parameters["max_depth"], _DEPTH)
            parameters = {**growth.parameters, "max_depth": depth, "min_child_weight": 3}
            max_bin = int(np.clip(len(inputs) // _SAMPLES_A_BIN, _FEWEST_BINS, _MOST_BINS))
            trees = grow_booster(
                inputs, standard, sample_weights, parameters, growth.rounds, random_state=seed, max_bin=max_bin
            )
        return cls(stage, trees, columns.astype(np.int64), center, scale)

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)`; each distinct sample goes through the trees once."""
        samples = self.stage.sample_embeddings(pairs)
        inputs = _inputs(self.stage, pairs, self.columns, samples / self.scale)
        if isinstance(self.trees, Forest):
            predicted = self.trees.predict(inputs)
        else:
            predicted = np.asarray(self.trees.inplace_predict(inputs), dtype=np.float64).reshape(len(inputs), -1)
        samples[:, : len(self.center)] = self.center + self.scale * predicted
        return self.stage.overall_ + score_pairs(samples, self.stage.drug_embeddings(pairs), pairs)

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The sample embedding taken apart by token: the trees' columns by their credits, the others by the ridge.

        Credits are Shapley values for boosted trees, and steps on the way down for a forest. What the ridge's embedding
        is credited with as an input is rescaled to the tokens that it is made of.
        """
        drugs, plain = self.stage.drug_embeddings(pairs), self.stage.drug_embeddings_without_structure(pairs)
        parts = self._parts(pairs)
        return product_contributions(pairs, parts, drugs, plain, self.stage.part_kinds(), self.predict(pairs))

    def _parts(self, pairs: Pairs) -> EmbeddingParts:
        stage = self.stage
        tokens = stage.tokens(pairs)
        inputs = _inputs(stage, pairs, self.columns, stage.map_tokens(tokens) / self.scale)
        credits = self.trees.credits(inputs) if isinstance(self.trees, Forest) else shapley_credits(self.trees, inputs)
        n_targets, n_used, width = len(self.center), len(self.columns), 1 + stage.rank_
        rescaling = Rescaling.of(tokens, stage.coefficients_[:, : inputs.shape[1] - n_used])
        rest = stage.coefficients_[:, n_targets:]

        def parts(loadings: Array) -> tuple[Array, Array]:
            of_inputs = credits.of(self.scale * loadings[:n_targets])
            of_tokens, of_none = rescaling.to_tokens(of_inputs[:, n_used:])
            of_tokens[:, self.columns] += of_inputs[:, :n_used]
            of_tokens += tokens * (rest @ loadings[n_targets:width])
            return of_tokens, of_none

        mean = np.concatenate([self.center + self.scale * credits.expected, stage.intercepts_[n_targets:]])
        return EmbeddingParts(stage.overall_, mean, np.zeros((len(tokens), width)), parts)

    def token_gains(self) -> Array:
        """`(n_tokens,)` how many splits ask for each token."""
        gains, n_used = np.zeros(len(self.stage.sample_encoder_.tokens_)), len(self.columns)
        if isinstance(self.trees, Forest):
            gains[self.columns] = self.trees.splits(n_used)
            return gains
        for name, count in self.trees.get_score(importance_type="weight").items():
            if int(name[1:]) < n_used:
                gains[self.columns[int(name[1:])]] += float(count)
        return gains

    def get_state(self) -> State:
        """Arrays; a booster as UBJSON bytes."""
        trees = self.trees.get_state() if isinstance(self.trees, Forest) else {"raw": booster_bytes(self.trees)}
        return {"by_sample": {"grown": trees, "columns": self.columns, "center": self.center, "scale": self.scale}}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge, *, forest: bool) -> SampleTrees:
        """The trees of `get_state`'s answer, proved against the stage that they go with."""
        state = state["by_sample"]
        columns, n_targets = state_wholes(state, "columns", -1), min(_TARGETS, 1 + stage.rank_)
        n_inputs = len(columns) + min(_STAGE_INPUTS, 1 + stage.rank_)
        stage.prove_columns(columns)
        if forest:
            trees: Any = Forest.from_state(state["grown"], n_inputs, n_targets)
        else:
            trees = load_booster(state_wholes(state["grown"], "raw", -1, below=256), n_inputs, n_targets)
        center, scale = state_array(state, "center", n_targets), state_number(state, "scale", 1e-300)
        return cls(stage, trees, columns, center, scale)


def _inputs(
    stage: FactorRidge, pairs: Pairs, columns: NDArray[np.integer[Any]], embedded: Array
) -> NDArray[np.float32]:
    """`(n_samples, n_inputs)` tokens, 0 where not known, and the leading columns of the ridge's embedding."""
    tokens = stage.tokens(pairs)[:, columns]
    width = min(_STAGE_INPUTS, 1 + stage.rank_)
    return np.hstack([tokens, embedded[:, :width]]).astype(np.float32)
