"""A sheet of a workbook (.xlsx, .xlsm, .xlsb, .xls, .ods) as tab-separated text, read by a process of its own.

A small workbook can stand for terabytes of cells, and what a spreadsheet shows is not always what it holds: names that
it has turned into dates, cells that share one value, and formulas without a result are told of or refused.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import struct
import subprocess
import zipfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import IO, Any, cast

from drugresponse.data.column_names import name_words
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, count, nearest, quoted, show_ids
from drugresponse.memory_limit import beyond_memory, memory_left, refuse_beyond_memory
from drugresponse.readers.source.own_process import BEYOND_MEMORY, command_apart, program_of

__all__ = ["NO_ARCHIVE", "is_spreadsheet", "parted_sheet", "sheets_words", "spreadsheet_text"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_BEGINNINGS = re.compile(
    rb"PK\x03\x04.{26}(?:\[Content_Types\]\.xml|_rels/|docProps/|xl/"
    rb"|mimetypeapplication/vnd\.oasis\.opendocument\.spread)|\xd0\xcf\x11\xe0",
    re.DOTALL,
)
_PARTS = {"xl/workbook.xml", "xl/workbook.bin"}
_LEAST_LEFT = 1 << 29
_READER = program_of(__file__, "_sheet_cells.py")
_READ_BYTES = 1 << 20
_MOST_SHEETS = 5
_NAMING = re.compile(
    r"ids?|(?:sample|drug|gene|feature|name)s?|symbol|compound|patient|subject|strain|isolate|cell|line"
)
_TIME = re.compile(r"date|day|time|year|month|visit|at")
_WAY_OUT = "Format the column as text and write its values again, or give tab-separated text"
NO_ARCHIVE = (zipfile.BadZipFile, OSError, ValueError, RuntimeError, struct.error)
"""What is raised for an archive that is damaged."""
_NEVER_ENDED = (-6, -9, -24)
"""Signals that end a process without memory or beyond its time."""
_reported: set[tuple[Path, int, str]] = set()
"""Sheets, as they were last written, of which all was said: a command may read one more than once."""


def parted_sheet(path: Path) -> tuple[Path, str]:
    """The file and the sheet that a path such as `file.xlsx#responses` names; no sheet where the path is a file itself.

    Examples
    --------
    >>> parted_sheet(Path("no-such.xlsx#responses"))
    (PosixPath('no-such.xlsx#responses'), '')
    """
    file, _, sheet = str(path).rpartition("#")
    parted = bool(sheet) and not path.exists() and Path(file).is_file()
    return (Path(file), sheet) if parted else (path, "")


def is_spreadsheet(start: bytes, opened: Callable[[], AbstractContextManager[IO[bytes]]]) -> bool:
    """Whether a file that begins with these bytes is a workbook; it is opened only where it is some archive."""
    if not start.startswith(b"PK\x03\x04") or _BEGINNINGS.match(start):
        return bool(_BEGINNINGS.match(start))
    with (
        contextlib.suppress(*NO_ARCHIVE),
        opened() as stream,
        zipfile.ZipFile(stream) as book,
    ):
        return not _PARTS.isdisjoint(book.namelist())
    return False


def sheets_words(path: Path, sheets: Sequence[str]) -> str:
    """How other sheets of a workbook are given, in a sentence that ends an error about the one that was read.

    Examples
    --------
    >>> sheets_words(Path("study.xlsx"), ["MIC", "genes"])
    'Its first sheet was read; another is given after its mark: study.xlsx#MIC, study.xlsx#genes.'
    """
    shown = ", ".join(f"{path.name}#{name}" for name in sheets[:_MOST_SHEETS])
    more = f" and {len(sheets) - _MOST_SHEETS} more" if len(sheets) > _MOST_SHEETS else ""
    return f"Its first sheet was read; another is given after its mark: {shown}{more}."


def spreadsheet_text(path: Path, sheet: str, where: str) -> tuple[bytes, list[str]]:
    """The cells of a sheet as tab-separated UTF-8, a line for each of its rows; and the other sheets.

    Parameters
    ----------
    path
        The workbook.
    sheet
        Name of the sheet, or its number from 1; "" is the first that is shown and holds anything.
    where
        What to call it in messages.

    Returns
    -------
    text : bytes
    others : list of str
        The names of other sheets that are shown, where none was named.

    Raises
    ------
    InputError
        It is damaged or protected, there is no such sheet, cells are merged, names were turned into dates, or a formula
        has no result.
    MemoryLimitError
        Its cells do not fit into the memory that is left.
    """
    command = [*command_apart(_READER, path, max(memory_left(), _LEAST_LEFT)), sheet]
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as reading:
        content = bytearray()
        try:
            while part := cast("IO[bytes]", reading.stdout).read(_READ_BYTES):
                refuse_beyond_memory(len(content) + len(part), where)
                content += part
        except BaseException:
            reading.kill()
            raise
    if reading.returncode == BEYOND_MEMORY or reading.returncode in _NEVER_ENDED:
        raise beyond_memory(where, "its cells take more memory than is left (expected them to fit)")
    at = content.rfind(b"\0")
    about = {"refused": "damaged"} if reading.returncode or at < 0 else json.loads(content[at + 1 :])
    _refuse_unreadable(about, sheet, where)
    where = where if sheet else f"{where}#{about['sheet']}"
    others = [] if sheet else [name for name in about["shown"] if name != about["sheet"]]
    try:
        _refuse_altered(about, where)
    except InputError as error:
        raise (InputError(f"{error} {sheets_words(path, others)}") if others else error) from None
    version = path, path.stat().st_mtime_ns, sheet
    if version not in _reported:
        _reported.add(version)
        _tell(about, others, where)
    del content[at:]
    return bytes(content), others


def _refuse_unreadable(about: Mapping[str, Any], sheet: str, where: str) -> None:
    refused = about.get("refused")
    if refused == "no such sheet":
        raise InputError(f'{where}: found no sheet "{sheet}". {nearest(sheet, about["sheets"])}')
    words = {
        "password": "the workbook is protected by a password. Save it without one.",
        "empty": "found no sheet that holds anything (expected a table). Check that it was written completely.",
        "damaged": "the file begins like a workbook and cannot be read as one (expected .xlsx, .xlsm, .xlsb, .xls or "
        ".ods). Open it in a spreadsheet and save it again, or save the sheet as tab-separated text.",
    }
    if refused:
        raise InputError(f"{where}: {words[refused]}")


def _refuse_altered(about: Mapping[str, Any], where: str) -> None:
    """Refuse a sheet whose table is not what stands in its cells."""
    if about["title"]:
        title = quoted(about["title"].strip(), 60)
        raise InputError(
            f"{where}, row {about['row']}: found {title} alone in its row (expected the names of the columns). Delete "
            "the rows above the names."
        )
    if about["merged"]:
        raise InputError(
            f"{where}: found merged cells, {show_ids(about['merged'])} (expected a value in each cell). Split them, "
            "and write the value into each."
        )
    if about["formulas"]:
        raise InputError(
            f"{where}: found {count(len(about['formulas']), 'formula')} without a result, such as in "
            f"{about['formulas'][0]} (expected values). Open the file in a spreadsheet and save it, or save values."
        )
    if about["date_names"]:
        raise InputError(
            f"{where}, cell {about['date_names'][0]}: found a date as the name of a column (a spreadsheet turns names "
            "such as MARCH1 or 1-2 into dates). Format the row as text and write its names again, or give "
            "tab-separated text."
        )
    for at, column in about["columns"].items():
        name = about["names"][int(at)]
        words = name_words(name)
        is_time, is_name = (any(map(pattern.fullmatch, words)) for pattern in (_TIME, _NAMING))
        if column["date"] and not is_time and (at == "0" or is_name):
            raise InputError(
                f'{where}, cell {column["date"]}, column "{name}": found a date (a spreadsheet turns names such as '
                f"MARCH1 or 1-2 into dates; expected names). {_WAY_OUT}."
            )


def _tell(about: Mapping[str, Any], others: Sequence[str], where: str) -> None:
    if others:
        progress.info(
            "%s: the first of %d sheets is read; another is given after its mark, as in FILE#%s.",
            where,
            len(others) + 1,
            others[0],
        )
    if about["titles"]:
        logger.warning(
            "%s: %s above the names of the columns, in row %d, left out: %s.",
            where,
            count(len(about["titles"]), "line"),
            about["row"],
            quoted(about["titles"][0], 60),
        )
    if about["sheet"] not in about["shown"]:
        logger.warning("%s: the sheet is hidden. Check that it is the one that is meant.", where)
    if about["errors"]:
        logger.warning(
            "%s: %s, such as %s, with the error of a formula (#N/A, #DIV/0! ...) count as missing. Check the formulas.",
            where,
            count(len(about["errors"]), "cell"),
            about["errors"][0],
        )
    for at, column in about["columns"].items():
        name, word = about["names"][int(at)], next((word for word in column["words"] if not is_missing(word)), "")
        if word and column["date"]:
            logger.warning(
                '%s, cell %s, column "%s": found a date among words such as "%s". Where it was none, a spreadsheet has '
                "made it one. %s.", where, column["date"], name, word, _WAY_OUT,
            )  # fmt: skip
        if word and column["round"]:
            logger.warning(
                '%s, cell %s, column "%s": found a round number among words such as "%s". Where it was a name such as '
                "1E5, a spreadsheet has made it a number. %s.", where, column["round"], name, word, _WAY_OUT,
            )  # fmt: skip
