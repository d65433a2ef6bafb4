"""How large held-out errors are: per drug, per mechanism, pooled, and with what is known before the response is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.state import State, damaged, state_array

__all__ = ["LEVELS", "OWN_GROUPS", "DrugTails", "Shape", "calibration_units", "conformal_quantile", "fit_drug_tails"]

LEVELS = ("drug", "mechanism", "pooled", "none")
"""Where the tails of a drug may come from, the finest first."""
OWN_GROUPS = 100
"""Fewest groups with which a drug, or a mechanism, has tails of its own; below, those of the coarser level serve."""
_PRIOR_ROWS = 10
"""Rows of the pooled error that a drug's own error is averaged with."""
_FEWEST = {"groups": 15, "rows": 150}
"""Of each bin of a shape, which has at most 10 bins."""

Array = NDArray[np.float64]


def calibration_units(pairs: Pairs, scheme: str) -> tuple[NDArray, ...]:
    """`(n_pairs,)` group of each pair, for each way in which rows of the scheme err together.

    Tissues in `new-tissues`, lineages in `new-lineages`, drug structures in `new-drugs`, subjects and structures where
    both are new, else subjects.
    """
    return tuple(grouping.of_pair(pairs) for grouping in find_scheme(scheme).err_together)


def conformal_quantile(scores: Array, groups: NDArray, level: float, weights: Array | None = None) -> float:
    """The least score that a row of a group not seen before stays at or below with probability `level`.

    Each of G groups has mass 1 / (G + 1), shared by its rows, and the last share lies at infinity: groups are
    exchangeable, rows of one group are not.

    Parameters
    ----------
    scores, groups
        `(n_rows,)`, one row or more.
    level
        Above 0 and below 1.
    weights
        `(n_rows,)` by which a group's mass is shared; None shares it evenly.

    Returns
    -------
    float
        Infinite with fewer than `1 / (1 - level) - 1` groups.

    Examples
    --------
    >>> conformal_quantile(np.arange(9.0), np.arange(9), 0.9)
    8.0
    >>> conformal_quantile(np.arange(8.0), np.arange(8), 0.9)
    inf
    """
    share = np.ones(len(scores)) if weights is None else weights
    return _quantile(scores, np.unique(groups, return_inverse=True)[1], level, share)


def _quantile(scores: Array, groups: NDArray[np.intp], level: float, share: Array) -> float:
    """As `conformal_quantile`, for groups that are numbers from 0 on, not all of which need occur."""
    total = np.bincount(groups, share)
    mass = share / total[groups] / (np.count_nonzero(total) + 1)
    order = np.argsort(scores, kind="stable")
    at = int(np.searchsorted(np.cumsum(mass[order]), level - 1e-9))
    return float(scores[order[at]]) if at < len(scores) else float("inf")


@dataclass(frozen=True, eq=False)
class Shape:
    """How the size of errors goes with a number that is known before the response is: a broken line.

    Attributes
    ----------
    at, factor
        `(n_knots,)`: the number, ascending, and the error there in units of the average one.

    Examples
    --------
    >>> Shape(np.array([0.0, 1.0]), np.array([1.0, 2.0])).of(np.array([-1.0, 0.5, 3.0])).tolist()
    [1.0, 1.5, 2.0]
    """

    at: Array
    factor: Array

    @classmethod
    def fit(cls, values: Array, errors: Array, n_bins: int) -> Shape:
        """Mean error in bins of equal counts, drawn towards the mean of all; flat with fewer than 2 bins."""
        mean = float(errors.mean())
        if n_bins < 2 or mean <= 0 or np.std(values) < 0.1:
            return cls.flat()
        edges = np.quantile(values, np.linspace(0, 1, n_bins + 1)[1:-1])
        bins = np.searchsorted(edges, values, side="right")
        counts = np.bincount(bins, minlength=n_bins)
        used = counts > 0
        at = np.bincount(bins, values, minlength=n_bins)[used] / counts[used]
        sums = np.bincount(bins, errors, minlength=n_bins)[used]
        return cls(at, (sums / mean + 20) / (counts[used] + 20))

    @classmethod
    def flat(cls) -> Shape:
        """Every value has the average error."""
        return cls(np.zeros(1), np.ones(1))

    @property
    def is_flat(self) -> bool:
        """Whether the value tells nothing."""
        return len(self.at) == 1

    def of(self, values: Array) -> Array:
        """The factor of each value; beyond the ends that of the end."""
        return np.interp(values, self.at, self.factor)

    def get_state(self) -> State:
        """The knots."""
        return {"at": self.at, "factor": self.factor}

    @classmethod
    def from_state(cls, state: State) -> Shape:
        """The shape of `get_state`'s answer."""
        at = state_array(state, "at", -1)
        factor = state_array(state, "factor", len(at))
        if not (len(at) and (np.diff(at) >= 0).all() and (factor > 0).all()):
            raise damaged("a shape of the intervals has no knots")
        return cls(at, factor)


