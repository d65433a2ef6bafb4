from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.features.linked_calls import LinkedCalls
from drugresponse.features.samples import SampleEncoder
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.ridge.linear import FactorRidge
from tests.features.missing_calls import MISSING, anticoagulant

N_LINKED = len(MISSING)


def tokens_and_truth(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Tokens of the linked variants in dosages, those of the calls before some went missing, and which did."""
    pairs, _, calls = anticoagulant(seed=seed)
    encoder = SampleEncoder().fit(pairs.genotypes, pairs.covariates)
    at = [list(encoder.tokens_["token"]).index(f"VKORC1_{number}") for number in range(N_LINKED)]
    tokens = encoder.transform(pairs.genotypes, pairs.covariates)[:, at] / encoder.scale_[at]
    missing = ~encoder.called(pairs.genotypes, pairs.covariates)[:, at]
    return tokens, calls[:, :N_LINKED] - encoder.center_[at], missing


def test_linked_calls__are_expected_near_what_they_were():
    tokens, truth, missing = tokens_and_truth()
    for number in range(N_LINKED):
        here = missing[:, number]
        assert here.mean() == pytest.approx(MISSING[number], abs=0.05)
        error = np.mean((tokens - truth)[here, number] ** 2)
        # the mean would leave all of the variance
        assert error < 0.35 * np.var(truth[here, number])
        # expected values are neither too large nor too small
        slope = np.polyfit(tokens[here, number], truth[here, number], 1)[0]
        assert slope == pytest.approx(1, abs=0.15)
    np.testing.assert_allclose(tokens[~missing], truth[~missing], atol=1e-12)


def test_linked_calls__unlinked_features_and_tables_without_missing_calls_stay():
    rng = np.random.default_rng(0)
    unlinked = rng.normal(size=(300, 40))
    unlinked[rng.random(unlinked.shape) < 0.3] = np.nan
    assert not len(LinkedCalls.fit(unlinked, [np.arange(40)]).targets)
    complete = np.repeat(rng.normal(size=(300, 1)), 3, axis=1)
    assert not len(LinkedCalls.fit(complete, [np.arange(3)]).targets)


def test_linked_calls__features_of_other_blocks_tell_nothing():
    rng = np.random.default_rng(0)
    table = np.repeat(rng.normal(size=(200, 1)), 2, axis=1)
    table[:60, 0] = np.nan
    assert list(LinkedCalls.fit(table, [np.arange(2)]).targets) == [0]
    assert not len(LinkedCalls.fit(table, [np.array([0]), np.array([1])]).targets)


def test_linked_calls__a_call_without_any_linked_call_stays_missing():
    table = np.repeat(np.random.default_rng(0).normal(size=(200, 1)), 2, axis=1)
    table[:60, 0] = np.nan
    links = LinkedCalls.fit(table, [np.arange(2)])
    completed = links.complete(np.array([[np.nan, np.nan], [np.nan, 1.0]]))
    assert np.isnan(completed[0]).all()
    assert completed[1, 0] == pytest.approx(1, abs=0.1)


def test_linked_calls__wide_blocks_are_looked_at_in_a_window():
    rng = np.random.default_rng(0)
    table = rng.normal(size=(100, 2500))
    table[:, [10, 2400]] = table[:, [11, 11]]
    table[:30, [10, 2400]] = np.nan
    links = LinkedCalls.fit(table, [np.arange(2500)])
    assert list(links.targets) == [10]
    assert list(links.linked[0]) == [11]


def test_ridge__missing_calls_that_are_linked_cost_less():
    pairs, y, _ = anticoagulant(2400)
    train, test = np.arange(1200), np.arange(1200, 2400)
    predicted = FactorRidge().fit(pairs[train], y[train]).predict(pairs[test])
    # the same with means for what is missing: each variant in a block of its own is linked with none
    features = pairs.genotypes.features
    alone = pairs.genotypes.dense().copy()
    plain = Genotypes.build(alone, list(pairs.genotypes.sample_ids), features.assign(block=list(features.index)))
    other = replace(pairs, genotypes=plain)
    by_mean = FactorRidge().fit(other[train], y[train]).predict(other[test])
    errors = [np.mean((each - y[test]) ** 2) for each in (predicted, by_mean)]
    assert errors[0] < 0.99 * errors[1]


@pytest.fixture(scope="module")
def fitted() -> tuple[PairRegressor, object]:
    pairs, y, _ = anticoagulant(400)
    return FactorRidge().fit(pairs, y), pairs


def test_linked_calls__are_stored_and_parts_still_add_up(fitted):
    learner, pairs = fitted
    assert len(learner.sample_encoder_.links_.targets) == N_LINKED
    loaded = FactorRidge.from_state(learner.get_state())
    np.testing.assert_array_equal(loaded.predict(pairs), learner.predict(pairs))
    (parts,) = learner.contributions(pairs)
    np.testing.assert_allclose(parts.values.sum(axis=1), learner.predict(pairs))
    assert np.abs(parts.gaps).max() < 1e-9


def test_linked_calls__an_arm_multiplies_what_is_expected():
    pairs, _, _ = anticoagulant(300)
    covariates = pd.DataFrame({"dose": np.tile([0.0, 1.0], 150)}, index=pairs.genotypes.sample_ids)
    encoder = SampleEncoder("dose").fit(pairs.genotypes, covariates)
    tokens = encoder.transform(pairs.genotypes, covariates) / encoder.scale_
    crossed, feature, arm = encoder.interactions()
    np.testing.assert_allclose(tokens[:, crossed], tokens[:, feature] * tokens[:, arm], atol=1e-12)
    assert not encoder.called(pairs.genotypes, covariates)[:, crossed].all()
