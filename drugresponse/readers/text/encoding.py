"""Bytes -> text or lines of text: UTF-8 or marked UTF-16, any line ends, and nothing binary."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import partial
from typing import IO

from drugresponse.errors import InputError

__all__ = ["decoded", "lines_of"]

_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\ufffe\uffff]")
_LONGEST_LINE = 1 << 24


def decoded(content: bytes, where: str) -> str:
    r"""The text of a file with `\n` between lines, whatever its encoding and line ends.

    Raises
    ------
    InputError
        It is binary, not UTF-8 or marked UTF-16, or holds no more than blanks.

    Examples
    --------
    >>> decoded(b"a;b\r\n1;2", "table.csv")
    'a;b\n1;2'
    """
    try:
        text = content.decode(_encoding(content[:2]))
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        if _CONTROL.search(content[:4096].decode("latin-1")):
            raise _binary(where) from error
        raise InputError(
            f"{where}, line {line}: found byte 0x{content[error.start]:02x}, which is not UTF-8 text. "
            "Save the file as UTF-8."
        ) from error
    if _CONTROL.search(text):
        raise _binary(where)
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if not text.strip():
        raise InputError(f"{where}: the file holds no text. Check that it was written completely.")
    return text


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
    text = io.TextIOWrapper(stream, encoding=_encoding(marks))
    number = 0
    try:
        for number, line in enumerate(iter(partial(text.readline, _LONGEST_LINE), ""), start=1):
            if len(line) == _LONGEST_LINE:
                raise InputError(
                    f"{where}, line {number}: found a line of more than {_LONGEST_LINE >> 20} million characters "
                    "(expected rows of a few columns). Check the file."
                )
            if _CONTROL.search(line):
                raise _binary(f"{where}, line {number}")
            if line.strip():
                yield number, line.rstrip("\n")
    except UnicodeError as error:
        raise InputError(
            f"{where}, near line {number + 1}: found bytes that are not UTF-8 text. Save the file as UTF-8."
        ) from error
    finally:
        text.detach()  # who opened the stream closes it


def _encoding(marks: bytes) -> str:
    return "utf-16" if marks in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"


def _binary(where: str) -> InputError:
    return InputError(f"{where}: the file is binary (expected text with a header). Give a tab-separated table.")
