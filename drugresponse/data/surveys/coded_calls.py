"""Some columns of calls, as small whole numbers where they are such, so that counting them is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored.missing_cells import missing_cells

__all__ = ["MISSING", "CodedCalls", "coded_calls", "count_columns"]

MISSING = 7
"""The code of a missing call; calls from 0 to 6 are their own."""
_AT_ONCE = 256
"""Columns that are looked at together: few enough for the caches of a processor."""


@dataclass(frozen=True, eq=False)
class CodedCalls:
    """Some columns of calls.

    Attributes
    ----------
    calls
        `(n_rows, n_columns)` float32, NaN where missing.
    codes, small
        The same with `MISSING` for NaN; and as uint8, which says the same where they are `whole`.
    n_missing
        `(n_columns,)` missing calls.
    whole, most
        Whether all calls are whole numbers from 0 to 6, and the greatest of them.

    Examples
    --------
    >>> calls = CodedCalls.of(np.array([[0, 2], [1, np.nan]], np.float32))
    >>> calls.small.tolist(), calls.whole, calls.most
    ([[0, 2], [1, 7]], True, 2)
    >>> calls.dot(np.ones((2, 1)), fill=np.array([0.5, 0.5])).tolist()
    [[2.0], [1.5]]
    """

    calls: NDArray[np.float32]
    codes: NDArray[np.float32]
    small: NDArray[np.uint8]
    n_missing: NDArray[np.intp]
    whole: bool
    most: int

    @classmethod
    def of(cls, calls: NDArray[np.float32]) -> CodedCalls:
        """Look at some columns."""
        rows, columns = missing_cells(calls)
        n_missing, codes = np.bincount(columns, minlength=calls.shape[1]), calls
        if len(rows):
            codes = calls.copy(order="K")
            codes[rows, columns] = MISSING
        with np.errstate(invalid="ignore"):
            small = codes.astype(np.uint8)
        others = small
        if len(rows):
            others = small.copy(order="K")
            others[rows, columns] = 0
        most = int(others.max(initial=0))
        whole = most < MISSING and bool((codes == small).all())
        return cls(calls, codes, small, n_missing, whole, most)

    @property
    def any_missing(self) -> bool:
        """Whether a call is missing."""
        return bool(self.n_missing.any())

    def missing(self) -> NDArray[np.bool_]:
        """`(n_rows, n_columns)` which calls are."""
        return self.small == MISSING if self.whole else np.isnan(self.calls)

    def filled(self) -> NDArray[np.float32]:
        """`(n_rows, n_columns)` the calls, 0 where missing."""
        return np.where(self.missing(), np.float32(0), self.calls) if self.any_missing else self.calls

    def dot(self, weights: NDArray, fill: NDArray) -> NDArray[np.float64]:
        """`(n_rows, n_weights)` sums over the columns.

        Parameters
        ----------
        weights
            `(n_columns, n_weights)`.
        fill
            `(n_columns,)` what stands for a missing call.
        """
        kind = np.float32 if self.whole else np.float64
        weights = weights.astype(kind)
        sums = self.codes.astype(kind, copy=False) @ weights
        if self.any_missing:
            sums = sums + self.missing().astype(kind) @ (weights * (fill.astype(kind) - MISSING)[:, None])
        return np.asarray(sums, dtype=np.float64)


def coded_calls(columns: NDArray[np.intp], block: NDArray[np.float32]) -> Iterator[tuple[NDArray[np.intp], CodedCalls]]:
    """The columns of a block, some at a time, with their numbers."""
    for start in range(0, len(columns), _AT_ONCE):
        yield columns[start : start + _AT_ONCE], CodedCalls.of(block[:, start : start + _AT_ONCE])


def count_columns(which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """`(n_columns,)` how many are true; sums of bytes in columns are several times as fast as `count_nonzero`.

    Examples
    --------
    >>> count_columns(np.array([[True, False], [True, True]])).tolist()
    [2, 1]
    """
    return np.add.reduce(which.view(np.uint8), axis=0, dtype=np.uint32).astype(np.intp)
