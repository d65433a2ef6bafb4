from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.splits import make_folds
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.sparse.sparse import SparseRidge
from drugresponse.learners.stack.stack import candidates_for
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs


def made_rows(n_samples: int = 240, n_features: int = 500, n_drugs: int = 3, seed: int = 0) -> tuple:
    """Pairs with two tissues and missing calls, and scores: one feature for all drugs, one for the last drug alone."""
    rng = np.random.default_rng(seed)
    calls, tissue = draw_calls(n_samples, n_features, rng), rng.integers(0, 2, n_samples)
    table = 1.5 * calls[:, [3]] + np.where(tissue, 0.7, -0.7)[:, None] + np.linspace(-1, 1, n_drugs)
    table[:, -1] += 2 * calls[:, 100]
    calls[rng.random(calls.shape) < 0.02] = np.nan
    pairs = made_pairs(calls, n_drugs, tissues=[["lung", "skin"][at] for at in tissue])
    return pairs, table[pairs.sample_index, pairs.drug_index], rng


def within_drugs(one: np.ndarray, other: np.ndarray, pairs) -> float:
    at = [np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))]
    return float(np.mean([np.corrcoef(one[rows], other[rows])[0, 1] for rows in at]))


def test_predict__few_effects_among_many_features_where_the_ridge_is_lost():
    pairs, truth, rng = made_rows()
    y = truth + rng.normal(size=len(truth))
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    sparse, ridge = (kind().fit(pairs[train], y[train]).predict(pairs[test]) for kind in (SparseRidge, FactorRidge))
    assert within_drugs(sparse, truth[test], pairs[test]) > 0.95
    assert within_drugs(ridge, truth[test], pairs[test]) < 0.85


def test_predict__a_drugs_own_feature_is_its_alone():
    pairs, truth, rng = made_rows()
    learner = SparseRidge().fit(pairs, truth + rng.normal(size=len(truth)))
    drugs = learner.drug_embeddings(pairs)
    tokens = learner.sample_encoder_.tokens_["token"]
    effects = (learner.coefficients_ @ np.column_stack([np.ones(3), drugs[:, 1:]]).T) * learner.sample_encoder_.scale_[
        :, None
    ]
    np.testing.assert_allclose(effects[tokens == "g003"][0], 1.5, atol=0.35)
    np.testing.assert_allclose(effects[tokens == "g100"][0], [0, 0, 2], atol=0.35)
    features, weights = learner.feature_weights()
    assert {features[at][1] for at in np.argsort(-weights)[:2]} == {"g003", "g100"}


def test_predict__many_small_effects_are_left_to_the_ridge():
    rng = np.random.default_rng(0)
    calls = draw_calls(300, 600, rng)
    value = calls @ rng.normal(size=600)
    truth = (value - value.mean()) / value.std()
    pairs = made_pairs(calls, 1)
    y = truth + rng.normal(size=300) * 0.5
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    sparse, ridge = (kind().fit(pairs[train], y[train]).predict(pairs[test]) for kind in (SparseRidge, FactorRidge))
    assert np.corrcoef(sparse, truth[test])[0, 1] > np.corrcoef(ridge, truth[test])[0, 1] - 0.03


@pytest.mark.parametrize("kind", ["continuous", *KINDS])
def test_predict_left_out__chance_is_not_taken_for_an_effect(kind):
    rng = np.random.default_rng(3)
    pairs = made_pairs(draw_calls(120, 400, rng), 2)
    pairs, y = (pairs, rng.normal(size=240)) if kind == "continuous" else draw_outcome(pairs, np.zeros(240), kind, rng)
    learner = SparseRidge().fit(pairs, y)
    assert abs(within_drugs(learner.predict_left_out(pairs) + 1e-9 * rng.normal(size=240), y, pairs)) < 0.25


@pytest.mark.parametrize("kind", KINDS)
def test_predict__outcomes_that_are_no_numbers(kind):
    pairs, truth, rng = made_rows(n_features=300)
    pairs, y = draw_outcome(pairs, 1.5 * (truth - truth.mean()), kind, rng)
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    learner = SparseRidge().fit(pairs[train], y[train])
    predicted = learner.predict(pairs[test])
    ridge = FactorRidge().fit(pairs[train], y[train]).predict(pairs[test])
    gain = within_drugs(predicted, truth[test], pairs[test]) - within_drugs(ridge, truth[test], pairs[test])
    assert gain > 0.05
    again = SparseRidge.from_state(learner.get_state(), **learner.get_params())
    np.testing.assert_array_equal(again.predict(pairs[test]), predicted)


def test_predict__samples_of_one_lineage_alone_are_the_ridges():
    pairs, truth, _ = made_rows(12, 120)
    alone = made_pairs(pairs.genotypes.dense(), 3, subjects=["one"] * 12)
    sparse, ridge = (kind().fit(alone, truth).predict(alone) for kind in (SparseRidge, FactorRidge))
    np.testing.assert_allclose(sparse, ridge)


def test_candidates_for__more_features_than_samples():
    wide, long = made_pairs(np.zeros((5, 9)), 2), made_pairs(np.zeros((9, 5)), 2)
    assert "sparse" in candidates_for(wide)
    assert "sparse" not in candidates_for(long)
