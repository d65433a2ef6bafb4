"""Files of many columns of numbers, read at once and not as a table of text."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.ids import trimmed
from drugresponse.errors import InputError
from drugresponse.readers.source.source import Source
from drugresponse.readers.text.delimited import DelimitedText, cut_rows, rows_of
from drugresponse.readers.text.encoding import decoded

__all__ = ["header_of", "numbers_of", "rows_of_numbers"]


def header_of(file: Source) -> list[str]:
    """The names of the columns of a file of text; nothing of Parquet."""
    with file.opened():
        if file.content == "parquet":
            return []
        with file.unpacked() as stream:
            return [trimmed(name) for name in next(rows_of(stream, file.name), (0, []))[1]]


def rows_of_numbers(file: Source) -> DelimitedText:
    """The header and rows of a file of text, cut into cells when they are asked for."""
    with file.opened():
        return cut_rows(decoded(file.unpacked_bytes(), file.name), file.name)


def numbers_of(text: DelimitedText, columns: Sequence[int], where: str, expected: str) -> NDArray[np.float32]:
    """`(n_rows, n_columns)` numbers, NaN where missing.

    Raises
    ------
    InputError
        A cell is no number.
    """
    try:
        return text.numbers(list(columns))
    except ValueError as error:
        raise InputError(f"{where}: a cell is no number (expected {expected}). Correct it.") from error
