"""What all learners share that embed samples and drugs: encoders, targets, drug vectors, seen samples, prediction."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme, groups_of_samples
from drugresponse.features.drugs import DrugEncoder
from drugresponse.features.samples import COVARIATES, SampleEncoder
from drugresponse.features.token_products import TokenEffects
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import (
    Contributions,
    EmbeddingParts,
    parts_table,
    product_contributions,
    refuse_too_many_parts,
)
from drugresponse.learners.encoders import (
    drug_encoder_state,
    load_drug_encoder,
    load_sample_encoder,
    sample_encoder_state,
)
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.factors.blocks import choose_block_scales
from drugresponse.learners.factors.embeddings import DrugVectors, SeenFactors, score_pairs
from drugresponse.learners.factors.own_ridges import OwnRidges, OwnShares
from drugresponse.learners.factors.response_factors import Aims, ResponseFactors
from drugresponse.learners.factors.score_axes import ScoreAxes
from drugresponse.learners.factors.seen_by_loss import seen_by_loss
from drugresponse.learners.factors.stored_tokens import TrainingTokens
from drugresponse.learners.factors.token_spaces import DenseTokens, TokenSpace
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit
from drugresponse.learners.ridge_solver import fit_ridge
from drugresponse.learners.state import Array, State, damaged, state_array, state_number, state_numbers, state_whole

__all__ = ["FactorModel", "genotype_shares"]


class FactorModel(PairRegressor):
    """`response = overall + drug effect + sample embedding x drug embedding`.

    The response matrix, less the drugs' means, is split into a general effect and principal axes; a subclass maps the
    tokens of a sample to these. Drugs have a vector each, and their structures are regressed on those for drugs that
    training has not seen. Where the scheme's samples are seen, the left-out residuals of the map are completed over
    drugs: what a sample's other responses tell. Nothing that is handed on was fitted to its own row.
    """

    scheme: str
    rank: int
    random_state: int
    uses_genotypes = True
    intercepts_: Array
    input_coefficients_: Array
    stored_: TrainingTokens | None = None
    """Of a fit on stored genotypes the samples that it learned from: what they know spares another pass."""
    levels_: dict[str, int] | None = None
    """Of a fit in two levels what there is of the first: segments, features of one, penalties, targets."""

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> Any:
        """Fit encoders and embeddings."""
        pairs = training_pairs_for(self, pairs.compact())
        problem = None
        if pairs.observed is not None:
            problem = ScoreProblem.of(pairs, y, sample_weight, self.scheme, self.random_state)
            problem = replace(problem, likeness=self._likeness(pairs, problem.likeness))
            # what blocks and kernels are chosen on is what rows lack at the start; scores are fitted to their loss
            y = problem.of_rows(problem.working)
        grid = ResponseGrid.build(pairs, y, sample_weight)
        groups = groups_of_samples(pairs, self.scheme)
        targets = ResponseFactors.of(grid, self.rank, self.random_state)
        folds = None if problem is None else problem.folds
        tokens = self._encode_samples(pairs, Aims(targets, grid.row_weights, groups, folds, self.random_state))
        own = OwnRidges.fit(tokens, targets, grid.row_weights, groups)
        targets = own.refill(targets, self.rank)
        self.overall_, self.rank_ = grid.overall, targets.rank
        self.targets_, self.sample_weights_ = targets, grid.row_weights
        self.block_scales_ = choose_block_scales(
            tokens,
            targets.values,
            targets.importance,
            weights=grid.row_weights,
            groups=groups,
            random_state=self.random_state,
        )
        if problem is not None:
            return self._fit_by_loss(pairs, tokens, targets, problem)
        left_out = self._mix_in(own.mix(targets, self._fit_map(tokens, targets, grid.row_weights, groups)))
        self.left_out_ = _without_mirrors(left_out, targets.values, grid.row_weights)
        vectors = np.column_stack([grid.drug_effects, targets.loadings[:, 1:]])
        self.seen_ = SeenFactors.none()
        self.left_out_shift_ = np.zeros(grid.weights.shape)
        # of one drug a sample's own effect would be its response
        if find_scheme(self.scheme).sample_effect and len(pairs.drugs) > 1:
            known = self.left_out_ @ targets.loadings.T
            residuals = np.where(grid.weights > 0, grid.general[:, None] + grid.interaction - known, 0.0)
            self.seen_, loadings, self.left_out_shift_ = SeenFactors.learn(
                residuals, grid.weights, pairs.genotypes.sample_ids
            )
            vectors = np.column_stack([vectors, loadings])
        self._fit_drugs(pairs, vectors, grid)
        return self

    def _mix_in(self, own: OwnShares) -> Array:
        """Turn the map towards the drugs' own ridges; its answer is the embedding of each left-out sample."""
        name = "coefficients_" if self.stored_ is None else "input_coefficients_"
        coefficients = getattr(self, name) @ own.turn
        # those of the inputs are the last of every map
        coefficients[len(coefficients) - len(own.coefficients) :] += own.coefficients
        setattr(self, name, coefficients)
        self.intercepts_ = self.intercepts_ @ own.turn + own.intercepts
        return own.left_out

    def _likeness(self, pairs: Pairs, likeness: Array) -> Array:  # noqa: ARG002 -- for learners that know more of drugs
        """`(n_drugs, n_drugs)` prior covariance over drugs, by the one that residuals tell."""
        return likeness

    def _fit_by_loss(self, pairs: Pairs, tokens: TokenSpace, targets: ResponseFactors, problem: ScoreProblem) -> Any:
        """The same embeddings by penalised likelihood, on the scale of the link."""
        inputs, fit = self._fit_scores(tokens, targets, problem)
        axes = ScoreAxes.of(inputs, fit, problem, self.rank)
        self.overall_, self.rank_ = axes.overall, axes.loadings.shape[1] - 1
        self._keep_coefficients(axes.coefficients)
        self.left_out_, vectors = axes.left_out, np.column_stack([axes.drug_effects, axes.loadings[:, 1:]])
        self.seen_, self.left_out_shift_ = SeenFactors.none(), np.zeros(problem.shape)
        if find_scheme(self.scheme).sample_effect and len(pairs.drugs) > 1:
            self.seen_, loadings, self.left_out_shift_ = seen_by_loss(problem, fit, pairs.genotypes.sample_ids)
            vectors = np.column_stack([vectors, loadings])
        self._fit_drugs(pairs, vectors, None)
        return self

    def _encode_samples(self, pairs: Pairs, aims: Aims | None = None) -> TokenSpace:  # noqa: ARG002 -- for two levels
        """The tokens of training pairs, compact, and what is to be learned of them."""
        genotypes = pairs.genotypes if self.uses_genotypes else pairs.genotypes.without_features()
        self.sample_encoder_ = SampleEncoder(pairs.arm).fit(genotypes, pairs.covariates)
        tokens = self.tokens(pairs)
        self.token_spread_ = tokens.std(axis=0)
        return DenseTokens(tokens, self.sample_encoder_.block_columns())

    @cached_property
    def sample_encoder_(self) -> SampleEncoder:
        """Of the training samples; of stored genotypes only once something asks for it."""
        return self._stored("sample_encoder_").encoder()

    @cached_property
    def _effects(self) -> TokenEffects:
        return self._stored("coefficients_").effects(self.sample_encoder_, self.input_coefficients_)

    @cached_property
    def coefficients_(self) -> NDArray[Any]:
        """`(n_tokens, 1 + rank)`; of stored genotypes read and of one precision, once something asks for them."""
        return self._effects.coefficients

    @cached_property
    def token_spread_(self) -> Array:
        """`(n_tokens,)` standard deviation of each token in training."""
        return self._effects.spread

    def __getstate__(self) -> dict[str, Any]:
        """For pickles and copies: the coefficients of tokens in the place of the training's kernel and file."""
        if self.stored_ is not None:
            _ = self._effects, self.coefficients_, self.token_spread_
        state = dict(super().__getstate__())
        if self.stored_ is not None:
            dropped = ("stored_", "input_coefficients_", "_effects")
            state = {name: value for name, value in state.items() if name not in dropped}
        return state

    def _forget_map(self) -> None:
        """Before another fit; what is computed only when something asks for it would stay."""
        for name in ("sample_encoder_", "_effects", "coefficients_", "token_spread_"):
            self.__dict__.pop(name, None)

    def _stored(self, name: str) -> TrainingTokens:
        if self.stored_ is None:
            raise AttributeError(f"{type(self).__name__} has no {name} before it is fitted")
        return self.stored_

    @abstractmethod
    def _fit_map(self, tokens: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        """Learn the map from tokens to the targets' columns.

        Returns
        -------
        (n_samples, 1 + rank)
            What the map gives for each training sample when its group is left out.
        """

    @abstractmethod
    def _fit_scores(
        self, tokens: TokenSpace, targets: ResponseFactors, problem: ScoreProblem
    ) -> tuple[Array, ScoreFit]:
        """Learn a map from tokens to the scores of each drug, by the loss of an outcome that is not continuous.

        Returns
        -------
        inputs : (n_samples, n_inputs)
            What the map is linear in.
        fit : ScoreFit
            Of these inputs.
        """

    @abstractmethod
    def _keep_coefficients(self, coefficients: Array) -> None:
        """Take the `(n_inputs, 1 + rank)` coefficients of the inputs of `_fit_scores`."""

    @abstractmethod
    def map_tokens(self, tokens: Array) -> Array:
        """`(n_samples, 1 + rank)` embedding of samples by their tokens."""

    @abstractmethod
    def _map_parts(self, tokens: Array) -> Callable[[Array], Array]:
        """A function of `(1 + rank,)` loadings that takes the map's score apart by token, less the mean sample's.

        Its answer is `(n_samples, n_tokens)`; a row and the score of zeros add up to `map_tokens(tokens) @ loadings`.
        """

    @abstractmethod
    def _token_weights(self, loadings: Array) -> Array:
        """`(n_tokens,)` how much the prediction hangs on a unit of each token; `loadings` `(n_drugs, 1 + rank)`."""

    def _fit_drugs(self, pairs: Pairs, vectors: Array, grid: ResponseGrid | None) -> None:
        self.drug_encoder_ = DrugEncoder().fit(pairs.drugs)
        bits, known = self.drug_encoder_.transform(pairs.drugs)
        structure, intercepts = np.zeros((bits.shape[1], vectors.shape[1])), vectors.mean(axis=0)
        if known.sum() >= 3 and bits.shape[1]:
            groups = pairs.drugs["smiles"].to_numpy(dtype=object)[known]
            fit = fit_ridge(bits[known], vectors[known], groups=groups)
            structure, intercepts = fit.coefficients, fit.intercepts
            if grid is not None:
                vectors[:, 0] = grid.drug_effects_towards(fit.left_out[:, 0], known)
        self.drugs_ = DrugVectors(vectors, pairs.drugs.index, structure, intercepts)

    def tokens(self, pairs: Pairs) -> Array:
        """`(n_samples, n_tokens)` of each distinct sample."""
        genotypes = pairs.genotypes if self.uses_genotypes else pairs.genotypes.without_features()
        return self.sample_encoder_.transform(genotypes, pairs.covariates)

    def _map_samples(self, pairs: Pairs) -> Array:
        """`(n_samples, 1 + rank)` embedding of each distinct sample by its tokens."""
        return self.map_tokens(self.tokens(pairs))

    def sample_embeddings(self, pairs: Pairs) -> Array:
        """`(n_samples, 1 + rank + n_seen_factors)` embedding of each distinct sample; column 0 is its main effect."""
        return np.hstack([self._map_samples(pairs), self.seen_.of(pairs.genotypes.sample_ids)])

    def drug_embeddings(self, pairs: Pairs) -> Array:
        """`(n_drugs, 1 + rank + n_seen_factors)` vector of each distinct drug: its own if the scheme has it."""
        bits, _ = self.drug_encoder_.transform(pairs.drugs)
        return self.drugs_.of(bits, pairs.drugs.index, find_scheme(self.scheme).drug_effect)

    def drug_embeddings_without_structure(self, pairs: Pairs) -> Array:
        """`(n_drugs, 1 + rank + n_seen_factors)` as `drug_embeddings`, if nothing were known of any structure."""
        nothing = np.zeros((len(pairs.drugs), len(self.drug_encoder_.bits_)))
        return self.drugs_.of(nothing, pairs.drugs.index, find_scheme(self.scheme).drug_effect)

    def predict(self, pairs: Pairs) -> Array:
        """Score pairs; each distinct sample and drug is embedded once."""
        check_is_fitted(self, "drugs_")
        return self.overall_ + score_pairs(self.sample_embeddings(pairs), self.drug_embeddings(pairs), pairs)

    def part_kinds(self) -> dict[str, bool]:
        """Which kinds of parts that are no tokens a prediction may have."""
        known = find_scheme(self.scheme)
        return {"mean": True, "structure": len(self.drug_encoder_.bits_) > 0, "measured": known.sample_effect}

    def contribution_parts(self) -> pd.DataFrame:
        """Mean effects, and the tokens."""
        return parts_table(self.part_kinds(), self.sample_encoder_)

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """Each token's number times what the map makes of it and the drug's vector."""
        pairs = pairs.compact()
        n_samples, n_tokens, width = len(pairs.genotypes.sample_ids), len(self.sample_encoder_.tokens_), 1 + self.rank_
        refuse_too_many_parts(n_samples, n_tokens)
        tokens = self.tokens(pairs)
        mean, parts = self.map_tokens(np.zeros((1, tokens.shape[1])))[0], self._map_parts(tokens)
        measured = self.seen_.of(pairs.genotypes.sample_ids)
        embedded = EmbeddingParts(
            self.overall_,
            np.concatenate([mean, np.zeros(measured.shape[1])]),
            np.hstack([np.zeros((len(tokens), width)), measured]),
            lambda loadings: (parts(loadings[:width]), np.zeros(len(tokens))),
        )
        drugs, plain = self.drug_embeddings(pairs), self.drug_embeddings_without_structure(pairs)
        return product_contributions(pairs, embedded, drugs, plain, self.part_kinds(), self.predict(pairs))

    def predict_left_out(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` prediction of training pairs without their sample's group; a drug's vector is its own.

        Parameters
        ----------
        pairs
            Those of the training, compact.
        """
        drugs = self.drug_embeddings(pairs)[:, : 1 + self.rank_]
        scores = score_pairs(self.left_out_, drugs, pairs)
        return self.overall_ + scores + self.left_out_shift_[pairs.sample_index, pairs.drug_index]

    def token_importance(self) -> Array:
        """`(n_tokens,)` how much the predictions hang on each token times its spread in training."""
        loadings = np.column_stack([np.ones(len(self.drugs_.own)), self.drugs_.own[:, 1 : 1 + self.rank_]])
        return self._token_weights(loadings) * self.token_spread_

    def prove_columns(self, columns: NDArray[np.int64]) -> None:
        """Refuse numbers of tokens, read from a file, that lie outside the tokens."""
        if len(columns) and not 0 <= columns.min() <= columns.max() < len(self.sample_encoder_.tokens_):
            raise damaged("a tree input lies outside the tokens")

    def trained_features(self) -> pd.DataFrame:
        """Those of the encoder."""
        # of stored genotypes the encoder takes a pass where some samples are left out
        return self.sample_encoder_.genotype_features_ if self.stored_ is None else self.stored_.genotypes.features

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """The importance of each genotype feature as shares of 1."""
        return genotype_shares(self.sample_encoder_, self.token_importance())

    def notes(self) -> dict[str, Any]:
        """Rank and block scales chosen."""
        return {"rank": self.rank_, "block_scales": {name: float(scale) for name, scale in self.block_scales_.items()}}

    def get_state(self) -> State:
        """Encoders, embeddings and the map."""
        return {
            "samples": sample_encoder_state(self.sample_encoder_),
            "drugs": drug_encoder_state(self.drug_encoder_),
            "overall": self.overall_,
            "rank": self.rank_,
            "token_spread": self.token_spread_,
            "drug_vectors": self.drugs_.get_state(),
            "seen": self.seen_.get_state(),
            "coefficients": self.coefficients_,
            "intercepts": self.intercepts_,
            "block_scales": {name: float(scale) for name, scale in self.block_scales_.items()},
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> Any:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner.sample_encoder_ = load_sample_encoder(state["samples"])
        learner.drug_encoder_ = load_drug_encoder(state["drugs"])
        learner.overall_, learner.rank_ = state_number(state, "overall"), state_whole(state, "rank", 1 << 20)
        learner.token_spread_ = state_array(state, "token_spread", len(learner.sample_encoder_.tokens_))
        learner.seen_ = SeenFactors.from_state(state["seen"])
        width = 1 + learner.rank_ + learner.seen_.factors.shape[1]
        learner.drugs_ = DrugVectors.from_state(state["drug_vectors"], len(learner.drug_encoder_.bits_), width)
        learner.intercepts_ = state_array(state, "intercepts", 1 + learner.rank_)
        learner.block_scales_ = state_numbers(state, "block_scales")
        learner._restore_map(state)
        return learner

    def _restore_map(self, state: State) -> None:
        """Take what the map needs beside its intercepts; the encoders are there."""
        self.coefficients_ = state_array(state, "coefficients", len(self.sample_encoder_.tokens_), 1 + self.rank_)


def genotype_shares(encoder: SampleEncoder, weights: Array) -> tuple[list[tuple[str, str]], Array]:
    """Token weights as shares of their sum over genotype features; covariates are left out.

    An interaction with the arm counts to its feature.
    """
    rows = encoder.tokens_
    genotype = ((rows["block"] != COVARIATES) & (rows["arm"] == "")).to_numpy()
    crossed, feature, _ = encoder.interactions()
    if len(crossed):
        weights = weights.copy()
        np.add.at(weights, feature, weights[crossed])
    kept = weights[genotype]
    total = float(kept.sum())
    blocks, ids = (rows[name].to_numpy(dtype=object)[genotype].tolist() for name in ("block", "token"))
    names = list(zip(blocks, ids, strict=True))
    return names, kept / total if total > 0 else np.zeros_like(kept)


def _without_mirrors(left_out: Array, targets: Array, weights: Array) -> Array:
    """Left-out predictions, and the mean of all rows for a column that no token predicts.

    There the left-out prediction is the mean of the other rows, which is the row's own value mirrored: a tree that is
    given it learns nothing else.
    """
    means = np.average(targets, axis=0, weights=weights)
    errors, spread = (np.average((targets - centre) ** 2, axis=0, weights=weights) for centre in (left_out, means))
    return np.where(errors < spread, left_out, means)
