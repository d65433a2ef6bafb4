"""Who is served worse: the error in each tissue, ancestry, sex and what else is known of the samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.scores.labels import skill
from drugresponse.data.splits import subject_of_pair
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    held_out_errors,
    percentile_interval,
    resampled_sums,
    sums_by_group,
)
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.threads import one_thread

__all__ = ["best_learner", "group_errors"]

_COLUMNS = ("column", "group", "n_samples", "n_rows", "rmse", "lower", "upper", "best_naive_rmse", "skill")
_OUTCOME_COLUMNS = tuple(name.replace("rmse", "loss") for name in _COLUMNS)


def best_learner(evaluation: Evaluation) -> str:
    """The learner with the least loss over all held-out rows; of equals the one named first. A rule is none."""
    errors = dict(zip(evaluation.names, np.nanmean(held_out_errors(evaluation), axis=1), strict=True))
    return min(evaluation.trained, key=lambda name: errors[name])


def group_errors(evaluation: Evaluation, *, n_draws: int = N_DRAWS, random_state: int = 0) -> pd.DataFrame:
    """Error of the best learner in every level of every text covariate, over all held-out rows and repeats.

    Parameters
    ----------
    evaluation
        Held-out predictions.
    n_draws, random_state
        Of the bootstrap over the subjects of the group, in every scheme: the question is for whom it works.

    Returns
    -------
    pandas.DataFrame
        Columns `column, group, n_samples, n_rows, rmse, lower, upper, best_naive_rmse, skill`; within a column the
        worst skill first. `group` is "" for samples whose value is missing. `best_naive_rmse` is that of the naive
        prediction that is best in the group, and `skill` 1 - squared error / its squared error. NaN bounds with fewer
        than 5 subjects. Of an outcome that is not continuous there are mean proper losses, `loss` and
        `best_naive_loss`, instead of errors.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.
    """
    errors = held_out_errors(evaluation)
    own = errors[evaluation.learners.index(best_learner(evaluation))]
    naive = errors[len(evaluation.learners) :]
    pairs = evaluation.rows.pairs
    held, subjects = np.isfinite(own), subject_of_pair(pairs)
    rows = []
    shown: Callable[[Any], Any] = np.positive if evaluation.layers else np.sqrt
    for column in pairs.covariates.columns:
        if pairs.covariates[column].dtype != object:
            continue
        levels = pairs.covariates[column].to_numpy(dtype=object)[pairs.sample_index]
        for level in sorted(set(levels[held])):
            at = np.flatnonzero(held & (levels == level))
            mean, best = float(own[at].mean()), float(naive[:, at].mean(axis=1).min())
            bounds = _interval(own[at], subjects[at], n_draws, random_state, shown)
            n_samples = len(np.unique(pairs.sample_index[at]))
            if evaluation.layers:
                saved = float(skill(evaluation.kind, mean, best))
            else:
                saved = 1 - mean / best if best > 0 else float("nan")
            rows.append((column, level, n_samples, len(at), shown(mean), *bounds, shown(best), saved))
    columns = list(_OUTCOME_COLUMNS if evaluation.layers else _COLUMNS)
    table = pd.DataFrame(rows, columns=columns)
    order = {name: i for i, name in enumerate(pairs.covariates.columns)}
    return table.assign(order=table["column"].map(order)).sort_values(
        ["order", "skill", "group"], na_position="last", ignore_index=True
    )[columns]


def _interval(
    errors: NDArray[np.float64],
    subjects: NDArray[np.intp],
    n_draws: int,
    random_state: int,
    shown: Callable[[Any], Any],
) -> tuple[float, float]:
    group = np.unique(subjects, return_inverse=True)[1]
    n_groups = int(group.max()) + 1
    if n_groups < MINIMUM_GROUPS:
        return float("nan"), float("nan")
    sums = np.concatenate([sums_by_group(values, group, n_groups) for values in (errors, np.ones_like(errors))], axis=1)
    with one_thread():
        total, n = resampled_sums(draw_counts(n_groups, n_draws, random_state), sums).T
    metric = "rmse" if shown is np.sqrt else ""
    lower, upper = percentile_interval(shown(total / n), shown(errors.mean()), metric)
    return float(lower), float(upper)
