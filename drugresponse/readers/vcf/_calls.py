"""The calls of VCF text, many records at a time: GT or DS of each sample -> copies of the alternate alleles."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import quoted
from drugresponse.readers.variants.allele_calls import copies_of, expected_copies

__all__ = ["BadCallError", "decode_dosages", "decode_genotypes", "only_field"]

_TAB, _COLON, _SLASH, _BAR, _POINT = b"\t:/|."
_UNREAD = np.int8(-128)
_ONE_COPY = 255
"""Stands for the second allele of a call that has only one."""
_CALL = re.compile(rb"[/|]?(?:\.|[0-9]{1,4})(?:[/|](?:\.|[0-9]{1,4}))*")
_MOST_COPIES = np.iinfo(np.int8).max
_MISSING_NUMBER = (b".", b"")


class BadCallError(ValueError):
    """A record cannot be understood; `at` is its number among those that were given."""

    def __init__(self, at: int, message: str) -> None:
        super().__init__(message)
        self.at = at


def decode_genotypes(
    texts: Sequence[bytes], n_alternates: Sequence[int], n_samples: int, single: Sequence[bool] = ()
) -> tuple[list[NDArray[np.int8]], NDArray[np.int64]]:
    r"""Copies of each alternate allele, where GT is the first field.

    Parameters
    ----------
    texts
        The columns of the samples of each record, separated by tabs.
    n_alternates
        How many alternate alleles each record has.
    n_samples
        How many samples there are.
    single
        Of each record, whether a call of one allele counts as two of them; () means of none.

    Returns
    -------
    calls : list of numpy.ndarray
        `(n_alternates, n_samples)` int8 for each record, as in `allele_calls`.
    beyond_two : (n_records,) int64
        How many alleles the calls of each record have more than two for each call; negative where calls are haploid.

    Raises
    ------
    BadCallError
        A record has another number of samples, a call that is none or of more than 127 alleles, or an allele that is
        not listed.

    Notes
    -----
    The calls of one record after the other would cost more than unpacking the file. So all cells of many records are
    looked at together: those of two alleles with one digit each, or of one, are found in a table by their characters,
    and only the others are read one by one.

    Examples
    --------
    >>> calls, beyond_two = decode_genotypes([b"0/1\t.", b"2|1:9\t3:8"], [1, 3], 2)
    >>> [each.tolist() for each in calls], beyond_two.tolist()
    ([[[1, -1]], [[1, 0], [1, 0], [0, 1]]], [0, -1])
    """
    beyond_two = np.zeros(len(texts), dtype=np.int64)
    codes = _codes_of_equal_width(texts, n_samples)
    if codes is None:
        codes = _codes(texts, n_samples)
        doubled = np.array(single or [False] * len(texts))[:, None] & (codes >> 8 == _ONE_COPY)
        if doubled.any():
            codes = np.where(doubled, (codes & 0xFF) * np.uint16(0x101), codes)
        beyond_two -= ((codes >> 8 == _ONE_COPY) & (codes & 0xFF != _POINT)).sum(axis=1)
    if set(n_alternates) == {1}:
        calls = _table(1, 1)[codes]
        copies = list(calls[:, None, :])
    else:
        copies = [
            np.stack([_table(min(number, 10), min(n, 9))[row] for number in range(1, n + 1)])
            for row, n in zip(codes, n_alternates, strict=True)
        ]
        calls = np.stack([of_record[0] for of_record in copies])
    for at in np.flatnonzero((calls == _UNREAD).any(axis=1)).tolist():
        beyond_two[at] += _read_one_by_one(at, texts[at], copies[at], bool(single and single[at]))
    return copies, beyond_two


def decode_dosages(text: bytes, n_alternates: int, n_samples: int) -> NDArray[np.float32]:
    r"""Expected copies of each alternate allele, where DS is the only field.

    Returns
    -------
    numpy.ndarray
        `(n_alternates, n_samples)` float32; `MISSING` where there is none.

    Raises
    ------
    ValueError
        The record has another number of samples, or a DS that is no number from 0 on.

    Examples
    --------
    >>> decode_dosages(b"0.25,1.5\t.", 2, 2).tolist()
    [[0.25, -1.0], [1.5, -1.0]]
    """
    cells = text.split(b"\t")
    if len(cells) != n_samples:
        raise ValueError(_other_number(len(cells), n_samples))
    expected = np.full((n_alternates, n_samples), np.nan, dtype=np.float32)
    for at, cell in enumerate(cells):
        if cell in _MISSING_NUMBER:
            continue
        for allele, number in enumerate(cell.split(b",")[:n_alternates]):
            if number not in _MISSING_NUMBER:
                try:
                    expected[allele, at] = float(number)
                except ValueError as error:
                    raise ValueError(f"found DS {quoted(number, 40)} (expected a number).") from error
    return expected_copies(expected)


def only_field(text: bytes, at: int) -> bytes:
    r"""The columns of the samples with nothing but the field at this place.

    Examples
    --------
    >>> only_field(b"3:0/1\t4", 1)
    b'0/1\t.'
    """
    cells = (cell.split(b":") for cell in text.split(b"\t"))
    return b"\t".join(cell[at] if at < len(cell) else b"." for cell in cells)


def _codes_of_equal_width(texts: Sequence[bytes], n_samples: int) -> NDArray[np.uint16] | None:
    """First and second allele as two characters, `(n_records, n_samples)`; None unless all cells are such as 0/1."""
    if any(len(text) != 4 * n_samples - 1 for text in texts):
        return None
    cells = np.frombuffer(b"\t".join([*texts, b""]), dtype="<u4").reshape(-1, n_samples)
    between = (cells >> 8) & 0xFF00FF
    if not ((between == (_SLASH | _TAB << 16)) | (between == (_BAR | _TAB << 16))).all():
        return None
    return ((cells & 0xFF) | (cells >> 8 & 0xFF00)).astype(np.uint16)


def _codes(texts: Sequence[bytes], n_samples: int) -> NDArray[np.uint16]:
    characters = np.frombuffer(b"\t".join(texts) + b"\t\t\t\t", dtype=np.uint8)
    ends = np.cumsum([len(text) + 1 for text in texts]) - 1
    tabs = np.flatnonzero(characters[:-3] == _TAB)
    if len(tabs) != len(texts) * n_samples or not np.array_equal(tabs[n_samples - 1 :: n_samples], ends):
        at = next(at for at, text in enumerate(texts) if text.count(b"\t") != n_samples - 1)
        raise BadCallError(at, _other_number(texts[at].count(b"\t") + 1, n_samples))
    starts = np.concatenate([[0], tabs[:-1] + 1])
    first, second, third, fourth = (characters[starts + place] for place in range(4))
    two = ((second == _SLASH) | (second == _BAR)) & ((fourth == _TAB) | (fourth == _COLON))
    one = (second == _TAB) | (second == _COLON)
    other = np.where(two, third, np.where(one, np.uint8(_ONE_COPY), np.uint8(0)))
    return (first | other.astype(np.uint16) << 8).reshape(-1, n_samples)


@lru_cache(maxsize=128)
def _table(alternate: int, n_alternates: int) -> NDArray[np.int8]:
    """`(65536,)` copies of an alternate for every two characters; `_UNREAD` where they are no alleles of the record.

    Of the alternates, 1 to 9, no more than nine are known; 10 stands for every other, which has no copies here.
    """
    allele_of = np.full(256, -3, dtype=np.int16)
    listed = range(n_alternates + 1)
    allele_of[[ord(str(number)) for number in listed]] = listed
    allele_of[ord(".")], allele_of[_ONE_COPY] = -1, -2
    second, first = np.divmod(np.arange(1 << 16), 256)
    alleles = np.column_stack([allele_of[first], allele_of[second]])
    copies = copies_of(np.where(alleles < 0, alleles, alleles == alternate), 1)[0]
    return np.where((alleles[:, 0] < -1) | (alleles[:, 1] < -2), _UNREAD, copies)


def _read_one_by_one(at: int, text: bytes, calls: NDArray[np.int8], single: bool) -> int:
    """Fill in what the table does not know; returns how many alleles these calls have beyond two each."""
    cells = text.split(b"\t")
    samples = np.flatnonzero(calls[0] == _UNREAD)
    read = [_alleles(at, cells[sample].split(b":", 1)[0], len(calls)) for sample in samples]
    if single:
        read = [call * 2 if len(call) == 1 else call for call in read]
    alleles = np.full((len(read), max(map(len, read))), -2)
    for row, call in zip(alleles, read, strict=True):
        row[: len(call)] = call
    calls[:, samples] = copies_of(alleles, len(calls))
    return sum(len(call) - 2 for call in read if min(call) >= 0)


def _alleles(at: int, call: bytes, n_alternates: int) -> list[int]:
    if not _CALL.fullmatch(call):
        raise BadCallError(at, f"found the call {quoted(call, 40)} (expected alleles such as 0/1).")
    alleles = [-1 if allele == b"." else int(allele) for allele in re.split(rb"[/|]", call.lstrip(b"/|"))]
    if len(alleles) > _MOST_COPIES:
        raise BadCallError(at, f"found a call of {len(alleles)} alleles (expected at most {_MOST_COPIES}).")
    if max(alleles) > n_alternates:
        raise BadCallError(at, f"found allele {max(alleles)} in a call (expected at most {n_alternates}, as in ALT).")
    return alleles


def _other_number(found: int, expected: int) -> str:
    return f"found {found} columns of samples (expected {expected}, as in the header)."
