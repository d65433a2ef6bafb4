"""The lines of .bim and .pvar files as columns."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow
from pyarrow import csv

from drugresponse.errors import InputError, show_ids
from drugresponse.readers.source.content import open_checked
from drugresponse.readers.source.memory_limit import refuse_beyond_memory
from drugresponse.readers.source.unpacking import unpacked_bytes, watched, whole

__all__ = ["plink_bytes", "read_variant_lines", "too_short"]

_ZSTANDARD = b"\x28\xb5\x2f\xfd"
_CONTROL = re.compile(rb"[\x00-\x08\x0e-\x1f\x7f]")
_FEW_WORDS = dict.fromkeys(("chromosome", "ref", "alt", "filter"), "category")
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
    content = unpacked_bytes(open_checked(path))
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


def too_short(path: Path, line: int, found: int, expected: int) -> InputError:
    """The error of a line that lacks columns."""
    return InputError(
        f"{path.name}, line {line}: found {found} columns (expected {expected} or more, separated by blanks or tabs). "
        "Correct the line."
    )


def _of_bim(content: bytes, path: Path) -> pd.DataFrame:
    first = content.lstrip().split(b"\n", 1)[0].split()
    if len(first) not in (5, 6):
        raise too_short(path, 1, len(first), 6)
    # the genetic position, in front of the position, may be left out
    columns = ["chromosome", "name", *(["distance"] if len(first) == 6 else []), "position", "alt", "ref"]
    table = _parsed(content, columns, r"\s+", path)
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


def _parsed(content: bytes, columns: list[str], separator: str, path: Path, n_skipped: int = 0) -> pd.DataFrame:
    wanted = [name for name in columns if name in ("chromosome", "name", "position", "ref", "alt", "filter", "info")]
    if not content.strip():
        return pd.DataFrame(columns=wanted, dtype=object)
    types = _FEW_WORDS | {"position": np.int64}
    # the second is slower, and the last goes cell by cell, to say where
    with suppress(ValueError, OverflowError):
        return _read_even(content, columns, wanted, types)
    with suppress(ValueError, OverflowError):
        return _read_any(content, columns, wanted, separator, types)
    try:
        table = _read_any(content, columns, wanted, separator, {})
    except (ValueError, OverflowError) as error:  # also what is not UTF-8
        raise InputError(
            f"{path.name}: the lines cannot be read as columns ({_first_line(error)}). Check it."
        ) from error
    numbers = pd.to_numeric(table["position"], errors="coerce").to_numpy(dtype=np.float64)
    wrong = ~(np.abs(numbers) < _BEYOND) | (numbers != np.floor(numbers))
    if wrong.any():
        at = int(np.argmax(wrong))
        shown = show_ids(table["position"].iloc[[at]])
        raise InputError(
            f"{path.name}, line {at + 1 + n_skipped}: position {shown} is not a whole number. Correct the line."
        )
    return table.assign(position=numbers.astype(np.int64)).astype(
        {name: _FEW_WORDS[name] for name in wanted if name in _FEW_WORDS}
    )


def _read_even(content: bytes, columns: list[str], wanted: list[str], types: Mapping[str, Any]) -> pd.DataFrame:
    """Lines of equally many cells between single tabs, which is what PLINK writes; a ValueError tells of others."""
    few, number, text = pyarrow.dictionary(pyarrow.int32(), pyarrow.string()), pyarrow.int64(), pyarrow.string()
    arrow = {name: {"category": few, np.int64: number}.get(types.get(name), text) for name in wanted}
    table = csv.read_csv(
        pyarrow.BufferReader(content),
        read_options=csv.ReadOptions(column_names=columns, use_threads=False),
        parse_options=csv.ParseOptions(delimiter="\t", quote_char=False),
        convert_options=csv.ConvertOptions(include_columns=wanted, column_types=arrow, null_values=[]),
    )
    # names and INFO are rarely looked at: as Python objects they would take more memory than all the rest
    return table.unify_dictionaries().to_pandas(types_mapper={text: pd.ArrowDtype(text)}.get)


def _read_any(
    content: bytes, columns: list[str], wanted: list[str], separator: str, types: Mapping[str, Any]
) -> pd.DataFrame:
    return pd.read_csv(
        io.BytesIO(content),
        sep=separator,
        header=None,
        names=columns,
        usecols=wanted,
        index_col=False,
        dtype={name: types.get(name, str) for name in wanted},
        quoting=3,
        keep_default_na=False,
        engine="c",
    )


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


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
