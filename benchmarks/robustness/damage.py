"""Kinds of damage to bytes, and to what an archive or a model file holds, drawn by a generator."""

from __future__ import annotations

import gzip
import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from drugresponse.errors import DrugResponseError
from drugresponse.model.file import is_model_file, read_model_file, write_model_file

__all__ = ["bomb", "damaged", "packed_blocks", "zipped"]

Draw = np.random.Generator
_LONG = 200_000
_TOKENS = (
    b"\t", b",", b'"', b"\n", b"\r", b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"-", b"9" * 400, b"1e999", b"nan", b"-inf",
    b"=1+1", b"[" * _LONG, b"{" * _LONG, b"{\"a\":" * 50_000, b"A" * _LONG, b"\n" * _LONG, b"\t" * _LONG, b"%s%n",
    b"../../../etc/passwd", b"!!python/object/apply:os.system [id]", b"&a [*a, *a]", b"<!--", b"\xf0\x9f\xa7\xac",
    b"\x1b[2J",
)  # fmt: skip
_NUMBERS = (b"nan", b"inf", b"-", b"1e999", b"-1", b"0x1", b"1,5", b"9" * 30, b"1e308", b"4294967296", b"1e-320")
_LENGTHS = (0, 1, 0x7F, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, 0x7FFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFFFFF)
_BOMB = 1 << 26
_BGZF_END = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
_VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 2**70, 1e308, "", "x" * 100_000, [], {}, [[]] * 100, {"a": {"b": []}}, [1, "a", None],
)  # fmt: skip


def damaged(whole: bytes, other: bytes, draw: Draw) -> bytes:
    """The bytes of a file, or of what it holds packed, damaged in one way or a few.

    Parameters
    ----------
    whole
        The file.
    other
        A file of another kind, parts of which may be put into it.
    draw
        What chooses.
    """
    if draw.random() < 0.7:
        inside = _damaged_inside(whole, other, draw)
        if inside is not None:
            return inside
    for _ in range(int(draw.choice([1, 1, 1, 2, 4]))):
        whole = _KINDS[int(draw.integers(len(_KINDS)))](whole or b"\0", other, draw)
    return whole


def packed_blocks(content: bytes) -> bytes:
    """Gzip in blocks that tell their sizes, as htslib wants it."""
    blocks = []
    for start in range(0, len(content), 0xFF00):
        part = content[start : start + 0xFF00]
        squeeze = zlib.compressobj(wbits=-15)
        packed = squeeze.compress(part) + squeeze.flush()
        head = bytes.fromhex("1f8b08040000000000ff060042430200") + struct.pack("<H", len(packed) + 25)
        blocks.append(head + packed + struct.pack("<II", zlib.crc32(part), len(part)))
    return b"".join(blocks) + _BGZF_END


