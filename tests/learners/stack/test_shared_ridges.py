from __future__ import annotations

import pickle

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.neural.neural import NeuralResponse
from drugresponse.learners.ridge.linear import CovariateRidge, FactorRidge
from drugresponse.learners.stack._shared_ridges import SharedRidges
from drugresponse.learners.stack.stack import AutoLearner
from drugresponse.learners.trees.trees import BoostedTrees
from tests.learners.cohorts import draw_calls, draw_outcome, made_pairs

STAGED = [BoostedTrees(trees=8), NeuralResponse(members=2, epochs=2, hidden=4)]


@pytest.fixture(scope="module", params=["continuous", "interval"])
def rows(request) -> tuple[Pairs, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    calls = draw_calls(60, 6, rng)
    pairs = made_pairs(calls, 3)
    y = 2 * calls[pairs.sample_index, 1] + rng.normal(size=len(pairs))
    if request.param != "continuous":
        pairs, y = draw_outcome(pairs, y, request.param, rng)
    return pairs, y, rng.uniform(0.5, 2, len(pairs))


@pytest.mark.parametrize("learner", STAGED)
def test_fit__a_learner_begins_with_the_ridge_of_its_part_and_is_as_one_alone(rows, learner):
    pairs, y, weights = rows
    ridges, (first, second) = SharedRidges(), [train for train, _ in make_folds(pairs, "new-samples", 2, 0)]
    settings = learner.get_params()
    alone = type(learner)(**settings).fit(pairs[second], y[second], weights[second])
    ridge = ridges.fit(FactorRidge(), 0, pairs[first], y[first], weights[first])
    other = ridges.fit(type(learner)(**settings), 1, pairs[second], y[second], weights[second])
    same = ridges.fit(type(learner)(**settings), 0, pairs[first], y[first], weights[first])
    assert same.stage_ is ridge
    assert other.stage_ is not ridge
    assert other.stage_ is ridges.fit(FactorRidge(), 1, pairs[second], y[second], weights[second])
    np.testing.assert_allclose(other.predict(pairs), alone.predict(pairs), rtol=1e-5, atol=1e-6)
    # another fit of the same learner is one to its own rows
    again = other.fit(pairs[first], y[first], weights[first])
    np.testing.assert_allclose(again.stage_.predict(pairs), ridge.predict(pairs), rtol=1e-9, atol=1e-9)


def test_fit__other_learners_are_fitted_as_they_are(rows):
    pairs, y, weights = rows
    ridges = SharedRidges()
    ridge = ridges.fit(FactorRidge(), 0, pairs, y, weights)
    covariates = ridges.fit(CovariateRidge(), 0, pairs, y, weights)
    assert covariates is not ridge
    assert np.ptp(covariates.predict(pairs)[pairs.drug_index == 0]) == pytest.approx(0, abs=1e-9)


def test_fit__what_was_sent_to_another_process_shares_nothing(rows):
    pairs, y, weights = rows
    ridges = SharedRidges()
    kept = ridges.fit(FactorRidge(), 0, pairs, y, weights)
    sent = pickle.loads(pickle.dumps(ridges))  # noqa: S301 -- made here
    half = np.arange(0, len(y), 2)
    one, other = (sent.fit(FactorRidge(), 0, pairs[at], y[at], weights[at]) for at in (np.arange(len(y)), half))
    np.testing.assert_allclose(one.predict(pairs), kept.predict(pairs), rtol=1e-9, atol=1e-9)
    assert np.abs(one.predict(pairs) - other.predict(pairs)).max() > 1e-3


def test_auto__its_learners_share_the_ridge_of_all_rows(rows):
    pairs, y, _ = rows
    shares = {"ridge": 0.5, "boosted-trees": 0.2, "random-forest": 0.3}
    auto = AutoLearner(trees=8).fit_weighed(pairs, y, None, shares)
    assert auto.members_["boosted-trees"].stage_ is auto.members_["random-forest"].stage_ is auto.members_["ridge"]
    restored = AutoLearner.from_state(auto.get_state(), trees=8)
    np.testing.assert_allclose(restored.predict(pairs), auto.predict(pairs), rtol=1e-9)
