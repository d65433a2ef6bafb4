"""Features that the samples cannot tell apart, as groups: linkage, co-deleted segments, equal columns."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.association.feature_columns import FeatureColumns
from drugresponse.data.identical_rows import identical_rows
from drugresponse.threads import run_in_order

__all__ = ["LINKED", "Linkage", "linkage_table"]

LINKED = 0.8
"""Least correlation, of either sign, of every two features of a group."""
_FEWEST_CARRIERS = 3
_WIDTH = 1024


@dataclass(frozen=True, eq=False)
class Linkage:
    """Groups of features every two of which correlate at 0.8 or more, or at -0.8 or less.

    Features come one by one in their order along the genome. Each joins the group that it is linked to in all its
    members, of several the one with the greatest mean correlation (then the earliest), else it begins a group. So no
    chain forms a group (complete linkage), and no response has a part in it. Equal columns are always one group.
    Features with fewer than 3 carriers are grouped with equal ones alone, because among thousands of features two
    that share two carriers by chance are common.

    Attributes
    ----------
    group
        `(n_features,)` column number of the first feature of each feature's group.
    with_first
        `(n_features,)` correlation with that feature, over the samples with both calls.
    least
        `(n_features,)` least correlation, of either sign, of two features of the group; 1 for a group of one.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> rows = [[0, 0, 1], [1, 1, 0], [0, 0, 0], [1, 1, 1], [1, 1, 0], [0, 0, 1]]
    >>> genotypes = Genotypes.from_dense(rows, [f"s{i}" for i in range(6)], ["a", "b", "c"])
    >>> Linkage.of(FeatureColumns.of(genotypes)).group.tolist()
    [0, 0, 2]
    """

    group: NDArray[np.intp]
    with_first: NDArray[np.float64]
    least: NDArray[np.float64]

    @classmethod
    def of(cls, features: FeatureColumns, n_jobs: int | None = 1) -> Linkage:
        """Group the features by all samples at hand; `n_jobs` threads change nothing but the time."""
        number = identical_rows(features.values.T)
        first = np.unique(number, return_index=True)[1][number]
        distinct = np.flatnonzero(first == np.arange(len(first)))
        linked = _linked_pairs(features.take(distinct), n_jobs)
        at = np.searchsorted(distinct, first)
        group, with_first, least = _complete_groups(linked)
        return cls(distinct[group][at], with_first[at], least[group][at])


def linkage_table(linkage: Linkage, features: FeatureColumns, names: NDArray[np.object_]) -> pd.DataFrame:
    """The groups of two or more features, one row a feature.

    Parameters
    ----------
    linkage
        Of the features.
    features
        Its features.
    names
        `(n_features,)` name of each feature's group.

    Returns
    -------
    pandas.DataFrame
        Columns `group, feature_id, block, gene, n_features, correlation, least_correlation`: features in the group,
        the correlation with its first feature, and the least of any two in the group, of either sign. Ordered by
        group along the genome.
    """
    sizes = np.bincount(linkage.group, minlength=len(linkage.group))[linkage.group]
    shown = np.flatnonzero(sizes > 1)
    shown = shown[np.argsort(linkage.group[shown], kind="stable")]
    table = features.table
    return pd.DataFrame(
        {
            "group": names[shown],
            "feature_id": table.index.to_numpy(dtype=object)[shown],
            "block": table["block"].to_numpy(dtype=object)[shown],
            "gene": table["gene"].to_numpy(dtype=object)[shown],
            "n_features": sizes[shown],
            "correlation": linkage.with_first[shown],
            "least_correlation": linkage.least[shown],
        }
    )


def _linked_pairs(features: FeatureColumns, n_jobs: int | None) -> sparse.csr_array:
    """Correlations of linked features, below the diagonal; two blocks of features meet at a time."""
    n = len(features.table)
    starts = range(0, n, _WIDTH)

    def meet(places: tuple[int, int]) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
        left, right = (features.block(start, start + _WIDTH) for start in places)
        r = _correlations(left, right)
        enough = np.minimum.outer(left.rarer(), right.rarer()) >= _FEWEST_CARRIERS
        column, row = np.nonzero((np.abs(r) >= LINKED) & enough)
        linked = r[column, row]
        column, row = column + places[0], row + places[1]
        below = column < row
        return row[below], column[below], linked[below]

    parts = run_in_order(meet, list(combinations_with_replacement(starts, 2)), n_jobs)
    if not parts:
        return sparse.csr_array((0, 0))
    row, column, r = (np.concatenate(column_parts) for column_parts in zip(*parts, strict=True))
    linked = sparse.csr_array((r, (row, column)), shape=(n, n))
    linked.sort_indices()
    return linked


def _correlations(left: FeatureColumns, right: FeatureColumns) -> NDArray[np.float64]:
    """`(n_left, n_right)` over the samples with both calls; 0 where one of the features is constant there."""
    (x, has_x), (y, has_y) = (_centred(side) for side in (left, right))
    if has_x.all() and has_y.all():
        # each column's mean is already 0
        cross, x_square, y_square = x.T @ y, (x**2).sum(axis=0)[:, None], (y**2).sum(axis=0)[None]
    else:
        n = np.maximum(has_x.T @ has_y, 1)
        x_sum, y_sum = x.T @ has_y, has_x.T @ y
        cross = x.T @ y - x_sum * y_sum / n
        x_square = (x**2).T @ has_y - x_sum**2 / n
        y_square = has_x.T @ (y**2) - y_sum**2 / n
    length = x_square * y_square
    varies = length > 1e-12 * (x**2).sum(axis=0)[:, None] * (y**2).sum(axis=0)[None]
    return np.where(varies, cross / np.sqrt(np.where(varies, length, 1.0)), 0.0)


def _centred(features: FeatureColumns) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    values = features.values.toarray().astype(np.float64)
    called = ~np.isnan(values)
    return np.where(called, values - features.mean, 0.0), called.astype(np.float64)


def _complete_groups(linked: sparse.csr_array) -> tuple[NDArray[np.intp], NDArray[np.float64], NDArray[np.float64]]:
    """First feature of each feature's group, correlation with it, and the least correlation of each first's group."""
    n = linked.shape[0]
    group, with_first, least = np.arange(n), np.ones(n), np.ones(n)
    sizes = np.ones(n, dtype=np.int64)
    for feature in range(n):
        at = slice(linked.indptr[feature], linked.indptr[feature + 1])
        neighbours, r = linked.indices[at], linked.data[at]
        groups, which = np.unique(group[neighbours], return_inverse=True)
        counts = np.bincount(which, minlength=len(groups))
        whole = np.flatnonzero(counts == sizes[groups])
        if not len(whole):
            continue
        mean = np.bincount(which, np.abs(r), len(groups))[whole] / counts[whole]
        chosen = groups[whole[np.argmax(mean)]]
        group[feature], with_first[feature] = chosen, r[neighbours == chosen][0]
        least[chosen] = min(least[chosen], np.abs(r[group[neighbours] == chosen]).min())
        sizes[chosen] += 1
    return group, with_first, least
