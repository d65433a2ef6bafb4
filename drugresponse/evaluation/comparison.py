"""Which learner is better, and whether the order of the learners is more than noise."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    group_of_row,
    held_out_errors,
    percentile_interval,
    resampled_sums,
    reuse_factor,
    sums_by_group,
)
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.summary import RankStability
from drugresponse.threads import one_thread

__all__ = ["compare_learners", "group_test", "holm", "rank_stability"]

_ROUNDING = 1e-9
"""Of two errors that differ by less than this share neither is the greater: predictions equal up to rounding."""


def compare_learners(evaluation: Evaluation, *, n_draws: int = N_DRAWS, random_state: int = 0) -> pd.DataFrame:
    """Compare every two learners, and each with the best naive prediction, on the same held-out rows.

    The p value is that of a two-sided t test whose observations are the groups (subjects; drug structures, tissues
    or lineages where these are new), each with the difference of its summed squared errors: rows of a group are
    not independent, groups are, and of many groups the mean is close to normal whatever the errors are. Groups count
    by their rows, so that the test is of the very difference that is reported. With several folds standard errors and
    intervals are wider by the root of 2, because rows that are tested also train (see `reuse_factor`).

    Parameters
    ----------
    evaluation
        Held-out predictions.
    n_draws, random_state
        Of the bootstrap over groups.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, other, difference, lower, upper, p, q`, a row for each pair: mean squared error of `learner`
        minus that of `other` over all held-out rows and repeats, its 95 % bootstrap interval, and q = p adjusted by
        Holm's method, which holds however the comparisons depend on one another. NaN bounds, p and q with fewer than
        5 groups. Of an outcome that is not continuous the proper loss takes the place of the squared error.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.
    """
    names = (*evaluation.learners, evaluation.best_naive())
    with one_thread():
        sums, sizes = _sums(evaluation, names)
        counts = draw_counts(len(sizes), n_draws if len(sizes) >= MINIMUM_GROUPS else 0, random_state)
        drawn = resampled_sums(counts, sums) / resampled_sums(counts, sizes[:, None])
    reuse, rows = reuse_factor(evaluation), []
    for a, b in combinations(range(len(names)), 2):
        difference = sums[:, a] - sums[:, b]
        value = difference.sum() / sizes.sum()
        lower, upper = percentile_interval(drawn[:, a] - drawn[:, b], value, widen=reuse)
        scale = np.minimum(np.abs(sums[:, a]), np.abs(sums[:, b]))[:, None]
        t, df = group_test(difference[:, None], (sizes > 0)[:, None], scale, reuse)
        p = 2 * stats.t.sf(np.abs(t[0]), df[0])
        rows.append((names[a], names[b], value, float(lower), float(upper), p))
    table = pd.DataFrame(rows, columns=["learner", "other", "difference", "lower", "upper", "p"])
    return table.assign(q=holm(table["p"].to_numpy(dtype=np.float64)))


def rank_stability(evaluation: Evaluation, *, n_draws: int = N_DRAWS, random_state: int = 0) -> RankStability:
    """Whether the learners keep their order from fold to fold, and the best its place from draw to draw.

    Ranks are by mean squared error within a fold. Kendall's W is over the folds of all repeats; p is Friedman's
    (chi-squared) over the folds of a repeat, the median of several repeats, because another cut of the same rows is no
    new evidence. With two learners and few folds it is only approximate; `compare_learners` then says more.

    Parameters
    ----------
    evaluation
        Held-out predictions.
    n_draws, random_state
        Of the bootstrap over groups that gives `share_best`.

    Returns
    -------
    RankStability
        `best` has the least squared error over all held-out rows; learners that tie share a draw. `share_best` is NaN
        with fewer than 5 groups, unless there is one learner only.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.
    """
    names = evaluation.learners
    with one_thread():
        sums, sizes = _sums(evaluation, names)
        counts = draw_counts(len(sizes), n_draws if len(sizes) >= MINIMUM_GROUPS else 0, random_state)
        drawn = resampled_sums(counts, sums)
    total = sums.sum(axis=0)
    best = int(np.argmin(total))
    lowest = drawn.min(axis=1, keepdims=True)
    least = drawn <= lowest + np.abs(lowest) * _ROUNDING if len(names) > 1 else np.ones((1, 1))
    share = float(np.mean(least[:, best] / least.sum(axis=1))) if len(least) else float("nan")
    repeats = [_fold_ranks(evaluation, repeat) for repeat in range(len(evaluation.fold))]
    tests = [_friedman(ranks)[1] for ranks in repeats]
    p = float(np.median(tests)) if np.isfinite(tests).all() else float("nan")
    return RankStability(_friedman(np.concatenate(repeats))[0], p, names[best], share)


def group_test(
    differences: NDArray[np.float64], present: NDArray[np.bool_], scale: NDArray[np.float64], reuse: float = 1.0
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Paired t statistic of groups, for several sets of groups at once.

    Parameters
    ----------
    differences
        `(n_groups, n_sets)` difference of the summed losses of two models in each group.
    present
        `(n_groups, n_sets)` whether the group has a row in the set.
    scale
        `(n_groups, n_sets)` losses, against which a difference may be no more than rounding.
    reuse
        Factor on the standard error, see `reuse_factor`.

    Returns
    -------
    t, df
        `(n_sets,)`; t is 0 where no difference is more than rounding, NaN with fewer than 5 groups.

    Examples
    --------
    >>> t, df = group_test(np.array([[1.0], [2.0], [3.0], [1.0], [2.0]]), np.ones((5, 1), dtype=bool), np.ones((5, 1)))
    >>> round(float(t[0]), 2), float(df[0])
    (4.81, 4.0)
    """
    real = np.where(present & (np.abs(differences) > _ROUNDING * scale), differences, 0.0)
    n = present.sum(axis=0).astype(np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = real.sum(axis=0) / n
        variance = np.where(present, (real - mean) ** 2, 0.0).sum(axis=0) / (n - 1)
        t = np.where(mean == 0, 0.0, mean / (reuse * np.sqrt(variance / n)))
    enough = n >= MINIMUM_GROUPS
    return np.where(enough, t, np.nan), np.where(enough, n - 1, np.nan)


def holm(p: NDArray[np.float64]) -> NDArray[np.float64]:
    """P values adjusted by Holm's step-down method; a NaN stays and does not count.

    Examples
    --------
    >>> holm(np.array([0.04, 0.01, np.nan, 0.03])).round(6).tolist()
    [0.06, 0.03, nan, 0.06]
    """
    adjusted = np.full(len(p), np.nan)
    known = np.flatnonzero(np.isfinite(p))
    order = known[np.argsort(p[known], kind="stable")]
    steps = p[order] * np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1.0)
    return adjusted


def _sums(evaluation: Evaluation, names: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """`(n_groups, n_models)` losses and `(n_groups,)` held-out rows of each group that has one."""
    errors = held_out_errors(evaluation)
    held = np.isfinite(errors[0])
    group = np.unique(group_of_row(evaluation.rows, evaluation.scheme)[held], return_inverse=True)[1]
    n_groups = int(group.max()) + 1
    columns = [sums_by_group(errors[evaluation.names.index(name), held], group, n_groups) for name in names]
    return np.concatenate(columns, axis=1), np.bincount(group).astype(np.float64)


def _fold_ranks(evaluation: Evaluation, repeat: int) -> NDArray[np.float64]:
    """`(n_folds, n_learners)` ranks, the least error first; equal errors share a rank."""
    fold = evaluation.fold[repeat]
    losses = np.stack([evaluation.losses(name)[repeat] for name in evaluation.learners])
    errors = [losses[:, fold == number].mean(axis=1) for number in np.unique(fold[fold >= 0])]
    # errors that are equal up to rounding are equal
    rounded = [[float(f"{error:.9g}") for error in fold_errors] for fold_errors in errors]
    return stats.rankdata(np.array(rounded).reshape(-1, len(evaluation.learners)), axis=1)


def _friedman(ranks: NDArray[np.float64]) -> tuple[float, float]:
    """Kendall's W and the p value of Friedman's test, both corrected for ties; NaN with one learner or one fold."""
    n_folds, n_learners = ranks.shape
    if n_folds < 2 or n_learners < 2:
        return float("nan"), float("nan")
    middle = (n_learners + 1) / 2
    between = float(np.sum((ranks.sum(axis=0) - n_folds * middle) ** 2))
    within = float(np.sum((ranks - middle) ** 2))
    if within == 0:
        return 0.0, 1.0
    w = between / (n_folds * within)
    return w, float(stats.chi2.sf(n_folds * (n_learners - 1) * w, n_learners - 1))
