"""Values of new samples that no count of alleles, and no alteration, can have."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.errors import InputError, count

__all__ = ["CarrierSums", "ImpossibleCalls", "TwosOfAltered", "refuse_impossible", "tell_of_carriers"]

logger = logging.getLogger(__name__)

_COPIES = 2.05
"""Copies of an allele, at most; expected ones of several alternates may add up to a little more than two."""
_TWO, _PAIRS_A_SAMPLE = 1.5, 0.1
"""From where a value is two; and two copies that a training sample would have, were its values copies."""
_FEWEST, _FEWEST_SHARES = 5, 20
_EXPECTED_PAIRS = 30.0


def refuse_impossible(
    known: Genotypes, weights: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32]
) -> None:
    """Values that no count of copies, and no alteration, can have."""
    data, columns = known.values.data, known.values.indices
    for kind in _Counted.all_of(known.features, weights, low, high):
        present = kind.looked_at[columns] & np.isfinite(data) & (data != 0)
        wrong = present & ((data < kind.least) | (data > kind.most))
        # one coding for another: all carriers as 2, or a share of the reads in place of yes
        other = present & (data != 1)
        coded = kind.may_be_coded and other.sum() == present.sum() and _is_other_coding(*_count_codes(data[other]))
        if wrong.any() or coded:
            those = np.flatnonzero(wrong if wrong.any() else other)
            raise kind.error(len(those), float(data[those[0]]), known.features.index[columns[those[0]]])


def tell_of_carriers(known: Genotypes, high: NDArray[np.float32], centre: NDArray[np.float32]) -> None:
    """Say that no call has two copies, where hundreds of calls make that next to impossible."""
    common = (known.features["kind"] == "dosage").to_numpy() & (high > 1)
    values = known.values[:, np.flatnonzero(common)]
    called = values.data[np.isfinite(values.data)]
    missing = known.missing()[:, np.flatnonzero(common)].sum(axis=0)
    expected = float(((known.shape[0] - np.asarray(missing).ravel()) * (centre[common] / 2.0) ** 2).sum())
    if called.max(initial=0.0) <= 1:
        _tell_of_single_copies(expected)


@dataclass(frozen=True, eq=False)
class _Counted:
    """A kind whose values are counts: which features are `looked_at`, and from which to which value they go."""

    words: str
    looked_at: NDArray[np.bool_]
    least: float
    most: float
    may_be_coded: bool

    @classmethod
    def all_of(
        cls, features: pd.DataFrame, weights: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32]
    ) -> Iterator[_Counted]:
        kinds = features["kind"].to_numpy(dtype=object)
        for kind, words in (("dosage", "0 to 2 copies of an allele"), ("altered", "0 or 1")):
            counted = kinds == kind
            if counted.any():
                least = float(np.nan_to_num(low[counted]).min(initial=0.0))
                most = float(np.nan_to_num(high[counted]).max(initial=0.0))
                may_be_coded = kind == "altered" and most <= 1
                yield cls(words, counted & (weights > 0), least - 0.05, max(most, _COPIES), may_be_coded)

    def error(self, n: int, value: float, feature_id: str) -> InputError:
        return InputError(
            f"genotypes: found {count(n, 'value')} such as {value:g} in "
            f'feature "{feature_id}" (expected {self.words}, as in training). '
            "Give the values as the training had them, or train again with these."
        )


class TwosOfAltered:
    """Samples with 2 in features that training had as altered or not, which a model takes for twice the effect.

    Where alterations are rare, a second copy may have been in none of the training by chance, and nothing is said.

    Parameters
    ----------
    features, weights, high, centre
        `(n_features,)` of the model and of its training.
    n_samples
        New samples.
    """

    def __init__(
        self,
        features: pd.DataFrame,
        weights: NDArray[np.float64],
        high: NDArray[np.float32],
        centre: NDArray[np.float32],
        n_samples: int,
    ) -> None:
        altered = (features["kind"] == "altered").to_numpy()
        are_binary = bool(altered.any()) and float(np.nan_to_num(high[altered]).max(initial=0.0)) <= 1
        are_binary &= float(((np.nan_to_num(centre[altered]) / 2.0) ** 2).sum()) >= _PAIRS_A_SAMPLE
        self._looked_at = altered & (weights > 0) & are_binary
        self._ids, self._example = features.index, -1
        self._samples = np.zeros(n_samples, dtype=bool)

    def add(self, columns: NDArray[np.intp], calls: CodedCalls) -> None:
        """Take in some features of all samples."""
        mine = np.flatnonzero(self._looked_at[columns])
        if len(mine) and not (calls.whole and calls.most <= 1):
            self.add_values(columns[mine], sparse.csr_array(np.nan_to_num(calls.calls[:, mine])))

    def add_values(self, columns: NDArray[np.intp], values: sparse.csr_array) -> None:
        """The same of sparse values, NaN where missing."""
        rows = np.repeat(np.arange(values.shape[0]), np.diff(values.indptr))
        twos = self._looked_at[columns[values.indices]] & (values.data >= _TWO)
        self._samples[rows[twos]] = True
        if twos.any():
            self._example = int(columns[values.indices[twos][0]])

    def tell(self) -> NDArray[np.bool_]:
        """`(n_samples,)` whose rows are to be flagged, after a warning that counts them."""
        if self._samples.any():
            logger.warning(
                'genotypes: found 2 in features that are 0 or 1 in training, such as "%s", in %s: read as two copies, '
                "with twice the effect, and flagged out-of-range. If 2 says that the alteration is there, write 1, and "
                "0 where it is not.",
                self._ids[self._example],
                count(int(self._samples.sum()), "sample"),
            )
        return self._samples


class ImpossibleCalls:
    """As `refuse_impossible`, of calls that come some features at a time.

    Parameters
    ----------
    features, weights, low, high
        `(n_features,)` of the model and of its training.
    """

    def __init__(
        self, features: pd.DataFrame, weights: NDArray[np.float64], low: NDArray[np.float32], high: NDArray[np.float32]
    ) -> None:
        self._ids = features.index
        self._kinds = [_CountedSums(kind) for kind in _Counted.all_of(features, weights, low, high)]

    def add(self, columns: NDArray[np.intp], calls: CodedCalls) -> None:
        """Take in some features of all samples."""
        for kind in self._kinds:
            kind.add(columns, calls)

    def refuse(self) -> None:
        """Refuse values that no count can have.

        Raises
        ------
        InputError
            There are such.
        """
        for sums in self._kinds:
            coded = sums.kind.may_be_coded and sums.n_other == sums.n_present and _is_other_coding(*sums.codes)
            if sums.n_wrong or coded:
                value, column = sums.wrong if sums.n_wrong else sums.other
                raise sums.kind.error(sums.n_wrong or sums.n_other, value, self._ids[column])


class _CountedSums:
    """How many values of a kind are present, not 1 and wrong, with the first of each; and of those not 1 the codes."""

    def __init__(self, kind: _Counted) -> None:
        self.kind, self.codes = kind, (0, 0, 0)
        self.n_present = self.n_other = self.n_wrong = 0
        self.wrong = self.other = (0.0, 0)

    def add(self, columns: NDArray[np.intp], calls: CodedCalls) -> None:
        mine = np.flatnonzero(self.kind.looked_at[columns])
        # all calls are among those that are usual: nothing is to be counted
        if not len(mine) or (calls.whole and calls.most <= self.kind.most and not self.kind.may_be_coded):
            return
        values = calls.calls[:, mine]
        present = np.isfinite(values) & (values != 0)
        with np.errstate(invalid="ignore"):
            wrong = present & ((values < self.kind.least) | (values > self.kind.most))
        self.n_present += int(present.sum())
        self.wrong = self.wrong if self.n_wrong else _first(wrong, values, columns[mine])
        self.n_wrong += int(wrong.sum())
        if self.kind.may_be_coded:
            other = present & (values != 1)
            self.other = self.other if self.n_other else _first(other, values, columns[mine])
            self.n_other += int(other.sum())
            codes = _count_codes(values[other])
            self.codes = tuple(one + more for one, more in zip(self.codes, codes, strict=True))  # type: ignore[assignment]


class CarrierSums:
    """As `tell_of_carriers`, of calls that come some features at a time."""

    def __init__(self, features: pd.DataFrame, high: NDArray[np.float32], centre: NDArray[np.float32]) -> None:
        common = (features["kind"] == "dosage").to_numpy() & (high > 1)
        self._pairs = np.where(common, np.nan_to_num(centre / 2.0) ** 2, np.nan)
        self._expected, self._single = 0.0, True

    def add(self, columns: NDArray[np.intp], calls: CodedCalls) -> None:
        """Take in some features of all samples."""
        pairs = self._pairs[columns]
        mine = np.flatnonzero(np.isfinite(pairs))
        if not (len(mine) and self._single):
            return
        self._expected += float(((calls.shape[0] - calls.n_missing[mine]) * pairs[mine]).sum())
        if calls.whole and calls.most <= 1:
            return
        values = calls.calls[:, mine]
        called = values[np.isfinite(values)]
        self._single = bool(called.max(initial=0.0) <= 1)

    def tell(self) -> None:
        """Say that no call has two copies, where that is next to impossible."""
        if self._single:
            _tell_of_single_copies(self._expected)


def _tell_of_single_copies(expected: float) -> None:
    if expected >= _EXPECTED_PAIRS:
        logger.warning(
            "genotypes: no call has two copies of an allele, where about %.0f are usual after the training. If 1 "
            "says that an allele is borne, and not how often, or if numbers are shares of two alleles (0, 0.5 and 1), "
            "the predictions are wrong: give copies.",
            expected,
        )


def _first(which: NDArray[np.bool_], values: NDArray[np.float32], columns: NDArray[np.intp]) -> tuple[float, int]:
    """The first of these values and its column; anything where there is none."""
    row, at = np.unravel_index(int(np.argmax(which)), which.shape)
    return float(values[row, at]), int(columns[at])


def _count_codes(values: NDArray[np.float32]) -> tuple[int, int, int]:
    """How many values there are, how many are 2, and how many are near a whole number."""
    return len(values), int((values == 2).sum()), int((np.abs(values - np.rint(values)) < 0.1).sum())


def _is_other_coding(n: int, n_twos: int, n_near: int) -> bool:
    """Whether values that should be 1 are all 2, or fractions that are not near 1 as expected copies would be."""
    return n >= _FEWEST and (n_twos == n or (n >= _FEWEST_SHARES and n_near < 0.2 * n))
