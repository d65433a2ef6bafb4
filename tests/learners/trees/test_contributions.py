"""Credits of trees: by definition, beside XGBoost's own, and rescaled without remainder."""

from __future__ import annotations

from itertools import combinations
from math import comb

import numpy as np
import pytest

from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.registry import make_learner
from drugresponse.learners.rescaling import Rescaling
from drugresponse.learners.trees._boosters import grow_booster
from drugresponse.learners.trees._forest import Forest, grow_forest
from drugresponse.learners.trees.credits.shapley_trees import LeafPaths, shapley_credits
from tests.learners.cohorts import draw_calls, made_pairs

PARAMETERS = {"max_depth": 4, "eta": 0.3, "num_parallel_tree": 2, "subsample": 0.7}


def steps(n_outputs: int, n_rows: int = 120) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 4, size=(n_rows, 6)).astype(np.float32)
    target = np.column_stack([inputs[:, k] * (inputs[:, k + 1] > 1) for k in range(n_outputs)])
    return inputs, target + rng.normal(0, 0.1, target.shape)


def grown(n_outputs: int) -> tuple[object, np.ndarray]:
    inputs, target = steps(n_outputs)
    target = target[:, 0] if n_outputs == 1 else target
    return grow_booster(inputs, target, np.ones(len(inputs)), PARAMETERS, 5, random_state=0), inputs


def test_shapley_credits__are_those_of_xgboost():
    import xgboost

    booster, inputs = grown(1)
    credits = shapley_credits(booster, inputs)
    own = booster.predict(xgboost.DMatrix(inputs, nthread=1), pred_contribs=True)
    np.testing.assert_allclose(credits.of(np.ones(1)), own[:, :-1], atol=2e-5)
    assert credits.expected[0] == pytest.approx(own[0, -1], abs=1e-5)


def test_shapley_credits__of_vectors_add_up_and_follow_the_definition():
    booster, inputs = grown(3)
    credits = shapley_credits(booster, inputs)
    loadings = np.array([1.0, -2.0, 0.5])
    predicted = booster.inplace_predict(inputs) @ loadings
    np.testing.assert_allclose(credits.of(loadings).sum(axis=1) + credits.expected @ loadings, predicted, atol=1e-5)
    paths, row = LeafPaths.read(booster), inputs[3]
    met = (paths.low <= row[paths.inputs]) & (row[paths.inputs] < paths.high)
    leaves = paths.values @ loadings

    def worth(known: tuple[int, ...]) -> float:
        """Expected prediction where only these inputs are known."""
        return float(leaves @ np.where(np.isin(paths.inputs, known), met, paths.shares).prod(axis=1))

    others = [1, 2, 3, 4, 5]
    direct = sum(
        (worth((*some, 0)) - worth(some)) / (6 * comb(5, size))
        for size in range(6)
        for some in combinations(others, size)
    )
    assert credits.of(loadings)[3, 0] == pytest.approx(direct, abs=1e-6)


class Booster:
    """Gives the text that a booster of another version would give."""

    def __init__(self, text: str) -> None:
        self.text = text

    def save_raw(self, raw_format: str) -> bytearray:
        return bytearray(self.text.encode())


def test_leaf_paths__xgboost_that_counts_no_rows():
    text = bytes(grown(3)[0].save_raw("json")).decode().replace('"sum_hessian"', '"elsewhere"')
    with pytest.raises(InputError, match="Install a newer XGBoost"):
        LeafPaths.read(Booster(text))


def test_leaf_paths__tree_that_is_deeper_than_any_grown_here():
    inputs, target = steps(2, 400)
    inputs = np.hstack([inputs, np.random.default_rng(1).normal(size=(400, 6)).astype(np.float32)])
    deep = grow_booster(inputs, target, np.ones(400), {"max_depth": 9, "lambda": 0.0}, 2, random_state=0)
    with pytest.raises(ModelFileError, match="inputs in a row"):
        LeafPaths.read(deep)


