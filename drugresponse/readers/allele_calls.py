"""Calls of alternate alleles, gathered record by record: how many copies, and which are not known."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["AlleleCalls", "NoCalls", "dosages", "tell_of_calls"]

logger = logging.getLogger(__name__)

# beside a dosage (0 or more) and NaN (no call), a column holds these codes
HALF = np.float32(-1)
CONFLICT = np.float32(-2)


class NoCalls(Exception):  # noqa: N818  (a finding, not a failure)
    """A record holds neither GT nor DS."""


class AlleleCalls:
    """Columns of calls that are mostly the reference, one for each alternate allele.

    Examples
    --------
    >>> calls = AlleleCalls(3)
    >>> calls.add("a", np.array([0, 1, np.nan], np.float32)), calls.add("a", np.array([2, 1, 2], np.float32))
    (True, False)
    >>> calls.n_conflicts, [part.tolist() for part in calls.coordinates()]
    (1, [[0, 1, 2], [0, 0, 0], [nan, 1.0, 2.0]])
    """

    def __init__(self, n_samples: int) -> None:
        self.n_samples = n_samples
        self.n_conflicts = 0
        self._position: dict[str, int] = {}
        self._columns: list[tuple[NDArray[np.int32], NDArray[np.float32]]] = []

    def add(self, allele: str, column: NDArray[np.float32]) -> bool:
        """Take the `(n_samples,)` calls of an allele; true when the allele is new, else they are merged."""
        at = self._position.get(allele)
        if at is not None:
            self._columns[at] = self._stored(self._merged(self._full(at), column))
            return False
        self._position[allele] = len(self._columns)
        self._columns.append(self._stored(column))
        return True

    def coordinates(
        self, *, absent_as_reference: bool = False
    ) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.float32]]:
        """Sample numbers, allele numbers and values of all cells that are not 0; NaN is missing."""
        if not self._columns:
            return np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32)
        rows = np.concatenate([rows for rows, _ in self._columns])
        values = np.concatenate([values for _, values in self._columns])
        columns = np.repeat(np.arange(len(self._columns), dtype=np.int32), [len(rows) for rows, _ in self._columns])
        if absent_as_reference:
            kept = ~np.isnan(values)
            rows, columns, values = rows[kept], columns[kept], values[kept]
        return rows, columns, np.where(values < 0, np.float32(np.nan), values)

    def _merged(self, old: NDArray[np.float32], new: NDArray[np.float32]) -> NDArray[np.float32]:
        both = (old >= 0) & (new >= 0)
        differ = both & (old != new)
        self.n_conflicts += int(differ.sum())
        undecided = ~(old >= 0) & (old != CONFLICT)
        take = undecided & ((new >= 0) | (np.isnan(old)))
        merged = np.where(take, new, old)
        merged[differ] = CONFLICT
        return merged

    def _stored(self, column: NDArray[np.float32]) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        rows = np.flatnonzero(column).astype(np.int32)
        return rows, column[rows]

    def _full(self, at: int) -> NDArray[np.float32]:
        full = np.zeros(self.n_samples, dtype=np.float32)
        rows, values = self._columns[at]
        full[rows] = values
        return full


def dosages(record: Any, n_samples: int) -> NDArray[np.float32]:
    """Copies of each alternate allele of a record, from GT, or from DS where the record has no GT.

    Returns
    -------
    numpy.ndarray
        `(n_alternates, n_samples)` float32; NaN where there is no call, -1 where half of it is missing.

    Raises
    ------
    NoCalls
        The record holds neither GT nor DS.
    ValueError
        A DS is negative or infinite.
    """
    fields = record.FORMAT or []
    if "GT" in fields:
        return _from_calls(record.genotype.array()[:, :-1], len(record.ALT))
    if "DS" in fields:
        return _from_expected(record.format("DS"), len(record.ALT), n_samples)
    raise NoCalls


def _from_calls(alleles: NDArray[np.int16], n_alternates: int) -> NDArray[np.float32]:
    # -1 is a missing allele; below it is padding, where another sample has more copies of the chromosome
    unknown = alleles == -1
    absent = (alleles < 0).all(axis=1)
    half = unknown.any(axis=1) & ~absent
    copies = np.empty((n_alternates, len(alleles)), dtype=np.float32)
    for at in range(n_alternates):
        copies[at] = (alleles == at + 1).sum(axis=1)
    copies[:, half] = HALF
    copies[:, absent] = np.nan
    return copies


def _from_expected(expected: Any, n_alternates: int, n_samples: int) -> NDArray[np.float32]:
    found = np.full((n_samples, n_alternates), np.nan, dtype=np.float32)
    given = np.asarray(expected, dtype=np.float32).reshape(n_samples, -1)
    found[:, : given.shape[1]] = given[:, :n_alternates]
    if (found < 0).any() or np.isinf(found).any():
        raise ValueError("found a DS that is negative or infinite (expected 0 to 2).")
    return found.T


def tell_of_calls(
    where: str, *, n_samples: int, n_alleles: int, n_missing: int, n_conflicts: int, absent_means: str
) -> None:
    """Log how many calls were read; warn of conflicts, and of a file that may list only what differs."""
    if n_conflicts:
        logger.warning(
            "%s: %d calls contradict an earlier record of the same allele and are missing.", where, n_conflicts
        )
    share = n_missing / (n_samples * n_alleles)
    if share > 0.5 and absent_means == "missing":
        logger.warning(
            "%s: %.0f %% of the calls are missing. If the file lists only what differs from the reference, "
            "read it with --absent-means reference.",
            where,
            100 * share,
        )
    logger.info("%s: %d samples, %d alternate alleles, %.1f %% missing.", where, n_samples, n_alleles, 100 * share)
