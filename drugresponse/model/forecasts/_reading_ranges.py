"""Between which values those of a drug are told, and what is read of a normal distribution there."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.state import State, damaged, state_array, state_ids

__all__ = ["ReadingRanges", "expected_reading"]

Array = NDArray[np.float64]

_DOUBLINGS = 2
_ROUNDING = 1e-6


@dataclass(frozen=True, eq=False)
class ReadingRanges:
    """The range of each drug in which values are told.

    A distribution may lie far outside of it: of a drug whose values are all at or below the lowest concentration
    tested nobody knows how far below, and nobody will read it. What will be read lies in the range.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` of the rows; none where drugs are new to the model.
    ends
        `(n_drugs + 1, 2)` lowest and highest value, last those of all rows, for drugs that are none of them.
    series
        `(n_drugs + 1,)` the logarithm of a dilution of the drug, less whole doublings; NaN where values are exact.
    """

    drug_ids: pd.Index
    ends: Array
    series: Array

    @classmethod
    def fit(cls, pairs: Pairs, scheme: str) -> ReadingRanges:
        """Of rows with what was observed of them.

        Parameters
        ----------
        pairs
            Of an interval outcome.
        scheme
            By which rows are held out; where drugs are new, all have one range.
        """
        if pairs.observed is None:
            raise ValueError("continuous responses have no limits")
        lower, upper = _as_read(pairs.observed)
        overall = np.array([[lower.min(), upper.max()]])
        series_of_all = np.array([_series(pairs.observed)])
        if not find_scheme(scheme).drug_effect:
            return cls(pd.Index([], dtype=object), overall, series_of_all)
        used, drug = np.unique(pairs.drug_index, return_inverse=True)
        ends = np.column_stack([np.full(len(used), np.inf), np.full(len(used), -np.inf)])
        np.minimum.at(ends[:, 0], drug, lower)
        np.maximum.at(ends[:, 1], drug, upper)
        series = [_series(pairs.observed[drug == number]) for number in range(len(used))]
        names = pairs.drugs.index[used].astype(object)
        return cls(names, np.vstack([ends, overall]), np.append(series, series_of_all))

    def point(self, pairs: Pairs, location: Array, spread: Array) -> Array:
        """`(n_pairs,)` what is read of each normal distribution in the range of the pair's drug, on average.

        Parameters
        ----------
        pairs
            Drugs are known by their ids.
        location, spread
            `(n_pairs,)` of the distributions.
        """
        low, high = self.ends[self._at(pairs)].T
        return expected_reading(location, spread, low, high)

    def dilutions(self, pairs: Pairs, values: Array) -> Array:
        """`(n_pairs,)` the dilution that is read of each value: the next at or above it, in the range of the drug.

        Parameters
        ----------
        pairs
            Drugs are known by their ids.
        values
            `(n_pairs,)` on the scale of the responses.

        Returns
        -------
        numpy.ndarray
            NaN where the values of the drug are no dilution series.
        """
        at = self._at(pairs)
        first, (low, high) = self.series[at], self.ends[at].T
        return np.clip(first + np.ceil(values - first - _ROUNDING), low, high)

    @property
    def are_dilutions(self) -> bool:
        """Whether the values of any drug are a dilution series."""
        return bool(np.isfinite(self.series).any())

    def _at(self, pairs: Pairs) -> NDArray[np.intp]:
        """`(n_pairs,)` row of each pair's drug."""
        at = self.drug_ids.get_indexer(pairs.drugs.index)[pairs.drug_index]
        return np.asarray(np.where(at < 0, len(self.drug_ids), at), dtype=np.intp)

    def get_state(self) -> State:
        """Ids as text, numbers as arrays."""
        return {"drug_ids": [str(drug) for drug in self.drug_ids], "ends": self.ends, "series": self.series}

    @classmethod
    def from_state(cls, state: State) -> ReadingRanges:
        """The ranges of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            A range ends before it begins.
        """
        ids = state_ids(state, "drug_ids")
        ends = state_array(state, "ends", len(ids) + 1, 2)
        if not (ends[:, 0] <= ends[:, 1]).all():
            raise damaged("a range of values ends before it begins")
        # files of before told of no series
        absent = np.full(len(ids) + 1, np.nan)
        series = state_array(state, "series", len(ids) + 1, finite=False) if "series" in state else absent
        return cls(pd.Index(ids, dtype=object), ends, np.asarray(series))


def _series(observed: Observed) -> float:
    """The logarithm of a dilution less whole doublings, where all limits are doublings of one and nothing is exact."""
    lower, upper = np.asarray(observed.lower, dtype=np.float64), np.asarray(observed.upper, dtype=np.float64)
    ends = np.concatenate([lower, upper])
    ends = ends[np.isfinite(ends)]
    if observed.outcome.logarithm != _DOUBLINGS or (lower == upper).any() or not len(ends):
        return float("nan")
    return float(ends[0] % 1) if (np.abs((ends - ends[0] + 0.5) % 1 - 0.5) < _ROUNDING).all() else float("nan")


def _as_read(observed: Observed) -> tuple[Array, Array]:
    """Limits of rows, open ends closed by what is read there.

    At or below the lowest concentration tested is read as that concentration, above the highest as the next that would
    have been tested; without a series of dilutions it is the limit.
    """
    lower, upper = np.asarray(observed.lower, dtype=np.float64), np.asarray(observed.upper, dtype=np.float64)
    logarithm = observed.outcome.logarithm
    step = float(np.log(2) / np.log(logarithm)) if logarithm else 0.0
    measured_or_limit = np.where(np.isfinite(lower), lower, upper)
    return measured_or_limit, np.where(np.isfinite(upper), upper, lower + step)


def expected_reading(location: Array, spread: Array, low: Array, high: Array) -> Array:
    """`(n,)` mean of what is read of normal distributions: values beyond an end are read as that end.

    Parameters
    ----------
    location, spread, low, high
        `(n,)`; spreads above 0, ends finite and in order.

    Examples
    --------
    >>> one = np.ones(1)
    >>> expected_reading(0 * one, one, -one, one).tolist(), expected_reading(-1e6 * one, one, -one, one).tolist()
    ([0.0], [-1.0])
    """
    below, above = (low - location) / spread, (high - location) / spread
    beyond = low * ndtr(below) + high * ndtr(-above)
    between = location * (ndtr(above) - ndtr(below)) + spread * (_density(below) - _density(above))
    return np.asarray(np.clip(beyond + between, low, high))


def _density(at: Array) -> Array:
    return np.asarray(np.exp(-0.5 * at**2) / np.sqrt(2 * np.pi))
