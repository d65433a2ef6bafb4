"""Blocks of features of one kind, whose values are on one scale."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import is_parent

__all__ = ["MEASURED", "Block"]

MEASURED = ("score", "copy_number")
"""Kinds whose values are measured and not counted."""
_AT_ONCE = 20_000_000
"""Measured values of a block that are looked at all at once, where they are stored and not in memory."""
_FEWEST = 100


@dataclass(frozen=True, eq=False)
class Block:
    """A block of features of one kind: numbers of its features in a feature table."""

    name: str
    kind: str
    columns: NDArray[np.intp]

    @classmethod
    def all_of(cls, features: pd.DataFrame) -> Iterator[Block]:
        """The blocks of a feature table; those of parents are left out, whose values are made of their children's."""
        numbered = features.assign(column=np.arange(len(features)))[~is_parent(features)]
        for (name, kind), rows in numbered.groupby(["block", "kind"], sort=True):
            yield cls(str(name), str(kind), rows["column"].to_numpy(dtype=np.intp))

    @property
    def key(self) -> str:
        """Its name in the state."""
        return f"{self.kind} {self.name}"

    def values(self, genotypes: Genotypes) -> NDArray[np.float64]:
        """`(n_samples, n_columns)` dense."""
        if genotypes.is_stored:
            return np.asarray(genotypes.values.read(self.columns), dtype=np.float64)
        return np.asarray(genotypes.values[:, self.columns].toarray(), dtype=np.float64)

    def some(self, n_samples: int) -> Block:
        """The same, or as many of its features, evenly spaced, as fit into memory for so many samples."""
        most = max(_AT_ONCE // max(n_samples, 1), _FEWEST)
        if len(self.columns) <= most:
            return self
        return replace(self, columns=self.columns[np.linspace(0, len(self.columns) - 1, most).astype(np.intp)])
