"""PLINK 1 (.bed, .bim, .fam) and PLINK 2 (.pgen, .pvar, .psam) -> Genotypes: copies of each alternate allele."""

from __future__ import annotations

import logging
from collections import Counter
from typing import Any, Literal

import numpy as np
import pandas as pd
import pyarrow
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues, stays_stored
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.readers.plink._calls import PlinkCalls
from drugresponse.readers.plink._columns import PlinkColumns
from drugresponse.readers.plink._labels import read_plink_samples, read_plink_variants, with_feature_ids
from drugresponse.readers.plink._sites import keep_calls, keep_passed, keep_places
from drugresponse.readers.plink._sparse import AllelePlan, gather_calls
from drugresponse.readers.plink.fileset import plink_files
from drugresponse.readers.source.source import AnySource
from drugresponse.readers.variants.allele_calls import tell_of_calls
from drugresponse.readers.variants.site_filter import SiteFilter, tell_of_dropped
from drugresponse.readers.vcf.reference_records import changed_bases

__all__ = ["read_plink"]

logger = logging.getLogger(__name__)

_HALF_SEX = ("X", "Y", "MT", "M")


def read_plink(
    path: AnySource,
    *,
    absent_means: Literal["missing", "reference"] = "missing",
    site_filter: SiteFilter | None = None,
    known_features: pd.DataFrame | None = None,
) -> Genotypes:
    r"""Read a PLINK 1 or PLINK 2 fileset into dosages of alternate alleles.

    Parameters
    ----------
    path
        The .bed or .pgen file, the folder that holds one fileset (such as Galaxy's), or the name that the files of the
        fileset share. The files of variants and samples stand beside it under the same name.
    absent_means
        What a missing call means: not assayed, or the reference.
    site_filter
        Which variants are kept; None keeps all. Memory grows with what is kept.
    known_features
        Features of a trained model: a variant of which nobody in the file has a second allele, which PLINK then names
        0, is read by its alleles.

    Returns
    -------
    Genotypes
        One feature for each alternate allele, named and ordered as those of a VCF, kind and block `dosage`. Samples are
        named by their IID. The calls of a large file (`data.stored_values.stays_stored`) stay in it, and are read from
        it in blocks.

    Raises
    ------
    InputError
        A file of the fileset is absent, truncated, damaged, or does not fit the others; or the filter keeps nothing.

    Notes
    -----
    In PLINK 1 files the first allele of .bim (A1) is counted, and the second (A2) taken as the reference; where a file
    was written without that order being kept, A2 is merely the more frequent one. Of PLINK 2 files, dosages are read
    where they are stored, else the hard calls. PLINK writes the one copy of a man's X as two. Where the same allele
    stands in several records, the first call of a sample counts; calls that contradict each other are missing. Sex,
    parents and phenotypes are not read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stem = Path(folder, "cohort")
    ...     _ = stem.with_suffix(".fam").write_text("f1 s1 0 0 0 -9\nf2 s2 0 0 0 -9\n")
    ...     _ = stem.with_suffix(".bim").write_text("1 rs1 0 7 C A\n23 rs2 0 9 T G\n")
    ...     _ = stem.with_suffix(".bed").write_bytes(bytes.fromhex("6c1b010402"))
    ...     genotypes = read_plink(stem.with_suffix(".bed"))
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['1:7:A:C', 'X:9:G:T'], [[2.0, 1.0], [nan, 2.0]])
    """
    file, *labels = plink_files(path)
    variants_file, samples_file = (label.path for label in labels)
    samples = read_plink_samples(samples_file)
    alleles, n_alleles, untold = read_plink_variants(variants_file, known_features)
    calls = PlinkCalls(file, n_alleles, len(samples))
    wanted, as_reference = site_filter or SiteFilter(), absent_means == "reference"
    dropped: Counter[str] = Counter()
    kept = keep_passed(alleles, wanted, dropped, variants_file.name)
    kept = keep_places(kept, wanted, dropped, variants_file.name)
    left_out = _places(pd.concat([alleles.drop(kept.index), untold])) if as_reference else {}
    if wanted.looks_at_calls:
        kept = kept[keep_calls(calls, kept, wanted, dropped, as_reference)]
    tell_of_dropped(file.name, dropped, len(kept) + dropped.total())
    alleles = with_feature_ids(kept)
    del kept
    pyarrow.default_memory_pool().release_unused()  # it keeps what has been freed, and calls come next
    frame, plan = _frame(alleles, samples)
    values, n_conflicts = _values(calls, plan, as_reference)
    reference = ReferenceCalls(np.full(len(samples), as_reference), {}, left_out)
    genotypes = Genotypes(values, frame.sample_ids, frame.features, reference)
    _report(genotypes, n_conflicts, absent_means, file.name)
    return genotypes


def _values(calls: PlinkCalls, plan: AllelePlan, as_reference: bool) -> tuple[Any, int]:
    """All calls in memory, or those of a large file where they are; and how many contradict an earlier record."""
    if not stays_stored((calls.n_samples, len(plan.first))):
        return gather_calls(calls, plan, absent_as_reference=as_reference)
    columns = PlinkColumns(calls, plan, as_reference)
    statistics, n_conflicts = columns.statistics()
    return StoredValues.of(columns, statistics), n_conflicts


def _places(alleles: pd.DataFrame) -> dict[str, NDArray[np.int64]]:
    """By chromosome, where alleles stand that a filter left out."""
    places: dict[str, list[int]] = {}
    columns = (alleles[name].tolist() for name in ("chromosome", "position", "ref", "alt"))
    for chromosome, position, ref, alt in zip(*columns, strict=True):
        places.setdefault(chromosome, []).extend(changed_bases(position, ref, alt))
    return {name: np.array(positions, dtype=np.int64) for name, positions in places.items()}


def _frame(alleles: pd.DataFrame, samples: list[str]) -> tuple[Genotypes, AllelePlan]:
    """The table, checked and ordered before there are calls, so that these are read straight into their place."""
    codes, names = pd.factorize(alleles["feature_id"])
    repeats = np.flatnonzero(alleles["feature_id"].duplicated()) if len(names) < len(codes) else codes[:0]
    first = np.delete(np.arange(len(codes)), repeats)
    described = alleles.iloc[first].set_index("feature_id").drop(columns=["variant", "allele"])
    described = described.assign(kind="dosage", block="dosage")
    empty = sparse.csr_array((len(samples), len(first)), dtype=np.float32)
    frame = Genotypes.build(empty, samples, described)
    ordered = frame.features.index
    column = np.arange(len(names)) if ordered.equals(pd.Index(names)) else ordered.get_indexer(names)
    at = np.empty_like(first)
    at[column] = first
    later = np.column_stack([column[codes[repeats]], repeats])
    return frame, AllelePlan(alleles["variant"].to_numpy(), alleles["allele"].to_numpy(), at, later)


def _report(genotypes: Genotypes, n_conflicts: int, absent_means: str, where: str) -> None:
    if genotypes.features["chromosome"].isin(_HALF_SEX).any():
        logger.info("%s: has variants of X, Y or MT; PLINK writes a single copy as two, and so it is read.", where)
    n_samples, n_alleles = genotypes.shape
    tell_of_calls(
        where,
        n_samples=n_samples,
        n_alleles=n_alleles,
        n_missing=int(genotypes.n_missing().sum()),
        n_conflicts=n_conflicts,
        absent_means=absent_means,
    )
