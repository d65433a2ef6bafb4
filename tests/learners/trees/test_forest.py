from __future__ import annotations

import numpy as np
import pytest
from sklearn.ensemble import RandomForestRegressor

from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._forest import Forest, grow_forest


def made(n_targets: int, n: int = 120) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(n, 6)).astype(np.float32)
    inputs[:, 3:] = inputs[:, 3:] > 0  # as mutations are, with many ties
    targets = np.outer(inputs[:, 0] * inputs[:, 3], np.arange(1, n_targets + 1)) + rng.normal(0, 0.2, (n, n_targets))
    # on the grid to which targets and weights are rounded
    return inputs, np.round(targets * 1024) / 1024, np.round(rng.uniform(0.2, 3, n) * 64) / 64


def grown(n_targets: int = 3, **settings: int) -> Forest:
    return grow_forest(*made(n_targets), **{"n_trees": 15, "random_state": 4, **settings})


@pytest.mark.parametrize("n_targets", [1, 3])
def test_forest__predicts_what_scikit_learns_forest_predicts(n_targets):
    inputs, targets, weights = made(n_targets)
    reference = RandomForestRegressor(15, max_features=1 / 3, min_samples_leaf=3, random_state=4)
    reference.fit(inputs, targets[:, 0] if n_targets == 1 else targets, weights)
    new = np.random.default_rng(1).normal(size=(700, 6)).astype(np.float32)
    new[:, 4] = np.round(new[:, 4])  # on both sides of a threshold of 0.5, and on it
    new[::5, 4] = 0.5
    expected = reference.predict(new).reshape(700, n_targets)
    np.testing.assert_allclose(grown(n_targets).predict(new), expected, rtol=1e-5, atol=1e-6)


def test_forest__number_of_rows_predicted_at_once_does_not_matter():
    inputs = np.random.default_rng(1).normal(size=(700, 6)).astype(np.float32)
    forest = grown()
    one_by_one = np.vstack([forest.predict(inputs[[i]]) for i in range(505, 520)])
    np.testing.assert_allclose(forest.predict(inputs)[505:520], one_by_one, rtol=1e-9, atol=1e-10)
    assert forest.predict(inputs[:0]).shape == (0, 3)


def test_forest__jobs_do_not_matter_and_another_seed_does():
    one, two, other = (
        grown(**settings).get_state() for settings in ({"n_jobs": 1}, {"n_jobs": 2}, {"random_state": 5})
    )
    for name, array in one.items():
        np.testing.assert_array_equal(array, two[name], err_msg=name)
    assert len(one["left"]) != len(other["left"]) or (one["threshold"] != other["threshold"]).any()


def test_forest__heavy_rows_pull_harder():
    inputs, targets, _ = made(1)
    high = np.arange(len(inputs)) % 2 == 0
    spoilt = np.where(high[:, None], 10.0, targets)
    light = grow_forest(inputs, spoilt, np.where(high, 1e-6, 1.0), n_trees=20, random_state=0)
    assert np.abs(light.predict(inputs)).max() < 5
    assert grow_forest(inputs, spoilt, np.ones(120), n_trees=20, random_state=0).predict(inputs).max() > 5


def test_forest__splits_are_counted_by_input():
    inputs, targets, weights = made(2)
    inputs[:, 5] = 1.0
    forest = grow_forest(inputs, targets, weights, n_trees=20, random_state=0)
    reference = RandomForestRegressor(20, max_features=1 / 3, min_samples_leaf=3, random_state=0)
    features = [tree.tree_.feature for tree in reference.fit(inputs, targets, weights).estimators_]
    counts = forest.splits(6)
    assert counts.shape == (6,)
    assert counts[5] == 0
    assert counts.tolist() == [sum((numbers == number).sum() for numbers in features) for number in range(6)]


