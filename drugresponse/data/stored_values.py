"""Genotype values that stay where they are stored, and are read column by column in blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.stored.call_codes import MISSING, CallCodes, read_codes
from drugresponse.data.stored.column_statistics import ColumnStatistics
from drugresponse.progress import counted

__all__ = [
    "BLOCK_CELLS",
    "ColumnSource",
    "ColumnsInMemory",
    "SideBySide",
    "StoredValues",
    "beside",
    "column_blocks",
    "rows_of",
    "stays_stored",
]

BLOCK_CELLS = 1 << 22
"""Cells of a block that is read at once: 16 MB as float32, whose memory the next block takes over (not so of 32 MB)."""
STORED_CELLS = 50_000_000
"""Cells from which on a matrix stays where it is stored: in memory it would take up to eight bytes for each."""
_STATISTICS = "statistics"
_cells_beside: ContextVar[int] = ContextVar("cells_beside", default=0)


class ColumnSource(Protocol):
    """What holds columns of numbers, such as a file; cheap to pickle, since it names the file."""

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32 in Fortran order where that is how they come.

        NaN is missing, and so is all of a row -1. Rows come in any order, and few of many cost less where that can be.
        """


@dataclass(frozen=True, eq=False)
class ColumnsInMemory:
    """A matrix in memory as a source of columns.

    Attributes
    ----------
    matrix
        `(n_rows, n_columns)` compressed sparse columns, NaN where missing.
    """

    matrix: sparse.csc_array

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return int(self.matrix.shape[0]), int(self.matrix.shape[1])

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32."""
        return rows_of(np.asarray(self.matrix[:, columns].toarray(order="F"), dtype=np.float32), rows)


@dataclass(frozen=True, eq=False)
class SideBySide:
    """Several sources as one; a row that a source lacks is missing in its columns.

    Attributes
    ----------
    parts
        The sources, first columns first.
    rows
        For each part, `(n_rows,)` its row of each row of the whole; -1 where it lacks that row.
    """

    parts: Sequence[ColumnSource]
    rows: Sequence[NDArray[np.intp]]

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return len(self.rows[0]), sum(part.shape[1] for part in self.parts)

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32."""
        block = np.empty((len(rows), len(columns)), dtype=np.float32, order="F")
        first = 0
        for part, of_part in zip(self.parts, self.rows, strict=True):
            mine = np.flatnonzero((columns >= first) & (columns < first + part.shape[1]))
            if len(mine):
                read = part.read(columns[mine] - first, np.where(rows >= 0, of_part[rows], -1))
                if len(mine) == len(columns):
                    return read
                block[:, mine] = read
            first += part.shape[1]
        return block

    def read_codes(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes | None:
        """The same as codes; None where a part that is needed does not tell them."""
        by_column, first = np.full((len(columns), len(rows)), MISSING, dtype=np.uint8), 0
        for part, of_part in zip(self.parts, self.rows, strict=True):
            mine = np.flatnonzero((columns >= first) & (columns < first + part.shape[1]))
            if len(mine):
                read = read_codes(part, columns[mine] - first, np.where(rows >= 0, of_part[rows], -1))
                if read is None or len(mine) == len(columns):
                    return read
                by_column[mine] = read.by_column
            first += part.shape[1]
        return CallCodes(by_column)


@dataclass(frozen=True, eq=False)
class StoredValues:
    """A view on a source of columns, in the place of `Genotypes.values`.

    Rows are cut without reading anything; columns that are cut are read: few of them are expected. What is costly to
    learn of all rows, such as a kernel, is kept in `shared`, which views on rows of this view share.

    Attributes
    ----------
    source
        Where the numbers are.
    columns
        `(n_features,)` column of the source of each feature.
    rows
        `(n_samples,)` row of the source of each sample; -1 where the source lacks it, and all is missing.
    shared
        What was learned by passes over the root of this view, by name.
    root
        The view whose rows `at` counts; None where it is this one.
    at
        `(n_samples,)` row of the root of each sample.

    Examples
    --------
    >>> source = ColumnsInMemory(sparse.csc_array(np.array([[0.0, 2.0], [1.0, np.nan]])))
    >>> values = StoredValues.of(source)
    >>> values[np.array([1])].toarray()
    array([[ 1., nan]], dtype=float32)
    """

    source: ColumnSource
    columns: NDArray[np.intp]
    rows: NDArray[np.intp]
    shared: dict[str, Any] = field(default_factory=dict, repr=False)
    root: StoredValues | None = field(default=None, repr=False)
    at: NDArray[np.intp] | None = field(default=None, repr=False)

    @classmethod
    def of(cls, source: ColumnSource, statistics: ColumnStatistics | None = None) -> StoredValues:
        """All rows and columns of a source, of which the reader may know the statistics already."""
        known = {} if statistics is None else {_STATISTICS: statistics}
        return cls(source, np.arange(source.shape[1]), np.arange(source.shape[0]), known)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_samples, n_features)`."""
        return len(self.rows), len(self.columns)

    @property
    def whole(self) -> StoredValues:
        """The root, which may be this view itself."""
        return self if self.root is None else self.root

    @property
    def places(self) -> NDArray[np.intp]:
        """`(n_samples,)` row of the root of each sample, also where this view is the root."""
        return np.arange(len(self.rows)) if self.at is None else self.at

    def as_root(self) -> StoredValues:
        """The same view, of whose rows costly things are learned once for all views on them."""
        return self if self.root is None else StoredValues(self.source, self.columns, self.rows)

    def take_rows(self, at: NDArray[np.intp]) -> StoredValues:
        """The rows at these numbers, -1 for one of missing values; they share what is learned of the root."""
        at = np.asarray(at)
        if np.array_equal(at, np.arange(len(self.rows))):
            return self
        rows = np.where(at >= 0, self.rows[at], -1) if len(self.rows) else np.full(len(at), -1)
        if (rows < 0).any():
            return StoredValues(self.source, self.columns, rows)
        return replace(self, rows=rows, root=self.whole, at=self.places[at])

    def take_columns(self, columns: NDArray[np.intp]) -> StoredValues:
        """The columns at these numbers, in this order, not read; of what is shared they keep the statistics."""
        known = self.shared.get(_STATISTICS) if self.root is None else None
        shared = {} if known is None else {_STATISTICS: known.take(columns)}
        return StoredValues(self.source, self.columns[columns], self.rows, shared)

    def blocks(self, columns: NDArray[np.intp] | None = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """As `column_blocks`, of the columns with these numbers, or of all."""
        return self._blocks(columns, self.read)

    def coded_blocks(
        self, columns: NDArray[np.intp] | None = None
    ) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32] | CallCodes]]:
        """As `blocks`, with codes where the source tells these."""

        def read(part: NDArray[np.intp]) -> NDArray[np.float32] | CallCodes:
            codes = read_codes(self.source, self.columns[part], self.rows)
            return self.read(part) if codes is None else codes

        return self._blocks(columns, read)

    def _blocks(
        self, columns: NDArray[np.intp] | None, read: Callable[[NDArray[np.intp]], Any]
    ) -> Iterator[tuple[NDArray[np.intp], Any]]:
        parts = list(column_blocks(self.shape, columns))
        with counted(len(parts), "blocks of genotypes", logged=False) as count:
            for part in parts:
                yield part, read(part)
                count.done()

    def read(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_samples, len(columns))` float32 numbers of these columns, NaN where missing."""
        return self.source.read(self.columns[columns], self.rows)

    def toarray(self) -> NDArray[np.float32]:
        """`(n_samples, n_features)` float32, all of it."""
        return self.read(np.arange(self.shape[1]))

    def missing(self) -> sparse.csr_array:
        """`(n_samples, n_features)` bool, true where a call is missing."""
        parts = [sparse.csr_array(self.shape, dtype=bool)[:, :0]]
        parts += [sparse.csc_array(np.isnan(values)) for _, values in self.blocks()]
        return sparse.csr_array(sparse.hstack(parts, format="csr", dtype=bool))

    def statistics(self) -> ColumnStatistics:
        """Counts and moments of each column, learned in one pass and, of a root, kept."""
        known = self.shared.get(_STATISTICS) if self.root is None else None
        if known is None:
            known = ColumnStatistics.join([ColumnStatistics.of_block(values) for _, values in self.blocks()])
            if self.root is None:
                self.shared[_STATISTICS] = known
        return known

    def n_missing(self) -> NDArray[np.intp]:
        """`(n_features,)` missing calls of each column."""
        return self.statistics().n_missing

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(n_features,)` mean and variance of each column over what is called; NaN where nothing is."""
        statistics = self.statistics()
        return statistics.mean, statistics.variance

    def constant(self) -> NDArray[np.bool_]:
        """`(n_features,)` whether all that is called of a column is equal, or nothing is called."""
        return self.statistics().constant

    def in_memory(self) -> sparse.csr_array:
        """`(n_samples, n_features)` float32 in canonical form, read block by block."""
        parts = [sparse.csc_array(block) for _, block in self.blocks()]
        empty = sparse.csr_array(self.shape, dtype=np.float32)
        return sparse.csr_array(sparse.hstack(parts, format="csr")) if parts else empty

    def __getitem__(self, key: Any) -> Any:
        """A view on rows, or the numbers of columns `[:, columns]` as compressed sparse rows in memory."""
        if not isinstance(key, tuple):
            return self.take_rows(np.arange(len(self.rows))[key])
        rows, columns = key
        chosen = self.take_columns(np.arange(len(self.columns))[columns])
        return chosen.take_rows(np.arange(len(self.rows))[rows]).in_memory()


