"""A learner on a fold of genotypes that stay stored."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.joining import JoinLoss, TrainingRows
from drugresponse.data.splits import make_folds
from drugresponse.evaluation.folds import PlannedFold
from drugresponse.evaluation.units import contenders, run_unit
from tests.learners.cohorts import draw_calls, made_pairs
from tests.stored_genotypes import passes, stored


@pytest.mark.parametrize("name", ["ridge", "covariates"])
def test_run_unit__reads_stored_genotypes_once_for_all_folds(name):
    rng = np.random.default_rng(0)
    calls = draw_calls(60, 40, rng)
    calls[rng.random(calls.shape) < 0.1] = np.nan
    pairs = made_pairs(calls, 1, tissues=[f"t{at % 3}" for at in range(60)])
    y = np.nan_to_num(calls)[:, :4].sum(axis=1) + rng.normal(size=60)
    rows = TrainingRows(
        replace(pairs, genotypes=stored(pairs.genotypes)), y, np.ones(60), JoinLoss(60, 1, 60, 0, 0, 0, 0)
    )
    (contender,) = contenders([name], {"scheme": "new-samples"})
    folds = [PlannedFold(0, at, *fold) for at, fold in enumerate(make_folds(pairs, "new-samples", 3, 0))]
    results = [run_unit(contender, fold, rows) for fold in folds]
    assert passes(rows.pairs.genotypes) == (0 if name == "covariates" else 1)
    in_memory = [run_unit(contender, fold, replace(rows, pairs=pairs)) for fold in folds]
    for one, other in zip(results, in_memory, strict=True):
        # missing calls count as the mean of all samples, and what is known is a share of variance
        assert np.abs(one.predicted - other.predicted).max() < 0.1 * y.std()
        assert np.abs(one.share_known - other.share_known).max() < 0.2
