"""What trees whose leaves hold vectors owe to each input: a few cells of a large array, each a vector."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.learners.state import Array

__all__ = ["Terms", "TreeCredits"]


Terms: TypeAlias = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp], Array]
"""Credits of some samples as a sparse sum: `(n_terms,)` samples, inputs, numbers of vectors, and their weights."""


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
    def add_up(
        cls,
        inputs: NDArray[np.float32],
        terms_of: Callable[[NDArray[np.float32]], Terms],
        vectors: Array,
        expected: Array,
        at_once: int,
    ) -> TreeCredits:
        """Sum the terms, chunk after chunk of samples.

        Parameters
        ----------
        inputs
            `(n_samples, n_inputs)`.
        terms_of
            Gives the terms of some rows of the inputs, which are numbered from 0.
        vectors
            `(n_vectors, n_outputs)`.
        expected
            As in the attributes.
        at_once
            Samples of a chunk.
        """
        n_inputs = inputs.shape[1]
        cells, values = [np.zeros(0, dtype=np.intp)], [np.zeros((0, vectors.shape[1]), dtype=np.float32)]
        for start in range(0, len(inputs), at_once):
            rows = inputs[start : start + at_once]
            sample, number, vector, weight = terms_of(rows)
            shape = rows.size, len(vectors)
            weights = sparse.csr_array((weight, (sample * n_inputs + number, vector)), shape=shape)
            met = np.flatnonzero(np.diff(weights.indptr))
            cells.append(met + start * n_inputs)
            values.append(np.asarray(weights[met] @ vectors, dtype=np.float32))
        return cls(expected, inputs.shape, np.concatenate(cells), np.concatenate(values))

    def of(self, loadings: Array) -> Array:
        """`(n_samples, n_inputs)` credits of the outputs' sum with these `(n_outputs,)` loadings."""
        credits = np.zeros(self.shape)
        credits.flat[self.cells] = self.values @ loadings
        return credits
