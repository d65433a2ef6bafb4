"""What is equal: rows of a sparse matrix, and things that share a key."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

__all__ = ["identical_rows", "joined_by"]


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


def joined_by(*keys: NDArray[np.intp]) -> NDArray[np.intp]:
    """`(n,)` number of each thing's group: those that share a key of any kind, or are linked by others, are in one.

    Parameters
    ----------
    keys
        `(n,)` of each kind, from 0; -1 is none.

    Examples
    --------
    >>> joined_by(np.array([0, 0, 1, -1]), np.array([0, 1, 1, -1])).tolist()
    [0, 0, 0, 1]
    """
    n_nodes = n = len(keys[0])
    things, nodes = [], []
    for key in keys:
        known = np.flatnonzero(key >= 0)
        things.append(known)
        nodes.append(n_nodes + key[known])
        n_nodes += int(key.max(initial=-1)) + 1
    rows, columns = np.concatenate(things), np.concatenate(nodes)
    links = sparse.coo_array((np.ones(len(rows)), (rows, columns)), shape=(n_nodes, n_nodes))
    return pd.factorize(csgraph.connected_components(links, directed=False)[1][:n])[0].astype(np.intp)
