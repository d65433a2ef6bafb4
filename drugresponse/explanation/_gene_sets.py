"""Gene sets whose genes move a drug's response in one direction more than other genes do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.metrics import q_values
from drugresponse.errors import InputError, show_ids
from drugresponse.explanation._gene_scores import GeneScores, score_genes
from drugresponse.explanation._part_values import feature_values
from drugresponse.explanation.attribution_table import signed_importance
from drugresponse.features.centring import centred_columns
from drugresponse.readers.genes.sets import GeneSet

__all__ = ["GENE_SET_COLUMNS", "LARGEST_SET", "SMALLEST_SET", "gene_set_tests"]

GENE_SET_COLUMNS = ("drug_id", "gene_set", "n_genes", "statistic", "p", "q", "leading_genes")
SMALLEST_SET, LARGEST_SET = 5, 500
_LEADING = 5


def gene_set_tests(
    attributions: pd.DataFrame,
    gene_sets: Sequence[GeneSet],
    genotypes: Genotypes,
    *,
    smallest: int = SMALLEST_SET,
    largest: int = LARGEST_SET,
) -> pd.DataFrame:
    """Test each set with each drug, by the ranks of its genes among all genes of the model.

    1. A feature's importance bears the sign of its effect. How large it is without any cause depends on how much the
       feature varies among the samples, and on how the learner shrinks; the trend over all features of the drug (a
       line through the logarithms of importance and standard deviation) is divided out.
    2. A gene speaks by the feature that is then largest; the genes of the model are ranked, and ranks become normal
       scores (van der Waerden 1952).
    3. The statistic is the sum of a set's scores over its standard deviation under the null, in which genes of the set
       act in one direction no more than other genes do. Scores of two genes are correlated as their features are among
       the samples: as in camera, this widens the null and never narrows it (Wu and Smyth 2012,
       doi:10.1093/nar/gks461). What the other genes do is taken off in proportion to the set's size.

    On the 678 features of GDSC with genotypes permuted between samples, 5.2 % of 484,000 tests had p below 0.05 and
    0.09 % below 0.001.

    Parameters
    ----------
    attributions
        As `attribution_table` writes it.
    gene_sets
        As `read_gene_sets` reads them; only genes that a feature of the model names count.
    genotypes
        Of the samples that were explained.
    smallest, largest
        Sets with fewer or more genes of the model are not tested.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, gene_set, n_genes, statistic, p, q, leading_genes`, by drug, p and name. `statistic` is a z
        score: above 0 the set's genes raise the response. `p` is two-sided, `q` Benjamini and Hochberg's over all drugs
        and sets; both are missing where the model weighs no gene for a drug. `leading_genes` are up to five genes that
        pull the statistic to its side, the strongest first.

    Raises
    ------
    InputError
        No set has enough genes in the model.

    Examples
    --------
    >>> calls = np.random.default_rng(0).integers(0, 2, (50, 40))
    >>> genes = [f"G{i}" for i in range(40)]
    >>> genotypes = Genotypes.from_dense(calls, [f"s{i}" for i in range(50)], genes, block="m")
    >>> rows = pd.DataFrame({"drug_id": "d", "block": "m", "feature_id": genes, "gene": genes, "kind": "genotype",
    ...                      "arm": "", "effect": [1.0] * 6 + [-0.1, 0.1] * 17, "importance": np.linspace(2, 1, 40)})
    >>> tests = gene_set_tests(rows, [GeneSet("first six", "", tuple(genes[:6]))], genotypes)
    >>> tests[["n_genes", "leading_genes"]].values.tolist(), bool(tests["p"][0] < 0.01)
    ([[6, 'G1,G2,G3,G4,G0']], True)
    """
    signed = signed_importance(attributions)
    features, spread = _standardised(feature_values(signed.features, genotypes))
    scores = score_genes(replace(signed, values=_without_trend(signed.values, spread)))
    member, sets = _members(gene_sets, scores.genes, smallest, largest)
    normal = _normal_scores(scores.values)
    variance = _variance(normal, member, scores, features)
    total = normal @ member
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(variance > 0, total / np.sqrt(variance), np.nan)
    p = 2 * stats.norm.sf(np.abs(z))
    drug, at = (index.ravel() for index in np.indices(p.shape))
    table = pd.DataFrame(
        {
            "drug_id": signed.drug_ids.to_numpy(dtype=object)[drug],
            "gene_set": np.array([gene_set.name for gene_set in sets], dtype=object)[at],
            "n_genes": np.diff(member.indptr)[at],
            "statistic": z.ravel(),
            "p": p.ravel(),
            "q": q_values(p).ravel(),
            "leading_genes": _leading(normal, z, member, scores.genes),
        }
    )
    order = np.lexsort((table["gene_set"].astype(str), table["p"], drug))
    return table.iloc[order].reset_index(drop=True)


def _members(
    gene_sets: Sequence[GeneSet], genes: pd.Index, smallest: int, largest: int
) -> tuple[sparse.csc_array, list[GeneSet]]:
    """`(n_genes, n_sets)` 0 or 1, and the sets of a size that is tested."""
    places = [np.sort(at[at >= 0]) for at in (genes.get_indexer(pd.Index(gene_set.genes)) for gene_set in gene_sets)]
    kept = [number for number, at in enumerate(places) if smallest <= len(at) <= largest]
    if not kept:
        some = sorted({gene for gene_set in gene_sets for gene in gene_set.genes})
        raise InputError(
            f"gene sets: none of the {len(gene_sets)} sets has {smallest} to {largest} genes among the {len(genes)} of "
            f"the model (for example {show_ids(some)} in the sets and {show_ids(genes)} in the model). "
            "Give sets of these genes, or leave the gene sets out."
        )
    starts = np.cumsum([0, *(len(places[number]) for number in kept)])
    rows = np.concatenate([places[number] for number in kept])
    member = sparse.csc_array((np.ones(len(rows)), rows, starts), shape=(len(genes), len(kept)))
    return member, [gene_sets[number] for number in kept]


def _standardised(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(n_samples, n_features)` features of mean square 1, and their standard deviations.

    Missing calls, and features that are absent or do not vary, are 0.
    """
    centred = centred_columns(values)
    spread = np.sqrt((centred**2).mean(axis=0))
    spread = np.where(spread > 1e-7, spread, 0.0)
    return centred / np.where(spread > 0, spread, 1.0), spread


def _without_trend(values: NDArray[np.float64], spread: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_drugs, n_features)` signed importance over what its size would be by the feature's spread alone."""
    used = (values != 0) & (spread > 0)
    x = np.where(used, np.log(np.where(spread > 0, spread, 1.0)), 0.0)
    y = np.log(np.where(used, np.abs(values), 1.0))
    n = np.maximum(used.sum(axis=1, keepdims=True), 1)
    x_mean, y_mean = x.sum(axis=1, keepdims=True) / n, y.sum(axis=1, keepdims=True) / n
    dx = np.where(used, x - x_mean, 0.0)
    square = (dx**2).sum(axis=1, keepdims=True)
    slope = (dx * y).sum(axis=1, keepdims=True) / np.where(square > 1e-12, square, np.inf)
    return np.where(used, values / np.exp(y_mean + slope * (x - x_mean)), 0.0)


