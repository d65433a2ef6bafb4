from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.scores.losses import survival_at
from drugresponse.data.scores.pooling import join_distributions, truth_of_folds

TIME = Outcome("time-to-event")


def _pairs(observed: Observed, n: int) -> Pairs:
    genotypes = Genotypes.from_dense(np.zeros((n, 1)), [f"s{i:03d}" for i in range(n)], ["g"])
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    return Pairs(**{**pairs.__dict__, "observed": observed})


def test_truth__censoring_is_that_of_the_training_rows() -> None:
    rng = np.random.default_rng(0)
    y, happened = rng.exponential(1.0, 80), rng.random(80) < 0.5
    folds = [(np.arange(40, 80), np.arange(40)), (np.arange(40), np.arange(40, 80))]
    rows, truth = truth_of_folds(_pairs(Observed(TIME, happened=happened, entry=np.zeros(80)), 80), y, folds)
    assert rows.tolist() == list(range(80))
    assert truth.fold.tolist() == [0] * 40 + [1] * 40
    # what the test rows were is not known to their weights
    other = happened.copy()
    other[:40] = ~other[:40]
    _, again = truth_of_folds(_pairs(Observed(TIME, happened=other, entry=np.zeros(80)), 80), y, folds)
    assert truth.follow_up is not None
    assert again.follow_up is not None
    assert truth.follow_up.watched_before_end[:40] == pytest.approx(again.follow_up.watched_before_end[:40])
    assert (truth.follow_up.watched_before_end[40:] != again.follow_up.watched_before_end[40:]).any()


def test_truth__rows_that_no_fold_holds_out_are_left_out() -> None:
    outcome = Outcome("binary", ("no", "yes"))
    y = np.array([0.0, 1.0, 0.0, 1.0])
    folds = [(np.array([0]), np.array([3])), (np.array([3]), np.array([1]))]
    rows, truth = truth_of_folds(_pairs(Observed(outcome), 4), y, folds)
    assert (rows.tolist(), truth.fold.tolist(), truth.y.tolist()) == ([1, 3], [1, 0], [1.0, 1.0])


def test_join__survival_of_other_times_stays_the_same() -> None:
    one = Distribution(TIME, np.zeros(1), times=np.array([1.0, 2.0]), survival=np.array([[0.8, 0.5]]))
    two = Distribution(TIME, np.ones(1), times=np.array([1.5]), survival=np.array([[0.6]]))
    joined = join_distributions([one, two], [np.array([7]), np.array([3])])
    times = np.array([[0.0, 1.0, 2.0, 9.0]])
    assert joined.scores.tolist() == [1.0, 0.0]
    assert survival_at(joined[[0]], times) == pytest.approx(survival_at(two, times))
    assert survival_at(joined[[1]], times) == pytest.approx(survival_at(one, times))
