"""Calls of alternate alleles, read block by block -> sparse rows, so that memory grows with what is kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.readers.source.memory_limit import refuse_beyond_memory

__all__ = ["AllelePlan", "CallSource", "gather_calls"]

BLOCK_BYTES = 1 << 27
_CELL_BYTES = 8
CONFLICT = -2
"""Marks a call that another record of the same allele contradicts; every negative number is missing."""


class CallSource(Protocol):
    """A file of calls.

    Attributes
    ----------
    missing
        The negative number that stands for a missing call.
    cell_bytes
        Bytes that one call takes while it is read.
    by_samples
        Whether a part of the samples is read at the price of a part of the file, so that blocks are cut between samples
        and not between alleles.
    """

    @property
    def missing(self) -> int: ...  # noqa: D102

    @property
    def cell_bytes(self) -> int: ...  # noqa: D102

    @property
    def by_samples(self) -> bool: ...  # noqa: D102

    def read(self, samples: slice, alleles: NDArray[np.intp]) -> NDArray[Any]:
        """`(n_samples, n_alleles)` copies, rows contiguous; alleles by their row in the list of the file."""
        ...


@dataclass(frozen=True, eq=False)
class AllelePlan:
    """Which alleles of a file become which features.

    Attributes
    ----------
    first
        `(n_features,)` row of the allele in the list of the file, feature by feature.
    repeats
        `(n_repeats, 2)` feature number, and row of a later record of the same allele.
    """

    first: NDArray[np.intp]
    repeats: NDArray[np.intp]

    @classmethod
    def of(cls, feature_ids: Sequence[str], allele_ids: Sequence[str]) -> AllelePlan:
        """The plan for these features, from the ids of all alleles of the file.

        Examples
        --------
        >>> plan = AllelePlan.of(["a", "b"], ["b", "a", "b"])
        >>> plan.first.tolist(), plan.repeats.tolist()
        ([1, 0], [[1, 2]])
        """
        number = {name: at for at, name in enumerate(feature_ids)}
        first = np.full(len(number), -1, dtype=np.intp)
        repeats = []
        for row, name in enumerate(allele_ids):
            at = number[name]
            if first[at] < 0:
                first[at] = row
            else:
                repeats.append((at, row))
        return cls(first, np.array(repeats, dtype=np.intp).reshape(-1, 2))


def gather_calls(
    source: CallSource, n_samples: int, plan: AllelePlan, *, absent_as_reference: bool = False
) -> tuple[sparse.csr_array, int]:
    """All calls as sparse rows.

    Parameters
    ----------
    source
        The file.
    n_samples
        How many samples it holds.
    plan
        Which alleles are read into which columns. Of several records of an allele, the first call of a sample counts.
    absent_as_reference
        Write missing calls as 0.

    Returns
    -------
    matrix
        `(n_samples, n_features)` float32, in canonical form; NaN is missing.
    n_conflicts
        Calls that a later record contradicts; they are missing.
    """
    n_features = len(plan.first)
    ends = np.zeros(n_samples + 1, dtype=np.int64)
    columns: list[NDArray[np.int32]] = []
    calls: list[NDArray[Any]] = []
    # until all are read, whole numbers are held as such: a quarter of the memory
    dtype = np.int8 if source.cell_bytes == 1 else np.float32
    n_conflicts = 0
    for samples in _slices(n_samples, _samples_at_once(source, n_samples, n_features)):
        blocks = _Blocks(source, samples, plan, absent_as_reference)
        counts = blocks.counts()
        ends[samples.start + 1 : samples.stop + 1] = ends[samples.start] + np.cumsum(counts)
        refuse_beyond_memory(_CELL_BYTES * int(ends[samples.stop]), "genotypes")
        for held, part in zip((columns, calls), _filled(blocks, counts, dtype), strict=True):
            held.append(part)
        n_conflicts += blocks.n_conflicts
    index_type = np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64
    indices = _joined(columns, index_type)
    values = _joined(calls, np.float32)
    for start in range(0, len(values), BLOCK_BYTES):
        part = values[start : start + BLOCK_BYTES]
        part[part < 0] = np.nan
    matrix = sparse.csr_array((values, indices, ends.astype(index_type)), (n_samples, n_features))
    matrix.has_canonical_format = True
    return matrix, n_conflicts


class _Blocks:
    """The blocks of some samples; read once where there is only one, else each time they are asked for."""

    def __init__(self, source: CallSource, samples: slice, plan: AllelePlan, absent_as_reference: bool) -> None:
        self.n_samples = samples.stop - samples.start
        self.n_conflicts = 0
        self._source, self._samples, self._plan = source, samples, plan
        self._absent_as_reference = absent_as_reference
        n_features = len(plan.first)
        width = n_features if source.by_samples else BLOCK_BYTES // (source.cell_bytes * self.n_samples) or 1
        self._slices = list(_slices(n_features, width))
        self._only = self._read(self._slices[0]) if len(self._slices) == 1 else None

    def counts(self) -> NDArray[np.int64]:
        """`(n_samples,)` cells that will be stored."""
        counts = np.zeros(self.n_samples, dtype=np.int64)
        for _, block in self:
            counts += [np.count_nonzero(row) for row in block]
        return counts

    def __iter__(self) -> Iterator[tuple[int, NDArray[Any]]]:
        """The number of the first feature of a block, and its calls."""
        if self._only is not None:
            yield 0, self._only
            return
        self.n_conflicts = 0
        for each in self._slices:
            yield each.start, self._read(each)

    def _read(self, features: slice) -> NDArray[Any]:
        plan = self._plan
        inside = (plan.repeats[:, 0] >= features.start) & (plan.repeats[:, 0] < features.stop)
        repeats = plan.repeats[inside]
        width = features.stop - features.start
        block = self._source.read(self._samples, np.concatenate([plan.first[features], repeats[:, 1]]))
        for at, feature in enumerate(repeats[:, 0] - features.start):
            self._merge(block[:, feature], block[:, width + at])
        block = block[:, :width]
        if self._absent_as_reference:
            block[block == self._source.missing] = 0
        return block

    def _merge(self, calls: NDArray[Any], later: NDArray[Any]) -> None:
        differ = (calls >= 0) & (later >= 0) & (calls != later)
        calls[...] = np.where(calls == self._source.missing, later, calls)
        calls[differ] = CONFLICT
        self.n_conflicts += int(differ.sum())


def _filled(
    blocks: Iterable[tuple[int, NDArray[Any]]], counts: NDArray[np.int64], dtype: type[np.generic]
) -> tuple[NDArray[np.int32], NDArray[Any]]:
    """Columns and calls of the cells that are not 0, row by row."""
    columns = np.empty(int(counts.sum()), dtype=np.int32)
    kept = np.empty(len(columns), dtype=dtype)
    at = np.cumsum(counts) - counts
    for first, block in blocks:
        for row, calls in enumerate(block):
            stored = np.flatnonzero(calls != 0)
            place = slice(at[row], at[row] + len(stored))
            kept[place] = calls[stored]
            stored += first
            columns[place] = stored
            at[row] = place.stop
    return columns, kept


def _joined(parts: list[NDArray[Any]], dtype: type[np.generic]) -> NDArray[Any]:
    """All parts as one array; each is given up as soon as it is copied."""
    if len(parts) == 1 and parts[0].dtype == dtype:
        return parts.pop()
    joined = np.empty(sum(map(len, parts)), dtype=dtype)
    end = len(joined)
    while parts:
        start = end - len(parts[-1])
        joined[start:end] = parts.pop()
        end = start
    return joined


def _samples_at_once(source: CallSource, n_samples: int, n_features: int) -> int:
    return BLOCK_BYTES // (source.cell_bytes * n_features) or 1 if source.by_samples else n_samples


def _slices(length: int, step: int) -> Iterator[slice]:
    for start in range(0, length, step):
        yield slice(start, min(start + step, length))
