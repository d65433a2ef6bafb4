"""UBJSON, as XGBoost writes it, read into plain values; no length in it is believed."""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

__all__ = ["read_ubjson"]

_WHOLE = {b"i": ">b", b"U": ">B", b"I": ">h", b"l": ">i", b"L": ">q"}
_TYPED = {b"U": "u1", b"l": ">i4", b"L": ">i8", b"d": ">f4"}
_DEEPEST = 10


def read_ubjson(raw: bytes) -> Any:
    r"""Objects as dicts, arrays of one type as arrays, other arrays as lists, and text and whole numbers.

    Parameters
    ----------
    raw
        The whole document. What XGBoost does not write (arrays without a length, single fractions) is not read.

    Raises
    ------
    ValueError
        The bytes are not such a document from their first to their last.

    Examples
    --------
    >>> read_ubjson(b"{L" + bytes(7) + b"\x01a[#L" + bytes(7) + b"\x02i\x03i\xff}")
    {'a': [3, -1]}
    """
    reader = _Reader(raw)
    value = reader.value(0)
    if reader.at != len(raw):
        raise ValueError("there are bytes behind the end")
    return value


class _Reader:
    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.at = 0

    def take(self, length: int) -> bytes:
        """So many bytes, which must be there."""
        if not 0 <= length <= len(self.raw) - self.at:
            raise ValueError("a length leads behind the end")
        self.at += length
        return self.raw[self.at - length : self.at]

    def whole(self, mark: bytes) -> int:
        return int(struct.unpack(_WHOLE[mark], self.take(struct.calcsize(_WHOLE[mark])))[0])

    def length(self, mark: bytes) -> int:
        if mark != b"L":
            raise ValueError("a length is no number of eight bytes")
        return self.whole(mark)

    def text(self, mark: bytes) -> str:
        return self.take(self.length(mark)).decode()

    def value(self, depth: int) -> Any:
        mark = self.take(1)
        if depth > _DEEPEST:
            raise ValueError("values lie too deep")
        if mark == b"{":
            return self.named(depth + 1)
        if mark == b"[":
            return self.array(depth + 1)
        if mark == b"S":
            return self.text(self.take(1))
        if mark in _WHOLE:
            return self.whole(mark)
        raise ValueError("a value is of no known type")

    def named(self, depth: int) -> dict[str, Any]:
        values: dict[str, Any] = {}
        while (mark := self.take(1)) != b"}":
            name = self.text(mark)
            if name in values:
                raise ValueError("a name stands twice")
            values[name] = self.value(depth)
        return values

    def array(self, depth: int) -> Any:
        mark = self.take(1)
        kind = None
        if mark == b"$":
            kind, mark = _TYPED.get(self.take(1)), self.take(1)
            if kind is None:
                raise ValueError("an array is of no known type")
        if mark != b"#":
            raise ValueError("an array has no length")
        length = self.length(self.take(1))
        if kind is not None:
            # an empty array has no type: it equals any other
            return np.frombuffer(self.take(length * np.dtype(kind).itemsize), kind) if length else []
        if length > len(self.raw):
            raise ValueError("a length leads behind the end")
        return [self.value(depth) for _ in range(length)]
