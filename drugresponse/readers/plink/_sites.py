"""Which alleles of a PLINK fileset a filter keeps: by their places and genes, then by their calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import InputError
from drugresponse.readers.plink._calls import PlinkCalls
from drugresponse.readers.variants.regions import Regions
from drugresponse.readers.variants.site_filter import PASSED, QUALITIES, SiteFilter, tell_of_failed

__all__ = ["keep_calls", "keep_passed", "keep_places"]

_QUALITY = [re.compile(rf"(?:^|;){name}=([0-9.eE+-]+)") for name in QUALITIES]


def keep_places(alleles: pd.DataFrame, site_filter: SiteFilter, dropped: Counter[str], where: str) -> pd.DataFrame:
    """The alleles in the wanted regions and genes, of enough quality.

    Parameters
    ----------
    alleles
        Rows with `chromosome, position, gene` and `info`.
    site_filter
        What is wanted. The gene of an allele is the first wanted one, of that which the file names and those of the
        regions, shortest first.
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
        Genes are wanted, and neither the file nor the regions name any.
    """
    if site_filter.regions is not None:
        inside = site_filter.regions.covers(alleles["chromosome"], alleles["position"].to_numpy(dtype=np.int64))
        dropped["outside the regions"] += int((~inside).sum())
        alleles = _with_genes(alleles[inside], site_filter.regions, site_filter.genes)
    if site_filter.genes is not None:
        wanted = alleles["gene"].isin(site_filter.genes).to_numpy(dtype=bool)
        if len(alleles) and (alleles["gene"] == "").all() and not (site_filter.regions and site_filter.regions.genes):
            raise InputError(
                f"{where}: its variants tell no genes (expected GENEINFO in INFO). To keep some genes, give regions "
                "that name them too, such as a BED or GTF file."
            )
        dropped["in none of the genes"] += int((~wanted).sum())
        alleles = alleles[wanted]
    if site_filter.minimum_quality > 0:
        poor = np.array([_quality(info) < site_filter.minimum_quality for info in alleles["info"]], dtype=bool)
        dropped["of low imputation quality"] += int(poor.sum())
        alleles = alleles[~poor]
    return alleles


def keep_passed(alleles: pd.DataFrame, site_filter: SiteFilter, dropped: Counter[str], where: str) -> pd.DataFrame:
    """The alleles whose variant passed the filters of its caller, or all; those that failed are told of."""
    if "filter" not in alleles.columns:
        return alleles
    failed = ~alleles["filter"].isin(PASSED).to_numpy(dtype=bool)
    if not failed.any():
        return alleles
    first = alleles[failed].drop_duplicates("variant")["filter"].astype(str)
    tell_of_failed(where, Counter(first), 0, site_filter.passed_only)
    if not site_filter.passed_only:
        return alleles
    dropped["that failed a filter"] += int(failed.sum())
    return alleles[~failed]


def keep_calls(
    source: PlinkCalls, alleles: pd.DataFrame, site_filter: SiteFilter, dropped: Counter[str], absent_as_reference: bool
) -> NDArray[np.bool_]:
    """`(n_alleles,)` whether the calls of each allele are frequent and complete enough."""
    variant, allele = alleles["variant"].to_numpy(), alleles["allele"].to_numpy()
    copies, n_missing = np.zeros(len(alleles)), np.zeros(len(alleles), dtype=np.int64)
    is_counted = source.is_counted(variant)
    _, single, double, missing = source.counts(variant[is_counted], allele[is_counted]).astype(np.int64).T
    copies[is_counted], n_missing[is_counted] = single + 2 * double, missing
    others = np.flatnonzero(~is_counted)
    for part in source.blocks(len(others), copies=4):
        rows = others[part]
        calls = source.read(variant[rows], allele[rows])
        is_missing = calls < 0
        calls[is_missing] = 0
        n_missing[rows] = is_missing.sum(axis=0)
        copies[rows] = calls.sum(axis=0, dtype=np.int64 if calls.dtype == np.int8 else np.float64)
    if absent_as_reference:
        n_missing[:] = 0
    return site_filter.keep_counts(copies, n_missing, source.n_samples, dropped)


def _with_genes(alleles: pd.DataFrame, regions: Regions, wanted: Collection[str] | None) -> pd.DataFrame:
    """The gene of each allele: the first wanted one of that which the file names and those of the regions."""
    if not regions.genes:
        return alleles
    of_regions = regions.genes_at(alleles["chromosome"], alleles["position"].to_numpy(dtype=np.int64))
    genes = [
        next((gene for gene in (named, *others) if gene and (wanted is None or gene in wanted)), named)
        for named, others in zip(alleles["gene"], of_regions, strict=True)
    ]
    return alleles.assign(gene=genes)


def _quality(info: str) -> float:
    match = next((match for pattern in _QUALITY if (match := pattern.search(info))), None)
    try:
        return float(match[1]) if match else np.inf
    except ValueError:
        return np.inf
