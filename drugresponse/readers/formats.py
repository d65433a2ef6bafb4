"""The formats of genotypes: what tells each, and what reads it. A new one is a line of `FORMATS`."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, nearest
from drugresponse.readers.alterations.reader import looks_like_alterations, read_alterations
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.matrix.reader import read_matrix
from drugresponse.readers.matrix.single_copies import double_single_copies
from drugresponse.readers.plink.fileset import (
    files_beside,
    has_suffix_of_calls,
    is_fileset,
    plink_files,
    refuse_part_of_fileset,
)
from drugresponse.readers.plink.reader import read_plink
from drugresponse.readers.plink.text_reader import looks_like_raw, looks_like_traw, read_raw, read_traw
from drugresponse.readers.source.foreign_formats import FOREIGN, refuse_own_table
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.star_alleles.reader import looks_like_star_alleles, read_star_alleles
from drugresponse.readers.text.row_stream import stream_rows
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes
from drugresponse.readers.vcf.reader import read_variants

__all__ = [
    "FORMATS",
    "GENOTYPE_FORMATS",
    "AbsentMeans",
    "GenotypeFormat",
    "ReadingOptions",
    "genotype_format_of",
    "genotype_parts",
    "genotype_source_files",
]

AbsentMeans = Literal["missing", "reference"]


@dataclass(frozen=True)
class ReadingOptions:
    """How sources are read; the fields are the arguments of `read_genotypes`."""

    features: AnySource | None = None
    absent_means: AbsentMeans | None = None
    kind: str | None = None
    layer: str | None = None
    known_samples: Collection[str] | None = None
    known_features: pd.DataFrame | None = None
    aliases: GeneNames | None = None
    site_filter: SiteFilter | None = None
    men: Collection[str] = ()

    def of_calls(self) -> dict[str, Any]:
        """What readers of variants filter by and take an absent call for."""
        return {"absent_means": self.absent_means or "missing", "site_filter": self.site_filter}

    def of_genes(self) -> dict[str, Any]:
        """What readers of tables of genes look at."""
        return {name: getattr(self, name) for name in ("known_samples", "known_features", "aliases")}

    def filtered(self, genotypes: Genotypes) -> Genotypes:
        """What the filter keeps of genotypes whose reader does not filter."""
        return genotypes if self.site_filter is None else filter_genotypes(genotypes, self.site_filter)

    def doubled(self, genotypes: Genotypes, source: Source) -> Genotypes:
        """Genotypes that do not tell haploid calls, with two copies of a man's X, filtered."""
        return self.filtered(double_single_copies(genotypes, self.men, source.name) if self.men else genotypes)

    def completed(self, genotypes: Genotypes, source: Source) -> Genotypes:
        """Genotypes of a table, which writes what is missing: only sites that it lacks are absent."""
        if self.absent_means == "reference" and (genotypes.features["kind"] == "dosage").any():
            genotypes = replace(genotypes, reference=ReferenceCalls(np.ones(genotypes.shape[0], dtype=bool), {}))
        return self.doubled(genotypes, source)


@dataclass(frozen=True)
class GenotypeFormat:
    """A format of genotypes.

    Attributes
    ----------
    name
        What a user calls it.
    description
        What was expected, in an error.
    read
        Makes genotypes of sources: of one, or of all in this format where `is_joint`.
    contents
        Contents of a file (`Source.content`) that are this format.
    has_header
        Whether a first row is that of a table in this format; None where text is never taken for it.
    is_joint
        Whether files of this format hold some samples each, and are read as one table.
    """

    name: str
    description: str
    read: Callable[[Sequence[Source], ReadingOptions], Genotypes]
    contents: tuple[str, ...] = ()
    has_header: Callable[[Sequence[str]], bool] | None = None
    is_joint: bool = False


