"""Trees on pairs: one booster for all drugs, which corrects the ridge."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold
from drugresponse.learners.contributions import LEADING, Contributions
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_ids
from drugresponse.learners.trees._boosters import Boosters, Growth, grow_by_loss
from drugresponse.learners.trees._pair_inputs import PairInputs
from drugresponse.learners.trees._rounds import checkpoints, choose_rounds, held_out_steps

__all__ = ["PairTrees"]

_MOST_TOKENS = 50
"""Tokens beside the embeddings."""
_ALL = "all"


@dataclass(frozen=True, eq=False)
class PairTrees:
    """Trees that predict the ridge's error from the tokens of most weight and the ridge's embeddings of both sides.

    Attributes
    ----------
    inputs
        Of the booster.
    drug_ids
        Drugs of the training.
    boosters
        A single one, for all drugs.
    """

    inputs: PairInputs
    drug_ids: list[str]
    boosters: Boosters

    @classmethod
    def fit(cls, stage: FactorRidge, pairs: Pairs, y: Array, weights: Array, growth: Growth) -> PairTrees:
        """Fit to what the ridge leaves of training pairs, compact, when their sample is left out."""
        inputs = cls._inputs(stage)
        target, rows = y - stage.predict_left_out(pairs), {_ALL: np.arange(len(pairs))}
        boosters = Boosters.fit(inputs.training_table(pairs), target, weights, rows, growth)
        return cls(inputs, [str(drug) for drug in pairs.drugs.index], boosters)

    @classmethod
    def fit_by_loss(
        cls,
        stage: FactorRidge,
        pairs: Pairs,
        y: Array,  # noqa: ARG003 -- the loss holds them
        loss: RowLoss,
        growth: Growth,
        folds: Sequence[Fold],
    ) -> PairTrees:
        """Fit to training pairs, compact, what the ridge's left-out scores lack, as their loss has it.

        The number of rounds is what held-out groups say; one at least.
        """
        inputs, base, everything = cls._inputs(stage), stage.predict_left_out(pairs), np.arange(len(pairs))
        table, numbers, drawn = inputs.training_table(pairs), checkpoints(growth.rounds), growth.parameters

        def grow(at: NDArray[np.intp]) -> Any:
            seed = growth.random_state
            return grow_by_loss(table[at], loss.take(at), base[at], drawn, growth.rounds, random_state=seed)

        steps = held_out_steps(table, grow, folds, numbers)
        rounds = numbers[choose_rounds(loss, base + loss.unit * steps, folds)]
        boosters = Boosters.fit_by_loss(table, loss, base, {_ALL: everything}, replace(growth, rounds=rounds))
        return cls(inputs, [str(drug) for drug in pairs.drugs.index], boosters)

    @staticmethod
    def _inputs(stage: FactorRidge) -> PairInputs:
        """The tokens of most weight, and the embeddings of both sides."""
        shares, n_tokens = stage.feature_weights()[1], len(stage.sample_encoder_.tokens_)
        columns = n_tokens - len(shares) + np.sort(np.argsort(-shares, kind="stable")[:_MOST_TOKENS])
        return PairInputs(stage, columns.astype(np.int64), np.full(n_tokens, -1, dtype=np.int64), shows_drugs=True)

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` the ridge's prediction, corrected."""
        predicted = np.empty(len(pairs))
        for rows, ridge, table in self.inputs.chunks(pairs):
            predicted[rows] = ridge + self.boosters.predict(_ALL, table)
        return predicted

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The ridge's parts, and those of what the booster adds."""
        inputs, stage, predicted = self.inputs, self.inputs.stage, self.predict(pairs)
        by_structure = stage.drug_embeddings(pairs) != stage.drug_embeddings_without_structure(pairs)
        leans_on_structure = dict(zip(pairs.drugs.index.astype(str), by_structure.any(axis=1), strict=True))
        kinds = [kind for kind in LEADING if stage.part_kinds()[kind]]
        credits_of = self.boosters.credits(_ALL, len(pairs))
        for ridge, table, tokens in inputs.by_drug(pairs):
            credits = credits_of(table)
            values = ridge.values + inputs.parts_of_credits(credits, ridge.values, tokens)
            of_drug = kinds.index("structure" if leans_on_structure[ridge.drug_id] else "mean")
            values[:, of_drug] += credits[:, inputs.n_tokens + 1 + inputs.width : -1].sum(axis=1)
            values[:, 0] += credits[:, -1]
            yield Contributions(ridge.drug_id, ridge.rows, values, predicted[ridge.rows] - values.sum(axis=1))

    def token_gains(self) -> Array:
        """`(n_tokens,)` gain of the splits that ask for each token."""
        return self.inputs.token_gains([self.boosters.by_name[_ALL]])

    def get_state(self) -> State:
        """Inputs, ids, and the booster as bytes."""
        return {**self.inputs.get_state(), **self.boosters.get_state(), "drug_ids": self.drug_ids}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge, *, forest: bool) -> PairTrees:
        """The trees of `get_state`'s answer, proved against the stage that they go with."""
        inputs = PairInputs.from_state(state, stage, shows_drugs=True)
        if state_ids(state, "booster_names") != [_ALL]:
            raise damaged("boosters are of other drugs")
        return cls(inputs, state_ids(state, "drug_ids"), Boosters.from_state(state, len(inputs), forest=forest))
