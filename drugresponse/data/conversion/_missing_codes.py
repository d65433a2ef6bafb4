"""Numbers such as -9, by which some programs mark a missing call, found where they can be nothing else."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, count

__all__ = ["refuse_missing_codes"]

logger = logging.getLogger(__name__)

_CODES = np.array([-1, -9, -99, -127, -128, -999, -9999, 9, 99, 255, 999, 9999], dtype=np.float64)
_NOT_A_COUNT = -9
"""Copy numbers go down to -2."""
_FAR = 99
"""Such codes stand apart where all other numbers are ten times smaller."""
_COUNTS = ("dosage", "altered")


def refuse_missing_codes(values: NDArray[Any], kind: str, *, guessed: bool, where: str) -> None:
    """Refuse a block in which a code of missing calls stands among the calls.

    Parameters
    ----------
    values
        The numbers of a block, NaN where missing.
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
    >>> refuse_missing_codes(np.array([0.0, 2.0, np.nan]), "dosage", guessed=True, where="table.tsv")
    """
    present = values[~np.isnan(values)]
    if not present.size or (present.min() >= 0 and present.max() <= 2) or (not guessed and kind not in _COUNTS):
        return
    coded = np.isin(present, _CODES) & ((present < 0) | (present > 2))
    others = present[~coded]
    codes, numbers = np.unique(present[coded], return_counts=True)
    if not (codes.size and others.size):
        return
    shown = ", ".join(f"{code:g} in {count(int(n), 'cell')}" for code, n in zip(codes, numbers, strict=True))
    are_counts = others.min() >= 0 and others.max() <= 2
    if are_counts and guessed and codes.tolist() == [-1] and set(np.unique(others)) <= {0.0, 1.0}:
        logger.warning(
            "%s: found %s, beside 0 and 1; read as losses. If it marks missing calls, empty these cells.", where, shown
        )
    elif are_counts or _beyond_counts(codes, others) or _far(codes, others):
        raise InputError(
            f"{where}: found {shown}, and {others.min():g} to {others.max():g} in all others (a mark of missing calls, "
            "or a measurement). If it marks what is missing, empty these cells; if it is a number like the others, say "
            "so with `kind` copy_number or `kind` score."
        )


def _beyond_counts(codes: NDArray[Any], others: NDArray[Any]) -> bool:
    whole = bool((others == np.round(others)).all())
    return whole and others.min() >= _NOT_A_COUNT + 1 and bool((codes <= _NOT_A_COUNT).all())


def _far(codes: NDArray[Any], others: NDArray[Any]) -> bool:
    nearest_code = np.abs(codes).min()
    return bool(nearest_code >= _FAR and 10 * np.abs(others).max() < nearest_code)
