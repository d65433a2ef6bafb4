"""Drugs that the same features drive, clustered."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.cluster import hierarchy
from scipy.spatial.distance import squareform

from drugresponse.explanation.attribution_table import signed_importance
from drugresponse.shown import Shown

__all__ = ["DrugClusters", "cluster_drugs"]

FEATURE_COLUMNS = ("cluster", "n_drugs", "place", "feature_id", "gene", "block", "direction", "share", "n_same_sign")
_LEADING = 5


@dataclass(frozen=True, eq=False, repr=False)
class DrugClusters(Shown):
    """Drugs by what drives them.

    Attributes
    ----------
    drugs
        Columns `place, drug_id, cluster, correlation`, in the order of the tree: similar drugs stand together. Clusters
        are numbered from 1 in this order; `correlation` is that of the drug's effects with the mean of its cluster's, 1
        for a drug alone.
    features
        Columns `cluster, n_drugs, place, feature_id, gene, block, direction, share, n_same_sign`: the five features
        that lead each cluster. `direction` is 1 where they raise the response and -1 where they lower it, `share` the
        part of the drugs' squared effects that the feature's mean holds, `n_same_sign` the drugs in which it acts in
        this direction.
    correlation
        `(n_drugs, n_drugs)` correlation of the drugs' effects, in the order of `drugs`.
    links
        `(n_drugs - 1, 4)` the tree as scipy's linkage matrix, whose leaves are numbered by the order of the
        attributions.

    Examples
    --------
    >>> rows = pd.DataFrame({"drug_id": np.repeat(["a", "b", "c"], 3), "block": "m", "feature_id": list("XYZ") * 3,
    ...                      "gene": "", "kind": "genotype", "arm": "", "importance": 1.0,
    ...                      "effect": [1, -1, 1, -1, 1, 1, 2, -2, 1]})
    >>> clusters = cluster_drugs(rows)
    >>> clusters.correlation.shape, clusters.features["cluster"].unique().tolist()
    ((3, 3), [1, 2])
    """

    drugs: pd.DataFrame
    features: pd.DataFrame
    correlation: NDArray[np.float64]
    links: NDArray[np.float64]


def cluster_drugs(attributions: pd.DataFrame, *, least_correlation: float = 0.5) -> DrugClusters:
    """Cluster the drugs by the correlation of their signed effects.

    A drug is the vector of its genotype features' importance, each with the sign of its effect: effects in units of the
    response, so that a rare feature does not count as much as a common one of equal slope. Average linkage on 1 less
    the correlation (Eisen and others 1998, doi:10.1073/pnas.95.25.14863).

    Parameters
    ----------
    attributions
        As `attribution_table` writes it.
    least_correlation
        Clusters are joined while their drugs correlate by so much on average.

    Returns
    -------
    DrugClusters
        A drug on which no feature acts is a cluster of its own.

    Examples
    --------
    >>> rows = pd.DataFrame({"drug_id": np.repeat(["a", "b", "c"], 3), "block": "m", "feature_id": list("XYZ") * 3,
    ...                      "gene": "", "kind": "genotype", "arm": "", "importance": 1.0,
    ...                      "effect": [1, -1, 1, -1, 1, 1, 2, -2, 1]})
    >>> cluster_drugs(rows).drugs[["drug_id", "cluster"]].values.tolist()
    [['b', 1], ['c', 2], ['a', 2]]
    """
    signed = signed_importance(attributions)
    n = len(signed.drug_ids)
    centred = signed.values - signed.values.sum(axis=1, keepdims=True) / max(signed.values.shape[1], 1)
    norm = np.linalg.norm(centred, axis=1, keepdims=True)
    unit = centred / np.where(norm > 0, norm, 1.0)
    correlation = np.clip(unit @ unit.T, -1.0, 1.0)
    np.fill_diagonal(correlation, 1.0)
    links, order, label = np.zeros((0, 4)), np.arange(n, dtype=np.intp), np.ones(n, dtype=np.intp)
    if n > 1:
        distance = squareform(1.0 - correlation, checks=False)
        links = hierarchy.linkage(distance, "average", optimal_ordering=True)
        order = hierarchy.leaves_list(links).astype(np.intp)
        label = hierarchy.fcluster(links, 1.0 - least_correlation, "distance").astype(np.intp)
    cluster = np.empty(n, dtype=np.intp)
    cluster[order] = pd.factorize(label[order])[0] + 1
    drugs, features = [], []
    for number in range(1, int(cluster.max(initial=0)) + 1):
        members = np.flatnonzero(cluster == number)
        mean = unit[members].mean(axis=0)
        length = np.linalg.norm(mean)
        drugs.append(pd.Series(unit[members] @ mean / length if length > 0 else 1.0, index=members))
        features.append(_leading(signed.features, signed.values[members], number))
    correlations = pd.concat(drugs).reindex(order).to_numpy(dtype=np.float64) if drugs else np.zeros(0)
    table = pd.DataFrame(
        {
            "place": np.arange(1, n + 1),
            "drug_id": signed.drug_ids.to_numpy(dtype=object)[order],
            "cluster": cluster[order],
            "correlation": correlations,
        }
    )
    leading = pd.concat(features, ignore_index=True) if features else pd.DataFrame(columns=list(FEATURE_COLUMNS))
    return DrugClusters(table, leading, correlation[np.ix_(order, order)], links)


def _leading(features: pd.DataFrame, values: NDArray[np.float64], number: int) -> pd.DataFrame:
    """The features with the largest mean effect over a cluster's drugs, each drug's vector taken at length 1."""
    norm = np.linalg.norm(values, axis=1, keepdims=True)
    mean = (values / np.where(norm > 0, norm, 1.0)).mean(axis=0)
    total = float((mean**2).sum())
    at = np.argsort(-np.abs(mean), kind="stable")[:_LEADING]
    at = at[mean[at] != 0]
    direction = np.sign(mean[at]).astype(np.int64)
    return pd.DataFrame(
        {
            "cluster": number,
            "n_drugs": len(values),
            "place": np.arange(1, len(at) + 1),
            **{name: features[name].to_numpy(dtype=object)[at] for name in ("feature_id", "gene", "block")},
            "direction": direction,
            "share": mean[at] ** 2 / (total if total > 0 else 1.0),
            "n_same_sign": (np.sign(values[:, at]) == direction).sum(axis=0),
        },
        columns=list(FEATURE_COLUMNS),
    )
