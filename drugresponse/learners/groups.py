"""Rows in folds, whole groups in one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["deal_groups"]


def deal_groups(groups: NDArray, n_folds: int, random_state: int) -> Sequence[NDArray[np.intp]]:
    """Row numbers of each fold; whole groups are in one, and there are no more folds than groups.

    Parameters
    ----------
    groups
        `(n_rows,)` labels.
    n_folds
        At most.
    random_state
        Seed of the deal; the order of rows does not change it.

    Examples
    --------
    >>> [len(fold) for fold in deal_groups(np.array(["a", "a", "b", "c"]), 3, 0)]
    [1, 2, 1]
    """
    _, inverse = np.unique(groups.astype(str), return_inverse=True)
    n_groups = int(inverse.max(initial=-1)) + 1
    of_group = np.empty(n_groups, dtype=np.intp)
    of_group[np.random.default_rng(random_state).permutation(n_groups)] = np.arange(n_groups) % n_folds
    of_row = of_group[inverse]
    return [np.flatnonzero(of_row == fold) for fold in range(min(n_folds, n_groups))]
