"""Sites of a model that new genotypes do not list, where it is known that a sample bears the reference there."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.data.variants.star_features import STAR_ALLELES
from drugresponse.errors import count
from drugresponse.features.alignment import Alignment, align
from drugresponse.features.places import Variants, rows_near, written_elsewhere

__all__ = ["count_sites", "is_site", "sites_filled", "with_reference_sites"]

logger = logging.getLogger(__name__)


def with_reference_sites(genotypes: Genotypes, trained: pd.DataFrame) -> Genotypes:
    """Genotypes with the sites of a model that they lack, as far as it is known that samples bear the reference.

    A site is the reference for a sample of whom every place that is not listed is (`--absent-means reference`), in the
    callable regions where such are given, where a record without alternates or a block of gVCF covers its bases, and
    where the sample was called for another alternate of the same reference. Elsewhere its call stays missing.

    Parameters
    ----------
    genotypes
        Of new samples. Without `reference` they come back as they are.
    trained
        The model's feature table. Only dosages of sites are added, as `is_site` tells.

    Returns
    -------
    Genotypes
        Their `reference` counts for each sample how many sites were taken for the reference without a call.

    Notes
    -----
    Nothing is added where sites that are found show that the model does not count from the genome's reference (their
    alleles are swapped) or that positions are of another build; nor are absent places taken for the reference where
    none of the model's sites is found, where a record was left out by a filter or tells another base as the reference,
    and where the sample bears several bases for several others, which may hold the model's alternate, or an insertion
    or deletion that may be the model's, written at another place of a repeat. A site without a
    place can be looked for by its id alone: it is taken for the reference where other such sites are found by theirs
    and no filter left out a record.

    Examples
    --------
    >>> from drugresponse.data.variants.reference_calls import ReferenceCalls
    >>> table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": [7, 9], "ref": "A", "alt": "C"})
    >>> trained = Genotypes.build([[0.0, 1.0]], ["s"], table.set_axis(["a", "b"])).features
    >>> new = Genotypes.build([[2.0]], ["n"], trained.iloc[:1])
    >>> new = replace(new, reference=ReferenceCalls(np.array([True]), {}))
    >>> with_reference_sites(new, trained).dense().tolist()
    [[2.0, 0.0]]
    """
    before = genotypes.reference
    if before is None:
        return genotypes
    alignment = align(genotypes.features, trained)
    completed = _completed(genotypes, trained, alignment)
    if before.sites_filled is not None or (before.filled is None and before.assayed is None):
        return completed
    found = alignment.columns[is_site(trained) & (alignment.columns >= 0)]
    filled = 0 if before.filled is None else before.filled.count(genotypes.features.index[found])
    reference = replace(before, sites_filled=sites_filled(completed) + filled, filled=None)
    completed = replace(completed, reference=reference)
    if before.assayed is not None:
        _tell_of_regions(completed, trained)
    return completed


def _completed(genotypes: Genotypes, trained: pd.DataFrame, alignment: Alignment) -> Genotypes:
    """Genotypes with the sites that they lack; they themselves where nothing is known of any."""
    absent = (alignment.columns < 0) & ~alignment.conflict
    if not absent.any() or genotypes.reference is None:
        return genotypes
    sites, variants = is_site(trained), Variants.of(trained)
    placed = variants.placed
    absent &= sites
    if not absent.any() or _other_reference(alignment, int(absent.sum())):
        return genotypes
    absent &= _may_be_known(genotypes, variants)
    called, with_place = _placed(genotypes, trained, alignment, absent & placed)
    without_place = _without_place(genotypes, alignment, sites & ~placed, absent & ~placed)
    rows = np.concatenate([np.flatnonzero(absent & placed), np.flatnonzero(absent & ~placed)])
    filled = np.concatenate([with_place, without_place])
    known = filled | np.concatenate([called, np.zeros_like(without_place)])
    added = np.flatnonzero(known.any(axis=1))
    if not len(added):
        return genotypes
    logger.info("genotypes: %s of the model's without a variant are the reference.", count(len(added), "site"))
    # a call that is not known is stored, and 0 is not
    calls = sparse.csr_array(np.where(known[added].T, np.float32(0), np.float32(np.nan)))
    rows_added = _unlike(genotypes.features, trained.iloc[rows[added]])
    reference = replace(genotypes.reference, sites_filled=sites_filled(genotypes) + filled.sum(axis=0))
    return replace(_beside(genotypes, calls, rows_added), reference=reference)


def _tell_of_regions(completed: Genotypes, trained: pd.DataFrame) -> None:
    """Say how many calls the callable regions fill, and how many outside of them stay missing."""
    sites = Variants.of(trained)
    outside = is_site(trained) & sites.placed & ~_in_regions(completed.reference, sites)
    columns = align(completed.features, trained).columns[outside]
    n_missing = int((columns < 0).sum()) * completed.shape[0] + int(completed.n_missing()[columns[columns >= 0]].sum())
    logger.warning(
        "genotypes: of the calls at sites of the model that are not listed, %s in the callable regions are the "
        "reference, and %s outside them stay missing.",
        f"{int(sites_filled(completed).sum()):,}",
        f"{n_missing:,}",
    )


def _beside(genotypes: Genotypes, calls: sparse.csr_array, rows: pd.DataFrame) -> Genotypes:
    """Genotypes with further features, of which stored ones are not read."""
    ids = list(genotypes.sample_ids)
    if genotypes.is_stored:
        return Genotypes.join([genotypes, Genotypes.build(calls, ids, rows)])
    values = sparse.hstack([genotypes.values, calls], format="csr")
    return replace(Genotypes.build(values, ids, pd.concat([genotypes.features, rows])), genome=genotypes.genome)


def _may_be_known(genotypes: Genotypes, variants: Variants) -> NDArray[np.bool_]:
    """`(n_trained,)` sites of which anything tells: who is the reference everywhere, a stretch, another alternate."""
    reference = genotypes.reference
    if reference is None or reference.everywhere.any() or reference.has_stretches:
        return np.ones(len(variants.position), dtype=bool)
    listed = Variants.of(genotypes.features)
    return np.isin(variants.position, listed.position[listed.placed])


def is_site(features: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_features,)` which are dosages of sites: with a place, or with an id that is no star allele's.

    Examples
    --------
    >>> is_site(Genotypes.from_dense([[0, 1]], ["s"], ["1:7:A:C", "TPMT*2"], kind="dosage").features).tolist()
    [True, False]
    """
    variants = Variants.of(features)
    star = (features["block"] == STAR_ALLELES) | features.index.astype(str).str.contains("*", regex=False)
    return variants.counted & (variants.placed | ~star.to_numpy(dtype=bool))


