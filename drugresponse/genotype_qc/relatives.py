"""Samples that are one person, or close relatives: told by their genotypes alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from threadpoolctl import threadpool_limits

from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_qc.principal_components import independent_features
from drugresponse.shown import Shown

__all__ = ["ALIKE", "FIRST_DEGREE", "MOST_COMPARED", "SAME", "Relatives", "find_relatives"]

MOST_COMPARED = 4000
"""With more samples nothing is compared: the work grows with the square of their number."""
SAME = "same person or twin"
FIRST_DEGREE = "parent, child or sibling"
ALIKE = "nearly equal alterations"
_KINSHIP_OF_SAME = 2**-1.5
_KINSHIP_OF_FIRST_DEGREE = 2**-2.5
_NOISE = 0.65
"""Standard deviation of the kinship of unrelated samples, times the root of the fewer heterozygous calls (measured in
simulations of 100 to 3,000 independent variants with frequencies from 0.01, 0.05 or 0.2 to 0.5)."""
_ABOVE_NOISE = 5.0
_SHARED_ALTERATIONS = 0.8
_FEWEST_SHARED = 10
_RARE = 0.1


@dataclass(frozen=True, eq=False, repr=False)
class Relatives(Shown):
    """Pairs of samples that are closer than chance.

    Attributes
    ----------
    table
        Columns `sample_id, other_id, relation, measure, value`; the closest first. The measure is `kinship` (0.5 for
        one person, 0.25 for first degree) or `shared_alterations` (0 to 1).
    compared
        By what samples were compared: kinds among `dosage` and `altered`; empty when by nothing.
    n_features
        Dosages that the kinship rests on.
    """

    table: pd.DataFrame
    compared: tuple[str, ...]
    n_features: int


def find_relatives(genotypes: Genotypes) -> Relatives:
    """Compare every sample with every other.

    Dosages give the kinship of KING-robust, which needs no allele frequencies and holds across ancestries: above 0.354
    for one person (or identical twins), above 0.177 for first degree. A pair is named only when its kinship is also
    beyond 5 standard deviations of unrelated pairs, which a few dozen variants cannot reach.

    Alterations that at most a tenth of the samples bear (two samples, where that is more) give the share that two
    samples have in common, of those altered in one or both and called in both. Pairs with 0.8 or more, and 10 or more
    in common, are named: mostly tumours of one person, and lines derived from each other.

    References
    ----------
    Manichaikul and others. Robust relationship inference in genome-wide association studies. Bioinformatics 26 (2010)
    2867-2873, doi:10.1093/bioinformatics/btq559, equation 11.

    Examples
    --------
    >>> rng = np.random.default_rng(1)
    >>> dosages = rng.binomial(2, 0.4, (12, 300))
    >>> dosages[11] = dosages[3]
    >>> ids = [f"s{i}" for i in range(12)], [f"rs{i}" for i in range(300)]
    >>> find_relatives(Genotypes.from_dense(dosages, *ids, kind="dosage")).table.iloc[:, :4].values.tolist()
    [['s3', 's11', 'same person or twin', 'kinship']]
    """
    columns = ["sample_id", "other_id", "relation", "measure", "value"]
    nothing = Relatives(pd.DataFrame(columns=columns), (), 0)
    if not 2 <= genotypes.shape[0] <= MOST_COMPARED:
        return nothing
    variants, kind = independent_features(genotypes)
    rare_at = _rare_alterations(genotypes)
    pairs, compared = [], []
    with threadpool_limits(limits=1, user_api="blas"):
        if kind == "dosage" and len(variants):
            pairs.append(_by_kinship(genotypes.dense(variants)))
            compared.append("dosage")
        if len(rare_at) >= _FEWEST_SHARED:
            pairs.append(_by_alterations(genotypes, rare_at))
            compared.append("altered")
    if not pairs:
        return nothing
    related = pd.concat(pairs, ignore_index=True).sort_values(
        ["value", "one", "other"], ascending=[False, True, True], kind="stable"
    )
    related = related.drop_duplicates(["one", "other"])
    ids = genotypes.sample_ids.to_numpy()
    table = related.assign(sample_id=ids[related["one"]], other_id=ids[related["other"]])
    n_variants = len(variants) if "dosage" in compared else 0
    return Relatives(table[columns].reset_index(drop=True), tuple(compared), n_variants)


def _rare_alterations(genotypes: Genotypes) -> NDArray[np.intp]:
    """Columns of alterations that few samples bear: common ones are shared by chance."""
    altered = np.flatnonzero(genotypes.features["kind"] == "altered")
    counts = [np.zeros(0, dtype=np.intp)]
    counts += [np.count_nonzero(values > 0, axis=0) for _, values in genotypes.blocks(altered)]
    n_carriers = np.concatenate(counts)
    return altered[(n_carriers > 0) & (n_carriers <= max(2.0, _RARE * genotypes.shape[0]))]


def _by_kinship(dosages: NDArray[np.float32]) -> pd.DataFrame:
    called = ~np.isnan(dosages)
    nearest = np.where(called, np.rint(np.where(called, dosages, 0)), -1)
    none, single, double = ((nearest == copies).astype(np.float32) for copies in (0, 1, 2))
    both_single = single @ single.T
    opposite = none @ double.T
    opposite += opposite.T
    # heterozygous calls of each sample where the other one is called too
    n_single = single @ called.astype(np.float32).T
    fewer = np.minimum(n_single, n_single.T)
    with np.errstate(divide="ignore", invalid="ignore"):
        kinship = (both_single - 2 * opposite) / (2 * fewer) + 0.5 - 0.25 * (n_single + n_single.T) / fewer
        beyond_chance = kinship > _ABOVE_NOISE * _NOISE / np.sqrt(fewer)
    one, other = np.nonzero(np.triu(beyond_chance & (kinship > _KINSHIP_OF_FIRST_DEGREE), k=1))
    value = kinship[one, other].astype(np.float64)
    relation = np.where(value > _KINSHIP_OF_SAME, SAME, FIRST_DEGREE)
    return pd.DataFrame({"one": one, "other": other, "relation": relation, "measure": "kinship", "value": value})


def _by_alterations(genotypes: Genotypes, columns: NDArray[np.intp]) -> pd.DataFrame:
    both, uncalled = (np.zeros((genotypes.shape[0],) * 2, dtype=np.float32) for _ in range(2))
    for _, values in genotypes.blocks(columns):
        altered = sparse.csr_array((values > 0).astype(np.float32))
        both += (altered @ altered.T).toarray()
        # of each sample's alterations, those where the other one has no call
        uncalled += (altered @ sparse.csr_array(np.isnan(values).astype(np.float32)).T).toarray()
    own = np.diag(both)[:, None] - uncalled
    with np.errstate(divide="ignore", invalid="ignore"):
        share = both / (own + own.T - both)
    one, other = np.nonzero(np.triu((share >= _SHARED_ALTERATIONS) & (both >= _FEWEST_SHARED), k=1))
    value = share[one, other].astype(np.float64)
    return pd.DataFrame(
        {"one": one, "other": other, "relation": ALIKE, "measure": "shared_alterations", "value": value}
    )
