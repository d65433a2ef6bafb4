"""Products of tokens and coefficients, in blocks of genotypes that are read one after the other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import MISSING, CallCodes
from drugresponse.data.stored_values import column_blocks
from drugresponse.data.surveys.coded_calls import coded_blocks, columns_in_caches
from drugresponse.features.alignment import align
from drugresponse.features.genotype_kernels import centred, feature_blocks
from drugresponse.features.samples import SampleEncoder

__all__ = ["TokenEffects", "dual_effects", "token_products"]


@dataclass(frozen=True, eq=False)
class TokenEffects:
    """What a map is in terms of tokens.

    Attributes
    ----------
    coefficients
        `(n_tokens, n_columns)` float32.
    spread
        `(n_tokens,)` float64 standard deviation of each token in training.
    """

    coefficients: NDArray[np.float32]
    spread: NDArray[np.float64]


def token_products(
    encoder: SampleEncoder, genotypes: Genotypes, covariates: pd.DataFrame, coefficients: NDArray
) -> NDArray[np.float64]:
    """`(n_samples, n_columns)` tokens times coefficients: `transform(...) @ coefficients` without all tokens at once.

    Parameters
    ----------
    encoder
        Fitted.
    genotypes, covariates
        Of the samples; genotypes are brought to the training's alleles first.
    coefficients
        `(n_tokens, n_columns)`.
    """
    side, width = encoder.covariate_tokens_of(genotypes.sample_ids, covariates), coefficients.shape[1]
    products = side @ np.asarray(coefficients[: side.shape[1]], dtype=np.float64)
    plain, features = encoder.genotype_tokens()
    crossed = list(encoder.crossed_tokens(plain))
    multipliers = [side[:, arm] / encoder.scale_[arm] for arm, _ in crossed]
    for at, block in _aligned_blocks(genotypes, encoder, features):
        numbers = [plain[at], *(tokens[at] for _, tokens in crossed)]
        effects = [_scaled(coefficients, encoder.scale_, tokens) for tokens in numbers]
        of_block = _centred_products(block, encoder.center_[plain[at]], np.hstack(effects))
        products += of_block[:, :width]
        for place, multiplier in enumerate(multipliers, 1):
            products += multiplier[:, None] * of_block[:, place * width : (place + 1) * width]
    return products


def dual_effects(
    encoder: SampleEncoder, genotypes: Genotypes, covariates: pd.DataFrame, side: NDArray, duals: Mapping[str, NDArray]
) -> TokenEffects:
    """Coefficients of tokens, `tokens.T @ duals`, and the tokens' spread, in one pass over the training's genotypes.

    Parameters
    ----------
    encoder
        Fitted to these genotypes and covariates.
    side
        `(n_covariate_tokens, n_columns)` coefficients of the covariates' tokens.
    duals
        `(n_samples, n_columns)` by name of a block of genotype, plain or crossed with an arm; those of a block that is
        absent are 0.
    """
    coefficients = np.zeros((len(encoder.tokens_), side.shape[1]), dtype=np.float32)
    spread = np.zeros(len(coefficients))
    tokens = encoder.covariate_tokens_of(genotypes.sample_ids, covariates)
    coefficients[: len(side)], spread[: len(side)] = side, tokens.std(axis=0)
    plain, features = encoder.genotype_tokens()
    kinds: list[tuple[str, NDArray[np.intp], NDArray | None]] = [("", plain, None)]
    for arm, crossed in encoder.crossed_tokens(plain):
        kinds.append((f" x {encoder.tokens_['token'].iloc[arm]}", crossed, tokens[:, arm] / encoder.scale_[arm]))
    for block, mine in feature_blocks(encoder.tokens_.iloc[plain]).items():
        wanted = [
            (numbers, multiplier, np.asarray(_multiplied(duals[block + ending], multiplier), dtype=np.float32))
            for ending, numbers, multiplier in kinds
            if block + ending in duals
        ]
        for at, values in _centred_blocks(genotypes, encoder, plain[mine], features[mine]):
            for numbers, multiplier, dual in wanted:
                here = numbers[mine[at]]
                some, scale = here >= 0, encoder.scale_[np.maximum(here, 0)]
                coefficients[here[some]] = (scale[:, None] * (values.T @ dual))[some]
                spread[here[some]] = (scale * _spread(_multiplied(values, multiplier)))[some]
    return TokenEffects(coefficients, spread)


def _multiplied(values: NDArray, multiplier: NDArray | None) -> NDArray:
    """Rows times what an arm multiplies them by; None is 1."""
    return values if multiplier is None else values * multiplier[:, None].astype(values.dtype)


def _spread(values: NDArray[np.float32]) -> NDArray[np.float64]:
    """`(n_columns,)` standard deviation of columns whose mean is about 0."""
    means = values.mean(axis=0)
    squares = np.einsum("ij,ij->j", values, values) / len(values) - means**2
    return np.sqrt(np.maximum(squares, 0.0), dtype=np.float64)


def _scaled(coefficients: NDArray, scale: NDArray[np.float64], tokens: NDArray[np.intp]) -> NDArray[np.float32]:
    """Coefficients of raw numbers, of one precision; 0 where there is no token."""
    at = np.maximum(tokens, 0)
    effects = np.asarray(coefficients[at] * scale[at, None], dtype=np.float32)
    effects[tokens < 0] = 0.0
    return effects


def _centred_products(
    block: NDArray[np.float32] | CallCodes, means: NDArray[np.float64], effects: NDArray[np.float32]
) -> NDArray[np.float64]:
    """`(n_samples, n_effects)` numbers or codes less their means, 0 where missing, times effects."""
    if not isinstance(block, CallCodes):
        return np.asarray(centred(block, means) @ effects, dtype=np.float64)
    wide = effects.astype(np.float64)
    products = np.tile(-(means @ wide), (len(block), 1))
    step = columns_in_caches(len(block))
    for start in range(0, len(means), step):
        mine = slice(start, start + step)
        products += block.by_column[mine].astype(np.float32).T @ effects[mine]
    rows, columns = block.places
    for at, beyond in enumerate(((MISSING - means)[:, None] * wide).T):
        products[:, at] -= np.bincount(rows, beyond[columns], len(block))
    return products


def _centred_blocks(
    genotypes: Genotypes, encoder: SampleEncoder, tokens: NDArray[np.intp], features: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
    """As `_aligned_blocks`, less the means of the tokens, and 0 where missing."""
    for at, block in _aligned_blocks(genotypes, encoder, features):
        yield at, centred(block, encoder.center_[tokens[at]])


def _aligned_blocks(
    genotypes: Genotypes, encoder: SampleEncoder, features: NDArray[np.intp]
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32] | CallCodes]]:
    """Numbers of genotype features; those that are absent never come.

    Parameters
    ----------
    features
        `(n_wanted,)` numbers of the features in the training's table.

    Yields
    ------
    at : (n_block,) int
        Places among the wanted.
    values : (n_samples, n_block) float32, NaN where missing, or `CallCodes`
    """
    alignment = align(genotypes.features, encoder.genotype_features_)
    present, turned = alignment.columns[features] >= 0, alignment.turned[features]
    as_is = np.flatnonzero(present & ~turned)
    done, wanted = 0, alignment.columns[features[as_is]]
    for columns, values in coded_blocks(genotypes, wanted):
        at = as_is[done : done + len(columns)]
        done += len(columns)
        yield at, values
    rest = np.flatnonzero(present & turned)
    for part in column_blocks((2 * len(genotypes.sample_ids), len(rest))):
        at = rest[part]
        yield at, np.asarray(alignment.values(genotypes, features[at]), dtype=np.float32)
