"""The files that training and evaluation read, and what they become."""

from __future__ import annotations

import contextlib
import logging
import os
import shlex
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol, TypeVar

import pandas as pd

from drugresponse.data.covariates import MOST_ARMS, typed_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.measures.known import refuse_misnamed_measure
from drugresponse.data.outcomes.requested import AUTO, OutcomeLike
from drugresponse.data.parents.naming import with_named_parents
from drugresponse.data.parents.sums import with_parent_rows
from drugresponse.data.tables import Measure, Responses
from drugresponse.data.turned_responses import right_way_round
from drugresponse.data.variants.sexes import men_of
from drugresponse.errors import InputError, count, show_ids
from drugresponse.learners.memory import TrainingSize, refuse_too_little_memory
from drugresponse.progress import doing
from drugresponse.readers.genes.names import apply_gene_names, read_gene_names
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.recognition import genotype_format_of, genotype_parts
from drugresponse.readers.samples_beside import samples_beside
from drugresponse.readers.source.source import AnySource, Source, sources_of, words_of
from drugresponse.readers.tables.priors import read_prior
from drugresponse.readers.tables.responses import read_responses
from drugresponse.readers.tables.text_tables import read_drugs, read_pairs, read_samples
from drugresponse.readers.text.file_lists import labelled_sources, listed_sources
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.settings import (
    CohortTables,
    GenotypeReading,
    MeasuredResponses,
    NewSamples,
    TimeColumns,
    TrainingTables,
    values_of,
)

__all__ = [
    "SourceTables",
    "checksum_of_prior",
    "drugs_of",
    "genotypes_of",
    "named_samples",
    "pairs_of",
    "prior_of",
    "read_training_tables",
    "refuse_without_features",
    "responses_of",
    "samples_of",
    "true_and_false",
    "with_sources",
]

progress = logging.getLogger("drugresponse.progress")

Reading = TypeVar("Reading", bound=GenotypeReading)


class SampleTables(Protocol):
    """Settings that name genotypes, and perhaps a table of their samples."""

    @property
    def genotypes(self) -> Sequence[AnySource]: ...
    @property
    def samples(self) -> AnySource | None: ...
    @property
    def sample_column(self) -> str: ...


_TABLES = ("responses", "drugs", "samples", "features", "aliases", "callable")
_RENAMED_BY_READER = {"alterations", "star-alleles"}


@dataclass(frozen=True, eq=False)
class SourceTables:
    """What the files hold.

    Attributes
    ----------
    genotypes, responses, drugs, samples
        The tables; drugs and samples are None where no file was given.
    checksums
        SHA-256 of each file, by role.
    size
        Of a training on them.
    """

    genotypes: Genotypes
    responses: Responses
    drugs: pd.DataFrame | None
    samples: pd.DataFrame | None
    checksums: dict[str, list[str]]
    size: TrainingSize


def read_training_tables(
    settings: TrainingTables,
    n_jobs: int,
    learners: str | Sequence[str],
    arm: str | None = None,
    *,
    in_processes: bool = False,
) -> SourceTables:
    """Read all files, and stop early where a training on them would not fit into the granted memory.

    Parameters
    ----------
    settings
        Which files, and how they are read.
    n_jobs, learners, in_processes
        Fits run at once, of which learners, and whether in processes of their own.
    arm
        Column of the treatment arm, which multiplies the tokens.

    Raises
    ------
    InputError
        A file cannot be read as what it should be, or the measure's name and unit contradict.
    MemoryLimitError
        `GALAXY_MEMORY_MB` is too small.
    """
    measure = Measure(settings.measure or "", settings.unit or "", settings.higher_means)
    refuse_misnamed_measure(measure)
    settings = with_sources(settings)
    doing("reading the files")
    checksums = _checksums(settings)
    _refuse_one_file_twice(checksums)
    drugs, samples = drugs_of(settings), samples_of(settings)
    known_drugs = () if drugs is None else drugs.index
    responses = responses_of(settings, known_drugs, measure, settings.outcome, settings.classes, settings)
    responses = right_way_round(responses, samples=() if samples is None else samples.index)
    genotypes = genotypes_of(settings, samples, named_samples(responses, samples))
    both = genotypes.sample_ids.union(genotypes.features.index)  # genotypes may have been read turned, too
    turned = right_way_round(responses, samples=both)
    if turned is not responses:
        responses, genotypes = turned, genotypes_of(settings, samples, named_samples(turned, samples))
    refuse_without_features(genotypes)
    _suggest_one_file(genotypes, settings)
    genotypes = with_named_parents(genotypes, settings.parents)
    n_samples, n_features = genotypes.shape
    shown = f"{count(n_samples, 'sample')} x {count(n_features, 'feature')}"
    progress.info("read %s and %s", shown, count(len(responses), "response"))
    n_features = len(with_parent_rows(genotypes.features)) * _copies_of_genotype(samples, arm)
    n_drugs = responses.table["drug_id"].nunique()
    size = TrainingSize(n_samples, n_features, n_drugs, len(responses), n_jobs, in_processes)
    refuse_too_little_memory([learners] if isinstance(learners, str) else learners, size, os.environ)
    return SourceTables(genotypes, responses, drugs, samples, checksums, size)


