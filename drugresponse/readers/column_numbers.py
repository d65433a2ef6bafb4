"""A column given by its number, such as #3, becomes its name."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable

from drugresponse.errors import InputError, show_ids

__all__ = ["column_named", "is_column_number"]

logger = logging.getLogger(__name__)

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
        The table has no column of this number.

    Examples
    --------
    >>> column_named(["cell line", "drug", "AUC (0-1)"], "#3", "responses.tsv")
    'AUC (0-1)'
    >>> column_named(["cell line", "drug", "AUC (0-1)"], "drug", "responses.tsv")
    'drug'
    """
    found = _NUMBER.fullmatch(column)
    if found is None:
        return column
    at, names = int(found[1]), list(columns)
    inside = 1 <= at <= len(names)
    if column in names:
        if inside and names[at - 1] != column:
            logger.warning(
                '%s: "%s" is the name of a column, and that one is used; column number %d is "%s".',
                where,
                column,
                at,
                names[at - 1],
            )
        return column
    if not inside:
        raise InputError(
            f"{where}: found no column {column} (its columns are {show_ids(names, 8)}). "
            f"Give a number from #1 to #{len(names)}, or a name."
        )
    return names[at - 1]
