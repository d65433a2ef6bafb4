"""Features as associations need them: column by column, with what is a carrier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes

__all__ = ["FeatureColumns"]


@dataclass(frozen=True, eq=False)
class FeatureColumns:
    """Features of samples, column by column.

    A carrier is a sample with a call that differs from the feature's most common one (of equally common ones the
    least): alterations, the minor allele, gains and losses. Nearly every sample is a carrier of a real-valued score.

    Attributes
    ----------
    values
        `(n_samples, n_features)` float32, compressed sparse columns, NaN where a call is missing.
    table
        `(n_features,)` rows of `Genotypes.features`.
    common
        `(n_features,)` float64, the most common call.
    mean
        `(n_features,)` float64, mean call.
    carriers
        `(n_features,)` samples whose call is known and not the most common.
    two_valued
        `(n_features,)` bool, whether no third value occurs.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [0, 1], [1, 1]], ["s1", "s2", "s3"], ["a", "b"])
    >>> features = FeatureColumns.of(genotypes)
    >>> features.common.tolist(), features.carriers.tolist()
    ([0.0, 1.0], [1, 1])
    """

    values: sparse.csc_array
    table: pd.DataFrame
    common: NDArray[np.float64]
    mean: NDArray[np.float64]
    carriers: NDArray[np.int64]
    two_valued: NDArray[np.bool_]

    @classmethod
    def of(cls, genotypes: Genotypes) -> FeatureColumns:
        """Look at every feature of the samples."""
        values = sparse.csc_array(genotypes.values)
        n_samples, n_features = values.shape
        common, mean = np.zeros(n_features), np.zeros(n_features)
        carriers, two_valued = np.zeros(n_features, dtype=np.int64), np.zeros(n_features, dtype=bool)
        for column in range(n_features):
            stored = values.data[values.indptr[column] : values.indptr[column + 1]]
            present = stored[~np.isnan(stored)]
            n_called = n_samples - (len(stored) - len(present))
            found, counts = np.unique(present, return_counts=True)
            zeros = n_samples - len(stored)
            found, counts = np.append(found, 0.0), np.append(counts, zeros)
            most = np.flatnonzero(counts == counts.max())
            common[column] = found[most].min()
            mean[column] = present.sum(dtype=np.float64) / max(n_called, 1)
            carriers[column] = n_called - counts.max()
            two_valued[column] = (counts > 0).sum() <= 2
        return cls(values, genotypes.features, common, mean, carriers, two_valued)

    def take(self, columns: NDArray[np.intp]) -> FeatureColumns:
        """The features at these column numbers."""
        return FeatureColumns(
            sparse.csc_array(self.values[:, columns]),
            self.table.iloc[columns],
            self.common[columns],
            self.mean[columns],
            self.carriers[columns],
            self.two_valued[columns],
        )

    def block(self, start: int, stop: int) -> FeatureColumns:
        """The features from one column number to before another."""
        return self.take(np.arange(start, min(stop, self.values.shape[1])))
