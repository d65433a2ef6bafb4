"""Some columns of calls, as small whole numbers where they are such, so that counting them is cheap."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import MISSING, CallCodes
from drugresponse.data.stored.missing_cells import missing_cells

__all__ = ["MISSING", "CodedCalls", "coded_blocks", "coded_calls", "columns_in_caches", "count_columns"]

_AT_ONCE = 256
"""Columns that are looked at together: few enough for the caches of a processor."""
_CELLS = 1 << 18
_FEWEST_COLUMNS = 16
_FEW = 16


class CodedCalls:
    """Some columns of calls.

    Parameters
    ----------
    calls
        `(n_rows, n_columns)` float32, NaN where missing; None where only codes are known.
    small
        The same as uint8 with `MISSING` for what is missing; None where the calls are no whole numbers from 0 to 6.

    Attributes
    ----------
    whole
        Whether all calls are whole numbers from 0 to 6.
    shape
        `(n_rows, n_columns)`.

    Examples
    --------
    >>> calls = CodedCalls.of(np.array([[0, 2], [1, np.nan]], np.float32))
    >>> calls.small.tolist(), calls.whole, calls.most
    ([[0, 2], [1, 7]], True, 2)
    >>> calls.dot(np.ones((2, 1)), fill=np.array([0.5, 0.5])).tolist()
    [[2.0], [1.5]]
    >>> CodedCalls.of(CallCodes(np.array([[0, 7]], np.uint8))).calls.tolist()
    [[0.0], [nan]]
    """

    def __init__(self, calls: NDArray[np.float32] | None, small: NDArray[np.uint8] | None) -> None:
        self._calls, self._small, self.whole = calls, small, small is not None
        known: Any = small if calls is None else calls
        n_rows, n_columns = known.shape
        self.shape = n_rows, n_columns

    @classmethod
    def of(cls, block: NDArray[np.float32] | CallCodes) -> CodedCalls:
        """Look at some columns: codes, or numbers with NaN where missing."""
        if isinstance(block, CallCodes):
            return cls(None, block.by_column.T)
        codes = _missing_coded(block)
        with np.errstate(invalid="ignore"):
            small = codes.astype(np.uint8)
        whole = bool((codes == small).all()) and int(small.max(initial=0)) <= MISSING
        # a call of 7 is none of the codes
        return cls(block, small if whole and not bool((block == MISSING).any()) else None)

    @property
    def small(self) -> NDArray[np.uint8]:
        """The calls as codes; only of those that are `whole`."""
        if self._small is None:
            raise ValueError("calls: found others than whole numbers from 0 to 6. Ask whether they are `whole`.")
        return self._small

    @cached_property
    def codes(self) -> NDArray[np.float32]:
        """`(n_rows, n_columns)` the calls with `MISSING` for NaN."""
        return _missing_coded(self.calls) if self._small is None else self._small.astype(np.float32)

    @cached_property
    def calls(self) -> NDArray[np.float32]:
        """`(n_rows, n_columns)` float32, NaN where missing."""
        if self._calls is not None:
            return self._calls
        if not self.any_missing:
            return self.codes
        numbers = self.codes.copy(order="K")
        numbers[self.places] = np.nan
        return numbers

    @cached_property
    def most(self) -> int:
        """The greatest of whole calls; 0 where all are missing."""
        # 1 added to the code of a missing call is 0 in three bits
        return max(int(((self.small + np.uint8(1)) & np.uint8(MISSING)).max(initial=0)) - 1, 0)

    @cached_property
    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the missing calls, column by column."""
        if self._small is None:
            return missing_cells(self.calls)
        return CallCodes(np.ascontiguousarray(self._small.T)).places

    @cached_property
    def n_missing(self) -> NDArray[np.intp]:
        """`(n_columns,)` missing calls."""
        return np.bincount(self.places[1], minlength=self.shape[1])

    @property
    def any_missing(self) -> bool:
        """Whether a call is missing."""
        return bool(len(self.places[0]))

    def missing(self) -> NDArray[np.bool_]:
        """`(n_rows, n_columns)` which calls are."""
        return np.isnan(self.calls) if self._small is None else self._small == MISSING

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
        sums = np.asarray(self.codes.astype(kind, copy=False) @ weights.astype(kind), dtype=np.float64)
        if self.any_missing:
            sums += self.lost(weights * (fill - MISSING)[:, None])
        return sums

    def lost(self, weights: NDArray) -> NDArray[np.float64]:
        """`(n_rows, n_weights)` sums of `(n_columns, n_weights)` weights over the columns in which a row is missing."""
        rows, columns = self.places
        if _FEW * len(rows) > self.shape[0] * self.shape[1]:
            return np.asarray(self.missing().astype(np.float64) @ weights)
        weights = weights.astype(np.float64)
        of_columns = [np.bincount(rows, weights[columns, at], self.shape[0]) for at in range(weights.shape[1])]
        return np.stack(of_columns, axis=1) if of_columns else np.zeros((self.shape[0], 0))


def coded_blocks(
    genotypes: Genotypes, columns: NDArray[np.intp] | None = None
) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32] | CallCodes]]:
    """As `Genotypes.blocks`, with codes in place of numbers where the calls are stored and their source tells these."""
    return genotypes.values.coded_blocks(columns) if genotypes.is_stored else genotypes.blocks(columns)


def coded_calls(
    columns: NDArray[np.intp], block: NDArray[np.float32] | CallCodes, at_once: int = _AT_ONCE
) -> Iterator[tuple[NDArray[np.intp], CodedCalls]]:
    """The columns of a block of numbers or codes, so many at a time, with their numbers."""
    for start in range(0, len(columns), at_once):
        mine = slice(start, start + at_once)
        part = CallCodes(block.by_column[mine]) if isinstance(block, CallCodes) else block[:, mine]
        yield columns[mine], CodedCalls.of(part)


def columns_in_caches(n_rows: int) -> int:
    """How many columns of codes are best looked at together: few enough for the caches of a processor."""
    return max(_FEWEST_COLUMNS, _CELLS // max(n_rows, 1))


def _missing_coded(calls: NDArray[np.float32]) -> NDArray[np.float32]:
    """The same with `MISSING` for NaN."""
    rows, columns = missing_cells(calls)
    if not len(rows):
        return calls
    codes = calls.copy(order="K")
    codes[rows, columns] = MISSING
    return codes


def count_columns(which: NDArray[np.bool_]) -> NDArray[np.intp]:
    """`(n_columns,)` how many are true; sums of bytes in columns are several times as fast as `count_nonzero`.

    Examples
    --------
    >>> count_columns(np.array([[True, False], [True, True]])).tolist()
    [2, 1]
    """
    return np.add.reduce(which.view(np.uint8), axis=0, dtype=np.uint32).astype(np.intp)
