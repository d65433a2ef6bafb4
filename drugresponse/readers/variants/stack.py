"""Calls of many files that hold other samples each -> one table of the union of their sites."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.alleles import REPEAT, inserted_or_deleted, may_be_one_change, without_shared_ends
from drugresponse.data.variants.genome_build import GenomeBuild, refuse_other_build
from drugresponse.data.variants.reference_calls import ReferenceCalls, SitesFilled
from drugresponse.errors import InputError
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.variants.sparse_calls import Allele

__all__ = ["SiteStack"]

_CELL_BYTES = 8
_LOOK_EVERY = 64


@dataclass(frozen=True, eq=False)
class _File:
    """What a file says: its samples, their `(n_samples, n_columns)` calls of some columns, and the rest of it."""

    name: str
    samples: Sequence[str]
    columns: NDArray[np.int64]
    calls: NDArray[np.float32]
    reference: ReferenceCalls


class SiteStack:
    """Sites of many files, of which each file lists those that it knows.

    A site that a file does not list is the reference for its samples where the file tells it, which are the rules of
    `features.reference_sites` for the sites of a model: a block of gVCF covers it, the sample was called for another
    alternate of the same reference, or every place that is not listed is the reference (in the callable regions, where
    there are such), and the file lists nothing that may be the alternate. Elsewhere its call is missing.
    """

    def __init__(self) -> None:
        self.genome, self._told_by = GenomeBuild(), ""
        self.n_conflicts = 0
        self._column_of: dict[str, int] = {}
        self._alleles: list[Allele] = []
        self._files: list[_File] = []

    def column_of(self, name: str, allele: Allele) -> int:
        """The column of an allele under its id, also where it is in small letters or with bases that both share."""
        column = self._column_of.get(name)
        if column is None:
            if not allele.alt.startswith("<"):
                cut, ref, alt = 0, allele.ref.upper(), allele.alt.upper()
                if len(ref) > 1 and len(alt) > 1:
                    cut, ref, alt = without_shared_ends(ref, alt)
                allele = allele._replace(position=allele.position + cut, ref=ref, alt=alt)
            plain = f"{allele.chromosome}:{allele.position}:{allele.ref}:{allele.alt}"
            column = self._column_of.setdefault(plain, len(self._alleles))
            self._column_of[name] = column
            if column == len(self._alleles):
                self._alleles.append(allele)
        return column

    def add(
        self,
        name: str,
        genotypes: Genotypes,
        columns: Sequence[int] = (),
        calls: Sequence[int] = (),
        *,
        sample_id: str | None = None,
    ) -> None:
        """Take what was read of a file, and of its only sample the calls of some columns beside it.

        Raises
        ------
        InputError
            The file is of another genome build than one before, or has several samples for one id.
        """
        samples = list(genotypes.sample_ids)
        if sample_id is not None:
            if len(samples) > 1:
                raise InputError(
                    f'{name}: found {len(samples)} samples (expected one, for the id "{sample_id}" of the list). Leave '
                    "the id out, or give a file for each sample."
                )
            samples = [sample_id]
        refuse_other_build(name, genotypes.genome, self._told_by, self.genome)
        if genotypes.genome and not self.genome:
            self._told_by = name
        self.genome = GenomeBuild.joined([self.genome, genotypes.genome])
        at = np.array([*self._columns(genotypes.features), *columns], dtype=np.int64)
        refuse_beyond_memory(_CELL_BYTES * genotypes.shape[0] * genotypes.shape[1], name)
        values = genotypes.in_memory().dense()
        if len(calls):
            values = np.hstack([values, np.array([calls], dtype=np.float32)])
        reference = genotypes.reference or ReferenceCalls(np.zeros(len(samples), dtype=bool), {})
        at, values, n_conflicts = _each_once(at, values)
        self.n_conflicts += n_conflicts
        self._files.append(_File(name, samples, at, values, reference))
        if len(self._files) % _LOOK_EVERY == 0:
            refuse_beyond_memory(0, "genotypes")

    def _columns(self, features: pd.DataFrame) -> list[int]:
        names = ("chromosome", "position", "ref", "alt", "gene", "effect")
        rows = zip(*(features[name].tolist() for name in names), strict=True)
        return [self.column_of(name, Allele(*row)) for name, row in zip(features.index, rows, strict=True)]

    def finish(self) -> Genotypes:
        """All samples, in the order in which they came first, by the union of the sites.

        Raises
        ------
        InputError
            A sample stands in two files that are not parts of one.
        MemoryLimitError
            The calls do not fit into the memory.
        """
        table = _table_of(self._alleles)
        sites = _Sites.of(table)
        parts = _parts_by_sample(self._files)
        _refuse_repeated_samples(parts, sites)
        assayed = next((file.reference for file in self._files if file.reference.assayed is not None), None)
        inside = sites.inside(assayed)
        fills = any(file.reference.everywhere.any() for file in self._files)
        rows, not_filled = _Rows(len(table)), _Rows(int(inside.sum()))
        for files in parts.values():
            values, filled = sites.row(files, inside)
            rows.add(np.flatnonzero(values), values)
            if fills:
                not_filled.add(np.flatnonzero(~filled[inside]))
        genotypes = Genotypes.build(rows.matrix(), list(parts), table)
        reference = self._reference(parts)
        if fills:
            reference = replace(reference, filled=SitesFilled(table.index[inside], not_filled.matrix()))
        return replace(genotypes, reference=reference, genome=self.genome.of(table["chromosome"]))

    def _reference(self, parts: Mapping[str, Sequence[tuple[_File, int]]]) -> ReferenceCalls:
        row_of = {sample: row for row, sample in enumerate(parts)}
        told = [file for file in self._files if file.reference.stretches or file.reference.left_out]
        everywhere = [any(file.reference.everywhere[at] for file, at in files) for files in parts.values()]
        assayed = [file.reference.assayed for file in self._files if file.reference.assayed is not None]
        return ReferenceCalls(
            np.array(everywhere, dtype=bool),
            {},
            assayed=assayed[0] if assayed else None,
            by_file=tuple((np.array([row_of[sample] for sample in file.samples]), file.reference) for file in told),
        )


class _Rows:
    """Rows of a sparse matrix, one after the other."""

    def __init__(self, width: int) -> None:
        self._width, self._n_cells = width, 0
        self._columns: list[NDArray[np.int32]] = []
        self._values: list[NDArray[np.float32]] = []

    def add(self, columns: NDArray[np.intp], row: NDArray[np.float32] | None = None) -> None:
        self._n_cells += len(columns)
        if len(self._columns) % _LOOK_EVERY == 0:
            refuse_beyond_memory(_CELL_BYTES * self._n_cells, "genotypes")
        self._columns.append(columns.astype(np.int32))
        self._values.append(np.ones(len(columns), dtype=np.float32) if row is None else row[columns])

    def matrix(self) -> sparse.csr_array:
        ends = np.cumsum([0, *map(len, self._columns)])
        cells = (np.concatenate(self._values), np.concatenate(self._columns), ends)
        return sparse.csr_array(cells, shape=(len(self._columns), self._width))


@dataclass(frozen=True, eq=False)
class _Sites:
    """The union of the sites, and what of them stands beside or over another.

    `beside` gives of a column those of the same place and reference, `clashing` those of the same place with another
    first base of the reference, `covered` those whose base it changes together with others, or that may be the same
    insertion or deletion at another place of a repeat.
    """

    chromosomes: Mapping[str, NDArray[np.intp]]
    chromosome: NDArray[np.object_]
    position: NDArray[np.int64]
    last: NDArray[np.int64]
    beside: Mapping[int, NDArray[np.intp]]
    clashing: Mapping[int, NDArray[np.intp]]
    covered: Mapping[int, NDArray[np.intp]]

    @classmethod
    def of(cls, table: pd.DataFrame) -> _Sites:
        names, position = table["chromosome"].to_numpy(dtype=object), table["position"].to_numpy(dtype=np.int64)
        ref, alt = (table[name].to_numpy(dtype=object) for name in ("ref", "alt"))
        last = position + np.array([max(len(each), 1) for each in ref], dtype=np.int64) - 1
        beside: dict[int, NDArray[np.intp]] = {}
        clashing: dict[int, NDArray[np.intp]] = {}
        place = pd.DataFrame({"chromosome": names, "position": position})
        for group in _groups(place):
            for column in group:
                others = group[group != column]
                same = np.array([ref[other] == ref[column] for other in others], dtype=bool)
                unlike = np.array([ref[other][:1] != ref[column][:1] for other in others], dtype=bool)
                beside[int(column)], clashing[int(column)] = others[same], others[unlike]
        chromosomes = {str(name): rows for name, rows in place.groupby("chromosome", sort=False).indices.items()}
        covered = {}
        for column in range(len(table)):
            if min(len(ref[column]), len(alt[column])) > 1 and not alt[column].startswith("<"):
                here = chromosomes[names[column]]
                within = (position[here] >= position[column]) & (position[here] <= last[column]) & (here != column)
                covered[column] = here[within]
        for column, others in _elsewhere_in_repeats(names, position, ref, alt).items():
            covered[column] = np.append(covered.get(column, np.zeros(0, dtype=np.intp)), others)
        return cls(chromosomes, names, position, last, beside, clashing, covered)

    def inside(self, reference: ReferenceCalls | None) -> NDArray[np.bool_]:
        """`(n_sites,)` which lie in the callable regions; all where there are none."""
        inside = np.ones(len(self.position), dtype=bool)
        if reference is not None:
            for name, rows in self.chromosomes.items():
                inside[rows] = reference.assayed_at(name, self.position[rows], self.last[rows])
        return inside

    def row(
        self, files: Sequence[tuple[_File, int]], inside: NDArray[np.bool_]
    ) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
        """`(n_sites,)` calls of a sample, and which of them are filled without a call, from its row in each file."""
        columns = np.concatenate([file.columns for file, _ in files])
        calls = np.concatenate([file.calls[at] for file, at in files])
        everywhere = any(file.reference.everywhere[at] for file, at in files)
        called, doubtful = np.zeros(len(inside), dtype=bool), np.zeros(len(inside), dtype=bool)
        for file, at in files:
            self._mark_told(file.reference.take(np.array([at])), called, doubtful)
        for column, call in self._special(columns, calls):
            doubtful[self.clashing.get(column, [])] = True
            if call != 0:
                doubtful[self.covered.get(column, [])] = True
            if not np.isnan(call):
                called[self.beside.get(column, [])] = True
        filled = (inside & ~called & ~doubtful) if everywhere else np.zeros(len(inside), dtype=bool)
        filled[columns] = False
        row = np.where(filled | called, np.float32(0), np.float32(np.nan))
        row[columns] = calls
        return row, filled

    def _special(self, columns: NDArray[np.int64], calls: NDArray[np.float32]) -> Iterator[tuple[int, float]]:
        """Calls of those columns that say something of others."""
        marked = np.zeros(len(self.position), dtype=bool)
        marked[[*self.beside, *self.covered]] = True
        at = np.flatnonzero(marked[columns])
        yield from zip(columns[at].tolist(), calls[at].tolist(), strict=True)

    def _mark_told(self, reference: ReferenceCalls, called: NDArray[np.bool_], doubtful: NDArray[np.bool_]) -> None:
        """Mark what a file's blocks and what its filter left out say of a sample."""
        for name in reference.stretches:
            if (rows := self.chromosomes.get(name)) is not None:
                called[rows] |= reference.at(name, self.position[rows], self.last[rows])[:, 0]
        for name in reference.left_out:
            if (rows := self.chromosomes.get(name)) is not None:
                doubtful[rows] |= reference.left_out_at(name, self.position[rows])[:, 0]


