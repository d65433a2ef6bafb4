"""Scores of predicted against measured responses, at three levels, always beside a naive prediction."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import false_discovery_control, rankdata

from drugresponse.errors import InputError

__all__ = ["METRICS", "METRIC_LABELS", "POOLED_WARNING", "pearson", "q_values", "rounding", "score", "score_levels"]

METRICS = ("rmse", "mae", "r2", "pearson", "spearman", "normalised_pearson", "skill")
METRIC_LABELS = {
    "rmse": "RMSE",
    "skill": "Skill",
    "normalised_pearson": "Normalised Pearson",
    "mae": "MAE",
    "r2": "R²",
    "pearson": "Pearson",
    "spearman": "Spearman",
}
"""What people call each metric, in the order in which pages show them."""
POOLED_WARNING = (
    "Pooled R², Pearson and Spearman are high wherever drugs differ in potency, for naive predictions too: compare "
    "rows, never read one alone."
)
MINIMUM_ROWS = 10
"""Fewest test rows of one drug or sample that are scored by themselves."""
_ROUNDING, _ROUNDING_OF_ALL = 1e-9, 1e-13
"""Shares of the largest response among the same rows, and among all rows, up to which a difference is rounding."""


def rounding(values: NDArray[np.float64], largest: float = 0.0) -> float:
    """The standard deviation up to which responses of this size differ, or are missed, by rounding alone.

    Parameters
    ----------
    values
        Responses that are scored together.
    largest
        The largest of all responses, by size: means of a drug that is always 0 carry the rounding of the others.

    Examples
    --------
    >>> rounding(np.array([0.3, 0.1 + 0.2])) > 0.1 + 0.2 - 0.3
    True
    """
    return max(_ROUNDING * float(np.abs(values).max(initial=0.0)), _ROUNDING_OF_ALL * largest)


def score(
    measured: NDArray[np.float64],
    predicted: NDArray[np.float64],
    reference: NDArray[np.float64] | None = None,
    naive: Mapping[str, NDArray[np.float64]] | None = None,
    largest: float = 0.0,
) -> dict[str, float]:
    """Score one set of test rows.

    Parameters
    ----------
    measured, predicted
        `(n,)`, in the unit of the response; none may be missing.
    reference
        `(n,)` the naive prediction subtracted from both sides for `normalised_pearson`.
    naive
        Every naive prediction of the scheme; `skill` is 1 - SSE / SSE of the best of them.
    largest
        See `rounding`.

    Returns
    -------
    dict
        By metric name; NaN where a score is not defined: a correlation of a constant, and R² and skill where responses
        differ, or the best naive prediction misses them, by rounding alone.

    Raises
    ------
    InputError
        A prediction is missing: a learner may not decline the hard rows.

    Examples
    --------
    >>> round(score(np.array([1.0, 2.0, 3.0]), np.array([1.0, 2.0, 4.0]))["rmse"], 3)
    0.577
    """
    if not np.isfinite(predicted).all():
        raise InputError(
            "scores: found a missing prediction (expected one for every test row). Report this as a defect."
        )
    errors = measured - predicted
    noise, n = rounding(measured, largest), len(measured)
    least = n * noise**2
    spread = float(np.sum((measured - measured.mean()) ** 2))
    linear = pearson(measured, predicted, noise)
    scores = {
        "rmse": float(np.sqrt(np.mean(errors**2))),
        "mae": float(np.mean(np.abs(errors))),
        "r2": 1 - float(np.sum(errors**2)) / spread if spread > least else float("nan"),
        "pearson": linear,
        # ranks would make much of differences that are rounding
        "spearman": pearson(rankdata(measured), rankdata(predicted)) if np.isfinite(linear) else float("nan"),
    }
    if reference is not None:
        scores["normalised_pearson"] = pearson(measured - reference, predicted - reference, noise)
    if naive:
        best = min(float(np.sum((measured - baseline) ** 2)) for baseline in naive.values())
        defined = best > least and (spread > least or n == 1)
        scores["skill"] = 1 - float(np.sum(errors**2)) / best if defined else float("nan")
    return scores


def pearson(a: NDArray[np.float64], b: NDArray[np.float64], noise: float = 0.0) -> float:
    """Pearson correlation; NaN when either side is constant, or varies by no more than `noise` or rounding."""
    least = np.sqrt(len(a)) * max(noise, rounding(a), rounding(b))
    a, b = a - a.mean(), b - b.mean()
    norms = float(np.linalg.norm(a)), float(np.linalg.norm(b))
    if min(norms) <= max(least, _ROUNDING * max(norms)):
        return float("nan")
    return float(a @ b / (norms[0] * norms[1]))


def score_levels(
    rows: pd.DataFrame, predicted: NDArray[np.float64], naive: Mapping[str, NDArray[np.float64]], reference: str
) -> pd.DataFrame:
    """Score test rows pooled, within each drug and within each sample.

    Parameters
    ----------
    rows
        Columns `sample_id, drug_id, response`, one row for each test pair.
    predicted
        `(n,)` predictions.
    naive
        `(n,)` naive predictions by name.
    reference
        Which of `naive` the scheme's normalised scores subtract.

    Returns
    -------
    pandas.DataFrame
        Columns `level, id, metric, value`; level is `global`, `drug` or `sample`. A drug or sample with fewer
        than 10 test rows has no row of its own; id `mean` is the average over those that have.
    """
    measured = rows["response"].to_numpy(dtype=np.float64)
    largest = float(np.abs(measured).max(initial=0.0))
    rows_of_scores: list[tuple[str, str, str, float]] = []

    def add(level: str, identity: str, at: NDArray[np.intp] | slice) -> dict[str, float]:
        cut = {name: values[at] for name, values in naive.items()}
        scores = score(measured[at], predicted[at], cut[reference], cut, largest)
        rows_of_scores.extend((level, identity, metric, value) for metric, value in scores.items())
        return scores

    add("global", "all", slice(None))
    for level in ("drug", "sample"):
        groups = rows.groupby(f"{level}_id", sort=True).indices
        large = {str(name): np.asarray(at, dtype=np.intp) for name, at in groups.items() if len(at) >= MINIMUM_ROWS}
        scores = [add(level, name, at) for name, at in large.items()]
        for metric in METRICS if scores else ():
            values = np.array([group[metric] for group in scores])
            mean = float(np.nanmean(values)) if np.isfinite(values).any() else float("nan")
            rows_of_scores.append((level, "mean", metric, mean))
    return pd.DataFrame(rows_of_scores, columns=["level", "id", "metric", "value"])


def q_values(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """False-discovery rates (Benjamini and Hochberg) of p values; a NaN stays and does not count.

    Examples
    --------
    >>> q_values(np.array([0.01, np.nan, 0.04])).tolist()
    [0.02, nan, 0.04]
    """
    q, known = np.full(p.shape, np.nan), np.isfinite(p)
    if known.any():
        q[known] = false_discovery_control(p[known])
    return q
