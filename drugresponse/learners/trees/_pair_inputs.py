"""What boosters on pairs are given, and whose credit it is: tokens, sums of sites, and the ridge's numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.features.sites import site_sums
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.rescaling import Rescaling
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import Array, State, damaged, state_wholes

__all__ = ["PairInputs"]

_EMBEDDING = 20
"""Factors of the ridge's embeddings among the inputs."""
_PAIRS_AT_ONCE = 1 << 16


@dataclass(frozen=True, eq=False)
class PairInputs:
    """Tokens and sums of sites, the ridge's prediction less its overall mean, and the ridge's embeddings.

    Attributes
    ----------
    stage
        The ridge, fitted.
    columns
        Numbers of the tokens among the inputs.
    sites
        `(n_tokens,)` the site of each token, -1 where it has none; in a sum an unknown token is the training mean.
    shows_drugs
        Whether the embedding of the drug is among the inputs.
    """

    stage: FactorRidge
    columns: NDArray[np.int64]
    sites: NDArray[np.int64]
    shows_drugs: bool

    @property
    def n_tokens(self) -> int:
        """How many inputs are tokens or sums of sites."""
        return len(self.columns) + int(self.sites.max(initial=-1)) + 1

    @property
    def width(self) -> int:
        """How many columns of the ridge's embeddings are among the inputs."""
        return 1 + min(self.stage.rank_, _EMBEDDING)

    def __len__(self) -> int:
        return self.n_tokens + 1 + self.width * (2 if self.shows_drugs else 1)

    def tokens(self, pairs: Pairs) -> NDArray[np.float32]:
        """`(n_samples, n_tokens)` tokens, NaN where unknown, and the sum of each site."""
        encoder = self.stage.sample_encoder_
        whole = encoder.transform(pairs.genotypes, pairs.covariates)
        tokens = whole[:, self.columns].astype(np.float32)
        tokens[~encoder.called(pairs.genotypes, pairs.covariates)[:, self.columns]] = np.nan
        return np.hstack([tokens, (whole @ site_sums(self.sites)).astype(np.float32)])

    def table(
        self, pairs: Pairs, tokens: NDArray[np.float32], predicted: Array, samples: Array, drugs: Array
    ) -> NDArray[np.float32]:
        """`(n_pairs, n_inputs)`, all of them.

        Parameters
        ----------
        pairs, tokens
            Which sample meets which drug, and the answer of `tokens`.
        predicted
            `(n_pairs,)` the ridge's prediction.
        samples, drugs
            The ridge's embeddings; of training samples left-out ones, so that trees see the error that new rows have.
        """
        sides = [samples[pairs.sample_index, : self.width]]
        if self.shows_drugs:
            sides.append(drugs[pairs.drug_index, : self.width])
        parts: list[NDArray[Any]] = [tokens[pairs.sample_index], (predicted - self.stage.overall_)[:, None], *sides]
        return np.hstack([part.astype(np.float32) for part in parts])

    def training_table(self, pairs: Pairs) -> NDArray[np.float32]:
        """`(n_pairs, n_inputs)` of the training pairs, compact; the ridge's numbers are left-out ones."""
        stage = self.stage
        predicted, drugs = stage.predict_left_out(pairs), stage.drug_embeddings(pairs)
        return self.table(pairs, self.tokens(pairs), predicted, stage.left_out_, drugs)

    def chunks(self, pairs: Pairs) -> Iterator[tuple[slice, Array, NDArray[np.float32]]]:
        """Rows, the ridge's prediction of them, and their inputs, chunk after chunk of pairs."""
        stage, tokens = self.stage, self.tokens(pairs)
        samples, drugs = stage.sample_embeddings(pairs), stage.drug_embeddings(pairs)
        predicted = stage.overall_ + score_pairs(samples, drugs, pairs)
        for start in range(0, len(pairs), _PAIRS_AT_ONCE):
            rows = slice(start, start + _PAIRS_AT_ONCE)
            yield rows, predicted[rows], self.table(pairs[rows], tokens, predicted[rows], samples, drugs)

    def by_drug(self, pairs: Pairs) -> Iterator[tuple[Contributions, NDArray[np.float32], Array]]:
        """The ridge's contributions to each drug, the inputs of its rows, and all tokens of their samples."""
        stage, inputs = self.stage, self.tokens(pairs)
        samples, drugs, predicted = stage.sample_embeddings(pairs), stage.drug_embeddings(pairs), stage.predict(pairs)
        tokens = stage.tokens(pairs)
        for ridge in stage.contributions(pairs):
            cut = pairs[ridge.rows]
            table = self.table(cut, inputs, predicted[ridge.rows], samples, drugs)
            yield ridge, table, tokens[cut.sample_index]

    def parts_of_credits(self, credits: Array, ridge: Array, tokens: Array) -> Array:
        """`(n_rows, n_parts)` what the inputs of the sample earn, rescaled to the tokens that they are made of.

        Parameters
        ----------
        credits
            `(n_rows, n_inputs + 1)` of the inputs, and the expected prediction.
        ridge
            `(n_rows, n_parts)` the parts of the ridge's prediction, the mean first.
        tokens
            `(n_rows, n_tokens)`.
        """
        at, first = self.n_tokens + 1, ridge.shape[1] - tokens.shape[1]
        parts = ridge.copy()
        # the input is the ridge's prediction less its overall mean; what is the same in all of a booster's rows earns 0
        parts[:, 0] = ridge[:, 0] - self.stage.overall_ if self.shows_drugs else 0.0
        of_prediction = Rescaling.of(parts, np.ones((parts.shape[1], 1)))
        of_embedding = Rescaling.of(tokens, self.stage.coefficients_[:, : self.width])
        values, of_none = of_prediction.to_tokens(credits[:, at - 1 : at])
        of_tokens, nothing = of_embedding.to_tokens(credits[:, at : at + self.width])
        values[:, first:] += of_tokens
        values[:, 0] += of_none + nothing
        return values + self.parts_of_tokens(credits, tokens, first)

    def parts_of_tokens(self, credits: Array, tokens: Array, first: int) -> Array:
        """`(n_rows, n_parts)` what tokens and sites earn; the tokens' parts begin with number `first`."""
        n_columns = len(self.columns)
        values = np.zeros((len(tokens), first + tokens.shape[1]))
        sites = Rescaling.of(tokens, site_sums(self.sites).toarray())
        of_sites, unknown = sites.to_tokens(credits[:, n_columns : self.n_tokens])
        values[:, first:] += of_sites
        values[:, first + self.columns] += credits[:, :n_columns]
        values[:, 0] += unknown
        return values

    def token_gains(self, boosters: Iterable[Any]) -> Array:
        """`(n_tokens,)` gain of the splits by token; those that a site adds up have equal parts of its gain."""
        gains = np.zeros(len(self.sites))
        for booster in boosters:
            for name, gain in booster.get_score(importance_type="total_gain").items():
                gains += gain * self._shares(int(name[1:]))
        return gains

    def _shares(self, number: int) -> Array:
        """`(n_tokens,)` which part of an input each token is."""
        site = number - len(self.columns)
        if site < 0:
            return (np.arange(len(self.sites)) == self.columns[number]).astype(np.float64)
        members = (self.sites == site).astype(np.float64)
        return members / max(members.sum(), 1.0)

    def get_state(self) -> State:
        """Two arrays."""
        return {"columns": self.columns, "sites": self.sites}

    @classmethod
    def from_state(cls, state: State, stage: FactorRidge, *, shows_drugs: bool) -> PairInputs:
        """The inputs of `get_state`'s answer, proved against the stage that they go with."""
        columns, n_tokens = state_wholes(state, "columns", -1), len(stage.sample_encoder_.tokens_)
        stage.prove_columns(columns)
        # files of the first releases have none
        sites = state_wholes(state, "sites", n_tokens, least=-1) if "sites" in state else np.full(n_tokens, -1)
        if sites.max(initial=-1) >= n_tokens:
            raise damaged("there are more sites than tokens")
        return cls(stage, columns, sites, shows_drugs)
