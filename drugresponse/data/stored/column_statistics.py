"""Counts and moments of columns of numbers, learned together in one pass over them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

__all__ = ["ColumnStatistics"]


@dataclass(frozen=True, eq=False)
class ColumnStatistics:
    """What is known of each column over all rows.

    Attributes
    ----------
    n_missing
        `(n_columns,)` intp missing cells.
    mean, variance
        `(n_columns,)` float64 over the cells that are not missing; NaN where all are.
    constant
        `(n_columns,)` bool, whether all cells that are not missing are equal, or all are missing.

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
    constant: NDArray[np.bool_]

    @classmethod
    def of_block(cls, values: NDArray[np.float32]) -> ColumnStatistics:
        """Of a dense `(n_rows, n_columns)` block, NaN where missing."""
        missing = np.isnan(values)
        n_missing = missing.sum(axis=0, dtype=np.intp)
        numbers = np.where(missing, np.float32(0), values)
        # copies of an allele are small whole numbers: their squares lose nothing
        mean, variance = _moments(
            numbers.sum(axis=0, dtype=np.float64),
            np.square(numbers).sum(axis=0, dtype=np.float64),
            len(values) - n_missing,
        )
        if not len(values):
            return cls(n_missing, mean, variance, np.ones(values.shape[1], dtype=bool))
        # fmin and fmax pass over what is missing, and give NaN where nothing else is there
        constant = ~(np.fmin.reduce(values) < np.fmax.reduce(values))
        return cls(n_missing, mean, variance, np.asarray(constant))

    @classmethod
    def of_counts(cls, counts: NDArray[np.integer]) -> ColumnStatistics:
        """Of `(n_columns, 4)` numbers of cells that are 0, 1, 2 and missing."""
        none, one, two, missing = np.asarray(counts, dtype=np.intp).T
        mean, variance = _moments(one + 2 * two, one + 4 * two, none + one + two)
        n_values = (none > 0).astype(int) + (one > 0) + (two > 0)
        return cls(missing, mean, variance, n_values <= 1)

    @classmethod
    def join(cls, parts: Sequence[ColumnStatistics]) -> ColumnStatistics:
        """Of the columns of several parts, one after the other."""
        nothing = cls.of_counts(np.zeros((0, 4), dtype=np.intp))
        return cls(*(np.concatenate([getattr(part, at.name) for part in (nothing, *parts)]) for at in fields(cls)))

    def take(self, columns: NDArray[np.intp]) -> ColumnStatistics:
        """Those of the columns with these numbers, in this order."""
        return ColumnStatistics(*(getattr(self, at.name)[columns] for at in fields(self)))


def _moments(
    sums: NDArray[np.number], squares: NDArray[np.number], n: NDArray[np.integer]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    with np.errstate(invalid="ignore"):
        mean = np.asarray(sums / n, dtype=np.float64)
        return mean, np.maximum(squares / n - mean**2, 0.0)
