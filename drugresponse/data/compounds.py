"""Which drugs are one compound, whatever their ids."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.identical_rows import joined_by

__all__ = ["MOST_CHARACTERS", "number_compounds", "read_molecules"]

MOST_CHARACTERS = 5000
"""Longer SMILES are not read: rings of tens of thousands of atoms take hours and all memory; drugs have hundreds."""
_INCHIKEY = re.compile(r"\s*(?:InChIKey=)?([A-Z]{14})(?![A-Z])", re.IGNORECASE)
"""Whose first part is taken; a word such as "unknown" is no key, and makes no compound of the drugs that bear it."""


def number_compounds(drugs: pd.DataFrame) -> NDArray[np.intp]:
    """Number the compounds: drugs with a common InChIKey skeleton, or with a common SMILES, are one.

    SMILES are compared in RDKit's canonical form without stereochemistry and isotopes, which the skeleton leaves out
    too. Salts are not stripped.

    Parameters
    ----------
    drugs
        Column `smiles` ("" without), perhaps `inchikey`.

    Returns
    -------
    numpy.ndarray
        `(n_drugs,)`; a drug of which neither is known is a compound of its own.

    Examples
    --------
    >>> number_compounds(pd.DataFrame({"smiles": ["OCC", "CCO", "CCN", ""]})).tolist()
    [0, 0, 1, 2]
    """
    return _joined_by(_skeletons(drugs), tuple(drugs["smiles"]))


def read_molecules(smiles: Sequence[str]) -> list[Any]:
    """RDKit's molecule of each SMILES, None where it is empty, cannot be read or is longer than `MOST_CHARACTERS`.

    Examples
    --------
    >>> [molecule is not None for molecule in read_molecules(["CCO", "", "junk", "C" * 10_000])]
    [True, False, False, False]
    """
    from rdkit import Chem, rdBase

    with rdBase.BlockLogs():
        return [Chem.MolFromSmiles(text) if 0 < len(text) <= MOST_CHARACTERS else None for text in smiles]


@lru_cache(maxsize=8)
def _joined_by(skeletons: tuple[str, ...], smiles: tuple[str, ...]) -> NDArray[np.intp]:
    """The numbers, remembered: folds, audit and bootstrap ask for those of the same drugs again and again."""
    names = (pd.Series(texts, dtype=object) for texts in (skeletons, _flat_smiles(smiles)))
    numbers = joined_by(*(pd.factorize(texts.where(texts != ""))[0] for texts in names))
    numbers.flags.writeable = False
    return numbers


def _skeletons(drugs: pd.DataFrame) -> tuple[str, ...]:
    """The first part of each InChIKey: the atoms and bonds, without stereochemistry, isotopes and charge."""
    keys = drugs["inchikey"] if "inchikey" in drugs.columns else pd.Series("", index=drugs.index)
    matches = (_INCHIKEY.match(str(key)) for key in keys.astype(object).where(keys.notna(), ""))
    return tuple(match[1].upper() if match else "" for match in matches)


def _flat_smiles(smiles: Sequence[str]) -> Sequence[str]:
    if not any(smiles):
        return smiles
    from rdkit import Chem

    return [Chem.MolToSmiles(molecule, isomericSmiles=False) if molecule else "" for molecule in read_molecules(smiles)]
