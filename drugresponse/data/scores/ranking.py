"""How well scores rank rows, for many weightings of the rows at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["area_under_curve", "average_precision", "concordance"]

_ROWS_AT_ONCE = 512

Array = NDArray[np.float64]


def area_under_curve(
    positive: NDArray[np.bool_], scores: Array, weights: Array, stratum: NDArray[np.intp] | None = None
) -> Array:
    """Area under the receiver operating characteristic: how often a positive row has the greater score.

    Pairs of rows of one stratum are compared; a tie counts half.

    Parameters
    ----------
    positive, scores
        `(n_rows,)`.
    weights
        `(n_draws, n_rows)` not below 0.
    stratum
        `(n_rows,)`; None is one for all.

    Returns
    -------
    numpy.ndarray
        `(n_draws,)`; NaN where no pair can be compared.

    Examples
    --------
    >>> area_under_curve(np.array([False, True, True]), np.array([0.2, 0.1, 0.9]), np.ones((1, 3))).tolist()
    [0.5]
    """
    stratum = np.zeros(len(scores), dtype=np.intp) if stratum is None else stratum
    order = np.lexsort((scores, stratum))
    positive, scores, stratum, weights = positive[order], scores[order], stratum[order], weights[:, order]
    first = np.append(True, (np.diff(scores) != 0) | (np.diff(stratum) != 0))
    starts = np.flatnonzero(first)
    above = np.add.reduceat(weights * positive, starts, axis=1)
    below = np.add.reduceat(weights * ~positive, starts, axis=1)
    opens = np.flatnonzero(np.append(True, np.diff(stratum[starts]) != 0))
    passed = np.cumsum(below, axis=1)
    before = np.column_stack([np.zeros(len(weights)), passed[:, :-1]])
    size = np.diff(np.append(opens, len(starts)))
    won = above * (before - np.repeat(before[:, opens], size, axis=1) + below / 2)
    compared = np.add.reduceat(above, opens, axis=1) * np.add.reduceat(below, opens, axis=1)
    with np.errstate(invalid="ignore"):
        return np.asarray(won.sum(axis=1) / compared.sum(axis=1))


def average_precision(positive: NDArray[np.bool_], scores: Array, weights: Array) -> Array:
    """Precision averaged over the positive rows, from the greatest score down, rows of one score taken together.

    Parameters
    ----------
    positive, scores
        `(n_rows,)`.
    weights
        `(n_draws, n_rows)` not below 0.

    Returns
    -------
    numpy.ndarray
        `(n_draws,)`; NaN where no row is positive.

    Examples
    --------
    >>> average_precision(np.array([True, False, True]), np.array([0.9, 0.5, 0.1]), np.ones((1, 3))).round(3).tolist()
    [0.833]
    """
    order = np.argsort(-scores, kind="stable")
    starts = np.flatnonzero(np.append(True, np.diff(scores[order]) != 0))
    gained = np.add.reduceat(weights[:, order] * positive[order], starts, axis=1)
    called = np.cumsum(np.add.reduceat(weights[:, order], starts, axis=1), axis=1)
    correct = np.cumsum(gained, axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        precision = np.where(called > 0, correct / called, 0.0)
        return np.asarray((gained * precision).sum(axis=1) / correct[:, -1])


def concordance(first: Array, earlier: NDArray[np.bool_], scores: Array, weights: Array) -> Array:
    """Of the pairs that can be compared, in how many the row whose event comes first has the greater score.

    Parameters
    ----------
    first
        `(n_rows,)` what a pair counts whose first event is the row's own; 0 where its event is not seen.
    earlier
        `(n_rows, n_rows)` whether the event of the row comes while that of the column is still to come.
    scores
        `(n_rows,)` greater where the event comes sooner; a tie counts half.
    weights
        `(n_draws, n_rows)` not below 0.

    Returns
    -------
    numpy.ndarray
        `(2, n_draws)`: how many pairs agree, and how many can be compared.

    Examples
    --------
    >>> earlier = np.array([[False, True], [False, False]])
    >>> concordance(np.ones(2), earlier, np.array([1.0, 0.0]), np.ones((1, 2))).tolist()
    [[1.0], [1.0]]
    """
    totals = np.zeros((2, len(weights)))
    for start in range(0, len(scores), _ROWS_AT_ONCE):
        rows = slice(start, start + _ROWS_AT_ONCE)
        ranked = 0.5 * (scores[rows, None] >= scores) + 0.5 * (scores[rows, None] > scores)
        own = weights[:, rows] * first[rows]
        totals[0] += ((own @ (earlier[rows] * ranked)) * weights).sum(axis=1)
        totals[1] += ((own @ earlier[rows].astype(np.float64)) * weights).sum(axis=1)
    return totals
