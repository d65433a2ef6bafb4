"""A program that sends a sheet of a workbook: its cells as tab-separated text, and after a NUL what to say of them."""

import collections
import datetime
import itertools
import json
import pathlib
import re
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

from drugresponse.readers.source.own_process import BEYOND_MEMORY, bytes_held, limit

_BREAKS = re.compile(r"[\x00-\x1f\x7f\ufffe\uffff]+")
_WORDS = re.compile(r"[^\W\d_]")
_LIMIT = re.compile(r"\s*[<>=\u2264\u2265]")
_MANY_ZEROS, _FIRST_WORDS = 10_000, 50
_ERROR = re.compile(rb'<c r="([A-Z]+\d+)"[^>]*? t="e"')
_UNCOUNTED = re.compile(
    rb'<c r="([A-Z]+\d+)"(?![^>]* t="str")[^>]*><f(?: [^>]*)?(?:/>|>[^<]*</f>)(?:<v ?/>|<v></v>)?</c>'
)
_PART = 1 << 20


def main(path: str, left: int, wanted: str) -> None:
    """Send a sheet within the bytes that are left, or a word for why there is none."""
    import python_calamine

    limit("RLIMIT_CORE", 0, 0)
    limit("RLIMIT_AS", bytes_held() + left, bytes_held() + left)
    seconds = 60 + pathlib.Path(path).stat().st_size // 100_000
    limit("RLIMIT_CPU", seconds, seconds)
    try:
        with python_calamine.CalamineWorkbook.from_path(path) as workbook:
            about = _choose(workbook, wanted)
            if "refused" not in about:
                sheet = workbook.get_sheet_by_name(about["sheet"])
                about |= _send(sheet) | _uncounted(path, workbook.sheet_names.index(about["sheet"]))
    except python_calamine.PasswordError:
        about = {"refused": "password"}
    except (python_calamine.CalamineError, OSError, ValueError):
        about = {"refused": "damaged"}
    except MemoryError:
        sys.exit(BEYOND_MEMORY)
    sys.stdout.buffer.write(b"\0" + json.dumps(about).encode())
    sys.stdout.buffer.flush()


