"""VCF, compressed VCF and BCF -> Genotypes: copies of each alternate allele."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.data.variants.genome_build import GenomeBuild
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.variants.allele_calls import HALF, MISSING, NO_ALLELE, symbolic_allele, tell_of_calls
from drugresponse.readers.variants.regions import Regions
from drugresponse.readers.variants.site_filter import QUALITIES, SiteFilter, tell_of_dropped, tell_of_failed
from drugresponse.readers.variants.sparse_calls import Allele, SparseCalls
from drugresponse.readers.vcf._effects import find_annotation, genes_without_effect
from drugresponse.readers.vcf._records import VariantRecords
from drugresponse.readers.vcf._sites import Site
from drugresponse.readers.vcf.bcf_lines import open_bcf
from drugresponse.readers.vcf.lines import open_vcf
from drugresponse.readers.vcf.reference_records import ReferenceRecords, with_reference_calls

__all__ = ["read_file", "read_variants", "records_of"]

logger = logging.getLogger(__name__)

_SINGLE = ("X", "Y", "MT")
"""Chromosomes of which a man, or everybody, has one copy, which counts as two of the same."""


def read_variants(
    path: AnySource,
    *,
    absent_means: Literal["missing", "reference"] = "missing",
    site_filter: SiteFilter | None = None,
    callable: Regions | None = None,
) -> Genotypes:
    r"""Read a VCF (plain, gzip or bgzip) or BCF file into dosages of alternate alleles.

    Parameters
    ----------
    path
        The file; its extension does not matter.
    absent_means
        What a missing call (`./.`) means: not assayed, or the reference (for files that list only what differs from
        it).
    site_filter
        Which variants are kept while the file is read; None keeps all. Memory grows with what is kept. For regions, an
        index beside a bgzipped VCF (.tbi, .csi) is used. Many calls stay in a temporary file, and are read in blocks.
    callable
        Where variants were looked for, so that a missing call is the reference there alone; None is everywhere.

    Returns
    -------
    Genotypes
        One feature for each alternate allele, `chromosome:position:ref:alt` as
        `plain_chromosome` names it, kind and block `dosage`.
        GT is read, or DS in a record without GT. Gene and effect are those of VEP (CSQ), SnpEff (ANN) or bcftools csq
        (BCSQ), as `variant_effects` tells; else the gene is the first symbol of INFO/GENEINFO, else that of the regions
        of the filter.

    Raises
    ------
    InputError
        The file is empty, truncated, damaged, not VCF or BCF, holds no samples or no genotypes, or the filter keeps
        nothing of it.

    Notes
    -----
    A dosage is the number of copies that were called; phase plays no part. A haploid call `1` counts 1, and on X, Y
    and MT 2, as PLINK writes the one copy of a man's X. A call with one allele missing (`./1`) is missing, whatever
    `absent_means` says. Where GT is missing in whole or part and DS is there, DS counts. `*` (a deletion that spans the
    site), `<NON_REF>` and `<*>` (any other allele) are no alleles. Records with no other alternate, blocks of gVCF
    among them, tell where samples bear the reference (`Genotypes.reference`), and fill calls that other records miss.
    Symbolic alleles bear their length (`<DEL:500>`, by SVLEN or END). What did not pass FILTER or FT is kept and
    counted in a warning, unless the filter leaves it out. Where the same allele stands in several records, the first
    call of a sample counts; calls that contradict each other are missing and counted in a warning.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> rows = ["##fileformat=VCFv4.2", "##contig=<ID=1>"]
    >>> rows += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    >>> rows += ["#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT s1 s2", "1 7 . A C,G . PASS . GT 0/1 2|2"]
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "variants.dat")
    ...     _ = file.write_text("\n".join(rows[:3] + [row.replace(" ", "\t") for row in rows[3:]]) + "\n")
    ...     genotypes = read_variants(file)
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['1:7:A:C', '1:7:A:G'], [[1.0, 0.0], [0.0, 2.0]])
    """
    file = Source.of(path)
    wanted = site_filter or SiteFilter()
    if file.content not in ("vcf", "bcf"):
        raise InputError(
            f"{file.name}: this is neither VCF nor BCF (expected ##fileformat=VCF on line 1). Check the file."
        )
    absent_as_reference = absent_means == "reference"
    with records_of(file, wanted.regions) as records:
        genotypes, calls = read_file(records, wanted, absent_as_reference, callable)
    tell_of_calls(
        file.name,
        n_samples=genotypes.shape[0],
        n_alleles=genotypes.shape[1],
        n_missing=calls.n_missing,
        n_conflicts=calls.n_conflicts,
        absent_means=absent_means,
    )
    return genotypes


@contextlib.contextmanager
def records_of(file: Source, regions: Regions | None = None) -> Iterator[VariantRecords]:
    """The records of an open VCF or BCF file."""
    is_bcf = file.content == "bcf"
    with contextlib.nullcontext() if is_bcf else file.opened():  # htslib opens BCF by itself
        yield open_bcf(file) if is_bcf else open_vcf(file, regions)


def read_file(
    records: VariantRecords,
    site_filter: SiteFilter,
    absent_as_reference: bool,
    callable: Regions | None = None,
    *,
    may_be_empty: bool = False,
) -> tuple[Genotypes, SparseCalls]:
    """The genotypes of records while their file is open, and how many calls are missing or contradict each other.

    Parameters
    ----------
    records
        Of a file.
    site_filter, absent_as_reference, callable
        As for `read_variants`.
    may_be_empty
        Whether a file without any variant is read too: of one patient among many, that tells something.
    """
    reading = _Reading(records, site_filter, absent_as_reference, callable, may_be_empty)
    with reading.calls as calls:
        genotypes, n_filled = with_reference_calls(*reading.run())
    calls.n_missing -= n_filled
    build = GenomeBuild(records.header.build, records.header.lengths)
    return replace(genotypes, genome=build if may_be_empty else build.of(genotypes.features["chromosome"])), calls


class _Reading:
    """A file while it is read: which of its alleles are kept, and what is told about them."""

    def __init__(
        self,
        records: VariantRecords,
        site_filter: SiteFilter,
        absent_as_reference: bool,
        callable: Regions | None,
        may_be_empty: bool,
    ) -> None:
        self.calls = SparseCalls(records.header.samples, site_filter, absent_as_reference=absent_as_reference)
        self._records, self._filter = records, site_filter
        self._where = records.where[0]
        self._human = are_human(records.header.contigs)
        self._annotation = find_annotation(records.header.descriptions, site_filter.genes)
        self._names_genes = self._annotation is not None
        self._references = ReferenceRecords(len(records.header.samples))
        self._absent_as_reference, self._callable, self._may_be_empty = absent_as_reference, callable, may_be_empty
        self._n_sites = self._n_without_calls = self._n_without_quality = self._n_failed_calls = 0
        self._failed: Counter[str] = Counter()

    def run(self) -> tuple[Genotypes, ReferenceCalls]:
        """Read all of it."""
        regions = self._filter.regions
        for sites in self._records.batches(None if regions is None else partial(self._inside, regions)):
            self._take(sites)
        # reference calls of other records are put into what is in memory
        genotypes = self.calls.finish(in_memory=bool(self._references))
        n_kept = genotypes.shape[1]
        nothing = n_kept == 0 and not self._may_be_empty
        if self._filter.genes is not None and nothing and self._n_sites and not self._names_genes:
            raise InputError(
                f"{self._where}: its variants tell no genes (expected CSQ, ANN, BCSQ or GENEINFO in INFO). To keep "
                "some genes, give regions that name them too, such as a BED or GTF file."
            )
        reference = self._references.finish(self._absent_as_reference)
        if self._callable is not None:
            reference = replace(reference, assayed=self._callable.stretches)
        tell_of_failed(self._where, self._failed, self._n_failed_calls, self._filter.passed_only)
        if n_kept or not (reference.stretches or self._may_be_empty):
            tell_of_dropped(self._where, self.calls.dropped, n_kept + self.calls.dropped.total())
            if nothing:
                self._refuse_without_calls()
        if self._n_without_calls:
            logger.warning(
                "%s: %d records hold neither GT nor DS and are left out.", self._where, self._n_without_calls
            )
        if self._n_without_quality:
            logger.warning(
                "%s: %d records tell no imputation quality (%s) and are kept.",
                self._where,
                self._n_without_quality,
                ", ".join(QUALITIES),
            )
        return genotypes, reference

    def _refuse_without_calls(self) -> None:
        if self._n_without_calls:
            raise InputError(
                f"{self._where}: none of its {self._n_without_calls} records holds genotypes (expected GT or DS in "
                "FORMAT). Give a file with calls; of GP alone, plink2 --vcf FILE dosage=GP --export vcf "
                "vcf-dosage=DS makes them."
            )
        if self._filter.regions is not None:
            raise InputError(
                f"{self._where}: found no variant in the regions. Check that they are of the same genome build."
            )
        raise InputError(f"{self._where}: found no variant (expected records with ALT alleles). Check the file.")

    def _take(self, sites: Sequence[Site]) -> None:
        kept = []
        for site, genes in zip(sites, self._genes_of_regions(sites), strict=True):
            self._n_sites += not site.reference_only
            chromosome = plain_chromosome(site.chromosome, human=self._human)
            passed = self._passed(site)
            alleles = self._kept_alleles(site, chromosome, genes) if passed else {}
            if alleles or (passed and site.reference_only):
                kept.append((site, chromosome, alleles))
            elif self._absent_as_reference:
                self._references.leave_out(chromosome, site)
        single = [chromosome in _SINGLE for _, chromosome, _ in kept]
        decoded = self._records.decode([site for site, _, _ in kept], single)
        rows: list[NDArray[Any]] = []
        added: list[Allele] = []
        beyond_two: list[int] = []
        for (site, chromosome, alleles), calls_of_site in zip(kept, decoded, strict=True):
            if calls_of_site is None:
                self._n_without_calls += bool(alleles)
                continue
            calls, further = self._passed_calls(site, calls_of_site[0]), calls_of_site[1]
            if not alleles:
                self._references.add(chromosome, site, calls)
                continue
            rows.append(calls if len(alleles) == len(calls) else calls[list(alleles)])
            added += alleles.values()
            beyond_two += [further] * len(alleles)
        if rows:
            self.calls.add(self._assayed(np.concatenate(rows), added), added, beyond_two)

    def _assayed(self, calls: NDArray[Any], alleles: Sequence[Allele]) -> NDArray[Any]:
        """Calls, those that are not there outside the callable regions missing."""
        if self._callable is None or not (absent := calls == MISSING).any():
            return calls
        inside = self._callable.covers(
            [allele.chromosome for allele in alleles], [allele.position for allele in alleles]
        )
        return np.where(absent & ~inside[:, None], calls.dtype.type(HALF), calls)

    def _passed(self, site: Site) -> bool:
        """Whether a record is read, as far as its filters go."""
        if not site.failed:
            return True
        self._failed[site.failed] += 1
        if self._filter.passed_only:
            self.calls.dropped["that failed a filter"] += 0 if site.reference_only else len(site.alternates)
        return not self._filter.passed_only

    def _passed_calls(self, site: Site, calls: NDArray[Any]) -> NDArray[Any]:
        """Calls, those that failed a filter of their own missing where they are not wanted."""
        failed = self._records.failed_calls(site)
        if failed is None or not failed.any():
            return calls
        self._n_failed_calls += int((failed & (calls >= 0).any(axis=0)).sum())
        return np.where(failed, calls.dtype.type(HALF), calls) if self._filter.passed_only else calls

    def _genes_of_regions(self, sites: Sequence[Site]) -> list[tuple[str, ...]]:
        regions = self._filter.regions
        if regions is None or not regions.genes:
            return [()] * len(sites)
        return regions.genes_at([site.chromosome for site in sites], [site.position for site in sites])

    def _kept_alleles(self, site: Site, chromosome: str, genes_of_regions: Sequence[str]) -> dict[int, Allele]:
        """The alternates that are kept, by their number in the record."""
        if site.reference_only:
            return {}
        effects = self._effects(site, genes_of_regions)
        qualities = self._qualities(site)
        kept = {}
        for at, alternate in enumerate(site.alternates):
            gene, effect = effects[at]
            if alternate in NO_ALLELE:
                continue
            if self._filter.genes is not None and gene not in self._filter.genes:
                self.calls.dropped["in none of the genes"] += 1
            elif qualities[at] < self._filter.minimum_quality:
                self.calls.dropped["of low imputation quality"] += 1
            else:
                named = alternate
                if alternate.startswith("<"):
                    named = symbolic_allele(alternate, site.position, site.info("SVLEN"), site.info("END"), at)
                kept[at] = Allele(chromosome, site.position, site.reference, named, gene, effect)
        return kept

    def _effects(self, site: Site, genes_of_regions: Sequence[str]) -> list[tuple[str, str]]:
        """Gene and effect of each alternate."""
        effects = self._annotation.effects(site) if self._annotation else [("", "")] * len(site.alternates)
        if all(gene for gene, _ in effects):
            return effects
        genes = [*genes_without_effect(site), *genes_of_regions]
        self._names_genes |= bool(genes)
        wanted = self._filter.genes
        at_site = next((gene for gene in genes if wanted is None or gene in wanted), "")
        return [(gene or at_site, effect) for gene, effect in effects]

    def _qualities(self, site: Site) -> list[float]:
        n_alternates = len(site.alternates)
        if self._filter.minimum_quality == 0:
            return [np.inf] * n_alternates
        written = next(filter(None, map(site.info, QUALITIES)), "")
        try:
            numbers = [float(number) for number in written.split(",")]
        except ValueError:
            self._n_without_quality += 1
            return [np.inf] * n_alternates
        return numbers if len(numbers) == n_alternates else numbers[:1] * n_alternates

    def _inside(self, regions: Regions, chromosomes: Sequence[str], positions: Sequence[int]) -> NDArray[np.bool_]:
        inside = regions.covers(chromosomes, positions)
        self.calls.dropped["outside the regions"] += int((~inside).sum())
        return inside
