"""The closed form: genotype and drug embeddings by ridge, shared over drugs. Also where the network starts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.learners.factors.model import FactorModel
from drugresponse.learners.factors.response_factors import FactorTargets
from drugresponse.learners.ridge.blocks import block_mixes, choose_block_scales, mix_shares, token_scales
from drugresponse.learners.ridge_solver import fit_ridge
from drugresponse.learners.state import State, state_array, state_numbers

__all__ = ["CovariateRidge", "FactorRidge"]


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

    def __init__(self, scheme: str = "new-samples", rank: int = 256, random_state: int = 0) -> None:
        self.scheme = scheme
        self.rank = rank
        self.random_state = random_state

    def _fit_map(
        self,
        tokens: NDArray[np.float64],
        targets: FactorTargets,
        weights: NDArray[np.float64],
        groups: NDArray,
    ) -> NDArray[np.float64]:
        blocks = self.sample_encoder_.block_columns()
        shared = {"weights": weights, "groups": groups}
        self.block_scales_ = choose_block_scales(
            tokens, blocks, targets.values, targets.importance, random_state=self.random_state, **shared
        )
        fits = []
        for mix in block_mixes(self.block_scales_):
            # the scales go into the coefficients: a block that is of no use here may still be to a network or a tree
            scale = token_scales(mix, blocks, tokens.shape[1])
            used = np.flatnonzero(scale)
            fit = fit_ridge(tokens[:, used] * scale[used], targets.values, **shared)
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

    def map_tokens(self, tokens: NDArray[np.float64]) -> NDArray[np.float64]:
        """`(n_samples, 1 + rank)` embedding of samples by their tokens."""
        return tokens @ self.coefficients_ + self.intercepts_

    def _map_parts(self, tokens: NDArray[np.float64]) -> Callable[[NDArray[np.float64]], NDArray[np.float64]]:
        return lambda loadings: tokens * (self.coefficients_ @ loadings)

    def _token_weights(self, loadings: NDArray[np.float64]) -> NDArray[np.float64]:
        """Root mean square effect over drugs."""
        square = loadings.T @ loadings / len(loadings)
        effects = np.einsum("ij,jk,ik->i", self.coefficients_, square, self.coefficients_)
        return np.sqrt(np.maximum(effects, 0.0))

    def notes(self) -> dict[str, Any]:
        """Rank and block scales chosen."""
        check_is_fitted(self, "coefficients_")
        return {"rank": self.rank_, "block_scales": {k: float(v) for k, v in self.block_scales_.items()}}

    def get_state(self) -> State:
        """Encoders, embeddings and coefficients."""
        return {
            **super().get_state(),
            "coefficients": self.coefficients_,
            "intercepts": self.intercepts_,
            "block_scales": {name: float(value) for name, value in self.block_scales_.items()},
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> FactorRidge:
        """A fitted learner from its state."""
        learner: FactorRidge = super().from_state(state, **settings)
        n_tokens, width = len(learner.sample_encoder_.tokens_), 1 + learner.rank_
        learner.coefficients_ = state_array(state, "coefficients", n_tokens, width)
        learner.intercepts_ = state_array(state, "intercepts", width)
        learner.block_scales_ = state_numbers(state, "block_scales")
        return learner


class CovariateRidge(FactorRidge):
    """The same closed form on covariates alone: what tissue and the like predict without any genotype."""

    uses_genotypes = False
