"""The closed form: genotype and drug embeddings by ridge, shared over drugs. Also where the network starts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.features.drugs import DrugEncoder
from drugresponse.features.samples import COVARIATES, SampleEncoder
from drugresponse.models.base import PairRegressor, State, state_array
from drugresponse.models.blocks import choose_block_scales
from drugresponse.models.encoders import (
    drug_encoder_state,
    load_drug_encoder,
    load_sample_encoder,
    sample_encoder_state,
)
from drugresponse.models.factors import choose_rank, factorise
from drugresponse.models.response_grid import ResponseGrid
from drugresponse.models.ridge import fit_ridge

__all__ = ["CovariateRidge", "Embeddings", "FactorRidge", "score_pairs"]


@dataclass(frozen=True, eq=False)
class Embeddings:
    """Sample and drug embeddings of the closed form. Column 0 is the main effect, the others meet in a product.

    `y = overall + drug[0] + sample[0] + sample[1:] . drug[1:]`

    Attributes
    ----------
    overall
        Mean response.
    tokens, intercepts
        `(n_tokens, 1 + rank)` and `(1 + rank,)`: sample embedding = tokens of the sample x `tokens` + `intercepts`.
    drugs, drug_ids
        `(n_drugs, 1 + rank)` vector of each training drug.
    structure, structure_intercepts
        `(n_bits, 1 + rank)` and `(1 + rank,)`: the drug embedding that a structure alone gives.
    sample_offsets, sample_ids
        `(n_samples,)` what a seen sample's main effect has beyond its tokens; empty where samples are new.
    """

    overall: float
    tokens: NDArray[np.float64]
    intercepts: NDArray[np.float64]
    drugs: NDArray[np.float64]
    drug_ids: pd.Index
    structure: NDArray[np.float64]
    structure_intercepts: NDArray[np.float64]
    sample_offsets: NDArray[np.float64]
    sample_ids: pd.Index

    @property
    def rank(self) -> int:
        """Number of interaction factors."""
        return self.tokens.shape[1] - 1


class FactorRidge(PairRegressor):
    """Ridge on covariate and genotype tokens of the factors of the drug-centred responses.

    The response matrix, less the drugs' means, is split into a general factor (loading 1 on every drug) and low-rank
    factors, whose number is chosen on held-out cells. Each factor is regressed on the tokens with a penalty of its own,
    chosen by leave-one-group-out error in closed form, and each block of tokens has a scale of its own. The drugs'
    vectors are regressed on their fingerprints in the same way, for drugs that training has not seen.

    Parameters
    ----------
    scheme
        Split scheme of the deployment; decides which mean effects exist.
    rank
        Most interaction factors.
    random_state
        Seed of the held-out cells.
    """

    uses_genotypes = True

    def __init__(self, scheme: str = "new-samples", rank: int = 20, random_state: int = 0) -> None:
        self.scheme = scheme
        self.rank = rank
        self.random_state = random_state

    def fit(
        self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None
    ) -> FactorRidge:
        """Fit encoders and embeddings."""
        pairs = pairs.compact()
        grid = ResponseGrid.build(pairs, y, sample_weight)
        self.sample_encoder_ = SampleEncoder().fit(_genotypes_of(pairs, self.uses_genotypes), pairs.covariates)
        tokens = self.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
        rank, self.rank_errors_ = choose_rank(grid.interaction, grid.weights, self.rank, self.random_state)
        factors, loadings = factorise(grid.interaction, grid.weights, rank)
        targets = np.column_stack([grid.general, factors])
        importance = np.concatenate([[float(grid.weights.shape[1])], np.ones(rank)])
        self.block_scales_ = choose_block_scales(
            tokens,
            self.sample_encoder_.block_columns(),
            targets,
            importance,
            weights=grid.row_weights,
            groups=pairs.subjects,
            random_state=self.random_state,
        )
        # the scales go into the coefficients: a block that is of no use here may still be to a network or a tree
        scale = np.ones(tokens.shape[1])
        for name, columns in self.sample_encoder_.block_columns().items():
            scale[columns] = self.block_scales_[name]
        fit = fit_ridge(tokens * scale, targets, weights=grid.row_weights, groups=pairs.subjects)
        coefficients = fit.coefficients * scale[:, None]
        self.left_out_ = fit.left_out
        self.penalties_ = fit.penalties
        vectors = np.column_stack([grid.drug_effects, loadings])
        structure, structure_intercepts = self._fit_structure(pairs, vectors)
        offsets = np.zeros(0)
        ids: pd.Index = pd.Index([], dtype=object)
        self.left_out_offsets_ = np.zeros(len(pairs))
        # of one drug a sample's own effect would be its response
        if find_scheme(self.scheme).sample_effect and len(pairs.drugs) > 1:
            known = tokens @ coefficients[:, 0] + fit.intercepts[0]
            offsets, ids = grid.offsets(known), pairs.genotypes.sample_ids
            self.left_out_offsets_ = grid.left_out_offsets(fit.left_out[:, 0])[pairs.sample_index, pairs.drug_index]
        self.embeddings_ = Embeddings(
            grid.overall,
            coefficients,
            fit.intercepts,
            vectors,
            pairs.drugs.index,
            structure,
            structure_intercepts,
            offsets,
            ids,
        )
        self.token_spread_ = tokens.std(axis=0)
        return self

    def _fit_structure(self, pairs: Pairs, vectors: NDArray[np.float64]) -> tuple[NDArray, NDArray]:
        self.drug_encoder_ = DrugEncoder().fit(pairs.drugs)
        bits, known = self.drug_encoder_.transform(pairs.drugs)
        if known.sum() < 3 or not bits.shape[1]:
            return np.zeros((bits.shape[1], vectors.shape[1])), vectors.mean(axis=0)
        groups = pairs.drugs["smiles"].to_numpy(dtype=object)[known]
        fit = fit_ridge(bits[known], vectors[known], groups=groups)
        return fit.coefficients, fit.intercepts

    def sample_embeddings(self, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_samples, 1 + rank)` embedding of each distinct sample; the offset of a seen sample is in column 0."""
        check_is_fitted(self, "embeddings_")
        held = self.embeddings_
        embedded = self.sample_encoder_.transform(pairs.genotypes, pairs.covariates) @ held.tokens + held.intercepts
        at = held.sample_ids.get_indexer(pairs.genotypes.sample_ids)
        embedded[:, 0] += np.append(held.sample_offsets, 0.0)[at]
        return embedded

    def drug_embeddings(self, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_drugs, 1 + rank)` vector of each distinct drug: its own where the scheme has it, else its structure's."""
        check_is_fitted(self, "embeddings_")
        held = self.embeddings_
        bits, _ = self.drug_encoder_.transform(pairs.drugs)
        vectors = bits @ held.structure + held.structure_intercepts
        if find_scheme(self.scheme).drug_effect:
            at = held.drug_ids.get_indexer(pairs.drugs.index)
            vectors[at >= 0] = held.drugs[at[at >= 0]]
        return vectors

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Score pairs; each distinct sample and drug is embedded once."""
        check_is_fitted(self, "embeddings_")
        return self.embeddings_.overall + score_pairs(self.sample_embeddings(pairs), self.drug_embeddings(pairs), pairs)

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """Root mean square, over drugs, of each token's effect times its spread in training, as shares of 1."""
        check_is_fitted(self, "embeddings_")
        held = self.embeddings_
        loadings = np.column_stack([np.ones(len(held.drugs)), held.drugs[:, 1:]])
        square = loadings.T @ loadings / len(loadings)
        effects = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", held.tokens, square, held.tokens), 0.0))
        return genotype_shares(self.sample_encoder_, effects * self.token_spread_)

    def notes(self) -> dict[str, Any]:
        """Rank and block scales chosen."""
        return {"rank": self.embeddings_.rank, "block_scales": {k: float(v) for k, v in self.block_scales_.items()}}

    def get_state(self) -> State:
        """Encoders and embeddings."""
        held = self.embeddings_
        return {
            "samples": sample_encoder_state(self.sample_encoder_),
            "drugs": drug_encoder_state(self.drug_encoder_),
            "overall": held.overall,
            "tokens": held.tokens,
            "intercepts": held.intercepts,
            "token_spread": self.token_spread_,
            "drug_vectors": held.drugs,
            "drug_ids": [str(each) for each in held.drug_ids],
            "structure": held.structure,
            "structure_intercepts": held.structure_intercepts,
            "sample_offsets": held.sample_offsets,
            "sample_ids": [str(each) for each in held.sample_ids],
            "block_scales": {name: float(value) for name, value in self.block_scales_.items()},
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> FactorRidge:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner.sample_encoder_ = load_sample_encoder(state["samples"])
        learner.drug_encoder_ = load_drug_encoder(state["drugs"])
        n_tokens, n_bits = len(learner.sample_encoder_.tokens_), len(learner.drug_encoder_.bits_)
        width = int(state_array(state, "intercepts", -1).shape[0])
        drug_ids, sample_ids = list(state["drug_ids"]), list(state["sample_ids"])
        learner.embeddings_ = Embeddings(
            float(state["overall"]),
            state_array(state, "tokens", n_tokens, width),
            state_array(state, "intercepts", width),
            state_array(state, "drug_vectors", len(drug_ids), width),
            pd.Index(drug_ids, dtype=object),
            state_array(state, "structure", n_bits, width),
            state_array(state, "structure_intercepts", width),
            state_array(state, "sample_offsets", len(sample_ids)),
            pd.Index(sample_ids, dtype=object),
        )
        learner.token_spread_ = state_array(state, "token_spread", n_tokens)
        learner.block_scales_ = {str(name): float(value) for name, value in state["block_scales"].items()}
        return learner


class CovariateRidge(FactorRidge):
    """The same closed form on covariates alone: what tissue and the like predict without any genotype."""

    uses_genotypes = False


def score_pairs(
    samples: NDArray[np.float64], drugs: NDArray[np.float64], pairs: Pairs, *, chunk: int = 65536
) -> NDArray[np.float64]:
    """`(n_pairs,)` main effects plus product of embeddings: one matrix product for a dense grid, else gathered."""
    i, j = pairs.sample_index, pairs.drug_index
    if len(samples) * len(drugs) <= 4 * max(len(pairs), 1):
        grid = samples[:, 1:] @ drugs[:, 1:].T
        grid += samples[:, :1]
        grid += drugs[:, 0]
        return grid[i, j]
    scores = samples[i, 0] + drugs[j, 0]
    for start in range(0, len(pairs), chunk):
        at = slice(start, start + chunk)
        scores[at] += np.einsum("ij,ij->i", samples[i[at], 1:], drugs[j[at], 1:])
    return scores


def genotype_shares(
    encoder: SampleEncoder, weights: NDArray[np.float64]
) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
    """Token weights as shares of their sum over genotype tokens; covariates are left out."""
    rows = encoder.tokens_
    genotype = (rows["block"] != COVARIATES).to_numpy()
    kept = weights[genotype]
    total = float(kept.sum())
    names = list(zip(rows["block"][genotype], rows["token"][genotype], strict=True))
    return names, kept / total if total > 0 else np.zeros_like(kept)


def _genotypes_of(pairs: Pairs, used: bool) -> Any:
    if used:
        return pairs.genotypes
    return type(pairs.genotypes)(
        pairs.genotypes.values[:, :0], pairs.genotypes.sample_ids, pairs.genotypes.features.iloc[:0]
    )
