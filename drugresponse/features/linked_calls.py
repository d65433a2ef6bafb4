"""Missing calls as what linked features lead to expect, such as variants that are inherited together."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["LinkedCalls"]

Array = NDArray[np.float64]

_LINKED, _BEYOND_CHANCE = 0.3, 5.0
"""Least correlation of linked features, and how many times that of chance it must be."""
_MOST_LINKED = 8
"""Features that one is expected from: those that go with it most."""
_LEAST_MISSING = 0.01
"""Share of missing calls from which on a feature is completed."""
_FEWEST = 20
_SHRINK = 0.05
"""How far correlations are drawn to 0: those of few common calls do not fit together."""
_WIDE, _WINDOW = 2000, 200
"""Of more features in a block, only those that stand so near in the table are looked at."""


@dataclass(frozen=True, eq=False)
class LinkedCalls:
    """Which features are completed, from which, and how these vary together.

    A missing call counts as its mean in a normal distribution, given those of the linked features that were called in
    the same sample; where none was, it stays missing.

    Attributes
    ----------
    targets
        `(n_targets,)` columns that are completed.
    linked
        `(n_targets, n_linked)` columns that each is expected from; -1 where there are fewer.
    covariance
        `(n_targets, 1 + n_linked, 1 + n_linked)` of a target and its linked columns, in this order.

    Examples
    --------
    >>> call = np.tile([-1.0, 1.0], 100)
    >>> table = np.column_stack([call, np.where(np.arange(200) < 40, np.nan, call)])
    >>> links = LinkedCalls.fit(table, [np.array([0, 1])])
    >>> bool(links.complete(np.array([[1.0, np.nan]]))[0, 1] > 0.9)
    True
    """

    targets: NDArray[np.int64]
    linked: NDArray[np.int64]
    covariance: Array

    @classmethod
    def none(cls) -> LinkedCalls:
        """Nothing is completed."""
        return cls(np.zeros(0, dtype=np.int64), np.zeros((0, 0), dtype=np.int64), np.zeros((0, 1, 1)))

    @classmethod
    def fit(cls, centred: Array, blocks: list[NDArray[np.intp]]) -> LinkedCalls:
        """Learn from training samples.

        Parameters
        ----------
        centred
            `(n_samples, n_columns)` less the means of what is known; NaN where missing.
        blocks
            Columns of each block of genotype; features of one block alone are linked.
        """
        share = np.isnan(centred).mean(axis=0) if len(centred) else np.zeros(centred.shape[1])
        found: list[tuple[int, NDArray[np.int64], Array]] = []
        for columns in blocks:
            for target in columns[(share[columns] >= _LEAST_MISSING) & (share[columns] < 1)]:
                near = columns
                if len(columns) > _WIDE:
                    at = int(np.searchsorted(columns, target))
                    near = columns[max(0, at - _WINDOW) : at + _WINDOW + 1]
                if (links := _links_of(centred, int(target), near)) is not None:
                    found.append((int(target), *links))
        if not found:
            return cls.none()
        width = max(len(linked) for _, linked, _ in found)
        linked, covariance = np.full((len(found), width), -1), np.zeros((len(found), 1 + width, 1 + width))
        for row, (_, columns, matrix) in enumerate(found):
            linked[row, : len(columns)] = columns
            covariance[row, : len(matrix), : len(matrix)] = matrix
        return cls(np.array([target for target, _, _ in found]), linked, covariance)

    def complete(self, centred: Array) -> Array:
        """The table with expected values for missing calls of the targets; others stay NaN.

        Parameters
        ----------
        centred
            `(n_samples, n_columns)` less the training's means; NaN where missing.
        """
        completed = centred.copy()
        for target, linked, covariance in zip(self.targets, self.linked, self.covariance, strict=True):
            rows = np.flatnonzero(np.isnan(centred[:, target]))
            values = np.where(linked >= 0, centred[np.ix_(rows, linked)], np.nan)
            known = np.isfinite(values)
            rows, values, known = rows[known.any(axis=1)], values[known.any(axis=1)], known[known.any(axis=1)]
            if not len(rows):
                continue
            patterns, inverse = np.unique(known, axis=0, return_inverse=True)
            both = patterns[:, :, None] & patterns[:, None, :]
            # where a column is not known its row is that of the identity, and counts 0
            matrices = np.where(both, covariance[1:, 1:], 0.0) + np.eye(len(linked)) * ~patterns[:, :, None]
            weights = np.linalg.solve(matrices, np.where(patterns, covariance[0, 1:], 0.0)[..., None])[..., 0]
            completed[rows, target] = (weights[inverse.reshape(-1)] * np.where(known, values, 0.0)).sum(axis=1)
        return completed


def _links_of(centred: Array, target: int, near: NDArray[np.intp]) -> tuple[NDArray[np.int64], Array] | None:
    """The columns that go with one, and the covariance of these and it; None where there are none."""
    known = np.isfinite(centred[:, target])
    correlations, counts = _correlations(centred[np.ix_(known, near)], centred[known, target])
    least = np.maximum(_LINKED, _BEYOND_CHANCE / np.sqrt(np.maximum(counts, 1)))
    strength = np.abs(correlations)
    strength[(counts < _FEWEST) | (near == target) | (strength < least)] = 0.0
    linked = near[np.argsort(-strength, kind="stable")[: min(_MOST_LINKED, int((strength > 0).sum()))]]
    if not len(linked):
        return None
    columns = np.array([target, *linked], dtype=np.int64)
    values = centred[:, columns]
    matrix = np.eye(len(columns))
    for row in range(len(columns)):
        here = np.isfinite(values[:, row])
        matrix[row], among = _correlations(values[here], values[here, row])
        matrix[row, among < _FEWEST] = 0.0
    matrix = (1 - _SHRINK) * (matrix + matrix.T) / 2
    np.fill_diagonal(matrix, 1.0)
    roots, vectors = np.linalg.eigh(matrix)
    matrix = (vectors * np.maximum(roots, _SHRINK)) @ vectors.T
    spread = np.sqrt(np.nanmean(values**2, axis=0))
    return columns[1:], matrix * np.outer(spread, spread)


def _correlations(table: Array, column: Array) -> tuple[Array, Array]:
    """Correlation of each column of a table with one that is known throughout, and how many rows it is of."""
    known = np.isfinite(table)
    counts = known.sum(axis=0)
    values = np.where(known, table, 0.0)
    n = np.maximum(counts, 1)
    means, others = values.sum(axis=0) / n, (known * column[:, None]).sum(axis=0) / n
    product = column @ values / n - means * others
    size = ((values**2).sum(axis=0) / n - means**2) * ((known * column[:, None] ** 2).sum(axis=0) / n - others**2)
    return np.divide(product, np.sqrt(np.maximum(size, 0)), out=np.zeros_like(product), where=size > 1e-12), counts
