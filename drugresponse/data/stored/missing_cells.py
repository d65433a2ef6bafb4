"""Where cells of a block of columns are missing: few places, which cost less than masks of all cells."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["missing_cells"]


def missing_cells(block: NDArray[np.float32]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of the cells that are NaN, column by column.

    Parameters
    ----------
    block
        `(n_rows, n_columns)`, quickest in Fortran order.

    Examples
    --------
    >>> rows, columns = missing_cells(np.array([[0, np.nan], [np.nan, 1]], dtype=np.float32))
    >>> rows.tolist(), columns.tolist()
    ([1, 0], [0, 1])
    """
    columns, rows = np.divmod(np.flatnonzero(np.isnan(block.T, order="C")), max(len(block), 1))
    return rows, columns
