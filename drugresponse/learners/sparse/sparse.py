"""The ridge, and beside it a few strong effects: for genotypes of many features of which few count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.features.samples import COVARIATES
from drugresponse.learners.factors.blocks import LEADING_TARGETS
from drugresponse.learners.factors.response_factors import ResponseFactors
from drugresponse.learners.factors.token_spaces import TokenSpace
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, add_up, fit_scores
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.sparse._effects import SparseEffects, deal_groups, fit_sparse
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
    reads_blocks = False

    def _fit_map(self, space: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        left_out, tokens = super()._fit_map(space, targets, weights, groups), space.inputs
        folds = deal_groups(groups, _FOLDS, self.random_state)
        if len(folds) < 2 or not tokens.shape[1]:
            return left_out
        to_drugs, n_drugs = targets.loadings.T, len(targets.loadings)
        common, by_drug = targets.values[:, LEADING_TARGETS], targets.values @ to_drugs
        # one drug's own effects are those that all drugs have in common
        aims = common if n_drugs == 1 else np.hstack([common, by_drug])
        fits = self._fit_sparse(tokens, aims, weights, folds)
        outside = np.empty(aims.shape)
        for fold, fit in zip(folds, fits[1:], strict=True):
            outside[fold] = fit.predict(tokens, fold)
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
        self.coefficients_ = self.coefficients_ @ of_ridge
        self.coefficients_[fits[0].columns] += fits[0].effects.T @ of_targets
        self.intercepts_ = kept + self.intercepts_ @ of_ridge + fits[0].at_zero() @ of_targets
        return np.asarray(kept + left_out @ of_ridge + outside @ of_targets)

    def _fit_scores(self, space: TokenSpace, targets: ResponseFactors, problem: ScoreProblem) -> tuple[Array, ScoreFit]:
        tokens, ridge = super()._fit_scores(space, targets, problem)
        folds = [samples for _, samples in problem.fold_rows()]
        if min(len(tokens) - len(fold) for fold in folds) < 2 or not tokens.shape[1]:
            return tokens, ridge
        aims = np.column_stack([targets.values[:, 0], targets.values @ targets.loadings.T])
        fits = self._fit_sparse(tokens, aims, self.sample_weights_, folds)
        columns, scale = fits[0].loudness(tokens)
        without = [tokens[:, at] * loud for at, loud in (fit.loudness(tokens) for fit in fits[1:])]
        fit = fit_scores(tokens[:, columns] * scale, problem, without)
        coefficients = np.zeros((tokens.shape[1], problem.shape[1]))
        coefficients[columns] = scale[:, None] * fit.coefficients
        return tokens, add_up([ridge, replace(fit, coefficients=coefficients)], problem)[0]

    def _fit_sparse(
        self, tokens: Array, aims: Array, weights: Array, folds: Sequence[NDArray[np.intp]]
    ) -> list[SparseEffects]:
        """The effects on all rows, then those without each fold's."""
        sets = np.tile(weights, (1 + len(folds), 1))
        for k, fold in enumerate(folds):
            sets[1 + k, fold] = 0.0
        blocks = self.sample_encoder_.block_columns()
        always = blocks.get(COVARIATES, np.zeros(0, dtype=np.intp))
        scale = np.ones(tokens.shape[1])
        for name, columns in blocks.items():
            if name != COVARIATES:
                scale[columns] = np.sqrt(len(columns))
        return fit_sparse(tokens, aims, sets, always=always, scale=scale)


def _embedding(loadings: Array) -> Array:
    """`(n_drugs, 1 + rank)` that takes what each drug has to the mean over drugs, and the axes of what is left."""
    n_drugs = len(loadings)
    axes = loadings[:, 1:]
    return np.column_stack([np.full(n_drugs, 1 / n_drugs), axes - axes.mean(axis=0)])
