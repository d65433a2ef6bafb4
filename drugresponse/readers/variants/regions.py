"""Regions of the genome from BED, GTF, GFF3 or text such as `chr10:94762681-94855547`, and the genes in them."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from drugresponse.data.variants.chromosomes import plain_chromosome
from drugresponse.errors import InputError, quoted
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.encoding import lines_of
from drugresponse.shown import Shown

__all__ = ["Region", "Regions", "read_regions"]

_TEXT = re.compile(r"([^\s:,]+)(?::(\d+)(?:(-)(\d*))?)?")
_WHOLE = re.compile(r"(?:chr)?(?:\d{1,2}|X|Y|MT?)", re.IGNORECASE)
_NAMES = ("gene_name", "Name", "gene", "gene_id")
_GENE_TYPES = frozenset({"gene", "ncRNA_gene", "pseudogene", "protein_coding_gene"})
_NO_NAME = ("", ".")
_FURTHEST = 2**62
_LARGEST = 2**31


@dataclass(frozen=True)
class Region:
    """Bases `start` to `end` of a chromosome, counted from 1, both included; `gene` is "" where none is named."""

    chromosome: str
    start: int
    end: int
    gene: str = ""


@dataclass(frozen=True, eq=False)
class _Chromosome:
    """A chromosome cut where a region begins or ends.

    `edges` `(n,)` int64 first bases, ascending; piece i + 1 reaches from edge i to the next, piece 0 lies before all.
    `covered` `(n + 1,)` bool; `genes` of each piece.
    """

    edges: NDArray[np.int64]
    covered: NDArray[np.bool_]
    genes: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, eq=False, repr=False)
class Regions(Shown):
    """Parts of the genome, and the genes that some of them name.

    Attributes
    ----------
    regions
        As given, chromosomes named without "chr". Chromosomes are the same in every spelling, such as chrX and 23.

    Examples
    --------
    >>> regions = Regions.of([Region("chr10", 94_762_681, 94_855_547, "CYP2C19")])
    >>> regions.genes, regions.covers("10", [94_781_859, 1]).tolist()
    (frozenset({'CYP2C19'}), [True, False])
    """

    regions: tuple[Region, ...]
    _pieces: dict[str, _Chromosome]

    @classmethod
    def of(cls, regions: Iterable[Region]) -> Regions:
        """Regions in any order; they may overlap."""
        plain = tuple(replace(region, chromosome=plain_chromosome(region.chromosome)) for region in regions)
        by_chromosome: dict[str, list[Region]] = {}
        for region in plain:
            by_chromosome.setdefault(region.chromosome, []).append(region)
        return cls(plain, {name: _cut(members) for name, members in by_chromosome.items()})

    @property
    def genes(self) -> frozenset[str]:
        """Every gene that a region names."""
        return frozenset(region.gene for region in self.regions if region.gene)

    @property
    def stretches(self) -> dict[str, tuple[NDArray[np.int64], NDArray[np.int64]]]:
        """By chromosome the first and last bases of what is covered, ascending; what touches is one stretch.

        Examples
        --------
        >>> read_regions("1:5-9,1:10-12,1:20-30").stretches["1"]
        (array([ 5, 20]), array([12, 30]))
        """
        return {name: _stretches(pieces) for name, pieces in self._pieces.items()}

    def covers(self, chromosomes: str | Sequence[str] | pd.Series, positions: ArrayLike) -> NDArray[np.bool_]:
        """`(n,)` whether each 1-based position lies in a region, on one chromosome or on one for each.

        Examples
        --------
        >>> regions = read_regions("chr10:100-200,chrM")
        >>> regions.covers("10", [99, 100, 200, 201]).tolist(), regions.covers(["MT", "9"], [7, 7]).tolist()
        ([False, True, True, False], [True, False])
        """
        inside = np.zeros(np.shape(positions), dtype=np.bool_)
        for pieces, rows, at in self._located(chromosomes, positions):
            inside[rows] = pieces.covered[at]
        return inside

    def genes_at(self, chromosomes: str | Sequence[str] | pd.Series, positions: ArrayLike) -> list[tuple[str, ...]]:
        """The genes at each 1-based position: that of the shortest region first, those of equal length by name.

        Examples
        --------
        >>> regions = Regions.of([Region("chr10", 1, 90, "OUTER"), Region("10", 40, 50, "INNER")])
        >>> regions.genes_at("10", [1, 45, 99])
        [('OUTER',), ('INNER', 'OUTER'), ()]
        """
        genes: list[tuple[str, ...]] = [()] * len(np.asarray(positions))
        for pieces, rows, at in self._located(chromosomes, positions):
            for row, piece in zip(rows.tolist(), at.tolist(), strict=True):
                genes[row] = pieces.genes[piece]
        return genes

    def _located(
        self, chromosomes: str | Sequence[str] | pd.Series, positions: ArrayLike
    ) -> Iterator[tuple[_Chromosome, NDArray[np.intp], NDArray[np.intp]]]:
        """By chromosome its pieces, which of the places stand on it, and in which piece."""
        places = np.asarray(positions, dtype=np.int64)
        codes, names = pd.factorize(np.broadcast_to(np.asarray(chromosomes, dtype=object), places.shape))
        for code, name in enumerate(names):
            if (pieces := self._pieces.get(plain_chromosome(name))) is not None:
                rows = np.flatnonzero(codes == code)
                yield pieces, rows, np.searchsorted(pieces.edges, places[rows], side="right")


def read_regions(source: AnySource) -> Regions:
    r"""Read regions from a file, or from text.

    Parameters
    ----------
    source
        A BED file (first base counted from 0, the last not included; the fourth column is the gene), a GTF or GFF3 file
        (its genes, by `gene_name`, else `Name`, `gene` or `gene_id`), or a file with a region of text on each line,
        gzip or not, told by content. Or text: `chr10:94762681-94855547`, both ends included and counted from 1; also
        `chr10:500` for one base, `chr10:500-` up to the end, `chr10`, and several of these separated by commas.

    Raises
    ------
    InputError
        The file is absent, empty or damaged, a line is no region, or nothing in the file is one.

    Notes
    -----
    BED and GFF3 as defined by the GA4GH (BED 1.0) and the Sequence Ontology (GFF3 1.26). A variant is in a region when
    its POS is; a deletion that begins before a region and reaches into it is not.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "genes.dat")
    ...     _ = file.write_text("chr22\t42126498\t42130810\tCYP2D6\n")
    ...     read_regions(file).regions
    (Region(chromosome='22', start=42126499, end=42130810, gene='CYP2D6'),)
    """
    if isinstance(source, str) and not Path(source).exists() and _looks_like_text(source):
        return Regions.of(_from_text(text, "regions") for text in _texts(source))
    file = Source.of(source)
    with file.opened():
        file.refuse_unreadable()
        regions = Regions.of(_from_lines(_lines(file), file.name))
    if not regions.regions:
        raise InputError(
            f"{file.name}: found no region (expected BED, GTF or GFF3 with rows of genes, or lines such as "
            "chr10:94762681-94855547). Check the file."
        )
    return regions


def _texts(source: str) -> list[str]:
    return list(filter(None, map(str.strip, source.split(","))))


def _looks_like_text(source: str) -> bool:
    texts = _texts(source)
    return bool(texts) and "/" not in source and all(":" in text or _WHOLE.fullmatch(text) for text in texts)


def _cut(regions: list[Region]) -> _Chromosome:
    starts = sorted(regions, key=lambda region: region.start)
    ends = sorted(regions, key=lambda region: region.end)
    edges = sorted({region.start for region in regions} | {region.end + 1 for region in regions})
    active: Counter[tuple[int, str]] = Counter()
    at_start = at_end = 0
    covered = [False]
    genes: list[tuple[str, ...]] = [()]
    for edge in edges:
        while at_end < len(ends) and ends[at_end].end < edge:
            key = _length_and_gene(ends[at_end])
            active[key] -= 1
            if not active[key]:
                del active[key]
            at_end += 1
        while at_start < len(starts) and starts[at_start].start <= edge:
            active[_length_and_gene(starts[at_start])] += 1
            at_start += 1
        covered.append(bool(active))
        genes.append(tuple(dict.fromkeys(name for _, name in sorted(active) if name)))
    return _Chromosome(np.array(edges, dtype=np.int64), np.array(covered), tuple(genes))


def _stretches(pieces: _Chromosome) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and last bases of neighbouring pieces that are covered; the last piece, beyond all edges, never is."""
    change = np.diff(pieces.covered.astype(np.int8))
    return pieces.edges[change > 0], pieces.edges[change < 0] - 1


