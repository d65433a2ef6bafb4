"""How many rounds boosters are grown by a loss: what held-out groups say after each number of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.splits import Fold
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.state import Array

__all__ = ["checkpoints", "choose_rounds", "held_out_steps"]

_SHARES = (0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0)
"""Shares of the rounds after which held-out rows are looked at."""


def checkpoints(rounds: int) -> list[int]:
    """Numbers of rounds to choose from, ascending, 0 not among them.

    Examples
    --------
    >>> checkpoints(100), checkpoints(2)
    ([5, 10, 15, 20, 30, 40, 60, 80, 100], [1, 2])
    """
    return sorted({max(1, round(share * rounds)) for share in _SHARES})


def held_out_steps(
    inputs: NDArray[np.float32],
    grow: Callable[[NDArray[np.intp]], Any],
    folds: Sequence[Fold],
    rounds: Sequence[int],
) -> Array:
    """`(n_numbers, n_rows)` what boosters add to rows that they have not seen, after each number of rounds.

    Parameters
    ----------
    inputs
        `(n_rows, n_inputs)`.
    grow
        Gives a booster of the largest number of rounds for some rows.
    folds
        Row numbers; rows that none tests keep 0.
    rounds
        Numbers of rounds, ascending.
    """
    steps = np.zeros((len(rounds), len(inputs)))
    for train, test in folds:
        if len(train) and len(test):
            booster = grow(train)
            for at, number in enumerate(rounds):
                steps[at, test] = booster.inplace_predict(inputs[test], iteration_range=(0, number))
    return steps


def choose_rounds(loss: RowLoss, candidates: Iterable[Array], folds: Sequence[Fold]) -> int:
    """The number of the candidate of least loss over held-out rows; the first where nothing is held out.

    Parameters
    ----------
    loss
        Of all rows.
    candidates
        `(n_rows,)` held-out scores each, the simplest first.
    folds
        Row numbers.
    """
    tested = np.sort(np.concatenate([test for _, test in folds])) if folds else np.zeros(0, dtype=np.intp)
    if not len(tested):
        return 0
    held_out = loss.take(tested)
    return int(np.argmin([held_out.total(scores[tested]) for scores in candidates]))
