"""Calls that come allele by allele -> sparse rows by sample, so that memory grows with what is kept."""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import IO, Any, NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.readers.source.memory_limit import refuse_beyond_memory
from drugresponse.readers.variants.allele_calls import MISSING, merge_calls
from drugresponse.readers.variants.site_filter import SiteFilter

__all__ = ["Allele", "KeptCalls"]

BLOCK_CELLS = 1 << 22
_HELD_BYTES = 1 << 24
"""So much is held in memory before it goes into a temporary file."""
_CELL_BYTES = 8


class Allele(NamedTuple):
    """An alternate allele of a site, and what is told about it."""

    chromosome: str
    position: int
    ref: str
    alt: str
    gene: str = ""
    effect: str = ""


class KeptCalls:
    """Calls of alleles, filtered and packed block by block.

    A cell that is not 0 takes eight bytes in the end. Until the whole is known it takes five (eight, where dosages have
    fractions), in a temporary file when they are many.

    Attributes
    ----------
    dropped
        How many alleles were dropped for which reason.
    n_conflicts, n_missing
        Calls that a later record of the same allele contradicts, and calls that are missing in the end.

    Examples
    --------
    >>> with KeptCalls(["s1", "s2"], SiteFilter()) as calls:
    ...     calls.add(np.array([[0, 1], [-1, 2]], np.int8), [Allele("2", 7, "A", "C"), Allele("1", 9, "G", "T")])
    ...     genotypes = calls.finish()
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['1:9:G:T', '2:7:A:C'], [[nan, 0.0], [2.0, 1.0]])
    """

    def __init__(self, samples: Sequence[str], site_filter: SiteFilter, *, absent_as_reference: bool = False) -> None:
        self.dropped: Counter[str] = Counter()
        self.n_conflicts = self.n_missing = 0
        self._samples, self._filter, self._absent_as_reference = samples, site_filter, absent_as_reference
        self._waiting: list[NDArray[Any]] = []
        self._alleles: list[Allele] = []
        self._beyond_two: list[int] = []
        self._told: tuple[list[Any], ...] = tuple([] for _ in Allele._fields)
        self._spool = cast("IO[bytes]", tempfile.SpooledTemporaryFile(max_size=_HELD_BYTES))  # noqa: SIM115
        self._blocks: list[tuple[NDArray[np.int64], np.dtype[Any]]] = []
        self._n_cells = 0

    def __enter__(self) -> KeptCalls:
        return self

    def __exit__(self, *_: object) -> None:
        self._spool.close()

    def add(self, calls: NDArray[Any], alleles: Sequence[Allele], beyond_two: Sequence[int] = ()) -> None:
        """Take the `(n_alleles, n_samples)` calls of alleles, int8 or float32, as in `allele_calls`.

        `beyond_two` tells of each how many alleles its calls have more than two for each call; () means 0 of all.
        """
        self._waiting.append(calls)
        self._beyond_two += beyond_two or [0] * len(alleles)
        self._alleles += alleles
        if len(self._alleles) * len(self._samples) >= BLOCK_CELLS:
            self._pack()

    def __len__(self) -> int:
        """How many alleles are kept; of those that wait, it is not known yet."""
        return len(self._told[0])

    def finish(self) -> Genotypes:
        """All that was kept; an allele that stood in several records is one feature. Nothing can be added later."""
        self._pack()
        table = self._table()
        repeated = table.index.duplicated(keep=False)
        described = table[~table.index.duplicated()].assign(kind="dosage", block="dosage")
        # the table is checked and ordered first, so that calls are put straight into their place
        empty = sparse.csr_array((len(self._samples), len(described)), dtype=np.float32)
        frame = Genotypes.build(empty, self._samples, described)
        column = frame.features.index.get_indexer(table.index).astype(np.int32)
        if repeated.any():
            self._put_together(table.index, repeated)
        del table, described
        return Genotypes(self._filled(column, repeated, frame.shape[1]), frame.sample_ids, frame.features)

    def _pack(self) -> None:
        if not self._waiting:
            return
        calls = np.concatenate(self._waiting)
        alleles, beyond_two = self._alleles, np.array(self._beyond_two, dtype=np.int64)
        self._waiting, self._alleles, self._beyond_two = [], [], []
        kept = self._merge_repeats(calls, alleles)
        if self._filter.looks_at_calls:
            missing = calls < (MISSING if self._absent_as_reference else 0)
            copies = np.maximum(calls, 0).sum(axis=1, dtype=np.float64)[kept]
            n_missing = missing.sum(axis=1)[kept]
            n_samples = len(self._samples)
            kept[kept] = self._filter.keep_counts(copies, n_missing, n_samples, self.dropped, beyond_two[kept])
        if not kept.all():
            calls, alleles = calls[kept], [alleles[at] for at in np.flatnonzero(kept)]
        self._store(calls, np.arange(len(self), len(self) + len(alleles), dtype=np.int32))
        for held, values in zip(self._told, zip(*alleles, strict=True), strict=False):
            held += values

    def _merge_repeats(self, calls: NDArray[Any], alleles: Sequence[Allele]) -> NDArray[np.bool_]:
        kept = np.ones(len(alleles), dtype=bool)
        first: dict[tuple[Any, ...], int] = {}
        for at, allele in enumerate(alleles):
            earlier = first.setdefault(allele[:4], at)
            if earlier != at:
                self.n_conflicts += merge_calls(calls[earlier], calls[at])
                kept[at] = False
        return kept

    def _store(self, calls: NDArray[Any], columns: NDArray[np.int32]) -> None:
        by_sample = np.ascontiguousarray(calls.T)
        cells = np.flatnonzero(by_sample)
        edges = np.arange(len(by_sample) + 1) * len(columns)
        counts = np.diff(np.searchsorted(cells, edges))
        values = by_sample.ravel()[cells]
        self._n_cells += len(cells)
        refuse_beyond_memory(_CELL_BYTES * self._n_cells, "genotypes")
        self._spool.write(columns[cells - np.repeat(edges[:-1], counts)].tobytes())
        self._spool.write(values.tobytes())
        self._blocks.append((counts, values.dtype))

    def _stored(self) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]]:
        """Of each block how many cells a sample has, and their columns and values, sample after sample."""
        self._spool.seek(0)
        for counts, dtype in self._blocks:
            size = int(counts.sum())
            columns = np.frombuffer(self._spool.read(4 * size), dtype=np.int32)
            yield counts, columns, np.frombuffer(self._spool.read(dtype.itemsize * size), dtype=dtype)

    def _table(self) -> pd.DataFrame:
        named = dict(zip(Allele._fields, self._told, strict=True))
        parts = (named[name] for name in ("chromosome", "position", "ref", "alt"))
        ids = [f"{chromosome}:{position}:{ref}:{alt}" for chromosome, position, ref, alt in zip(*parts, strict=True)]
        table = pd.DataFrame(named, index=pd.Index(ids, name="feature_id", dtype=object))
        for each in self._told:
            each.clear()
        return table

    def _put_together(self, ids: pd.Index, repeated: NDArray[np.bool_]) -> None:
        """Store the alleles whose records stand far from each other once more, merged."""
        columns = np.flatnonzero(repeated)
        place = np.full(len(ids), -1)
        place[columns] = np.arange(len(columns))
        calls = np.zeros((len(columns), len(self._samples)), dtype=np.float32)
        for counts, found, values in self._stored():
            rows = np.repeat(np.arange(len(counts)), counts)
            inside = repeated[found]
            calls[place[found[inside]], rows[inside]] = values[inside]
        kept = ~ids[columns].duplicated()
        first = dict(zip(ids[columns[kept]], np.flatnonzero(kept), strict=True))
        for at in np.flatnonzero(~kept):
            self.n_conflicts += merge_calls(calls[first[ids[columns[at]]]], calls[at])
        self._spool.seek(0, 2)
        self._store(calls[kept], columns[kept].astype(np.int32))

    def _final(
        self, repeated: NDArray[np.bool_]
    ) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int32], NDArray[Any]]]:
        n_single = len(self._blocks) - int(repeated.any())
        for number, (counts, columns, values) in enumerate(self._stored()):
            kept = np.ones(len(columns), dtype=bool)
            if number < n_single < len(self._blocks):
                kept &= ~repeated[columns]
            if self._absent_as_reference:
                kept &= values != MISSING
            if not kept.all():
                rows = np.repeat(np.arange(len(counts)), counts)[kept]
                counts, columns, values = np.bincount(rows, minlength=len(counts)), columns[kept], values[kept]
            yield counts, columns, values

    def _filled(self, column: NDArray[np.int32], repeated: NDArray[np.bool_], n_features: int) -> sparse.csr_array:
        n_samples = len(self._samples)
        total = np.zeros(n_samples, dtype=np.int64)
        for counts, _, _ in self._final(repeated):
            total += counts
        ends = np.concatenate([[0], np.cumsum(total)])
        index_type = np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64
        indices, data = np.empty(ends[-1], dtype=index_type), np.empty(ends[-1], dtype=np.float32)
        next_place = ends[:-1].copy()
        for counts, columns, values in self._final(repeated):
            place = np.repeat(next_place - (np.cumsum(counts) - counts), counts)
            place += np.arange(len(place))
            indices[place] = column[columns]
            data[place] = values
            next_place += counts
        for start in range(0, len(data), BLOCK_CELLS):
            part = data[start : start + BLOCK_CELLS]
            missing = part < 0
            part[missing] = np.nan
            self.n_missing += int(missing.sum())
        matrix = sparse.csr_array((data, indices, ends.astype(index_type)), shape=(n_samples, n_features))
        if repeated.any() or (np.diff(column) < 0).any():
            matrix.sort_indices()
        matrix.has_canonical_format = True
        return matrix