def _normal_scores(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_drugs, n_genes)` normal scores of the ranks; all 0 where nothing tells the genes apart."""
    if not values.size:
        return values
    ranks = stats.rankdata(values, axis=1)
    return np.asarray(stats.norm.ppf((ranks - 0.5) / values.shape[1]))


def _variance(
    normal: NDArray[np.float64], member: sparse.csc_array, scores: GeneScores, features: NDArray[np.float64]
) -> NDArray[np.float64]:
    """`(n_drugs, n_sets)` variance of a set's sum of scores under the null."""
    sizes = np.diff(member.indptr)
    share = sizes / len(scores.genes)
    independent = sizes * (1 - share)
    widened = np.empty((len(normal), len(sizes)))
    for drug, leading in enumerate(scores.feature):
        led = features[:, leading]
        sums = led @ member - np.outer(led.sum(axis=1), share)
        widened[drug] = np.maximum(independent, (sums**2).mean(axis=0))
    return widened * (normal**2).mean(axis=1, keepdims=True)


def _leading(
    normal: NDArray[np.float64], z: NDArray[np.float64], member: sparse.csc_array, genes: pd.Index
) -> list[str]:
    """`(n_drugs x n_sets,)` names of the genes that pull furthest to the side of the statistic."""
    names = genes.to_numpy(dtype=object)
    members = np.split(member.indices, member.indptr[1:-1])
    leading = []
    for scores, sides in zip(normal, np.sign(z), strict=True):
        for at, side in zip(members, sides, strict=True):
            pull = scores[at] * side
            strongest = np.argsort(-pull, kind="stable")[:_LEADING]
            leading.append(",".join(names[at[strongest[pull[strongest] > 0]]]))
    return leading