def _choose(workbook: Any, wanted: str) -> dict[str, Any]:
    """The sheet of a name or a number; else the first that is shown and holds anything."""
    from python_calamine import SheetTypeEnum, SheetVisibleEnum

    tables = [sheet for sheet in workbook.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    names = [sheet.name for sheet in tables]
    shown = [sheet.name for sheet in tables if sheet.visible == SheetVisibleEnum.Visible]
    about = {"sheets": names, "shown": shown}
    if wanted:
        number = int(wanted) if wanted.isdecimal() and len(wanted) < 5 else 0
        like = [name for name in names if name == wanted] or [n for n in names if n.casefold() == wanted.casefold()]
        like = like or names[number - 1 : number] if number else like
        return about | ({"sheet": like[0]} if like else {"refused": "no such sheet"})
    filled = (name for name in [*shown, *names] if workbook.get_sheet_by_name(name).start is not None)
    first = next(filled, None)
    return about | ({"refused": "empty"} if first is None else {"sheet": first})


def _send(sheet: Any) -> dict[str, Any]:
    """Write the rows; what is noticed of their cells comes back.

    Lines above the names of the columns, of one cell each, are titles: empty lines stand for them.
    """
    first_column = (sheet.start or (0, 0))[1]
    columns: dict[int, _Column] = collections.defaultdict(_Column)
    rows = enumerate(sheet.iter_rows())
    above = _above_names(rows)
    header: tuple[int, list[str], list[str]] | None = None
    widest, titles, written = 0, _titles(above), 0
    for at, row in itertools.chain(above[len(titles) :], rows):
        cells = [_text(cell) for cell in row]
        if not any(cells):
            continue
        sys.stdout.buffer.write(b"\n" * (at - written) + "\t".join(cells).encode("utf-8", "replace") + b"\n")
        written = at + 1
        if header is None:
            header = (at, cells, [_name(first_column + i, at) for i, cell in enumerate(row) if _is_date(cell)])
            continue
        widest = max(widest, sum(map(bool, cells)))
        for column, cell in enumerate(row):
            if cell != "":
                columns[column].note(cell, first_column + column, at)
    row_of_names, names, dates = header or (0, [], [])
    return {
        "row": row_of_names + 1,
        "names": names,
        "date_names": dates,
        "title": " ".join(names) if sum(map(bool, names)) == 1 < widest else "",
        "titles": [text for _, row in titles for text in map(_text, row) if text],
        "columns": {at: vars(column) for at, column in columns.items() if column.date or column.round},
        "merged": [
            f"{_name(left, top)}:{_name(right, bottom)}"
            for (top, left), (bottom, right) in (sheet.merged_cell_ranges or [])
            if bottom >= row_of_names and columns.keys() & set(range(left - first_column, right - first_column + 1))
        ][:3],
    }


def _above_names(rows: Iterator[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
    """The rows down to the first of several cells, which may be the names of the columns."""
    above = []
    for at, row in rows:
        above.append((at, row))
        if sum(cell != "" for cell in row) > 1:
            break
    return above


def _titles(above: list[tuple[int, list[Any]]]) -> list[tuple[int, list[Any]]]:
    """The rows above the names, where each has no cell but its first and the names are words."""
    *before, (_, last) = above or [(0, [])]
    alone = all(cell == "" for _, row in before for cell in row[1:])
    named = sum(cell != "" for cell in last) > 1 and all(isinstance(cell, str) for cell in last)
    return before if alone and named else []


class _Column:
    """The first date, and the first number that ends with zeros, of a column, and the first of its words."""

    def __init__(self) -> None:
        self.date = self.round = ""
        self.words: list[str] = []

    def note(self, cell: Any, column: int, row: int) -> None:
        if isinstance(cell, str):
            if len(self.words) < _FIRST_WORDS and _WORDS.search(cell) and not _LIMIT.match(cell):
                self.words.append(cell[:40])
        elif not self.date and _is_date(cell):
            self.date = _name(column, row)
        elif not self.round and isinstance(cell, float) and abs(cell) >= _MANY_ZEROS and cell % _MANY_ZEROS == 0:
            self.round = _name(column, row)


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return _BREAKS.sub(" ", cell).strip()
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 1e15:
        return str(int(cell))  # a spreadsheet has one kind of number
    if isinstance(cell, datetime.datetime) and cell.time() == datetime.time():
        return cell.date().isoformat()
    return repr(cell) if isinstance(cell, int | float) else str(cell)


def _is_date(cell: Any) -> bool:
    return isinstance(cell, datetime.date | datetime.time | datetime.timedelta)


def _name(column: int, row: int) -> str:
    letters = ""
    column += 1
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(65 + letter) + letters
    return f"{letters}{row + 1}"


def _uncounted(path: str, number: int) -> dict[str, list[str]]:
    """Cells of formulas that ended in an error, and of such that were never counted out; where that can be seen."""
    try:
        with zipfile.ZipFile(path) as book:
            sheets = re.findall(rb"<sheet [^>]*?r:id=\"([^\"]+)\"", book.read("xl/workbook.xml"))
            parts = dict(_relations(book.read("xl/_rels/workbook.xml.rels")))
            part = parts[sheets[number]].decode()
            return _marked(book, part.lstrip("/") if part.startswith("/") else f"xl/{part}")
    except (zipfile.BadZipFile, KeyError, IndexError, OSError, ValueError, RuntimeError):
        return {"errors": [], "formulas": []}


def _relations(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    for relation in re.findall(rb"<Relationship [^>]*>", text):
        yield (re.findall(rb' Id="([^"]*)"', relation) or [b""])[0], re.findall(rb' Target="([^"]*)"', relation)[0]


def _marked(book: zipfile.ZipFile, part: str) -> dict[str, list[str]]:
    errors: dict[bytes, None] = {}
    formulas: dict[bytes, None] = {}
    with book.open(part) as stream:
        rest = b""
        while content := stream.read(_PART):
            content = rest + content
            errors |= dict.fromkeys(_ERROR.findall(content))
            formulas |= dict.fromkeys(_UNCOUNTED.findall(content))
            rest = content[-4096:]
    return {"errors": [cell.decode() for cell in errors], "formulas": [cell.decode() for cell in formulas]}


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[3]), sys.argv[4])
