"""A source of columns that shows each column to somebody when it is first read, so that nobody has to read it again."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored.call_codes import CallCodes, read_codes, take_columns
from drugresponse.data.stored_values import ColumnSource, column_blocks

__all__ = ["ObservedColumns"]


class ObservedColumns:
    """A `ColumnSource` as another one, of which somebody sees every column once.

    In another process, to which it is sent, nobody sees anything.

    Parameters
    ----------
    source
        Where the columns are.
    observe
        Called with column numbers and their `(n_rows, n_columns)` float32 numbers or `CallCodes`, of all rows.

    Examples
    --------
    >>> from scipy import sparse
    >>> from drugresponse.data.stored_values import ColumnsInMemory
    >>> seen = []
    >>> matrix = sparse.csc_array(np.eye(2, 3))
    >>> columns = ObservedColumns(ColumnsInMemory(matrix), lambda at, block: seen.append(at.tolist()))
    >>> _ = columns.read(np.array([1, 2]), np.arange(2)), columns.read(np.array([1]), np.arange(2))
    >>> columns.finish()
    >>> seen
    [[1, 2], [0]]
    """

    def __init__(
        self, source: ColumnSource, observe: Callable[[NDArray[np.intp], NDArray[np.float32] | CallCodes], None]
    ) -> None:
        self.source, self.observe = source, observe
        self._seen = np.zeros(source.shape[1], dtype=bool)
        self._lock = threading.Lock()

    def __reduce__(self) -> Any:
        return _itself, (self.source,)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return self.source.shape

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """As of the source."""
        block = self.source.read(columns, rows)
        self._show(columns, rows, block)
        return block

    def read_codes(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes | None:
        """As of the source; None where it does not tell codes."""
        codes = read_codes(self.source, columns, rows)
        if codes is not None:
            self._show(columns, rows, codes)
        return codes

    def _show(self, columns: NDArray[np.intp], rows: NDArray[np.intp], block: NDArray[np.float32] | CallCodes) -> None:
        if not np.array_equal(rows, np.arange(self.shape[0])):
            return
        with self._lock:
            new = np.flatnonzero(~self._seen[columns])
            if len(new):
                self._seen[columns] = True
                self.observe(columns[new], take_columns(block, new))

    def finish(self) -> None:
        """Read what nobody has read yet."""
        rows = np.arange(self.shape[0])
        for columns in column_blocks(self.shape, np.flatnonzero(~self._seen)):
            if self.read_codes(columns, rows) is None:
                self.read(columns, rows)


def _itself(source: ColumnSource) -> ColumnSource:
    return source
