"""Where the scores of each drug lie, by its held-out rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.state import State, state_array, state_ids, state_number

__all__ = ["ScoreLevels"]

Array = NDArray[np.float64]

_LEAST_SIZE = 1e-9


@dataclass(frozen=True, eq=False)
class ScoreLevels:
    """The mean score of each drug.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` of the held-out rows; none where drugs are new to the model.
    mean
        `(n_drugs + 1,)` score, last that of all rows, for drugs that are none of them.
    rows
        `(n_drugs + 1,)` held-out rows.
    size
        Root mean square of what lies between a score and its drug's mean: the unit of `split`.
    """

    drug_ids: pd.Index
    mean: Array
    rows: Array
    size: float

    @classmethod
    def fit(cls, pairs: Pairs, scores: Array, weights: Array, scheme: str) -> ScoreLevels:
        """Of held-out rows."""
        overall = float(np.average(scores, weights=weights))
        if not find_scheme(scheme).drug_effect:
            size = _size(scores - overall, weights)
            return cls(pd.Index([], dtype=object), np.array([overall]), np.array([float(len(scores))]), size)
        used, drug = np.unique(pairs.drug_index, return_inverse=True)
        mean = np.bincount(drug, weights * scores) / np.bincount(drug, weights)
        return cls(
            pairs.drugs.index[used].astype(object),
            np.append(mean, overall),
            np.append(np.bincount(drug), len(scores)).astype(np.float64),
            _size(scores - mean[drug], weights),
        )

    @property
    def n_drugs(self) -> int:
        """How many drugs have a mean of their own."""
        return len(self.drug_ids)

    def at(self, pairs: Pairs) -> NDArray[np.intp]:
        """`(n_pairs,)` number of each pair's drug, `n_drugs` where it has no mean of its own."""
        at = self.drug_ids.get_indexer(pairs.drugs.index)[pairs.drug_index]
        return np.where(at < 0, self.n_drugs, at).astype(np.intp)

    def split(self, pairs: Pairs, scores: Array) -> tuple[Array, Array]:
        """`(n_pairs,)` the drug's mean score, and how far the pair's lies from it in units of `size`."""
        level = self.mean[self.at(pairs)]
        return level, (scores - level) / self.size

    def get_state(self) -> State:
        """Ids as text, numbers as arrays."""
        return {
            "drug_ids": [str(drug) for drug in self.drug_ids],
            "mean": self.mean,
            "rows": self.rows,
            "size": self.size,
        }

    @classmethod
    def from_state(cls, state: State) -> ScoreLevels:
        """The levels of `get_state`'s answer."""
        ids = state_ids(state, "drug_ids")
        return cls(
            pd.Index(ids, dtype=object),
            state_array(state, "mean", len(ids) + 1),
            np.abs(state_array(state, "rows", len(ids) + 1)),
            state_number(state, "size", _LEAST_SIZE),
        )


def _size(deviations: Array, weights: Array) -> float:
    """Their root mean square; 1 where they hardly differ."""
    size = float(np.sqrt(np.average(deviations**2, weights=weights)))
    return size if size > _LEAST_SIZE else 1.0
