"""The closed form: genotype and drug embeddings by ridge, shared over drugs. Also where the network starts."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.stored_values import STORED_CELLS
from drugresponse.features.genotype_kernels import sample_kernels
from drugresponse.features.token_products import token_products
from drugresponse.learners.factors.blocks import block_mixes, mix_shares
from drugresponse.learners.factors.model import FactorModel
from drugresponse.learners.factors.response_factors import Aims, ResponseFactors
from drugresponse.learners.factors.stored_tokens import StoredTokens, TrainingTokens
from drugresponse.learners.factors.token_spaces import TokenSpace
from drugresponse.learners.level_sizes import MOST_KERNEL_SAMPLES
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, add_up
from drugresponse.learners.ridge.two_levels import SegmentTokens
from drugresponse.learners.state import Array

__all__ = ["CovariateRidge", "FactorRidge"]

_TOKENS = 1 << 17
"""Tokens whose weights are computed at once: a million with hundreds of columns would take gigabytes in double."""


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
    reads_blocks: ClassVar[bool] = True

    def prepare(self, pairs: Pairs, n_jobs: int | None = 1) -> None:
        """The kernel of stored genotypes."""
        if self.reads_blocks and self._reads_stored(pairs) and not _beyond_kernel(pairs):
            sample_kernels(pairs.genotypes.values, pairs.genotypes.features, n_jobs)

    def _encode_samples(self, pairs: Pairs, aims: Aims | None = None) -> TokenSpace:
        self._forget_map()
        self.stored_, self.levels_ = None, None
        if not self._reads_stored(pairs):
            return super()._encode_samples(pairs, aims)
        if aims is None or not _beyond_kernel(pairs):
            self.stored_ = StoredTokens.of(pairs)
        else:
            self.stored_ = segments = SegmentTokens.of(pairs, aims)
            self.levels_ = segments.numbers()
        return self.stored_.space

    def _reads_stored(self, pairs: Pairs) -> bool:
        return self.uses_genotypes and pairs.genotypes.is_stored

    def notes(self) -> dict[str, Any]:
        """As of all such models, and the numbers of two levels."""
        return super().notes() if self.levels_ is None else {**super().notes(), **self.levels_}

    def _fit_map(self, tokens: TokenSpace, targets: ResponseFactors, weights: Array, groups: NDArray) -> Array:
        mixes = block_mixes(self.block_scales_)
        fits = [tokens.ridge(mix, targets.values, weights=weights, groups=groups) for mix in mixes]
        self.penalties_ = fits[0].penalties
        means = np.average(targets.values, axis=0, weights=weights)
        left_out = [fit.left_out - means for fit in fits]
        shares = mix_shares(left_out, targets.values - means, np.outer(weights, targets.importance))
        self._keep_coefficients(np.tensordot(shares, [fit.coefficients for fit in fits], 1))
        self.intercepts_ = means + np.tensordot(shares, [fit.intercepts - means for fit in fits], 1)
        return np.asarray(means + np.tensordot(shares, left_out, 1))

    def _fit_scores(
        self,
        tokens: TokenSpace,
        targets: ResponseFactors,  # noqa: ARG002 -- for maps that are learned on them
        problem: ScoreProblem,
    ) -> tuple[Array, ScoreFit]:
        fits = [tokens.scores(mix, problem) for mix in block_mixes(self.block_scales_)]
        self.penalties_ = np.array([fit.penalty for fit in fits])
        return tokens.inputs, add_up(fits, problem)[0]

    def _keep_coefficients(self, coefficients: Array) -> None:
        self.intercepts_ = np.zeros(coefficients.shape[1])
        if self.stored_ is None:
            self.coefficients_ = coefficients
        else:
            self.input_coefficients_ = coefficients

    def map_tokens(self, tokens: Array) -> Array:
        """`(n_samples, 1 + rank)` embedding of samples by their tokens."""
        return tokens @ self.coefficients_ + self.intercepts_

    def _map_samples(self, pairs: Pairs) -> Array:
        if not self.uses_genotypes:
            return super()._map_samples(pairs)
        if self.stored_ is not None and self.stored_.knows(pairs.genotypes):
            return self._known_products(self.stored_, pairs) + self.intercepts_
        n_tokens, n_samples = len(self.coefficients_), len(pairs.genotypes.sample_ids)
        if n_tokens * n_samples <= STORED_CELLS or len(self.sample_encoder_.links_.targets):
            return super()._map_samples(pairs)
        products = token_products(self.sample_encoder_, pairs.genotypes, pairs.covariates, self.coefficients_)
        return products + self.intercepts_

    def _known_products(self, stored: TrainingTokens, pairs: Pairs) -> Array:
        """`(n_samples, 1 + rank)` the map of samples of the training's root, less the intercepts."""
        return stored.products(pairs, self.input_coefficients_)

    def _map_parts(self, tokens: Array) -> Callable[[Array], Array]:
        return lambda loadings: tokens * (self.coefficients_ @ loadings)

    def _token_weights(self, loadings: Array) -> Array:
        """Root mean square effect over drugs."""
        square = loadings.T @ loadings / len(loadings)
        squares = np.empty(len(self.coefficients_))
        for start in range(0, len(squares), _TOKENS):
            some = self.coefficients_[start : start + _TOKENS]
            squares[start : start + _TOKENS] = np.einsum("ij,jk,ik->i", some, square, some)
        return np.sqrt(np.maximum(squares, 0.0))


class CovariateRidge(FactorRidge):
    """The same closed form on covariates alone: what tissue and the like predict without any genotype."""

    uses_genotypes = False


def _beyond_kernel(pairs: Pairs) -> bool:
    """Whether samples are too many for a number for each two of them: those of the root, so that folds do as all do."""
    return len(pairs.genotypes.values.whole.rows) > MOST_KERNEL_SAMPLES
