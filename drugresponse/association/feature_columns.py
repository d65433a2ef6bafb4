"""Features as associations need them: column by column, with what is a carrier."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes

__all__ = ["FeatureColumns", "uncarried_calls"]


def uncarried_calls(
    kinds: NDArray[np.object_], means: NDArray[np.float64], most_common: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The call of samples that do not carry a feature.

    What most samples bear is carried all the same: an alteration is absent at 0, and of a variant those with two copies
    of the more common allele are no carriers, however many are heterozygous. Of other kinds the most common call counts
    as usual.

    Parameters
    ----------
    kinds, means, most_common
        `(n_features,)` kind, mean call and most common call.

    Examples
    --------
    >>> kinds = np.array(["altered", "dosage", "dosage", "copy_number"], dtype=object)
    >>> uncarried_calls(kinds, np.array([0.7, 0.9, 1.2, -0.6]), np.array([1.0, 1.0, 1.0, -1.0])).tolist()
    [0.0, 0.0, 2.0, -1.0]
    """
    homozygous = np.where(means > 1, 2.0, 0.0)
    calls: NDArray[np.float64] = np.select([kinds == "altered", kinds == "dosage"], [0.0, homozygous], most_common)
    return calls


@dataclass(frozen=True, eq=False)
class FeatureColumns:
    """Features of samples, column by column.

    A carrier is a sample that is altered, has the rarer allele of a variant, or, of other kinds, has another than the
    most common call (of equally common ones the least). Nearly every sample is a carrier of a real-valued score.

    Attributes
    ----------
    values
        `(n_samples, n_features)` float32, compressed sparse columns, NaN where a call is missing.
    table
        `(n_features,)` rows of `Genotypes.features`.
    common
        `(n_features,)` float64, the call of those that are no carriers.
    mean
        `(n_features,)` float64, mean call.
    carriers, others
        `(n_features,)` samples whose call is known and another, or this one.
    two_valued
        `(n_features,)` bool, whether no third value occurs.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [0, 1], [1, 1]], ["s1", "s2", "s3"], ["a", "b"])
    >>> features = FeatureColumns.of(genotypes)
    >>> features.common.tolist(), features.carriers.tolist()
    ([0.0, 2.0], [1, 2])
    """

    values: sparse.csc_array
    table: pd.DataFrame
    common: NDArray[np.float64]
    mean: NDArray[np.float64]
    carriers: NDArray[np.int64]
    others: NDArray[np.int64]
    two_valued: NDArray[np.bool_]

    @classmethod
    def of(cls, genotypes: Genotypes) -> FeatureColumns:
        """Look at every feature of the samples."""
        values = sparse.csc_array(genotypes.values)
        n_samples, n_features = values.shape
        common, mean = np.zeros(n_features), np.zeros(n_features)
        others, n_called = np.zeros((2, n_features), dtype=np.int64)
        two_valued = np.zeros(n_features, dtype=bool)
        kinds = genotypes.features["kind"].to_numpy(dtype=object)
        for column in range(n_features):
            stored = values.data[values.indptr[column] : values.indptr[column + 1]]
            present = stored[~np.isnan(stored)]
            n_called[column] = n_samples - (len(stored) - len(present))
            levels, counts = np.unique(present, return_counts=True)
            zeros = n_samples - len(stored)
            levels, counts = np.append(levels, 0.0), np.append(counts, zeros)
            mean[column] = present.sum(dtype=np.float64) / max(n_called[column], 1)
            most = levels[counts == counts.max()].min()
            common[column] = uncarried_calls(kinds[[column]], mean[[column]], np.array([most]))[0]
            others[column] = counts[levels == common[column]].sum()
            two_valued[column] = (counts > 0).sum() <= 2
        return cls(values, genotypes.features, common, mean, n_called - others, others, two_valued)

    def rarer(self) -> NDArray[np.int64]:
        """`(n_features,)` carriers, or of a feature with two values those who bear the rarer one."""
        return np.where(self.two_valued, np.minimum(self.carriers, self.others), self.carriers)

    def take(self, columns: NDArray[np.intp]) -> FeatureColumns:
        """The features at these column numbers."""
        return FeatureColumns(
            sparse.csc_array(self.values[:, columns]),
            self.table.iloc[columns],
            self.common[columns],
            self.mean[columns],
            self.carriers[columns],
            self.others[columns],
            self.two_valued[columns],
        )

    def block(self, start: int, stop: int) -> FeatureColumns:
        """The features from one column number to before another."""
        return self.take(np.arange(start, min(stop, self.values.shape[1])))
