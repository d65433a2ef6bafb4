"""Whether one prediction is better than another by more than noise."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["gain_over_noise"]


def gain_over_noise(
    before: NDArray[np.float64], after: NDArray[np.float64], weights: NDArray[np.float64], groups: NDArray
) -> float:
    """The drop in mean loss, in standard errors; above 1 it is taken for real.

    Parameters
    ----------
    before, after
        `(n_rows,)` losses of the simpler and of the other prediction on the same held-out rows.
    weights, groups
        `(n_rows,)` weights, and the subject (or drug, where drugs are new) of each row: rows of one group err
        together, so groups are the units of the standard error.

    Examples
    --------
    >>> round(gain_over_noise(np.ones(4), np.array([0.5, 0.7, 0.5, 0.7]), np.ones(4), np.arange(4)), 2)
    6.93
    """
    _, group = np.unique(groups, return_inverse=True)
    total = np.bincount(group, weights)
    gains = np.bincount(group, weights * (before - after))
    mean = float(gains.sum() / total.sum())
    spread = float(np.sum((gains - mean * total) ** 2)) * len(total) / max(len(total) - 1, 1)
    error = float(np.sqrt(spread) / total.sum())
    if mean <= 0:
        return 0.0
    return mean / error if error > 0 else float("inf")
