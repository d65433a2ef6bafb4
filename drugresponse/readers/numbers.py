"""Text cells -> numbers: the usual spellings of missing, decimal commas, and an error that names the cell."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from drugresponse.errors import InputError

__all__ = ["MISSING", "is_missing", "to_numbers", "with_decimal_points"]

MISSING = frozenset({"", "na", "n/a", "n.a.", "#n/a", "nan", "null", "none", ".", "-"})
"""Spellings of missing, in lower case."""

_DECIMAL_COMMA = re.compile(r"\s*[+-]?\d*,\d+(?:[eE][+-]?\d+)?\s*")


def to_numbers(
    column: pd.Series, *, where: str, column_name: str | None = None, decimal_commas: bool = True
) -> pd.Series:
    """A column of text as float64, NaN where missing.

    Parameters
    ----------
    column
        `(n_rows,)` text; a row labelled `i` stands on line `i + 2` of its file.
    where
        The file, for errors.
    column_name
        The column, for errors; None takes the name of the series.
    decimal_commas
        Whether `1,5` means 1.5; not in a table whose columns are separated by commas.

    Raises
    ------
    InputError
        A cell is neither a number nor a spelling of missing.

    Examples
    --------
    >>> to_numbers(pd.Series(["1,5", "n.a.", "-2"]), where="responses.tsv", column_name="ln_ic50").tolist()
    [1.5, nan, -2.0]
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("Float64").astype(np.float64) if column.isna().any() else column.astype(np.float64)
    cells = column.to_numpy(dtype=object)
    name = str(column.name if column_name is None else column_name)
    try:
        if not any("_" in cell for cell in cells):
            return pd.Series(cells.astype(np.float64), index=column.index, name=column.name)
    except (TypeError, ValueError):
        pass  # read cell by cell, to know which one it is
    commas = decimal_commas and not any("." in cell and not is_missing(cell) for cell in map(str, cells))
    numbers = np.full(len(cells), np.nan)
    for row, cell in enumerate(cells):
        text = "" if cell is None or cell is pd.NA else str(cell)
        if is_missing(text):
            continue
        number = _number(text, commas)
        if number is None:
            raise _not_a_number(text, where, int(column.index[row]) + 2, name)
        numbers[row] = number
    return pd.Series(numbers, index=column.index, name=column.name)


def is_missing(cell: str) -> bool:
    """Whether a cell is empty or one of the usual spellings of missing.

    Examples
    --------
    >>> is_missing("N/A"), is_missing(" "), is_missing("0")
    (True, True, False)
    """
    return cell.strip().lower() in MISSING


def with_decimal_points(column: pd.Series) -> pd.Series:
    """A text column whose present cells all are numbers, some with decimal commas, with points; others unchanged.

    Examples
    --------
    >>> with_decimal_points(pd.Series(["1,5", "2", ""])).tolist(), with_decimal_points(pd.Series(["a,1"])).tolist()
    (['1.5', '2', ''], ['a,1'])
    """
    present = [cell for cell in column if cell]
    if not any("," in cell for cell in present) or any(_number(cell, True) is None for cell in present):
        return column
    if any("." in cell for cell in present):
        return column
    return column.str.replace(",", ".", regex=False)


def _number(text: str, commas: bool) -> float | None:
    if commas and _DECIMAL_COMMA.fullmatch(text):
        text = text.replace(",", ".")
    if "_" in text:  # Python reads 1_000, people do not mean it
        return None
    try:
        return float(text)
    except ValueError:
        return None


def _not_a_number(text: str, where: str, line: int, name: str) -> InputError:
    shown = text if len(text) <= 40 else text[:37] + "..."
    advice = "Leave the cell empty for missing values."
    if "," in text and _DECIMAL_COMMA.fullmatch(text):
        advice = "Write decimals with a point."
    elif re.fullmatch(r"\s*[<>]=?\s*[\d.,]+\s*", text):
        advice = 'Write the limit alone, and "left" or "right" in a column "censor".'
    return InputError(f'{where}, line {line}, column "{name}": "{shown}" is not a number. {advice}')
