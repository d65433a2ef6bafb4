"""Sites of a model that new genotypes do not list, where it is known that a sample bears the reference there."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import count
from drugresponse.features.alignment import Alignment, align
from drugresponse.features.places import Variants, rows_near

__all__ = ["with_reference_sites"]

logger = logging.getLogger(__name__)


def with_reference_sites(genotypes: Genotypes, trained: pd.DataFrame) -> Genotypes:
    """Genotypes with the sites of a model that they lack, as far as it is known that samples bear the reference.

    A site is the reference for a sample of whom every place that is not listed is (`--absent-means reference`), where a
    record without alternates or a block of gVCF covers its bases, and where the sample was called for another
    alternate of the same reference. Elsewhere its call stays missing.

    Parameters
    ----------
    genotypes
        Of new samples. Without `reference` they come back as they are.
    trained
        The model's feature table. Only dosages with a place are added.

    Notes
    -----
    Nothing is added where sites that are found show that the model does not count from the genome's reference (their
    alleles are swapped) or that positions are of another build; nor are absent places taken for the reference where
    none of the model's sites is found, where a record was left out by a filter or tells another base as the reference,
    and where the sample bears several bases for several others, which may hold the model's alternate.

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
    if genotypes.reference is None:
        return genotypes
    alignment = align(genotypes.features, trained)
    variants = Variants.of(trained)
    absent = np.flatnonzero((alignment.columns < 0) & ~alignment.conflict & variants.counted & variants.placed)
    if not len(absent) or _other_reference(alignment, len(absent)):
        return genotypes
    known = _called(genotypes, variants.take(absent))
    if genotypes.reference.everywhere.any() and _same_build(alignment, variants, known):
        known |= genotypes.reference.everywhere & ~_doubtful(genotypes, variants.take(absent))
    added = np.flatnonzero(known.any(axis=1))
    if not len(added):
        return genotypes
    logger.info("genotypes: %s of the model's without a variant are the reference.", count(len(added), "site"))
    # a call that is not known is stored, and 0 is not
    calls = sparse.csr_array(np.where(known[added].T, np.float32(0), np.float32(np.nan)))
    features = pd.concat([genotypes.features, _unlike(genotypes.features, trained.iloc[absent[added]])])
    values = sparse.hstack([genotypes.values, calls], format="csr")
    return replace(Genotypes.build(values, list(genotypes.sample_ids), features), reference=genotypes.reference)


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
    lengths = np.array([max(len(ref), 1) for ref in sites.ref], dtype=np.int64)
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


def _same_build(alignment: Alignment, variants: Variants, known: NDArray[np.bool_]) -> bool:
    """Whether any site of the model is found, so that the absent ones are of the same genome build."""
    sites = variants.counted & variants.placed
    if known.any() or (alignment.columns[sites] >= 0).any():
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
