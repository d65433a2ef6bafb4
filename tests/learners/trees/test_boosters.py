from __future__ import annotations

import numpy as np
import pytest

from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._boosters import booster_bytes, grow_booster, load_booster

DRAWN = {"max_depth": 3, "eta": 0.3, "subsample": 0.7}


def made(n_targets: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 4)).astype(np.float32)
    target = np.sign(inputs[:, 1])
    if n_targets:
        target = np.outer(target, np.arange(1, n_targets + 1))
    return inputs, target + rng.normal(0, 0.1, target.shape), np.ones(200)


@pytest.mark.parametrize("n_targets", [0, 1, 3])
def test_grow_booster__learns_a_number_or_a_vector(n_targets):
    inputs, target, weights = made(n_targets)
    booster = grow_booster(inputs, target, weights, DRAWN, 30, random_state=0)
    predicted = booster.inplace_predict(inputs).reshape(target.shape)
    assert np.mean((predicted - target) ** 2) < 0.1 * np.mean(target**2)


def test_grow_booster__leaves_of_one_tree_hold_the_whole_vector():
    inputs, target, weights = made(3)
    booster = grow_booster(inputs, target, weights, DRAWN, 7, random_state=0)
    assert booster.num_boosted_rounds() == 7
    assert len(booster.get_dump()) == 7  # not one tree for each target


@pytest.mark.parametrize("n_targets", [0, 2])
def test_booster_bytes__round_trip(n_targets):
    inputs, target, weights = made(n_targets)
    booster = grow_booster(inputs, target, weights, DRAWN, 5, random_state=0)
    raw = booster_bytes(booster)
    assert raw.dtype == np.uint8
    loaded = load_booster(raw, 4, max(n_targets, 1))
    np.testing.assert_array_equal(loaded.inplace_predict(inputs), booster.inplace_predict(inputs))
    np.testing.assert_array_equal(booster_bytes(loaded), raw)


def test_grow_booster__same_seed_same_bytes_and_another_seed_is_heard():
    one, two, other = (
        booster_bytes(grow_booster(*made(), DRAWN, 5, random_state=seed)).tobytes() for seed in (1, 1, 2)
    )
    assert one == two != other


def test_grow_booster__missing_inputs_are_a_value_of_their_own():
    inputs, _, weights = made()
    inputs[::2, 0] = np.nan
    target = np.where(np.isnan(inputs[:, 0]), 5.0, 0.0)
    booster = grow_booster(inputs, target, weights, DRAWN, 30, random_state=0)
    new = np.zeros((1, 4), np.float32)
    assert booster.inplace_predict(new)[0] < 1
    assert booster.inplace_predict(np.full((1, 4), np.nan, np.float32))[0] > 4


def test_grow_booster__heavy_rows_pull_harder():
    inputs, target, _ = made()
    wrong = np.arange(200) % 2 == 0
    spoilt = np.where(wrong, 10.0, target)
    booster = grow_booster(inputs, spoilt, np.where(wrong, 1e-6, 1.0), {"max_depth": 3}, 50, random_state=0)
    assert np.abs(booster.inplace_predict(inputs)).max() < 2


@pytest.mark.parametrize("raw", [b"", b"not a booster", b"{"])
def test_load_booster__bytes_that_are_none(raw):
    with pytest.raises(
        ModelFileError, match=r"^model: a booster cannot be read \(.*\)\. The file is damaged; train the model"
    ):
        load_booster(np.frombuffer(raw, np.uint8), 4)


def test_load_booster__cut_short():
    raw = booster_bytes(grow_booster(*made(), DRAWN, 2, random_state=0))
    with pytest.raises(ModelFileError, match=r"^model: a booster cannot be read"):
        load_booster(raw[: len(raw) // 2], 4)


@pytest.mark.parametrize(("n_inputs", "n_targets"), [(5, 1), (4, 2)])
def test_load_booster__of_other_inputs_or_targets(n_inputs, n_targets):
    raw = booster_bytes(grow_booster(*made(), DRAWN, 2, random_state=0))
    words = r"it takes 4 inputs, expected 5" if n_inputs == 5 else "it is none that is grown here"
    with pytest.raises(ModelFileError, match=rf"^model: a booster cannot be read \({words}\)\. The file is damaged"):
        load_booster(raw, n_inputs, n_targets)
