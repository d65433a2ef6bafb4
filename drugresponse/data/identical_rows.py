"""Rows of a sparse matrix that are equal: samples that may be one person, or features that tell the same."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

__all__ = ["identical_rows"]


def identical_rows(values: sparse.csr_array) -> NDArray[np.intp]:
    """`(n_rows,)` number of each distinct row; missing calls are equal to each other, and to nothing else.

    Examples
    --------
    >>> identical_rows(sparse.csr_array([[0, 1.0], [2.0, 0], [0, 1.0]])).tolist()
    [0, 1, 0]
    """
    data = np.where(np.isnan(values.data), np.float32(np.nan), values.data).astype(np.float32)
    starts = values.indptr
    seen: dict[tuple[bytes, bytes], int] = {}
    numbers = np.empty(values.shape[0], dtype=np.intp)
    indices = values.indices.astype(np.int64)
    for row in range(len(numbers)):
        cells = slice(starts[row], starts[row + 1])
        numbers[row] = seen.setdefault((indices[cells].tobytes(), data[cells].tobytes()), len(seen))
    return numbers
