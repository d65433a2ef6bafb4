from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.splits import make_folds
from drugresponse.models.base import learner_class
from drugresponse.models.baselines import AdditiveMean
from drugresponse.models.stack import CANDIDATES, AutoLearner, choose
from tests.models.cohorts import draw_calls, made_pairs, rmse

FAST = {"trees": 10, "epochs": 4, "rank": 3}


@pytest.mark.parametrize("seed", [0, 1])
def test_auto__takes_the_naive_model_where_genotype_is_noise(seed):
    rng = np.random.default_rng(seed)
    pairs = made_pairs(draw_calls(80, 10, rng), 3)
    y = rng.normal(0, 2, 3)[pairs.drug_index] + rng.normal(size=len(pairs))
    auto = AutoLearner(random_state=seed, **FAST).fit(pairs, y)
    assert auto.chosen_ == "additive-mean"
    np.testing.assert_array_equal(auto.predict(pairs), AdditiveMean().fit(pairs, y).predict(pairs))


def test_auto__takes_something_better_where_there_is_signal():
    rng = np.random.default_rng(0)
    calls = draw_calls(100, 8, rng)
    pairs = made_pairs(calls, 3)
    y = 3 * calls[pairs.sample_index, 2] + rng.normal(size=len(pairs))
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    auto = AutoLearner(**FAST).fit(pairs[train], y[train])
    naive = AdditiveMean().fit(pairs[train], y[train])
    assert auto.chosen_ not in ("additive-mean", "covariates")
    assert isinstance(auto.learner_, learner_class(auto.chosen_))
    assert rmse(auto.predict(pairs[test]), y[test]) < 0.85 * rmse(naive.predict(pairs[test]), y[test])
    told = auto.notes()
    assert told["chosen"] == auto.chosen_
    assert set(told["inner_rmse"]) == set(CANDIDATES)
    names, weights = auto.feature_weights()
    assert names[int(np.argmax(weights))] == ("mutation", "g002")


def test_auto__state_round_trip():
    rng = np.random.default_rng(0)
    calls = draw_calls(60, 5, rng)
    pairs = made_pairs(calls, 2)
    auto = AutoLearner(**FAST).fit(pairs, 3 * calls[pairs.sample_index, 0] + rng.normal(size=len(pairs)))
    loaded = AutoLearner.from_state(auto.get_state(), **FAST)
    np.testing.assert_array_equal(loaded.predict(pairs), auto.predict(pairs))
    assert loaded.chosen_ == auto.chosen_
    assert loaded.errors_ == auto.errors_


def test_auto__jobs_do_not_matter():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(40, 5, rng), 2)
    y = rng.normal(size=len(pairs))
    one, two = (AutoLearner(n_jobs=jobs, **FAST).fit(pairs, y) for jobs in (1, 2))
    assert one.errors_ == two.errors_


def test_auto__too_few_groups_to_compare(caplog):
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 5, rng), 2, tissues=["lung"] * 30)
    auto = AutoLearner("new-tissues", **FAST).fit(pairs, rng.normal(size=len(pairs)))
    assert auto.chosen_ == "additive-mean"
    assert auto.notes()["inner_rmse"] == {}
    assert "auto cannot compare the learners and takes the naive model: responses: found 1 tissues" in caplog.text


def test_choose__simpler_unless_better_beyond_noise():
    rng = np.random.default_rng(0)
    rows, groups = np.ones((300, 6)), np.repeat(np.arange(30), 10)
    weights = np.ones(300)
    assert choose(rows, weights, groups) == "additive-mean"
    clear = rows.copy()
    clear[:, 2] = 0.5
    clear[:, 5] = 0.49
    assert choose(clear, weights, groups) == "neural"
    # a gain that a few samples make is noise, however many rows they have
    noisy = rows.copy()
    noisy[:, 2] += np.repeat(rng.normal(0, 1, 30), 10)
    noisy[:, 2] -= noisy[:, 2].mean() - 0.9
    assert choose(noisy, weights, groups) == "additive-mean"
    assert choose(noisy, weights, np.arange(300)) == "ridge"


def test_choose__rows_of_weight_0_do_not_matter():
    rows, weights = np.ones((40, 6)), np.ones(40)
    rows[:20, 3] = 0.1
    rows[20:, 3] = np.tile([0.9, 1.2], 10)
    weights[:20] = 1e-12
    assert choose(rows, weights, np.arange(40)) == "additive-mean"
    assert choose(rows, np.ones(40), np.arange(40)) == "boosted-trees"