def column_blocks(shape: tuple[int, int], columns: NDArray[np.intp] | None = None) -> Iterator[NDArray[np.intp]]:
    """Numbers of columns in blocks of about `BLOCK_CELLS` cells, in their order.

    Parameters
    ----------
    shape
        `(n_rows, n_columns)` of the whole.
    columns
        Those that are wanted; None is all.

    Examples
    --------
    >>> [part.tolist() for part in column_blocks((1 << 21, 3))]
    [[0, 1], [2]]
    """
    wanted = np.arange(shape[1]) if columns is None else np.asarray(columns)
    step = max(1, BLOCK_CELLS // max(shape[0], 1))
    for start in range(0, len(wanted), step):
        yield wanted[start : start + step]


def stays_stored(shape: tuple[int, int]) -> bool:
    """Whether a matrix of `(n_rows, n_columns)` is read in blocks, and never held in memory as a whole.

    Examples
    --------
    >>> stays_stored((2_000, 10_000)), stays_stored((2_000, 100_000))
    (False, True)
    """
    return _cells_beside.get() + shape[0] * shape[1] > STORED_CELLS


@contextmanager
def beside(n_cells: int) -> Iterator[None]:
    """Count so many cells, which are in memory already, to whatever is judged by `stays_stored` meanwhile.

    Examples
    --------
    >>> with beside(40_000_000):
    ...     stays_stored((2_000, 10_000))
    True
    """
    before = _cells_beside.set(n_cells)
    try:
        yield
    finally:
        _cells_beside.reset(before)


def rows_of(block: NDArray[Any], rows: NDArray[np.intp]) -> NDArray[Any]:
    """These rows of a block of float32, NaN where the number is -1."""
    if len(rows) == len(block) and np.array_equal(rows, np.arange(len(rows))):
        return block
    if not len(block):
        return np.full((len(rows), block.shape[1]), np.nan, dtype=np.float32)
    taken = block.T.take(np.maximum(rows, 0), axis=1).T
    if (rows < 0).any():
        taken[rows < 0] = np.nan
    return taken
