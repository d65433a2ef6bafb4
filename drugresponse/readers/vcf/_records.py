"""Records of VCF as text, many at a time: where they stand, what is told about them, and their calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, quoted
from drugresponse.readers.variants.site_filter import PASSED
from drugresponse.readers.vcf._calls import BadCallError, decode_dosages, decode_genotypes
from drugresponse.readers.vcf._sites import Site, VariantHeader

__all__ = ["Lines", "Places", "VariantRecords", "place_of", "text_of"]

Places = Callable[[Sequence[str], Sequence[int]], NDArray[np.bool_]]
"""Tells which places, given by chromosome and position, are wanted."""
Lines = Callable[[Places | None], Iterator[list[tuple[int, bytes]]]]
"""Gives the records at the wanted places, or all, with their numbers, some at a time."""
_N_FIXED = 9
_PASSED = {name.encode() for name in PASSED}


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
        decoded: list[tuple[NDArray[Any], int] | None] = [None] * len(sites)
        places, texts = [], []
        for at, site in enumerate(sites):
            # where GT is the first field, the others need not be cut away
            text = site.calls[1] if site.calls[0].startswith(b"GT:") else site.sample_field(b"GT")
            if text is not None:
                places.append(at)
                texts.append(text)
            elif (expected := self._expected(site)) is not None:
                decoded[at] = expected, 0
        if not texts:
            return decoded
        try:
            numbers = [len(sites[at].alternates) or 1 for at in places]
            calls, beyond_two = decode_genotypes(texts, numbers, n_samples, [single[at] for at in places])
        except BadCallError as error:
            raise self._wrong(sites[places[error.at]], error) from error
        for at, calls_at_site, further in zip(places, calls, beyond_two.tolist(), strict=True):
            decoded[at] = self._filled(sites[at], calls_at_site), further
        return decoded

    def failed_calls(self, site: Site) -> NDArray[np.bool_] | None:
        """`(n_samples,)` whether FT of each sample names a filter that its call did not pass; None without FT."""
        text = site.sample_field(b"FT")
        return None if text is None else np.array([cell not in _PASSED for cell in text.split(b"\t")])

    def _filled(self, site: Site, calls: NDArray[Any]) -> NDArray[Any]:
        """Calls with DS where GT tells no whole call."""
        if b"DS" not in site.calls[0] or (calls >= 0).all() or (expected := self._expected(site)) is None:
            return calls
        return np.where((calls < 0) & (expected >= 0), expected, calls.astype(np.float32))

    def _expected(self, site: Site) -> NDArray[np.float32] | None:
        """Copies by DS; None without it."""
        if (text := site.sample_field(b"DS")) is None:
            return None
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
                f"{where}: found no {'REF' if cells[0] else 'CHROM'} (expected one). The file is "
                "damaged; check it with: bcftools view"
            )
        try:
            # bases are the same in lower case, in which soft-masked references have them; symbols and breakends are not
            alternate = cells[4] if b"<" in cells[4] or b"[" in cells[4] or b"]" in cells[4] else cells[4].upper()
            written = (cells[0], cells[3].upper(), alternate, cells[6])
            chromosome, reference, alternates, filters = map(bytes.decode, written)
        except UnicodeDecodeError as error:
            raise _not_text(where) from error
        return Site(
            number,
            chromosome,
            _position(cells[1], where),
            reference,
            () if alternates == "." else tuple(alternates.split(",")),
            _nothing if cells[7] == b"." else partial(self._info, number, cells[7]),
            (cells[8], cells[9]),
            "" if filters in PASSED else filters,
        )

    def _info(self, number: int, info: bytes, name: str) -> str | None:
        key = _key(name)
        # the field stands first, or behind another
        start = -1 if info.startswith(key[1:]) else info.find(key)
        if start < 0 and not info.startswith(key[1:]):
            return None
        return text_of(info[start + len(key) :].split(b";", 1)[0], self._line(number))


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
        raise _not_text(where) from error


def _not_text(where: str) -> InputError:
    return InputError(
        f"{where}: found a character that is not UTF-8 text (expected only such). The file is damaged; copy it again."
    )


def _position(cell: bytes, where: str) -> int:
    if not cell.isdigit() or len(cell) > 10:
        raise InputError(
            f"{where}: found {quoted(cell, 40)} as POS (expected a whole number). The file is damaged, or "
            "is not separated by tabs; check it with: bcftools view"
        )
    return int(cell)


def _nothing(name: str) -> None:
    """No field of an empty INFO."""


@lru_cache
def _key(name: str) -> bytes:
    return f";{name}=".encode()
