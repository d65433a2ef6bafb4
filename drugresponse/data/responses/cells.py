"""Cells of a table of responses as numbers, and as the sides of a limit."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, nearest, number_advice

__all__ = ["LIMIT_SIGNS", "limit_sides", "numbers_of", "plain_sign"]

LIMIT_SIGNS = {
    **dict.fromkeys(("=", "==", "~", "\u2248"), "none"),
    **dict.fromkeys(("<", "<=", "=<", "<<", "\u2264", "\u2a7d", "\u2266", "&lt;", "&lt;="), "left"),
    **dict.fromkeys((">", ">=", "=>", ">>", "\u2265", "\u2a7e", "\u2267", "&gt;", "&gt;="), "right"),
}
"""The side on which a response lies, by the sign before its number."""


def plain_sign(cell: object) -> str:
    """A sign, or a word in its place, without blanks and quotes around it, in lower case.

    Examples
    --------
    >>> plain_sign(" '>=' "), plain_sign("Left")
    ('>=', 'left')
    """
    return str(cell).strip(" '\"").lower()


def limit_sides(column: pd.Series, where: str) -> pd.Series:
    """`none`, `left` or `right` of a column `censor`, which may hold signs.

    Raises
    ------
    InputError
        A cell is none of them.

    Examples
    --------
    >>> limit_sides(pd.Series(["<=", None, "right"]), "responses").tolist()
    ['left', 'none', 'right']
    """
    words = column.where(column.notna(), "none").map(plain_sign).replace({**LIMIT_SIGNS, "": "none", "no": "none"})
    odd = sorted(set(words) - {"none", "left", "right"})
    if odd:
        raise InputError(
            f'{where}: found censor "{odd[0]}". {nearest(odd[0], ("none", "left", "right"))} Left says that the true '
            "response is at or below the one written, right that it is at or above."
        )
    return words.astype(object)


def numbers_of(column: pd.Series, where: str) -> pd.Series:
    """A column as float64, NaN where missing.

    Raises
    ------
    InputError
        It holds dates or complex numbers, or a cell that is no number.

    Examples
    --------
    >>> numbers_of(pd.Series(["1.5", None]), "responses").tolist()
    [1.5, nan]
    """
    if column.dtype.kind in "mMc":
        kind = "complex numbers" if column.dtype.kind == "c" else "dates or times"
        raise InputError(
            f'{where}, column "{column.name}": found {kind} (expected measured numbers). Choose the column of the '
            "responses, or turn it into numbers."
        )
    numbers = pd.to_numeric(column, errors="coerce").astype(np.float64)
    bad = (numbers.isna() & column.notna()).to_numpy()
    if bad.any():
        row = int(np.argmax(bad))
        raise InputError(
            f'{where}, row {row + 1}, column "{column.name}": "{column.iloc[row]}" is not a number. '
            f"{number_advice(str(column.iloc[row]))}"
        )
    return numbers
