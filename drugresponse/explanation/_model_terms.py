"""Genotypes in the terms of a model, so that the model and the measurements speak of the same feature and allele."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.features.alignment import Alignment, align, refuse_other_blocks
from drugresponse.features.parents import with_parents_of
from drugresponse.features.reference_sites import with_reference_sites

__all__ = ["in_terms_of", "with_genes"]

_KEYS = ["block", "feature_id"]


def in_terms_of(genotypes: Genotypes, trained: pd.DataFrame) -> tuple[Genotypes, Genotypes]:
    """Give features that a model knows its ids, blocks and alleles, whatever the file calls them.

    A file of the same cohort may guess other blocks, name variants differently or count the other allele. Taken as they
    are, such features would lack their refits, and effects measured and in the model would point opposite ways.

    Parameters
    ----------
    genotypes
        As read.
    trained
        The model's feature table, as in `Genotypes`; empty where it uses no genotype.

    Returns
    -------
    every : Genotypes
        All features; those that the model does not know as they were.
    known : Genotypes
        Those of the model alone; all where the model has none. A feature without gene in the model has that of the
        file.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": 7, "ref": "A", "alt": "C"}, index=["a"])
    >>> trained = Genotypes.build([[0.0]], ["s"], table).features
    >>> new = Genotypes.build([[2.0], [1.0]], ["n1", "n2"], table.assign(ref="C", alt="A").set_axis(["b"]))
    >>> every, known = in_terms_of(new, trained)
    >>> every.features.index.tolist(), known.dense().tolist()
    (['a'], [[0.0], [1.0]])
    """
    if trained.empty or genotypes.features.equals(trained):
        return genotypes, genotypes
    genotypes = with_parents_of(with_reference_sites(genotypes, trained), trained)
    alignment = align(genotypes.features, trained)
    refuse_other_blocks(genotypes.features, trained, alignment)
    known = _known(genotypes, trained, alignment)
    left = np.setdiff1d(np.arange(genotypes.shape[1]), alignment.columns)
    left = left[~_keys(genotypes.features.iloc[left]).isin(_keys(known.features))]
    if not len(left):
        return known, known
    table = pd.concat([known.features, genotypes.features.iloc[left]])
    values = sparse.hstack([known.values, genotypes.values[:, left]], format="csr")
    return Genotypes.build(values, list(genotypes.sample_ids), table), known


def with_genes(parts: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """Parts of predictions with the genes of a feature table where the model has none.

    Parameters
    ----------
    parts
        Columns `block, feature_id, gene`.
    features
        Feature table as in `Genotypes`.
    """
    known = features["gene"].set_axis(_keys(features))
    genes = known.reindex(pd.MultiIndex.from_frame(parts[_KEYS])).fillna("").to_numpy(dtype=object)
    return parts.assign(gene=np.where(parts["gene"] == "", genes, parts["gene"]).astype(object))


def _known(genotypes: Genotypes, trained: pd.DataFrame, alignment: Alignment) -> Genotypes:
    """The features that were found, under the model's names."""
    order, values = alignment.taken(genotypes)
    table = trained.iloc[order]
    genes = genotypes.features["gene"].to_numpy(dtype=object)[alignment.columns[order]]
    table = table.assign(gene=table["gene"].where(table["gene"] != "", genes))
    return Genotypes.build(values, list(genotypes.sample_ids), table)


def _keys(features: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([features["block"], features.index], names=_KEYS)
