"""The lines of .bim and .pvar files as columns."""

from __future__ import annotations

import re
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow

from drugresponse.errors import InputError, one_line, quoted, show_ids
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.source.source import Source
from drugresponse.readers.source.unpacking import watched, whole
from drugresponse.readers.text.typed import typed_columns

__all__ = ["plink_bytes", "read_variant_lines", "too_short"]

_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_TYPES = {
    **dict.fromkeys(("chromosome", "ref", "alt", "filter"), "category"),
    **dict.fromkeys(("name", "info"), "text"),
    "position": "int64",
}
_BEYOND = 2**31
_LINE_BYTES = 400


def read_variant_lines(path: Path) -> pd.DataFrame:
    """The variants of a .bim or .pvar file (also .pvar.zst), one row each.

    Returns
    -------
    pandas.DataFrame
        `chromosome, ref, alt` (categories of text, as written), `name` (text), `position` (int64), and `filter` (a
        category) and `info` (text) where a .pvar file has them.

    Raises
    ------
    InputError
        The file is absent or damaged, a line is too short, or a position is no whole number.
    """
    content = plink_bytes(path)
    return _of_bim(content, path) if path.suffix == ".bim" else _of_pvar(content, path)


def plink_bytes(path: Path) -> bytes:
    """The bytes of a text file, unpacked where it is gzip or Zstandard.

    Raises
    ------
    InputError
        The file is absent, empty, damaged or binary.
    """
    content = Source(path).unpacked_bytes()
    if content.startswith(_ZSTANDARD):
        try:
            with (
                pyarrow.BufferReader(content) as packed,
                pyarrow.CompressedInputStream(packed, "zstd") as stream,
            ):
                content = whole(watched(stream, packed.tell, path.name), path.name)
        except OSError as error:
            raise InputError(f"{path.name}: the compressed file is truncated or damaged. Copy it again.") from error
    refuse_beyond_memory(_LINE_BYTES * content.count(b"\n"), path.name)
    if _CONTROL.search(content):
        raise InputError(f"{path.name}: the file is binary (expected lines of text). Give the fileset's own file.")
    return content


def too_short(path: Path, line: int, width: int, expected: int) -> InputError:
    """The error of a line that lacks columns."""
    return InputError(
        f"{path.name}, line {line}: found {width} columns (expected {expected} or more, separated by blanks or tabs). "
        "Correct the line."
    )


def _of_bim(content: bytes, path: Path) -> pd.DataFrame:
    first = content.lstrip().split(b"\n", 1)[0].split()
    if len(first) not in (5, 6):
        raise too_short(path, 1, len(first), 6)
    # the genetic position, in front of the position, may be left out
    columns = ["chromosome", "name", *(["distance"] if len(first) == 6 else []), "position", "alt", "ref"]
    table = _parsed(content, columns, None, path)
    _refuse_short_lines(table, path, 0)
    return table


def _of_pvar(content: bytes, path: Path) -> pd.DataFrame:
    start = 0
    while content.startswith(b"##", start):
        start = content.find(b"\n", start) + 1 or len(content)
    header = content[start : content.find(b"\n", start) + 1 or len(content)].decode("utf-8", "replace").split()
    if not header or header[0] != "#CHROM":
        return _of_bim(content, path)  # without a header, the columns are those of .bim
    renamed = {
        "#CHROM": "chromosome",
        "POS": "position",
        "ID": "name",
        "REF": "ref",
        "ALT": "alt",
        "FILTER": "filter",
        "INFO": "info",
    }
    absent = [name for name in renamed if name not in ("FILTER", "INFO", *header)]
    if absent:
        raise InputError(
            f"{path.name}: found no column {show_ids(absent)} in its header (expected #CHROM POS ID REF ALT). "
            "Write it anew with plink2 --make-pgen."
        )
    if len(set(header)) < len(header):
        raise InputError(f"{path.name}: a column stands twice in its header (expected each once). Correct the header.")
    body = content[content.find(b"\n", start) + 1 or len(content) :]
    n_skipped = content.count(b"\n", 0, start) + 1
    table = _parsed(body, [renamed.get(name, name) for name in header], "\t", path, n_skipped)
    _refuse_short_lines(table, path, n_skipped)
    return table


def _parsed(content: bytes, columns: list[str], separator: str | None, path: Path, n_skipped: int = 0) -> pd.DataFrame:
    types = {name: _TYPES[name] for name in columns if name in _TYPES}
    if not content.strip():
        return pd.DataFrame(columns=list(types), dtype=object)
    with suppress(ValueError):
        return typed_columns(content, columns, types, separator)
    try:  # as text, to say which position is none
        table = typed_columns(content, columns, dict.fromkeys(types, "text"), separator).astype(object)
    except ValueError as error:  # also what is not UTF-8
        raise InputError(f"{path.name}: the lines cannot be read as columns ({one_line(error)}). Check it.") from error
    numbers = pd.to_numeric(table["position"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.abs(numbers) < _BEYOND) | (numbers != np.floor(numbers))
    if wrong.any():
        at = int(np.argmax(wrong))
        raise InputError(
            f"{path.name}, line {at + 1 + n_skipped}: position {quoted(table['position'].iloc[at])} is not a whole "
            "number. Correct the line."
        )
    few = [name for name, kind in types.items() if kind == "category"]
    return table.assign(position=numbers.astype(np.int64)).astype(dict.fromkeys(few, "category"))


def _refuse_short_lines(table: pd.DataFrame, path: Path, n_skipped: int) -> None:
    short = np.zeros(len(table), dtype=bool)
    for name in ("ref", "alt"):
        written = table[name].astype("category").cat
        empty = np.flatnonzero(written.categories == "")
        short |= np.isin(written.codes.to_numpy(), [-1, *empty])
    if short.any():
        raise InputError(
            f"{path.name}, line {int(np.argmax(short)) + 1 + n_skipped}: the line has fewer columns than others. "
            "Correct the line."
        )
