"""Evaluations made by hand, whose truth is known, and one of real learners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import JoinLoss, TrainingRows, join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme, make_folds
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.registry import make_learner
from drugresponse.simulation.cohort import simulate_cohort


def made_rows(
    measured: NDArray[np.float64],
    *,
    subjects: Sequence[str] | None = None,
    covariates: Mapping[str, Sequence[str]] | None = None,
) -> TrainingRows:
    """Rows of a `(n_samples, n_drugs)` grid of responses, NaN where not measured."""
    samples = pd.Index([f"s{i:04d}" for i in range(len(measured))], name="sample_id", dtype=object)
    drugs = pd.Index([f"d{j:03d}" for j in range(measured.shape[1])], name="drug_id", dtype=object)
    at = np.argwhere(np.isfinite(measured))
    pairs = Pairs.build(
        Genotypes.from_dense(np.zeros((len(samples), 1)), list(samples), ["g"]),
        pd.DataFrame(dict(covariates or {}), index=samples, dtype=object),
        pd.DataFrame(index=drugs),
        pd.DataFrame({"sample_id": samples[at[:, 0]], "drug_id": drugs[at[:, 1]]}),
        None if subjects is None else pd.Series(list(subjects), index=samples),
    )
    y = measured[at[:, 0], at[:, 1]]
    return TrainingRows(pairs, y, np.ones(len(y)), JoinLoss(len(samples), len(drugs), len(y), 0, 0, 0, 0))


def made_evaluation(
    measured: NDArray[np.float64],
    learners: Mapping[str, NDArray[np.float64]],
    naive: Mapping[str, NDArray[np.float64]],
    *,
    scheme: str = "new-samples",
    n_folds: int = 5,
    n_repeats: int = 1,
    subjects: Sequence[str] | None = None,
    covariates: Mapping[str, Sequence[str]] | None = None,
) -> Evaluation:
    """Predictions that are grids as `measured` is; every row is held out once in each repeat."""
    rows = made_rows(measured, subjects=subjects, covariates=covariates)
    fold = np.full((n_repeats, len(rows.y)), -1, dtype=np.intp)
    for repeat in range(n_repeats):
        for number, (_, test) in enumerate(make_folds(rows.pairs, scheme, n_folds, repeat)):
            fold[repeat, test] = number
    at = rows.pairs.sample_index, rows.pairs.drug_index
    grids = [np.broadcast_to(each, measured.shape) for each in (*learners.values(), *naive.values())]
    predicted = np.stack([np.where(fold >= 0, grid[at], np.nan) for grid in grids])
    return Evaluation(rows, find_scheme(scheme), tuple(learners), tuple(naive), next(iter(naive)), fold, predicted)


def fitted_evaluation(
    scheme: str = "new-samples",
    learners: Sequence[str] = ("covariates", "ridge"),
    *,
    n_samples: int = 80,
    n_drugs: int = 12,
    n_folds: int = 3,
    n_repeats: int = 1,
    seed: int = 0,
) -> Evaluation:
    """Learners fitted on the folds of a simulated cohort."""
    cohort = simulate_cohort(n_samples=n_samples, n_drugs=n_drugs, n_features=30, random_state=seed)
    rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)
    fold = np.full((n_repeats, len(rows.y)), -1, dtype=np.intp)
    predicted: dict[str, NDArray[np.float64]] = {}
    for repeat in range(n_repeats):
        for number, (train, test) in enumerate(make_folds(rows.pairs, scheme, n_folds, repeat)):
            fold[repeat, test] = number
            known = rows.pairs[train], rows.y[train], rows.weights[train]
            held = rows.pairs[test]
            made = {name: make_learner(name, {"scheme": scheme}).fit(*known).predict(held) for name in learners}
            for name, values in (made | NaiveEffects.fit(*known, scheme=scheme).predict(held)).items():
                predicted.setdefault(name, np.full(fold.shape, np.nan))[repeat, test] = values
    naive = tuple(name for name in predicted if name not in learners)
    reference = find_scheme(scheme).reference
    stacked = np.stack([predicted[name] for name in (*learners, *naive)])
    return Evaluation(rows, find_scheme(scheme), tuple(learners), naive, reference, fold, stacked)
