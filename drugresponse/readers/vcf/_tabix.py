"""The index beside a bgzipped VCF (.tbi, .csi): from where on the records of a region stand."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
        for each in sorted(regions.regions, key=lambda each: (each.chromosome, each.start)):
            starts = self.starts.get(each.chromosome)
            if not starts:
                continue
            offset = starts[bisect.bisect_right(starts, (each.start, 1 << 64)) - 1][1]
            before = spans[-1] if spans and spans[-1].chromosome == each.chromosome else None
            if before and (each.start <= before.last + 1 or (offset >> 16) - self._byte(before) < _NEAR):
                spans[-1] = Span(each.chromosome, before.first, max(each.end, before.last), before.offset)
            else:
                spans.append(Span(each.chromosome, each.start, each.end, offset))
        return sorted(spans, key=lambda each: each.offset)

    def _byte(self, span: Span) -> int:
        """Byte of the file near which the last base of a span stands."""
        starts = self.starts[span.chromosome]
        return starts[bisect.bisect_right(starts, (span.last, 1 << 64)) - 1][1] >> 16


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
                starts = _starts(Source(index).unpacked_bytes())
            except (OSError, struct.error, ValueError):
                continue
            return TabixIndex(starts)
    return None


def _starts(content: bytes) -> dict[str, list[tuple[int, int]]]:
    magic, shift, depth, at = content[:4], _TBI_SHIFT, _TBI_DEPTH, 4
    if magic == _CSI:
        shift, depth, _ = struct.unpack_from("<3i", content, at)
        at += 12
    elif magic != _TBI:
        raise ValueError("no index")
    else:
        (n_chromosomes,) = struct.unpack_from("<i", content, at)
        at += 4
    *_, length = struct.unpack_from("<7i", content, at)
    at += 28
    names = [plain_chromosome(name.decode()) for name in content[at : at + length].split(b"\0")[:-1]]
    at += length
    if magic == _CSI:
        (n_chromosomes,) = struct.unpack_from("<i", content, at)
        at += 4
    found = {}
    for name in names[:n_chromosomes]:
        windows, at = _windows(content, at, shift, depth, is_csi=magic == _CSI)
        if name in found:
            raise ValueError("two names of one chromosome")
        if windows:
            found[name] = windows
    return found


def _windows(content: bytes, at: int, shift: int, depth: int, *, is_csi: bool) -> tuple[list[tuple[int, int]], int]:
    """Of a chromosome, first bases and offsets, and where the next one stands."""
    first_leaf = ((1 << 3 * depth) - 1) // 7
    after_leaves = ((1 << 3 * (depth + 1)) - 1) // 7
    (n_bins,) = struct.unpack_from("<i", content, at)
    at += 4
    windows, begins = [], []
    for _ in range(n_bins):
        (number,) = struct.unpack_from("<I", content, at)
        at += 4
        if is_csi:
            (offset,) = struct.unpack_from("<Q", content, at)
            at += 8
            if first_leaf <= number < after_leaves:
                windows.append(((number - first_leaf) << shift, offset))
        (n_chunks,) = struct.unpack_from("<i", content, at)
        at += 4
        # what stands behind the leaves are counts
        if number < after_leaves:
            begins += [struct.unpack_from("<Q", content, at + 16 * chunk)[0] for chunk in range(n_chunks)]
        at += 16 * n_chunks
    if not is_csi:
        (n_windows,) = struct.unpack_from("<i", content, at)
        offsets = struct.unpack_from(f"<{n_windows}Q", content, at + 4)
        at += 4 + 8 * n_windows
        windows = [(number << shift, offset) for number, offset in enumerate(offsets)]
    if not begins:
        return [], at
    begin = min(begins)
    return sorted([(0, begin), *((first + 1, offset) for first, offset in windows if offset > begin)]), at
