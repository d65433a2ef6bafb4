"""Delimited text, the one parser: as a whole table whose cells are cut when asked for, or row by row from a stream."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import IO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.ids import trimmed
from drugresponse.errors import InputError, show_ids
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.text._footnotes import without_footnotes
from drugresponse.readers.text.encoding import lines_of
from drugresponse.readers.text.typed import float_columns

__all__ = [
    "DelimitedText",
    "choose_separator",
    "cut_rows",
    "even_rows",
    "refuse_bad_header",
    "rows_of",
]

SEPARATORS = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_OF_SPREADSHEET = re.compile(r'"?sep=[^\r\n]?"?(?=\r?\n)', re.IGNORECASE)
"""A first line by which spreadsheets are told the separator; it is no header."""
_NUMBER = re.compile(r"[+-]?[\d.,]+|NA|NaN|")
_LOOK_AT = 50
_PLACE_BYTES, _CELL_BYTES, _LINE_BYTES = 30, 140, 60


@dataclass(frozen=True)
class DelimitedText:
    """A whole table of text.

    Attributes
    ----------
    header
        Column names; the first may be empty.
    lines
        `(n_rows,)` line of the file on which each row ends; the header is line 1.
    separator
        What stands between the columns in `written`.
    written
        `(n_rows,)` each row as it stands in the file, or cut into cells where quotes may hide separators.
    where
        The file, for messages.
    """

    header: list[str]
    lines: list[int]
    separator: str
    written: Sequence[str | list[str]]
    where: str

    @cached_property
    def rows(self) -> list[list[str]]:
        """One list of cells for each row, as long as the header."""
        _refuse_cells(len(self.lines) * len(self.header), sum(map(len, self.written)), self.where)
        return [_cells(row, self.separator) for row in self.written]

    def beginnings(self, n_columns: int) -> list[list[str]]:
        """The first cells of each row, without cutting the others."""
        return [_cells(row, self.separator, n_columns)[:n_columns] for row in self.written]

    def numbers(self, columns: Sequence[int]) -> NDArray[np.float32]:
        """`(n_rows, n_columns)` plain numbers of some columns, NaN where missing; as `float_columns`.

        Raises
        ------
        ValueError
            A cell is neither a plain number nor a word for missing, or quotes may hide separators.
        MemoryLimitError
            The numbers do not fit beside the text.
        """
        lines = [row for row in self.written if isinstance(row, str)]
        if not lines:
            raise ValueError("quotes may hide separators")
        refuse_beyond_memory(2 * sum(map(len, lines)) + 12 * len(lines) * len(columns), self.where)
        return float_columns(lines, columns, self.separator)


def cut_rows(text: str, where: str, *, of_plink: bool = False) -> DelimitedText:
    r"""Cut text into a header and rows; lines without any cell filled, and footnotes, are passed over.

    Parameters
    ----------
    text
        As `decoded` gives it.
    where
        The file, for messages.
    of_plink
        Whether PLINK wrote it: blanks may separate cells, and columns may share a name.

    Raises
    ------
    InputError
        There is no row below the header, a column has no name or that of another, or a row is longer or shorter than
        the header.

    Examples
    --------
    >>> table = cut_rows("sample_id;age\ns1;7\n", "samples.csv")
    >>> table.header, table.rows, table.separator
    (['sample_id', 'age'], [['s1', '7']], ';')
    """
    spreadsheet = _OF_SPREADSHEET.match(text)
    text = text[spreadsheet.end() :] if spreadsheet else text
    separator = choose_separator(text)
    between = SEPARATORS[separator]
    if of_plink and separator not in next(filter(str.strip, _lines(text))):
        text, separator, between = "\n".join("\t".join(line.split()) for line in _lines(text)), "\t", "blanks"
    refuse_beyond_memory(2 * len(text) + _LINE_BYTES * text.count("\n"), where)
    filled = _filled(text, separator, where)
    (_, first), *body = filled if of_plink else without_footnotes(filled, separator, where)
    if not body:
        raise _no_rows(where)
    header = [trimmed(name) for name in _cells(first, separator)]
    widths = [_width(row, separator) for _, row in body]
    if 2 * widths.count(len(header) + 1) > len(widths):
        header = ["", *header]  # R writes row names without a name for their column
    if not of_plink:
        refuse_bad_header(header, where)
    for (line, _), width in zip(body, widths, strict=True):
        if width != len(header):
            raise _ragged(where, line, width, len(header), between)
    return DelimitedText(header, [line for line, _ in body], separator, [row for _, row in body], where)


def rows_of(stream: IO[bytes], where: str) -> Iterator[tuple[int, list[str]]]:
    r"""The rows of an open stream of bytes, one at a time, for long tables of which few columns are kept.

    Comment lines (`#`) above the first row and lines of blanks are passed over.

    Yields
    ------
    tuple
        Number of the line (the first is 1) and its cells, as written. Rows may differ in length.

    Raises
    ------
    InputError
        As `lines_of`; or there is no row, or a quotation mark is not closed on its line.

    Examples
    --------
    >>> list(rows_of(io.BytesIO(b"#version 2.4\na;b\n\n1;2"), "table.csv"))
    [(2, ['a', 'b']), (4, ['1', '2'])]
    """
    numbered = itertools.dropwhile(lambda row: row[1].startswith("#"), lines_of(stream, where))
    first = list(itertools.islice(numbered, _LOOK_AT))
    if not first:
        raise InputError(f"{where}: the file holds no rows. Check that it was written completely.")
    separator = choose_separator("\n".join(line for _, line in first))
    for number, line in itertools.chain(first, numbered):
        if '"' not in line:
            yield number, line.split(separator)
        elif separator == "\t":
            yield number, _cells(line, separator)
        else:
            yield from _quoted([line], separator, where, above=number - 1)


def choose_separator(text: str) -> str:
    r"""Tab, comma or semicolon: the one that cuts the first lines into equally many cells, tab before the others.

    Examples
    --------
    >>> choose_separator("id\tgain_(A,B)\ns1\t0\n"), choose_separator("id;a\ns;1,5\n")
    ('\t', ';')
    """
    lines = list(itertools.islice((line for line in _lines(text) if line.strip()), _LOOK_AT))
    widths = {separator: [_width_of_line(line, separator) for line in lines] for separator in SEPARATORS}
    even = [separator for separator, width in widths.items() if width[0] > 1 and len(set(width)) == 1]
    if "\t" in even:
        return "\t"
    if even:
        return max(even, key=lambda separator: widths[separator][0])
    for separator, width in widths.items():
        if set(width[1:]) == {width[0] + 1}:
            return separator
    return max(SEPARATORS, key=lambda separator: (separator == "\t" and widths[separator][0] > 1, widths[separator][0]))


def refuse_bad_header(header: Sequence[str], where: str) -> None:
    """Refuse column names that occur twice, or are empty beyond the first column.

    Raises
    ------
    InputError
        They are such names.
    """
    nameless = [at + 1 for at, name in enumerate(header) if not name and at > 0]
    if nameless:
        raise InputError(f"{where}, line 1: column {nameless[0]} has no name. Name it or remove it.")
    if len(set(header)) == len(header):
        return
    repeated = pd.Index(header)
    shown = show_ids(repeated[repeated.duplicated()].unique())
    if all(_NUMBER.fullmatch(name) for name in header[1:]):
        raise InputError(
            f"{where}, line 1: found numbers alone, such as {shown} (expected names of columns). Write a line of "
            "column names above it."
        )
    raise InputError(
        f"{where}, line 1: found column {shown} more than once (expected each name once). Rename or remove the repeats."
    )


def even_rows(rows: Iterable[tuple[int, list[str]]], n_columns: int, where: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of a stream below its header, as long as that.

    Raises
    ------
    InputError
        As they are read: a row is longer or shorter, or there is none.
    """
    line = 0
    for line, cells in rows:
        if len(cells) != n_columns:
            raise _ragged(where, line, len(cells), n_columns)
        yield line, cells
    if not line:
        raise _no_rows(where)