def test_forest__credits_go_to_the_inputs_asked_on_the_way():
    # input 1 parts leaf 5 from the rest, then input 0 parts leaves 1 and 3
    forest = Forest(
        np.array([0], dtype=np.int32),
        np.array([1, 3, 2, 3, 4], dtype=np.int32),
        np.array([2, 4, 2, 3, 4], dtype=np.int32),
        np.array([1, 0, 0, 0, 0], dtype=np.int32),
        np.array([0.5, 0.5, 0, 0, 0], dtype=np.float32),
        np.array([[5.0], [1.0], [3.0]], dtype=np.float32),
    )
    credits = forest.credits(np.array([[0, 0], [1, 0], [0, 1]], dtype=np.float32))
    assert credits.expected.tolist() == [3.0]
    assert credits.of(np.ones(1)).tolist() == [[-1.0, -1.0], [1.0, -1.0], [0.0, 2.0]]


def test_forest__credits_add_up():
    inputs, target = steps(3)
    forest = grow_forest(inputs, target, np.ones(len(inputs)), n_trees=10, random_state=0)
    credits, loadings = forest.credits(inputs), np.array([1.0, -1.0, 2.0])
    sums = credits.of(loadings).sum(axis=1) + credits.expected @ loadings
    np.testing.assert_allclose(sums, forest.predict(inputs) @ loadings, atol=1e-5)
    assert credits.of(loadings)[:, 5].std() < 0.5 * credits.of(loadings)[:, 0].std()


def test_forest__a_single_leaf_credits_no_input():
    forest = grow_forest(np.zeros((9, 2), dtype=np.float32), np.ones((9, 1)), np.ones(9), n_trees=3, random_state=0)
    credits = forest.credits(np.zeros((2, 2), dtype=np.float32))
    assert credits.expected.tolist() == [1.0]
    assert not credits.of(np.ones(1)).any()


def test_rescaling__nothing_is_lost_and_nothing_blown_up():
    rng = np.random.default_rng(0)
    tokens = rng.normal(size=(200, 30)) * (rng.random((200, 30)) < 0.7)
    tokens[:5] = 0.0
    credits = rng.normal(size=(200, 4))
    rescaling = Rescaling.of(tokens, rng.normal(size=(30, 4)))
    of_tokens, of_none = rescaling.to_tokens(credits)
    np.testing.assert_allclose(of_tokens.sum(axis=1) + of_none, credits.sum(axis=1), atol=1e-9)
    np.testing.assert_allclose(of_none[:5], credits[:5].sum(axis=1))
    assert not of_none[5:].any()
    assert (np.abs(of_tokens).sum(axis=1) <= 10 * np.abs(credits).sum(axis=1) + 1e-9).all()
    # both rules were used
    assert (rescaling.by_sum[5:] != 0).any()
    assert (rescaling.by_size[5:] != 0).any()


def test_rescaling__in_proportion_to_the_parts():
    rescaling = Rescaling.of(np.array([[3.0, -1.0, 0.0]]), np.ones((3, 1)))
    np.testing.assert_allclose(rescaling.to_tokens(np.array([[4.0]]))[0], [[6.0, -2.0, 0.0]])


@pytest.mark.parametrize("name", ["boosted-trees", "random-forest"])
@pytest.mark.parametrize("n_drugs", [2, 21])
def test_trees__genes_that_only_trees_see_lead(name, n_drugs):
    """Resistant where just one of two genes is altered: the ridge has nothing to hand down."""
    rng = np.random.default_rng(0)
    calls = draw_calls(150, 6, rng, share=0.5)
    pairs = made_pairs(calls, n_drugs)
    y = 3.0 * (calls[:, 1] != calls[:, 3])[pairs.sample_index] + rng.normal(0, 0.5, len(pairs))
    learner = make_learner(name, {"trees": 40, "rank": 2}).fit(pairs, y)
    parts, first = learner.contribution_parts(), next(learner.contributions(pairs))
    spread = first.values.std(axis=0)[(parts["kind"] == "genotype").to_numpy()]
    assert set(np.argsort(-spread)[:2]) == {1, 3}
