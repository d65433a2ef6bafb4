"""Numbers such as -9, by which some programs mark a missing call, found where they can be nothing else."""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.stored.number_summary import CODES, NumberSummary
from drugresponse.errors import InputError, count

__all__ = ["refuse_missing_codes"]

logger = logging.getLogger(__name__)

_NOT_A_COUNT = -9
"""Copy numbers go down to -2."""
_FAR = 99
"""Such codes stand apart where all other numbers are ten times smaller."""
_COUNTS = ("dosage", "altered")


def refuse_missing_codes(numbers: NumberSummary, kind: str, *, guessed: bool, where: str) -> None:
    """Refuse a block in which a code of missing calls stands among the calls.

    Parameters
    ----------
    numbers
        What is known of those of a block.
    kind
        What they are.
    guessed
        Whether that is a guess.
    where
        File, and block where it has a name.

    Raises
    ------
    InputError
        All other numbers lie from 0 to 2, or are whole numbers above -9, or lie far from the codes. Where the code is
        -1 alone beside 0 and 1, losses are as likely: a warning says so.

    Examples
    --------
    >>> numbers = NumberSummary.of(np.array([0.0, 2.0, np.nan]))
    >>> refuse_missing_codes(numbers, "dosage", guessed=True, where="table.tsv")
    """
    others, codes = numbers.others, CODES[numbers.coded > 0]
    if not numbers.n or (numbers.low >= 0 and numbers.high <= 2) or (not guessed and kind not in _COUNTS):
        return
    if not (codes.size and others and others.n):
        return
    shown = ", ".join(
        f"{code:g} in {count(int(n), 'cell')}" for code, n in zip(codes, numbers.coded[numbers.coded > 0], strict=True)
    )
    are_counts = others.low >= 0 and others.high <= 2
    if are_counts and guessed and codes.tolist() == [-1] and others.are_binary:
        logger.warning(
            "%s: found %s, beside 0 and 1; read as losses. If it marks missing calls, empty these cells.", where, shown
        )
    elif are_counts or _beyond_counts(codes, others) or _far(codes, others):
        raise InputError(
            f"{where}: found {shown}, and {others.low:g} to {others.high:g} in all others (a mark of missing calls, "
            "or a measurement). If it marks what is missing, empty these cells; if it is a number like the others, say "
            "so with `kind` copy_number or `kind` score."
        )


def _beyond_counts(codes: NDArray[np.float64], others: NumberSummary) -> bool:
    return others.n_whole == others.n and others.low >= _NOT_A_COUNT + 1 and bool((codes <= _NOT_A_COUNT).all())


def _far(codes: NDArray[np.float64], others: NumberSummary) -> bool:
    nearest_code = np.abs(codes).min()
    return bool(nearest_code >= _FAR and 10 * max(-others.low, others.high) < nearest_code)
