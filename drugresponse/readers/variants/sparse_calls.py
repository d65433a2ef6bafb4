"""Calls that come allele by allele -> sparse rows by sample, so that memory grows with what is kept."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import IO, Any, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues, stays_stored
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.variants._spooled_columns import SpooledBlock, SpooledColumns
from drugresponse.readers.variants.allele_calls import MISSING, merge_calls
from drugresponse.readers.variants.site_filter import SiteFilter

__all__ = ["Allele", "SparseCalls"]

BLOCK_CELLS = 1 << 22
_HELD_BYTES = 1 << 24
"""So much is held in memory before it goes into a temporary file."""
_CELL_BYTES = 8
_Cells = tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]
"""Of a block, how many cells a sample has, and their columns and values, sample after sample."""


class Allele(NamedTuple):
    """An alternate allele of a site, its gene and effect."""

    chromosome: str
    position: int
    ref: str
    alt: str
    gene: str = ""
    effect: str = ""


class SparseCalls:
    """Calls of alleles, filtered and packed block by block.

    A cell that is not 0 takes eight bytes in the end, or none in memory where there are many. Until the whole is known
    it takes five (eight, where dosages have fractions), in a temporary file when they are many.

    Attributes
    ----------
    dropped
        How many alleles were dropped for which reason.
    n_conflicts, n_missing
        Calls that a later record of the same allele contradicts, and calls that are missing in the end.

    Examples
    --------
    >>> with SparseCalls(["s1", "s2"], SiteFilter()) as calls:
    ...     calls.add(np.array([[0, 1], [-1, 2]], np.int8), [Allele("2", 7, "A", "C"), Allele("1", 9, "G", "T")])
    ...     genotypes = calls.finish()
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['1:9:G:T', '2:7:A:C'], [[nan, 0.0], [2.0, 1.0]])
    """

    def __init__(self, samples: Sequence[str], site_filter: SiteFilter, *, absent_as_reference: bool = False) -> None:
        self.dropped: Counter[str] = Counter()
        self.n_conflicts = self.n_missing = 0
        self._samples, self._filter, self._absent_as_reference = samples, site_filter, absent_as_reference
        self._tables: list[pd.DataFrame] = []
        self._spool = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES))  # noqa: SIM115
        self._blocks: list[SpooledBlock] = []
        self._n_kept = self._n_cells = 0
        self._wait()

    def __enter__(self) -> SparseCalls:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, calls: NDArray[Any], alleles: Sequence[Allele], beyond_two: Sequence[int] = ()) -> None:
        """Take the `(n_alleles, n_samples)` calls of alleles, int8 or float32, as in `allele_calls`.

        `beyond_two` says of each allele how many more than two for each call were called at its site; () means 0.
        """
        self._waiting_calls.append(calls)
        self._waiting_beyond_two += beyond_two or [0] * len(alleles)
        # plain columns: many small objects that stay would be looked at again and again by the garbage collector
        for column, values in zip(self._waiting_columns, zip(*alleles, strict=True), strict=False):
            column += values
        if len(self._waiting_beyond_two) * len(self._samples) >= BLOCK_CELLS:
            self._pack()

    def finish(self, *, in_memory: bool = False) -> Genotypes:
        """All that was kept; an allele that stood in several records is one feature. Nothing can be added later.

        Where that is much, the calls stay in the temporary file and are read in blocks, unless they must be in memory.
        """
        self._pack()
        table = pd.concat(self._tables)
        self._tables.clear()
        described = table[~table.index.duplicated()].assign(kind="dosage", block="dosage")
        # the table is checked and ordered first, so that calls are put straight into their place
        empty = sparse.csr_array((len(self._samples), len(described)), dtype=np.float32)
        frame = Genotypes.build(empty, self._samples, described)
        column = frame.features.index.get_indexer(table.index).astype(np.int32)
        repeated = table.index.duplicated(keep=False)
        if repeated.any():
            column = self._put_together(table.index, repeated, column)
        del table, described
        if stays_stored(frame.shape) and not in_memory:
            return replace(frame, values=self._stay_spooled(column))
        return replace(frame, values=self._filled(column, frame.shape[1]))

    def _stay_spooled(self, column: NDArray[np.int32]) -> StoredValues:
        alleles = np.flatnonzero(column >= 0)
        source = SpooledColumns(
            self._on_disk(), self._blocks, alleles[np.argsort(column[alleles])], self._absent_as_reference
        )
        values = StoredValues.of(source)
        self.n_missing = int(values.n_missing().sum())
        return values

    def _on_disk(self) -> int:
        """Descriptor of the temporary file, with all that was written."""
        self._spool.seek(0, 2)
        descriptor = self._spool.fileno()  # which puts it on the disk
        self._spool.flush()
        return descriptor

    def _wait(self) -> None:
        self._waiting_calls: list[NDArray[Any]] = []
        self._waiting_beyond_two: list[int] = []
        self._waiting_columns: list[list[Any]] = [[] for _ in Allele._fields]

    def _pack(self) -> None:
        named = dict(zip(Allele._fields, self._waiting_columns, strict=True))
        parts = (named[name] for name in ("chromosome", "position", "ref", "alt"))
        ids = [f"{chromosome}:{position}:{ref}:{alt}" for chromosome, position, ref, alt in zip(*parts, strict=True)]
        table = pd.DataFrame(named, index=pd.Index(ids, name="feature_id", dtype=object))
        if ids:
            calls, beyond_two = np.concatenate(self._waiting_calls), np.array(self._waiting_beyond_two, dtype=np.int64)
            kept = self._merge_repeats(table.index, calls)
            if self._filter.looks_at_calls:
                kept[kept] = self._frequent_and_complete(calls[kept], beyond_two[kept])
            if not kept.all():
                calls, table = calls[kept], table[kept]
            self._store(calls, np.arange(self._n_kept, self._n_kept + len(table), dtype=np.int32))
        if ids or not self._tables:
            self._tables.append(table)
        self._n_kept += len(table)
        self._wait()

    def _merge_repeats(self, ids: pd.Index, calls: NDArray[Any]) -> NDArray[np.bool_]:
        """`(n,)` which are the first of their allele; the calls of the later ones are merged into theirs, in place."""
        is_first = ~ids.duplicated()
        if not is_first.all():
            first = dict(zip(ids[is_first], np.flatnonzero(is_first), strict=True))
            for at in np.flatnonzero(~is_first).tolist():
                self.n_conflicts += merge_calls(calls[first[ids[at]]], calls[at])
        return is_first

    def _frequent_and_complete(self, calls: NDArray[Any], beyond_two: NDArray[np.int64]) -> NDArray[np.bool_]:
        n_missing = (calls < (MISSING if self._absent_as_reference else 0)).sum(axis=1)
        copies = np.maximum(calls, 0).sum(axis=1, dtype=np.float64)
        return self._filter.keep_counts(copies, n_missing, len(self._samples), self.dropped, beyond_two)

    def _store(self, calls: NDArray[Any], numbers: NDArray[np.int32]) -> None:
        """Put what is not 0 at the end of the file; `numbers` are those of the alleles."""
        by_sample = np.ascontiguousarray(calls.T)
        cells = np.flatnonzero(by_sample)
        edges = np.arange(len(by_sample) + 1) * len(numbers)
        counts = np.diff(np.searchsorted(cells, edges))
        values = by_sample.ravel()[cells]
        self._n_cells += len(cells)
        large = stays_stored((len(self._samples), self._n_kept))
        refuse_beyond_memory(0 if large else _CELL_BYTES * self._n_cells, "genotypes")
        place = self._spool.seek(0, 2)
        self._spool.write(numbers[cells - np.repeat(edges[:-1], counts)].tobytes())
        self._spool.write(values.tobytes())
        first = int(numbers[0]) if len(numbers) else self._n_kept
        self._blocks.append(SpooledBlock(place, first, first + len(numbers), counts, values.dtype))

    def _stored(self, column: NDArray[np.int32], *, without_missing: bool = False) -> Iterator[_Cells]:
        """The cells of the alleles whose column, by their number, is not negative."""
        self._spool.seek(0)
        for block in self._blocks:
            counts, dtype, size = block.counts, block.dtype, int(block.counts.sum())
            columns = column[np.frombuffer(self._spool.read(4 * size), dtype=np.int32)]
            values = np.frombuffer(self._spool.read(dtype.itemsize * size), dtype=dtype)
            kept = columns >= 0
            if without_missing:
                kept &= values != MISSING
            if not kept.all():
                rows = np.repeat(np.arange(len(counts)), counts)[kept]
                counts, columns, values = np.bincount(rows, minlength=len(counts)), columns[kept], values[kept]
            yield counts, columns, values

    def _put_together(self, ids: pd.Index, repeated: NDArray[np.bool_], column: NDArray[np.int32]) -> NDArray[np.int32]:
        """Store the alleles whose records stand far from each other once more, merged, as alleles of new numbers."""
        members = np.flatnonzero(repeated)
        place = np.full(len(ids), -1, dtype=np.int32)
        place[members] = np.arange(len(members))
        calls = np.zeros((len(members), len(self._samples)), dtype=np.float32)
        for counts, columns, values in self._stored(place):
            calls[columns, np.repeat(np.arange(len(counts)), counts)] = values
        kept = self._merge_repeats(ids[members], calls)
        self._store(calls[kept], np.arange(len(ids), len(ids) + kept.sum(), dtype=np.int32))
        return np.concatenate([np.where(repeated, np.int32(-1), column), column[members[kept]]])

    def _filled(self, column: NDArray[np.int32], n_features: int) -> sparse.csr_array:
        refuse_beyond_memory(_CELL_BYTES * self._n_cells, "genotypes")
        n_samples = len(self._samples)
        total = np.zeros(n_samples, dtype=np.int64)
        for counts, _, _ in self._stored(column, without_missing=self._absent_as_reference):
            total += counts
        ends = np.concatenate([[0], np.cumsum(total)])
        index_type = np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64
        indices, data = np.empty(ends[-1], dtype=index_type), np.empty(ends[-1], dtype=np.float32)
        next_place = ends[:-1].copy()
        for counts, columns, values in self._stored(column, without_missing=self._absent_as_reference):
            place = np.repeat(next_place - (np.cumsum(counts) - counts), counts)
            place += np.arange(len(place))
            indices[place] = columns
            data[place] = values
            next_place += counts
        for start in range(0, len(data), BLOCK_CELLS):
            part = data[start : start + BLOCK_CELLS]
            missing = part < 0
            part[missing] = np.nan
            self.n_missing += int(missing.sum())
        matrix = sparse.csr_array((data, indices, ends.astype(index_type)), shape=(n_samples, n_features))
        if (np.diff(column) < 0).any():
            matrix.sort_indices()
        matrix.has_canonical_format = True
        return matrix
