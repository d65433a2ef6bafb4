"""Counts of every feature and keys of every sample, learned in one pass over genotypes that stay where they are stored.

Audits, scales and the digest of finished fits each need little of every cell. So that a training does not read its
file once for each, all of it is gathered together and kept in `StoredValues.shared`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import is_parent
from drugresponse.data.surveys.coded_calls import MISSING, CodedCalls, coded_blocks, coded_calls, count_columns
from drugresponse.data.surveys.row_keys import RowKeys

__all__ = ["Survey", "survey_of"]

_SHARED = "survey"


@dataclass(frozen=True, eq=False)
class Survey:
    """What is known of genotypes after one pass.

    Attributes
    ----------
    n_missing, n_other, n_fine
        `(n_features,)` int64 missing calls, calls that are not 0, and calls that are no count of 0 to 2 copies.
    low, high, centre, size
        `(n_features,)` float32 least and greatest call, mean, and root mean square of the calls that are not 0; NaN
        where nothing is called (0 where all calls are 0, for `size`).
    variance
        `(n_features,)` float64 over what is called; NaN where nothing is.
    row_keys
        `(n_samples,)` uint64, equal where all calls are, missing ones included.
    rises
        By kind and block `(n_samples,)` by how much a sample's calls rise with `centre`, 1 on average and a missing
        call being its centre; parents of features are left out. NaN where `centre` does not vary.
    """

    n_missing: NDArray[np.int64]
    n_other: NDArray[np.int64]
    n_fine: NDArray[np.int64]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    centre: NDArray[np.float32]
    size: NDArray[np.float32]
    variance: NDArray[np.float64]
    row_keys: NDArray[np.uint64]
    rises: Mapping[tuple[str, str], NDArray[np.float64]]

    @property
    def constant(self) -> NDArray[np.bool_]:
        """`(n_features,)` as `Genotypes.constant`."""
        return np.asarray(~(self.low < self.high), dtype=bool)


def survey_of(genotypes: Genotypes) -> Survey:
    """The survey of genotypes; of the same stored values it is made once.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [1, float("nan")], [0, 2]], ["a", "b", "c"], ["rs1", "rs2"])
    >>> survey = survey_of(genotypes)
    >>> survey.n_missing.tolist(), survey.high.tolist(), bool(survey.row_keys[0] == survey.row_keys[2])
    ([0, 1], [1.0, 2.0], True)
    """
    shared = genotypes.values.shared if genotypes.is_stored and genotypes.values.root is None else {}
    if _SHARED not in shared:
        shared[_SHARED] = _made(genotypes)
    survey: Survey = shared[_SHARED]
    return survey


def _made(genotypes: Genotypes) -> Survey:
    n_samples, n_features = genotypes.shape
    groups, names = _groups(genotypes.features)
    counts, numbers = np.zeros((3, n_features), np.int64), np.full((5, n_features), np.nan)
    keys, rises = RowKeys(n_samples), [_Rise(n_samples) for _ in names]
    for columns, block in coded_blocks(genotypes):
        for at, calls in coded_calls(columns, block):
            keys.add(calls)
            counts[:, at], numbers[:, at] = _of_copies(calls) if calls.whole else _of_numbers(calls)
            centre = numbers[2, at].astype(np.float32)
            for group in np.unique(groups[at[groups[at] >= 0]]).tolist():
                rises[group].add(calls, np.where(groups[at] == group, centre, np.float32(np.nan)))
    low, high, centre, size = numbers[:4].astype(np.float32)
    n_missing, n_other, n_fine = counts
    slopes = {name: rise.slopes() for name, rise in zip(names, rises, strict=True)}
    return Survey(n_missing, n_other, n_fine, low, high, centre, size, numbers[4], keys.keys, slopes)


def _groups(features: pd.DataFrame) -> tuple[NDArray[np.intp], list[tuple[str, str]]]:
    """`(n_features,)` number of the kind and block of each feature, -1 of a parent; and what these are."""
    groups = np.full(len(features), -1, dtype=np.intp)
    own = np.flatnonzero(~is_parent(features))
    blocks, block_names = pd.factorize(features["block"].iloc[own])
    kinds, kind_names = pd.factorize(features["kind"].iloc[own])
    groups[own], both = pd.factorize(kinds * max(len(block_names), 1) + blocks)
    return groups, [(str(kind_names[at // len(block_names)]), str(block_names[at % len(block_names)])) for at in both]


def _of_copies(calls: CodedCalls) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The counts, and low, high, centre, size and variance, of some columns of small whole numbers."""
    values = np.arange(MISSING + 1)
    n_of = np.zeros((calls.most + 1, calls.small.shape[1]), dtype=np.intp)
    for value in range(1, calls.most + 1):
        n_of[value] = count_columns(calls.small == value)
    n_of[0] = len(calls.small) - n_of.sum(axis=0) - calls.n_missing
    values = values[: len(n_of)]
    bears = n_of > 0
    low = np.where(bears.any(axis=0), values[bears.argmax(axis=0)], np.nan)
    high = np.where(bears.any(axis=0), values[-1] - bears[::-1].argmax(axis=0), np.nan)
    sums, squares = (power @ n_of for power in (values, values**2))
    counts = np.stack([calls.n_missing, n_of[1:].sum(axis=0), n_of[3:].sum(axis=0)])
    return counts, _numbers(low, high, sums, squares, counts[1], n_of.sum(axis=0))


def _of_numbers(calls: CodedCalls) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The same of any numbers."""
    filled = calls.filled()
    n_other = count_columns(filled != 0)
    n_fine = count_columns((filled != np.rint(filled)) | (np.abs(filled) > 2))
    # fmin and fmax pass over what is missing, and give NaN where nothing is called
    low, high = np.fmin.reduce(calls.calls), np.fmax.reduce(calls.calls)
    sums, squares = (part.sum(axis=0, dtype=np.float64) for part in (filled, np.square(filled)))
    counts = np.stack([calls.n_missing, n_other, n_fine])
    return counts, _numbers(low, high, sums, squares, n_other, len(filled) - calls.n_missing)


def _numbers(
    low: NDArray, high: NDArray, sums: NDArray, squares: NDArray, n_other: NDArray, n_called: NDArray
) -> NDArray[np.float64]:
    called = np.where(n_called > 0, n_called, np.nan)
    mean = sums / called
    size = np.where(n_called > 0, np.sqrt(squares / np.maximum(n_other, 1)), np.nan)
    return np.stack([low, high, mean, size, np.maximum(squares / called - mean**2, 0.0)])


class _Rise:
    """Sums that become the slope of each sample's calls on the means of the features."""

    def __init__(self, n_samples: int) -> None:
        self.products, self.sums = np.zeros(n_samples), np.zeros(n_samples)
        self.centres: list[NDArray[np.float32]] = []

    def add(self, calls: CodedCalls, centre: NDArray[np.float32]) -> None:
        """Take in some columns, of which those without a centre are not looked at."""
        known, usable = np.nan_to_num(centre), np.isfinite(centre)
        products, sums = calls.dot(np.column_stack([known, usable]), fill=known).T
        self.products += products
        self.sums += sums
        self.centres.append(centre[usable])

    def slopes(self) -> NDArray[np.float64]:
        """`(n_samples,)` as in `Survey`."""
        centre = np.concatenate([np.zeros(0, np.float32), *self.centres]).astype(np.float64)
        spread = float(((centre - centre.mean()) ** 2).sum()) if len(centre) else 0.0
        if spread <= 0:
            return np.full(len(self.sums), np.nan)
        return np.asarray((self.products - centre.mean() * self.sums) / spread)