def _no_rows(where: str) -> InputError:
    return InputError(f"{where}: found a header and no rows below it (expected at least one). Check the file.")


def _ragged(where: str, line: int, width: int, expected: int, between: str = "") -> InputError:
    separated = f"; columns are separated by {between}" if between else ""
    return InputError(
        f"{where}, line {line}: found {width} values (expected {expected}, as in the header{separated}). "
        "Correct the line."
    )


def _lines(text: str) -> Iterator[str]:
    """The lines of a text one at a time, since few are looked at."""
    start = 0
    while start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        yield text[start:end]
        start = end + 1


def _filled(text: str, separator: str, where: str) -> list[tuple[int, str | list[str]]]:
    """The lines of which any cell is filled, with their numbers; cut where quotes may hide separators."""
    if '"' in text and separator != "\t":
        _refuse_cells(text.count(separator) + text.count("\n"), len(text), where)
        return [(line, row) for line, row in _quoted(io.StringIO(text), separator, where) if any(map(str.strip, row))]
    empty = f'{separator} \t"'
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip(empty)]


def _refuse_cells(n_cells: int, n_signs: int, where: str) -> None:
    # a cell of one sign costs nothing but its places in the lists; every other is an object
    refuse_beyond_memory(n_cells * (_PLACE_BYTES if n_signs < 3 * n_cells else _CELL_BYTES), where)


def _width(row: str | list[str], separator: str) -> int:
    return row.count(separator) + 1 if isinstance(row, str) else len(row)


def _width_of_line(line: str, separator: str) -> int:
    if separator == "\t" or '"' not in line:
        return line.count(separator) + 1
    try:
        return len(next(csv.reader([line], delimiter=separator)))
    except csv.Error:  # a cell longer than the module takes; that it is damaged is said where it is read
        return line.count(separator) + 1


def _cells(row: str | list[str], separator: str, most_cuts: int = -1) -> list[str]:
    if not isinstance(row, str):
        return row
    cells = row.split(separator, most_cuts)
    return [_unquoted(cell) for cell in cells] if '"' in row else cells


def _unquoted(cell: str) -> str:
    # a lone mark is part of the name (5", 3'-end); only a pair around the whole cell is punctuation
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _quoted(lines: Iterable[str], separator: str, where: str, above: int = 0) -> Iterator[tuple[int, list[str]]]:
    """Rows in which quotes may hide separators, with the lines on which they end."""
    reader = csv.reader(lines, delimiter=separator, strict=True)
    try:
        for row in reader:
            yield above + reader.line_num, row
    except csv.Error as error:
        raise InputError(
            f"{where}, line {above + reader.line_num}: found a quotation mark that is not closed "
            "or not at the edge of its cell. Correct the line or write the file with tabs."
        ) from error
