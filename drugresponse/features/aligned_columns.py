"""New genotypes as a source of the columns of a model, brought to its terms when they are read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import MISSING, CallCodes, read_codes
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues
from drugresponse.features.alignment import Alignment

__all__ = ["AlignedColumns"]

_TURNED = np.array([2, 1, 0, 0, 0, 0, 0, MISSING], dtype=np.uint8)
"""Codes of two less so many copies."""


@dataclass(frozen=True, eq=False)
class AlignedColumns:
    """The features of a model among new ones, as a `ColumnSource`.

    Attributes
    ----------
    values
        Of the new samples.
    alignment
        Where the model's features stand among theirs.
    filled
        `(n_trained,)` which absent features are 0; None is none.

    Examples
    --------
    >>> from drugresponse.features.alignment import align
    >>> trained = Genotypes.from_dense([[0, 1]], ["s1"], ["KRAS", "TP53"]).features
    >>> new = Genotypes.from_dense([[1, 1]], ["n1"], ["MYC", "TP53"])
    >>> columns = AlignedColumns.of(new, align(new.features, trained))
    >>> columns.read(np.array([0, 1]), np.array([0])).tolist()
    [[nan, 1.0]]
    """

    values: StoredValues
    alignment: Alignment
    filled: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, genotypes: Genotypes, alignment: Alignment, filled: NDArray[np.bool_] | None = None) -> AlignedColumns:
        """Of genotypes that are stored or in memory."""
        if genotypes.is_stored:
            return cls(genotypes.values, alignment, filled)
        return cls(StoredValues.of(ColumnsInMemory(sparse.csc_array(genotypes.values))), alignment, filled)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_samples, n_trained)`."""
        return self.values.shape[0], len(self.alignment.columns)

    def read(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> NDArray[np.float32]:
        """`(len(rows), len(columns))` float32; NaN where missing, absent or in conflict."""
        view, at = self.values.take_rows(rows), self.alignment.columns[columns]
        present = np.flatnonzero(at >= 0)
        if len(present) == len(at):
            block = view.read(at)
        else:
            block = np.full((len(rows), len(at)), np.nan, dtype=np.float32, order="F")
            if len(present):
                block[:, present] = view.read(at[present])
            if self.filled is not None:
                block[:, self.filled[columns]] = 0.0
                block[rows < 0] = np.nan
        turned = np.flatnonzero(self.alignment.turned[columns])
        if len(turned):
            self._count_other_alternates(block, view, columns)
            # expected copies of several alternates may add up to a little more than two
            block[:, turned] = np.maximum(np.float32(2) - block[:, turned], np.float32(0))
        return block

    def read_codes(self, columns: NDArray[np.intp], rows: NDArray[np.intp]) -> CallCodes | None:
        """The same as codes; None where the source does not tell them, or a site has further alternates."""
        if len(self.alignment.others[0]) and np.isin(columns, self.alignment.others[0]).any():
            return None
        view, at = self.values.take_rows(rows), self.alignment.columns[columns]
        present, turned = np.flatnonzero(at >= 0), np.flatnonzero(self.alignment.turned[columns])
        codes = read_codes(view.source, view.columns[at[present]], view.rows)
        if codes is None or (len(present) == len(at) and not len(turned)):
            return codes
        by_column = np.full((len(at), len(rows)), MISSING, dtype=np.uint8)
        by_column[present] = codes.by_column
        if self.filled is not None:
            by_column[self.filled[columns] & (at < 0)] = 0
            by_column[:, rows < 0] = MISSING
        by_column[turned] = _TURNED[by_column[turned]]
        return CallCodes(by_column)

    def _count_other_alternates(
        self, block: NDArray[np.float32], view: StoredValues, columns: NDArray[np.intp]
    ) -> None:
        """Add the copies of a site's further alternates, which are no copies of the reference either."""
        features, others = self.alignment.others
        order = np.argsort(columns, kind="stable")
        place = np.minimum(np.searchsorted(columns, features, sorter=order), len(columns) - 1)
        here = np.flatnonzero(columns[order[place]] == features)
        if len(here):
            np.add.at(block.T, order[place[here]], view.read(others[here]).T)