def test_forest__without_any_split_is_the_mean():
    forest = grow_forest(
        np.ones((20, 2), np.float32), np.full((20, 2), [3.0, 4.0]), np.ones(20), n_trees=5, random_state=0
    )
    np.testing.assert_allclose(forest.predict(np.zeros((4, 2), np.float32)), np.full((4, 2), [3.0, 4.0]))
    assert not forest.splits(2).any()
    loaded = Forest.from_state(forest.get_state(), 2, 2)
    np.testing.assert_array_equal(loaded.predict(np.zeros((4, 2), np.float32)), forest.predict(np.zeros((4, 2))))


def test_forest__state_round_trip():
    forest, inputs = grown(), made(3)[0]
    loaded = Forest.from_state(forest.get_state(), n_inputs=6, n_targets=3)
    np.testing.assert_allclose(loaded.predict(inputs), forest.predict(inputs), rtol=1e-5, atol=1e-6)


def inner_node(state: dict) -> int:
    return int(np.flatnonzero(state["left"] != np.arange(len(state["left"])))[1])


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("target", ["itself", "parent", "beyond", "before"])
def test_forest__forged_children_are_refused(side, target):
    # a node that leads to itself on one side only, or back, would be a path without end
    state = {name: array.copy() for name, array in grown().get_state().items()}
    node = inner_node(state)
    state[side][node] = {"itself": node, "parent": 0, "beyond": len(state["left"]), "before": -1}[target]
    with pytest.raises(
        ModelFileError, match=r"^model: .*(leads outside itself|a number outside .*)\. The file is damaged; train"
    ):
        Forest.from_state(state, 6, 3)


@pytest.mark.parametrize(
    ("name", "value"), [("feature", 6), ("feature", -1), ("roots", -1), ("roots", 10**6), ("left", -1), ("right", -5)]
)
def test_forest__forged_index_is_refused(name, value):
    state = {name: array.copy() for name, array in grown().get_state().items()}
    state[name][-1] = value
    with pytest.raises(ModelFileError, match=r"^model: .*(leads outside itself|a number outside)"):
        Forest.from_state(state, 6, 3)


@pytest.mark.parametrize("name", ["right", "feature", "threshold", "values"])
def test_forest__arrays_of_unequal_length_are_refused(name):
    state = grown().get_state()
    state[name] = state[name][:-1]
    with pytest.raises(ModelFileError, match=rf'^model: the array "{name}" has shape'):
        Forest.from_state(state, 6, 3)
    with pytest.raises(ModelFileError, match=r'^model: the array "values" has shape'):
        Forest.from_state(grown().get_state(), 6, 2)


def test_forest__no_tree_is_refused():
    state = grown().get_state()
    for name in (["roots"], list(state)):
        empty = {**state, **{array: state[array][:0] for array in name}}
        with pytest.raises(ModelFileError, match=r"^model: .*(leads outside itself|a number outside)"):
            Forest.from_state(empty, 6, 3)


def test_forest__noise_in_the_last_digits_and_the_unit_do_not_move_a_split():
    # every input comes twice, turned round: each split has a twin of the same worth
    rng = np.random.default_rng(0)
    half = rng.integers(0, 3, size=(80, 4)).astype(np.float32)
    inputs, weights = np.hstack([half, 2 - half]), rng.uniform(0.5, 2, 80)
    targets = half[:, :2] @ rng.normal(size=(2, 3)) + rng.normal(0, 0.3, (80, 3))

    def grown_with(noise: float, unit: float) -> Forest:
        moved = unit * targets * (1 + noise * rng.normal(size=targets.shape))
        return grow_forest(inputs, moved, weights * (1 + noise), n_trees=30, random_state=0)

    plain = grown_with(0.0, 1.0)
    for noise, unit in ((1e-15, 1.0), (1e-13, 1.0), (1e-14, 2.0**20), (1e-14, 2.0**-20)):
        other = grown_with(noise, unit)
        for name in ("left", "right", "feature", "threshold"):
            np.testing.assert_array_equal(getattr(other, name), getattr(plain, name), err_msg=f"{name} {noise} {unit}")
        np.testing.assert_allclose(other.predict(inputs) / unit, plain.predict(inputs), rtol=1e-5, atol=1e-6)
