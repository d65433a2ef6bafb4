"""The booster that few drugs share."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._boosters import Growth
from drugresponse.learners.trees._shared_booster import SharedBooster
from drugresponse.learners.trees.trees import BoostedTrees, RandomForest
from tests.learners.cohorts import draw_calls, made_pairs, rmse


def growth(rounds: int) -> Growth:
    parameters = {"eta": 0.1, "max_depth": 2, "subsample": 0.7}
    return Growth(forest=False, parameters=parameters, rounds=rounds, trees=rounds, n_jobs=1, random_state=0)


def class_of_drugs(signs: list[float], seed: int = 0, n_samples: int = 160) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Pairs of genes that act together on every drug, each by its sign; and the noise-free truth."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(n_samples, 12, rng)
    pairs = made_pairs(calls, len(signs))
    together = sum(calls[:, k] * calls[:, k + 1] for k in (0, 3, 6))
    truth = 2.0 * together[pairs.sample_index] * np.array(signs)[pairs.drug_index]
    return pairs, truth + rng.normal(0, 1, len(pairs)), truth


def errors(pairs: Pairs, y: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Error for each drug in new samples: with the shared booster, and by the drugs' own alone."""
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    learner = BoostedTrees().fit(pairs[train], y[train])
    drugs = pairs.drug_index[test]
    errors_of_drugs = []
    for _ in range(2):
        predicted = learner.predict(pairs[test])
        errors_of_drugs.append(
            np.array([rmse(predicted[drugs == k], truth[test][drugs == k]) for k in np.unique(drugs)])
        )
        learner.second_ = replace(learner.second_, shared=None)
    return errors_of_drugs[0], errors_of_drugs[1]


def test_shared_booster__drugs_learn_from_each_other():
    both, own = np.mean([errors(*class_of_drugs([1.0] * 5, seed)) for seed in range(3)], axis=0)
    assert both.mean() < 0.93 * own.mean()


def test_shared_booster__drugs_that_the_same_genes_act_on_the_other_way():
    both, own = np.mean([errors(*class_of_drugs([1.0, -1.0, 1.0, -1.0], seed)) for seed in range(3)], axis=0)
    assert both.mean() < own.mean()


def test_shared_booster__a_drug_of_wide_range_does_not_drown_the_others():
    pairs, y, truth = class_of_drugs([1.0] * 4)
    wide = np.where(pairs.drug_index == 0, 100.0, 1.0)
    alike, _ = errors(pairs, y, truth)
    loud, _ = errors(pairs, y * wide, truth * wide)
    np.testing.assert_allclose(loud[1:], alike[1:], rtol=0.25)
    assert loud[0] / 100 == pytest.approx(alike[0], rel=0.25)


@pytest.mark.parametrize(
    ("kind", "scheme", "n_drugs", "shares"),
    [
        (BoostedTrees, "new-samples", 2, True),
        (BoostedTrees, "new-samples", 1, False),
        (BoostedTrees, "random-pairs", 3, False),
        (BoostedTrees, "new-drugs", 3, False),
        (RandomForest, "new-samples", 3, False),
    ],
)
def test_shared_booster__is_for_several_drugs_in_new_samples(kind, scheme, n_drugs, shares):
    pairs, y, _ = class_of_drugs([1.0] * n_drugs, n_samples=60)
    learner = kind(scheme, trees=8).fit(pairs, y)
    assert (getattr(learner.second_, "shared", None) is not None) == shares


def test_shared_booster__few_inputs_are_all_seen():
    """Two genes out of twelve act only together: a tree that sees a third of them would hardly meet both."""
    inputs = draw_calls(400, 12, np.random.default_rng(0), share=0.5).astype(np.float32)
    target = 2.0 * (inputs[:, 2] != inputs[:, 9]) - 1.0
    drugs = np.arange(400) % 4
    grown = SharedBooster.fit(inputs, drugs, target, np.ones(400), growth(25))
    assert rmse(grown.predict(inputs, drugs), target) < 0.3


def test_shared_booster__responses_that_are_all_the_mean():
    inputs, drugs = np.ones((40, 2), dtype=np.float32), np.arange(40) % 2
    grown = SharedBooster.fit(inputs, drugs, np.zeros(40), np.ones(40), growth(2))
    np.testing.assert_allclose(grown.predict(inputs, drugs), 0.0, atol=1e-6)


def test_shared_booster__of_other_drugs_is_refused():
    pairs, y, _ = class_of_drugs([1.0] * 3, n_samples=60)
    state = BoostedTrees(trees=8).fit(pairs, y).get_state()
    with pytest.raises(ModelFileError, match=r"a booster cannot be read \(it takes \d+ inputs"):
        SharedBooster.from_state(state["shared"], 12, 4)
    short = {**state["shared"], "spreads": state["shared"]["spreads"][:2]}
    with pytest.raises(ModelFileError):
        SharedBooster.from_state(short, 12, 3)


def test_shared_booster__its_splits_count_for_the_tokens():
    pairs, y, _ = class_of_drugs([1.0] * 3, n_samples=60)
    trees = BoostedTrees(trees=8).fit(pairs, y).second_
    alone, together = replace(trees, shared=None).token_gains(), trees.token_gains()
    assert (together >= alone).all()
    assert together.sum() > 1.05 * alone.sum()