def with_sources(settings: Reading) -> Reading:
    """Settings with sources in place of paths, so that what is seen of a file once need not be looked at again."""
    paths = {role: getattr(settings, role, None) for role in _TABLES}
    sources: dict[str, Any] = {role: Source.of(path) for role, path in paths.items() if path is not None}
    given = labelled_sources(settings.genotypes)
    for source in given:
        # what it holds, and whether it is a list, is seen while it is open once
        with contextlib.suppress(InputError), source.opened():
            genotype_parts(source, settings.genotype_format)
            if isinstance(settings, TrainingTables):
                _checksum(source)
    sources["genotypes"] = listed_sources(given)
    return replace(settings, **sources)


def prior_of(path: Path | None, drug_column: str) -> pd.DataFrame | None:
    """What is known already of effects; None where no file was given."""
    return None if path is None else read_prior(path, drug_column=drug_column)


def checksum_of_prior(path: Path | None) -> dict[str, list[str]]:
    """Its SHA-256 by its role; nothing where no file was given."""
    return {} if path is None else {"prior": [_checksum(Source.of(path))]}


def _checksums(settings: TrainingTables) -> dict[str, list[str]]:
    """SHA-256 of each file, by role."""
    genotypes = [_checksums_of_parts(Source.of(path), settings.genotype_format) for path in settings.genotypes]
    tables = {role: getattr(settings, role) for role in _TABLES}
    return {
        "genotypes": [checksum for parts in genotypes for checksum in parts],
        **{role: [_checksum(Source.of(path))] for role, path in tables.items() if path is not None},
        **checksum_of_prior(getattr(settings, "prior", None)),
    }


def _refuse_one_file_twice(checksums: dict[str, list[str]]) -> None:
    """One content in two roles is a slip that may still train."""
    role_of: dict[str, str] = {}
    for role, sums in checksums.items():
        for checksum in sums:
            if role_of.setdefault(checksum, role) != role:
                raise InputError(
                    f"{role}: is the same file as the {role_of[checksum]} (expected another). "
                    "Name the right file for each."
                )


def samples_of(settings: SampleTables) -> pd.DataFrame | None:
    """The table of samples, else what the files of genotypes tell of them; None where nothing does.

    Parameters
    ----------
    settings
        Which files.

    Raises
    ------
    InputError
        The table cannot be read, or the files of genotypes contradict each other.
    """
    sources = listed_sources(settings.genotypes)
    if settings.samples is None:
        beside, files = samples_beside(sources)
        if beside is not None:
            progress.info("samples: no table was given; used are the columns %s", _columns_of(beside, files))
        return beside
    with contextlib.suppress(InputError):  # what is wrong with the genotypes is said when they are read
        beside, files = samples_beside(sources)
        if beside is not None:
            progress.info("samples: the table is used, and not the columns %s", _columns_of(beside, files))
    return read_samples(settings.samples, sample_column=settings.sample_column)


def _columns_of(beside: pd.DataFrame, files: Sequence[Source]) -> str:
    return f"{show_ids(beside.columns, 8)} of {words_of(files)}"


def drugs_of(settings: CohortTables) -> pd.DataFrame | None:
    """The table of drugs, if there is one."""
    return None if settings.drugs is None else read_drugs(settings.drugs, drug_column=settings.drug_column)


def pairs_of(settings: NewSamples) -> pd.DataFrame | None:
    """The pairs to predict, if they were named."""
    if settings.pairs is None:
        return None
    return read_pairs(settings.pairs, sample_column=settings.sample_column, drug_column=settings.drug_column)


