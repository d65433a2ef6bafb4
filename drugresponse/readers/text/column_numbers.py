"""The number of a column, such as #3, becomes its name."""

from __future__ import annotations

import itertools
import logging
import re
from collections.abc import Iterable, Sequence

from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, show_ids

__all__ = ["column_named", "is_column_number", "refuse_data_as_names"]

logger = logging.getLogger(__name__)

_DATUM = re.compile(r"[<>]?=?\s*[+-]?(?:\d+[.,]?\d*|[.,]\d+)(?:[eE][+-]?\d+)?\s*%?")
_NUMBER = re.compile(r"#(\d{1,9})", re.ASCII)


def is_column_number(column: str) -> bool:
    """Whether a column is given by its number.

    Examples
    --------
    >>> is_column_number("#3"), is_column_number("3"), is_column_number("#3a")
    (True, False, False)
    """
    return _NUMBER.fullmatch(column) is not None


def column_named(columns: Iterable[str], column: str, where: str) -> str:
    """The name of a column that is given by its name or by its number.

    Parameters
    ----------
    columns
        Names of all columns of the table, in its order.
    column
        A name, which comes back as it is, whether the table has it or not; or a number after `#`, the first column
        being `#1`. A column whose name is just that goes before the number.
    where
        Names the table in messages.

    Raises
    ------
    InputError
        The table has no column of this number, or its name is a number: then the file has no line of column names, and
        its first row would be lost.

    Examples
    --------
    >>> column_named(["cell line", "drug", "AUC (0-1)"], "#3", "responses.tsv")
    'AUC (0-1)'
    >>> column_named(["cell line", "drug", "AUC (0-1)"], "drug", "responses.tsv")
    'drug'
    """
    number = _NUMBER.fullmatch(column)
    if number is None:
        return column
    at, names = int(number[1]), list(columns)
    name = names[at - 1] if 1 <= at <= len(names) else None
    if column in names:
        if name not in (None, column):
            logger.warning(
                f'{where}: "{column}" is the name of a column, and that one is used; column number {at} is "{name}".'
            )
        return column
    if name is None:
        raise InputError(
            f"{where}: found no column {column} (its columns are {show_ids(names, 8)}). "
            f"Give a number from #1 to #{len(names)}, or a name."
        )
    if name and (_DATUM.fullmatch(name) or is_missing(name)):
        raise InputError(
            f'{where}: the name of column {column} is "{name}" (expected a word; the first line seems to be data, and '
            "would be lost). Write a line of column names above it; or, if that is the name, give it in full."
        )
    return name


def refuse_data_as_names(names: Iterable[str], where: str, beside: tuple[str, Sequence[str]] = ("", ())) -> None:
    """Refuse column names that are the first row of a table without names: fractions, in no order, or beside an id.

    Parameters
    ----------
    names
        Of the columns that hold numbers.
    where
        Names the table in the message.
    beside
        The name of the column of ids, and the ids below it.

    Raises
    ------
    InputError
        All names are numbers. Some of them are fractions, and they neither rise nor fall throughout as masses or times
        do; or the column of ids has a name that is built as its ids are, such as S1 above S2.

    Examples
    --------
    >>> refuse_data_as_names(["100.5", "101.25", "130.0"], "peaks.tsv")
    """
    listed = list(names)
    try:
        values = [float(name.replace(",", ".")) for name in listed]
    except ValueError:
        return
    steps = [after - before for before, after in itertools.pairwise(values)]
    in_order = len(steps) > 1 and (min(steps) > 0 or max(steps) < 0)
    shape = _shape(beside[0])
    is_id = "0" in shape and shape in map(_shape, beside[1])
    if not is_id and (in_order or not any(value % 1 for value in values)):
        return
    raise InputError(
        f"{where}: the names of the columns are numbers, such as {show_ids(listed)} (expected words; the first line "
        "seems to be data, and would be lost). Write a line of column names above it; or, if they are names, put a "
        "letter before each."
    )


def _shape(name: str) -> str:
    """How an id is built: TCGA-AB-2802 as a-a-0."""
    return re.sub(r"\d+", "0", re.sub(r"[^\W\d_]+", "a", name))