def count_sites(features: pd.DataFrame) -> int:
    """How many features of a model are dosages of sites."""
    return int(is_site(features).sum())


def sites_filled(genotypes: Genotypes) -> NDArray[np.intp]:
    """`(n_samples,)` how many sites of a model were taken for the reference without a call."""
    reference = genotypes.reference
    if reference is None or reference.sites_filled is None:
        return np.zeros(genotypes.shape[0], dtype=np.intp)
    return reference.sites_filled


def _placed(
    genotypes: Genotypes, trained: pd.DataFrame, alignment: Alignment, absent: NDArray[np.bool_]
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """`(n_absent, n_samples)` which absent sites with a place were called, and which others are the reference."""
    variants = Variants.of(trained)
    sites, reference = variants.take(np.flatnonzero(absent)), genotypes.reference
    elsewhere = written_elsewhere(genotypes, sites, variants)
    called = _called(genotypes, sites) & ~elsewhere
    if not absent.any() or reference is None or not reference.everywhere.any():
        return called, np.zeros_like(called)
    if not called.any() and not _any_listed(alignment, variants.counted & variants.placed):
        return called, np.zeros_like(called)
    filled = ~called & reference.everywhere & ~_doubtful(genotypes, sites) & ~elsewhere
    return called, filled & _in_regions(reference, sites)[:, None]


def _in_regions(reference: ReferenceCalls | None, sites: Variants) -> NDArray[np.bool_]:
    """`(n_sites,)` which lie in the callable regions; all where there are none."""
    inside = np.ones(len(sites.position), dtype=bool)
    if reference is None or reference.assayed is None:
        return inside
    last = sites.position + _lengths(sites) - 1
    for name in pd.unique(sites.chromosome):
        rows = np.flatnonzero(sites.chromosome == name)
        inside[rows] = reference.assayed_at(str(name), sites.position[rows], last[rows])
    return inside


def _without_place(
    genotypes: Genotypes, alignment: Alignment, sites: NDArray[np.bool_], absent: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """`(n_absent, n_samples)` which absent sites without a place are the reference."""
    filled = np.zeros((int(absent.sum()), genotypes.shape[0]), dtype=bool)
    reference = genotypes.reference
    if not absent.any() or reference is None or not reference.everywhere.any():
        return filled
    if reference.leaves_out:
        logger.warning(
            "genotypes: %s of the model without a position may be among the records that a filter left out; they stay "
            "missing.",
            count(len(filled), "site"),
        )
    elif reference.assayed is not None:
        logger.warning(
            "genotypes: %s of the model without a position may lie outside the callable regions; they stay missing.",
            count(len(filled), "site"),
        )
    elif _any_listed(alignment, sites):
        filled |= reference.everywhere
    return filled


def _other_reference(alignment: Alignment, n_absent: int) -> bool:
    """Whether what is found says that "reference" means another allele, or positions another place, in the model."""
    if alignment.turned.any():
        logger.warning(
            "genotypes: reference and alternate are swapped at %d sites of the model, so that its reference is not the "
            "genome's; %s that the files do not list stay missing.",
            int(alignment.turned.sum()),
            count(n_absent, "site"),
        )
    return bool(alignment.turned.any() or alignment.moved)


def _called(genotypes: Genotypes, sites: Variants) -> NDArray[np.bool_]:
    """`(n_sites, n_samples)` whether the sample was called at the site and has another allele than its alternate."""
    known = np.zeros((len(sites.position), genotypes.shape[0]), dtype=bool)
    reference = genotypes.reference
    lengths = _lengths(sites)
    for name in pd.unique(sites.chromosome):
        rows = np.flatnonzero(sites.chromosome == name)
        if reference is not None:
            known[rows] = reference.at(str(name), sites.position[rows], sites.position[rows] + lengths[rows] - 1)
    at = ["chromosome", "position", "ref"]
    near = rows_near(genotypes.features, sites.position)
    listed = Variants.of(genotypes.features.iloc[near])
    beside = (
        sites.frame()[at]
        .assign(row=np.arange(len(known)))
        .merge(listed.frame()[at].assign(column=near)[listed.counted & listed.known], on=at)
    )
    beside = beside.drop_duplicates("row")
    columns = genotypes.values[:, beside["column"].to_numpy(dtype=np.intp)].toarray()
    known[beside["row"].to_numpy(dtype=np.intp)] |= ~np.isnan(columns.T)
    return known


def _lengths(sites: Variants) -> NDArray[np.int64]:
    """`(n_sites,)` bases of the reference."""
    return np.array([max(len(ref), 1) for ref in sites.ref], dtype=np.int64)


def _doubtful(genotypes: Genotypes, sites: Variants) -> NDArray[np.bool_]:
    """`(n_sites, n_samples)` whether the file lists something there that may be the alternate of the site."""
    doubtful = np.zeros((len(sites.position), genotypes.shape[0]), dtype=bool)
    if genotypes.reference is not None:
        for name in pd.unique(sites.chromosome):
            rows = np.flatnonzero(sites.chromosome == name)
            doubtful[rows] = genotypes.reference.left_out_at(str(name), sites.position[rows])
    near = rows_near(genotypes.features, sites.position)
    listed = Variants.of(genotypes.features.iloc[near])
    for at in np.flatnonzero(listed.counted & listed.placed):
        first, length = listed.position[at], min(len(listed.ref[at]), len(listed.alt[at]))
        here = sites.chromosome == listed.chromosome[at]
        for row in np.flatnonzero(here & (sites.position == first)):
            doubtful[row] |= sites.ref[row][:1] != listed.ref[at][:1]  # another build
        if length > 1:
            covered = (sites.position >= first) & (sites.position < first + len(listed.ref[at]))
            if len(rows := np.flatnonzero(covered & here)):
                doubtful[rows] |= genotypes.values[:, [near[at]]].toarray()[:, 0] != 0
    return doubtful


def _any_listed(alignment: Alignment, sites: NDArray[np.bool_]) -> bool:
    """Whether any of these sites of the model is found, so that the absent ones are of the same genome build."""
    if (alignment.columns[sites] >= 0).any():
        return True
    logger.warning(
        f"genotypes: none of the {count(int(sites.sum()), 'site')} of the model is listed, so that they are not taken "
        "for the reference: are the files of the same genome build?"
    )
    return False


def _unlike(features: pd.DataFrame, added: pd.DataFrame) -> pd.DataFrame:
    """The rows to add, under ids that none of the features has."""
    taken = added.index.isin(features.index)
    ids = [f"{name} (reference)" if clash else name for name, clash in zip(added.index, taken, strict=True)]
    return added.set_axis(pd.Index(ids, name="feature_id", dtype=object))