FORMATS = (
    GenotypeFormat(
        "vcf",
        "VCF or BCF",
        lambda files, options: read_variants(files[0], **options.of_calls()),
        contents=("vcf", "bcf"),
    ),
    GenotypeFormat(
        "plink",
        "a PLINK file",
        lambda files, options: read_plink(files[0], **options.of_calls()),
        contents=("plink",),
    ),
    GenotypeFormat(
        "plink-raw",
        "what PLINK writes as .raw",
        lambda files, options: options.doubled(
            read_raw(files[0], features=options.features, absent_means=options.absent_means or "missing"), files[0]
        ),
        has_header=looks_like_raw,
    ),
    GenotypeFormat(
        "plink-traw",
        "what PLINK writes as .traw",
        lambda files, options: options.doubled(
            read_traw(files[0], absent_means=options.absent_means or "missing", known_samples=options.known_samples),
            files[0],
        ),
        has_header=looks_like_traw,
    ),
    GenotypeFormat(
        "alterations",
        "a table of alterations",
        lambda files, options: options.filtered(
            read_alterations(files, absent_means=options.absent_means or "reference", **options.of_genes())
        ),
        contents=("maf",),
        has_header=looks_like_alterations,
        is_joint=True,
    ),
    GenotypeFormat(
        "star-alleles",
        "a table of star alleles",
        lambda files, options: options.filtered(read_star_alleles(files, **options.of_genes())),
        contents=("pypgx",),
        has_header=looks_like_star_alleles,
        is_joint=True,
    ),
    GenotypeFormat(
        "matrix",
        "a matrix",
        lambda files, options: options.completed(
            read_matrix(files[0], features=options.features, kind=options.kind, known_samples=options.known_samples),
            files[0],
        ),
        contents=("parquet",),
    ),
    GenotypeFormat(
        "anndata",
        "an .h5ad file",
        lambda files, options: options.completed(
            read_anndata(files[0], layer=options.layer, kind=options.kind), files[0]
        ),
        contents=("hdf5",),
    ),
)
"""Text is of the first format whose header it has, else a matrix."""
GENOTYPE_FORMATS = ("auto", *(each.name for each in FORMATS))
_CONTENT_NAMES = {"pypgx": "an archive of PyPGx", "parquet": "Parquet"}


def genotype_format_of(path: AnySource, insist: str = "auto") -> str:
    """The name of the format in which a source is read.

    Parameters
    ----------
    path
        A file; for PLINK also a folder, or the name that the files of a fileset share.
    insist
        One of `GENOTYPE_FORMATS`; all but `auto` insist.

    Raises
    ------
    InputError
        `insist` is unknown, the file holds another format, or one that is not read.
    """
    if insist not in GENOTYPE_FORMATS:
        raise InputError(f'`genotype_format`: "{insist}" is unknown. {nearest(insist, GENOTYPE_FORMATS)}')
    source = Source.of(path)
    if insist not in source.formats:
        source.formats[insist] = _decide(source, insist)
    return source.formats[insist]


def genotype_source_files(path: str | Path) -> list[Path]:
    """Every file that reading this source may touch, by its name: it, and what stands beside it as parts of a fileset.

    Examples
    --------
    >>> [str(file) for file in genotype_source_files("mutations.tsv")]
    ['mutations.tsv']
    """
    return files_beside(Path(path))


def genotype_parts(source: Source, insist: str = "auto") -> list[Source]:
    """The files that a source is: the three of a PLINK fileset, else the file itself."""
    # what is wrong with the source is said when it is read
    with contextlib.suppress(InputError, OSError):
        if genotype_format_of(source, insist) == "plink":
            return list(plink_files(source))
    return [source]


def _decide(source: Source, insist: str) -> str:
    if is_fileset(source.path):
        return "plink"
    refuse_part_of_fileset(source.path)
    with source.opened():
        by_content = next((each.name for each in FORMATS if source.content in each.contents), None)
        if by_content is not None and insist not in ("auto", by_content):
            shown = _CONTENT_NAMES.get(source.content, source.content.upper())
            expected = next(each.description for each in FORMATS if each.name == insist)
            raise InputError(f"{source.name}: this is {shown} (expected {expected}). Use `genotype_format` auto.")
        if source.content in FOREIGN:
            source.refuse_unreadable()
        if insist != "auto":
            return insist
        if by_content is not None:
            return by_content
        if source.content == "text" and has_suffix_of_calls(source.path):
            return "plink"  # whose reader says what is wrong
        source.refuse_unreadable()
        return _format_of_text(source)


def _format_of_text(source: Source) -> str:
    try:
        header = next(stream_rows(source))[1]
    except (InputError, StopIteration):
        return "matrix"  # whose reader says what is wrong
    refuse_own_table(header, source.name, "genotypes")
    return next((each.name for each in FORMATS if each.has_header and each.has_header(header)), "matrix")
