"""Rows that say the same, which need to be looked at once."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["alike_numbers", "rows_alike"]

_DIRECTIONS, _STEPS = 4, 1e9
"""Random directions in which what is alike agrees, and steps of the greatest number in which it does."""
_WORTH_IT = 0.8
"""Rows that are different, as a share of all, above which it does not pay to look at each once."""


def alike_numbers(values: Array, *keys: NDArray) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Which rows of numbers are the same, but for the last digits of their computation.

    Parameters
    ----------
    values
        `(n_rows, n_columns)`, no missing.
    *keys
        `(n_rows,)` whole numbers in which they must agree too.

    Returns
    -------
    firsts : (n_different,) intp
        Number of the first row of each.
    place : (n_rows,) intp
        Which of them each row is.

    Examples
    --------
    >>> alike_numbers(np.array([[0.5, 1.0], [2.0, 1.0], [0.5, 1.0 + 1e-15]]))[1].tolist()
    [0, 1, 0]
    """
    # what is different in some column is so in directions that no column leads
    seen = values @ np.random.default_rng(0).normal(size=(values.shape[1], _DIRECTIONS))
    seen = np.rint(seen * (_STEPS / (float(np.abs(seen).max(initial=0.0)) or 1.0))) + 0.0
    _, firsts, place = np.unique(np.column_stack([*keys, seen]), axis=0, return_index=True, return_inverse=True)
    return firsts, place.ravel()


def rows_alike(loss: RowLoss, number: NDArray[np.intp]) -> tuple[NDArray[np.intp], RowLoss] | None:
    """The rows of a loss that are different, and their loss with the weights of all rows like them.

    Parameters
    ----------
    loss
        Of all rows.
    number
        `(n_rows,)` of what their scores are made of: rows of one number have one score.

    Returns
    -------
    rows : (n_different,) intp
    loss : RowLoss
        None where hardly any rows are alike, or the loss looks at others.
    """
    if loss.looks_at_others or not len(number):
        return None
    answers = loss.answers()
    cells = (number * (int(loss.drug_index.max()) + 1) + loss.drug_index) * (int(answers.max()) + 1) + answers
    _, rows, place = np.unique(cells, return_index=True, return_inverse=True)
    if len(rows) > _WORTH_IT * len(cells):
        return None
    return rows, loss.reweighted(rows, np.bincount(place, loss.weights).astype(np.float64))
