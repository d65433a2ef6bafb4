"""Star alleles and phenotypes of new samples that the training never saw: not known, rather than wild type."""

from __future__ import annotations

import logging
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.star_features import ACTIVITY, STAR_ALLELES, star_feature
from drugresponse.errors import count, show_ids
from drugresponse.features.parents import has_known_parent

__all__ = ["without_unseen_alleles"]

logger = logging.getLogger(__name__)


def without_unseen_alleles(genotypes: Genotypes, trained: pd.DataFrame) -> Genotypes:
    """Genotypes in which a call with an allele that is new to a model says only what the model knows of it.

    A call `*4/*99` of which the training never saw `*99` keeps its `*4`; the other alleles of the gene, which would
    read as 0 and so as the reference, are missing. So are the phenotypes beside a phenotype that is new. Where the
    training knows a parent of the new allele, such as its function, the call says that, and nothing is missing.

    Parameters
    ----------
    genotypes
        Of new samples.
    trained
        Feature table of the training.

    Examples
    --------
    >>> known = Genotypes.from_dense([[1, 0]], ["s"], ["TPMT*2", "TPMT*3A"], kind="dosage", block="star alleles")
    >>> ids = ["TPMT*2", "TPMT*3A", "TPMT*99"]
    >>> new = Genotypes.from_dense([[1, 0, 1], [1, 1, 0]], ["n1", "n2"], ids, kind="dosage", block="star alleles")
    >>> without_unseen_alleles(new, known.features).dense()[:, :2].tolist()
    [[1.0, nan], [1.0, 1.0]]
    """
    stars = np.flatnonzero((genotypes.features["block"] == STAR_ALLELES).to_numpy())
    if genotypes.is_stored and len(stars):
        others = np.setdiff1d(np.arange(genotypes.shape[1]), stars)
        stars_known = without_unseen_alleles(genotypes.select(stars).in_memory(), trained)
        return replace(Genotypes.join([genotypes.select(others), stars_known]), reference=genotypes.reference)
    members, unseen = _by_gene(genotypes.features, trained)
    rows, columns = [], []
    names: list[str] = []
    for key, new in unseen.items():
        bearers = np.flatnonzero((genotypes.values[:, new].toarray() != 0).any(axis=1))
        known = np.array(members[key], dtype=np.intp)
        at = np.nonzero(genotypes.values[bearers][:, known].toarray() == 0)
        if len(at[0]):
            rows.append(bearers[at[0]])
            columns.append(known[at[1]])
            names.extend(genotypes.features.index[new])
    if not names:
        return genotypes
    at_rows, at_columns = np.concatenate(rows), np.concatenate(columns)
    logger.warning(
        f"genotypes: the training never saw {show_ids(names)}; in {count(len(np.unique(at_rows)), 'sample')} the gene "
        "is missing, but for the alleles that are known."
    )
    missing = sparse.csr_array((np.full(len(at_rows), np.nan, np.float32), (at_rows, at_columns)), genotypes.shape)
    return replace(genotypes, values=sparse.csr_array(genotypes.values + missing))


def _by_gene(
    features: pd.DataFrame, trained: pd.DataFrame
) -> tuple[dict[tuple[str, str], list[int]], dict[tuple[str, str], list[int]]]:
    """Columns of the features that the training had, and of those it had not, by gene and kind that it had."""
    known = set(trained.index.to_numpy(dtype=object)[(trained["block"] == STAR_ALLELES).to_numpy(dtype=bool)])
    members: dict[tuple[str, str], list[int]] = {}
    unseen: dict[tuple[str, str], list[int]] = {}
    trained_keys = {star_feature(feature_id) for feature_id in known}
    for column in np.flatnonzero((features["block"] == STAR_ALLELES).to_numpy()).tolist():
        feature_id = features.index[column]
        key = star_feature(feature_id)
        if key in trained_keys and key[1] != ACTIVITY:
            (members if feature_id in known else unseen).setdefault(key, []).append(column)
    if unseen:
        has_parent = has_known_parent(features, trained)
        unseen = {key: [column for column in new if not has_parent[column]] for key, new in unseen.items()}
    return members, {key: new for key, new in unseen.items() if key in members and new}
