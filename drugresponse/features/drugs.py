"""Drugs as numbers: Morgan fingerprints of their structures."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.compounds import MOST_CHARACTERS, read_molecules
from drugresponse.errors import show_ids

__all__ = ["DrugEncoder", "morgan_fingerprints", "without_unreadable"]

logger = logging.getLogger(__name__)


def morgan_fingerprints(smiles: Sequence[str], *, radius: int = 2, n_bits: int = 2048) -> NDArray[np.float32]:
    """Morgan (circular) fingerprints, one row a structure.

    Parameters
    ----------
    smiles
        SMILES; an empty or unreadable one, or one that is too long for a drug, gives a row of NaN.
    radius, n_bits
        Of the fingerprint. Source: Rogers and Hahn 2010, doi:10.1021/ci100050t.

    Returns
    -------
    numpy.ndarray
        `(n, n_bits)` float32, 0 or 1, NaN where there is no structure.

    Examples
    --------
    >>> bits = morgan_fingerprints(["CCO", "", "not a molecule"])
    >>> bits.shape, int(bits[0].sum()), bool(np.isnan(bits[1:]).all())
    ((3, 2048), 6, True)
    """
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=radius, fpSize=n_bits)
    rows = np.full((len(smiles), n_bits), np.nan, dtype=np.float32)
    for i, molecule in enumerate(read_molecules(smiles)):
        if molecule is not None and molecule.GetNumAtoms():
            rows[i] = generator.GetFingerprintAsNumPy(molecule)
    return rows


def without_unreadable(drugs: pd.DataFrame, used: pd.Index) -> pd.DataFrame:
    """A drugs table in which a SMILES that cannot be read is empty; such drugs are named in one warning.

    Parameters
    ----------
    drugs
        Index `drug_id`; without a column `smiles` it comes back as it is.
    used
        Ids of the drugs to look at.

    Examples
    --------
    >>> drugs = pd.DataFrame({"smiles": ["CCO", "no molecule"]}, index=["a", "b"])
    >>> without_unreadable(drugs, drugs.index)["smiles"].tolist()
    ['CCO', '']
    """
    if "smiles" not in drugs.columns:
        return drugs
    smiles = drugs["smiles"].astype(object).where(drugs["smiles"].notna(), "").astype(str).str.strip()
    looked_at = drugs.index[drugs.index.isin(used) & (smiles != "").to_numpy()]
    unreadable = looked_at[np.isnan(morgan_fingerprints(list(smiles[looked_at]), n_bits=8)[:, 0])]
    _warn_of_unreadable(unreadable)
    return drugs.assign(smiles=smiles.where(~smiles.index.isin(unreadable), ""))


class DrugEncoder(BaseEstimator):
    """Structures as centred fingerprint bits; bits that do not vary in training are dropped.

    Attributes
    ----------
    bits_ : (n_kept,) int64
        Bits that vary over the training drugs with a structure.
    center_, scale_ : (n_kept,) float64 and float
        A bit's number is `(bit - center) * scale`; the scale makes the mean squared row norm 1.

    Examples
    --------
    >>> drugs = pd.DataFrame({"smiles": ["CCO", "CCN", ""]}, index=["a", "b", "c"])
    >>> bits, known = DrugEncoder().fit(drugs).transform(drugs)
    >>> known.tolist(), float(abs(bits[2]).sum())
    ([True, True, False], 0.0)
    """

    def __init__(self, radius: int = 2, n_bits: int = 2048) -> None:
        self.radius = radius
        self.n_bits = n_bits

    def fit(self, drugs: pd.DataFrame) -> DrugEncoder:
        """Learn which bits vary among these drugs (index `drug_id`, column `smiles`)."""
        rows = morgan_fingerprints(list(drugs["smiles"]), radius=self.radius, n_bits=self.n_bits)
        known = ~np.isnan(rows[:, 0])
        _warn_of_unreadable(drugs.index[~known & (drugs["smiles"] != "").to_numpy()])
        rows = rows[known].astype(np.float64)
        self.bits_ = np.flatnonzero(np.ptp(rows, axis=0) > 0) if len(rows) > 1 else np.zeros(0, dtype=np.intp)
        self.center_ = rows[:, self.bits_].mean(axis=0) if len(rows) else np.zeros(0)
        norm = np.sqrt(((rows[:, self.bits_] - self.center_) ** 2).sum(axis=1).mean()) if len(self.bits_) else 1.0
        self.scale_ = 1.0 / float(norm)
        return self

    def transform(self, drugs: pd.DataFrame) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
        """`(n_drugs, n_kept)` numbers, 0 without a structure, and `(n_drugs,)` whether a structure is known."""
        check_is_fitted(self, "bits_")
        rows = morgan_fingerprints(list(drugs["smiles"]), radius=self.radius, n_bits=self.n_bits)
        known = ~np.isnan(rows[:, 0]) if len(rows) else np.zeros(0, dtype=bool)
        numbers = (rows[:, self.bits_].astype(np.float64) - self.center_) * self.scale_
        return np.where(known[:, None], numbers, 0.0), known


def _warn_of_unreadable(drug_ids: pd.Index) -> None:
    if len(drug_ids):
        logger.warning(
            f"drugs: the SMILES of {show_ids(drug_ids)} cannot be read (above {MOST_CHARACTERS} characters none is); "
            "the drug is treated as without structure."
        )
