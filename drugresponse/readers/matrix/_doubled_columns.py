"""Columns of which some cells count twice when they are read, as the one copy of a man's X does."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored_values import StoredValues

__all__ = ["DoubledColumns"]


@dataclass(frozen=True, eq=False)
class DoubledColumns:
    """Values as a `ColumnSource` in which some rows count twice in some columns.

    Attributes
    ----------
    values
        What is read.
    rows, columns
        `(n_rows,)` and `(n_columns,)` bool, of which the cells are doubled.
    """

    values: StoredValues
    rows: NDArray[np.bool_]
    columns: NDArray[np.bool_]

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_rows, n_columns)`."""
        return self.values.shape

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32, NaN where missing."""
        block = self.values.take_rows(rows).read(columns)
        some = np.ix_(np.flatnonzero((rows >= 0) & self.rows[rows]), np.flatnonzero(self.columns[columns]))
        doubled = block.copy(order="K")  # what was read may be kept
        doubled[some] *= 2
        return doubled
