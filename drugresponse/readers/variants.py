"""VCF, compressed VCF and BCF -> Genotypes: copies of each alternate allele."""

from __future__ import annotations

import contextlib
import logging
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, require
from drugresponse.readers.allele_calls import AlleleCalls, NoCalls, dosages, tell_of_calls
from drugresponse.readers.content import open_checked, recognise, refuse_truncated

__all__ = ["read_variants"]

logger = logging.getLogger(__name__)

_CHROMOSOME_PREFIX = re.compile("^chr", re.IGNORECASE)
_DEFAULT_LOG_LEVEL = 3


def read_variants(path: str | Path, *, absent_means: Literal["missing", "reference"] = "missing") -> Genotypes:
    r"""Read a VCF (plain, gzip or bgzip) or BCF file into dosages of alternate alleles.

    Parameters
    ----------
    path
        The file; its extension does not matter.
    absent_means
        What a missing call (`./.`) means: not assayed, or the reference (for files that list only what differs from
        it).

    Returns
    -------
    Genotypes
        One feature for each alternate allele, `chromosome:position:ref:alt` without "chr", kind and block `dosage`; the
        gene is the first symbol of INFO/GENEINFO, where that is present. GT is read, or DS in a record without GT.

    Raises
    ------
    InputError
        The file is empty, truncated, damaged, not VCF or BCF, or holds no samples or no genotypes.

    Notes
    -----
    A dosage is the number of copies that were called: a haploid call `1` counts 1, phase plays no part. A call with one
    allele missing (`./1`) is missing, whatever `absent_means` says. `*` (a deletion that spans the site) and records
    without an alternate are passed over. Where the same allele stands in several records, the first call of a sample
    counts; calls that contradict each other are missing and counted in a warning.

    Examples
    --------
    >>> import tempfile
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
    file = open_checked(path)
    if recognise(file) not in ("vcf", "bcf"):
        raise InputError(
            f"{file.name}: this is neither VCF nor BCF (expected ##fileformat=VCF on line 1). Check the file."
        )
    refuse_truncated(file)
    with _quiet_htslib():
        samples, calls, features = _read_records(file)
    return _assemble(samples, calls, features, absent_means, file.name)


@contextlib.contextmanager
def _quiet_htslib() -> Iterator[None]:
    # htslib writes to stderr by itself; what matters is said again in one line of ours
    module = require("cyvcf2.cyvcf2", "read VCF and BCF files")
    set_level = getattr(module, "set_htslib_log_level", lambda level: None)
    set_level(0)
    try:
        yield
    finally:
        set_level(_DEFAULT_LOG_LEVEL)


def _read_records(file: Path) -> tuple[list[str], AlleleCalls, dict[str, dict[str, Any]]]:
    samples, records = _open(file)
    calls = AlleleCalls(len(samples))
    features: dict[str, dict[str, Any]] = {}
    n_without = number = 0
    for number, record in enumerate(_checked(records, file.name), start=1):
        alternates = record.ALT
        if not alternates:
            continue
        chromosome = _CHROMOSOME_PREFIX.sub("", record.CHROM)
        site = f"{chromosome}:{record.POS}"
        try:
            per_allele = dosages(record, len(samples))
        except NoCalls:
            n_without += 1
            continue
        except ValueError as error:
            raise InputError(f"{file.name}, record {number} ({site}): {error} Correct the record.") from error
        for alternate, column in zip(alternates, per_allele, strict=True):
            if alternate == "*":
                continue
            feature_id = f"{site}:{record.REF}:{alternate}"
            if calls.add(feature_id, column):
                features[feature_id] = _feature_row(record, chromosome, alternate)
    _refuse_without_calls(features, n_without, number, file.name)
    if n_without:
        logger.warning("%s: %d records hold neither GT nor DS and are left out.", file.name, n_without)
    return samples, calls, features


def _open(file: Path) -> tuple[list[str], Any]:
    cyvcf2 = require("cyvcf2", "read VCF and BCF files")
    try:
        records = cyvcf2.VCF(str(file.resolve()))
        samples = [str(name) for name in records.samples]
    except Exception as error:  # the library raises bare Exception
        raise InputError(
            f"{file.name}: the header of this VCF or BCF file cannot be read (expected ##contig, ##FORMAT "
            "and #CHROM lines, separated by tabs). Check it with: bcftools view -h"
        ) from error
    if not samples:
        raise InputError(f"{file.name}: found no samples (expected columns after FORMAT). Give a file with genotypes.")
    return samples, records


def _checked(records: Any, where: str) -> Iterator[Any]:
    number = 0
    iterator = iter(records)
    while True:
        try:
            record = next(iterator)
        except StopIteration:
            return
        except Exception as error:  # the library raises bare Exception
            raise InputError(
                f"{where}: the record after record {number} cannot be read; the file is damaged or truncated. "
                "Check it with: bcftools view"
            ) from error
        number += 1
        yield record


def _feature_row(record: Any, chromosome: str, alternate: str) -> dict[str, Any]:
    gene = record.INFO.get("GENEINFO") or ""
    return {
        "gene": str(gene).split("|")[0].split(":")[0],
        "chromosome": chromosome,
        "position": int(record.POS),
        "ref": record.REF,
        "alt": alternate,
    }


def _refuse_without_calls(features: dict[str, dict[str, Any]], n_without: int, n_records: int, where: str) -> None:
    if features:
        return
    if n_without:
        raise InputError(
            f"{where}: none of its {n_records} records holds genotypes (expected GT or DS in FORMAT). "
            "Give a file with calls."
        )
    raise InputError(f"{where}: found no variant in {n_records} records (expected ALT alleles). Check the file.")


def _assemble(
    samples: list[str], calls: AlleleCalls, features: dict[str, dict[str, Any]], absent_means: str, where: str
) -> Genotypes:
    table = pd.DataFrame.from_dict(features, orient="index").assign(kind="dosage", block="dosage")
    rows, columns, values = calls.coordinates(absent_as_reference=absent_means == "reference")
    matrix = sparse.csr_array((values, (rows, columns)), shape=(len(samples), len(table)))
    tell_of_calls(
        where,
        n_samples=len(samples),
        n_alleles=len(table),
        n_missing=int(np.isnan(values).sum()),
        n_conflicts=calls.n_conflicts,
        absent_means=absent_means,
    )
    return Genotypes.build(matrix, samples, table)
