"""Genotypes whose values stay where they are, for tests: their source counts what is read of it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import CallCodes
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues

__all__ = ["CodedColumns", "CountedColumns", "passes", "stored"]


@dataclass
class CountedColumns:
    """A source of columns that counts them as they are read."""

    source: ColumnsInMemory
    n_read: NDArray[np.intp] = field(init=False)

    def __post_init__(self) -> None:
        self.n_read = np.zeros(self.source.shape[1], dtype=np.intp)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return self.source.shape

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32."""
        self.n_read[columns] += 1
        return self.source.read(columns, rows)


class CodedColumns(CountedColumns):
    """The same of whole numbers, as codes where these are asked for."""

    def read_codes(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes:
        """Codes of the columns."""
        return CallCodes.of_copies(np.nan_to_num(self.read(columns, rows), nan=-9).astype(np.int8).T)


def stored(genotypes: Genotypes, kind: type[CountedColumns] = CountedColumns) -> Genotypes:
    """The same genotypes, read in blocks from a source that counts."""
    source = kind(ColumnsInMemory(sparse.csc_array(genotypes.values)))
    return Genotypes(StoredValues.of(source), genotypes.sample_ids, genotypes.features, genotypes.reference)


def passes(genotypes: Genotypes) -> float:
    """How often a column was read, on average."""
    return float(genotypes.values.source.n_read.mean())
