"""Clusters of samples by distance of their genotypes: near relatives, where no column names them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform
from threadpoolctl import threadpool_limits

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError

__all__ = ["MOST_SAMPLES", "GenotypeDistance", "genotype_clusters"]

MOST_SAMPLES = 10_000
"""The work and the memory grow with the square of the samples: these take 2 GB."""
_MOST_FEATURES = 5000
"""Features by which samples are compared, those that vary most."""
_CUTS = {"Jaccard": 0.25, "Hamming": 0.15}
"""Mean distance of two clusters up to which they are one.

Members of one clone differ by a few features; genotypes of outbred parents differ at a third of their common sites.
"""
_COMMON = 0.05
"""Share of samples that depart from the usual call at a site that counts: at rare ones all samples are alike."""


@dataclass(frozen=True)
class GenotypeDistance:
    """How far genotypes are from each other: `name` of the distance, the `cut`, and `n_features` compared."""

    name: str
    cut: float
    n_features: int


def genotype_clusters(genotypes: Genotypes) -> tuple[NDArray[np.intp], GenotypeDistance]:
    """Average-linkage clusters of samples, by Jaccard distance of what they carry or Hamming distance of dosages.

    The distance is taken over the kind of features, altered or dosage, of which there are more. Jaccard is the share,
    of the features that one of two samples carries, that the other does not (Jaccard 1912,
    doi:10.1111/j.1469-8137.1912.tb05611.x), cut at 0.25; Hamming the share of common sites at which their calls differ,
    cut at 0.15. Both are over features that are known in both samples; nothing known in both is distance 1.

    Parameters
    ----------
    genotypes
        2 to 10,000 samples.

    Returns
    -------
    numbers
        `(n_samples,)` of the clusters, from 0 in order of their first samples.
    distance
        How it was done.

    Raises
    ------
    InputError
        There are more samples, or no feature of these kinds that varies.

    Examples
    --------
    >>> calls = np.repeat(np.random.default_rng(0).binomial(1, 0.3, (4, 60)), 5, axis=0)
    >>> calls[:, 0] ^= 1
    >>> genotypes = Genotypes.from_dense(calls, [f"s{i}" for i in range(20)], [f"g{i}" for i in range(60)])
    >>> numbers, distance = genotype_clusters(genotypes)
    >>> np.bincount(numbers).tolist(), distance.name, distance.cut
    ([5, 5, 5, 5], 'Jaccard', 0.25)
    """
    n = genotypes.shape[0]
    if n > MOST_SAMPLES:
        raise InputError(
            f"samples: found no column of lineages, and {n:,} samples are too many to make lineages from their "
            f"genotypes (expected {MOST_SAMPLES:,} or fewer). Give `samples` with a column of lineages, "
            "`lineage_column`, or choose another `scheme`."
        )
    kinds = genotypes.features["kind"].to_numpy()
    name = "Hamming" if (kinds == "dosage").sum() > (kinds == "altered").sum() else "Jaccard"
    columns = np.flatnonzero(kinds == ("dosage" if name == "Hamming" else "altered"))
    calls = np.rint(_varying(genotypes, columns, _COMMON if name == "Hamming" else 0.0))
    if not calls.shape[1]:
        raise InputError(
            "samples: found no column of lineages, and no alteration or dosage that varies, from which lineages could "
            "be made. Give `samples` with a column of lineages, `lineage_column`, or choose another `scheme`."
        )
    with threadpool_limits(limits=1, user_api="blas"):
        distances = _hamming(calls) if name == "Hamming" else _jaccard(calls)
    np.fill_diagonal(distances, 0)
    if n < 2:
        return np.zeros(n, dtype=np.intp), GenotypeDistance(name, _CUTS[name], calls.shape[1])
    tree = linkage(squareform(distances, checks=False), method="average")
    numbers = pd.factorize(fcluster(tree, _CUTS[name], criterion="distance"))[0]
    return numbers.astype(np.intp), GenotypeDistance(name, _CUTS[name], calls.shape[1])


def _varying(genotypes: Genotypes, columns: NDArray[np.intp], least: float) -> NDArray[np.float32]:
    """`(n_samples, at most 5000)` calls, NaN missing, of the features that vary most.

    A feature counts where the share of samples that depart from its commonest call is above 0 and not below `least`;
    where no feature reaches `least`, all that vary count.
    """
    departs = _departures(genotypes, columns)
    enough = departs >= least if (departs >= max(least, 1e-12)).any() else departs > 0
    kept = np.flatnonzero(enough & (departs > 0))
    kept = np.sort(kept[np.argsort(-departs[kept], kind="stable")[:_MOST_FEATURES]])
    return genotypes.dense(columns[kept])


def _departures(genotypes: Genotypes, columns: NDArray[np.intp]) -> NDArray[np.float64]:
    """`(n_columns,)` share of the samples with a call that depart from the commonest call."""
    departs = [np.zeros(0)]
    for _, block in genotypes.blocks(columns):
        values = sparse.csc_array(block)
        of_block = np.zeros(block.shape[1])
        for at in range(block.shape[1]):
            stored = values.data[values.indptr[at] : values.indptr[at + 1]]
            known = np.rint(stored[np.isfinite(stored)])
            counts = np.append(np.unique(known, return_counts=True)[1], len(block) - len(stored))
            of_block[at] = 1 - counts.max() / max(int(counts.sum()), 1)
        departs.append(of_block)
    return np.concatenate(departs)


def _jaccard(calls: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(n, n)` over features that both know; samples that carry nothing are alike."""
    known = np.isfinite(calls).astype(np.float32)
    carried = (np.nan_to_num(calls) != 0).astype(np.float32)
    both, either = carried @ carried.T, carried @ known.T
    either = either + either.T - both
    shared = np.divide(both, either, out=np.ones_like(both), where=either > 0)
    return np.where(known @ known.T > 0, 1 - shared, np.float32(1))


def _hamming(calls: NDArray[np.float32]) -> NDArray[np.float32]:
    """`(n, n)` over sites that both know."""
    known = np.isfinite(calls).astype(np.float32)
    n_both, alike = known @ known.T, np.zeros((len(calls),) * 2, dtype=np.float32)
    for call in np.unique(calls[np.isfinite(calls)]):
        bears = (calls == call).astype(np.float32)
        alike += bears @ bears.T
    return np.divide(n_both - alike, n_both, out=np.ones_like(n_both), where=n_both > 0)
