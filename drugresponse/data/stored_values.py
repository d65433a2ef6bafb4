"""Genotype values that stay where they are stored, and are read column by column in blocks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["BLOCK_CELLS", "ColumnSource", "ColumnsInMemory", "SideBySide", "StoredValues", "column_blocks"]

BLOCK_CELLS = 1 << 23
"""Cells of a block that is read at once: 32 MB as float32."""


class ColumnSource(Protocol):
    """What holds columns of numbers, such as a file; cheap to pickle, since it names the file."""

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""

    def read(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_rows, len(columns))` float32 in Fortran order where that is how they come; NaN is missing."""


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

    def read(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_rows, len(columns))` float32."""
        return np.asarray(self.matrix[:, columns].toarray(order="F"), dtype=np.float32)


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

    def read(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_rows, len(columns))` float32."""
        block = np.empty((self.shape[0], len(columns)), dtype=np.float32, order="F")
        first = 0
        for part, rows in zip(self.parts, self.rows, strict=True):
            mine = np.flatnonzero((columns >= first) & (columns < first + part.shape[1]))
            if len(mine):
                block[:, mine] = _rows_of(part.read(columns[mine] - first), rows)
            first += part.shape[1]
        return block


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
    def of(cls, source: ColumnSource) -> StoredValues:
        """All rows and columns of a source."""
        return cls(source, np.arange(source.shape[1]), np.arange(source.shape[0]))

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_samples, n_features)`."""
        return len(self.rows), len(self.columns)

    def as_root(self) -> StoredValues:
        """The same view, of whose rows costly things are learned once for all views on them."""
        return StoredValues(self.source, self.columns, self.rows)

    def take_rows(self, at: NDArray[np.intp]) -> StoredValues:
        """The rows at these numbers, -1 for one of missing values; they share what is learned of the root."""
        at = np.asarray(at)
        rows = np.where(at >= 0, self.rows[at], -1) if len(self.rows) else np.full(len(at), -1)
        if (rows < 0).any():
            return StoredValues(self.source, self.columns, rows)
        root = self if self.root is None else self.root
        return replace(self, rows=rows, root=root, at=at if self.at is None else self.at[at])

    def take_columns(self, columns: NDArray[np.intp]) -> StoredValues:
        """The columns at these numbers, in this order, not read; nothing is shared with what they come from."""
        return StoredValues(self.source, self.columns[columns], self.rows)

    def blocks(self, columns: NDArray[np.intp] | None = None) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float32]]]:
        """As `column_blocks`, of the columns with these numbers, or of all."""
        for part in column_blocks(self.shape, columns):
            yield part, self.read(part)

    def read(self, columns: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_samples, len(columns))` float32 numbers of these columns, NaN where missing."""
        return _rows_of(self.source.read(self.columns[columns]), self.rows)

    def toarray(self) -> NDArray[np.float32]:
        """`(n_samples, n_features)` float32, all of it."""
        return self.read(np.arange(self.shape[1]))

    def missing(self) -> sparse.csr_array:
        """`(n_samples, n_features)` bool, true where a call is missing."""
        parts = [sparse.csr_array(self.shape, dtype=bool)[:, :0]]
        parts += [sparse.csc_array(np.isnan(values)) for _, values in self.blocks()]
        return sparse.csr_array(sparse.hstack(parts, format="csr", dtype=bool))

    def n_missing(self) -> NDArray[np.intp]:
        """`(n_features,)` missing calls of each column."""
        counts = [np.isnan(values).sum(axis=0, dtype=np.intp) for _, values in self.blocks()]
        return np.concatenate([np.zeros(0, dtype=np.intp), *counts])

    def moments(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """`(n_features,)` mean and variance of each column over what is called; NaN where nothing is."""
        parts = [_moments(values) for _, values in self.blocks()]
        means, variances = ([np.zeros(0), *(part[which] for part in parts)] for which in (0, 1))
        return np.concatenate(means), np.concatenate(variances)

    def constant(self) -> NDArray[np.bool_]:
        """`(n_features,)` whether all that is called of a column is equal, or nothing is called."""
        # fmin and fmax pass over what is missing, and give NaN where nothing is called
        ranges = [(np.fmin.reduce(values), np.fmax.reduce(values)) for _, values in self.blocks()]
        return np.concatenate([np.zeros(0, dtype=bool), *(~(low < high) for low, high in ranges)])

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
    >>> [part.tolist() for part in column_blocks((1 << 22, 3))]
    [[0, 1], [2]]
    """
    wanted = np.arange(shape[1]) if columns is None else np.asarray(columns)
    step = max(1, BLOCK_CELLS // max(shape[0], 1))
    for start in range(0, len(wanted), step):
        yield wanted[start : start + step]


def _moments(values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    called = ~np.isnan(values)
    n_called = called.sum(axis=0)
    numbers = np.where(called, values, np.float32(0))
    with np.errstate(invalid="ignore"):
        mean = numbers.sum(axis=0, dtype=np.float64) / n_called
        squares = np.square(numbers).sum(axis=0, dtype=np.float64) / n_called
    # copies of an allele are small whole numbers: their squares lose nothing
    return mean, np.maximum(squares - mean**2, 0.0)


def _rows_of(block: NDArray[np.float32], rows: NDArray[np.intp]) -> NDArray[np.float32]:
    """These rows of a block, NaN where the number is -1."""
    if len(rows) == len(block) and np.array_equal(rows, np.arange(len(rows))):
        return block
    if not len(block):
        return np.full((len(rows), block.shape[1]), np.nan, dtype=np.float32)
    taken = np.asfortranarray(block[np.maximum(rows, 0)])
    taken[rows < 0] = np.nan
    return taken
