"""Rescaling: the credit of an input that is itself a sum of parts goes to those by their shares in it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from drugresponse.learners.state import Array

__all__ = ["Rescaling"]

_CANCELS = 0.1
"""Parts whose sum is less than this share of the sum of their sizes cancel."""


@dataclass(frozen=True, eq=False)
class Rescaling:
    """Shares of each part in several inputs that are `tokens @ coefficients`, beside a constant.

    A part's share of the credit that a later stage gives to an input is its share of the input (the rescale rule).
    Where the parts cancel, so that shares would be large and of either sign, it is its share of the sum of their sizes.
    The shares add up to 1 in either case. Source: Chen, Lundberg and Lee 2022, "Explaining a series of models by
    propagating Shapley values", doi:10.1038/s41467-022-31384-3; the second rule is our own.

    Attributes
    ----------
    tokens
        `(n_samples, n_tokens)`.
    coefficients
        `(n_tokens, n_inputs)`.
    by_sum, by_size
        `(n_samples, n_inputs)` one over the sum of the parts, and over the sum of their sizes, 0 where the other holds.

    Examples
    --------
    >>> rescaling = Rescaling.of(np.array([[1.0, 2.0], [1.0, -1.0], [0.0, 0.0]]), np.ones((2, 1)))
    >>> tokens, of_none = rescaling.to_tokens(np.full((3, 1), 6.0))
    >>> tokens.tolist(), of_none.tolist()
    ([[2.0, 4.0], [3.0, 3.0], [0.0, 0.0]], [0.0, 0.0, 6.0])
    """

    tokens: Array
    coefficients: Array
    by_sum: Array
    by_size: Array

    @classmethod
    def of(cls, tokens: Array, coefficients: Array) -> Rescaling:
        """Measure the inputs' sums."""
        sums, sizes = tokens @ coefficients, np.abs(tokens) @ np.abs(coefficients)
        cancels = np.abs(sums) < _CANCELS * sizes
        by_sum = np.divide(1.0, sums, out=np.zeros_like(sums), where=~cancels & (sums != 0))
        by_size = np.divide(1.0, sizes, out=np.zeros_like(sums), where=cancels)
        return cls(tokens, coefficients, by_sum, by_size)

    def to_tokens(self, credits: Array) -> tuple[Array, Array]:
        """The inputs' credits by token.

        Parameters
        ----------
        credits
            `(n_samples, n_inputs)`.

        Returns
        -------
        of_tokens : (n_samples, n_tokens)
        of_none : (n_samples,)
            Credit of inputs that have no part at all, as where nothing is known of a sample.
        """
        of_tokens = self.tokens * ((credits * self.by_sum) @ self.coefficients.T)
        if self.by_size.any():
            of_tokens += np.abs(self.tokens) * ((credits * self.by_size) @ np.abs(self.coefficients).T)
        of_none = np.where((self.by_sum == 0) & (self.by_size == 0), credits, 0.0).sum(axis=1)
        return of_tokens, of_none
