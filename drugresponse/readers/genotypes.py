"""Genotypes from files of any format that is read, several together."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.conversion.blocks import in_block, refuse_other_samples
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import spellings_alike, suggest_ids, warn_of_other_case
from drugresponse.data.stored_values import beside
from drugresponse.data.variants.genome_build import GenomeBuild, refuse_other_build
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.readers.formats import GenotypeFormat, find_format
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.genome_build import genome_build
from drugresponse.readers.matrix.single_copies import double_single_copies
from drugresponse.readers.recognition import genotype_format_of
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.text.file_lists import AnySources, listed_sources
from drugresponse.readers.variants.regions import Regions, read_regions
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes
from drugresponse.readers.vcf.patients import hold_other_samples

__all__ = ["read_genotypes"]

logger = logging.getLogger(__name__)

ABSENT_MEANS = ("missing", "reference")
FILTERS = ("all", "pass")
_WITH_ABSENT_SITES = ("vcf", "matrix", "anndata")
"""Formats that may lack sites of a model, of which callable regions tell whether they were looked at."""


def read_genotypes(
    paths: AnySources,
    *,
    features: AnySource | None = None,
    genotype_format: str = "auto",
    absent_means: str | None = None,
    callable: Regions | AnySource | None = None,
    genome_build: str | None = None,
    filters: str = "all",
    kind: str | None = None,
    layer: str | None = None,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    aliases: GeneNames | None = None,
    site_filter: SiteFilter | None = None,
    men: Collection[str] = (),
) -> Genotypes:
    r"""Read one or several sources of genotypes and put them side by side.

    Several sources are blocks of the same samples where they are named: features of one name in two blocks are two
    features. Files of other samples are put below each other within their block.

    Parameters
    ----------
    paths
        VCF, compressed VCF, BCF; PLINK 1 or 2 (the .bed or .pgen file, or the folder of one fileset), and its
        text of dosages (.raw, .traw); a table of
        alterations or MAF; a table of star alleles; a matrix as text or Parquet; .h5ad; .h5mu, whose modalities are
        blocks. Formats may be mixed. VCF files of other samples each are put below each other; a list of files
        (`listed_sources`) stands for them. The name of a block stands before its path, as in `expression=genes.tsv`,
        or is the key of a mapping.
    features
        Table that explains the features of the matrices.
    genotype_format
        `auto` tells the format of each file by its content; every other insists on one, also the name that an
        installed distribution gives a reader of its own.
    absent_means
        What a call that is not there means: `missing` (also None, for VCF and PLINK) or `reference` (also None, for
        alterations). Of a matrix and .h5ad, only a site of a trained model that they lack altogether can be meant.
    callable
        Where variants were looked for: `Regions`, or a file or text as `read_regions` takes it. Then `reference`, also
        None, holds for what lies in them, and a call that is not there outside of them is missing. Of VCF and BCF, and
        of sites that a matrix or .h5ad lacks.
    genome_build
        Genome build of the positions, such as `GRCh38` or `hg19`, where the files do not tell it.
    filters
        `all` keeps variants and calls of VCF and PLINK 2 that failed a filter of their caller (FILTER, FT), and counts
        them in a warning; `pass` leaves them out.
    kind
        Kind of matrix features that the features table does not tell; None guesses it.
    layer
        Layer of .h5ad files; None reads `X`.
    known_samples
        Sample ids of the other tables, which tell a matrix from its transpose, and which samples were assayed for
        alterations.
    known_features
        Features of a trained model, which tables of alterations and star alleles then have too; of calls in letters its
        alternate allele is counted.
    aliases
        Names of genes in use, for tables of alterations and star alleles.
    site_filter
        Which variants are kept. VCF and PLINK are filtered while they are read, every other format afterwards, as
        `filter_genotypes` tells.
    men
        Ids of the male samples. Where a table writes their one copy of X as 1, it counts as 2, as in VCF and PLINK.

    Raises
    ------
    InputError
        No file, an unknown option, a format that is not read, or a file that is damaged.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mutations.dat")
    ...     _ = file.write_text("sample_id\tTP53\ns1\t1\ns2\t\n")
    ...     read_genotypes(file, kind="altered").dense()
    array([[ 1.], [nan]], dtype=float32)
    """
    files = listed_sources(paths)
    if absent_means is not None and absent_means not in ABSENT_MEANS:
        raise InputError(f'`absent_means`: "{absent_means}" is unknown. {nearest(absent_means, ABSENT_MEANS)}')
    if not files:
        raise InputError("genotypes: no source was given. Give at least one file of genotypes.")
    if filters not in FILTERS:
        raise InputError(f'`filters`: "{filters}" is unknown. {nearest(filters, FILTERS)}')
    if filters == "pass":
        site_filter = replace(site_filter or SiteFilter(), passed_only=True)
    by_block: dict[str, list[Source]] = {}
    for file in files:
        by_block.setdefault(file.block, []).append(file)
    groups = [group for named in by_block.values() for group in _grouped(named, genotype_format)]
    if callable is not None:
        callable = _callable_regions(callable, absent_means, [record for record, _ in groups])
    options = {
        "callable": callable,
        "features": features,
        "absent_means": absent_means,
        "kind": kind,
        "layer": layer,
        "known_samples": known_samples,
        "known_features": known_features,
        "aliases": aliases,
        "site_filter": site_filter,
    }
    tables: list[Genotypes] = []
    for record, group in groups:
        # many files of which each is small, such as one for each chromosome, are large together
        with beside(sum(table.shape[0] * table.shape[1] for table in tables if not table.is_stored)):
            table = _read(record, group, options, men)
            block = group[0].block
            tables.append(in_block(table, block, group[0].name) if block else table)
    names = [group[0].name for _, group in groups]
    _refuse_other_builds(names, tables)
    blocks = [group[0].block for _, group in groups]
    if len(tables) > 1:
        _report_overlap(names, tables, blocks)
    joined = Genotypes.join(tables)
    warn_of_other_case(joined.features, "genotypes" if len(names) > 1 else names[0])
    if genome_build is None or joined.features["position"].isna().all():
        return joined
    named = GenomeBuild.named(genome_build)
    refuse_other_build("genotypes", joined.genome, "`genome_build`", named)
    return replace(joined, genome=GenomeBuild.joined([joined.genome, named]))


def _callable_regions(
    regions: Regions | AnySource, absent_means: str | None, records: Sequence[GenotypeFormat]
) -> Regions:
    """The callable regions, refused where nothing would look at them."""
    if absent_means == "missing":
        raise InputError(
            "`callable`: found them beside `absent_means` missing (expected reference, which is what they "
            "limit). Leave one of the two out."
        )
    if not any(record.name in _WITH_ABSENT_SITES for record in records):
        named = ", ".join(dict.fromkeys(record.label for record in records))
        raise InputError(
            f"`callable`: found {named} (expected VCF, BCF, a table of samples and features or .h5ad, which may "
            "lack sites). Leave the option out."
        )
    return regions if isinstance(regions, Regions) else read_regions(regions)


def _grouped(files: Sequence[Source], genotype_format: str) -> list[tuple[GenotypeFormat, list[Source]]]:
    """What is read together; a group stands where its first file stands."""
    records = []
    for file in files:
        with file.naming_sheets():
            records.append(find_format(genotype_format_of(file, genotype_format)))
    stackable = [file for file, record in zip(files, records, strict=True) if record.stacked]
    stacked = hold_other_samples(stackable)
    groups: dict[object, tuple[GenotypeFormat, list[Source]]] = {}
    for number, (file, record) in enumerate(zip(files, records, strict=True)):
        together = record.is_joint or (stacked and record.stacked)
        groups.setdefault(record.name if together else number, (record, []))[1].append(file)
    return list(groups.values())


def _read(
    record: GenotypeFormat, files: Sequence[Source], options: Mapping[str, Any], men: Collection[str]
) -> Genotypes:
    """What the reader of a format makes of files by the options that it takes; the others are applied afterwards."""
    stacked = not record.is_joint and (len(files) > 1 or files[0].sample_id is not None)
    if files[0].block and record.is_joint:
        raise InputError(
            f"{files[0].name}: found {record.description} under the name {files[0].block} (expected none: its features "
            "are a block already). Leave the name out."
        )
    reader = record.reader(stacked=stacked)
    taken = inspect.signature(reader).parameters
    limited = options["callable"] is not None and record.name in _WITH_ABSENT_SITES
    if limited:
        options = {**options, "absent_means": "reference"}
    own = {name: value for name, value in options.items() if name in taken and value is not None}
    with files[0].naming_sheets():
        genotypes = reader(files if record.is_joint or stacked else files[0], **own)
    if "site_filter" in taken:
        return genotypes
    if record.name == "anndata":
        genotypes = replace(genotypes, genome=GenomeBuild(genome_build(files[0])))
    writes_missing = not (record.is_joint or "absent_means" in taken)  # only sites that such a table lacks are absent
    if writes_missing and options["absent_means"] == "reference" and (genotypes.features["kind"] == "dosage").any():
        assayed = options["callable"].stretches if limited else None
        everywhere = np.ones(genotypes.shape[0], dtype=bool)
        genotypes = replace(genotypes, reference=ReferenceCalls(everywhere, {}, assayed=assayed))
    if men:
        genotypes = double_single_copies(genotypes, men, files[0].name)
    return genotypes if options["site_filter"] is None else filter_genotypes(genotypes, options["site_filter"])


def _refuse_other_builds(names: Sequence[str], sources: Sequence[Genotypes]) -> None:
    told = [(name, source.genome) for name, source in zip(names, sources, strict=True) if source.genome]
    for at, (name, build) in enumerate(told):
        for before, earlier in told[:at]:
            refuse_other_build(name, build, before, earlier)


def _report_overlap(names: Sequence[str], sources: Sequence[Genotypes], blocks: Sequence[str]) -> None:
    for at, source in enumerate(sources):
        for number, (before, earlier) in enumerate(zip(names, sources[:at], strict=False)):
            if blocks[at] != blocks[number]:
                refuse_other_samples({blocks[i] or names[i]: sources[i] for i in (number, at)})
                _warn_of_other_spellings(names[at], source.sample_ids, before, earlier.sample_ids)
                continue
            shared = earlier.features.index.intersection(source.features.index)
            if len(shared) and not len(earlier.sample_ids.intersection(source.sample_ids)):
                raise InputError(
                    f"{names[at]}: it has features of {before} ({show_ids(shared)}) and none of its samples "
                    "(expected other features of the same samples). Merge such files first, "
                    "for instance with bcftools merge."
                )
            _warn_of_other_spellings(names[at], source.sample_ids, before, earlier.sample_ids)
    everywhere, anywhere = set(sources[0].sample_ids), set(sources[0].sample_ids)
    for source in sources[1:]:
        everywhere &= set(source.sample_ids)
        anywhere |= set(source.sample_ids)
    logger.info(
        f"genotypes: {len(everywhere)} samples are in all {len(sources)} sources, {len(anywhere) - len(everywhere)} "
        "in only some of them."
    )


def _warn_of_other_spellings(where: str, ids: pd.Index, before: str, earlier: pd.Index) -> None:
    here, there = ids[~ids.isin(earlier)], earlier[~earlier.isin(ids)]
    if spellings_alike(here, there):
        logger.warning(
            "%s: samples of it and of %s count as different ones. %s", where, before, suggest_ids(here, there)
        )