@dataclass(frozen=True, eq=False)
class DrugTails:
    """How far responses lie from predictions, for each drug whose rows calibrated.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` ids.
    centre, scale
        `(n_drugs,)` mean held-out prediction and mean absolute residual, in the unit of the response.
    tails
        `(n_drugs, 2)` half-width below and above in units of the scale; infinite without bounds.
    levels
        Where each drug's tails come from: `drug`, `mechanism`, `pooled` or `none`.
    deviation
        How the error goes with (prediction - centre) / scale.
    """

    drug_ids: pd.Index
    centre: Array
    scale: Array
    tails: Array
    levels: tuple[str, ...]
    deviation: Shape

    @classmethod
    def none(cls) -> DrugTails:
        """No drug has tails."""
        empty = np.zeros(0)
        return cls(pd.Index([], dtype=object), empty, empty, np.zeros((0, 2)), (), Shape.flat())


def fit_drug_tails(
    pairs: Pairs, groups: NDArray, residuals: Array, predicted: Array, weights: Array, coverage: float
) -> DrugTails:
    """Tails for each drug at the finest level that has enough groups.

    Parameters
    ----------
    pairs
        Held-out pairs.
    groups
        `(n_pairs,)` group whose rows err together.
    residuals, predicted
        `(n_pairs,)` of held-out rows; residuals are measured minus predicted.
    weights
        `(n_pairs,)` of mean 1.
    coverage
        Share of new rows that shall lie between the tails.
    """
    used, drug = np.unique(pairs.drug_index, return_inverse=True)
    groups = np.unique(groups, return_inverse=True)[1]
    sizes = np.abs(residuals)
    scale, scale_without = _scales(drug, groups, sizes, weights)
    centre = np.bincount(drug, weights * predicted) / np.bincount(drug, weights)
    distance = predicted - centre[drug]
    n_bins = min(10, (int(groups.max()) + 1) // _FEWEST["groups"], len(sizes) // _FEWEST["rows"])
    # a row's own error has no part in what it is measured by, or the drugs with few rows would look too regular
    deviation = Shape.fit(distance / scale_without, sizes / scale_without, n_bins)
    unit = scale_without * deviation.of(distance / scale_without)
    pooled = _quantile(sizes / unit, groups, coverage, weights)
    tails = np.full((len(used), 2), pooled)
    levels = ["pooled" if np.isfinite(pooled) else "none"] * len(used)
    for level, member in (("mechanism", _mechanism(pairs, used)), ("drug", np.arange(len(used)))):
        for number, rows in enumerate(_rows_of(member[drug])):
            if np.count_nonzero(np.bincount(groups[rows])) < OWN_GROUPS:
                continue
            own = _two_tails(residuals[rows] / unit[rows], groups[rows], coverage, weights[rows])
            if np.isfinite(own).all():
                for i in np.flatnonzero(member == number):
                    tails[i], levels[i] = own, level
    return DrugTails(pairs.drugs.index[used], centre, scale, tails, tuple(levels), deviation)


def _rows_of(numbers: NDArray[np.intp]) -> list[NDArray[np.intp]]:
    """Rows that bear each number from 0 on; those of -1 are left out."""
    order = np.argsort(numbers, kind="stable")
    starts = np.searchsorted(numbers[order], np.arange(int(numbers.max()) + 2))
    return np.split(order[starts[0] :], starts[1:-1] - starts[0])


def _two_tails(ratios: Array, groups: NDArray, coverage: float, weights: Array) -> Array:
    """Half-widths below and above, each missed by half of what may be missed; the prediction stays within."""
    level = (1 + coverage) / 2
    return np.maximum([_quantile(sign * ratios, groups, level, weights) for sign in (-1, 1)], 0.0)


def _scales(drug: NDArray[np.intp], groups: NDArray, sizes: Array, weights: Array) -> tuple[Array, Array]:
    """Mean error of each drug, drawn towards that of all: `(n_drugs,)`, and `(n_rows,)` without the row's group."""
    cell = np.unique(drug * (int(groups.max()) + 1) + groups, return_inverse=True)[1]
    overall = float(np.average(sizes, weights=weights))
    prior = _PRIOR_ROWS * (overall if overall > 0 else 1.0)
    total, n = np.bincount(drug, weights * sizes), np.bincount(drug, weights)
    own, n_own = np.bincount(cell, weights * sizes)[cell], np.bincount(cell, weights)[cell]
    without = (np.maximum(total[drug] - own, 0) + prior) / (np.maximum(n[drug] - n_own, 0) + _PRIOR_ROWS)
    return (total + prior) / (n + _PRIOR_ROWS), without


def _mechanism(pairs: Pairs, used: NDArray[np.intp]) -> NDArray[np.intp]:
    """`(n_drugs,)` number of each used drug's mechanism, -1 where it is not known."""
    if "mechanism" not in pairs.drugs.columns:
        return np.full(len(used), -1)
    column = pairs.drugs["mechanism"].iloc[used]
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return pd.factorize(text.where(text != "", None))[0].astype(np.intp)
