"""By how much random folds flatter: one learner on folds of whole lineages, and on folds of single samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.audit.duplicates import twins_together
from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.outcome import Kind
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores.labels import skill
from drugresponse.data.splits import Fold, lineage_of_pair, make_folds
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    percentile_interval,
    resampled_sums,
    sums_by_group,
)
from drugresponse.evaluation.held_out.outcome_layer import naive_layers, outcome_layer
from drugresponse.evaluation.summary import RandomFolds
from drugresponse.learners.baselines import NaiveEffects, reference_name
from drugresponse.learners.registry import make_learner
from drugresponse.threads import one_thread
from drugresponse.units import units_in_order

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
    seeded = {"random_state": random_state, **(settings or {})}
    shared = {"rows": rows, "together": pairs[_SAMPLES], "units": units, "learner": learner, "settings": seeded}
    kind = rows.pairs.outcome.kind
    with one_thread():
        errors = units_in_order(_errors_of_unit, range(len(units)), shared, n_jobs, "fits of random folds")
        sums = {}
        for scheme in (_LINEAGES, _SAMPLES):
            made = [(fold, of) for (its, fold), of in zip(units, errors, strict=True) if its == scheme]
            if kind != "continuous":
                made = _proper_losses(replace(rows, pairs=pairs[scheme]), made, scheme, learner)
            sums[scheme] = _sums(lineage, [(fold[1], of) for fold, of in made])
        n_groups = int(lineage.max()) + 1
        counts = draw_counts(n_groups, n_draws if n_groups >= MINIMUM_GROUPS else 0, random_state)
        drawn = [_skill(resampled_sums(counts, sums[scheme]), kind) for scheme in (_LINEAGES, _SAMPLES)]
    by_lineages, by_samples = (float(_skill(sums[name].sum(axis=0)[None], kind)[0]) for name in (_LINEAGES, _SAMPLES))
    lower, upper = percentile_interval((drawn[1] - drawn[0])[:, None], np.array([by_samples - by_lineages]))
    return RandomFolds(learner, len(whole), by_lineages, by_samples, float(lower[0]), float(upper[0]))


def _errors_of_unit(
    at: int,
    rows: TrainingRows,
    together: Pairs,
    units: Sequence[tuple[str, Fold]],
    learner: str,
    settings: Mapping[str, Any],
) -> NDArray[np.float64]:
    """Those of a scheme and a fold; `together` are the pairs of the scheme of samples, twins beside each other."""
    scheme, fold = units[at]
    asked = replace(rows, pairs=together) if scheme == _SAMPLES else rows
    return _squared_errors(asked, fold, learner, {**settings, "scheme": scheme})


def _squared_errors(rows: TrainingRows, fold: Fold, learner: str, settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """`(n_test, 1 + n_naive)` of the learner and of every naive prediction, fitted to the training rows.

    Of an outcome that is not continuous `(n_test, 1)` scores of the learner alone.
    """
    train, test = fold
    part = rows.pairs[train], rows.y[train], rows.weights[train]
    held = rows.pairs[test]
    if held.outcome.kind != "continuous":
        return make_learner(learner, settings).fit(*part).predict(held)[:, None]
    naive = NaiveEffects.fit(*part, scheme=settings["scheme"]).predict(held)
    predicted = make_learner(learner, settings).fit(*part).predict(held)
    return np.column_stack([(column - rows.y[test]) ** 2 for column in (predicted, *naive.values())])


def _proper_losses(
    rows: TrainingRows, scored: Sequence[tuple[Fold, NDArray[np.float64]]], scheme: str, learner: str
) -> list[tuple[Fold, NDArray[np.float64]]]:
    """The same losses, of what the scores of folds and the naive models say of an outcome that is not continuous."""
    folds = [fold for fold, _ in scored]
    scores = np.full(len(rows.y), np.nan)
    for (_, test), of_fold in scored:
        scores[test] = of_fold[:, 0]
    naive = naive_layers(rows, folds, scheme)
    reference = reference_name(scheme, naive)
    layer = outcome_layer(rows, folds, {learner: scores}, scheme=scheme, reference=reference, naive=naive)
    losses = np.column_stack([layer.scores[name].losses for name in (learner, *naive)])
    return [(fold, losses[np.searchsorted(layer.rows, fold[1])]) for fold in folds]


def _sums(
    lineage: NDArray[np.intp], folds: Sequence[tuple[NDArray[np.intp], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """`(n_lineages, 2 + n_naive)` losses over all test rows, by the models that every fold has, then test rows."""
    n_models = min(errors.shape[1] for _, errors in folds)
    at = np.concatenate([test for test, _ in folds])
    errors = np.concatenate([errors[:, :n_models] for _, errors in folds])
    columns = [sums_by_group(errors[:, model], lineage[at], int(lineage.max()) + 1) for model in range(n_models)]
    return np.concatenate([*columns, sums_by_group(np.ones(len(at)), lineage[at], int(lineage.max()) + 1)], axis=1)


def _skill(sums: NDArray[np.float64], kind: Kind) -> NDArray[np.float64]:
    """`(n,)` of `(n, 2 + n_naive)` sums of losses, the learner's first, and rows."""
    own, naive, n = sums[:, 0], sums[:, 1:-1].min(axis=1), sums[:, -1]
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(1 - own / naive if kind == "continuous" else skill(kind, own / n, naive / n))
