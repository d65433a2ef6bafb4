"""Calls of PLINK files, read block by block into the features of a table, and all of them as sparse rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.plink._calls import PlinkCalls
from drugresponse.readers.variants.allele_calls import MISSING, merge_calls

__all__ = ["AllelePlan", "gather_calls", "read_planned"]

_CELL_BYTES = 8


@dataclass(frozen=True, eq=False)
class AllelePlan:
    """Which alleles of a file become which features.

    Attributes
    ----------
    variants, alleles
        `(n_rows,)` where the calls of an allele stand in the file, as in `PlinkCalls.read`.
    first
        `(n_features,)` row of the allele, feature by feature.
    repeats
        `(n_repeats, 2)` feature number, and row of a later record of the same allele.
    """

    variants: NDArray[np.intp]
    alleles: NDArray[np.intp]
    first: NDArray[np.intp]
    repeats: NDArray[np.intp]

    def repeats_of(self, features: NDArray[np.intp]) -> NDArray[np.intp]:
        """`(n, 2)` place among these features, which ascend, and row of a later record of its allele."""
        if not len(self.repeats) or not len(features):
            return self.repeats[:0]
        place = np.minimum(np.searchsorted(features, self.repeats[:, 0]), len(features) - 1)
        among = features[place] == self.repeats[:, 0]
        return np.column_stack([place[among], self.repeats[among, 1]])


def gather_calls(
    source: PlinkCalls, plan: AllelePlan, *, absent_as_reference: bool = False
) -> tuple[sparse.csr_array, int]:
    """All calls as sparse rows.

    Parameters
    ----------
    source
        The file.
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
    features = source.blocks(len(plan.first))

    def read(part: slice) -> tuple[int, NDArray[Any], int]:
        numbers = np.arange(part.start, part.stop)
        return part.start, *read_planned(source.read, plan, numbers, absent_as_reference=absent_as_reference)

    first_block = read(features[0])

    def blocks() -> Iterable[tuple[int, NDArray[Any], int]]:
        yield first_block
        for part in features[1:]:
            yield read(part)

    # once to count what will be stored, once to store it: there is no second copy of the matrix
    counts = np.zeros(source.n_samples, dtype=np.int64)
    n_conflicts = 0
    for _, block, n_contradicted in blocks():
        counts += [np.count_nonzero(calls) for calls in block]
        n_conflicts += n_contradicted
    ends = np.concatenate([[0], np.cumsum(counts)])
    refuse_beyond_memory(_CELL_BYTES * int(ends[-1]), "genotypes")
    index_type = np.int32 if ends[-1] <= np.iinfo(np.int32).max else np.int64
    columns, values = np.empty(ends[-1], dtype=index_type), np.empty(ends[-1], dtype=np.float32)
    next_cell = ends[:-1].copy()
    for first_feature, block, _ in blocks():
        for sample, calls in enumerate(block):
            stored = np.flatnonzero(calls != 0)
            place = slice(next_cell[sample], next_cell[sample] + len(stored))
            kept = calls[stored].astype(np.float32)
            kept[kept < 0] = np.nan
            values[place] = kept
            stored += first_feature
            columns[place] = stored
            next_cell[sample] = place.stop
    matrix = sparse.csr_array((values, columns, ends.astype(index_type)), (source.n_samples, len(plan.first)))
    matrix.has_canonical_format = True
    return matrix, n_conflicts


def read_planned(
    read: Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[Any]],
    plan: AllelePlan,
    features: NDArray[np.intp],
    *,
    absent_as_reference: bool,
) -> tuple[NDArray[Any], int]:
    """The calls of some features.

    Parameters
    ----------
    read
        Gives `(n_samples, n)` calls by the variants and alleles of a file, as `PlinkCalls.read`.
    plan, absent_as_reference
        As for `gather_calls`.
    features
        `(n_features,)` their numbers; they ascend.

    Returns
    -------
    calls
        `(n_samples, n_features)`; a negative number is missing.
    n_conflicts
        How many contradict each other; they are missing.
    """
    repeats = plan.repeats_of(features)
    rows = np.concatenate([plan.first[features], repeats[:, 1]])
    block = read(plan.variants[rows], plan.alleles[rows])
    if len(repeats) or absent_as_reference:
        np.maximum(block, MISSING, out=block)
    n_conflicts = sum(
        merge_calls(block[:, feature], block[:, len(features) + later])
        for later, feature in enumerate(repeats[:, 0].tolist())
    )
    block = block[:, : len(features)]
    if absent_as_reference:
        block[block == MISSING] = 0
    return block, n_conflicts
