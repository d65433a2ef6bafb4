"""Which variants are kept while a file is read, so that memory grows with what is kept and not with the file."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from numbers import Real

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, count
from drugresponse.readers.variants.regions import Regions

__all__ = ["PASSED", "QUALITIES", "SiteFilter", "filter_genotypes", "tell_of_dropped", "tell_of_failed"]

logger = logging.getLogger(__name__)

QUALITIES = ("R2", "DR2", "INFO", "AR2")
"""Fields of INFO in which programs tell the quality of imputation."""
PASSED = ("PASS", ".", "0", "", "RefCall")
"""What FILTER and FT say of what passed, was not filtered, or is the reference (DeepVariant)."""
_LIMITS = {"minimum_frequency": 0.5, "maximum_missing": 1.0, "minimum_quality": 1.0}


@dataclass(frozen=True)
class SiteFilter:
    """Which variants are kept while a file is read.

    Attributes
    ----------
    regions
        Places to keep; None keeps all. Regions that bear names also tell the gene of a variant without annotation.
    genes
        Symbols, any collection of them; a variant is kept when the file or the regions place it in one of them. None
        keeps all.
    minimum_frequency
        Least share of the minor allele among called alleles, 0 to 0.5. Calls of VCF and BCF count as many alleles as
        they have (a man's X counts as two), all others two.
    maximum_missing
        Largest share of the samples without a call, 0 to 1.
    minimum_quality
        Least imputation quality, 0 to 1 (the first of `QUALITIES` that INFO tells).
        Variants that tell none are kept.
    passed_only
        Whether variants and calls that failed a filter of their caller (FILTER, FT) are left out.

    Raises
    ------
    InputError
        A limit is out of range or no number, or `genes` is no collection of text.

    Examples
    --------
    >>> common = SiteFilter(minimum_frequency=0.2, maximum_missing=0.3)
    >>> common.keep_counts(np.array([1, 2, 6, 3]), np.array([0, 0, 0, 2]), 4).tolist()
    [False, True, True, False]
    """

    regions: Regions | None = None
    genes: Collection[str] | None = None
    minimum_frequency: float = 0.0
    maximum_missing: float = 1.0
    minimum_quality: float = 0.0
    passed_only: bool = False

    def __post_init__(self) -> None:
        for name, most in _LIMITS.items():
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) <= most:
                shown = f"{value:g}" if isinstance(value, Real) else repr(value)
                raise InputError(
                    f"filter: found {name.replace('_', ' ')} {shown} (expected 0 to {most:g}). Correct the number."
                )
        if self.genes is not None:
            # a text is a collection too, of letters
            listed = isinstance(self.genes, Collection) and not isinstance(self.genes, str)
            if not listed or not all(isinstance(gene, str) for gene in self.genes):
                raise InputError(f"filter: found genes {self.genes!r} (expected a list of symbols). Give a list.")
            object.__setattr__(self, "genes", frozenset(self.genes))

    @property
    def looks_at_calls(self) -> bool:
        """Whether a variant can be dropped for its calls."""
        return self.minimum_frequency > 0 or self.maximum_missing < 1

    def keep_counts(
        self,
        copies: NDArray[np.floating] | NDArray[np.integer],
        n_missing: NDArray[np.integer],
        n_samples: int,
        dropped: Counter[str] | None = None,
        beyond_two: NDArray[np.integer] | int = 0,
    ) -> NDArray[np.bool_]:
        """Which alleles have calls that are frequent and complete enough.

        Parameters
        ----------
        copies, n_missing
            `(n_alleles,)` sums of the copies that were called, and numbers of missing calls.
        n_samples
            Number of samples.
        dropped
            How many were dropped for which reason; added to.
        beyond_two
            `(n_alleles,)` how many alleles were called beyond two for each call; negative where calls are haploid.

        Returns
        -------
        numpy.ndarray
            `(n_alleles,)` bool.
        """
        n_called = 2 * (n_samples - n_missing) + beyond_two
        complete = n_missing / n_samples <= self.maximum_missing
        minor = np.minimum(copies, n_called - copies)
        frequent = minor / np.maximum(n_called, 1) >= self.minimum_frequency
        if dropped is not None:
            dropped["too many calls missing"] += int((~complete).sum())
            dropped["too rare"] += int((complete & ~frequent).sum())
        return np.asarray(complete & frequent)


def filter_genotypes(genotypes: Genotypes, site_filter: SiteFilter) -> Genotypes:
    """Filter genotypes that have been read, of any format.

    Parameters
    ----------
    genotypes
        Of any kind.
    site_filter
        Regions and genes judge every feature of a block that tells positions or genes; a block that tells none is kept
        whole, with a warning. The frequency judges dosages, and the share of missing calls all features. The quality of
        imputation is not known here.

    Raises
    ------
    InputError
        Nothing is left.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [1, float("nan")]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    >>> filter_genotypes(genotypes, SiteFilter(maximum_missing=0.1)).features.index.tolist()
    ['rs1']
    """
    features = genotypes.features
    dropped: Counter[str] = Counter()
    kept = np.ones(len(features), dtype=bool)
    if site_filter.regions is not None:
        placed = (features["position"].notna() & (features["chromosome"] != "")).to_numpy(dtype=bool)
        sites = features[placed]
        kept[placed] = site_filter.regions.covers(sites["chromosome"], sites["position"].to_numpy(dtype=np.int64))
        kept &= placed | ~_blocks_with(features, placed, "positions")
        dropped["outside the regions"] = int((~kept).sum())
    if site_filter.genes is not None:
        wanted = features["gene"].isin(site_filter.genes).to_numpy(dtype=bool)
        wanted = wanted | ~_blocks_with(features, (features["gene"] != "").to_numpy(dtype=bool), "genes")
        dropped["in none of the genes"] = int((kept & ~wanted).sum())
        kept &= wanted
    if site_filter.looks_at_calls:
        at = np.flatnonzero(kept)
        kept[at] = _keep_calls(genotypes, at, site_filter, dropped)
    tell_of_dropped("genotypes", dropped, len(features))
    if kept.all():
        return genotypes
    return genotypes.select(np.flatnonzero(kept))


def tell_of_dropped(where: str, dropped: Counter[str], n_alleles: int) -> None:
    """Log in one line how many of the alleles were dropped and why.

    Raises
    ------
    InputError
        All of them were.
    """
    why = ", ".join(f"{number} {reason}" for reason, number in dropped.items() if number)
    n_dropped = sum(dropped.values())
    if n_dropped and n_dropped >= n_alleles:
        raise InputError(
            f"{where}: the filters keep none of its {n_alleles} variants ({why}). "
            "Relax them, or check that the regions are of the same genome build."
        )
    if n_dropped:
        logger.info("%s: %d of %d variants are kept (%s).", where, n_alleles - n_dropped, n_alleles, why)


def tell_of_failed(where: str, failed: Counter[str], n_calls: int, passed_only: bool) -> None:
    """Warn of variants, and single calls, that did not pass the filters of their caller."""
    what = []
    if failed:
        named = ", ".join(f"{name} {number}" for name, number in failed.most_common(3))
        what.append(f"{count(failed.total(), 'record')} (FILTER: {named}{', ...' if len(failed) > 3 else ''})")
    if n_calls:
        what.append(f"{count(n_calls, 'call')} (FT)")
    if what:
        done = "are left out" if passed_only else "are kept; `filters` pass leaves them out"
        logger.warning("%s: %s failed a filter and %s.", where, " and ".join(what), done)


def _blocks_with(features: pd.DataFrame, known: NDArray[np.bool_], what: str) -> NDArray[np.bool_]:
    """`(n_features,)` whether any feature of the same block tells what the filter asks for."""
    described = set(features["block"][known])
    for name in sorted(set(features["block"]) - described):
        logger.warning("genotypes: block %s tells no %s, and is kept whole.", name, what)
    return features["block"].isin(described).to_numpy(dtype=bool)


def _keep_calls(
    genotypes: Genotypes, at: NDArray[np.intp], site_filter: SiteFilter, dropped: Counter[str]
) -> NDArray[np.bool_]:
    n_missing = genotypes.n_missing()
    copies = _copies(genotypes, n_missing)
    # one copy in each called sample is a frequency of a half, which no limit drops
    n_samples = genotypes.shape[0]
    is_dosage = (genotypes.features["kind"] == "dosage").to_numpy(dtype=bool)
    copies = np.where(is_dosage, copies, n_samples - n_missing)
    return site_filter.keep_counts(copies[at], n_missing[at], n_samples, dropped)


def _copies(genotypes: Genotypes, n_missing: NDArray[np.intp]) -> NDArray[np.float64]:
    """`(n_features,)` sums of what is called."""
    if genotypes.is_stored:
        return np.nan_to_num(genotypes.moments()[0]) * (genotypes.shape[0] - n_missing)
    values, called = genotypes.values, ~np.isnan(genotypes.values.data)
    sums = np.bincount(values.indices[called], weights=values.data[called], minlength=genotypes.shape[1])
    return sums.astype(np.float64)
