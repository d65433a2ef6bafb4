"""Calls that were packed into a temporary file while they were read, and are read from it in blocks of alleles."""

from __future__ import annotations

import os
import weakref
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored_values import rows_of
from drugresponse.errors import InputError
from drugresponse.readers.variants.allele_calls import MISSING

__all__ = ["SpooledBlock", "SpooledColumns"]

_NUMBER_BYTES = 4


@dataclass(frozen=True, eq=False)
class SpooledBlock:
    """Cells of some alleles that are not 0, sample after sample: their numbers (int32), and behind them their calls.

    `place` in the file; `first` and `end` of the numbers of the alleles; `counts` `(n_samples,)` cells of each sample,
    and the `dtype` of the calls.
    """

    place: int
    first: int
    end: int
    counts: NDArray[np.int64]
    dtype: np.dtype[Any]


class SpooledColumns:
    """Spooled calls as a source of columns.

    The file has no name: it is gone with the process that made it, whatever ends that. Another process to which this
    is sent reads it as long as its maker is there.

    Parameters
    ----------
    descriptor
        Of the open file, which stays open until this is gone.
    blocks
        What the file holds, in the order of the alleles' numbers.
    alleles
        `(n_features,)` number of the allele of each feature.
    absent_as_reference
        Whether missing calls are 0.
    """

    def __init__(
        self, descriptor: int, blocks: Sequence[SpooledBlock], alleles: NDArray[np.intp], absent_as_reference: bool
    ) -> None:
        self._descriptor, self._maker = os.dup(descriptor), os.getpid()
        self._blocks, self._alleles, self._absent_as_reference = blocks, alleles, absent_as_reference
        self._ends = np.array([block.end for block in blocks])
        self.shape = len(blocks[0].counts), len(alleles)
        weakref.finalize(self, os.close, self._descriptor)

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32 in Fortran order."""
        values = np.empty((len(rows), len(columns)), dtype=np.float32, order="F")
        alleles = self._alleles[columns]
        of_block = np.searchsorted(self._ends, alleles, side="right")
        for number in np.unique(of_block).tolist():
            mine = np.flatnonzero(of_block == number)
            values[:, mine] = rows_of(self._calls(self._blocks[number], alleles[mine]), rows)
        return values

    def _calls(self, block: SpooledBlock, alleles: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(n_samples, n)` calls of some alleles of a block, NaN where missing."""
        size = int(block.counts.sum())
        content = self._content(block.place, size * (_NUMBER_BYTES + block.dtype.itemsize))
        numbers = np.frombuffer(content, np.int32, size)
        calls = np.frombuffer(content, block.dtype, size, offset=_NUMBER_BYTES * size)
        distinct, place = np.unique(alleles, return_inverse=True)
        column_of = np.full(block.end - block.first, -1, dtype=np.intp)
        column_of[distinct - block.first] = np.arange(len(distinct))
        columns, samples = column_of[numbers - block.first], np.repeat(np.arange(len(block.counts)), block.counts)
        kept = columns >= 0
        by_allele = np.zeros((len(distinct), len(block.counts)), dtype=np.float32)
        by_allele[columns[kept], samples[kept]] = calls[kept]
        if self._absent_as_reference:
            by_allele[by_allele == MISSING] = 0
        by_allele[by_allele < 0] = np.nan
        return by_allele[place].T

    def _content(self, place: int, n_bytes: int) -> bytes:
        if os.getpid() == self._maker:
            content = os.pread(self._descriptor, n_bytes, place)
        else:
            try:
                with Path(f"/proc/{self._maker}/fd/{self._descriptor}").open("rb") as stream:
                    content = os.pread(stream.fileno(), n_bytes, place)
            except OSError as error:
                raise InputError(
                    f"genotypes: another process cannot read what was unpacked of them ({error.strerror}). Write them "
                    "to one file first with: drugresponse prepare"
                ) from error
        if len(content) < n_bytes:
            raise InputError("genotypes: the temporary file with their calls is cut short. Free space for it (TMPDIR).")
        return content
