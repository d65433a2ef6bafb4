"""Columns of tokens as a screening looks at them: those in memory, and those of genotypes that stay stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored_values import BLOCK_CELLS
from drugresponse.features.centring import known_means
from drugresponse.features.genotype_kernels import feature_blocks
from drugresponse.features.samples import COVARIATES, SampleEncoder
from drugresponse.learners.factors.stored_tokens import TrainingTokens
from drugresponse.learners.state import Array

__all__ = ["ChosenTokens", "ColumnTable", "DenseColumns", "StoredColumns", "TokenColumns"]

_BLOCK = 2048
"""Columns that are looked at together."""
_CELLS = 1 << 20
"""Stored calls that are looked at together, in double precision."""
_VARIES = 1e-12
"""How far from its mean a token is somewhere that is not constant."""


class TokenColumns(Protocol):
    """Tokens of some samples, column by column."""

    def __len__(self) -> int:
        """Columns that are numbered."""

    @property
    def always(self) -> NDArray[np.intp]:
        """Numbers of the tokens that have an effect without question: those of covariates."""

    @property
    def n_tokens(self) -> int:
        """Columns that vary; known after a pass."""

    def blocks(self) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Numbers and `(n_samples, n_block)` numbers of columns; their unit may be another than that of `take`."""

    def take(self, columns: NDArray[np.intp]) -> Array:
        """`(n_samples, len(columns))` float64 tokens."""

    def units(self, columns: NDArray[np.intp]) -> Array:
        """`(len(columns),)` by which each is multiplied, so that an effect on a unit is as likely as on any other's."""


@dataclass(frozen=True, eq=False)
class DenseColumns:
    """Tokens in memory.

    Attributes
    ----------
    tokens
        `(n_samples, n_tokens)`, no missing.
    of_block
        Columns of each block.
    """

    tokens: Array
    of_block: Mapping[str, NDArray[np.intp]]

    def __len__(self) -> int:
        return int(self.tokens.shape[1])

    @property
    def always(self) -> NDArray[np.intp]:
        """Those of covariates."""
        return self.of_block.get(COVARIATES, np.zeros(0, dtype=np.intp))

    @property
    def n_tokens(self) -> int:
        """All."""
        return len(self)

    def blocks(self) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """Views."""
        for start in range(0, len(self), _BLOCK):
            at = np.arange(start, min(start + _BLOCK, len(self)))
            yield at, self.tokens[:, at[0] : at[-1] + 1]

    def take(self, columns: NDArray[np.intp]) -> Array:
        """A copy."""
        return self.tokens[:, columns]

    def units(self, columns: NDArray[np.intp]) -> Array:
        """Blocks have a mean squared row norm of 1, whatever the number of their tokens; covariates are as they are."""
        units = np.ones(len(self))
        for name, at in self.of_block.items():
            if name != COVARIATES:
                units[at] = np.sqrt(len(at))
        return units[columns]


@dataclass(frozen=True, eq=False)
class ChosenTokens:
    """A few genotype tokens, by feature.

    Attributes
    ----------
    features
        `(n_chosen,)` rows of the table of features.
    arms
        `(n_chosen,)` the covariates' token by which each is multiplied; -1 where it is by none.
    centre, scale
        `(n_chosen,)` a token's number is `(value - centre) * scale`, times the arm's.
    """

    features: NDArray[np.intp]
    arms: NDArray[np.intp]
    centre: Array
    scale: Array

    @classmethod
    def none(cls) -> ChosenTokens:
        """Of a map that has none."""
        nothing, numbers = np.zeros(0, dtype=np.intp), np.zeros(0)
        return cls(nothing, nothing, numbers, numbers)

    def __len__(self) -> int:
        return len(self.features)

    def part(self, which: slice) -> ChosenTokens:
        """Some of them."""
        return ChosenTokens(self.features[which], self.arms[which], self.centre[which], self.scale[which])

    def of_values(self, values: NDArray[np.float32], side: Array, encoder: SampleEncoder) -> Array:
        """`(n_samples, n_chosen)` tokens of the features' numbers, NaN where missing, beside the covariates' tokens."""
        tokens = np.nan_to_num((values.astype(np.float64) - self.centre) * self.scale, copy=False)
        crossed = np.flatnonzero(self.arms >= 0)
        arms = self.arms[crossed]
        tokens[:, crossed] *= side[:, arms] / encoder.scale_[arms]
        return tokens

    def among(self, encoder: SampleEncoder) -> NDArray[np.intp]:
        """`(n_chosen,)` column of each among the tokens of an encoder that was fitted to the same samples."""
        plain, features = encoder.genotype_tokens()
        of_feature = np.full(len(encoder.genotype_features_), -1, dtype=np.intp)
        of_feature[features] = plain
        columns = of_feature[self.features]
        for arm, crossed in encoder.crossed_tokens(plain):
            of_feature[features] = crossed
            mine = self.arms == arm
            columns[mine] = of_feature[self.features[mine]]
        return columns


