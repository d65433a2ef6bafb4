"""Records of VCF as text, many at a time: where they stand, what is told about them, and their calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, quoted
from drugresponse.readers.vcf._calls import BadCallError, decode_dosages, decode_genotypes, only_field
from drugresponse.readers.vcf._sites import Site, VariantHeader

__all__ = ["Lines", "Places", "VariantRecords", "place_of", "text_of"]

Places = Callable[[Sequence[str], Sequence[int]], NDArray[np.bool_]]
"""Tells which places, given by chromosome and position, are wanted."""
Lines = Callable[[Places | None], Iterator[list[tuple[int, bytes]]]]
"""Gives the records at the wanted places, or all, with their numbers, some at a time."""
_N_FIXED = 9
_PASSED = (b"PASS", b".", b"0", b"", b"RefCall")
"""What FILTER and FT say of what passed, was not filtered, or is the reference (DeepVariant)."""


@dataclass(frozen=True)
class VariantRecords:
    """The records of a file.

    Attributes
    ----------
    where
        Name of the file, and what its records are called: `line` or `record`.
    header
        What its header tells.
    lines
        Its records.
    """

    where: tuple[str, str]
    header: VariantHeader
    lines: Lines

    def batches(self, wanted: Places | None) -> Iterator[list[Site]]:
        """Sites in the order of the file, only those at wanted places.

        Raises
        ------
        InputError
            The file is damaged, or a line is no record.
        """
        for numbered in self.lines(wanted):
            yield [self._site(number, line) for number, line in numbered]

    def decode(self, sites: Sequence[Site], single: Sequence[bool]) -> list[tuple[NDArray[Any], int] | None]:
        """`(n_alternates, n_samples)` calls of each site, as in `allele_calls`; None where it holds neither GT nor DS.

        With them, how many alleles the calls have more than two for each call. Of a site without alternates, the calls
        are of one that is not listed. DS counts where GT is no whole call.

        Parameters
        ----------
        sites
            What is decoded.
        single
            Of each, whether a call of one allele counts as two of them, as a man's X does.

        Raises
        ------
        InputError
            A call cannot be understood.
        """
        n_samples = len(self.header.samples)
        found: list[tuple[NDArray[Any], int] | None] = [None] * len(sites)
        places, texts = [], []
        for at, site in enumerate(sites):
            fields, text = site.calls
            if fields != b"GT" and not fields.startswith(b"GT:"):
                name = next((each for each in (b"GT", b"DS") if each in fields.split(b":")), None)
                if name is None:
                    continue
                text = only_field(text, fields.split(b":").index(name))
                if name == b"DS":
                    found[at] = self._expected(site, text), 0
                    continue
            places.append(at)
            texts.append(text)
        if not texts:
            return found
        try:
            numbers = [len(sites[at].alternates) or 1 for at in places]
            calls, beyond_two = decode_genotypes(texts, numbers, n_samples, [single[at] for at in places])
        except BadCallError as error:
            raise self._wrong(sites[places[error.at]], error) from error
        for at, each, further in zip(places, calls, beyond_two.tolist(), strict=True):
            found[at] = self._filled(sites[at], each), further
        return found

    def failed_calls(self, site: Site) -> NDArray[np.bool_] | None:
        """`(n_samples,)` whether FT of each sample names a filter that its call did not pass; None without FT."""
        fields, text = site.calls
        if b"FT" not in fields:
            return None
        names = fields.split(b":")
        if b"FT" not in names:
            return None
        cells = only_field(text, names.index(b"FT")).split(b"\t")
        return np.array([each not in _PASSED for each in cells])

    def _filled(self, site: Site, calls: NDArray[Any]) -> NDArray[Any]:
        """Calls with DS where GT tells no whole call."""
        fields, text = site.calls
        if b"DS" not in fields or (calls >= 0).all():
            return calls
        names = fields.split(b":")
        if b"DS" not in names:
            return calls
        expected = self._expected(site, only_field(text, names.index(b"DS")))
        return np.where((calls < 0) & (expected >= 0), expected, calls.astype(np.float32))

    def _expected(self, site: Site, text: bytes) -> NDArray[np.float32]:
        try:
            return decode_dosages(text, len(site.alternates) or 1, len(self.header.samples))
        except ValueError as error:
            raise self._wrong(site, error) from error

    def _wrong(self, site: Site, error: ValueError) -> InputError:
        place = f"{site.chromosome}:{site.position}"
        return InputError(f"{self._line(site.number)} ({place}): {error} Correct the record.")

    def _line(self, number: int) -> str:
        return f"{self.where[0]}, {self.where[1]} {number}"

    def _site(self, number: int, line: bytes) -> Site:
        where = self._line(number)
        cells = line.split(b"\t", _N_FIXED)
        if len(cells) <= _N_FIXED:
            raise InputError(
                f"{where}: found {len(cells)} columns (expected "
                f"{_N_FIXED + len(self.header.samples)}, separated by tabs). The file is damaged or truncated; "
                "check it with: bcftools view"
            )
        if not cells[0] or not cells[3]:
            raise InputError(
                f"{where}: found no {'REF' if cells[0] else 'CHROM'} (expected one). The file is damaged; check it "
                "with: bcftools view"
            )
        alternates = () if cells[4] == b"." else tuple(text_of(cells[4], where).split(","))
        return Site(
            number,
            text_of(cells[0], where),
            _position(cells[1], where),
            text_of(cells[3], where),
            alternates,
            _nothing if cells[7] == b"." else partial(_field, cells[7], where),
            (cells[8], cells[9]),
            "" if cells[6] in _PASSED else text_of(cells[6], where),
        )


def place_of(line: bytes, where: str) -> tuple[str, int]:
    r"""Chromosome and position of a record.

    Raises
    ------
    InputError
        The position is no number.

    Examples
    --------
    >>> place_of(b"chr1\t7\t.\tA\tC", "cohort.vcf, line 9")
    ('chr1', 7)
    """
    cells = line.split(b"\t", 2)
    return text_of(cells[0], where), _position(cells[1] if len(cells) > 1 else b"", where)


def text_of(cell: bytes, where: str) -> str:
    """The text of a cell; `where` names the file and the line, for the message."""
    try:
        return cell.decode()
    except UnicodeDecodeError as error:
        raise InputError(
            f"{where}: found a character that is not UTF-8 text (expected only such). "
            "The file is damaged; copy it again."
        ) from error


def _position(cell: bytes, where: str) -> int:
    if not cell.isdigit() or len(cell) > 10:
        raise InputError(
            f"{where}: found {quoted(cell, 40)} as POS (expected a whole number). The file is damaged, or "
            "is not separated by tabs; check it with: bcftools view"
        )
    return int(cell)


def _field(info: bytes, where: str, name: str) -> str | None:
    key = _key(name)
    # the field stands first, or behind another
    start = -1 if info.startswith(key[1:]) else info.find(key)
    if start < 0 and not info.startswith(key[1:]):
        return None
    return text_of(info[start + len(key) :].split(b";", 1)[0], where)


def _nothing(name: str) -> None:
    """Tell no field of an empty INFO."""


@lru_cache
def _key(name: str) -> bytes:
    return f";{name}=".encode()
