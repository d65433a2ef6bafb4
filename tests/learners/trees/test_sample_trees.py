from __future__ import annotations

import json

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.trees import _sample_trees as sample_trees
from drugresponse.learners.trees._boosters import Growth
from drugresponse.learners.trees._forest import Forest
from drugresponse.learners.trees._sample_trees import SampleTrees
from tests.learners.cohorts import draw_calls, made_pairs, rmse

KINDS = pytest.mark.parametrize("forest", [False, True])


def stepwise(n_samples: int = 150, n_drugs: int = 8) -> tuple[Pairs, np.ndarray]:
    """An effect that only shows where another gene is altered too, on half of the drugs."""
    rng = np.random.default_rng(0)
    calls = draw_calls(n_samples, 8, rng, share=0.5)
    pairs = made_pairs(calls, n_drugs).compact()
    both = (calls[:, 1] > 0) & (calls[:, 5] > 0)
    return pairs, 4.0 * both[pairs.sample_index] * (pairs.drug_index % 2) + rng.normal(0, 0.3, len(pairs))


def grown(stage: FactorRidge, pairs: Pairs, forest: bool, trees: int = 150, max_depth: int = 4) -> SampleTrees:
    parameters = {"max_depth": max_depth, "eta": 0.1, "subsample": 0.8, "colsample_bytree": 0.3}
    growth = Growth(forest, parameters, rounds=max(1, trees // 3), trees=trees, n_jobs=1, random_state=0)
    return SampleTrees.fit(stage, pairs, np.zeros(len(pairs)), np.ones(len(pairs)), growth)


@KINDS
def test_sample_trees__beat_the_ridge_that_they_stand_on(forest):
    pairs, y = stepwise()
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    rows = pairs[train].compact()
    stage = FactorRidge().fit(rows, y[train])
    trees = grown(stage, rows, forest)
    assert isinstance(trees.trees, Forest) == forest
    error, ridge = rmse(trees.predict(pairs[test]), y[test]), rmse(stage.predict(pairs[test]), y[test])
    assert error < 0.8 * ridge


@KINDS
def test_sample_trees__state_round_trip(forest):
    pairs, y = stepwise(60)
    stage = FactorRidge().fit(pairs, y)
    trees = grown(stage, pairs, forest, trees=9)
    loaded = SampleTrees.from_state(trees.get_state(), stage, forest=forest)
    np.testing.assert_allclose(loaded.predict(pairs), trees.predict(pairs), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded.token_gains(), trees.token_gains(), rtol=1e-5, atol=1e-6)


@KINDS
def test_sample_trees__gains_are_those_of_the_genes_that_act(forest):
    pairs, y = stepwise()
    stage = FactorRidge().fit(pairs, y)
    gains = grown(stage, pairs, forest).token_gains()
    assert gains.shape == (8,)
    assert (gains >= 0).all()
    assert gains.any()


@KINDS
def test_sample_trees__columns_beyond_the_trees_stay_the_ridges(forest, monkeypatch):
    monkeypatch.setattr(sample_trees, "_TARGETS", 2)
    pairs, y = stepwise(80)
    stage = FactorRidge().fit(pairs, y)
    assert stage.rank_ > 2
    trees = grown(stage, pairs, forest, trees=9)
    assert trees.center.shape == (2,)
    samples, drugs = stage.sample_embeddings(pairs), stage.drug_embeddings(pairs)
    beyond = trees.predict(pairs) - stage.predict(pairs)
    # what the trees change lies in the plane of the general effect and the first axis
    changed = beyond.reshape(80, 8)
    loadings = np.column_stack([np.ones(8), drugs[:, 1]])
    np.testing.assert_allclose(
        changed, changed @ loadings @ np.linalg.pinv(loadings.T @ loadings) @ loadings.T, atol=1e-6
    )
    assert np.abs(changed).max() > 0.01
    assert samples.shape[1] == 1 + stage.rank_
    loaded = SampleTrees.from_state(trees.get_state(), stage, forest=forest)
    np.testing.assert_allclose(loaded.predict(pairs), trees.predict(pairs), rtol=1e-5, atol=1e-6)


def test_sample_trees__boosters_are_given_the_tokens_of_most_weight(monkeypatch):
    monkeypatch.setattr(sample_trees, "_MOST_TOKENS", 3)
    pairs, y = stepwise()
    stage = FactorRidge().fit(pairs, y)
    few = grown(stage, pairs, forest=False, trees=9)
    expected = np.sort(np.argsort(-stage.token_importance(), kind="stable")[:3])
    np.testing.assert_array_equal(few.columns, expected)
    assert {1, 5} <= set(few.columns)
    assert set(np.flatnonzero(few.token_gains())) <= set(few.columns)
    np.testing.assert_array_equal(grown(stage, pairs, forest=True, trees=9).columns, np.arange(8))
    loaded = SampleTrees.from_state(few.get_state(), stage, forest=False)
    np.testing.assert_allclose(loaded.predict(pairs), few.predict(pairs), rtol=1e-5, atol=1e-6)


@KINDS
def test_sample_trees__each_sample_goes_down_once_whatever_pairs_are_asked(forest):
    pairs, y = stepwise(60)
    stage = FactorRidge().fit(pairs, y)
    trees = grown(stage, pairs, forest, trees=9)
    some = np.random.default_rng(0).permutation(len(pairs))[:30]
    np.testing.assert_allclose(trees.predict(pairs[some]), trees.predict(pairs)[some], rtol=1e-9)


def test_sample_trees__boosters_are_four_deep_at_most():
    pairs, y = stepwise(60)
    stage = FactorRidge().fit(pairs, y)
    deep, four, shallow = (grown(stage, pairs, False, trees=9, max_depth=depth).predict(pairs) for depth in (9, 4, 1))
    np.testing.assert_array_equal(deep, four)
    assert (shallow != four).any()


def test_sample_trees__boosters_cut_inputs_of_few_samples_less_often():
    most = []
    for n_samples in (60, 300):
        pairs, y = stepwise(n_samples)
        booster = grown(FactorRidge().fit(pairs, y), pairs, False).trees
        grown_trees = json.loads(booster.save_raw("json"))["learner"]["gradient_booster"]["model"]["trees"]
        cuts: dict[int, set[float]] = {}
        for tree in grown_trees:
            for at, left in enumerate(tree["left_children"]):
                if left >= 0:
                    cuts.setdefault(tree["split_indices"][at], set()).add(tree["split_conditions"][at])
        most.append(max(map(len, cuts.values())))
    assert most[0] <= 8 < most[1] <= 300 // 16


@KINDS
def test_sample_trees__forged_columns_are_refused(forest):
    pairs, y = stepwise(60)
    stage = FactorRidge().fit(pairs, y)
    state = grown(stage, pairs, forest, trees=6).get_state()["by_sample"]
    outside = state["columns"].copy()
    outside[-1] = 8
    with pytest.raises(ModelFileError, match=r"^model: a tree input lies outside the tokens"):
        SampleTrees.from_state({"by_sample": {**state, "columns": outside}}, stage, forest=forest)
    words = ".*(leads outside itself|a number outside)" if forest else r"a booster cannot be read \(it takes \d+ inputs"
    with pytest.raises(ModelFileError, match=f"^model: {words}"):
        SampleTrees.from_state({"by_sample": {**state, "columns": state["columns"][:1]}}, stage, forest=forest)
    with pytest.raises(ModelFileError, match=r'^model: the array "center" has shape'):
        SampleTrees.from_state({"by_sample": {**state, "center": state["center"][:-1]}}, stage, forest=forest)
