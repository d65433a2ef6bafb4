"""First looks at all columns, a block of them at a time: which few may have an effect on a target."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.state import Array

__all__ = ["ColumnSums", "leading_columns"]

_BLOCK = 2048
"""Columns that are looked at together."""


@dataclass(frozen=True, eq=False)
class ColumnSums:
    """Weighted sums of each column, for several sets of weights of the rows; a row of weight 0 is left out.

    Attributes
    ----------
    means, squares
        `(n_sets, n_columns)` weighted mean, and weighted sum of squares about it.
    """

    means: Array
    squares: Array

    @classmethod
    def of(cls, tokens: Array, weights: Array) -> ColumnSums:
        """One pass over the columns; `weights` `(n_sets, n_rows)`, 0 or more.

        Examples
        --------
        >>> sums = ColumnSums.of(np.array([[0.0], [2.0], [7.0]]), np.array([[1.0, 1.0, 0.0]]))
        >>> sums.means.tolist(), sums.squares.tolist()
        ([[1.0]], [[2.0]])
        """
        means, squares = np.empty((2, len(weights), tokens.shape[1]))
        sizes = weights.sum(axis=1, keepdims=True)
        for at in _blocks(tokens.shape[1]):
            block = tokens[:, at]
            means[:, at] = weights @ block / sizes
            squares[:, at] = np.maximum(weights @ block**2 - sizes * means[:, at] ** 2, 0.0)
        return cls(means, squares)

    def scores(self, tokens: Array, residuals: Array, weights: Array) -> Array:
        """`(n_sets, n_targets, n_columns)` how far each column's product with each target lies from 0, in its noise.

        Parameters
        ----------
        tokens
            Those of `of`.
        residuals
            `(n_sets, n_rows, n_targets)` of weighted mean 0 in each set.
        weights
            Those of `of`.
        """
        n_sets, _, n_targets = residuals.shape
        weighted = residuals * weights[:, :, None]
        spreads = np.sqrt((weighted * residuals).sum(axis=1) / weights.sum(axis=1)[:, None])
        flat = weighted.transpose(0, 2, 1).reshape(n_sets * n_targets, -1)
        products = np.empty((n_sets, n_targets, tokens.shape[1]), dtype=np.float32)
        for at in _blocks(tokens.shape[1]):
            products[:, :, at] = (flat @ tokens[:, at]).reshape(n_sets, n_targets, -1)
        noise = np.sqrt(self.squares)[:, None, :] * spreads[:, :, None]
        return np.asarray(np.abs(products) / np.where(noise > 0, noise, np.inf))


def leading_columns(scores: Array, most: int) -> NDArray[np.intp]:
    """Column numbers, in order, of those that lead for any target, each target having as many as the others.

    Parameters
    ----------
    scores
        `(n_targets, n_columns)`; columns of score 0 lead nowhere.
    most
        How many at most.

    Examples
    --------
    >>> leading_columns(np.array([[9.0, 8.0, 0.0, 1.0], [0.0, 1.0, 0.0, 2.0]]), 2).tolist()
    [0, 3]
    """
    best = np.full(scores.shape[1], scores.shape[1])
    for row in scores:
        order = np.argsort(-row, kind="stable")[:most]
        order = order[row[order] > 0]
        best[order] = np.minimum(best[order], np.arange(len(order)))
    loudest = scores.max(axis=0, initial=0.0)
    kept = np.lexsort((-loudest, best))[:most]
    return np.sort(kept[loudest[kept] > 0])


def _blocks(n_columns: int) -> Iterator[slice]:
    return (slice(start, min(start + _BLOCK, n_columns)) for start in range(0, n_columns, _BLOCK))
