"""Prepare: genotypes of any format in; one .h5ad, a table of counts and a page out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, count
from drugresponse.features.places import Variants
from drugresponse.features.same_features import with_features_of
from drugresponse.features.unseen_alleles import without_unseen_alleles
from drugresponse.genotype_files import write_genotypes
from drugresponse.genotype_qc.burden import to_genes
from drugresponse.genotype_qc.overview import GenotypeOverview, overview_of
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import genotype_source_files, read_genotypes, read_samples
from drugresponse.readers.genes.lists import GENE_LISTS, read_gene_list
from drugresponse.readers.genome_build import genome_build
from drugresponse.readers.genotype_formats import genotype_format_of
from drugresponse.readers.matrix.single_copies import men_of
from drugresponse.readers.variants.regions import Regions, read_regions
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.report import GenotypeSource, genotypes_report
from drugresponse.version import __version__
from drugresponse.workflows.sources import read_with_aliases, refuse_without_features

__all__ = ["prepare"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


def prepare(
    *,
    genotypes: Sequence[Path],
    dataset: Path,
    samples: Path | None = None,
    genes: Sequence[str] | None = None,
    regions: Path | None = None,
    minimum_frequency: float = 0,
    maximum_missing: float = 1,
    by_gene: str = "no",
    summary: Path | None = None,
    report: Path | None = None,
    sample_column: str = "sample_id",
    within: str | None = None,
    gene_list: Path | None = None,
    minimum_quality: float = 0,
    features: Path | None = None,
    genotype_format: str = "auto",
    kind: str | None = None,
    absent_means: str | None = None,
    filters: str = "all",
    layer: str | None = None,
    aliases: Path | None = None,
    like: Path | None = None,
) -> list[str]:
    """Read, filter and describe genotypes, and write them as one file; returns what to tell the user.

    Raises
    ------
    InputError
        A file cannot be read, no sample of the table is among the genotypes, the filters leave nothing, or nothing of
        the training's features is found.
    """
    given = (samples, regions, gene_list, features, aliases, like)
    inputs = [*(file for path in genotypes for file in genotype_source_files(path)), *filter(None, given)]
    with output_files({"dataset": dataset, "summary": summary, "report": report}, inputs) as out:
        table = None if samples is None else read_samples(samples, sample_column=sample_column)
        asked = _Asked.of(genes, gene_list, regions, within, minimum_frequency, maximum_missing, minimum_quality)
        trained = None if like is None else _features_of_training(like, asked.site_filter)
        with _what_readers_say() as notes:
            found = read_with_aliases(
                genotypes,
                aliases,
                features=features,
                genotype_format=genotype_format,
                absent_means=absent_means,
                filters=filters,
                men=men_of(table),
                kind=kind,
                layer=layer,
                known_samples=None if table is None else set(table.index),
                known_features=trained,
                site_filter=asked.site_filter,
            )
            sources = [
                GenotypeSource(path.name, genotype_format_of(path, genotype_format), genome_build(path))
                for path in genotypes
            ]
            _report_builds(sources, like)
            if trained is None:
                refuse_without_features(found)
            if by_gene != "no":
                found = to_genes(found, by_effect=by_gene == "effect", known_features=trained)
            if trained is not None:
                found = _as_in_training(_unknown_outside(found, trained, asked.site_filter), trained, absent_means)
            _report_strange_samples(found, table)
        progress.info("read %s x %s", count(found.shape[0], "sample"), count(found.shape[1], "feature"))
        story = {
            "sources": sources,
            "choices": [*asked.sentences, *_other_choices(by_gene, absent_means, filters, like)],
            "notes": notes,
        }
        overview = _write(found, table, story, out)
        return _told(overview, dataset, "train on" if like is None else "predict from")


def _write(
    genotypes: Genotypes, samples: pd.DataFrame | None, story: dict[str, Any], out: dict[str, Path]
) -> GenotypeOverview:
    write_genotypes(genotypes, out["dataset"], samples=samples, about=_about(genotypes, story))
    overview = overview_of(genotypes)
    if "summary" in out:
        write_table(overview.table(), out["summary"])
    if "report" in out:
        out["report"].write_text(genotypes_report(overview, samples=samples, **story), encoding="utf-8")
    return overview


@dataclass(frozen=True)
class _Asked:
    """What is kept, and how that is told."""

    site_filter: SiteFilter | None
    sentences: tuple[str, ...]

    @classmethod
    def of(
        cls,
        genes: Sequence[str] | None,
        gene_list: Path | None,
        regions: Path | None,
        within: str | None,
        minimum_frequency: float,
        maximum_missing: float,
        minimum_quality: float,
    ) -> _Asked:
        symbols = _genes(genes, gene_list)
        places = _regions(regions, within)
        found = SiteFilter(places, symbols, minimum_frequency, maximum_missing, minimum_quality)
        told = {
            f"Only features of the genes that were named ({len(symbols or ())}).": symbols is not None,
            f"Only variants in the regions that were named ({len(places.regions) if places else 0}).": places
            is not None,
            f"Only dosages with a minor allele frequency of {minimum_frequency:g} or more.": minimum_frequency > 0,
            f"Only features that at most {100 * maximum_missing:g}% of the samples lack.": maximum_missing < 1,
            f"Only variants with an imputation quality of {minimum_quality:g} or more.": minimum_quality > 0,
        }
        sentences = tuple(sentence for sentence, applies in told.items() if applies)
        return cls(found if sentences else None, sentences)


def _genes(genes: Sequence[str] | None, gene_list: Path | None) -> frozenset[str] | None:
    """Symbols from both sources."""
    found = [read_gene_list(each) for each in _typed("`genes`", genes or (), "`gene_list`")]
    if gene_list is not None:
        found.append(read_gene_list(Path(gene_list)))
    return frozenset().union(*found) if found else None


def _regions(regions: Path | None, within: str | None) -> Regions | None:
    found = [read_regions(each) for each in _typed("`within`", (within or "").split(","), "`regions`")]
    if regions is not None:
        found.append(read_regions(Path(regions)))
    return Regions.of(each for part in found for each in part.regions) if found else None


def _typed(option: str, words: Sequence[str], instead: str) -> list[str]:
    """Words that can be nothing but words: a file of that name is not looked at."""
    found = []
    for each in (word.strip() for word in words):
        if "/" in each or "\\" in each:
            raise InputError(f'{option}: found "{each}" (expected no file here). Give files with {instead}.')
        if each:
            found.append(each if each in GENE_LISTS else f"{each},")
    return found


def _features_of_training(like: Path, site_filter: SiteFilter | None) -> pd.DataFrame:
    if site_filter is not None and site_filter.looks_at_calls:
        raise InputError(
            "`like`: found a limit of frequency or missing calls too (expected none: which features are kept was "
            "decided at the training). Leave out `minimum_frequency` and `maximum_missing`."
        )
    return read_genotypes(like).features


def _unknown_outside(genotypes: Genotypes, trained: pd.DataFrame, site_filter: SiteFilter | None) -> Genotypes:
    """Genotypes whose sites outside the regions, which were not read, are not taken for the reference."""
    if genotypes.reference is None or site_filter is None or site_filter.regions is None:
        return genotypes
    sites = Variants.of(trained)
    outside = {}
    for name in pd.unique(sites.chromosome[sites.placed]):
        places = sites.position[sites.placed & (sites.chromosome == name)]
        outside[str(name)] = places[~site_filter.regions.covers(str(name), places)]
    nowhere = ReferenceCalls(np.zeros_like(genotypes.reference.everywhere), {}, outside)
    return replace(genotypes, reference=ReferenceCalls.join([genotypes.reference, nowhere]))


def _as_in_training(genotypes: Genotypes, trained: pd.DataFrame, absent_means: str | None) -> Genotypes:
    as_reference = absent_means == "reference"
    genotypes = without_unseen_alleles(genotypes, trained)
    found, alignment = with_features_of(genotypes, trained, absent_as_reference=as_reference)
    logger.info("genotypes: %s.", alignment.sentence("features of the training"))
    n_absent = int(((alignment.columns < 0) & ~alignment.conflict).sum())
    if n_absent and not as_reference:
        logger.warning(
            "genotypes: absent are %d of the %s of the training; they count as missing. If the files list only "
            "what differs from the reference, read them with `absent_means` reference.",
            n_absent,
            count(len(trained), "feature"),
        )
    return found


def _other_choices(by_gene: str, absent_means: str | None, filters: str, like: Path | None) -> list[str]:
    told = {
        "A missing call was taken as the reference.": absent_means == "reference",
        "Only variants and calls that passed the filters of their caller.": filters == "pass",
        "Variants of one gene are joined.": by_gene == "any",
        "Variants of one gene are joined by class of effect.": by_gene == "effect",
        f"The features are those of {like.name if like else ''}, with its alleles.": like is not None,
    }
    return [sentence for sentence, applies in told.items() if applies]


@contextmanager
def _what_readers_say() -> Iterator[list[str]]:
    """Collect what is logged while genotypes are read, as sentences for the page."""
    said: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.INFO and record.name != progress.name:
                said.append(" ".join(record.getMessage().split()))

    package, collector = logging.getLogger("drugresponse"), Collector()
    level = package.level
    package.addHandler(collector)
    package.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield said
    finally:
        package.removeHandler(collector)
        package.setLevel(level)


def _report_strange_samples(genotypes: Genotypes, samples: pd.DataFrame | None) -> None:
    if samples is None:
        return
    known = genotypes.sample_ids.isin(samples.index)
    if not known.any():
        raise InputError(
            f"samples: none of the {count(len(samples), 'sample')} is among the {len(genotypes.sample_ids)} of the "
            f"genotypes. {suggest_ids(samples.index, genotypes.sample_ids)}"
        )
    tell_of_lost_ids(
        "genotypes", "samples", genotypes.sample_ids, "samples table", samples.index, "without its columns"
    )


def _report_builds(sources: Sequence[GenotypeSource], like: Path | None) -> None:
    builds = [(each.file, each.build) for each in sources]
    if like is not None:
        builds.append((like.name, genome_build(like)))
    if len({build for _, build in builds if build}) > 1:
        told = ", ".join(f"{name} is of {build}" for name, build in builds if build)
        logger.warning(
            "genotypes: %s; variants are found by their positions. Bring all files to one genome build first, for "
            "instance with bcftools +liftover.",
            told,
        )


def _about(genotypes: Genotypes, story: dict[str, Any]) -> dict[str, Any]:
    """What the file remembers of its origin: no paths and no times, so that a rerun gives the same bytes."""
    return {
        **story,
        "sources": [asdict(each) for each in story["sources"]],
        "version": __version__,
        "n_samples": genotypes.shape[0],
        "n_features": genotypes.shape[1],
        "X": "a cell that is not stored is 0, a missing call is NaN",
    }


def _told(overview: GenotypeOverview, dataset: Path, purpose: str) -> list[str]:
    blocks = ", ".join(f"{row.n_features} {name}" for name, row in overview.summary.blocks.iterrows())
    lines = [
        f"{count(overview.n_samples, 'sample')} and {count(overview.n_features, 'feature')} ({blocks}); "
        f"{overview.missing:.2%} of the calls are missing.",
    ]
    pairs = len(overview.relatives.table)
    if pairs:
        told = f"{count(pairs, 'pair')} of samples {'is' if pairs == 1 else 'are'}"
        lines.append(f"{told} closer than chance; the summary and the report tell which.")
    return [*lines, f"Genotypes: {dataset}. To {purpose} them: --genotypes {dataset}"]
