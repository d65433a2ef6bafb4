"""The lines of a VCF, plain or compressed, no more of them unpacked at a time than a block."""

from __future__ import annotations

import contextlib
import gzip
import zlib
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import IO, cast

import numpy as np

from drugresponse.errors import InputError
from drugresponse.readers.content import refuse_truncated
from drugresponse.readers.regions import Regions, plain_chromosome
from drugresponse.readers.tabix import Span, find_index
from drugresponse.readers.variant_records import Places, VariantRecords, place_of, text_of
from drugresponse.readers.variant_sites import VariantHeader

__all__ = ["open_vcf"]

READ_BYTES = 1 << 20
_LONGEST_LINE = 1 << 28
_GZIP = b"\x1f\x8b"
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


def open_vcf(file: Path, regions: Regions | None = None) -> VariantRecords:
    """The records of a VCF, plain, gzip or bgzip.

    Parameters
    ----------
    file
        The file. An index beside it is used for regions when it is not older.
    regions
        What is wanted of the file; None wants all.

    Raises
    ------
    InputError
        The header is damaged, or bgzip's mark of the end is absent.
    """
    index = None
    if _is_bgzip(file):
        refuse_truncated(file)
        index = None if regions is None else find_index(file)
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
    header = VariantHeader.parse(text_of(b"\n".join(lines), f"{file.name}, header"), file.name)
    if index is not None and regions is not None:
        return VariantRecords((file.name, "record read"), header, partial(_indexed, file, index.spans(regions)))
    return VariantRecords((file.name, "line"), header, partial(_numbered, file))


def _indexed(file: Path, spans: list[Span], wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
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


def _numbered(file: Path, wanted: Places | None) -> Iterator[list[tuple[int, bytes]]]:
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


def _is_bgzip(file: Path) -> bool:
    with file.open("rb") as stream:
        head = stream.read(14)
    return head.startswith(_GZIP) and bool(head[3] & 4) and head[12:14] == b"BC"


def _blocks(file: Path, offset: int = 0) -> Iterator[list[bytes]]:
    """Lines without their ends, as many as a part of the file holds, from a virtual offset of bgzip on."""
    rest = b""
    try:
        with _opened(file, offset >> 16) as stream:
            if offset:
                stream.read(offset & 0xFFFF)
            elif stream.read(len(_BYTE_ORDER_MARK)) != _BYTE_ORDER_MARK:
                stream.seek(0)
            while part := stream.read(READ_BYTES):
                whole = rest + part
                lines = whole.split(b"\n")
                rest = lines.pop()
                if len(rest) > _LONGEST_LINE:
                    raise InputError(
                        f"{file.name}: found a line of more than {_LONGEST_LINE >> 20} MB (expected a record). "
                        "The file is damaged; copy it again."
                    )
                yield [line.rstrip(b"\r") for line in lines] if b"\r" in whole else lines
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        if offset:
            raise InputError(
                f"{file.name}: the file is damaged, or its index belongs to another. Write the index anew with: "
                "tabix -p vcf"
            ) from error
        raise InputError(f"{file.name}: the gzip file is truncated or damaged. Copy or compress it again.") from error
    if rest:
        yield [rest.rstrip(b"\r")]


@contextlib.contextmanager
def _opened(file: Path, start: int) -> Iterator[IO[bytes]]:
    with file.open("rb") as packed:
        is_gzip = packed.read(2) == _GZIP
        packed.seek(start)
        if not is_gzip:
            yield packed
            return
        with gzip.GzipFile(fileobj=packed) as unpacked:
            yield cast("IO[bytes]", unpacked)
