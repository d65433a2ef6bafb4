"""How far a skill on held-out rows may be from the truth: an interval over the groups that vary independently."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from drugresponse.data.outcomes.outcome import Kind
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores.labels import skill
from drugresponse.data.splits import Scheme, study_of_pair, subject_of_pair

__all__ = ["MINIMUM_GROUPS", "groups_within_drug", "independent_groups", "skill_interval"]

MINIMUM_GROUPS = 5
"""Fewest groups that give an interval or a test; fewer say nothing about the groups that were not seen."""
_LEVEL = 0.95

Array = NDArray[np.float64]


def independent_groups(pairs: Pairs, scheme: Scheme) -> tuple[NDArray[np.intp], ...]:
    """`(n_pairs,)` group of each row, from 0, in each grouping over which results vary: that of the scheme first.

    Subjects in `random-pairs`, `new-samples` and `new-samples-and-drugs`, there drug structures too; structures in
    `new-drugs`, tissues in `new-tissues`, lineages in `new-lineages`. In `new-studies` studies where there are 5 or
    more, else subjects.
    """
    groupings = [grouping.of_pair(pairs) for grouping in scheme.err_together]
    if pairs.studies is not None and len(np.unique(study_of_pair(pairs))) >= MINIMUM_GROUPS:
        groupings = [study_of_pair(pairs)]
    return tuple(np.unique(groups, return_inverse=True)[1].astype(np.intp) for groups in groupings)


def groups_within_drug(pairs: Pairs, scheme: Scheme) -> NDArray[np.intp]:
    """`(n_pairs,)` group of each row where one drug is looked at: it is no group of drugs, but whom it is given to."""
    if not scheme.drug_effect:
        return np.asarray(subject_of_pair(pairs), dtype=np.intp)
    return independent_groups(pairs, scheme)[0]


def skill_interval(
    kind: Kind,
    losses: Array,
    naive: Array,
    sets: Sequence[NDArray[np.intp]],
    groupings: Sequence[NDArray],
) -> tuple[float, float]:
    """The 95 % interval of a skill, by what each group of rows moves it, with Student's t for few groups.

    The skill is averaged over sets of rows, in each against the naive prediction that is best there. A group moves it
    by its paired differences of losses (the ratio in first order, that is by its influence), so that a few groups
    which win much make a wide interval, as does a gain that others lose. Of several groupings the widest interval is
    taken. What rows of different folds share by training each other's models is not counted, as in the skill of an
    evaluation: where there is nothing to learn a model loses to the naive prediction, which is the greater safety.

    Parameters
    ----------
    kind
        Of the outcome, which says how losses make a skill.
    losses
        `(n_rows,)` of the model, on held-out rows.
    naive
        `(n_naive, n_rows)` of each naive prediction of the same rows; NaN where it has none.
    sets
        Numbers of the rows that are scored together: one for each fold, or all at once.
    groupings
        Each `(n_rows,)` labels of the groups whose rows err together, such as subjects.

    Returns
    -------
    lower, upper : float
        NaN where a naive prediction is exact, or with fewer than 5 groups.

    Examples
    --------
    >>> rows, ones = np.arange(8), np.ones((1, 8))
    >>> alike, mixed = np.full(8, 0.5), np.array([0.0, 2.0, 0.0, 0.0, 0.0, 2.0, 0.0, 0.0])
    >>> [round(bound, 2) for bound in skill_interval("continuous", alike, ones, [rows], [rows])]
    [0.5, 0.5]
    >>> [round(bound, 2) for bound in skill_interval("continuous", mixed, ones, [rows], [rows])]
    [-0.27, 1.27]

    Source: cluster-robust variance of a ratio of sums, Woodruff 1971, doi:10.1080/01621459.1971.10482279.
    """
    moved, values = np.zeros(len(losses)), []
    for rows in sets:
        value, of_rows = _influence(kind, losses[rows], naive[:, rows])
        values.append(value)
        moved[rows] += of_rows / len(sets)
    if not values:
        return np.nan, np.nan
    scored = np.concatenate(sets)
    arm = float(np.max([_arm(moved[scored], groups[scored]) for groups in groupings]))
    value = float(np.mean(values))
    return value - arm, value + arm


def _influence(kind: Kind, losses: Array, naive: Array) -> tuple[float, Array]:
    """The skill of some rows, and `(n_rows,)` how much each moves it."""
    best = naive[int(np.nanargmin(naive.mean(axis=1)))]
    value = float(skill(kind, losses.mean(), best.mean()))
    if kind == "interval":
        gains = best - losses
        return value, 2 * (1 - value) * (gains - gains.mean()) / len(losses)
    total = float(best.sum())
    if not total > 0:
        return np.nan, np.full(len(losses), np.nan)
    return value, ((1 - value) * best - losses) / total


def _arm(moved: Array, grouping: NDArray) -> float:
    """Half the width of the interval; NaN with too few groups."""
    of_group = np.bincount(np.unique(grouping, return_inverse=True)[1], moved)
    n = len(of_group)
    if n < MINIMUM_GROUPS:
        return float("nan")
    error = float(np.sqrt(n / (n - 1) * np.sum(of_group**2)))
    return float(stats.t.ppf((1 + _LEVEL) / 2, n - 1)) * error
