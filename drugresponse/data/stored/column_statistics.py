"""Counts and moments of columns of numbers, learned together in one pass over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["ColumnStatistics"]

_AT_ONCE = 64
"""Columns that are looked at together: few enough for the caches of a processor."""


@dataclass(frozen=True, eq=False)
class ColumnStatistics:
    """What is known of each column over all rows.

    Attributes
    ----------
    n_missing
        `(n_columns,)` intp missing cells.
    mean, variance
        `(n_columns,)` float64 over the cells that are not missing; NaN where all are.
    low, high
        `(n_columns,)` float32 the least and the greatest; NaN where all are missing.

    Examples
    --------
    >>> statistics = ColumnStatistics.of_block(np.array([[0.0, 1.0], [2.0, np.nan]], dtype=np.float32))
    >>> statistics.mean.tolist(), statistics.variance.tolist(), statistics.constant.tolist()
    ([1.0, 1.0], [1.0, 0.0], [False, True])
    >>> ColumnStatistics.of_counts(np.array([[1, 0, 1, 0], [0, 1, 0, 1]])).mean.tolist()
    [1.0, 1.0]
    """

    n_missing: NDArray[np.intp]
    mean: NDArray[np.float64]
    variance: NDArray[np.float64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]

    @property
    def constant(self) -> NDArray[np.bool_]:
        """`(n_columns,)` whether all cells that are not missing are equal, or all are missing."""
        return np.asarray(~(self.low < self.high), dtype=bool)

    @classmethod
    def of_block(cls, values: NDArray[np.float32]) -> ColumnStatistics:
        """Of a dense `(n_rows, n_columns)` block, NaN where missing."""
        starts = range(0, values.shape[1], _AT_ONCE)
        return cls.join([cls._of_few(values[:, start : start + _AT_ONCE]) for start in starts])

    @classmethod
    def _of_few(cls, values: NDArray[np.float32]) -> ColumnStatistics:
        missing = np.isnan(values)
        n_missing = missing.sum(axis=0, dtype=np.intp)
        n_called = np.where(n_missing < len(values), len(values) - n_missing, np.nan)
        with np.errstate(invalid="ignore"):  # infinite numbers are for others to refuse
            mean = np.where(missing, 0, values).sum(axis=0, dtype=np.float64) / n_called
            variance = np.square(np.where(missing, 0, values - mean)).sum(axis=0) / n_called
        if not len(values):
            return cls(n_missing, mean, variance, *np.full((2, values.shape[1]), np.nan, dtype=np.float32))
        # fmin and fmax pass over what is missing, and give NaN where nothing else is there
        return cls(n_missing, mean, variance, np.fmin.reduce(values), np.fmax.reduce(values))

    @classmethod
    def of_counts(cls, counts: NDArray[np.integer]) -> ColumnStatistics:
        """Of `(n_columns, 4)` numbers of cells that are 0, 1, 2 and missing."""
        none, one, two, missing = np.asarray(counts, dtype=np.intp).T
        n_called = np.where(none + one + two > 0, none + one + two, np.nan)
        mean = (one + 2 * two) / n_called
        variance = np.maximum((one + 4 * two) / n_called - mean**2, 0.0)
        called = counts[:, :3] > 0
        some = called.any(axis=1)
        low, high = (np.where(some, at, np.nan) for at in (called.argmax(axis=1), 2 - called[:, ::-1].argmax(axis=1)))
        return cls(missing, mean, variance, low.astype(np.float32), high.astype(np.float32))

    @classmethod
    def join(cls, parts: Sequence[ColumnStatistics]) -> ColumnStatistics:
        """Of the columns of several parts, one after the other."""
        nothing = cls.of_counts(np.zeros((0, 4), dtype=np.intp))
        return cls(*(np.concatenate([getattr(part, at.name) for part in (nothing, *parts)]) for at in fields(cls)))

    def take(self, columns: NDArray[np.intp]) -> ColumnStatistics:
        """Those of the columns with these numbers, in this order."""
        return ColumnStatistics(*(getattr(self, at.name)[columns] for at in fields(self)))
