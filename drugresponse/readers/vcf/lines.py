"""The lines of a VCF, plain or compressed, no more of them unpacked at a time than a block."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import IO

import numpy as np

from drugresponse.data.variants.chromosomes import plain_chromosome
from drugresponse.errors import InputError
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.variants.regions import Regions
from drugresponse.readers.vcf._records import Places, VariantRecords, place_of, text_of
from drugresponse.readers.vcf._sites import VariantHeader
from drugresponse.readers.vcf._tabix import Span, find_index

__all__ = ["open_vcf"]

READ_BYTES = 1 << 20
_LONGEST_LINE = 1 << 28
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_NAME_BYTES = 150


def open_vcf(path: AnySource, regions: Regions | None = None) -> VariantRecords:
    """The records of a VCF, plain, gzip or bgzip.

    Parameters
    ----------
    path
        The file. An index beside it is used for regions when it is not older.
    regions
        What is wanted of the file; None wants all.

    Raises
    ------
    InputError
        The header is damaged, or bgzip's mark of the end is absent.
    """
    file = Source.of(path)
    index = None
    if file.is_bgzip:
        file.refuse_truncated()
        index = None if regions is None else find_index(file.path)
    lines: list[bytes] = []
    size = 0
    for block in _blocks(file):
        size += sum(map(len, block))
        if size > _LONGEST_LINE:
            raise InputError(
                f"{file.name}: found more than {_LONGEST_LINE >> 20} MB of header (expected less). It is damaged; "
                "copy it again."
            )
        n_header = next((at for at, line in enumerate(block) if not line.startswith(b"##")), None)
        lines += block if n_header is None else block[: n_header + 1]
        if n_header is not None:
            break
    # a name takes more as text than in the file
    refuse_beyond_memory(size + _NAME_BYTES * (lines[-1].count(b"\t") if lines else 0), file.name)
    header = VariantHeader.parse(text_of(b"\n".join(lines), f"{file.name}, header"), file.name)
    if index is not None and regions is not None:
        return VariantRecords((file.name, "record read"), header, partial(_indexed, file, index.spans(regions)))
    return VariantRecords((file.name, "line"), header, partial(_numbered, file))


def _indexed(file: Source, spans: list[Span], wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
    number = 0
    for span in spans:
        for lines in _blocks(file, span.offset):
            numbered = [(at, line) for at, line in enumerate(lines, start=number + 1) if line]
            number += len(lines)
            places = [place_of(line, f"{file.name}, record read {at}") for at, line in numbered]
            passed = [plain_chromosome(name) != span.chromosome or place > span.last for name, place in places]
            n_inside = passed.index(True) if True in passed else len(passed)
            inside = [at for at in range(n_inside) if places[at][1] >= span.first]
            if wanted is not None and inside:
                kept = wanted([places[at][0] for at in inside], [places[at][1] for at in inside])
                yield [numbered[inside[at]] for at in np.flatnonzero(kept)]
            if n_inside < len(passed):
                break


def _numbered(file: Source, wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
    number = 0
    for lines in _blocks(file):
        numbered = [(at, line) for at, line in enumerate(lines, start=number + 1) if line and not line.startswith(b"#")]
        number += len(lines)
        if wanted is not None and numbered:
            chromosomes, positions = zip(
                *(place_of(line, f"{file.name}, line {at}") for at, line in numbered), strict=True
            )
            numbered = [numbered[at] for at in np.flatnonzero(wanted(chromosomes, positions))]
        yield numbered


def _blocks(file: Source, offset: int = 0) -> Iterator[list[bytes]]:
    """Lines without their ends, as many as a part of the file holds, from a virtual offset of bgzip on."""
    held: list[bytes] = []
    n_held = 0
    with _opened(file, offset) as stream:
        if not offset and stream.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
            stream.seek(0)
        while part := stream.read(READ_BYTES):
            if b"\0" in part:
                raise InputError(f"{file.name}: found a byte 0 (expected text). The file is damaged; copy it again.")
            if b"\n" not in part:
                held.append(part)
                n_held += len(part)
                _refuse_long_line(n_held, file)
                continue
            whole = b"".join([*held, part])
            lines = whole.split(b"\n")
            held = [lines.pop()]
            n_held = len(held[0])
            yield [line.rstrip(b"\r") for line in lines] if b"\r" in whole else lines
    if rest := b"".join(held):
        yield [rest.rstrip(b"\r")]


@contextlib.contextmanager
def _opened(file: Source, offset: int) -> Iterator[IO[bytes]]:
    try:
        with file.unpacked(offset >> 16) as stream:
            stream.read(offset & 0xFFFF)
            yield stream
    except InputError as error:
        if not offset:
            raise
        raise InputError(
            f"{file.name}: the file is damaged, or its index belongs to another. Write the index anew with: "
            "tabix -p vcf"
        ) from error


def _refuse_long_line(length: int, file: Source) -> None:
    if length > _LONGEST_LINE:
        raise InputError(
            f"{file.name}: found a line of more than {_LONGEST_LINE >> 20} MB (expected a record). "
            "The file is damaged; copy it again."
        )
