"""Samples and drugs as plain columns, for the references."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs

__all__ = ["SampleColumns", "morgan_bits"]

Array = NDArray[np.float64]


class SampleColumns:
    """Covariates one-hot (numbers standardised) and genotype, a missing call as the mean of the training samples."""

    def fit(self, pairs: Pairs) -> SampleColumns:
        used = pairs.used_samples()
        covariates = pairs.covariates.iloc[used]
        self.levels = {
            name: sorted(set(column[column != ""]))
            for name, column in covariates.items()
            if column.dtype == object and column.nunique() > 1
        }
        numeric = [
            name for name in covariates.columns if covariates[name].dtype != object and covariates[name].std() > 0
        ]
        self.moments = {name: (covariates[name].mean(), covariates[name].std()) for name in numeric}
        calls = pairs.genotypes.take(used).dense().astype(np.float64)
        counts = np.maximum((~np.isnan(calls)).sum(axis=0), 1)
        self.means = np.nansum(calls, axis=0) / counts
        self.varies = np.nanmax(np.nan_to_num(calls, nan=-np.inf), axis=0, initial=-np.inf) > np.nanmin(
            np.nan_to_num(calls, nan=np.inf), axis=0, initial=np.inf
        )
        self.block_names = pairs.genotypes.features["block"].to_numpy(dtype=object)
        return self

    def blocks(self, pairs: Pairs) -> dict[str, Array]:
        """`(n_samples, n)` columns of every sample of the tables, by block."""
        found: dict[str, Array] = {}
        for name, levels in self.levels.items():
            column = pairs.covariates[name].to_numpy(dtype=object)
            found[str(name)] = (column[:, None] == np.array(levels, dtype=object)).astype(np.float64)
        for name, (mean, sd) in self.moments.items():
            numbers = pairs.covariates[name].to_numpy(dtype=np.float64)[:, None]
            found[str(name)] = np.nan_to_num((numbers - mean) / sd)
        calls = pairs.genotypes.dense().astype(np.float64)
        calls = np.where(np.isnan(calls), self.means, calls)
        for block in dict.fromkeys(self.block_names):
            found[f"genotype {block}"] = calls[:, self.varies & (self.block_names == block)]
        return {name: columns for name, columns in found.items() if columns.shape[1]}

    def matrix(self, pairs: Pairs) -> Array:
        return np.hstack(list(self.blocks(pairs).values()))


def morgan_bits(smiles: pd.Series, n_bits: int) -> NDArray[np.float32]:
    """`(n_drugs, n_bits)` Morgan fingerprints of radius 2; zeros without a readable structure."""
    from rdkit import Chem, rdBase
    from rdkit.Chem import rdFingerprintGenerator

    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=n_bits)
    rows = np.zeros((len(smiles), n_bits), dtype=np.float32)
    with rdBase.BlockLogs():
        for i, text in enumerate(smiles):
            molecule = Chem.MolFromSmiles(text) if text else None
            if molecule is not None:
                rows[i] = generator.GetFingerprintAsNumPy(molecule)
    return rows
