"""What trees whose leaves hold vectors owe to each input: a few cells of a large array, each a vector."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.learners.state import Array

__all__ = ["Terms", "TreeCredits"]


@dataclass(frozen=True, eq=False)
class Terms:
    """Credits of some samples as a sparse sum: each term is a weight times one of the trees' vectors.

    Attributes
    ----------
    sample, input, vector
        `(n_terms,)` row numbers.
    weight
        `(n_terms,)`.
    n_samples
        Samples, numbered from 0.
    """

    sample: NDArray[np.intp]
    input: NDArray[np.intp]
    vector: NDArray[np.intp]
    weight: Array
    n_samples: int


@dataclass(frozen=True, eq=False)
class TreeCredits:
    """Credits of inputs, for each sample and output.

    Most samples meet few of the inputs in the trees, so that only those are kept.

    Attributes
    ----------
    expected
        `(n_outputs,)` what the credits start from.
    shape
        `(n_samples, n_inputs)`.
    cells
        `(n_cells,)` numbers of the inputs that have any credit, counted row by row.
    values
        `(n_cells, n_outputs)` float32.
    """

    expected: Array
    shape: tuple[int, int]
    cells: NDArray[np.intp]
    values: NDArray[np.float32]

    @classmethod
    def add_up(cls, chunks: Iterable[Terms], vectors: Array, expected: Array, n_inputs: int) -> TreeCredits:
        """Sum the terms, chunk after chunk of samples.

        Parameters
        ----------
        chunks
            Consecutive samples.
        vectors
            `(n_vectors, n_outputs)`.
        expected, n_inputs
            As in the attributes.
        """
        n_samples, cells, values = 0, [np.zeros(0, dtype=np.intp)], [np.zeros((0, vectors.shape[1]), dtype=np.float32)]
        for terms in chunks:
            place = terms.sample * n_inputs + terms.input
            shape = (terms.n_samples * n_inputs, len(vectors))
            weights = sparse.csr_array((terms.weight, (place, terms.vector)), shape=shape)
            met = np.flatnonzero(np.diff(weights.indptr))
            cells.append(met + n_samples * n_inputs)
            values.append(np.asarray(weights[met] @ vectors, dtype=np.float32))
            n_samples += terms.n_samples
        return cls(expected, (n_samples, n_inputs), np.concatenate(cells), np.concatenate(values))

    def of(self, loadings: Array) -> Array:
        """`(n_samples, n_inputs)` credits of the outputs' sum with these `(n_outputs,)` loadings."""
        credits = np.zeros(self.shape)
        credits.flat[self.cells] = self.values @ loadings
        return credits
