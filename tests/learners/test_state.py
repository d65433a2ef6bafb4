from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from drugresponse.errors import ModelFileError
from drugresponse.learners.state import (
    state_array,
    state_ids,
    state_number,
    state_numbers,
    state_texts,
    state_whole,
    state_wholes,
)
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.model.loading import load_model

MODELS = Path(__file__).resolve().parents[2] / "test-data" / "models" / "format-1"


@pytest.mark.parametrize(
    ("array", "words"),
    [
        (None, "is missing"),
        ([1.0, 2.0], "is missing"),
        (np.ones(3), r"has shape \(3,\) \(expected \(2,\)\)"),
        (np.ones((2, 1)), "has shape"),
        (np.ones(2, dtype=np.int64), "of type int64"),
        (np.ones(2, dtype=bool), "of type bool"),
        (np.array([1.0, np.nan]), "no number"),
        (np.array([-np.inf, 1.0], dtype=np.float32), "no number"),
        (np.array([1.0, 1e300]), "no number"),
    ],
)
def test_state_array__what_it_refuses(array, words):
    with pytest.raises(ModelFileError, match=rf'^model: the array "a" .*{words}.*\. The file is damaged; train'):
        state_array({"a": array}, "a", 2)


def test_state_array__values_that_may_be_missing():
    array = np.array([np.nan, np.inf])
    assert state_array({"a": array}, "a", 2, finite=False) is array
    assert state_array({"a": array[:0]}, "a", 0).shape == (0,)


@pytest.mark.parametrize("array", [np.array([0.0, 1.0]), np.array([-1, 1]), np.array([0, 5]), np.array([True, False])])
def test_state_wholes__what_it_refuses(array):
    with pytest.raises(ModelFileError, match='the array "a" '):
        state_wholes({"a": array}, "a", 2, below=5)


@pytest.mark.parametrize("value", [None, True, "1", "nan", [1.0], 1e300, 3.5])
def test_state_numbers__what_they_refuse(value):
    with pytest.raises(ModelFileError, match='number "a" is absent or out of its range'):
        state_number({"a": value}, "a", 0, 3)
    with pytest.raises(ModelFileError, match='number "a" is absent or out of its range'):
        state_whole({"a": value}, "a", 3)
    with pytest.raises(ModelFileError, match='numbers "b" are absent'):
        state_numbers({"b": value}, "b")


@pytest.mark.parametrize("values", [None, "ab", ["a", 1], [None], {"a": "b"}])
def test_state_texts__what_they_refuse(values):
    with pytest.raises(ModelFileError, match='the list "a" is missing'):
        state_texts({"a": values}, "a")
    with pytest.raises(ModelFileError, match='the list "a" has 1 entries'):
        state_texts({"a": ["x"]}, "a", 2)
    with pytest.raises(ModelFileError, match='an id stands twice in the list "a"'):
        state_ids({"a": ["x", "y", "x"]}, "a")


@pytest.mark.parametrize(
    ("name", "place", "value"),
    [
        ("ridge", ("regressor", "samples", "token_names"), lambda was: was[::-1]),
        ("ridge", ("regressor", "drugs", "n_bits"), lambda was: 10**9),
        ("ridge", ("regressor", "drug_vectors", "ids"), lambda was: [was[0], *was[:-1]]),
        ("ridge", ("regressor", "rank"), lambda was: "22"),
        ("ridge", ("regressor", "coefficients"), lambda was: np.full_like(was, np.nan)),
        ("ridge", ("regressor", "coefficients"), lambda was: was.astype(np.int64)),
        ("ridge", ("naive", "tissue_drug_means", "ids"), lambda was: [str(number) for number in range(len(was))]),
        ("ridge", ("intervals", "scale"), lambda was: was * 0),
        ("ridge", ("intervals", "scheme"), lambda was: "tomorrow"),
        ("ridge", ("adaptation", "model", "noise"), lambda was: -was),
        ("ridge", ("drugs", "smiles"), lambda was: was[1:]),
        ("ridge", ("covariates",), lambda was: [1]),
        ("boosted_few_drugs", ("regressor", "booster_names"), lambda was: [*was[:-1], "other"]),
        ("boosted_pairs", ("regressor", "single"), lambda was: True),
        ("forest_samples", ("regressor", "by_sample", "columns"), lambda was: was - 1),
        ("forest_samples", ("regressor", "by_sample", "grown", "roots"), lambda was: was[:-1]),
        ("forest_samples", ("regressor", "by_sample", "scale"), lambda was: 0),
        ("auto", ("regressor", "weights"), lambda was: {"ridge": None}),
        ("neural", ("regressor", "network", "tower_out"), lambda was: was[:0]),
    ],
)
def test_load_model__damaged_state_is_refused(name, place, value, tmp_path):
    state, manifest = read_model_file(MODELS / f"{name}.safetensors")
    at: dict[str, Any] = state
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value(at[place[-1]])
    write_model_file(tmp_path / "model", state, manifest)
    with pytest.raises(ModelFileError, match=r"^[^\n]*$"):
        load_model(tmp_path / "model")