def _length_and_gene(region: Region) -> tuple[int, str]:
    return region.end - region.start, region.gene


def _from_lines(lines: Iterator[tuple[int, str]], where: str) -> Iterator[Region]:
    for number, line in lines:
        if line.startswith(("#", "track", "browser")):
            if line.startswith("##FASTA"):
                return
            continue
        place = f"{where}, line {number}"
        cells = line.split("\t") if "\t" in line else line.split()
        if len(cells) == 1:
            yield _from_text(line.strip(), place)
        elif len(cells) >= 8 and not cells[1].isdecimal():
            yield from _from_annotation(cells, place)
        else:
            yield _from_bed(cells, place)


def _from_text(text: str, where: str) -> Region:
    place = _TEXT.fullmatch(text)
    start, end = (int(place[2] or 1), int(place[4] or _FURTHEST)) if place else (0, 0)
    if place and place[2] and not place[3]:
        end = start
    if not place or not 1 <= start <= end or (start > 1 and start >= _LARGEST):
        raise InputError(
            f"{where}: found {quoted(text)} (expected chromosome:from-to such as chr10:94762681-94855547, counted from "
            "1, without commas in the numbers; or a BED, GTF or GFF3 file). Correct it."
        )
    return Region(place[1], start, end)


def _from_bed(cells: list[str], where: str) -> Region:
    start, end = _bounds(cells[1], cells[2] if len(cells) > 2 else "", where, "BED", 0)
    name = cells[3].strip() if len(cells) > 3 else ""
    return Region(cells[0], start + 1, end, "" if name in _NO_NAME else name)


def _from_annotation(cells: list[str], where: str) -> Iterator[Region]:
    start, end = _bounds(cells[3], cells[4], where, "GTF or GFF3", 1)
    if cells[2] not in _GENE_TYPES:
        return
    attributes = dict(_attribute(text.strip()) for text in (cells[8] if cells[8:] else "").split(";"))
    yield Region(cells[0], start, end, next((attributes[key] for key in _NAMES if attributes.get(key)), ""))


def _attribute(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if equals and " " not in key:
        return key, unquote(value)
    key, _, value = text.partition(" ")
    return key, value.strip().strip('"')


def _bounds(start: str, end: str, where: str, kind: str, first: int) -> tuple[int, int]:
    if start.isdecimal() and end.strip().isdecimal() and first <= int(start) <= int(end) < _LARGEST:
        return int(start), int(end)
    raise InputError(
        f"{where}: found {quoted(start, 40)} to {quoted(end, 40)} (expected two whole numbers from {first} on, as in "
        f"{kind}, the first not above the second). Correct the line."
    )


def _lines(file: Source) -> Iterator[tuple[int, str]]:
    with file.unpacked() as stream:
        yield from lines_of(stream, file.name)
