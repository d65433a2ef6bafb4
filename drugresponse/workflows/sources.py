"""The files that training and evaluation read, and what they become."""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from drugresponse.curves import refuse_misnamed_measure
from drugresponse.data.covariates import MOST_ARMS, typed_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.tables import Measure, Responses
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.learners.memory import estimate_megabytes, refuse_too_little_memory
from drugresponse.readers import genotype_source_files, read_drugs, read_genotypes, read_responses, read_samples
from drugresponse.readers.genes.names import apply_gene_names, read_gene_names
from drugresponse.readers.genotype_formats import genotype_format_of
from drugresponse.readers.matrix.single_copies import men_of

__all__ = ["SourceTables", "Sources", "read_with_aliases", "refuse_without_features", "true_and_false"]

progress = logging.getLogger("drugresponse.progress")

_RENAMED_BY_READER = ("alterations", "star-alleles")


@dataclass(frozen=True, eq=False)
class SourceTables:
    """What the files hold.

    Attributes
    ----------
    genotypes, responses, drugs, samples
        The tables; drugs and samples are None where no file was given.
    checksums
        SHA-256 of each file, by role.
    """

    genotypes: Genotypes
    responses: Responses
    drugs: pd.DataFrame | None
    samples: pd.DataFrame | None
    checksums: dict[str, list[str]]


@dataclass(frozen=True)
class Sources:
    """Paths, and how to read them; the fields are the options of the command line."""

    genotypes: Sequence[Path]
    responses: Path
    drugs: Path | None = None
    samples: Path | None = None
    features: Path | None = None
    genotype_format: str = "auto"
    kind: str | None = None
    absent_means: str | None = None
    sample_column: str = "sample_id"
    drug_column: str = "drug_id"
    response_column: str = "response"
    measure: str = ""
    unit: str = ""
    higher_means: Any = None
    layer: str | None = None
    aliases: Path | None = None
    filters: str = "all"

    def paths(self) -> list[Path]:
        """Every file that will be read."""
        return [path for role in self._roles().values() for path in role]

    def read(self, n_jobs: int, arm: str | None = None) -> SourceTables:
        """Read all files, and stop early where a training on them would not fit into the granted memory.

        Parameters
        ----------
        n_jobs
            Fits run at once.
        arm
            Column of the treatment arm, which multiplies the tokens.

        Raises
        ------
        InputError
            A file cannot be read as what it should be, or the measure's name and unit contradict.
        MemoryLimitError
            `GALAXY_MEMORY_MB` is too small.
        """
        measure = Measure(self.measure or "", self.unit or "", self.higher_means)
        refuse_misnamed_measure(measure)
        checksums = {role: [_checksum(path) for path in paths] for role, paths in self._roles().items() if paths}
        self._refuse_one_file_twice(checksums)
        drugs = None if self.drugs is None else read_drugs(self.drugs, drug_column=self.drug_column)
        responses = read_responses(
            self.responses,
            sample_column=self.sample_column,
            drug_column=self.drug_column,
            response_column=self.response_column,
            measure=measure,
            drug_ids=() if drugs is None else drugs.index,
        )
        samples = None if self.samples is None else read_samples(self.samples, sample_column=self.sample_column)
        responses = right_way_round(responses, samples=() if samples is None else samples.index)
        genotypes = self._read_genotypes(responses, samples)
        both = genotypes.sample_ids.union(genotypes.features.index)  # genotypes may have been read turned, too
        turned = right_way_round(responses, samples=both)
        if turned is not responses:
            responses, genotypes = turned, self._read_genotypes(turned, samples)
        refuse_without_features(genotypes)
        n_samples, n_features = genotypes.shape
        size = f"{count(n_samples, 'sample')} x {count(n_features, 'feature')}"
        progress.info("read %s and %s", size, count(len(responses), "response"))
        n_features *= _copies_of_genotype(samples, arm)
        n_drugs = responses.table["drug_id"].nunique()
        needed = estimate_megabytes(n_samples, n_features, n_drugs, len(responses), n_jobs)
        refuse_too_little_memory(needed, os.environ)
        return SourceTables(genotypes, responses, drugs, samples, checksums)

    def _read_genotypes(self, responses: Responses, samples: pd.DataFrame | None) -> Genotypes:
        return read_with_aliases(
            self.genotypes,
            self.aliases,
            features=self.features,
            genotype_format=self.genotype_format,
            absent_means=self.absent_means,
            filters=self.filters,
            men=men_of(samples),
            kind=self.kind,
            layer=self.layer,
            known_samples=set(responses.table["sample_id"]) | set(() if samples is None else samples.index),
        )

    def _refuse_one_file_twice(self, checksums: dict[str, list[str]]) -> None:
        """One content in two roles is a slip that may still train."""
        role_of: dict[str, str] = {}
        for role, sums in checksums.items():
            for each in sums:
                if role_of.setdefault(each, role) != role:
                    raise InputError(
                        f"{role}: is the same file as the {role_of[each]} (expected another). "
                        "Name the right file for each."
                    )

    def _roles(self) -> dict[str, list[Path]]:
        single = {
            "responses": self.responses,
            "drugs": self.drugs,
            "samples": self.samples,
            "features": self.features,
            "aliases": self.aliases,
        }
        return {
            "genotypes": [file for path in self.genotypes for file in genotype_source_files(path)],
            **{role: [] if path is None else [path] for role, path in single.items()},
        }


def read_with_aliases(
    paths: Sequence[Path], aliases: Path | None, *, genotype_format: str = "auto", **how: Any
) -> Genotypes:
    """Read genotypes, their genes under the names in use where a table of aliases is given.

    Parameters
    ----------
    paths, genotype_format, how
        As for `read_genotypes`.
    aliases
        Path of the table of aliases.
    """
    names = None if aliases is None else read_gene_names(aliases)
    found = read_genotypes(list(paths), genotype_format=genotype_format, aliases=names, **how)
    if names is None or all(genotype_format_of(each, genotype_format) in _RENAMED_BY_READER for each in paths):
        return found
    return apply_gene_names(found, names)


def refuse_without_features(genotypes: Genotypes) -> None:
    """Refuse files that list only reference calls, which tell something to a model alone."""
    if not genotypes.shape[1]:
        raise InputError("genotypes: found no variant (expected records with ALT alleles). Check the files.")


def true_and_false(table: pd.DataFrame) -> pd.DataFrame:
    """A table of predictions with its yes and no columns as the words true and false."""
    words = {True: "true", False: "false"}
    return table.assign(**{name: table[name].map(words) for name in ("sample_seen", "drug_seen")})


def _checksum(path: Path) -> str:
    digest = hashlib.sha256()
    if not Path(path).is_file():
        return str(path)  # the reader says what is wrong with it
    with Path(path).open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def _copies_of_genotype(samples: pd.DataFrame | None, arm: str | None) -> int:
    """How often the genotype stands among the tokens: itself, and for each arm but the first."""
    if samples is None or arm not in samples.columns:
        return 1
    column = typed_covariate(samples[arm])
    return min(column[column != ""].nunique(), MOST_ARMS) if column.dtype == object else 2
