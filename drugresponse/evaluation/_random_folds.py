"""By how much random folds flatter: one learner on folds of whole lineages, and on folds of single samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.audit.duplicates import twins_together
from drugresponse.data.joining import TrainingRows
from drugresponse.data.splits import Fold, lineage_of_pair, make_folds
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    percentile_interval,
    resampled_sums,
    sums_by_group,
)
from drugresponse.evaluation.summary import RandomFolds
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.registry import make_learner
from drugresponse.threads import one_thread, run_in_order

__all__ = ["flattery_of_random_folds"]

_SAMPLES, _LINEAGES = "new-samples", "new-lineages"


def flattery_of_random_folds(
    rows: TrainingRows,
    folds: Sequence[Fold],
    *,
    n_draws: int = N_DRAWS,
    n_jobs: int | None = 1,
    random_state: int = 0,
    learner: str = "ridge",
    settings: Mapping[str, Any] | None = None,
) -> RandomFolds:
    """Fit a cheap genotype learner on folds of both kinds, and set its skills side by side.

    What a clone has in common, whether a feature causes it or not, is known of a held-out sample whose relatives are in
    training, and unknown of a new lineage.

    Parameters
    ----------
    rows
        All measured pairs, with their lineages.
    folds
        `(train, test)` row numbers by which whole lineages are held out; as many folds of samples are dealt.
    n_draws
        Of the bootstrap over lineages.
    n_jobs
        Fits run at once; the result does not depend on it.
    random_state
        Seed of the folds of samples, of the learner and of the bootstrap.
    learner, settings
        Name of the genotype learner, and what it is set to.

    Raises
    ------
    InputError
        The lineages are not known.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=4, n_features=20)
    >>> clones = cohort.samples.assign(clone=[f"c{place // 4}" for place in range(80)])
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, None, clones)
    >>> flattery_of_random_folds(rows, make_folds(rows.pairs, "new-lineages", 3, 0)).folds
    3
    """
    lineage = np.unique(lineage_of_pair(rows.pairs), return_inverse=True)[1].astype(np.intp)
    whole = [fold for fold in folds if len(fold[0]) and len(fold[1])]
    pairs = {_LINEAGES: rows.pairs, _SAMPLES: twins_together(rows.pairs)}
    dealt = make_folds(pairs[_SAMPLES], _SAMPLES, len(whole), random_state)
    units = [(_LINEAGES, fold) for fold in whole] + [(_SAMPLES, fold) for fold in dealt]

    def errors_of(unit: tuple[str, Fold]) -> NDArray[np.float64]:
        scheme, fold = unit
        seeded = {"random_state": random_state, **(settings or {}), "scheme": scheme}
        return _squared_errors(replace(rows, pairs=pairs[scheme]), fold, learner, seeded)

    with one_thread():
        errors = run_in_order(errors_of, units, n_jobs)
        sums = {
            scheme: _sums(
                lineage, [(fold[1], of) for (its, fold), of in zip(units, errors, strict=True) if its == scheme]
            )
            for scheme in (_LINEAGES, _SAMPLES)
        }
        n_groups = int(lineage.max()) + 1
        counts = draw_counts(n_groups, n_draws if n_groups >= MINIMUM_GROUPS else 0, random_state)
        drawn = [_skill(resampled_sums(counts, sums[scheme])) for scheme in (_LINEAGES, _SAMPLES)]
    by_lineages, by_samples = (float(_skill(sums[name].sum(axis=0)[None])[0]) for name in (_LINEAGES, _SAMPLES))
    lower, upper = percentile_interval((drawn[1] - drawn[0])[:, None], np.array([by_samples - by_lineages]))
    return RandomFolds(learner, len(whole), by_lineages, by_samples, float(lower[0]), float(upper[0]))


def _squared_errors(rows: TrainingRows, fold: Fold, learner: str, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """`(n_test, 1 + n_naive)` of the learner and of every naive prediction, fitted to the training rows."""
    train, test = fold
    part = rows.pairs[train], rows.y[train], rows.weights[train]
    held = rows.pairs[test]
    naive = NaiveEffects.fit(*part, scheme=settings["scheme"]).predict(held)
    predicted = make_learner(learner, settings).fit(*part).predict(held)
    return np.column_stack([(column - rows.y[test]) ** 2 for column in (predicted, *naive.values())])


def _sums(
    lineage: NDArray[np.intp], folds: Sequence[tuple[NDArray[np.intp], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """`(n_lineages, 1 + n_naive)` squared errors over all test rows, by the models that every fold has."""
    n_models = min(errors.shape[1] for _, errors in folds)
    at = np.concatenate([test for test, _ in folds])
    errors = np.concatenate([errors[:, :n_models] for _, errors in folds])
    columns = [sums_by_group(errors[:, model], lineage[at], int(lineage.max()) + 1) for model in range(n_models)]
    return np.concatenate(columns, axis=1)


def _skill(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n,)` of `(n, 1 + n_naive)` sums of squared errors, the learner's first."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - sums[:, 0] / sums[:, 1:].min(axis=1))
