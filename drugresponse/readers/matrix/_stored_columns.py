"""The numbers of a large .h5ad file that stay in it, and are read from it in blocks of features."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data import stored_values
from drugresponse.data.stored_values import rows_of
from drugresponse.errors import InputError, one_line, quoted, require
from drugresponse.readers.source.file_stamp import FileStamp

__all__ = ["DenseColumns", "SparseColumns", "columns_of_chunks"]

_WIDEST = 8
"""So many blocks may be the cells of all chunks that hold a column, which are unpacked together."""


def columns_of_chunks(stored: Any) -> int | None:
    """How many columns of a dense data set are read at once; None where reading few of them unpacks most of it."""
    n_rows = max(stored.shape[0], 1)
    width = stored.chunks[1] if stored.chunks else 1
    if width * n_rows > _WIDEST * stored_values.BLOCK_CELLS:
        return None
    return int(width * max(1, stored_values.BLOCK_CELLS // (n_rows * width)))


class _Columns:
    """What both kinds of matrix share: the file, and that it stays as it is."""

    def __init__(self, path: Path, where: str, shape: tuple[int, int]) -> None:
        self.shape = shape
        self._path, self._where, self._stamp = path.resolve(), where, FileStamp.of(path)

    @contextmanager
    def _opened(self) -> Iterator[Any]:
        self._stamp.refuse_changed(self._path)
        try:
            with require("h5py", "read .h5ad files").File(self._path, "r", locking=False) as stored:
                yield stored[self._where]
        except (OSError, KeyError, RuntimeError, ValueError) as error:
            self._stamp.refuse_changed(self._path)
            raise InputError(
                f"{self._path.name}: its numbers cannot be read ({quoted(one_line(error), 120)}). The file is "
                "truncated or damaged; write it anew."
            ) from error


class DenseColumns(_Columns):
    """A dense matrix of an .h5ad file as a source of columns.

    Parameters
    ----------
    path, where, shape
        The file, the name of the data set in it, and its numbers of rows and columns.
    width
        Columns that are read at once, as `columns_of_chunks` tells; those that were read last are kept, because a
        chunk is unpacked as a whole.
    """

    def __init__(self, path: Path, where: str, shape: tuple[int, int], width: int) -> None:
        super().__init__(path, where, shape)
        self._width = width
        self._last: tuple[int, NDArray[np.float32]] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_last": None}

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32 in Fortran order."""
        values = np.empty((len(rows), len(columns)), dtype=np.float32, order="F")
        part = columns // self._width
        for number in np.unique(part).tolist():
            mine = np.flatnonzero(part == number)
            values[:, mine] = rows_of(self._part(number)[:, columns[mine] - number * self._width], rows)
        return values

    def _part(self, number: int) -> NDArray[np.float32]:
        last = self._last
        if last is not None and last[0] == number:
            self._stamp.refuse_changed(self._path)
            return last[1]
        self._last = None  # not two at a time
        with self._opened() as stored, np.errstate(over="ignore"):
            cells = np.asarray(stored[:, number * self._width : (number + 1) * self._width])
        part = np.asfortranarray(cells, dtype=np.float32)
        self._last = number, part
        return part


class SparseColumns(_Columns):
    """A matrix of compressed sparse columns of an .h5ad file as a source of columns."""

    def __init__(self, path: Path, where: str, shape: tuple[int, int]) -> None:
        super().__init__(path, where, shape)
        with self._opened() as stored:
            self._starts = np.asarray(stored["indptr"][()], dtype=np.int64)
        n_stored = self._starts[-1] if len(self._starts) else -1
        if len(self._starts) != shape[1] + 1 or self._starts[0] != 0 or (np.diff(self._starts) < 0).any():
            raise InputError(f"{path.name}: the starts of its columns are not in order. It is damaged; write it anew.")
        with self._opened() as stored:
            if not len(stored["indices"]) == len(stored["data"]) == n_stored:
                raise InputError(f"{path.name}: its columns do not hold its numbers. It is damaged; write it anew.")

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32 in Fortran order."""
        values = np.empty((len(rows), len(columns)), dtype=np.float32, order="F")
        order = np.argsort(columns, kind="stable")
        step = max(1, stored_values.BLOCK_CELLS // max(self.shape[0], 1))
        with self._opened() as stored:
            for start in range(0, len(order), step):
                mine = order[start : start + step]
                values[:, mine] = rows_of(self._dense(stored, columns[mine]), rows)
        return values

    def _dense(self, stored: Any, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_rows, n)` all rows of columns that ascend; those beside each other are read together."""
        runs = np.split(columns, np.flatnonzero(np.diff(columns) != 1) + 1)
        parts = [self._run(stored, int(run[0]), int(run[-1]) + 1) for run in runs if len(run)]
        whole = sparse.hstack(parts, format="csc") if len(parts) > 1 else parts[0]
        return np.asarray(whole.toarray(order="F"), dtype=np.float32)

    def _run(self, stored: Any, first: int, end: int) -> sparse.csc_array:
        cells = slice(int(self._starts[first]), int(self._starts[end]))
        indices = np.asarray(stored["indices"][cells])
        if len(indices) and not 0 <= indices.min() <= indices.max() < self.shape[0]:
            raise ValueError("a number of a row is out of range")
        with np.errstate(over="ignore"):
            data = np.asarray(stored["data"][cells]).astype(np.float32)
        return sparse.csc_array(
            (data, indices, self._starts[first : end + 1] - cells.start), shape=(self.shape[0], end - first)
        )
