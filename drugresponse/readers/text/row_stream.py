"""Delimited text row by row, for long tables of which only a few columns are kept."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO

from drugresponse.errors import InputError
from drugresponse.readers.source.content import open_checked, recognise, refuse_unreadable
from drugresponse.readers.source.unpacking import open_unpacked
from drugresponse.readers.text.delimited import choose_separator

__all__ = ["lines_of", "plain_name", "rows_of", "stream_rows"]

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
_LOOK_AT = 50
_LONGEST_LINE = 1 << 24


def stream_rows(path: str | Path) -> Iterator[tuple[int, list[str]]]:
    r"""The rows of a text file, one at a time: comment lines (`#`) above the first row and empty lines are passed over.

    Parameters
    ----------
    path
        Tabs, commas or semicolons, UTF-8 or marked UTF-16, gzip or not; the extension does not matter.

    Yields
    ------
    tuple
        Number of the line (the first is 1) and its cells, as written. Rows may differ in length.

    Raises
    ------
    InputError
        The file is absent, empty, damaged, of another format, binary, or not UTF-8; some only as it is read.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "alterations.dat")
    ...     _ = file.write_text("#version 2.4\nsample_id\tgene\n\ns1\tTP53\n")
    ...     list(stream_rows(file))
    [(2, ['sample_id', 'gene']), (4, ['s1', 'TP53'])]
    """
    file = open_checked(path)
    found = recognise(file)
    if found != "maf":
        refuse_unreadable(found, file.name)
    with open_unpacked(file) as stream:
        yield from rows_of(stream, file.name)


def rows_of(stream: IO[bytes], where: str) -> Iterator[tuple[int, list[str]]]:
    """The rows of an open stream of bytes; as `stream_rows`.

    Examples
    --------
    >>> list(rows_of(io.BytesIO(b"a;b"), "table.csv"))
    [(1, ['a', 'b'])]
    """
    numbered = _below_comments(lines_of(stream, where))
    first = list(itertools.islice(numbered, _LOOK_AT))
    if not first:
        raise InputError(f"{where}: the file holds no rows. Check that it was written completely.")
    separator = choose_separator("\n".join(line for _, line in first))
    lines = itertools.chain(first, numbered)
    if separator == "\t":
        for number, line in lines:
            cells = line.split("\t")
            yield number, [_unquoted(cell) for cell in cells] if '"' in line else cells
        return
    for number, line in lines:
        try:
            yield number, next(csv.reader([line], delimiter=separator, strict=True))
        except csv.Error as error:
            raise InputError(
                f"{where}, line {number}: found a quotation mark that is not closed "
                "or not at the edge of its cell. Correct the line or write the file with tabs."
            ) from error


def plain_name(name: str) -> str:
    """A column name without case, blanks and punctuation, for comparing.

    Examples
    --------
    >>> plain_name("Tumor_Sample_Barcode"), plain_name("Sample ID")
    ('tumorsamplebarcode', 'sampleid')
    """
    return re.sub(r"[^a-z0-9]+", "", name.lower())


def lines_of(stream: IO[bytes], where: str) -> Iterator[tuple[int, str]]:
    r"""The lines of an open stream of bytes that hold more than blanks, with their numbers.

    Raises
    ------
    InputError
        As it is read: the file is binary or not UTF-8, or has a line of more than 16 million characters.

    Examples
    --------
    >>> list(lines_of(io.BytesIO(b"chr1\t5\n\nchr2\t7"), "regions.bed"))
    [(1, 'chr1\t5'), (3, 'chr2\t7')]
    """
    marks = stream.read(2)
    stream.seek(0)
    encoding = "utf-16" if marks in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    text = io.TextIOWrapper(stream, encoding=encoding)
    number = 0
    try:
        for number, line in enumerate(iter(partial(text.readline, _LONGEST_LINE), ""), start=1):
            if len(line) == _LONGEST_LINE:
                raise InputError(
                    f"{where}, line {number}: found a line of more than {_LONGEST_LINE >> 20} million characters "
                    "(expected rows of a few columns). Check the file."
                )
            if _CONTROL.search(line):
                raise InputError(
                    f"{where}, line {number}: the file is binary (expected text with a header). "
                    "Give a tab-separated table."
                )
            if line.strip():
                yield number, line.rstrip("\n")
    except UnicodeError as error:
        raise InputError(
            f"{where}, near line {number + 1}: found bytes that are not UTF-8 text. Save the file as UTF-8."
        ) from error
    finally:
        text.detach()  # who opened the stream closes it


def _below_comments(lines: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
    return itertools.dropwhile(lambda numbered: numbered[1].startswith("#"), lines)


def _unquoted(cell: str) -> str:
    if len(cell) >= 2 and cell[0] == cell[-1] == '"':
        return cell[1:-1].replace('""', '"')
    return cell
