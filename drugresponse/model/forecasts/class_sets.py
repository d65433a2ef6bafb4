"""Which classes remain possible: sets that hold the true class, the rare one too, for a stated share of new rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.learners.state import State, damaged, state_array, state_wholes
from drugresponse.model.intervals.conformal import OWN_GROUPS, calibration_units, conformal_quantile

__all__ = ["FEWEST_GROUPS", "ClassSets"]

Array = NDArray[np.float64]

FEWEST_GROUPS = 10
"""Of held-out groups with a class; with fewer the class is in every set, for nothing is known of its errors."""


@dataclass(frozen=True, eq=False)
class ClassSets:
    """How improbable a class may be and still remain, calibrated on the rows of that class alone.

    Attributes
    ----------
    limits
        `(n_drugs + 1, n_classes)` largest `1 - probability` with which a class remains, last that of a drug without
        limits of its own; infinite where it always does.
    groups
        `(n_classes,)` held-out groups with each class.
    """

    limits: Array
    groups: NDArray[np.int64]

    @classmethod
    def calibrate(
        cls,
        pairs: Pairs,
        classes: NDArray[np.intp],
        shares: Array,
        weights: Array,
        *,
        scheme: str,
        coverage: float,
        drug: NDArray[np.intp],
        n_drugs: int,
    ) -> ClassSets:
        """Limits from rows of which neither score nor shares were learned.

        The sets are class-conditional: each class is in the set of its own rows with probability `coverage`, however
        rare it is (Vovk, Lindsay and Fedorova 2012, "Conditional validity of inductive conformal predictors",
        doi:10.1007/s10994-013-5355-6). Whole groups are exchangeable, as in the intervals of continuous responses.

        Parameters
        ----------
        pairs, classes, shares, weights
            Held-out rows, the number of their class, `(n_rows, n_classes)` probabilities, and weights.
        scheme
            By which they were held out.
        coverage
            Of each class.
        drug, n_drugs
            Number of each row's drug; that of `n_drugs` has no limits of its own.
        """
        units, n_classes = calibration_units(pairs, scheme), shares.shape[1]
        limits = np.full((n_drugs + 1, n_classes), np.inf)
        groups = np.zeros(n_classes, dtype=np.int64)

        def limit(rows: NDArray[np.intp], number: int) -> float:
            misfit = 1 - shares[rows, number]
            return max(conformal_quantile(misfit, unit[rows], coverage, weights[rows]) for unit in units)

        for number in range(n_classes):
            rows = np.flatnonzero(classes == number)
            groups[number] = _count(units, rows)
            if groups[number] < FEWEST_GROUPS:
                continue
            limits[:, number] = limit(rows, number)
            by_drug = [rows[drug[rows] == at] for at in range(n_drugs)]
            own = np.array([_count(units, at) >= OWN_GROUPS for at in by_drug], dtype=bool)
            for at in np.flatnonzero(own):
                limits[at, number] = limit(by_drug[at], number)
            # the other drugs are unlike those: their limit is that of them together
            others = rows[~np.append(own, False)[drug[rows]]]
            if own.any() and _count(units, others) >= FEWEST_GROUPS:
                limits[:-1, number][~own] = limit(others, number)
        return cls(limits, groups)

    def of(self, shares: Array, drug: NDArray[np.intp]) -> NDArray[np.bool_]:
        """`(n_rows, n_classes)` which classes remain; always one, the most probable if no other.

        Parameters
        ----------
        shares
            `(n_rows, n_classes)` probabilities.
        drug
            `(n_rows,)` number of the drug, as at calibration.
        """
        remain = 1 - shares <= self.limits[drug] + 1e-12
        none = ~remain.any(axis=1)
        remain[none, shares[none].argmax(axis=1)] = True
        return np.asarray(remain)

    def get_state(self) -> State:
        """Limits and counts."""
        return {"limits": self.limits, "groups": self.groups}

    @classmethod
    def from_state(cls, state: State, n_drugs: int, n_classes: int) -> ClassSets:
        """The sets of `get_state`'s answer.

        Raises
        ------
        ModelFileError
            An array has another shape than drugs and classes ask for, or a limit is none.
        """
        limits = state_array(state, "limits", n_drugs + 1, n_classes, finite=False)
        if not (limits >= 0).all():
            raise damaged("a limit of its sets of classes is none")
        return cls(limits, state_wholes(state, "groups", n_classes).astype(np.int64))


def _count(units: tuple[NDArray, ...], rows: NDArray[np.intp]) -> int:
    """How many groups the rows are of; where samples and drugs err together, of that which has fewer."""
    return min(len(np.unique(unit[rows])) for unit in units)
