"""Shapley values in tables: beside XGBoost's own, of missing inputs and trees grown by a loss too."""

from __future__ import annotations

import numpy as np
import pytest

from drugresponse.learners.trees._boosters import booster_credits, grow_booster
from drugresponse.learners.trees.credits.pattern_credits import PatternCredits


def made(*, missing: float) -> tuple[np.ndarray, np.ndarray]:
    """Calls and a number, of which two act together and one is met twice on a path."""
    rng = np.random.default_rng(0)
    inputs = np.hstack([rng.integers(0, 2, (300, 6)), rng.normal(size=(300, 2))]).astype(np.float32)
    target = inputs[:, 0] * inputs[:, 1] + np.sin(3 * inputs[:, 6]) + rng.normal(0, 0.1, 300)
    inputs[rng.random(inputs.shape) < missing] = np.nan
    return inputs, target


def own_credits(booster: object, inputs: np.ndarray) -> np.ndarray:
    return booster_credits(booster, len(inputs), by_steps=False)(inputs)


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize("depth", [1, 3, 6])
def test_credits__are_those_of_xgboost(depth, missing):
    inputs, target = made(missing=missing)
    drawn = {"max_depth": depth, "eta": 0.3, "num_parallel_tree": 2, "subsample": 0.7}
    booster = grow_booster(inputs, target, np.ones(len(inputs)), drawn, 5, random_state=0)
    tables = PatternCredits.read(booster)
    assert tables is not None
    credits = tables.of(inputs)
    np.testing.assert_allclose(credits, own_credits(booster, inputs), atol=2e-5)
    np.testing.assert_allclose(credits.sum(axis=1), booster.inplace_predict(inputs), atol=2e-5)


def test_credits__a_tree_of_one_leaf_credits_no_input():
    inputs, target = made(missing=0.0)
    booster = grow_booster(inputs, 0 * target + 3, np.ones(len(inputs)), {"max_depth": 3}, 2, random_state=0)
    tables = PatternCredits.read(booster)
    assert tables is not None
    np.testing.assert_allclose(tables.of(inputs), [[0.0] * 8 + [3.0]] * len(inputs), atol=1e-6)


def test_booster_credits__many_rows_are_as_few_of_them():
    inputs, target = made(missing=0.1)
    booster = grow_booster(inputs, target, np.ones(len(inputs)), {"max_depth": 4}, 5, random_state=0)
    many = booster_credits(booster, 3000, by_steps=False)
    assert many.__qualname__.startswith("PatternCredits")
    np.testing.assert_allclose(many(np.tile(inputs, (10, 1)))[-300:], own_credits(booster, inputs), atol=2e-5)


def test_read__leaves_trees_that_are_too_deep_for_tables_to_xgboost():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(600, 12)).astype(np.float32)
    deep = grow_booster(inputs, inputs.sum(axis=1), np.ones(600), {"max_depth": 9, "lambda": 0.0}, 2, random_state=0)
    assert PatternCredits.read(deep) is None
    np.testing.assert_allclose(own_credits(deep, inputs).sum(axis=1), deep.inplace_predict(inputs), atol=1e-4)


def test_read__takes_a_full_tree_of_the_greatest_depth():
    rng = np.random.default_rng(1)
    inputs = rng.normal(size=(2000, 6)).astype(np.float32)
    drawn = {"max_depth": 6, "lambda": 0.0, "min_child_weight": 0.0}
    full = grow_booster(inputs, inputs.sum(axis=1), np.ones(2000), drawn, 1, random_state=0)
    tables = PatternCredits.read(full)
    assert tables is not None and len(tables.trees[0].turns) == 63
    np.testing.assert_allclose(tables.of(inputs), booster_credits(full, 1, by_steps=False)(inputs), atol=2e-5)
