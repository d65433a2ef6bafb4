"""Calls of PLINK files that stay in their file, and are read from it in blocks of features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored.call_codes import MISSING, CallCodes
from drugresponse.data.stored.column_statistics import ColumnStatistics
from drugresponse.data.stored_values import column_blocks
from drugresponse.readers.plink._calls import PlinkCalls
from drugresponse.readers.plink._sparse import AllelePlan, read_planned

__all__ = ["PlinkColumns"]

_ALL = slice(None)
_CELLS_AT_ONCE = 1 << 16
"""Calls that are turned into numbers together: few enough for the caches of a processor."""


@dataclass(frozen=True, eq=False)
class PlinkColumns:
    """The calls of a fileset as a source of columns, one for each feature of a plan.

    Attributes
    ----------
    calls
        The file.
    plan
        Which alleles of it become which features; of several records of an allele, the first call of a sample counts.
    absent_as_reference
        Whether missing calls are 0.
    """

    calls: PlinkCalls
    plan: AllelePlan
    absent_as_reference: bool = False

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return self.calls.n_samples, len(self.plan.first)

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32 in Fortran order; the file's other samples are not unpacked."""
        distinct, place = np.unique(columns, return_inverse=True) if len(self.plan.repeats) else (columns, _ALL)
        calls, at, _ = self._merged(distinct, rows)
        values = _numbers(calls[:, place], at)
        if (rows < 0).any():
            values[rows < 0] = np.nan
        return values

    def read_codes(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes | None:
        """The same as codes; None where the file has dosages."""
        if self.calls.with_dosages:
            return None
        distinct, place = np.unique(columns, return_inverse=True) if len(self.plan.repeats) else (columns, _ALL)
        calls, at, _ = self._merged(distinct, rows)
        if len(self.plan.repeats):
            # of calls that contradict each other there are other negative numbers too
            calls = np.maximum(calls, -1)
        codes = CallCodes.of_copies(calls.T).by_column[place]
        codes = codes if at is None else codes.take(at, axis=1)
        if (rows < 0).any():
            codes[:, rows < 0] = MISSING
        return CallCodes(codes)

    def statistics(self) -> tuple[ColumnStatistics, int]:
        """Counts and moments of all features, and how many calls of several records contradict each other.

        Hard calls are counted as they are packed in the file; what cannot be is read block by block.
        """
        variants = self.plan.variants[self.plan.first]
        is_counted = self.calls.is_counted(variants)
        is_counted[self.plan.repeats[:, 0]] = False
        counted, others = np.flatnonzero(is_counted), np.flatnonzero(~is_counted)
        alleles = self.plan.alleles[self.plan.first]
        counts = self.calls.counts(variants[counted], alleles[counted]).astype(np.intp)
        if self.absent_as_reference:
            counts[:, 0] += counts[:, 3]
            counts[:, 3] = 0
        parts, n_conflicts, rows = [ColumnStatistics.of_counts(counts)], 0, np.arange(self.shape[0])
        for columns in column_blocks(self.shape, others):
            calls, at, n_contradicted = self._merged(columns, rows)
            parts.append(ColumnStatistics.of_block(_numbers(calls, at)))
            n_conflicts += n_contradicted
        order = np.argsort(np.concatenate([counted, others]), kind="stable")
        return ColumnStatistics.join(parts).take(order), n_conflicts

    def _merged(
        self, columns: NDArray[np.intp], rows: NDArray[np.intp]
    ) -> tuple[NDArray[Any], NDArray[np.intp] | None, int]:
        """`(n_read, len(columns))` calls, negative where missing; which of these samples each row is; contradictions.

        For row -1 it is any sample; None where rows are the samples that are read.
        """
        samples, place = self._samples(rows)

        def read(variants: NDArray[np.intp], alleles: NDArray[np.intp]) -> NDArray[Any]:
            return self.calls.read_by_allele(variants, alleles, samples).T

        calls, n_conflicts = read_planned(read, self.plan, columns, absent_as_reference=self.absent_as_reference)
        return calls, place, n_conflicts

    def _samples(self, rows: NDArray[np.intp]) -> tuple[NDArray[np.uint32] | None, NDArray[np.intp] | None]:
        """The samples that are read, in the order of the file, and the place of each row among them; None for all."""
        if np.array_equal(rows, np.arange(self.shape[0])):
            return None, None
        samples, place = np.unique(np.maximum(rows, 0), return_inverse=True)
        in_order = np.array_equal(place, np.arange(len(rows)))
        return samples.astype(np.uint32), None if in_order else place


def _numbers(calls: NDArray[Any], rows: NDArray[np.intp] | None) -> NDArray[np.float32]:
    """`(n_rows, n_columns)` float32 in Fortran order of these rows of calls, or of all; negative ones are NaN."""
    by_column = calls.T
    numbers = np.empty((len(by_column), len(calls) if rows is None else len(rows)), dtype=np.float32)
    step = max(1, _CELLS_AT_ONCE // max(numbers.shape[1], 1))
    for start in range(0, len(numbers), step):
        part, of_part = by_column[start : start + step], numbers[start : start + step]
        part = np.ascontiguousarray(part) if rows is None else part.take(rows, axis=1)
        of_part[...] = part
        of_part.reshape(-1)[np.flatnonzero(part < 0)] = np.nan
    return numbers.T
