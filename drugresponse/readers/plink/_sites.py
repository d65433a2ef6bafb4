"""Which alleles of a PLINK fileset a filter keeps: by their places and genes, then by their calls."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import InputError
from drugresponse.readers.variants.call_blocks import CallSource
from drugresponse.readers.variants.regions import Regions
from drugresponse.readers.variants.site_filter import QUALITIES, SiteFilter, tell_of_failed

__all__ = ["keep_calls", "keep_passed", "keep_places"]

_BLOCK_BYTES = 1 << 25
_PASSED = ("PASS", ".", "0", "", "RefCall")
_QUALITY = {name: re.compile(rf"(?:^|;){name}=([0-9.eE+-]+)") for name in QUALITIES}


def keep_places(alleles: pd.DataFrame, site_filter: SiteFilter, dropped: Counter[str], where: str) -> pd.DataFrame:
    """The alleles in the regions and genes that are asked for, of enough quality.

    Parameters
    ----------
    alleles
        Rows with `chromosome, position, gene` and `info`.
    site_filter
        What is asked for. The gene of an allele is the first that is asked for, of that which the file tells and those
        of the regions, shortest first.
    dropped
        How many were dropped for which reason; added to.
    where
        Name of the file, for messages.

    Returns
    -------
    pandas.DataFrame
        The rows that are kept, `gene` filled.

    Raises
    ------
    InputError
        Genes are asked for, and neither the file nor the regions tell any.
    """
    if site_filter.regions is not None:
        inside = np.zeros(len(alleles), dtype=bool)
        for chromosome, rows, positions in _by_chromosome(alleles):
            inside[rows] = site_filter.regions.covers(chromosome, positions)
        dropped["outside the regions"] += int((~inside).sum())
        alleles = _with_genes(alleles[inside], site_filter.regions, site_filter.genes)
    if site_filter.genes is not None:
        asked = alleles["gene"].isin(site_filter.genes).to_numpy(dtype=bool)
        if len(alleles) and (alleles["gene"] == "").all() and not (site_filter.regions and site_filter.regions.genes):
            raise InputError(
                f"{where}: its variants tell no genes (expected GENEINFO in INFO). To keep some genes, give regions "
                "that name them too, such as a BED or GTF file."
            )
        dropped["in none of the genes"] += int((~asked).sum())
        alleles = alleles[asked]
    if site_filter.minimum_quality > 0:
        poor = np.array([_quality(info) < site_filter.minimum_quality for info in alleles["info"]], dtype=bool)
        dropped["of low imputation quality"] += int(poor.sum())
        alleles = alleles[~poor]
    return alleles


def keep_passed(alleles: pd.DataFrame, site_filter: SiteFilter, dropped: Counter[str], where: str) -> pd.DataFrame:
    """The alleles whose variant passed the filters of its caller, or all; those that failed are told of."""
    if "filter" not in alleles.columns:
        return alleles
    failed = ~alleles["filter"].isin(_PASSED).to_numpy(dtype=bool)
    if not failed.any():
        return alleles
    first = alleles[failed].drop_duplicates("variant")["filter"].astype(str)
    tell_of_failed(where, Counter(first), 0, site_filter.passed_only)
    if not site_filter.passed_only:
        return alleles
    dropped["that failed a filter"] += int(failed.sum())
    return alleles[~failed]


def keep_calls(
    source: CallSource,
    n_samples: int,
    n_alleles: int,
    site_filter: SiteFilter,
    dropped: Counter[str],
    absent_as_reference: bool,
) -> NDArray[np.bool_]:
    """`(n_alleles,)` whether the calls of each allele are frequent and complete enough, read block by block."""
    kept = np.ones(n_alleles, dtype=bool)
    step = max(1, _BLOCK_BYTES // (source.cell_bytes * n_samples))
    for start in range(0, n_alleles, step):
        rows = np.arange(start, min(start + step, n_alleles))
        calls = source.read(slice(0, n_samples), rows)
        missing = calls < 0
        calls[missing] = 0
        n_missing = np.zeros(len(rows), np.int64) if absent_as_reference else missing.sum(axis=0)
        copies = calls.sum(axis=0, dtype=np.int64 if calls.dtype == np.int8 else np.float64)
        kept[rows] = site_filter.keep_counts(copies, n_missing, n_samples, dropped)
    return kept


def _by_chromosome(alleles: pd.DataFrame) -> list[tuple[str, NDArray[np.intp], NDArray[np.int64]]]:
    codes, names = pd.factorize(alleles["chromosome"])
    positions = alleles["position"].to_numpy(dtype=np.int64)
    order = np.argsort(codes, kind="stable")
    parts = np.split(order, np.cumsum(np.bincount(codes, minlength=len(names)))[:-1]) if len(names) else []
    return [(str(name), rows, positions[rows]) for name, rows in zip(names, parts, strict=True)]


def _with_genes(alleles: pd.DataFrame, regions: Regions, asked: frozenset[str] | None) -> pd.DataFrame:
    if not regions.genes:
        return alleles
    genes = alleles["gene"].to_numpy(dtype=object, copy=True)
    for chromosome, rows, positions in _by_chromosome(alleles):
        for row, found in zip(rows, regions.genes_at(chromosome, positions), strict=True):
            known = (genes[row], *found) if genes[row] else found
            genes[row] = next((each for each in known if asked is None or each in asked), genes[row])
    return alleles.assign(gene=genes)


def _quality(info: str) -> float:
    found = next((match for each in _QUALITY.values() if (match := each.search(info))), None)
    try:
        return float(found[1]) if found else np.inf
    except ValueError:
        return np.inf