@dataclass(eq=False)
class StoredColumns:
    """Tokens of samples whose genotypes are stored; a missing call is at the mean of these samples.

    Columns are numbered as an encoder would order its tokens, those that do not vary included: the covariates', the
    features times each arm, the features. What is told of all features is learned in the first pass of `blocks`.

    Attributes
    ----------
    stored
        The samples.
    """

    stored: TrainingTokens
    _centre: Array = field(init=False)
    _varies: NDArray[np.bool_] = field(init=False)
    _scale: Array = field(init=False)
    _unit: Array = field(init=False)
    _is_read: bool = field(init=False, default=False)

    def __post_init__(self) -> None:
        self._side, encoder = self.stored.side, self.stored.covariate_encoder
        self._arms = [*encoder.arm_tokens(self.stored.arm), -1]
        self._multipliers = [self._side[:, arm] / encoder.scale_[arm] for arm in self._arms[:-1]]
        self._of_block = feature_blocks(self.stored.genotypes.features)
        n_features = len(self.stored.genotypes.features)
        self._centre, self._varies = np.zeros(n_features), np.zeros(n_features, dtype=bool)
        self._squares = np.zeros((len(self._arms), n_features))

    def __len__(self) -> int:
        return int(self._side.shape[1] + self._squares.size)

    @property
    def always(self) -> NDArray[np.intp]:
        """Those of covariates, the first."""
        return np.arange(self._side.shape[1])

    @property
    def n_tokens(self) -> int:
        """Those of covariates, and each feature that varies as often as it is a token."""
        return int(self._side.shape[1] + len(self._arms) * self._varies.sum())

    def blocks(self) -> Iterator[tuple[NDArray[np.intp], Array]]:
        """One reading; genotype tokens are less their mean, and not scaled."""
        yield self.always, self._side
        values, n_features = self.stored.genotypes.values, len(self._centre)
        step = max(1, _CELLS // max(len(self._side), 1))
        for features in self._of_block.values():
            for columns, block in values.blocks(features):
                for start in range(0, len(columns), step):
                    at = columns[start : start + step]
                    centred = self._centred(at, block[:, start : start + step])
                    for kind, multiplier in enumerate([*self._multipliers, None]):
                        crossed = centred if multiplier is None else centred * multiplier[:, None]
                        if not self._is_read:
                            self._squares[kind, at] = np.einsum("ij,ij->j", crossed, crossed)
                        yield self._side.shape[1] + kind * n_features + at, crossed
        if not self._is_read:
            self._know_units()

    def _centred(self, at: NDArray[np.intp], block: NDArray[np.float32]) -> Array:
        numbers = block.astype(np.float64)
        if not self._is_read:
            self._centre[at] = known_means(numbers)
        numbers -= self._centre[at]
        np.nan_to_num(numbers, copy=False)
        if not self._is_read:
            self._varies[at] = np.abs(numbers).max(axis=0, initial=0.0) > _VARIES
        return numbers

    def _know_units(self) -> None:
        """Of each block's tokens the scale by which their mean squared row norm is 1, and how many they are."""
        self._scale, self._unit = np.ones(self._squares.shape), np.ones(len(self._centre))
        for features in self._of_block.values():
            squares = self._squares[:, features].sum(axis=1) / max(len(self._side), 1)
            self._scale[:, features] = np.where(squares > 0, np.maximum(squares, 1e-300) ** -0.5, 1.0)[:, None]
            self._unit[features] = np.sqrt(self._varies[features].sum())
        self._is_read = True

    def chosen(self, columns: NDArray[np.intp]) -> ChosenTokens:
        """The genotype tokens of these numbers, which are none of covariates."""
        kinds, features = np.divmod(columns - self._side.shape[1], len(self._centre))
        arms = np.array(self._arms, dtype=np.intp)[kinds]
        return ChosenTokens(features, arms, self._centre[features], self._scale[kinds, features])

    def take(self, columns: NDArray[np.intp]) -> Array:
        """Read."""
        n_side = self._side.shape[1]
        tokens, genotype = np.empty((len(self._side), len(columns))), columns >= n_side
        tokens[:, ~genotype] = self._side[:, columns[~genotype]]
        chosen = self.chosen(columns[genotype])
        places = np.flatnonzero(genotype)
        step = max(1, BLOCK_CELLS // max(len(tokens), 1))
        for start in range(0, len(places), step):
            part = chosen.part(slice(start, start + step))
            features, at = np.unique(part.features, return_inverse=True)
            values = self.stored.genotypes.values.read(features)[:, at]
            of_values = part.of_values(values, self._side, self.stored.covariate_encoder)
            tokens[:, places[start : start + step]] = of_values
        return tokens

    def units(self, columns: NDArray[np.intp]) -> Array:
        """As of tokens in memory."""
        n_side = self._side.shape[1]
        units, genotype = np.ones(len(columns)), columns >= n_side
        units[genotype] = self._unit[(columns[genotype] - n_side) % len(self._centre)]
        return units


@dataclass(frozen=True, eq=False)
class ColumnTable:
    """Some tokens in memory.

    Attributes
    ----------
    columns
        `(n_taken,)` their numbers, rising.
    values
        `(n_samples, n_taken)`.
    """

    columns: NDArray[np.intp]
    values: Array

    def widened(self, tokens: TokenColumns, columns: NDArray[np.intp]) -> ColumnTable:
        """These and more columns of the same tokens; those that are known are not read again."""
        union = np.union1d(self.columns, columns)
        known = np.isin(union, self.columns)
        values = np.empty((len(self.values), len(union)))
        values[:, known], values[:, ~known] = self.values, tokens.take(union[~known])
        return ColumnTable(union, values)

    def of(self, columns: NDArray[np.intp], rows: NDArray[np.intp] | None = None) -> Array:
        """`(n_rows, len(columns))` of all samples, or of those with these numbers."""
        at = np.searchsorted(self.columns, columns)
        return self.values[:, at] if rows is None else self.values[np.ix_(rows, at)]
