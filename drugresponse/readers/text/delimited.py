"""Delimited text: encoding, separator, quotes and lines, down to rows of equal length."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from drugresponse.data.ids import trimmed
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.source.content import open_checked, recognise, refuse_unreadable
from drugresponse.readers.source.memory_limit import refuse_beyond_memory
from drugresponse.readers.source.unpacking import unpacked_bytes

__all__ = ["DelimitedText", "decode_file", "split_rows"]

SEPARATORS = ("\t", ",", ";")
_NAMES = {"\t": "tabs", ",": "commas", ";": "semicolons"}
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
_LOOK_AT = 50
_PLACE_BYTES, _CELL_BYTES = 30, 140

_OF_SPREADSHEET = re.compile(r'"?sep=[^\r\n]?"?(?=\r?\n)', re.IGNORECASE)
"""A first line by which spreadsheets are told the separator; it is no header."""


@dataclass(frozen=True)
class DelimitedText:
    """A table of text.

    Attributes
    ----------
    header
        Column names, unique; the first may be empty.
    rows
        One list of cells for each row, as long as the header.
    lines
        `(n_rows,)` line of the file on which each row ends; the header is line 1.
    separator
        What stood between the columns.
    """

    header: list[str]
    rows: list[list[str]]
    lines: list[int]
    separator: str


def decode_file(path: str | Path) -> str:
    r"""The text of a file with `\n` between lines, whatever its compression, encoding and line ends.

    Raises
    ------
    InputError
        The file is absent, empty, of another format, damaged, binary, or not UTF-8 or marked UTF-16.
    """
    file = open_checked(path)
    refuse_unreadable(recognise(file), file.name)
    content = unpacked_bytes(file)
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if _CONTROL.search(content[:4096].decode("latin-1")):
            raise _binary(file.name) from error
        raise InputError(
            f"{file.name}, line {line}: found byte 0x{content[error.start]:02x}, which is not UTF-8 text. "
            "Save the file as UTF-8."
        ) from error
    if _CONTROL.search(text):
        raise _binary(file.name)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"{file.name}: the file holds no text. Check that it was written completely.")
    return text


def split_rows(text: str, where: str) -> DelimitedText:
    r"""Cut text into cells; lines without any cell filled are passed over.

    Raises
    ------
    InputError
        No row below the header, a repeated or empty column name, or a row longer or shorter than the header.

    Examples
    --------
    >>> table = split_rows("sample_id;age\ns1;7\n", "samples.csv")
    >>> table.header, table.rows, table.separator
    (['sample_id', 'age'], [['s1', '7']], ';')
    """
    spreadsheet = _OF_SPREADSHEET.match(text)
    text = text[spreadsheet.end() :] if spreadsheet else text
    separator = choose_separator(text)
    n_cells = text.count(separator) + text.count("\n")
    # a cell of one sign costs nothing but its places in the lists; every other is an object
    refuse_beyond_memory(n_cells * (_PLACE_BYTES if len(text) < 3 * n_cells else _CELL_BYTES), where)
    rows, lines = _cells(text, separator, where)
    filled = [(row, line) for row, line in zip(rows, lines, strict=True) if any(row)]
    header = [trimmed(name) for name in filled[0][0]]
    body = filled[1:]
    if not body:
        raise InputError(f"{where}: found a header and no rows below it (expected at least one). Check the file.")
    if all(len(row) == len(header) + 1 for row, _ in body):
        header = ["", *header]  # R writes row names without a name for their column
    check_header(header, where)
    for row, line in body:
        if len(row) != len(header):
            raise ragged(where, line, len(row), len(header), separator)
    return DelimitedText(header, [row for row, _ in body], [line for _, line in body], separator)


def choose_separator(text: str) -> str:
    r"""Tab, comma or semicolon: the one that cuts the first lines into equally many cells, tab before the others.

    Examples
    --------
    >>> choose_separator("id\tgain_(A,B)\ns1\t0\n"), choose_separator("id;a\ns;1,5\n")
    ('\t', ';')
    """
    lines = _first_lines(text)
    counts = {separator: [_count(line, separator) for line in lines] for separator in SEPARATORS}
    even = [each for each in SEPARATORS if counts[each][0] > 1 and len(set(counts[each])) == 1]
    if "\t" in even:
        return "\t"
    if even:
        return max(even, key=lambda each: counts[each][0])
    for each in SEPARATORS:
        below = set(counts[each][1:])
        if len(below) == 1 and below == {counts[each][0] + 1}:
            return each
    return max(SEPARATORS, key=lambda each: (each == "\t" and counts[each][0] > 1, counts[each][0]))


def check_header(header: Sequence[str], where: str) -> None:
    """Refuse column names that occur twice, or are empty beyond the first column."""
    nameless = [at + 1 for at, name in enumerate(header) if not name and at > 0]
    if nameless:
        raise InputError(f"{where}, line 1: column {nameless[0]} has no name. Name it or remove it.")
    if len(set(header)) < len(header):
        seen: set[str] = set()
        repeated = [name for name in header if name in seen or seen.add(name)]  # type: ignore[func-returns-value]
        if all(re.fullmatch(r"[+-]?[\d.,]+|NA|NaN|", name) for name in header[1:]):
            raise InputError(
                f"{where}, line 1: found numbers alone, such as {show_ids(dict.fromkeys(repeated))} (expected names of "
                "columns). Write a line of column names above it."
            )
        raise InputError(
            f"{where}, line 1: found column {show_ids(dict.fromkeys(repeated))} more than once "
            "(expected each name once). Rename or remove the repeats."
        )


def ragged(where: str, line: int, found: int, expected: int, separator: str) -> InputError:
    """The error for a row that is longer or shorter than its header."""
    return InputError(
        f"{where}, line {line}: found {found} values (expected {expected}, as in the header; "
        f"columns are separated by {_NAMES[separator]}). Correct the line."
    )


def _first_lines(text: str) -> list[str]:
    lines: list[str] = []
    start = 0
    while len(lines) < _LOOK_AT and start < len(text):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        if text[start:end].strip():
            lines.append(text[start:end])
        start = end + 1
    return lines


def _count(line: str, separator: str) -> int:
    if separator == "\t" or '"' not in line:
        return line.count(separator) + 1
    try:
        return len(next(csv.reader([line], delimiter=separator)))
    except csv.Error:  # a cell longer than the module takes; that it is damaged is said where it is read
        return line.count(separator) + 1


def _cells(text: str, separator: str, where: str) -> tuple[list[list[str]], list[int]]:
    if '"' in text and separator != "\t":
        return _quoted_cells(text, separator, where)
    rows = [line.split(separator) for line in text.split("\n")]
    if '"' in text:
        rows = [[_unquoted(cell) for cell in row] if any('"' in cell for cell in row) else row for row in rows]
    return rows, list(range(1, len(rows) + 1))


def _quoted_cells(text: str, separator: str, where: str) -> tuple[list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text), delimiter=separator, strict=True)
    rows, lines = [], []
    try:
        for row in reader:
            rows.append(row)
            lines.append(reader.line_num)
    except csv.Error as error:
        raise InputError(
            f"{where}, line {reader.line_num}: found a quotation mark that is not closed "
            "or not at the edge of its cell. Correct the line or write the file with tabs."
        ) from error
    return rows, lines


def _unquoted(cell: str) -> str:
    # a lone mark is part of the name (5", 3'-end); only a pair around the whole cell is punctuation
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell


def _binary(where: str) -> InputError:
    return InputError(f"{where}: the file is binary (expected text with a header). Give a tab-separated table.")
