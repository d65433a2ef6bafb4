"""Training on genotypes that are read in blocks: one kernel for all fits, and the way to coefficients of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from math import isclose
from typing import Protocol

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.stored_values import StoredValues
from drugresponse.features.genotype_kernels import sample_kernels
from drugresponse.features.samples import SampleEncoder
from drugresponse.features.token_products import TokenEffects, dual_effects
from drugresponse.learners.factors.token_spaces import KernelTokens, TokenSpace
from drugresponse.learners.state import Array

__all__ = ["StoredTokens", "TrainingTokens"]

_ROUNDING = float(np.finfo(np.float32).eps)
"""Share of a kernel's diagonal, of products in single precision, up to which what centring leaves is rounding."""


class TrainingTokens(Protocol):
    """Training samples whose genotypes are stored, and the way from a map of what stands for them to their tokens."""

    @property
    def genotypes(self) -> Genotypes:
        """Of the training samples."""

    @property
    def arm(self) -> str | None:
        """The covariate that is a treatment arm."""

    @property
    def covariate_encoder(self) -> SampleEncoder:
        """Whose tokens of covariates are those of the samples."""

    @property
    def space(self) -> TokenSpace:
        """What a ridge is fitted to."""

    @property
    def side(self) -> Array:
        """`(n_samples, n_covariate_tokens)`."""

    def knows(self, genotypes: Genotypes) -> bool:
        """Whether `products` of these samples need no reading."""

    def products(self, pairs: Pairs, coefficients: Array) -> Array:
        """`(n_samples, n_columns)` inputs of known samples times `(n_inputs, n_columns)` coefficients."""

    def encoder(self) -> SampleEncoder:
        """Fitted to the training samples."""

    def effects(self, encoder: SampleEncoder, coefficients: Array) -> TokenEffects:
        """What `(n_inputs, n_columns)` coefficients are for the tokens."""


@dataclass(frozen=True, eq=False)
class StoredTokens:
    """The tokens of training samples whose genotypes are stored.

    The kernel of all samples of the root is computed once. That of some of them, such as of the training part of a
    fold, is cut out of it and centred anew, by which the tokens are centred on these samples. A missing call then
    counts as the mean of the root's samples in place of theirs: exact where the samples are all of the root, as in
    the model that is kept, or nothing is missing.

    Attributes
    ----------
    genotypes, covariates
        Of the training samples.
    arm
        The covariate that is a treatment arm, or None.
    covariate_encoder
        Fitted to the covariates alone.
    space
        What a ridge is fitted to.
    parts
        What each kernel of the space is made of.
    """

    genotypes: Genotypes
    covariates: pd.DataFrame
    arm: str | None
    covariate_encoder: SampleEncoder
    space: KernelTokens
    parts: dict[str, _Part]

    @classmethod
    def of(cls, pairs: Pairs) -> StoredTokens:
        """Of training pairs, compact."""
        genotypes = pairs.genotypes
        encoder = SampleEncoder().fit(genotypes.without_features(), pairs.covariates)
        side = encoder.covariate_tokens_of(genotypes.sample_ids, pairs.covariates)
        parts: dict[str, _Part] = {}
        kernels: dict[str, Array] = {}
        for arm in [*encoder.arm_tokens(pairs.arm), None]:
            multiplier = _arm_numbers(encoder, side, arm)
            for block, kernel in sample_kernels(genotypes.values, genotypes.features).by_block.items():
                centred = _centred(kernel, genotypes.values)
                square = float(np.mean(np.diag(centred) * multiplier**2))
                before = float(np.mean(np.diag(kernel)[genotypes.values.places] * multiplier**2))
                # a block that varies among the root's other samples alone leaves what rounding makes of it
                if square <= _ROUNDING * before:
                    continue
                # of all samples of a root it is 1 but for rounding, and nothing need be copied
                square = 1.0 if isclose(square, 1.0, rel_tol=1e-9) else square
                name = block if arm is None else f"{block} x {encoder.tokens_['token'].iloc[arm]}"
                parts[name] = _Part(block, arm, square)
                kernels[name] = _scaled(centred, multiplier, multiplier, square)
        return cls(genotypes, pairs.covariates, pairs.arm, encoder, KernelTokens(side, kernels), parts)

    @property
    def side(self) -> Array:
        """`(n_samples, n_covariate_tokens)`."""
        return self.space.side

    def knows(self, genotypes: Genotypes) -> bool:
        """Whether these samples are among those of the kernel, so that their genotypes need not be read again."""
        return genotypes.is_stored and genotypes.values.whole is self.genotypes.values.whole

    def products(self, pairs: Pairs, coefficients: Array) -> Array:
        """`(n_samples, n_columns)` inputs of samples of the same root times `(n_inputs, n_columns)` coefficients."""
        encoder, values = self.covariate_encoder, self.genotypes.values
        known, others = encoder.covariate_tokens_of(self.genotypes.sample_ids, self.covariates), pairs.genotypes
        side = encoder.covariate_tokens_of(others.sample_ids, pairs.covariates)
        products, start, n = side @ coefficients[: side.shape[1]], side.shape[1], len(known)
        kernels = sample_kernels(values, self.genotypes.features).by_block
        for part in self.parts.values():
            kernel = _centred(kernels[part.block], values, others.values)
            rows, columns = (_arm_numbers(encoder, numbers, part.arm) for numbers in (side, known))
            products += _scaled(kernel, rows, columns, part.square) @ coefficients[start : start + n]
            start += n
        return products

    def encoder(self) -> SampleEncoder:
        """Fitted to the training samples: in a pass of its own where these are not all of the root."""
        return SampleEncoder(self.arm).fit(self.genotypes, self.covariates)

    def effects(self, encoder: SampleEncoder, coefficients: Array) -> TokenEffects:
        """What `(n_inputs, n_columns)` coefficients are for the tokens, in one pass."""
        n_side, n = self.space.side.shape[1], len(self.space)
        duals = {name: coefficients[n_side + at * n :][:n] for at, name in enumerate(self.parts)}
        return dual_effects(encoder, self.genotypes, self.covariates, coefficients[:n_side], duals)


@dataclass(frozen=True)
class _Part:
    """What a kernel is made of.

    Attributes
    ----------
    block
        Of genotype.
    arm
        Number of the covariates' token by which it is multiplied; None where it is by none.
    square
        What its products are divided by.
    """

    block: str
    arm: int | None
    square: float


def _arm_numbers(encoder: SampleEncoder, side: Array, arm: int | None) -> Array:
    """`(n_samples,)` what genotype tokens are multiplied by."""
    return np.ones(len(side)) if arm is None else np.asarray(side[:, arm] / encoder.scale_[arm], dtype=np.float64)


def _centred(kernel: Array, values: StoredValues, others: StoredValues | None = None) -> Array:
    """`(n_others, n_samples)` products of samples of a root with these, tokens centred on these."""
    at = values.places
    if others is None and np.array_equal(at, np.arange(len(kernel))):
        return kernel
    own = kernel[np.ix_(at, at)]
    means = own.mean(axis=0)
    crossed = own if others is None else kernel[np.ix_(others.places, at)]
    of_others = crossed.mean(axis=1)
    crossed -= means
    crossed += means.mean()
    crossed -= of_others[:, None]
    return crossed


def _scaled(kernel: Array, rows: Array, columns: Array, square: float) -> Array:
    """The kernel times what its rows and columns are multiplied by, divided by this; itself where nothing changes."""
    plain = square == 1.0 and (rows == 1.0).all() and (columns == 1.0).all()
    return kernel if plain else kernel * (rows[:, None] * (columns / square))