def _elsewhere_in_repeats(
    names: NDArray[np.object_], position: NDArray[np.int64], ref: NDArray[np.object_], alt: NDArray[np.object_]
) -> dict[int, list[int]]:
    """Of each insertion or deletion those that may be the same one, written at another place of a repeat."""
    alike: dict[tuple[str, int, int], list[tuple[int, int, str]]] = {}
    for column in range(len(position)):
        bases, way = inserted_or_deleted(ref[column], alt[column])
        if way:
            key = names[column], way, len(bases)
            alike.setdefault(key, []).append((int(position[column]), column, bases))
    elsewhere: dict[int, list[int]] = {}
    for indels in alike.values():
        indels.sort()
        for at, (first, one, bases) in enumerate(indels):
            for place, other, others in indels[at + 1 :]:
                if place > first + REPEAT:
                    break
                if may_be_one_change(bases, others, place - first):
                    elsewhere.setdefault(one, []).append(other)
                    elsewhere.setdefault(other, []).append(one)
    return elsewhere


def _each_once(
    columns: NDArray[np.int64], calls: NDArray[np.float32]
) -> tuple[NDArray[np.int64], NDArray[np.float32], int]:
    """Columns and calls, those of a column that stands there twice as one; and how many differ, and are now missing."""
    distinct, first, place = np.unique(columns, return_index=True, return_inverse=True)
    if len(distinct) == len(columns):
        return columns, calls, 0
    merged = calls[:, first]
    again, n_conflicts = np.ones(len(columns), dtype=bool), 0
    again[first] = False
    for at in np.flatnonzero(again):
        before, later = merged[:, place[at]], calls[:, at]
        differ = ~np.isnan(before) & ~np.isnan(later) & (before != later)
        n_conflicts += int(differ.sum())
        merged[:, place[at]] = np.where(differ, np.nan, np.where(np.isnan(before), later, before))
    return distinct, merged, n_conflicts