def responses_of(
    settings: MeasuredResponses,
    drug_ids: Collection[str],
    measure: Measure | None = None,
    outcome: OutcomeLike = AUTO,
    classes: str | None = None,
    times: TimeColumns | None = None,
) -> Responses:
    """The measured responses; known ids of drugs tell a table of samples by drugs from its transpose."""
    doing("reading the responses")
    return read_responses(
        settings.responses,
        sample_column=settings.sample_column,
        drug_column=settings.drug_column,
        response_column=settings.response_column,
        study_column=settings.study_column,
        measure=measure,
        drug_ids=drug_ids,
        outcome=outcome,
        classes=classes,
        **({} if times is None else values_of(times, TimeColumns)),
    )


def genotypes_of(
    settings: GenotypeReading,
    samples: pd.DataFrame | None,
    known_samples: Collection[str] | None,
    known_features: pd.DataFrame | None = None,
    site_filter: SiteFilter | None = None,
) -> Genotypes:
    """The genotypes, their genes under the names in use where a table of aliases is given.

    Parameters
    ----------
    settings
        Which files, and how they are read.
    samples
        Table of the samples, which may tell their sex.
    known_samples, known_features, site_filter
        As for `read_genotypes`.
    """
    doing("reading the genotypes")
    names = None if settings.aliases is None else read_gene_names(settings.aliases)
    sources = listed_sources(settings.genotypes)
    genotypes = read_genotypes(
        sources,
        known_samples=known_samples,
        known_features=known_features,
        site_filter=site_filter,
        men=men_of(samples),
        **values_of(settings, GenotypeReading) | {"aliases": names},
    )
    formats = {genotype_format_of(source, settings.genotype_format) for source in sources}
    if names is None or formats <= _RENAMED_BY_READER:
        return genotypes
    return replace(apply_gene_names(genotypes, names), genome=genotypes.genome)


def refuse_without_features(genotypes: Genotypes) -> None:
    """Refuse files that list only reference calls, which tell something to a model alone."""
    if not genotypes.shape[1]:
        raise InputError("genotypes: found no variant (expected records with ALT alleles). Check the files.")


def _suggest_one_file(genotypes: Genotypes, settings: GenotypeReading) -> None:
    """How calls of a large VCF, which every run unpacks anew, are unpacked once for all."""
    if not genotypes.is_stored:
        return
    sources = sources_of(settings.genotypes)
    # a folder, and the name that the files of a fileset share, hold PLINK
    packed = [source.path for source in sources if source.path.is_file() and source.content in ("vcf", "bcf")]
    if not packed:
        return
    words = ["drugresponse", "prepare", "--genotypes", *map(str, packed), "--dataset", "genotypes.h5ad"]
    for option, value, usual in (
        ("--absent-means", settings.absent_means, None),
        ("--filters", settings.filters, "all"),
    ):
        words += [] if value == usual else [option, str(value)]
    others = "" if len(packed) == len(sources) else " beside the other files"
    progress.info(
        "%s: unpacked anew by every run. Once for all: %s; then give genotypes.h5ad as --genotypes%s",
        words_of([source for source in sources if source.path in packed]),
        shlex.join(words),
        others,
    )


def true_and_false(table: pd.DataFrame) -> pd.DataFrame:
    """A table of predictions with its yes and no columns as the words true and false."""
    words = {True: "true", False: "false"}
    return table.assign(**{name: table[name].map(words) for name in ("sample_seen", "drug_seen")})


def _checksums_of_parts(source: Source, genotype_format: str) -> list[str]:
    """Those of the files that a source of genotypes is."""
    return [_checksum(part) for part in genotype_parts(source, genotype_format)]


def _checksum(source: Source) -> str:
    try:
        return source.sha256
    except InputError:
        return str(source.path)  # the reader says what is wrong with it


def _copies_of_genotype(samples: pd.DataFrame | None, arm: str | None) -> int:
    """How often the genotype stands among the tokens: itself, and for each arm but the first."""
    if samples is None or arm not in samples.columns:
        return 1
    column = typed_covariate(samples[arm])
    return min(column[column != ""].nunique(), MOST_ARMS) if column.dtype == object else 2


def named_samples(responses: Responses, samples: pd.DataFrame | None) -> set[str]:
    """Ids of the samples that the other tables name."""
    return set(responses.table["sample_id"]) | set(() if samples is None else samples.index)
