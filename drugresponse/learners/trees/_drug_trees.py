"""Trees for each drug, where drugs are few: a booster of its own on all tokens, and one that the drugs share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, find_scheme
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_array, state_ids
from drugresponse.learners.trees._boosters import Boosters, Credits, Growth, booster_credits
from drugresponse.learners.trees._loss_growth import LossGrowth, rows_of_own_trees
from drugresponse.learners.trees._pair_inputs import PairInputs
from drugresponse.learners.trees._shared_booster import SharedBooster

__all__ = ["DrugTrees"]

_FEWEST_ROWS = 40
"""A drug with fewer rows has no booster of its own; the ridge takes its place."""


@dataclass(frozen=True, eq=False)
class DrugTrees:
    """Trees that predict each drug's responses from all tokens of a sample and the ridge's numbers of it.

    Attributes
    ----------
    inputs
        Of the boosters.
    drug_ids
        Drugs of the training.
    boosters
        By drug id.
    shared
        The booster that the drugs share, which predicts the other half; it looks at tokens only. None where the trees
        are a forest, where there is one drug, and where samples are seen: their own responses say more.
    starts
        `(n_drugs,)` the score of each drug that its own booster and the shared one add to, where they were grown by a
        loss. Then a drug's own booster looks at tokens and the ridge's score. None where responses are continuous.
    """

    inputs: PairInputs
    drug_ids: list[str]
    boosters: Boosters
    shared: SharedBooster | None
    starts: Array | None = None

    @classmethod
    def fit(cls, stage: FactorRidge, pairs: Pairs, y: Array, weights: Array, growth: Growth) -> DrugTrees:
        """Fit to training pairs, compact, beside the ridge's left-out numbers of them."""
        sites = stage.sample_encoder_.sites().astype(np.int64)
        inputs = PairInputs(stage, np.arange(len(sites)), sites, shows_drugs=False)
        table, drug_ids = inputs.training_table(pairs), [str(drug) for drug in pairs.drugs.index]
        shared = None
        if _shares(stage, len(drug_ids), growth):
            beyond = y - _drug_means(stage, pairs)[pairs.drug_index]
            shared = SharedBooster.fit(table[:, : inputs.n_tokens], pairs.drug_index, beyond, weights, growth)
        rows = {drug: np.flatnonzero(pairs.drug_index == number) for number, drug in enumerate(drug_ids)}
        rows = {drug: at for drug, at in rows.items() if len(at) >= _FEWEST_ROWS}
        return cls(inputs, drug_ids, Boosters.fit(table, y, weights, rows, growth), shared)

    @classmethod
    def fit_by_loss(
        cls, stage: FactorRidge, pairs: Pairs, y: Array, loss: RowLoss, growth: Growth, folds: Sequence[Fold]
    ) -> DrugTrees:
        """Fit to training pairs, compact, what the score that suits all rows of a drug lacks, as their loss has it.

        How many rounds is what held-out groups say, over all drugs together. A drug of which hardly anything but one
        answer is known stays with the ridge.
        """
        sites = stage.sample_encoder_.sites().astype(np.int64)
        inputs = PairInputs(stage, np.arange(len(sites)), sites, shows_drugs=False)
        table, drug_ids = inputs.training_table(pairs), [str(drug) for drug in pairs.drugs.index]
        starts, n_tokens = loss.start(), inputs.n_tokens
        scores = starts[pairs.drug_index], stage.predict_left_out(pairs)
        rows = rows_of_own_trees(pairs, y)
        grown = LossGrowth(table[:, : n_tokens + 1], n_tokens, pairs.drug_index, loss, *scores, rows, growth, folds)
        boosters, shared = grown.grow(shares=_shares(stage, len(drug_ids), growth))
        return cls(inputs, drug_ids, boosters, shared, starts)

    def predict(self, pairs: Pairs) -> Array:
        """`(n_pairs,)`; the ridge's prediction where a drug has no booster of its own."""
        predicted = np.empty(len(pairs))
        for rows, ridge, table in self.inputs.chunks(pairs):
            predicted[rows] = self._predict(pairs[rows], ridge, table)
        return predicted

    def _predict(self, pairs: Pairs, predicted: Array, table: NDArray[np.float32]) -> Array:
        for drug in self.boosters.by_name:
            rows = np.flatnonzero(pairs.drug_ids == drug)
            if len(rows):
                predicted[rows] = self._start_of(drug) + self.boosters.predict(drug, table[rows, : self._n_inputs])
        if self.shared is not None:
            drug_index = pd.Index(self.drug_ids).get_indexer(pd.Index(pairs.drug_ids))
            rows = np.flatnonzero(drug_index >= 0)
            beyond = self.shared.predict(table[rows, : self.inputs.n_tokens], drug_index[rows])
            together = self._means(pairs)[pairs.drug_index[rows]] + beyond
            predicted[rows] = (predicted[rows] + together) / 2
        return predicted

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The parts of the drug's own booster, or the ridge's, and half of both those of the shared booster."""
        predicted, means = self.predict(pairs), self._means(pairs)
        shared = self.shared
        of_shared = None if shared is None else booster_credits(shared.booster, len(pairs), by_steps=False)
        for ridge, table, tokens in self.inputs.by_drug(pairs):
            values = ridge.values
            if ridge.drug_id in self.boosters.by_name:
                credits = self.boosters.credits(ridge.drug_id, len(table))(table[:, : self._n_inputs])
                values = self._own_parts(credits, ridge.values, tokens)
                values[:, 0] += credits[:, -1] + self._start_of(ridge.drug_id)
            if shared is not None and of_shared is not None and ridge.drug_id in self.drug_ids:
                parts = self._shared_parts(shared, of_shared, ridge, table, tokens)
                parts[:, 0] += means[pairs.drug_index[ridge.rows[0]]]
                values = (values + parts) / 2
            yield Contributions(ridge.drug_id, ridge.rows, values, predicted[ridge.rows] - values.sum(axis=1))

    def _own_parts(self, credits: Array, ridge: Array, tokens: Array) -> Array:
        """`(n_rows, n_parts)` of a drug's own booster; its expected prediction is not among them."""
        whole = np.zeros((len(credits), len(self.inputs) + 1))
        whole[:, : credits.shape[1] - 1] = credits[:, :-1]
        return self.inputs.parts_of_credits(whole, ridge, tokens)

    def _start_of(self, drug: str) -> float:
        return 0.0 if self.starts is None else float(self.starts[self.drug_ids.index(drug)])

    def _means(self, pairs: Pairs) -> Array:
        """`(n_drugs,)` what the shared booster adds to; what the ridge expects where the training had no such drug."""
        means = _drug_means(self.inputs.stage, pairs)
        if self.starts is not None:
            at = pd.Index(self.drug_ids).get_indexer(pairs.drugs.index.astype(str))
            means = np.where(at >= 0, self.starts[at], means)
        return means

    @property
    def _n_inputs(self) -> int:
        """Of a drug's own booster."""
        return len(self.inputs) if self.starts is None else self.inputs.n_tokens + 1

    def _shared_parts(
        self, shared: SharedBooster, of_shared: Credits, ridge: Contributions, table: NDArray[np.float32], tokens: Array
    ) -> Array:
        """`(n_rows, n_parts)` credits of the shared booster by part; which drug it is belongs to the mean."""
        drug, n_inputs = self.drug_ids.index(ridge.drug_id), self.inputs.n_tokens
        inputs = shared.inputs(table[:, :n_inputs], np.full(len(table), drug))
        credits = shared.spreads[drug] * of_shared(inputs)
        values = self.inputs.parts_of_tokens(credits, tokens, ridge.values.shape[1] - tokens.shape[1])
        values[:, 0] += credits[:, n_inputs:].sum(axis=1)
        return values

    def token_gains(self) -> Array:
        """`(n_tokens,)` gain of the splits that ask for each token, over all boosters."""
        shared = [] if self.shared is None else [self.shared.booster]
        return self.inputs.token_gains([*self.boosters.by_name.values(), *shared])

    def get_state(self) -> State:
        """Inputs, ids, and boosters as bytes."""
        state = {**self.inputs.get_state(), **self.boosters.get_state(), "drug_ids": self.drug_ids}
        state = state if self.starts is None else {**state, "starts": self.starts}
        return state if self.shared is None else {**state, "shared": self.shared.get_state()}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge, *, forest: bool) -> DrugTrees:
        """The trees of `get_state`'s answer, proved against the stage that they go with."""
        inputs, drug_ids = PairInputs.from_state(state, stage, shows_drugs=False), state_ids(state, "drug_ids")
        if not set(state_ids(state, "booster_names")) <= set(drug_ids):
            raise damaged("boosters are of other drugs")
        # files of continuous outcomes have none
        starts = state_array(state, "starts", len(drug_ids)) if "starts" in state else None
        n_inputs = len(inputs) if starts is None else inputs.n_tokens + 1
        boosters = Boosters.from_state(state, n_inputs, forest=forest)
        shared = None
        # files of the first releases have none
        if "shared" in state:
            shared = SharedBooster.from_state(state["shared"], inputs.n_tokens, len(drug_ids))
        return cls(inputs, drug_ids, boosters, shared, starts)


def _shares(stage: FactorRidge, n_drugs: int, growth: Growth) -> bool:
    """Whether drugs share a booster."""
    return n_drugs > 1 and not growth.forest and not find_scheme(stage.scheme).sample_effect


def _drug_means(stage: FactorRidge, pairs: Pairs) -> Array:
    """`(n_drugs,)` what the ridge expects of each drug in the mean sample."""
    return np.asarray(stage.overall_ + stage.drug_embeddings(pairs)[:, 0])