def _table_of(alleles: Sequence[Allele]) -> pd.DataFrame:
    table = pd.DataFrame([tuple(allele) for allele in alleles], columns=list(Allele._fields))
    ids = [f"{each.chromosome}:{each.position}:{each.ref}:{each.alt}" for each in alleles]
    return table.set_axis(pd.Index(ids, name="feature_id", dtype=object)).assign(kind="dosage", block="dosage")


def _groups(place: pd.DataFrame) -> Iterator[NDArray[np.intp]]:
    """Row numbers of those that share a place."""
    shared = np.flatnonzero(place.duplicated(keep=False))
    for rows in place.iloc[shared].groupby(["chromosome", "position"], sort=False).indices.values():
        yield shared[rows]


def _parts_by_sample(files: Sequence[_File]) -> dict[str, list[tuple[_File, int]]]:
    parts: dict[str, list[tuple[_File, int]]] = {}
    for file in files:
        for at, sample in enumerate(file.samples):
            parts.setdefault(sample, []).append((file, at))
    return parts


def _refuse_repeated_samples(parts: Mapping[str, Sequence[tuple[_File, int]]], sites: _Sites) -> None:
    """Refuse files of one sample, unless they are parts of a genome: two persons may bear one id."""
    spans: dict[int, dict[Any, tuple[int, int]]] = {}
    for sample, files in parts.items():
        if len(files) < 2:
            continue
        for file, _ in files:
            spans.setdefault(id(file), _span(file, sites))
        for at, (file, _) in enumerate(files):
            span = spans[id(file)]
            for before, _ in files[:at]:
                earlier = spans[id(before)]
                shared = span.keys() & earlier.keys()
                if any(span[name][0] <= earlier[name][1] and earlier[name][0] <= span[name][1] for name in shared):
                    raise InputError(
                        f'{file.name}: sample "{sample}" is in {before.name} too (expected each sample in one file, or '
                        "in files for other chromosomes). Name the sample of each file in a list (path, tab, "
                        "sample_id), or join the files of one sample first, for instance with bcftools concat."
                    )


def _span(file: _File, sites: _Sites) -> dict[Any, tuple[int, int]]:
    """By chromosome the first and last position that a file lists."""
    places = pd.Series(sites.position[file.columns]).groupby(sites.chromosome[file.columns]).agg(["min", "max"])
    return {name: (int(low), int(high)) for name, low, high in places.itertuples()}
