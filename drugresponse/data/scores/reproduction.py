"""How far the predictions of two models are apart that should be one."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["are_reproduced", "distance_of_predictions"]


def distance_of_predictions(one: pd.DataFrame, other: pd.DataFrame) -> float:
    """Greatest difference between two tables of predictions, in standard deviations of each column of the first.

    Infinite where rows, columns or words differ, or what is missing.

    Parameters
    ----------
    one, other
        As of `DrugResponseModel.predict`.

    Examples
    --------
    >>> one = pd.DataFrame({"sample_id": ["a", "b"], "prediction": [1.0, 3.0]})
    >>> distance_of_predictions(one, one.assign(prediction=[1.0, 3.5]))
    0.5
    >>> distance_of_predictions(one, one[:1])
    inf
    """
    if len(one) != len(other) or list(one.columns) != list(other.columns):
        return float("inf")
    return max((_distance(one[name], other[name]) for name in one.columns), default=0.0)


def are_reproduced(distance: float, tolerance: float) -> bool:
    """Whether predictions so far apart are those of one model, computed in another order.

    Examples
    --------
    >>> are_reproduced(1e-9, tolerance=1e-5), are_reproduced(float("nan"), tolerance=1e-5)
    (True, False)
    """
    return distance <= tolerance


def _distance(one: pd.Series, other: pd.Series) -> float:
    if one.dtype.kind != "f":
        return 0.0 if one.equals(other) else float("inf")
    a, b = one.to_numpy(np.float64), other.to_numpy(np.float64)
    known = np.isfinite(a)
    if (known != np.isfinite(b)).any():
        return float("inf")
    furthest = float(np.abs(a[known] - b[known]).max(initial=0.0))
    spread = float(a[known].std()) if known.any() else 0.0
    return furthest / spread if spread > 0 else furthest
