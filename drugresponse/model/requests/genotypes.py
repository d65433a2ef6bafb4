"""Genotypes of new samples in the terms of a model."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues, stays_stored
from drugresponse.features.aligned_columns import AlignedColumns
from drugresponse.features.alignment import Alignment
from drugresponse.features.parents import with_parents_of
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.features.unseen_alleles import without_unseen_alleles

__all__ = ["as_trained", "completed_genotypes"]


def completed_genotypes(genotypes: Genotypes, trained: pd.DataFrame) -> Genotypes:
    """Genotypes with the reference calls that they leave out and the parents of the training's features.

    They are without alleles that the training never saw; those of which it knows a parent count to that.
    """
    completed = with_parents_of(with_reference_sites(genotypes, trained), trained)
    return without_unseen_alleles(completed, trained)


def as_trained(genotypes: Genotypes, trained: pd.DataFrame, alignment: Alignment) -> Genotypes:
    """Genotypes with the very features of a model, so that none of its learners has to look for them again.

    Parameters
    ----------
    genotypes
        Of new samples.
    trained
        The model's feature table.
    alignment
        Where its features stand among those of the genotypes.

    Returns
    -------
    Genotypes
        Dosages turned where alleles are swapped; NaN where a feature is missing, absent or in conflict. Its values are
        float64 where any is turned, since two less a float32 is not always one; where there are too many for the
        memory they are float32, and are brought to these terms when they are read.

    Examples
    --------
    >>> from drugresponse.features.alignment import align
    >>> trained = Genotypes.from_dense([[0, 1]], ["s1"], ["KRAS", "TP53"]).features
    >>> new = Genotypes.from_dense([[1, 1]], ["n1"], ["MYC", "TP53"])
    >>> as_trained(new, trained, align(new.features, trained)).dense().tolist()
    [[nan, 1.0]]
    """
    if trained.empty:
        return genotypes
    # what is absent or turned is no longer sparse
    n_dense = int(((alignment.columns < 0) | alignment.turned).sum())
    if genotypes.is_stored or stays_stored((genotypes.shape[0], n_dense)):
        columns = StoredValues.of(AlignedColumns.of(genotypes, alignment))
        aligned = Genotypes(columns, genotypes.sample_ids, trained)
        return aligned if stays_stored(aligned.shape) else aligned.in_memory()
    if genotypes.features.equals(trained):
        return genotypes
    present, turned = alignment.columns >= 0, alignment.turned
    parts = [np.flatnonzero(present & ~turned), np.flatnonzero(turned), np.flatnonzero(~present)]
    blocks = [
        genotypes.values[:, alignment.columns[parts[0]]],
        sparse.csr_array(alignment.values(genotypes, parts[1])),
        sparse.csr_array(np.full((genotypes.shape[0], len(parts[2])), np.nan, dtype=np.float32)),
    ]
    together = sparse.hstack([block for block in blocks if block.shape[1]], format="csr")
    values = sparse.csr_array(together[:, np.argsort(np.concatenate(parts))])
    values.sort_indices()
    return Genotypes(values, genotypes.sample_ids, trained)
