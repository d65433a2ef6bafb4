"""The range of each numeric covariate in training, and new samples that lie far outside it."""

from __future__ import annotations

import logging
from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import count

__all__ = ["FAR", "covariate_ranges", "covariates_far"]

logger = logging.getLogger(__name__)

FAR = 1.0
"""Distance from the training's range, in its widths, from which a value is far outside."""

_TENTH, _ORDERS = 10.0, 100.0
"""Times below what is positive in training, which does not span so many times itself, that look like another unit."""
_COHORT = 5
"""Samples of which none lies in the range, so that it is no chance."""


def covariate_ranges(covariates: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """Least and greatest value of each numeric covariate."""
    numbers = covariates.select_dtypes("number")
    return {str(name): (float(column.min()), float(column.max())) for name, column in numbers.items() if column.any()}


def covariates_far(
    ranges: Mapping[str, tuple[float, float]], covariates: pd.DataFrame, sample_ids: pd.Index
) -> NDArray[np.bool_]:
    """Samples with a covariate far outside, which may be in another unit; said, with both ranges."""
    far = np.zeros(len(sample_ids), dtype=bool)
    for name, (low, high) in ranges.items():
        if name not in covariates or covariates[name].dtype == object or not high > low:
            continue
        column = covariates[name].reindex(sample_ids).to_numpy(dtype=np.float64)
        outside = _outside(column, low, high)
        if outside.any():
            logger.warning(
                'samples, column "%s": %d of %s lie far outside the training (now %.4g to %.4g; in training %.4g '
                "to %.4g): another unit? Their rows are flagged out-of-range.",
                name,
                int(outside.sum()),
                count(len(outside), "sample"),
                np.nanmin(column),
                np.nanmax(column),
                low,
                high,
            )
        far |= outside
    return far


def _outside(column: NDArray[np.float64], low: float, high: float) -> NDArray[np.bool_]:
    """`(n_samples,)` values that are far outside, or cannot be what the training had.

    Beside ages from 20 to 79, 0.61 and -9 are near, and yet a fraction and a code for missing.
    """
    known = np.isfinite(column)
    beyond = np.nan_to_num(np.maximum(column - high, low - column))
    outside = beyond > FAR * (high - low)
    if low > 0:
        least = low / _TENTH if high < _ORDERS * low else 0.0
        outside |= known & (column < least)
    if known.sum() >= _COHORT and (beyond[known] > 0).all():
        outside |= known
    return np.asarray(outside)
