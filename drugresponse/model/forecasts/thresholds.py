"""From which probability on the event is called."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.labels import is_resistance

__all__ = ["MOST_MAJOR_ERRORS", "RULES", "Rule", "Thresholds", "choose_thresholds"]

Array = NDArray[np.float64]
Rule: TypeAlias = Literal["cost-of-miss", "major-errors", "youden"]
RULES: tuple[Rule, ...] = get_args(Rule)

MOST_MAJOR_ERRORS = 0.03
"""Share of the susceptible that may be called resistant: what the FDA asks of a susceptibility test."""
_MARGIN = 1.645
"""Standard errors between the rate that is chosen and the highest that is allowed: a one-sided bound of 95 %."""
_MOST_CANDIDATES = 500
_PRIOR_ROWS = 5.0


@dataclass(frozen=True, eq=False)
class Thresholds:
    """A probability for each drug, from which on the event is called.

    Attributes
    ----------
    rule
        `cost-of-miss`: 1 / (1 + cost). `major-errors`: the lowest with which at most 3 % of the susceptible are called
        resistant, over all drugs together. `youden`: with which sensitivity and specificity have the largest sum.
    values
        `(n_drugs + 1,)`, last that of a drug that was not among the rows.
    """

    rule: Rule
    values: Array


def choose_thresholds(
    outcome: Outcome,
    y: Array,
    probability: Array,
    drug: NDArray[np.intp],
    n_drugs: int,
    *,
    groups: NDArray,
    weights: Array | None = None,
    cost_of_miss: float | None = None,
) -> Thresholds:
    """Thresholds from rows whose probabilities were learned without them.

    Where missing an event costs `cost_of_miss` false alarms, the costs are least at the threshold
    `1 / (1 + cost_of_miss)` of a calibrated probability, which no row need be asked for (Elkan 2001, "The foundations
    of cost-sensitive learning"). Of susceptibility tests it is the lowest threshold at which the upper bound (95 %,
    over groups) of the rate of major errors stays within 3 %: a common threshold finds the most resistant ones at a
    given number of false calls over all drugs. Else it is the drug's prevalence: where probabilities are calibrated,
    the sum of sensitivity and specificity is largest there (Youden 1950, "Index for rating diagnostic tests").

    Parameters
    ----------
    outcome
        A binary one.
    y, probability
        `(n_rows,)` 0 or 1, and the probability of 1.
    drug, n_drugs
        `(n_rows,)` number of each row's drug; that of `n_drugs` is none of those that are asked for.
    groups
        `(n_rows,)` whose rows err together.
    weights
        `(n_rows,)` above 0; None is 1 for all.
    cost_of_miss
        How many false alarms are as bad as one missed event; None where that was not told.

    Examples
    --------
    >>> rows = np.array([0.0, 1.0]), np.array([0.2, 0.9]), np.zeros(2, dtype=np.intp), 1
    >>> choose_thresholds(Outcome("binary", ("no", "yes")), *rows, groups=np.arange(2), cost_of_miss=4).values.tolist()
    [0.2, 0.2]
    """
    share = np.ones(len(y)) if weights is None else weights
    if cost_of_miss is not None:
        return Thresholds("cost-of-miss", np.full(n_drugs + 1, 1 / (1 + cost_of_miss)))
    if is_resistance(outcome):
        lowest = _within_major_errors(y, probability, groups, share)
        if lowest is not None:
            return Thresholds("major-errors", np.full(n_drugs + 1, lowest))
    overall = float(np.average(y, weights=share))
    events = np.bincount(drug, share * y, n_drugs + 1) + _PRIOR_ROWS * overall
    prevalence = events / (np.bincount(drug, share, n_drugs + 1) + _PRIOR_ROWS)
    return Thresholds("youden", np.where(np.arange(n_drugs + 1) < n_drugs, prevalence, overall))


def _within_major_errors(y: Array, probability: Array, groups: NDArray, weights: Array) -> float | None:
    """The lowest threshold with few enough major errors; None without a susceptible row to count them on."""
    susceptible = y == 0
    if not susceptible.any():
        return None
    own, weight = probability[susceptible], weights[susceptible] / weights[susceptible].sum()
    group = np.unique(groups[susceptible], return_inverse=True)[1]
    # from above: between two probabilities of susceptible rows nothing changes for them
    upper_tail = 1 - np.geomspace(1.0, 1e-3, _MOST_CANDIDATES)
    candidates = np.unique(np.append(np.quantile(own, upper_tail), np.nextafter(own.max(), 2.0)))[::-1]
    lowest = float(candidates[0])
    for candidate in candidates:
        called = own >= candidate
        rate = float(weight @ called)
        off = np.bincount(group, weight * (called - rate))
        if rate + _MARGIN * float(np.sqrt((off**2).sum())) > MOST_MAJOR_ERRORS:
            break
        lowest = float(candidate)
    return min(lowest, 1.0)
