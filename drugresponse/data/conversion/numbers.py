"""Text cells -> numbers: the usual spellings of missing, decimals and thousands, and an error that names the cell."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Iterable

import numpy as np
import pandas as pd

from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, number_advice, quoted

__all__ = ["decimal_signs", "is_number", "to_numbers", "with_decimal_points"]

logger = logging.getLogger(__name__)

_BLANKS = "'\N{RIGHT SINGLE QUOTATION MARK} \N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}\N{THIN SPACE}"
_SPACED = re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:[{_BLANKS}]\d{{3}})+(?:[.,]\d*)?")
_GROUPED = {
    sign: re.compile(rf"[+-]?[1-9]\d{{0,2}}(?:{re.escape(group)}\d{{3}})+(?:{re.escape(sign)}\d*)?")
    for sign, group in ((".", ","), (",", "."))
}
"""Numbers whose thousands are grouped, by their decimal sign."""
_DECIMAL = re.compile(r"[+-]?\d*([.,])\d+(?:[eE][+-]?\d+)?")
_EITHER = re.compile(r"[+-]?[1-9]\d{0,2}[.,]\d{3}")
"""Three decimals, or a thousand."""


def to_numbers(
    column: pd.Series, *, where: str, column_name: str | None = None, signs: Collection[str] = ()
) -> pd.Series:
    """A column of text as float64, NaN where missing.

    Decimals may be written with a comma, and thousands set apart, as far as the column leaves no doubt which is which.

    Parameters
    ----------
    column
        `(n_rows,)` text; a row labelled `i` stands on line `i + 2` of its file.
    where
        The file, for errors.
    column_name
        The column, for errors; None takes the name of the series.
    signs
        As `decimal_signs` finds them in the numbers of the whole file, for a column that leaves a doubt.

    Raises
    ------
    InputError
        A cell is neither a number nor a spelling of missing, or a comma may separate thousands or decimals.

    Examples
    --------
    >>> to_numbers(pd.Series(["1,5", "n.a.", "-2"]), where="responses.tsv", column_name="ln_ic50").tolist()
    [1.5, nan, -2.0]
    >>> to_numbers(pd.Series(["1,250.5", "1 000"]), where="doses.tsv", column_name="dose").tolist()
    [1250.5, 1000.0]
    """
    if pd.api.types.is_numeric_dtype(column.dtype):
        return column.astype("Float64").astype(np.float64) if column.isna().any() else column.astype(np.float64)
    cells = column.to_numpy(dtype=object)
    name = str(column.name if column_name is None else column_name)
    try:
        if "," not in signs and not any("_" in cell for cell in cells) and not _beside_bare(list(cells)):
            return pd.Series(cells.astype(np.float64), index=column.index, name=column.name)
    except (TypeError, ValueError):
        pass  # read cell by cell, to know which one it is
    texts = ["" if cell is None or cell is pd.NA else str(cell) for cell in cells]
    sign = _decimal_sign(texts, signs, where, name, column.index)
    numbers = [np.nan if is_missing(text) else _number(text, sign) for text in texts]
    if None in numbers:
        row = numbers.index(None)
        place = f'{where}, line {int(column.index[row]) + 2}, column "{name}"'
        advice = number_advice(texts[row])
        if "," in texts[row] and is_number(texts[row]):
            advice = "Write decimals with a point."
        raise InputError(f"{place}: {quoted(texts[row], 40)} is not a number. {advice}")
    return pd.Series(numbers, index=column.index, name=column.name, dtype=np.float64)


def decimal_signs(columns: Iterable[Iterable[str]]) -> frozenset[str]:
    """The decimal signs that the numbers in some columns of text leave no doubt of; none where there is no comma.

    Examples
    --------
    >>> decimal_signs([["1,000", "20"], ["98,5", "3"]]), decimal_signs([["1,000", "20"]])
    (frozenset({','}), frozenset())
    """
    texts = [[str(cell) for cell in column] for column in columns]
    if not any("," in cell for column in texts for cell in column):
        return frozenset()
    return frozenset(sign for column in texts for cell in column for sign in _proven(cell))


def is_number(cell: str) -> bool:
    """Whether a cell is a number, with whatever signs.

    Examples
    --------
    >>> is_number("1.250,5"), is_number("1,5"), is_number("1 2")
    (True, True, False)
    """
    return any(_number(cell, sign) is not None for sign in ".,")


def with_decimal_points(column: pd.Series, where: str) -> pd.Series:
    """A text column whose present cells all are numbers, in the spelling of Python; others unchanged.

    Examples
    --------
    >>> with_decimal_points(pd.Series(["1,5", "2", ""]), "samples.tsv").tolist()
    ['1.5', '2', '']
    >>> with_decimal_points(pd.Series(["a,1"]), "samples.tsv").tolist()
    ['a,1']
    """
    present = sorted({cell for cell in column if cell})
    written = any("," in cell or cell.count(".") > 1 or _SPACED.fullmatch(cell) for cell in present)
    if not written or not all(map(is_number, present)):
        return column
    signs = {sign for cell in present for sign in _proven(cell)}
    doubtful = [cell for cell in present if "," in cell and _EITHER.fullmatch(cell)]
    if doubtful and not signs:
        logger.warning(
            f'{where}, column "{column.name}": "{doubtful[0]}" may be a thousand or a decimal; the column is taken as '
            "text. Write it without thousands separators, and decimals with a point."
        )
        return column
    sign = signs.pop() if len(signs) == 1 else "."
    plain = {cell: _plain(cell, sign) for cell in present}
    return column if None in plain.values() else column.map(lambda cell: plain.get(cell, cell))


def _decimal_sign(texts: list[str], signs: Collection[str], where: str, name: str, index: pd.Index) -> str:
    """The decimal sign of a column: what its cells prove, else what the file does."""
    if "," not in signs and not any("," in text or text.count(".") > 1 for text in texts) and not _beside_bare(texts):
        return "."
    own = {sign for text in texts for sign in _proven(text)}
    if own:
        return "." if len(own) > 1 else own.pop()
    row = next((row for row, text in enumerate(texts) if _EITHER.fullmatch(text.strip())), None)
    if row is None:
        return "."
    text = texts[row].strip()
    thousand, decimal = re.sub("[.,]", "", text), text.replace(",", ".")
    if len(set(signs)) == 1:
        (sign,) = signs
        logger.warning(
            f'{where}, column "{name}": "{text}" is read as {decimal if sign in text else thousand}, as other columns '
            f"write decimals with a {'comma' if sign == ',' else 'point'}."
        )
        return sign
    if not any("," in text for text in texts if _EITHER.fullmatch(text.strip())) and not _beside_bare(texts):
        return "."
    raise InputError(
        f'{where}, line {int(index[row]) + 2}, column "{name}": "{text}" is {thousand} if its sign separates '
        f"thousands, and {float(decimal):g} if it is a decimal sign (found nothing in the column that tells which). "
        "Write numbers without thousands separators, and decimals with a point."
    )


def _beside_bare(texts: list[str]) -> bool:
    """Whether `1.000` stands beside `10`: no program prints some numbers with three decimals and others with none."""
    if not any(text[-1:] == "0" and _EITHER.fullmatch(text) for text in texts):
        return False
    present = [text.strip() for text in texts if not is_missing(text)]
    bare = [text for text in present if text.isdigit()]
    return any(text != "0" for text in bare) and all(text.isdigit() or _EITHER.fullmatch(text) for text in present)


def _proven(cell: str) -> str:
    """The decimal sign that a cell leaves no doubt of; empty where it has none, or may be either."""
    text = cell.strip()
    if _EITHER.fullmatch(text):
        return ""
    if decimal := _DECIMAL.fullmatch(text):
        return decimal[1]
    if _SPACED.fullmatch(text):
        return next((sign for sign in ".," if sign in text), "")
    return next((sign for sign, pattern in _GROUPED.items() if pattern.fullmatch(text)), "")


def _plain(text: str, sign: str) -> str | None:
    """A number in the spelling of Python, from one with this decimal sign; None where it is none."""
    text = text.strip().replace("\N{MINUS SIGN}", "-")
    if _SPACED.fullmatch(text):
        text = re.sub(f"[{_BLANKS}]", "", text)
    group = "." if sign == "," else ","
    if group in text:
        if not _GROUPED[sign].fullmatch(text):
            return None
        text = text.replace(group, "")
    text = text.replace(",", ".")
    try:
        float(text)
    except ValueError:
        return None
    return None if "_" in text else text  # Python reads 1_000, people do not mean it


def _number(text: str, sign: str) -> float | None:
    plain = _plain(text, sign)
    return None if plain is None else float(plain)
