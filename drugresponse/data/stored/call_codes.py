"""Calls as small whole numbers of one byte each, and which sources of columns give them so."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["MISSING", "CallCodes", "read_codes", "take_columns"]

MISSING = 7
"""The code of a missing call; calls from 0 to 6 are their own."""
_WORD = 8
_WORDS_AT_ONCE = 1 << 15
_FOURS = np.uint64(0x0404040404040404)
"""The bit that codes from 4 on have, in each byte of a word."""


@dataclass(frozen=True, eq=False)
class CallCodes:
    """Calls of some columns, four times less to move than their float32.

    Attributes
    ----------
    by_column
        `(n_columns, n_rows)` uint8, contiguous, `MISSING` where missing.

    Examples
    --------
    >>> calls = CallCodes.of_copies(np.array([[0, 2, -9], [1, -1, 0]], dtype=np.int8))
    >>> calls.by_column.tolist()
    [[0, 2, 7], [1, 7, 0]]
    >>> [part.tolist() for part in calls.places]
    [[2, 1], [0, 1]]
    """

    by_column: NDArray[np.uint8]

    @classmethod
    def of_copies(cls, calls: NDArray[np.int8]) -> CallCodes:
        """Of `(n_columns, n_rows)` calls from 0 to 6, -1 or -9 where missing, whose place in memory the codes take."""
        codes = np.ascontiguousarray(calls).view(np.uint8)
        # both end in three bits that are set
        np.bitwise_and(codes, np.uint8(MISSING), out=codes)
        return cls(codes)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return self.by_column.shape[1], self.by_column.shape[0]

    def __len__(self) -> int:
        return self.by_column.shape[1]

    @cached_property
    def places(self) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of the missing calls, column by column."""
        columns, rows = np.divmod(self._flat_places(), max(len(self), 1))
        return rows, columns

    def _flat_places(self) -> NDArray[np.intp]:
        """Most words of eight calls lack none, and are passed over at once."""
        flat = self.by_column.reshape(-1)
        n_whole = flat.size - flat.size % _WORD
        words, parts = flat[:n_whole].view(np.uint64), []
        for start in range(0, len(words), _WORDS_AT_ONCE):
            some = words[start : start + _WORDS_AT_ONCE]
            hit = np.flatnonzero((some & _FOURS) != 0)
            place = np.flatnonzero(some[hit].view(np.uint8) == MISSING)
            parts.append((start + hit[place // _WORD]) * _WORD + place % _WORD)
        return np.concatenate([*parts, n_whole + np.flatnonzero(flat[n_whole:] == MISSING)])


def take_columns(block: NDArray[np.float32] | CallCodes, columns: NDArray[np.intp]) -> NDArray[np.float32] | CallCodes:
    """Some columns of a block of numbers or of codes, in ascending order; all of them are the block itself.

    Examples
    --------
    >>> take_columns(CallCodes(np.array([[0, 1], [2, 7]], dtype=np.uint8)), np.array([1])).by_column.tolist()
    [[2, 7]]
    """
    if len(columns) == block.shape[1]:
        return block
    return CallCodes(block.by_column[columns]) if isinstance(block, CallCodes) else block[:, columns]


def read_codes(source: Any, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes | None:
    """Codes of the calls of some columns.

    Parameters
    ----------
    source
        A source of columns; the method `read_codes(columns, rows)` says that it may know codes.
    columns, rows
        As for its `read`; all of a row -1 is missing.

    Returns
    -------
    CallCodes or None
        None where they are to be read as numbers.
    """
    read = getattr(source, "read_codes", None)
    codes: CallCodes | None = None if read is None else read(columns, rows)
    return codes