def zipped(members: Sequence[tuple[str, bytes]]) -> bytes:
    """An archive that is the same whenever it is made."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members:
            # OpenDocument is told by this one, which is never packed
            how = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(zipfile.ZipInfo(name), content, how)
    return file.getvalue()


def _damaged_inside(whole: bytes, other: bytes, draw: Draw) -> bytes | None:
    """None for a file that packs nothing."""
    if whole.startswith(b"\x1f\x8b"):
        inner = damaged(gzip.decompress(whole), other, draw)
        return packed_blocks(inner) if whole[3] & 4 else gzip.compress(inner, mtime=0)
    if whole.startswith(b"PK\x03\x04"):
        with zipfile.ZipFile(io.BytesIO(whole)) as archive:
            members = [(name, archive.read(name)) for name in archive.namelist()]
        at = int(draw.integers(len(members)))
        name, content = members[at]
        members[at] = (name, damaged(content, other, draw))
        return zipped(members)
    with TemporaryDirectory() as folder:
        file = Path(folder, "model")
        file.write_bytes(whole)
        if not is_model_file(file):
            return None
        state, manifest = read_model_file(file)
        for _ in range(int(draw.integers(1, 3))):
            _damage_value(state if draw.random() < 0.7 else manifest, other, draw)
        try:
            write_model_file(file, state, manifest)
        except (ValueError, TypeError, AttributeError, OverflowError, DrugResponseError):
            return None
        return file.read_bytes()


def _damage_value(values: dict[str, Any], other: bytes, draw: Draw) -> None:
    """Change one of nested values, whose checksum is then made anew."""
    while True:
        name = list(values)[int(draw.integers(len(values)))]
        if not isinstance(values[name], dict) or not values[name] or draw.random() < 0.1:
            break
        values = values[name]
    value = values[name]
    what = draw.random()
    if what < 0.1:
        del values[name]
    elif what < 0.15:
        values[name + "x"] = values.pop(name)
    elif isinstance(value, np.ndarray) and what < 0.9:
        values[name] = _damaged_array(value, other, draw)
    elif isinstance(value, list) and value and what < 0.7:
        at = int(draw.integers(len(value)))
        values[name] = [value[:at], value + value[at:], value[::-1], [*value[:at], "", *value[at + 1 :]]][
            int(draw.integers(4))
        ]
    elif isinstance(value, int | float) and not isinstance(value, bool) and what < 0.7:
        values[name] = [value + 1, -value, value * 1e6, 0, int(value) << 40 if abs(value) < 1e9 else 1][
            int(draw.integers(5))
        ]
    else:
        values[name] = _VALUES[int(draw.integers(len(_VALUES)))]


def _damaged_array(array: np.ndarray[Any, Any], other: bytes, draw: Draw) -> np.ndarray[Any, Any]:
    kind = int(draw.integers(7))
    if array.dtype == np.uint8 and array.ndim == 1 and array.size and kind < 5:
        return np.frombuffer(damaged(array.tobytes(), other, draw), np.uint8)
    if kind == 0:
        return array[: int(draw.integers(array.shape[0]))] if array.ndim and array.shape[0] else np.zeros(3)
    if kind == 1:
        return array.reshape(-1)
    if kind == 2:
        return array[..., None]
    if kind == 3:
        return array.astype(draw.choice(["f4", "f8", "i8", "u1", "i4"]))
    if kind == 4 and array.ndim and array.shape[0]:
        return np.concatenate([array, array])
    changed = array.copy()
    if changed.size:
        strange: list[Any] = [-1, 0, 2**31 - 1, 127] if array.dtype.kind in "iu" else [np.nan, np.inf, -1, 1e308, 0]
        with np.errstate(all="ignore"):
            at = int(draw.integers(changed.size))
            value = strange[int(draw.integers(len(strange)))]
            changed.reshape(-1)[at] = np.asarray(value).astype(array.dtype)
    return changed


def _place(whole: bytes, draw: Draw) -> int:
    # headers are short, and most goes wrong in them
    return int(draw.integers(min(len(whole), 256) if draw.random() < 0.3 else len(whole)))


def _flip(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    content = bytearray(whole)
    for _ in range(int(draw.choice([1, 1, 3, 16]))):
        content[_place(whole, draw)] ^= 1 << int(draw.integers(8))
    return bytes(content)


def _cut(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    return whole[: _place(whole, draw)]


def _splice(whole: bytes, other: bytes, draw: Draw) -> bytes:
    source = other if draw.random() < 0.3 and other else whole
    start, size, at = _place(source, draw), int(draw.integers(1, 400)), _place(whole, draw)
    return whole[:at] + source[start : start + size] + whole[at + size :]


def _duplicate(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    at, size = _place(whole, draw), int(draw.integers(1, 400))
    return whole[:at] + whole[at : at + size] * int(draw.choice([2, 3, 1000])) + whole[at + size :]


def _delete(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    at, size = _place(whole, draw), int(draw.integers(1, 400))
    return whole[:at] + whole[at + size :]


def _swap(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    a, b, c = sorted(_place(whole, draw) for _ in range(3))
    return whole[:a] + whole[b:c] + whole[a:b] + whole[c:]


def _head_of_another(whole: bytes, other: bytes, draw: Draw) -> bytes:
    size = int(draw.integers(1, 64))
    return other[:size] + whole[size:] if draw.random() < 0.5 else other[:size] + whole


def _length(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    size, at = int(draw.choice([1, 2, 4, 8])), _place(whole, draw)
    number = _LENGTHS[int(draw.integers(len(_LENGTHS)))] & ((1 << 8 * size) - 1)
    return whole[:at] + number.to_bytes(size, "little" if draw.random() < 0.7 else "big") + whole[at + size :]


def _token(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    at = _place(whole, draw)
    return whole[:at] + _TOKENS[int(draw.integers(len(_TOKENS)))] + whole[at + int(draw.integers(2)) :]


def _number(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    digits = [at for at, sign in enumerate(whole[:100_000]) if 48 <= sign < 58]
    if not digits:
        return _length(whole, _other, draw)
    number = _NUMBERS[int(draw.integers(len(_NUMBERS)))]
    at = digits[int(draw.integers(len(digits)))]
    return (
        whole.replace(whole[at : at + 1], number, 500) if draw.random() < 0.2 else whole[:at] + number + whole[at + 1 :]
    )


def _lines(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    lines = whole.split(b"\n")
    at, kind = int(draw.integers(len(lines))), int(draw.integers(5))
    if kind == 0:
        return b"\n".join(lines[:at] + lines[at + 1 :])
    if kind == 1:
        return b"\n".join(lines[: at + 1] + lines[at:])
    if kind == 2:
        return b"\n".join(lines[::-1])
    if kind == 3:
        return b"\r".join(lines)
    fields = lines[at].split(b"\t")
    lines[at] = b"\t".join(fields[::-1]) if draw.random() < 0.5 else b"\t".join(fields[:-1])
    return b"\n".join(lines)


def _packed(whole: bytes, _other: bytes, draw: Draw) -> bytes:
    packed = packed_blocks(whole) if draw.random() < 0.5 else gzip.compress(whole, mtime=0)
    kind = int(draw.integers(4))
    if kind == 0:
        return packed[: -int(draw.integers(1, 30))]
    if kind == 1:
        return gzip.compress(packed, mtime=0)
    return _flip(packed, b"", draw) if kind == 2 else packed


def bomb(whole: bytes, draw: Draw) -> bytes:
    """A few kilobytes that unpack to 64 MB of the same line, byte or block."""
    lines = whole.splitlines(keepends=True)[-3:] or [whole]
    unit = [lines[-1], b"\0", b"\n", whole[:4096]][int(draw.integers(4))]
    return gzip.compress(whole + unit * (_BOMB // max(1, len(unit))), compresslevel=1, mtime=0)


_KINDS: tuple[Callable[[bytes, bytes, Draw], bytes], ...] = (
    *(_flip, _flip, _flip, _cut, _cut, _splice, _splice, _duplicate, _delete, _swap, _head_of_another),
    *(_length, _length, _length, _token, _token, _token, _number, _number, _number, _lines, _lines, _packed),
)
