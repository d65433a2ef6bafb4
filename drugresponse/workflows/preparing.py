"""Prepare: genotypes of any format in; one .h5ad, a table of counts and a page out."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.data.parents.naming import with_named_parents
from drugresponse.data.variants.genome_build import GenomeBuild, refuse_other_build
from drugresponse.errors import InputError, count, one_line
from drugresponse.genotype_files import write_genotypes
from drugresponse.genotype_qc.overview import GenotypeOverview, overview_of
from drugresponse.model.file import is_model_file
from drugresponse.model.loading import load_model
from drugresponse.outputs import output_files, write_table
from drugresponse.preparing import features_of_training, reshape
from drugresponse.progress import doing
from drugresponse.readers.genes.lists import GENE_LISTS, read_gene_list
from drugresponse.readers.genome_build import genome_build
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.recognition import genotype_format_of
from drugresponse.readers.variants.regions import Regions, read_regions
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.report import GenotypeSource, genotypes_report
from drugresponse.settings import PrepareSettings, SiteSelection
from drugresponse.version import __version__
from drugresponse.workflows.dry_run import dry_run_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.sources import genotypes_of, refuse_without_features, samples_of, with_sources

__all__ = ["prepare"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


def prepare(settings: PrepareSettings) -> list[str]:
    """Read, filter and describe genotypes, and write them as one file; returns what to tell the user.

    Raises
    ------
    InputError
        A file cannot be read, no sample of the table is among the genotypes, the filters leave nothing, or nothing of
        the training's features is found.
    """
    settings = with_sources(settings)
    with output_files(settings.outputs(), folders=settings.folders(), publish=not settings.dry_run) as out:
        table = samples_of(settings)
        site_filter, sentences = _site_filter(settings)
        with _what_readers_say() as notes:
            genotypes = _read(settings, table, site_filter)
            named = GenomeBuild.named(settings.genome_build or "").name
            sources = [
                GenotypeSource(
                    file.name, genotype_format_of(file, settings.genotype_format), genome_build(file) or named
                )
                for file in settings.genotypes
            ]
            _report_strange_samples(genotypes, table)
        progress.info("read %s x %s", count(genotypes.shape[0], "sample"), count(genotypes.shape[1], "feature"))
        story = {"sources": sources, "choices": [*sentences, *_other_choices(settings)], "notes": notes}
        if settings.dry_run:
            return dry_run_words(settings, [*sentences, *_other_choices(settings), *_summary(overview_of(genotypes))])
        purpose = "train on" if settings.like is None else "predict from"
        place = f"Genotypes: {settings.dataset}. To {purpose} them: --genotypes {settings.dataset}"
        return [*_summary(_write(genotypes, table, story, out)), place]


def _read(settings: PrepareSettings, samples: pd.DataFrame | None, site_filter: SiteFilter | None) -> Genotypes:
    """The genotypes that are kept, in the features of the training where it is given."""
    trained, build = (None, GenomeBuild()) if settings.like is None else _trained(settings.like, site_filter)
    known_samples = None if samples is None else set(samples.index)
    genotypes = genotypes_of(settings, samples, known_samples, trained, site_filter)
    if settings.like is not None:
        refuse_other_build("genotypes", genotypes.genome, settings.like.name, build)
    genotypes = with_named_parents(genotypes, settings.parents)
    if trained is None:
        refuse_without_features(genotypes)
    absent_means = settings.absent_means if settings.callable is None else "reference"
    return reshape(genotypes, trained, site_filter, settings.by_gene, absent_means)


def _trained(like: Path, site_filter: SiteFilter | None) -> tuple[pd.DataFrame, GenomeBuild]:
    """The features of a model, or of the genotypes that it was trained on, and their genome build."""
    trained = load_model(like).parts_ if is_model_file(like) else read_genotypes(like)
    return features_of_training(trained.features, site_filter), trained.genome


def _write(
    genotypes: Genotypes,
    samples: pd.DataFrame | None,
    story: dict[str, Any],
    out: dict[str, Path],
) -> GenotypeOverview:
    doing("writing the genotypes")
    write_genotypes(genotypes, out["dataset"], samples=samples, about=_about(genotypes, story))
    doing("counting calls, frequencies and relatives")
    overview = overview_of(genotypes)
    doing("writing")
    if "summary" in out:
        write_table(overview.table(), out["summary"])
    write_report(out, partial(genotypes_report, overview, samples=samples, **story))
    return overview


def _site_filter(selection: SiteSelection) -> tuple[SiteFilter | None, list[str]]:
    """What is kept, and how that is told; None keeps everything."""
    symbols, places = _genes(selection), _regions(selection)
    frequency, missing, quality = selection.minimum_frequency, selection.maximum_missing, selection.minimum_quality
    n_regions = len(places.regions) if places else 0
    applies = {
        f"Only features of the genes that were named ({len(symbols or ())}).": symbols is not None,
        f"Only variants in the regions that were named ({n_regions}).": places is not None,
        f"Only dosages with a minor allele frequency of {frequency:g} or more.": frequency > 0,
        f"Only features that at most {100 * missing:g}% of the samples lack.": missing < 1,
        f"Only variants with an imputation quality of {quality:g} or more.": quality > 0,
    }
    sentences = [sentence for sentence, filtered in applies.items() if filtered]
    return SiteFilter(places, symbols, frequency, missing, quality) if sentences else None, sentences


def _genes(selection: SiteSelection) -> frozenset[str] | None:
    """Symbols from both sources."""
    lists = [read_gene_list(words) for words in _typed("`genes`", selection.genes or (), "`gene_list`")]
    if selection.gene_list is not None:
        lists.append(read_gene_list(selection.gene_list))
    return frozenset().union(*lists) if lists else None


def _regions(selection: SiteSelection) -> Regions | None:
    parts = [read_regions(words) for words in _typed("`within`", (selection.within or "").split(","), "`regions`")]
    if selection.regions is not None:
        parts.append(read_regions(selection.regions))
    return Regions.of(region for part in parts for region in part.regions) if parts else None


def _typed(option: str, words: Sequence[str], instead: str) -> list[str]:
    """Words that can be nothing but words: a file of that name is not looked at."""
    names = [word.strip() for word in words if word.strip()]
    for name in names:
        if "/" in name or "\\" in name:
            raise InputError(f'{option}: found "{name}" (expected no file here). Give files with {instead}.')
    return [name if name in GENE_LISTS else f"{name}," for name in names]


def _other_choices(settings: PrepareSettings) -> list[str]:
    like, places = settings.like, settings.callable
    applies = {
        "A missing call was taken as the reference.": settings.absent_means == "reference" and places is None,
        f"A missing call in the regions of {places.name if places else ''} was taken as the reference.": places
        is not None,
        "Only variants and calls that passed the filters of their caller.": settings.filters == "pass",
        "Features have the families, genes and sites that their names tell.": settings.parents == "named",
        "Variants of one gene are joined.": settings.by_gene == "any",
        "Variants of one gene are joined by class of effect.": settings.by_gene == "effect",
        f"The features are those of {like.name if like else ''}, with its alleles.": like is not None,
    }
    return [sentence for sentence, chosen in applies.items() if chosen]


@contextmanager
def _what_readers_say() -> Iterator[list[str]]:
    """Collect what is logged while genotypes are read, as sentences for the page."""
    said: list[str] = []

    class Collector(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            if record.levelno >= logging.INFO and record.name != progress.name:
                said.append(one_line(record.getMessage()))

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


def _about(genotypes: Genotypes, story: dict[str, Any]) -> dict[str, Any]:
    """What the file remembers of its origin: no paths and no times, so that a rerun gives the same bytes."""
    return {
        **story,
        "sources": [asdict(source) for source in story["sources"]],
        "version": __version__,
        "n_samples": genotypes.shape[0],
        "n_features": genotypes.shape[1],
        "X": "a cell that is not stored is 0, a missing call is NaN",
    }


def _summary(overview: GenotypeOverview) -> list[str]:
    blocks = ", ".join(f"{row.n_features} {name}" for name, row in overview.summary.blocks.iterrows())
    lines = [
        f"{count(overview.n_samples, 'sample')} and {count(overview.n_features, 'feature')} ({blocks}); "
        f"{overview.missing:.2%} of the calls are missing.",
    ]
    pairs = len(overview.relatives.table)
    if pairs:
        related = f"{count(pairs, 'pair')} of samples {'is' if pairs == 1 else 'are'}"
        lines.append(f"{related} closer than chance; the summary and the report tell which.")
    return lines
