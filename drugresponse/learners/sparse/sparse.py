"""The ridge, and beside it a few strong effects: for genotypes of many features of which few count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.features.token_products import TokenEffects
from drugresponse.learners.factors.blocks import LEADING_TARGETS
from drugresponse.learners.factors.response_factors import Aims, ResponseFactors
from drugresponse.learners.factors.stored_tokens import TrainingTokens
from drugresponse.learners.factors.token_columns import ChosenTokens, DenseColumns, StoredColumns, TokenColumns
from drugresponse.learners.factors.token_spaces import TokenSpace
from drugresponse.learners.groups import deal_groups
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, add_up, fit_scores
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.sparse._effects import fit_sparse
from drugresponse.learners.sparse._shares import shares_by_drug
from drugresponse.learners.state import Array

__all__ = ["SparseRidge"]

_FOLDS = 5


@dataclass(eq=False, repr=False)
class SparseRidge(FactorRidge):
    """A ridge, and effects most of which are 0, added up by what they predict of left-out samples.

    A penalty that keeps 20,000 features quiet keeps the fifty quiet that count. Here each effect is 0 or drawn from one
    of several normals, and the posterior says which, for the response to each drug and for what drugs have in common;
    covariates are always in. How much of a drug's prediction is the ridge's, those in common and its own, left-out
    samples say. For outcomes that are not continuous the posterior of working residuals gives each token its scale in a
    penalised likelihood. All of it is one linear map of the tokens, as the ridge is.

    Parameters
    ----------
    scheme, rank
        As for the ridge.
    random_state
        Seed of the folds and of held-out cells.
    """

    scheme: str = "new-samples"
    rank: int = 256
    random_state: int = 0

    def _encode_samples(self, pairs: Pairs, aims: Aims | None = None) -> TokenSpace:
        self.chosen_ = ChosenTokens.none()
        return super()._encode_samples(pairs, aims)

    def _fit_map(self, space: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        left_out, tokens = super()._fit_map(space, targets, weights, groups), self._columns(space)
        folds = deal_groups(groups, _FOLDS, self.random_state)
        if len(folds) < 2 or not len(tokens):
            return left_out
        to_drugs, n_drugs = targets.loadings.T, len(targets.loadings)
        common, by_drug = targets.values[:, LEADING_TARGETS], targets.values @ to_drugs
        # one drug's own effects are those that all drugs have in common
        aims = common if n_drugs == 1 else np.hstack([common, by_drug])
        fits, table = fit_sparse(tokens, aims, _sets(weights, folds))
        outside = np.empty(aims.shape)
        for fold, fit in zip(folds, fits[1:], strict=True):
            outside[fold] = fit.predict(table, fold)
        # from the targets to the drugs: through what drugs have in common, and each drug's own
        ways = np.zeros((1 if n_drugs == 1 else 2, aims.shape[1], n_drugs))
        ways[0, : common.shape[1]] = to_drugs[: common.shape[1]]
        ways[1:, common.shape[1] :] = np.eye(n_drugs)
        means = np.average(by_drug, axis=0, weights=weights)
        tables = [left_out @ to_drugs, *(outside @ way for way in ways)]
        shares = shares_by_drug([table - means for table in tables], by_drug - means, weights, groups)
        back = _embedding(targets.loadings)
        of_ridge, of_targets = (to_drugs * shares[0]) @ back, (shares[1:, None] * ways).sum(axis=0) @ back
        kept = ((1 - shares.sum(axis=0)) * means) @ back
        name = "coefficients_" if self.stored_ is None else "input_coefficients_"
        setattr(
            self,
            name,
            self._beside(tokens, fits[0].columns, fits[0].effects.T @ of_targets, getattr(self, name) @ of_ridge),
        )
        self.intercepts_ = kept + self.intercepts_ @ of_ridge + fits[0].at_zero() @ of_targets
        return np.asarray(kept + left_out @ of_ridge + outside @ of_targets)

    def _fit_scores(self, space: TokenSpace, targets: ResponseFactors, problem: ScoreProblem) -> tuple[Array, ScoreFit]:
        inputs, ridge = super()._fit_scores(space, targets, problem)
        folds, tokens = [samples for _, samples in problem.fold_rows()], self._columns(space)
        if min(len(inputs) - len(fold) for fold in folds) < 2 or not len(tokens):
            return inputs, ridge
        aims = np.column_stack([targets.values[:, 0], targets.values @ targets.loadings.T])
        fits, table = fit_sparse(tokens, aims, _sets(self.sample_weights_, folds))
        columns, scale = fits[0].loudness(table)
        without = [table.of(at) * loud for at, loud in (fit.loudness(table) for fit in fits[1:])]
        fit = fit_scores(table.of(columns) * scale, problem, without)
        nothing = np.zeros_like(ridge.coefficients)
        coefficients = self._beside(tokens, columns, scale[:, None] * fit.coefficients, nothing)
        n_more = len(self.chosen_)
        ridge = replace(ridge, coefficients=np.vstack([np.zeros((n_more, nothing.shape[1])), ridge.coefficients]))
        if n_more:
            inputs = np.hstack([table.of(columns[columns >= len(tokens.always)]), inputs])
        return inputs, add_up([ridge, replace(fit, coefficients=coefficients)], problem)[0]

    def _columns(self, space: TokenSpace) -> TokenColumns:
        """What is screened: tokens in memory, or those of stored genotypes block by block."""
        if self.stored_ is None:
            return DenseColumns(space.inputs, self.sample_encoder_.block_columns())
        return StoredColumns(self.stored_)

    def _beside(self, tokens: TokenColumns, columns: NDArray[np.intp], effects: Array, of_inputs: Array) -> Array:
        """Coefficients with effects of some tokens added; of stored genotypes they come before those of inputs."""
        coefficients = of_inputs.copy()
        if not isinstance(tokens, StoredColumns):
            coefficients[columns] += effects
            return coefficients
        genotype = columns >= len(tokens.always)
        coefficients[columns[~genotype]] += effects[~genotype]
        self.chosen_ = tokens.chosen(columns[genotype])
        return np.vstack([effects[genotype], coefficients])

    def _known_products(self, stored: TrainingTokens, pairs: Pairs) -> Array:
        n, encoder = len(self.chosen_), stored.covariate_encoder
        products = stored.products(pairs, self.input_coefficients_[n:])
        side = encoder.covariate_tokens_of(pairs.genotypes.sample_ids, pairs.covariates)
        values = pairs.genotypes.values.read(self.chosen_.features)
        return products + self.chosen_.of_values(values, side, encoder) @ self.input_coefficients_[:n]

    @cached_property
    def _effects(self) -> TokenEffects:
        n = len(self.chosen_)
        effects = self._stored("coefficients_").effects(self.sample_encoder_, self.input_coefficients_[n:])
        effects.coefficients[self.chosen_.among(self.sample_encoder_)] += self.input_coefficients_[:n]
        return effects


def _sets(weights: Array, folds: Sequence[NDArray[np.intp]]) -> Array:
    """Weights of all rows, then without those of each fold."""
    sets = np.tile(weights, (1 + len(folds), 1))
    for k, fold in enumerate(folds):
        sets[1 + k, fold] = 0.0
    return sets


def _embedding(loadings: Array) -> Array:
    """`(n_drugs, 1 + rank)` that takes what each drug has to the mean over drugs, and the axes of what is left."""
    n_drugs = len(loadings)
    axes = loadings[:, 1:]
    return np.column_stack([np.full(n_drugs, 1 / n_drugs), axes - axes.mean(axis=0)])
