"""Keys of rows that are read some columns at a time, by which equal rows are found without holding any."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.surveys.coded_calls import CodedCalls

__all__ = ["RowKeys"]

_MOST_COLUMNS = 256
_FACTORS = 5
_BELOW = 1 << 13
"""Codes up to 7 times factors below this, summed over 256 columns, are whole numbers that float32 holds."""
_STIR = np.uint64(0x9E3779B97F4A7C15)


class RowKeys:
    """A key of 64 bits for each row, equal for rows that are equal in every column, missing cells included.

    Rows that differ have another key but for a chance of about 1 in 10^18. Keys depend on how the columns are cut.

    Parameters
    ----------
    n_rows
        Rows of every block.

    Attributes
    ----------
    keys
        `(n_rows,)` uint64 of the columns so far.

    Examples
    --------
    >>> rows = RowKeys(3)
    >>> rows.add(CodedCalls.of(np.array([[0, 1], [2, 0], [0, 1]], np.float32)))
    >>> bool(rows.keys[0] == rows.keys[2]), bool(rows.keys[0] == rows.keys[1])
    (True, False)
    """

    def __init__(self, n_rows: int) -> None:
        self.keys = np.zeros(n_rows, dtype=np.uint64)
        rng = np.random.default_rng(0)
        self._factors = rng.integers(1, _BELOW, (_MOST_COLUMNS, _FACTORS)).astype(np.float32)
        self._odd = rng.integers(1 << 62, size=_MOST_COLUMNS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)

    def add(self, calls: CodedCalls) -> None:
        """Take in some columns, 256 at most."""
        if calls.whole:
            # sums of whole numbers below 2^24 are exact in whatever order they are added
            for sums in (calls.codes @ self._factors[: calls.codes.shape[1]]).T:
                self._stir(sums.astype(np.uint64))
        else:
            # 0 added makes one of both zeros; one spelling of NaN stands for all
            numbers = np.where(calls.missing(), np.float32(np.nan), calls.calls + np.float32(0))
            bits = numbers.view(np.uint32).astype(np.uint64)
            self._stir((bits * self._odd[: bits.shape[1]]).sum(axis=1, dtype=np.uint64))

    def _stir(self, words: NDArray[np.uint64]) -> None:
        self.keys = (self.keys ^ words) * _STIR
        self.keys ^= self.keys >> np.uint64(29)
