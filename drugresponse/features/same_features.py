"""Genotypes of new samples with exactly the features of the training: alleles turned, what is absent said to be so."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues, stays_stored
from drugresponse.errors import InputError
from drugresponse.features.aligned_columns import AlignedColumns
from drugresponse.features.alignment import Alignment, align, refuse_other_blocks
from drugresponse.features.reference_sites import is_site, with_reference_sites

__all__ = ["with_features_of"]

_WITH_REFERENCE = ("dosage", "altered")


def with_features_of(
    genotypes: Genotypes, trained: pd.DataFrame, *, absent_as_reference: bool = False
) -> tuple[Genotypes, Alignment]:
    """Bring genotypes to the features of others.

    Parameters
    ----------
    genotypes
        Of new samples.
    trained
        The feature table of the training's `Genotypes`.
    absent_as_reference
        Whether a dosage or alteration that the new genotypes do not have at all is 0, for files that list only what
        differs from the reference. Else it is missing, as are features in conflict and all other kinds in any case.

    Returns
    -------
    genotypes : Genotypes
        The new samples; its feature table is the training's. Too many for the memory, they are brought to these terms
        when they are read.
    alignment : Alignment
        Which of the features were found, and how.

    Raises
    ------
    InputError
        None of the features was found, or some stand in a block of another name.

    Examples
    --------
    >>> trained = Genotypes.from_dense([[0, 1, 0]], ["s1"], ["EGFR_lof", "KRAS_lof", "TP53_lof"], kind="altered")
    >>> new = Genotypes.from_dense([[1, 1]], ["n1"], ["KRAS_lof", "MYC_lof"], kind="altered")
    >>> with_features_of(new, trained.features)[0].dense().tolist()
    [[nan, 1.0, nan]]
    >>> with_features_of(new, trained.features, absent_as_reference=True)[0].dense().tolist()
    [[0.0, 1.0, 0.0]]
    """
    genotypes = with_reference_sites(genotypes, trained)
    alignment = align(genotypes.features, trained)
    refuse_other_blocks(genotypes.features, trained, alignment)
    if (alignment.columns < 0).all():
        raise InputError(
            f"genotypes: found none of the {len(trained)} features of the training (expected the same variants or "
            "genes). Prepare them as those of the training were, with the same choice of `by_gene`."
        )
    absent = (alignment.columns < 0) & ~alignment.conflict
    filled = absent & absent_as_reference & trained["kind"].isin(_WITH_REFERENCE).to_numpy(dtype=bool)
    if genotypes.reference is not None:
        filled &= ~is_site(trained)  # what is known of them was completed before
    n_samples, n_unknown = genotypes.shape[0], int(((alignment.columns < 0) & ~filled).sum())
    if genotypes.is_stored or stays_stored((n_samples, n_unknown)):
        there = StoredValues.of(AlignedColumns.of(genotypes, alignment, filled))
        aligned = Genotypes.build(there, list(genotypes.sample_ids), trained)
        return aligned if stays_stored(aligned.shape) else aligned.in_memory(), alignment
    present, values = alignment.taken(genotypes)
    unknown, zero = np.flatnonzero((alignment.columns < 0) & ~filled), np.flatnonzero(filled)
    parts = [values, _missing(n_samples, len(unknown)), sparse.csr_array((n_samples, len(zero)), dtype=np.float32)]
    table = trained.iloc[np.concatenate([present, unknown, zero])]
    return Genotypes.build(sparse.hstack(parts, format="csr"), list(genotypes.sample_ids), table), alignment


def _missing(n_samples: int, n_features: int) -> sparse.csr_array:
    """Calls that are all missing; NaN is stored, so this is built as it is kept."""
    cells, columns = np.full(n_samples * n_features, np.nan, dtype=np.float32), np.arange(n_features)
    ends = np.arange(n_samples + 1) * n_features
    return sparse.csr_array((cells, np.tile(columns, n_samples), ends), shape=(n_samples, n_features))
