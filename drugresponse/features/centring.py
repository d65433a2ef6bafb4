"""Columns with missing values: their means over what is known, and what they differ from these by."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["centred_columns", "known_means"]


def known_means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_columns,)` mean of what is known of each column; 0 where nothing is.

    Examples
    --------
    >>> known_means(np.array([[1.0, np.nan], [3.0, np.nan]])).tolist()
    [2.0, 0.0]
    """
    known = np.isfinite(values)
    return np.asarray(np.where(known, values, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1))


def centred_columns(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each column less its mean, and 0 where it is not known.

    Examples
    --------
    >>> centred_columns(np.array([[1.0], [np.nan], [3.0]])).ravel().tolist()
    [-1.0, 0.0, 1.0]
    """
    return np.where(np.isfinite(values), values - known_means(values), 0.0)
