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
_LEAST_WITHIN = 0.01


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
    apart
        In that unit, standard deviation of the mean of a drug over the models of the folds.
    """

    drug_ids: pd.Index
    mean: Array
    rows: Array
    size: float
    apart: float

    @classmethod
    def fit(cls, pairs: Pairs, scores: Array, weights: Array, scheme: str, apart: float) -> ScoreLevels:
        """Of held-out rows, whose mean scores lie `apart` over folds."""
        overall = float(np.average(scores, weights=weights))
        if not find_scheme(scheme).drug_effect:
            size = _size(scores - overall, weights, apart)
            rows = np.array([float(len(scores))])
            return cls(pd.Index([], dtype=object), np.array([overall]), rows, size, apart / size)
        used, drug = np.unique(pairs.drug_index, return_inverse=True)
        mean = np.bincount(drug, weights * scores) / np.bincount(drug, weights)
        size = _size(scores - mean[drug], weights, apart)
        return cls(
            pairs.drugs.index[used].astype(object),
            np.append(mean, overall),
            np.append(np.bincount(drug), len(scores)).astype(np.float64),
            size,
            apart / size,
        )

    @property
    def n_drugs(self) -> int:
        """How many drugs have a mean of their own."""
        return len(self.drug_ids)

    @property
    def within(self) -> float:
        """How much of the unit is what scores of one model differ by: a drift between models says nothing of a row."""
        return max(float(np.sqrt(max(1.0 - self.apart**2, 0.0))), _LEAST_WITHIN)

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
            "apart": self.apart,
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
            state_number(state, "apart", 0.0),
        )


def _size(deviations: Array, weights: Array, apart: float) -> float:
    """Their root mean square, with what folds lie apart, below which a difference says nothing; 1 where both are 0."""
    size = float(np.sqrt(np.average(deviations**2, weights=weights) + apart**2))
    return size if size > _LEAST_SIZE else 1.0
