"""Dilution series: numbers each of which is a doubling of one base."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["dilution_steps"]

Array = NDArray[np.float64]

_ROUNDED = 0.11
"""Of a step, how far the rounding of a laboratory moves a dilution: 0.12 is 0.125, 0.015 is 0.015625."""
_ROUNDED_MORE = 0.2
"""The same below one hundredth, where 0.007 is 0.0078."""
_SMALL = 0.01
_FEWEST, _FEWEST_OF_DRUGS = 3, 4
"""Distinct dilutions that chance does not put on one series; and those beside the first of each drug."""


def dilution_steps(numbers: Array, drugs: NDArray[np.object_], *, may_be_few: bool = False) -> Array | None:
    """The log2 of numbers that are doubling dilutions of one base, or of one for each drug; None where they are not.

    Parameters
    ----------
    numbers
        `(n,)` concentrations as they are written, rounded; what is not finite stays as it is.
    drugs
        `(n,)` the drug of each.
    may_be_few
        Whether one or two dilutions are enough to take them for some.

    Examples
    --------
    >>> drugs = np.array(["d"] * 5, dtype=object)
    >>> dilution_steps(np.array([0.06, 0.12, 2, 64, np.inf]), drugs).tolist()
    [-4.0, -3.0, 1.0, 6.0, inf]
    >>> dilution_steps(np.array([1.0, 2, 3, 4, 5]), drugs) is None
    True
    """
    known = np.isfinite(numbers)
    if not known.any() or (numbers[known] <= 0).any():
        return None
    steps = np.array(numbers, dtype=np.float64)
    values = numbers[known]
    of_all = _on_series(values)
    if of_all is not None and (may_be_few or len(np.unique(of_all)) >= _FEWEST):
        steps[known] = of_all
        return steps
    names = drugs[known]
    placed, beside_first = np.empty(len(values)), 0
    for drug in dict.fromkeys(names):
        of_drug = _on_series(values[names == drug])
        if of_drug is None:
            return None
        placed[names == drug] = of_drug
        beside_first += len(np.unique(of_drug)) - 1
    steps[known] = placed
    return steps if may_be_few or beside_first >= _FEWEST_OF_DRUGS else None


def _on_series(values: Array) -> Array | None:
    """The log2 of the nearest doublings of a base; None where a value is beyond rounding from them."""
    distinct = np.unique(values)
    base_from = distinct[distinct >= _SMALL] if (distinct >= _SMALL).any() else distinct
    turns = np.exp(2j * np.pi * np.log2(base_from))
    base = float(np.angle(turns.mean())) / (2 * np.pi)
    base = 0.0 if abs(base) <= _ROUNDED / 2 else base
    logs = np.log2(values)
    steps = np.round(logs - base) + base
    rounded = np.where(values < _SMALL, _ROUNDED_MORE, _ROUNDED)
    return steps if (np.abs(logs - steps) <= rounded).all() else None
