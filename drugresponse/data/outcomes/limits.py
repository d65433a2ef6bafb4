"""Responses known between limits: cells with signs and ranges, limits in two columns, and dilution series."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.numbers import decimal_signs, to_numbers
from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.dilutions import dilution_steps
from drugresponse.data.outcomes.families import UNREAD, plain_word
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import InputError, count, quoted

__all__ = [
    "Limits",
    "WrittenLimits",
    "are_limits",
    "is_limit_or_number",
    "limits_of_columns",
    "limits_of_sides",
    "place_between",
    "read_limits",
    "scaled_limits",
]

logger = logging.getLogger(__name__)

Array = NDArray[np.float64]

_NUMBER = r"[-+\u2212]?(?:\d[\d.,]*|[.,]\d+)(?:[eE][-+\u2212]?\d+)?"
_POINTED = r"[-+\u2212]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+\u2212]?\d+)?|[-+\u2212]?inf(?:inity)?|"
_SIGNS = {
    **dict.fromkeys(("<", "<=", "=<", "\u2264", "\u2a7d", "\u2266", "&lt;", "&lt;="), "left"),
    **dict.fromkeys((">", "&gt;"), "right"),
    **dict.fromkeys((">=", "=>", "\u2265", "\u2a7e", "\u2267", "&gt;="), "from"),
    **dict.fromkeys(("", "=", "=="), "none"),
}
_ALONE = re.compile(rf"([<>=\u2264\u2265\u2a7d\u2a7e\u2266\u2267]*|&[lg]t;=?)\s*({_NUMBER})(?:\s*/\s*{_NUMBER})?")
_RANGE = re.compile(rf"({_NUMBER})\s*(?:-|\u2013|\u2014|to|\.\.)\s*({_NUMBER})")
_BRACKETS = re.compile(rf"[\[(\]]\s*(?:({_POINTED})\s*,\s*({_POINTED})|({_NUMBER}|)\s*;\s*({_NUMBER}|))\s*[\])\[]")
_CONCENTRATIONS_APART = 30.0
"""Ratio of the 95th to the 5th percentile of positive numbers that are concentrations as they are, not logarithms."""
_FEWEST = 10


@dataclass(frozen=True, eq=False)
class Limits:
    """Responses between limits.

    Attributes
    ----------
    outcome
        Of kind interval, on a logarithmic scale where the numbers are a dilution series.
    lower, upper
        `(n_rows,)` limits on the outcome's scale, -inf and inf where open, NaN where nothing was measured.
    """

    outcome: Outcome
    lower: Array
    upper: Array

    @property
    def values(self) -> Array:
        """`(n_rows,)` what is exact, the limit where one side is open, and the middle where none is."""
        return place_between(self.lower, self.upper)


def place_between(lower: Array, upper: Array) -> Array:
    """What is exact, the limit where one side is open, the middle where none is, and NaN where both are.

    Examples
    --------
    >>> place_between(np.array([1.0, -np.inf, 1.0]), np.array([1.0, 3.0, 2.0])).tolist()
    [1.0, 3.0, 1.5]
    """
    below, above = np.isneginf(lower), np.isposinf(upper)
    with np.errstate(invalid="ignore"):
        middle = np.where(lower == upper, lower, (lower + upper) / 2)
    return np.where(below & above, np.nan, np.where(below, upper, np.where(above, lower, middle)))


def are_limits(column: pd.Series) -> bool:
    """Whether some cells of a column of text are limits and all are limits or numbers.

    Examples
    --------
    >>> are_limits(pd.Series(["<=0.25", "8", None])), are_limits(pd.Series(["0.5-1", "[1, 2]"]))
    (True, True)
    >>> are_limits(pd.Series(["0.25", "8"])), are_limits(pd.Series([0.25, 8]))
    (False, False)
    """
    if pd.api.types.is_numeric_dtype(column.dtype) or column.dtype.kind in "mM":
        return False
    cells = [str(cell).strip() for cell in column.dropna().unique()]
    return any(_is_limit(cell) for cell in cells)


def is_limit_or_number(cell: str) -> bool:
    """Whether a cell is a limit, a range or a plain number.

    Examples
    --------
    >>> is_limit_or_number(">= 8"), is_limit_or_number("8"), is_limit_or_number("R")
    (True, True, False)
    """
    return _parts(cell.strip()) is not None


def _is_limit(cell: str) -> bool:
    alone = _ALONE.fullmatch(cell)
    if alone is not None:
        return alone[1] in _SIGNS and _SIGNS[alone[1]] != "none"
    return bool(_RANGE.fullmatch(cell.lower()) or _BRACKETS.fullmatch(cell.lower()))


@dataclass(frozen=True, eq=False)
class WrittenLimits:
    """Limits as they are written.

    Attributes
    ----------
    lower, upper
        `(n_rows,)` -inf and inf where open, equal where exact, NaN where nothing was measured.
    at_least
        `(n_rows,)` bool, whether the lower limit itself may be the response, which matters in a dilution series.
    """

    lower: Array
    upper: Array
    at_least: NDArray[np.bool_]

    @property
    def sides(self) -> NDArray[np.object_]:
        """`(n_rows,)` `none`, `left`, `right`, or `both` where there are two limits."""
        below, above = np.isneginf(self.lower), np.isposinf(self.upper)
        sides = np.where(below, "left", np.where(above, "right", np.where(self.lower < self.upper, "both", "none")))
        return sides.astype(object)

    @property
    def values(self) -> Array:
        """`(n_rows,)` what is exact, the limit where one side is open, and the middle where none is."""
        return place_between(self.lower, self.upper)


def read_limits(column: pd.Series, where: str, signs: Collection[str] = ()) -> WrittenLimits:
    """Limits of cells such as `<=0.25`, `>64`, `0.5-1`, `[0.5, 1]`, and of plain numbers, which are exact.

    Of combined concentrations, such as `<=8/4`, the first counts.

    Parameters
    ----------
    column
        Text or numbers.
    where
        Names the table in errors.
    signs
        Decimal signs that other columns leave no doubt of.

    Raises
    ------
    InputError
        A cell is neither a limit nor a number, or its lower limit is above the upper.

    Examples
    --------
    >>> limits = read_limits(pd.Series(["<=0.25", "0.5", ">4"]), "responses")
    >>> limits.lower.tolist(), limits.upper.tolist()
    ([-inf, 0.5, 4.0], [0.25, 0.5, inf])
    """
    cells = ["" if _absent(cell) else str(cell).strip() for cell in column]
    parts = [_parts(cell) for cell in cells]
    odd = [row for row, part in enumerate(parts) if part is None]
    if odd:
        rows = ", ".join(str(row + 1) for row in odd[:3])
        raise InputError(
            f"{where}, row{'s' if len(odd) > 1 else ''} {rows}{' ...' if len(odd) > 3 else ''}: "
            f"{quoted(cells[odd[0]], 40)} is neither a number nor a limit (found limits such as "
            f"{quoted(next(cell for cell in cells if _is_limit(cell)), 40)} in the column; expected one kind of "
            "response). Correct the rows, or leave them empty."
        )
    written = pd.DataFrame(parts, columns=["sign", "first", "second"], index=column.index)
    signs = {*signs, *decimal_signs([written["first"], written["second"]])}
    first, second = (
        to_numbers(written[name], where=where, column_name=str(column.name), signs=signs).to_numpy(dtype=np.float64)
        for name in ("first", "second")
    )
    if any("/" in cell for cell in cells):
        logger.warning("%s: of combined concentrations, such as 8/4, the first is taken.", where)
    sign = written["sign"].to_numpy(dtype=object)
    ranged = sign == "range"
    missing = np.isnan(first) & ~ranged
    lower = np.where(np.isin(sign, ["right", "from", "none"]) | ranged, first, -np.inf)
    upper = np.where(np.isin(sign, ["left", "none"]), first, np.where(ranged, second, np.inf))
    lower = np.where(ranged & np.isnan(lower), -np.inf, lower)
    upper = np.where(ranged & np.isnan(upper), np.inf, upper)
    lower = _open_at_zero(lower, upper)
    lower, upper = (np.where(missing, np.nan, limit) for limit in (lower, upper))
    _refuse_turned(lower, upper, cells, where)
    return WrittenLimits(lower, upper, sign == "from")


def limits_of_columns(lower: pd.Series, upper: pd.Series, where: str) -> WrittenLimits:
    """Limits of two columns of numbers, open where empty; both empty is missing.

    Raises
    ------
    InputError
        A lower limit is above the upper.

    Examples
    --------
    >>> limits_of_columns(pd.Series([1.0, np.nan]), pd.Series([2.0, 5.0]), "responses").lower.tolist()
    [1.0, -inf]
    """
    low, high = (column.to_numpy(dtype=np.float64) for column in (lower, upper))
    low, high = np.where(np.isnan(low), -np.inf, low), np.where(np.isnan(high), np.inf, high)
    missing = np.isneginf(low) & np.isposinf(high)
    low = _open_at_zero(low, high)
    low, high = (np.where(missing, np.nan, limit) for limit in (low, high))
    _refuse_turned(low, high, None, where)
    return WrittenLimits(low, high, np.zeros(len(low), dtype=bool))


def limits_of_sides(values: Array, sides: pd.Series, signs: pd.Series | None = None) -> WrittenLimits:
    """Limits of numbers and, for each, `none`, `left` (at or below) or `right` (above).

    Parameters
    ----------
    values
        `(n_rows,)`.
    sides
        `(n_rows,)`.
    signs
        `(n_rows,)` as they are written, of which `>=` says that the number itself may be the response; None has none.

    Examples
    --------
    >>> limits = limits_of_sides(np.array([1.0, 3.5]), pd.Series(["none", "right"]))
    >>> limits.lower.tolist(), limits.upper.tolist()
    ([1.0, 3.5], [1.0, inf])
    """
    missing = np.isnan(values)
    lower = np.where((sides == "left") & ~missing, -np.inf, values)
    upper = np.where((sides == "right") & ~missing, np.inf, values)
    written = pd.Series("", sides.index) if signs is None else signs.astype(object).fillna("").astype(str).str.strip()
    return WrittenLimits(lower, upper, written.map(_SIGNS).eq("from").to_numpy(dtype=bool))


def _open_at_zero(lower: Array, upper: Array) -> Array:
    """Lower limits, open where they are 0, nothing is below, and no side is open otherwise: so an assay writes it."""
    limits = np.concatenate([lower, upper])
    if (limits[np.isfinite(limits)] < 0).any() or np.isneginf(lower).any():
        return lower
    return np.where((lower == 0) & (upper > 0), -np.inf, lower)


def _absent(cell: object) -> bool:
    if cell is None or cell is pd.NA or (isinstance(cell, float) and np.isnan(cell)):
        return True
    return is_missing(str(cell)) or plain_word(cell) in UNREAD


def _parts(cell: str) -> tuple[str, str, str] | None:
    """The sign of a cell and its numbers; None where it is neither a limit nor a number."""
    if not cell:
        return "none", "", ""
    alone = _ALONE.fullmatch(cell)
    if alone is not None:
        return (_SIGNS[alone[1]], alone[2], "") if alone[1] in _SIGNS else None
    ranged = _RANGE.fullmatch(cell.lower()) or _BRACKETS.fullmatch(cell.lower())
    if ranged is None:
        return None
    first, second = [part for part in ranged.groups() if part is not None][:2]
    return "range", "" if "inf" in first else first, "" if "inf" in second else second


def _refuse_turned(lower: Array, upper: Array, cells: list[str] | None, where: str) -> None:
    turned = lower > upper
    if turned.any():
        row = int(np.argmax(turned))
        written = "" if cells is None else f' "{cells[row]}",'
        raise InputError(
            f"{where}, row {row + 1}: found{written} a lower limit of {lower[row]:g} above the upper of {upper[row]:g} "
            f"({count(int(turned.sum()), 'such row')}; expected it at or below). Correct it."
        )


def scaled_limits(
    written: WrittenLimits, drugs: pd.Series, known: Outcome | None = None, *, may_be_wide: bool = True
) -> Limits:
    """Limits on the scale of their numbers: a dilution series and concentrations far apart on that of log2.

    In a dilution series the number m says that the response lies above m/2 and at or below m.

    Parameters
    ----------
    written
        As they are written.
    drugs
        The drug of each row; dilutions of each may have a base of their own.
    known
        Of a model, whose scale the limits get; None tells it by the numbers.
    may_be_wide
        Whether numbers far apart are taken for concentrations.

    Examples
    --------
    >>> written = read_limits(pd.Series(["<=0.25", "0.5", "2", ">4"]), "responses")
    >>> limits = scaled_limits(written, pd.Series(["d"] * 4))
    >>> limits.outcome.logarithm, limits.lower.tolist(), limits.upper.tolist()
    (2, [-inf, -2.0, 0.0, 2.0], [-2.0, -1.0, 1.0, inf])
    """
    lower, upper, names = written.lower, written.upper, drugs.to_numpy(dtype=object)
    if known is not None and not known.logarithm:
        return Limits(known, lower, upper)
    few = known is not None
    steps = dilution_steps(np.concatenate([lower, upper]), np.concatenate([names, names]), may_be_few=few)
    if steps is not None:
        low, high = steps[: len(lower)], steps[len(lower) :]
        stepped = (lower == upper) | written.at_least
        return Limits(Outcome("interval", logarithm=2), np.where(stepped, low - 1, low), high)
    if known is not None or (may_be_wide and _are_concentrations(lower, upper)):
        with np.errstate(divide="ignore"):
            return Limits(
                Outcome("interval", logarithm=2), np.log2(np.maximum(lower, 0)), np.log2(np.maximum(upper, 0))
            )
    return Limits(Outcome("interval"), lower, upper)


def _are_concentrations(lower: Array, upper: Array) -> bool:
    """Whether positive numbers lie as far apart, to both sides of their middle, as concentrations do."""
    limits = np.concatenate([lower, upper])
    numbers = limits[np.isfinite(limits)]
    if len(numbers) < _FEWEST or numbers.min() <= 0:
        return False
    low, middle, high = np.quantile(numbers, [0.05, 0.5, 0.95])
    return bool(high > _CONCENTRATIONS_APART * low and np.log(high / middle) >= np.log(middle / low) / 3)
