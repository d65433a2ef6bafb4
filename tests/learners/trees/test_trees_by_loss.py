"""Trees of outcomes that are not continuous: what they learn, what they store, and what each prediction is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.trees._drug_trees import DrugTrees
from drugresponse.learners.trees._pair_trees import PairTrees
from drugresponse.learners.trees.trees import BoostedTrees, RandomForest
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs

TREES = [BoostedTrees, RandomForest]


def epistasis(kind: str, n_drugs: int, n_samples: int = 160, seed: int = 0) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """An effect that only shows where another gene is altered too, and the true scores."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(n_samples, 8, rng, share=0.5)
    pairs = made_pairs(calls, n_drugs)
    truth = 5.0 * (calls[:, 1] != calls[:, 5])[pairs.sample_index] - 2.5
    truth = truth + rng.normal(0, 0.3, n_drugs)[pairs.drug_index]
    return *draw_outcome(pairs, truth, kind, rng), truth


def agreement(predicted: np.ndarray, truth: np.ndarray, pairs: Pairs) -> float:
    """Mean over drugs of the correlation of scores with true ones."""
    drugs = [pairs.drug_index == number for number in pairs.used_drugs()]
    return float(np.mean([np.corrcoef(predicted[at], truth[at])[0, 1] for at in drugs]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("trees", TREES)
@pytest.mark.parametrize("n_drugs", [1, 3, 25])
def test_trees__find_what_genes_do_together(trees, kind, n_drugs):
    pairs, y, truth = epistasis(kind, n_drugs, n_samples=160 if n_drugs < 25 else 80)
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = trees(trees=120).fit(pairs[train], y[train])
    assert isinstance(learner.second_, DrugTrees if n_drugs < 25 else PairTrees)
    assert learner.notes()["trees_on_samples"] is False
    score, ridge = learner.predict(pairs[test]), learner.stage_.predict(pairs[test])
    assert agreement(score, truth[test], pairs[test]) > max(0.5, agreement(ridge, truth[test], pairs[test]) + 0.1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_drugs", [3, 25])
@pytest.mark.parametrize("trees", TREES)
def test_trees__their_state_predicts_the_same_and_parts_add_up(trees, n_drugs, kind):
    pairs, y, _ = epistasis(kind, n_drugs, n_samples=60)
    learner = trees(trees=40).fit(pairs, y)
    restored = trees.from_state(learner.get_state(), trees=40)
    bare = replace(pairs, observed=None)
    predicted = learner.predict(bare)
    np.testing.assert_array_equal(restored.predict(bare), predicted)
    for of_drug in restored.contributions(bare):
        np.testing.assert_allclose(of_drug.values.sum(axis=1) + of_drug.gaps, predicted[of_drug.rows], atol=1e-9)
        assert np.abs(of_drug.gaps).max() < 1e-4 * max(1.0, np.abs(predicted).max())
    weights = learner.feature_weights()[1]
    assert weights.sum() == pytest.approx(1.0)


def test_trees__a_drug_that_nothing_responds_to_stays_with_the_ridge():
    pairs, y, _ = epistasis("binary", 3)
    y = np.where(pairs.drug_index == 1, 0.0, y)
    learner = RandomForest(trees=40).fit(pairs, y)
    assert set(learner.second_.boosters.by_name) == {"d00", "d02"}
    at = pairs.drug_index == 1
    np.testing.assert_array_equal(learner.predict(pairs)[at], learner.stage_.predict(pairs)[at])
    boosted = BoostedTrees(trees=40).fit(pairs, y).predict(pairs)
    assert np.isfinite(boosted).all()
    assert boosted[at].max() < np.median(boosted[~at])


def test_trees__weights_count_as_rows_do():
    pairs, y, _ = epistasis("binary", 1)
    wrong = np.arange(len(y)) % 3 == 0
    spoilt = np.where(wrong, 1 - y, y)
    trusted = BoostedTrees(trees=80).fit(pairs, spoilt, np.where(wrong, 1e-4, 1.0)).predict(pairs)
    believed = BoostedTrees(trees=80).fit(pairs, spoilt).predict(pairs)
    assert ((trusted > 0) == (y > 0)).mean() > ((believed > 0) == (y > 0)).mean() + 0.05


def test_trees__too_few_groups_leave_the_ridge():
    pairs, y, _ = epistasis("binary", 2)
    one = replace(pairs, subjects=np.full(len(pairs.subjects), "s", dtype=object))
    learner = BoostedTrees(trees=20).fit(one, y)
    np.testing.assert_array_equal(learner.predict(one), learner.stage_.predict(one))


def test_trees__state_of_boosters_by_a_loss_is_not_taken_for_others():
    pairs, y, _ = epistasis("binary", 3)
    state = BoostedTrees(trees=40).fit(pairs, y).get_state()
    with pytest.raises(ModelFileError, match="it takes 9 inputs"):
        BoostedTrees.from_state({name: value for name, value in state.items() if name != "starts"}, trees=40)
    with pytest.raises(ModelFileError):
        BoostedTrees.from_state({**state, "starts": state["starts"][:2]}, trees=40)


def test_trees__the_score_is_the_mean_of_a_drugs_own_and_the_shared_booster_from_its_start():
    pairs, y, _ = epistasis("binary", 2, n_samples=80)
    y = np.where((pairs.drug_index == 1) & (np.arange(len(y)) % 5 > 0), 0.0, y)
    learner = BoostedTrees(trees=40).fit(pairs, y)
    trees, predicted = learner.second_, learner.predict(pairs)
    starts = loss_of(pairs, y, np.ones(len(y))).start()
    np.testing.assert_allclose(trees.starts, starts)
    assert np.ptp(starts) > 0.5
    ((_, ridge, table),) = trees.inputs.chunks(pairs)
    n_tokens = trees.inputs.n_tokens
    expected = ridge.copy()
    for drug, name in enumerate(trees.drug_ids):
        at = pairs.drug_index == drug
        if name in trees.boosters.by_name:
            expected[at] = starts[drug] + trees.boosters.predict(name, table[at, : n_tokens + 1])
    shared = starts[pairs.drug_index] + trees.shared.predict(table[:, :n_tokens], pairs.drug_index)
    np.testing.assert_allclose(predicted, (expected + shared) / 2, atol=1e-6)
