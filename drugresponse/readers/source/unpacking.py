"""The bytes of files that may be compressed, watched: a few kilobytes can unpack to terabytes."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Callable, Iterator
from typing import IO, cast

from drugresponse.errors import InputError
from drugresponse.memory_limit import refuse_beyond_memory

__all__ = ["GZIP", "damaged_gzip", "unpacked", "watched", "whole"]

GZIP = b"\x1f\x8b"
_READ_BYTES = 1 << 20
_LOOK_EVERY = 1 << 20
_MOST_LINES = 1 << 19
_LINES_A_BYTE = 2
"""The closest that different lines are packed is about a byte each; a line that is repeated takes a tenth of one."""


@contextlib.contextmanager
def unpacked(packed: IO[bytes], where: str, start: int = 0) -> Iterator[IO[bytes]]:
    r"""An open file from a byte on, unpacked where it is gzip.

    Parameters
    ----------
    packed
        The file as it is stored.
    where
        Name of the file, for messages.
    start
        Byte of the file at which a member of it begins.

    Yields
    ------
    IO
        A buffered stream. Reading it ends when what was read before has filled the memory, or when more lines were
        unpacked from fewer bytes than lines that differ can be packed into.

    Raises
    ------
    InputError
        As it is read: it is truncated or damaged, or unpacks to the same lines without end.
    MemoryLimitError
        As it is read: no memory is left.

    Examples
    --------
    >>> with unpacked(io.BytesIO(gzip.compress(b"a\tb")), "sets.dat") as stream:
    ...     stream.read()
    b'a\tb'
    """
    packed.seek(0)
    is_gzip = packed.read(2) == GZIP
    packed.seek(start)
    if not is_gzip:
        yield watched(packed, packed.tell, where)
        return
    with gzip.GzipFile(fileobj=packed) as stream:
        try:
            yield watched(cast("IO[bytes]", stream), lambda: packed.tell() - start, where)
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            raise damaged_gzip(where) from error


def watched(stream: IO[bytes], packed_bytes: Callable[[], int], where: str) -> IO[bytes]:
    """A stream that is unpacked as it is read, looked after as `unpacked` does.

    Parameters
    ----------
    stream
        The stream, at its beginning.
    packed_bytes
        Tells how many packed bytes have been read for it so far.
    where
        Name of the file, for messages.

    Examples
    --------
    >>> watched(io.BytesIO(b"text"), lambda: 4, "table.tsv").read()
    b'text'
    """
    return cast("IO[bytes]", io.BufferedReader(_Watched(stream, packed_bytes, where), _READ_BYTES))


def whole(stream: IO[bytes], where: str) -> bytes:
    """The rest of a stream, read in parts so that it is known in time when it does not fit.

    Raises
    ------
    MemoryLimitError
        The bytes do not fit into the memory that is left, twice: they are about to become text.
    """
    content = io.BytesIO()
    while part := stream.read(_READ_BYTES):
        refuse_beyond_memory(content.tell() + len(part), where)
        content.write(part)
    return content.getvalue()


def damaged_gzip(where: str) -> InputError:
    """The error for a gzip file that cannot be unpacked."""
    return InputError(f"{where}: the gzip file is truncated or damaged. Copy or compress it again.")


class _Watched(io.RawIOBase):
    def __init__(self, unpacked: IO[bytes], packed_bytes: Callable[[], int], where: str) -> None:
        self._unpacked, self._packed_bytes, self._where = unpacked, packed_bytes, where
        self._n_lines = self._since_look = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        return self._unpacked.seek(offset, whence)

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        part = self._unpacked.read(len(buffer))
        buffer[: len(part)] = part
        self._n_lines += part.count(b"\n")
        self._since_look += len(part)
        if self._since_look >= _LOOK_EVERY:
            self._since_look = 0
            self._look()
        return len(part)

    def _look(self) -> None:
        refuse_beyond_memory(0, self._where)
        packed = self._packed_bytes()
        if self._n_lines > max(_MOST_LINES, _LINES_A_BYTE * packed):
            raise InputError(
                f"{self._where}: found {self._n_lines} lines and more in {packed} compressed bytes (expected lines "
                "that differ). Check where the file comes from; if it is right, unpack it first."
            )
