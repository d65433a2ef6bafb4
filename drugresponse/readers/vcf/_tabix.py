"""The index beside a bgzipped VCF (.tbi, .csi): from where on the records of a region stand."""

from __future__ import annotations

import bisect
import io
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from drugresponse.data.variants.chromosomes import plain_chromosome
from drugresponse.readers.source.source import Source
from drugresponse.readers.variants.regions import Regions

__all__ = ["Span", "TabixIndex", "find_index"]

_TBI, _CSI = b"TBI\x01", b"CSI\x01"
_TBI_SHIFT, _TBI_DEPTH = 14, 5
_NEAR = 1 << 20
"""Parts of the file that lie nearer to each other are read in one go."""


@dataclass(frozen=True)
class Span:
    """Records of a chromosome from a first to a last base, none of which stands before a virtual offset.

    A virtual offset is the byte of a block of bgzip, times 65,536, plus the byte in the unpacked block.
    """

    chromosome: str
    first: int
    last: int
    offset: int


@dataclass(frozen=True)
class TabixIndex:
    """Where the records of each chromosome begin.

    Attributes
    ----------
    starts
        For each chromosome, without "chr", first bases and virtual offsets, ascending: no record at this base or behind
        it stands before the offset.
    """

    starts: Mapping[str, Sequence[tuple[int, int]]]

    def spans(self, regions: Regions) -> list[Span]:
        """What must be read to see all records in the regions, in the order of the file.

        Examples
        --------
        >>> from drugresponse.readers.variants.regions import Region
        >>> index = TabixIndex({"1": [(0, 500 << 16), (1 << 14, 900 << 16)], "2": [(0, 9 << 36)]})
        >>> [(span.last, span.offset >> 16) for span in index.spans(Regions.of([Region("chr1", 16500, 16600)]))]
        [(16600, 900)]
        """
        spans: list[Span] = []
        for region in sorted(regions.regions, key=lambda region: (region.chromosome, region.start)):
            if region.chromosome not in self.starts:
                continue
            offset = self._offset(region.chromosome, region.start)
            before = spans[-1] if spans and spans[-1].chromosome == region.chromosome else None
            between = 0 if before is None else (offset >> 16) - (self._offset(region.chromosome, before.last) >> 16)
            if before and (region.start <= before.last + 1 or between < _NEAR):
                spans[-1] = Span(region.chromosome, before.first, max(region.end, before.last), before.offset)
            else:
                spans.append(Span(region.chromosome, region.start, region.end, offset))
        return sorted(spans, key=lambda span: span.offset)

    def _offset(self, chromosome: str, base: int) -> int:
        """The offset before which no record at or behind the base stands."""
        starts = self.starts[chromosome]
        return starts[bisect.bisect_right(starts, (base, 1 << 64)) - 1][1]


def find_index(file: Path) -> TabixIndex | None:
    """The index beside a file, unless there is none, it is older than the file, or it cannot be read.

    References
    ----------
    The specifications of tabix (TBI) and of CSI version 1, of samtools.
    """
    for suffix in (".tbi", ".csi"):
        index = Path(f"{file}{suffix}")
        if index.is_file() and index.stat().st_mtime >= file.stat().st_mtime:
            try:
                return TabixIndex(_starts(io.BytesIO(Source(index).unpacked_bytes())))
            except (OSError, struct.error, ValueError):
                continue
    return None


def _starts(stream: IO[bytes]) -> dict[str, list[tuple[int, int]]]:
    magic = stream.read(4)
    if magic not in (_TBI, _CSI):
        raise ValueError("no index")
    is_csi = magic == _CSI
    shift, depth, n_chromosomes = _numbers(stream, "3i") if is_csi else (_TBI_SHIFT, _TBI_DEPTH, *_numbers(stream, "i"))
    *_, length = _numbers(stream, "7i")
    names = [plain_chromosome(name.decode()) for name in stream.read(length).split(b"\0")[:-1]]
    if is_csi:
        (n_chromosomes,) = _numbers(stream, "i")
    starts = {}
    for name in names[:n_chromosomes]:
        if name in starts:
            raise ValueError("two names of one chromosome")
        starts[name] = _windows(stream, shift, depth, is_csi=is_csi)
    return {name: windows for name, windows in starts.items() if windows}


def _windows(stream: IO[bytes], shift: int, depth: int, *, is_csi: bool) -> list[tuple[int, int]]:
    """First bases and offsets of the next chromosome."""
    first_leaf = ((1 << 3 * depth) - 1) // 7
    after_leaves = ((1 << 3 * (depth + 1)) - 1) // 7
    windows: list[tuple[int, int]] = []
    begins: list[int] = []
    for _ in range(*_numbers(stream, "i")):
        number, *offset, n_chunks = _numbers(stream, "IQi" if is_csi else "Ii")
        if is_csi and first_leaf <= number < after_leaves:
            windows.append(((number - first_leaf) << shift, offset[0]))
        chunks = _numbers(stream, f"{2 * n_chunks}Q")
        # what stands behind the leaves are counts
        if number < after_leaves:
            begins += chunks[::2]
    if not is_csi:
        (n_windows,) = _numbers(stream, "i")
        windows = [(at << shift, offset) for at, offset in enumerate(_numbers(stream, f"{n_windows}Q"))]
    if not begins:
        return []
    begin = min(begins)
    return sorted([(0, begin), *((first + 1, offset) for first, offset in windows if offset > begin)])


def _numbers(stream: IO[bytes], form: str) -> tuple[int, ...]:
    """The next numbers, as `struct` writes their form."""
    return struct.unpack(f"<{form}", stream.read(struct.calcsize(f"<{form}")))
