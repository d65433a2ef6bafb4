"""Sums over calls of new samples, some features at a time, from which it is judged whether they are on a scale."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.model.scales._blocks import MEASURED, Block
from drugresponse.model.scales._covariate_ranges import FAR
from drugresponse.model.scales._impossible_values import CarrierSums, ImpossibleCalls, TwosOfAltered

__all__ = ["BlockSums", "ScaleSums"]

Array = NDArray[np.float64]


@dataclass(eq=False)
class BlockSums:
    """Of one block of features.

    Attributes
    ----------
    block
        Its features, with weight in the model or not.
    some
        Those of a block of measured values that are looked at all at once.
    slopes
        `(n_samples,)` by how much a sample's values rise with the training's mean of the feature; None where that is
        not looked at.
    outside
        `(n_samples,)` weight of the features whose value lies far outside the training.
    values
        `(n_samples, n_some)` float32; nothing of a block that is counted.
    """

    block: Block
    some: Block
    slopes: Array | None
    outside: Array
    values: NDArray[np.float32]

    @classmethod
    def of(cls, block: Block, n_samples: int) -> BlockSums:
        """Before anything is read."""
        is_measured = block.kind in MEASURED
        some = block.some(n_samples)
        values = np.full((n_samples, len(some.columns) if is_measured else 0), np.nan, dtype=np.float32, order="F")
        return cls(block, some, None, np.zeros(n_samples), values)

    def keep(self, columns: NDArray[np.intp], calls: NDArray[np.float32]) -> None:
        """Keep the values of those columns that are looked at all at once."""
        if not self.values.shape[1]:
            return
        at = np.minimum(np.searchsorted(self.some.columns, columns), self.values.shape[1] - 1)
        mine = np.flatnonzero(self.some.columns[at] == columns)
        self.values[:, at[mine]] = calls[:, mine]


class ScaleSums:
    """What is learned of new samples while they are read.

    Parameters
    ----------
    features, weights
        `(n_features,)` of the model.
    n_samples
        New samples.
    low, high, centre
        `(n_features,)` of the training.
    steps
        By key of a block the features that `BlockSums.slopes` rest on, and what their values are multiplied by there.
    """

    def __init__(
        self,
        features: pd.DataFrame,
        weights: Array,
        n_samples: int,
        scales: tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]],
        steps: Mapping[str, tuple[NDArray[np.intp], Array]],
    ) -> None:
        self._weights, (self._low, self._high, self._centre) = weights, scales
        blocks = [block for block in Block.all_of(features) if weights[block.columns].any()]
        self.blocks: Sequence[BlockSums] = [BlockSums.of(block, n_samples) for block in blocks]
        self._number, self._steps = np.full(len(features), -1, dtype=np.intp), np.zeros(len(features))
        for number, block in enumerate(blocks):
            self._number[block.columns] = number
            if block.key in steps:
                columns, of_columns = steps[block.key]
                self._steps[columns] = of_columns
                self.blocks[number].slopes = np.zeros(n_samples)
        self.impossible = ImpossibleCalls(features, weights, self._low, self._high)
        self.carriers = CarrierSums(features, self._high, self._centre)
        self.twos = TwosOfAltered(features, weights, self._high, self._centre, n_samples)

    def add(self, columns: NDArray[np.intp], calls: CodedCalls) -> None:
        """Take in some features of all samples."""
        self.impossible.add(columns, calls)
        self.carriers.add(columns, calls)
        self.twos.add(columns, calls)
        numbers = self._number[columns]
        for number in np.unique(numbers[numbers >= 0]).tolist():
            sums, mine = self.blocks[number], numbers == number
            steps = np.where(mine, self._steps[columns], 0.0)
            if sums.slopes is not None and steps.any():
                sums.slopes += calls.dot(steps[:, None], fill=np.nan_to_num(self._centre[columns]))[:, 0]
            if sums.block.kind in MEASURED:
                at = np.flatnonzero(mine)
                sums.keep(columns[at], calls.calls[:, at])
                sums.outside += self._outside(columns[at], calls.calls[:, at])

    def _outside(self, columns: NDArray[np.intp], calls: NDArray[np.float32]) -> Array:
        """`(n_samples,)` weight of the features whose value lies far outside."""
        low, high = self._low[columns].astype(np.float64), self._high[columns].astype(np.float64)
        width = np.where(high > low, high - low, np.inf)
        with np.errstate(invalid="ignore"):
            beyond = np.maximum(calls - high, low - calls) > FAR * width
        return np.asarray(beyond @ self._weights[columns])
