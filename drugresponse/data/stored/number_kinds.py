"""What the numbers of features can mean, and which of that a block of them is likely to be."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from drugresponse.data.stored.number_summary import NumberSummary

__all__ = ["KINDS", "guess_kind", "kind_of"]

Kind = Literal["dosage", "altered", "copy_number", "score"]
KINDS: tuple[str, ...] = get_args(Kind)


def guess_kind(values: ArrayLike) -> Kind:
    """Guess what a whole block of numbers means: 0/1, 0/1/2 (also fractions within), small integers, or real scores.

    Examples
    --------
    >>> guess_kind([[0, 1], [1, float("nan")]]), guess_kind([[0, 1.5], [2, 0]]), guess_kind([[-1, 0]])
    ('altered', 'dosage', 'copy_number')
    """
    return kind_of(NumberSummary.of(np.asarray(values, dtype=np.float64)))


def kind_of(numbers: NumberSummary) -> Kind:
    """As `guess_kind`, of what is known of the numbers."""
    whole = numbers.n_whole == numbers.n
    if numbers.n == 0 or (whole and numbers.low >= 0 and numbers.high <= 1):
        return "altered"
    if whole and numbers.low >= 0 and numbers.high <= 2:
        return "dosage"
    if whole and max(-numbers.low, numbers.high) <= 10:
        return "copy_number"
    if numbers.low >= 0 and numbers.high <= 2 and numbers.n_whole >= numbers.n / 2:
        return "dosage"
    return "score"
