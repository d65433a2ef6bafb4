"""The closed form: genotype and drug embeddings by ridge, shared over drugs. Also where the network starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.factors.blocks import block_mixes, mix_shares, token_scales
from drugresponse.learners.factors.model import FactorModel
from drugresponse.learners.factors.response_factors import ResponseFactors
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, add_up, fit_scores
from drugresponse.learners.ridge_solver import fit_ridge
from drugresponse.learners.state import Array

__all__ = ["CovariateRidge", "FactorRidge"]


@dataclass(eq=False, repr=False)
class FactorRidge(FactorModel):
    """Ridge on covariate and genotype tokens, shared over drugs.

    Each column of the targets is regressed on the tokens with a penalty of its own, chosen by leave-one-group-out error
    in closed form, and each block of tokens has a scale of its own. Where there are several blocks, ridges on all of
    them, on covariates alone, on genotype alone and on covariates with each genotype block are averaged: one penalty
    cannot suit a tissue and a rare mutation at once.

    Parameters
    ----------
    scheme
        Split scheme of the deployment; decides which mean effects exist.
    rank
        Most interaction factors.
    random_state
        Seed of the held-out cells.
    """

    scheme: str = "new-samples"
    rank: int = 256
    random_state: int = 0

    def _fit_map(self, tokens: Array, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        blocks, fits = self.sample_encoder_.block_columns(), []
        for mix in block_mixes(self.block_scales_):
            # the scales go into the coefficients: a block that is of no use here may still be to a network or a tree
            scale = token_scales(mix, blocks, tokens.shape[1])
            used = np.flatnonzero(scale)
            fit = fit_ridge(tokens[:, used] * scale[used], targets.values, weights=weights, groups=groups)
            coefficients = np.zeros((tokens.shape[1], targets.values.shape[1]))
            coefficients[used] = fit.coefficients * scale[used, None]
            fits.append((fit, coefficients))
        self.penalties_ = fits[0][0].penalties
        means = np.average(targets.values, axis=0, weights=weights)
        left_out = [fit.left_out - means for fit, _ in fits]
        shares = mix_shares(left_out, targets.values - means, np.outer(weights, targets.importance))
        self.coefficients_ = np.tensordot(shares, [coefficients for _, coefficients in fits], 1)
        self.intercepts_ = means + np.tensordot(shares, [fit.intercepts - means for fit, _ in fits], 1)
        return np.asarray(means + np.tensordot(shares, left_out, 1))

    def _fit_scores(self, tokens: Array, targets: ResponseFactors, problem: ScoreProblem) -> tuple[Array, ScoreFit]:  # noqa: ARG002 -- for maps that are learned on them
        blocks, fits = self.sample_encoder_.block_columns(), []
        for mix in block_mixes(self.block_scales_):
            scale = token_scales(mix, blocks, tokens.shape[1])
            used = np.flatnonzero(scale)
            fit = fit_scores(tokens[:, used] * scale[used], problem)
            coefficients = np.zeros((tokens.shape[1], problem.shape[1]))
            coefficients[used] = fit.coefficients * scale[used, None]
            fits.append(replace(fit, coefficients=coefficients))
        self.penalties_ = np.array([fit.penalty for fit in fits])
        return tokens, add_up(fits, problem)[0]

    def _keep_coefficients(self, coefficients: Array) -> None:
        self.coefficients_, self.intercepts_ = coefficients, np.zeros(coefficients.shape[1])

    def map_tokens(self, tokens: Array) -> Array:
        """`(n_samples, 1 + rank)` embedding of samples by their tokens."""
        return tokens @ self.coefficients_ + self.intercepts_

    def _map_parts(self, tokens: Array) -> Callable[[Array], Array]:
        return lambda loadings: tokens * (self.coefficients_ @ loadings)

    def _token_weights(self, loadings: Array) -> Array:
        """Root mean square effect over drugs."""
        square = loadings.T @ loadings / len(loadings)
        effects = np.einsum("ij,jk,ik->i", self.coefficients_, square, self.coefficients_)
        return np.sqrt(np.maximum(effects, 0.0))


class CovariateRidge(FactorRidge):
    """The same closed form on covariates alone: what tissue and the like predict without any genotype."""

    uses_genotypes = False
