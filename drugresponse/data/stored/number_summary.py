"""What a block of numbers holds: enough to guess what they mean, and to find marks of missing calls among them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CODES", "NumberSummary"]

CODES = np.array([-9999, -999, -128, -127, -99, -9, -1, 9, 99, 255, 999, 9999], dtype=np.float64)
"""Numbers by which some programs mark a missing call."""


@dataclass(frozen=True, eq=False)
class NumberSummary:
    """Counts of numbers, of which parts of a block can be added to each other.

    Attributes
    ----------
    n, n_whole
        How many numbers there are, and whole numbers among them.
    low, high
        The least and the greatest; infinite in the other direction where there are none.
    coded
        `(12,)` how many are each of `CODES`.
    others
        The same of what is no code; None of these themselves.
    are_binary
        Whether all are 0 or 1.

    Examples
    --------
    >>> summary = NumberSummary.of(np.array([0.0, 1.5, -9.0])) + NumberSummary.of(np.array([2.0, np.nan]))
    >>> summary.n, summary.n_whole, summary.low, summary.others.low, int(summary.coded.sum())
    (4, 3, -9.0, 0.0, 1)
    """

    n: int
    n_whole: int
    low: float
    high: float
    are_binary: bool
    coded: NDArray[np.intp]
    others: NumberSummary | None = None

    @classmethod
    def of(cls, values: NDArray[Any]) -> NumberSummary:
        """Of an array of any shape, NaN where missing."""
        numbers = values[~np.isnan(values)]
        coded = np.zeros(len(CODES), dtype=np.intp)
        if numbers.size and (numbers.min() < 0 or numbers.max() > 2):
            coded[:] = [np.count_nonzero(numbers == code) for code in CODES]
        others = numbers[~np.isin(numbers, CODES)] if coded.any() else numbers
        return cls(*_told(numbers), coded, cls(*_told(others), np.zeros_like(coded)))

    def __add__(self, other: NumberSummary) -> NumberSummary:
        others = None if self.others is None or other.others is None else self.others + other.others
        return NumberSummary(
            self.n + other.n,
            self.n_whole + other.n_whole,
            min(self.low, other.low),
            max(self.high, other.high),
            self.are_binary and other.are_binary,
            self.coded + other.coded,
            others,
        )


def _told(numbers: NDArray[Any]) -> tuple[int, int, float, float, bool]:
    low, high = (float(numbers.min()), float(numbers.max())) if numbers.size else (np.inf, -np.inf)
    n_whole = int(np.count_nonzero(numbers == np.round(numbers)))
    return int(numbers.size), n_whole, low, high, n_whole == numbers.size and low >= 0 and high <= 1
