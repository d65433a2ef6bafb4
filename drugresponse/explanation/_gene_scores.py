"""From features to genes: each gene speaks by the feature of it that a model hangs most on."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.explanation.attribution_table import SignedImportance

__all__ = ["GeneScores", "score_genes", "split_names"]


@dataclass(frozen=True, eq=False)
class GeneScores:
    """What a model hangs on each gene for each drug.

    Attributes
    ----------
    genes
        `(n_genes,)` names, in alphabetical order.
    values
        `(n_drugs, n_genes)` float64: the importance of the gene's most important feature, with the sign of its effect.
    feature
        `(n_drugs, n_genes)` number of that feature; of equals the first.
    """

    genes: pd.Index
    values: NDArray[np.float64]
    feature: NDArray[np.intp]


def split_names(text: str) -> list[str]:
    """Names that stand in one cell, separated by `,`, `;` or `|`.

    Examples
    --------
    >>> split_names("CDK12, ERBB2;MED24|"), split_names("")
    (['CDK12', 'ERBB2', 'MED24'], [])
    """
    return [name for name in (part.strip() for part in re.split(r"[,;|]", str(text))) if name]


def score_genes(signed: SignedImportance) -> GeneScores:
    """Score the genes that the features name; a feature of several genes, such as a gained segment, speaks for each.

    Examples
    --------
    >>> features = pd.DataFrame({"block": "m", "feature_id": ["A_gain", "A_mut"], "gene": ["A,B", "A"]})
    >>> scores = score_genes(SignedImportance(pd.Index(["d"]), features, np.array([[0.2, -0.5]])))
    >>> dict(zip(scores.genes, scores.values[0].tolist()))
    {'A': -0.5, 'B': 0.2}
    """
    named = [(gene, at) for at, text in enumerate(signed.features["gene"]) for gene in split_names(text)]
    table = pd.DataFrame(named, columns=["gene", "feature"]).drop_duplicates().sort_values(["gene", "feature"])
    n_drugs, n_named = len(signed.values), len(table)
    if not n_named:
        return GeneScores(pd.Index([], dtype=object), np.zeros((n_drugs, 0)), np.zeros((n_drugs, 0), dtype=np.intp))
    code, genes = pd.factorize(table["gene"])
    starts = np.flatnonzero(np.diff(code, prepend=-1))
    feature = table["feature"].to_numpy(dtype=np.intp)
    values = signed.values[:, feature]
    largest = np.maximum.reduceat(np.abs(values), starts, axis=1)
    leads = np.where(np.abs(values) == largest[:, code], np.arange(n_named), n_named)
    leader = np.minimum.reduceat(leads, starts, axis=1)
    return GeneScores(pd.Index(genes, dtype=object), np.take_along_axis(values, leader, axis=1), feature[leader])
