"""First looks at all columns, a block of them at a time: which few may have an effect on a target."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.learners.factors.token_columns import TokenColumns
from drugresponse.learners.state import Array

__all__ = ["ColumnLooks", "leading_columns"]


@dataclass(eq=False)
class ColumnLooks:
    """Looks at all columns, for several sets of weights of the rows; a row of weight 0 is left out.

    Attributes
    ----------
    tokens
        What is looked at, one pass a look.
    weights
        `(n_sets, n_rows)`, 0 or more.
    squares
        `(n_sets, n_columns)` weighted sum of squares about the weighted mean; known after the first look.
    """

    tokens: TokenColumns
    weights: Array
    squares: Array | None = None

    def scores(self, residuals: Array) -> Array:
        """`(n_sets, n_targets, n_columns)` how far each column's product with each target lies from 0, in its noise.

        Parameters
        ----------
        residuals
            `(n_sets, n_rows, n_targets)` of weighted mean 0 in each set.

        Examples
        --------
        >>> from drugresponse.learners.factors.token_columns import DenseColumns
        >>> looks = ColumnLooks(DenseColumns(np.array([[0.0], [2.0], [7.0]]), {}), np.array([[1.0, 1.0, 0.0]]))
        >>> looks.scores(np.array([[[-1.0], [1.0], [5.0]]])).round(3).tolist(), looks.squares.tolist()
        ([[[1.414]]], [[2.0]])
        """
        n_sets, _, n_targets = residuals.shape
        weighted = residuals * self.weights[:, :, None]
        sizes = self.weights.sum(axis=1, keepdims=True)
        spreads = np.sqrt((weighted * residuals).sum(axis=1) / sizes)
        flat = weighted.transpose(0, 2, 1).reshape(n_sets * n_targets, -1)
        products = np.empty((n_sets, n_targets, len(self.tokens)), dtype=np.float32)
        known = self.squares
        squares = np.empty((n_sets, len(self.tokens))) if known is None else known
        for at, block in self.tokens.blocks():
            products[:, :, at] = (flat @ block).reshape(n_sets, n_targets, -1)
            if known is None:
                sums = self.weights @ block
                squares[:, at] = np.maximum(self.weights @ block**2 - sums**2 / sizes, 0.0)
        self.squares = squares
        noise = np.sqrt(squares)[:, None, :] * spreads[:, :, None]
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
