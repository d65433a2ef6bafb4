"""Training on stored genotypes of more samples than a kernel can hold: ridges within segments, and one on these."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.surveys.coded_calls import coded_blocks
from drugresponse.features.genotype_kernels import centred, feature_blocks
from drugresponse.features.samples import SampleEncoder
from drugresponse.features.token_products import TokenEffects
from drugresponse.learners.factors.own_ridges import affordable_drugs
from drugresponse.learners.factors.response_factors import Aims, ResponseFactors
from drugresponse.learners.groups import deal_groups
from drugresponse.learners.level_sizes import LevelSizes, level_sizes
from drugresponse.learners.ridge._second_level import SecondLevel
from drugresponse.learners.ridge._segment_ridges import FirstAim, SegmentRidges
from drugresponse.learners.state import Array

__all__ = ["SegmentTokens"]

_PENALTIES = (np.array([2.0]), np.array([5.0, 1.0]), np.array([10.0, 2.0, 0.4]))
"""Penalties of the first level, as many as there is room for; a heritability of 0.5 is the 1."""
_FOLDS = 5


@dataclass(frozen=True, eq=False)
class SegmentTokens:
    """The tokens of training samples whose genotypes are stored, as two levels of ridge see them.

    Within one segment of the genome after the other, ridges at several penalties predict left-out samples, beside the
    covariates and what the segments before explain; the second level is a ridge on these predictions, and on their sums
    over all segments, towards which it shrinks. All of it is one linear map of tokens. Source: Mbatchou et al. 2021,
    "Computationally efficient whole-genome regression for quantitative and binary traits",
    doi:10.1038/s41588-021-00870-7, whose segments know nothing of each other, and whose second level sees predictors
    of other folds that were learned from the left-out one.

    Attributes
    ----------
    genotypes, covariates
        Of the training samples.
    arm
        The covariate that is a treatment arm, or None.
    covariate_encoder
        Fitted to all of them.
    space
        What the second level is fitted to.
    spread
        `(n_tokens,)` standard deviation of each token.
    sizes
        Of the first level.
    segments
        Of the genome.
    """

    genotypes: Genotypes
    covariates: pd.DataFrame
    arm: str | None
    covariate_encoder: SampleEncoder
    space: SecondLevel
    spread: Array
    sizes: LevelSizes
    segments: list[_Segment]

    @classmethod
    def of(cls, pairs: Pairs, aims: Aims) -> SegmentTokens:
        """Of training pairs, compact, in two passes."""
        encoder = SampleEncoder(pairs.arm).fit(pairs.genotypes, pairs.covariates)
        side = encoder.covariate_tokens_of(pairs.genotypes.sample_ids, pairs.covariates)
        first = _first_aims(aims.targets, aims.weights)
        wanted = sum(aim.values.shape[1] for aim in first)
        sizes = level_sizes(len(side), len(encoder.tokens_) - side.shape[1], wanted)
        folds, first = _deal(aims), _leading(first, sizes.n_targets)
        order = np.concatenate(folds)
        first, of_side = [aim.take(order) for aim in first], side[order]
        reader = _Segments(pairs.genotypes.take(order), encoder, of_side, sizes.n_features)
        spread, segments = np.zeros(len(encoder.tokens_)), list[_Segment]()
        spread[: side.shape[1]] = side.std(axis=0)
        width = sizes.n_targets * sizes.n_penalties
        predictors = np.empty((len(folds), len(side), width * (len(reader) + reader.n_blocks)), dtype=np.float32)
        ridges = SegmentRidges(of_side, _bounds(folds), first, _PENALTIES[sizes.n_penalties - 1])
        for block, numbers, tokens in reader:
            fit = ridges.fit(tokens)
            predictors[:, order, width * len(segments) : width * (len(segments) + 1)] = fit.left_out
            segments.append(_Segment(block, numbers, fit.coefficients, fit.of_side))
            spread[numbers] = _spread(tokens)
        segments, blocks = _in_one_scale(segments, predictors, width)
        space = SecondLevel(side, predictors, folds, blocks)
        return cls(pairs.genotypes, pairs.covariates, pairs.arm, encoder, space, spread, sizes, segments)

    @property
    def side(self) -> Array:
        """`(n_samples, n_covariate_tokens)`."""
        return self.space.side

    def knows(self, genotypes: Genotypes) -> bool:  # noqa: ARG002 -- as of tokens with a kernel
        """Never: what samples are predicted by is not what their tokens tell."""
        return False

    def products(self, pairs: Pairs, coefficients: Array) -> Array:
        """Not known of any samples."""
        raise NotImplementedError

    def encoder(self) -> SampleEncoder:
        """Fitted to the training samples."""
        return self.covariate_encoder

    def numbers(self) -> dict[str, int]:
        """What is told of the first level."""
        return {
            "segments": len(self.segments),
            "segment_features": self.sizes.n_features,
            "segment_penalties": self.sizes.n_penalties,
            "segment_targets": self.sizes.n_targets,
        }

    def effects(self, encoder: SampleEncoder, coefficients: Array) -> TokenEffects:
        """What `(n_inputs, n_columns)` coefficients are for the tokens."""
        n_side, width = self.side.shape[1], self.sizes.n_targets * self.sizes.n_penalties
        of_tokens = np.zeros((len(encoder.tokens_), coefficients.shape[1]), dtype=np.float32)
        of_side, of_predictors = coefficients[:n_side].copy(), coefficients[n_side:]
        for at, segment in enumerate(self.segments):
            of_sums = of_predictors[self.space.blocks[segment.block][-width:]]
            of_both = of_predictors[width * at : width * (at + 1)] + of_sums
            of_tokens[segment.tokens] = segment.coefficients @ of_both.astype(np.float32)
            of_side -= segment.of_side @ of_both
        of_tokens[:n_side] = of_side
        return TokenEffects(of_tokens, self.spread)


@dataclass(frozen=True, eq=False)
class _Segment:
    """Tokens of one segment, by number, and the predictors that are made of them."""

    block: str
    tokens: NDArray[np.intp]
    coefficients: NDArray[np.float32]
    of_side: Array

    def louder(self, scale: Array) -> _Segment:
        """With its predictors as loud as this."""
        return _Segment(self.block, self.tokens, self.coefficients * scale.astype(np.float32), self.of_side * scale)


class _Segments:
    """Centred tokens of the genome, segment by segment, in memory that the next segment takes over."""

    def __init__(self, genotypes: Genotypes, encoder: SampleEncoder, side: Array, n_features: int) -> None:
        self.genotypes, self.encoder = genotypes, encoder
        self._plain, self._features = encoder.genotype_tokens()
        self._crossed = [
            (f" x {encoder.tokens_['token'].iloc[arm]}", numbers, side[:, arm] / encoder.scale_[arm])
            for arm, numbers in encoder.crossed_tokens(self._plain)
        ]
        self._of_block = feature_blocks(encoder.tokens_.iloc[self._plain])
        self._parts = [
            (block, at[start : start + n_features])
            for block, at in self._of_block.items()
            for start in range(0, len(at), n_features)
        ]

    def __len__(self) -> int:
        return len(self._parts) * (1 + len(self._crossed))

    @property
    def n_blocks(self) -> int:
        """Blocks of genotype, those times an arm included."""
        return len(self._of_block) * (1 + len(self._crossed))

    def __iter__(self) -> Iterator[tuple[str, NDArray[np.intp], NDArray[np.float32]]]:
        n, widest = len(self.genotypes.sample_ids), max((len(at) for _, at in self._parts), default=0)
        memory, other = (np.empty((n, widest if used else 0), np.float32, "F") for used in (True, self._crossed))
        for block, at in self._parts:
            values, start = memory[:, : len(at)], 0
            for columns, read in coded_blocks(self.genotypes, self._features[at]):
                mine = slice(start, start + len(columns))
                values[:, mine] = centred(read, self.encoder.center_[self._plain[at[mine]]])
                start += len(columns)
            for ending, numbers, multiplier in self._crossed:
                crossed = np.multiply(values, multiplier[:, None].astype(np.float32), out=other[:, : len(at)])
                crossed *= self.encoder.scale_[numbers[at]].astype(np.float32)
                yield block + ending, numbers[at], crossed
            values *= self.encoder.scale_[self._plain[at]].astype(np.float32)
            yield block, self._plain[at], values


def _deal(aims: Aims) -> Sequence[NDArray[np.intp]]:
    """Rows of each fold."""
    if aims.folds is None:
        return deal_groups(aims.groups, _FOLDS, aims.random_state)
    return [np.flatnonzero(aims.folds == fold) for fold in range(int(aims.folds.max()) + 1)]


def _first_aims(targets: ResponseFactors, weights: Array) -> list[FirstAim]:
    """All samples' targets, and beside them those of drugs with holes, on the samples that they were measured in.

    What fills the holes of a drug knows nothing that it has for itself.
    """
    of_all, of_cells = FirstAim.of(targets.values, weights), targets.weights
    alike = affordable_drugs(of_cells) if of_cells.shape[1] > 1 else []
    with_holes = [drugs for drugs in alike if (of_cells[:, drugs[0]] == 0).any()]
    return [of_all, *(FirstAim.of(targets.responses[:, drugs], of_cells[:, drugs[0]]) for drugs in with_holes)]


def _bounds(folds: Sequence[NDArray[np.intp]]) -> list[slice]:
    """Of samples in the order of their folds."""
    ends = np.cumsum([len(rows) for rows in folds])
    return [slice(end - len(rows), end) for end, rows in zip(ends, folds, strict=True)]


def _leading(aims: list[FirstAim], n_targets: int) -> list[FirstAim]:
    """As many targets, the general effect first; after it what drugs have for themselves comes before other axes."""
    wanted = [1] + [aim.values.shape[1] for aim in aims[1:]]
    for at, width in enumerate(wanted):
        wanted[at] = min(width, max(0, n_targets - sum(wanted[:at])))
    wanted[0] += min(aims[0].values.shape[1] - 1, n_targets - sum(wanted))
    return [FirstAim(aim.values[:, :width], aim.weights) for aim, width in zip(aims, wanted, strict=True) if width]


def _in_one_scale(
    segments: list[_Segment], predictors: NDArray[np.float32], width: int
) -> tuple[list[_Segment], dict[str, NDArray[np.intp]]]:
    """Bring each block's predictors, those of each penalty and target alike, to a mean squared row norm of 1 in all.

    The sums over a block's segments are put behind them; with these, columns of each block are told.
    """
    of_block: dict[str, list[int]] = {}
    for at, segment in enumerate(segments):
        of_block.setdefault(segment.block, []).append(at)
    blocks, louder, end = {}, list(segments), width * len(segments)
    for name, members in of_block.items():
        columns = width * np.array(members)[:, None] + np.arange(width)
        sums = predictors[:, :, end : end + width]
        sums[:] = 0.0
        squares = np.zeros(width)
        for at in columns:
            some = predictors[:, :, at[0] : at[-1] + 1]
            squares += np.einsum("kij,kij->j", some, some, dtype=np.float64) / some[..., 0].size
        scale = np.where(squares > 0, 1.0 / np.sqrt(np.maximum(squares * width, 1e-300)), 1.0)
        for member, at in zip(members, columns, strict=True):
            some = predictors[:, :, at[0] : at[-1] + 1]
            some *= scale.astype(np.float32)
            sums += some
            louder[member] = segments[member].louder(scale)
        blocks[name] = np.concatenate([columns.ravel(), np.arange(end, end + width)])
        end += width
    return louder, blocks


def _spread(tokens: NDArray[np.float32]) -> Array:
    """`(n_tokens,)` standard deviation."""
    means = tokens.mean(axis=0, dtype=np.float64)
    squares = np.einsum("ij,ij->j", tokens, tokens, dtype=np.float64) / len(tokens) - means**2
    return np.asarray(np.sqrt(np.maximum(squares, 0.0)), dtype=np.float64)
