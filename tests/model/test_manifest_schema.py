from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drugresponse.cli import main
from drugresponse.description import describe_model
from drugresponse.errors import ModelFileError
from drugresponse.model.file import KEY, read_model_file, write_model_file
from drugresponse.model.loading import load_model
from drugresponse.report import training_report

MODELS = Path(__file__).resolve().parents[2] / "test-data" / "models" / "format-1"
OTHERS = [None, -1, 1.5, 1e308, "x", "y" * 20_000, [], {}, True, [[[]]], [None], {"x": None}]
OWN = ("format", "package", "sha256", "state", "inputs")
"""Keys that the writer makes anew."""


def places(value: Any, above: tuple = ()) -> Iterator[tuple]:
    if above:
        yield above
    inside = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, each in inside:
        yield from places(each, (*above, key))


def replaced(manifest: dict[str, Any], place: tuple, value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(manifest)
    at = changed
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    return changed


def with_value(path: Path, place: tuple, value: Any) -> None:
    state, manifest = read_model_file(MODELS / "ridge.safetensors")
    write_model_file(path, state, replaced(manifest, place, value))


@pytest.mark.parametrize("name", ["ridge", "auto", "neural", "boosted_few_drugs"])
def test_load_model__any_other_value_in_the_manifest_is_refused_or_read(name, tmp_path):
    state, manifest = read_model_file(MODELS / f"{name}.safetensors")
    tried = [(place, value) for place in places(manifest) if place[0] not in OWN for value in OTHERS]
    n_refused = 0
    for place, value in tried:
        write_model_file(tmp_path / "model", state, replaced(manifest, place, value))
        try:
            model = load_model(tmp_path / "model")
        except ModelFileError as error:
            n_refused += 1
            assert "\n" not in str(error), (place, value)
            assert len(str(error)) < 600, (place, value)
            continue
        describe_model(model.manifest_), training_report(model.manifest_, None)
    assert n_refused > 0.75 * len(tried)


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("intervals",), "x", r'intervals is "x" \(expected names with values\)'),
        (("training", "samples"), {"a": 1}, r'training\.samples is \{"a": 1\} \(expected a whole number'),
        (("training", "pairs"), True, r"training\.pairs is true \(expected a whole number"),
        (("parameters", "minimum_features"), "auto", r'minimum_features is "auto" \(expected 0 to 1\)'),
        (("parameters", "trees"), 10**9, r"trees is 1000000000 \(expected a whole number from 0 to 100000\)"),
        (("parameters", "wheels"), 4, r'parameters\."wheels" is not known'),
        (("measure", "higher_means"), "better", r"expected one of sensitive, resistant, dose"),
        (("adaptation", "tried"), [{"pilots": 1}], r"adaptation\.tried\[0\]\.rmse_before is absent"),
        (("adaptation", "tried", 0, "rmse_before"), None, r"tried\[0\]\.rmse_before is null \(expected a number"),
        (("covariates",), ["sex", 3], r"covariates\[1\] is 3 \(expected text\)"),
        (("notes", "block_scales"), {"altered": "loud"}, r'block_scales\."altered" is "loud"'),
        (("held_out", "rmse"), 1e308, r"held_out\.rmse is 1e\+308"),
    ],
    ids=lambda each: ".".join(map(str, each)) if isinstance(each, tuple) else None,
)
def test_load_model__says_which_key_of_the_manifest(place, value, message, tmp_path):
    with_value(tmp_path / "model", place, value)
    with pytest.raises(ModelFileError, match=message) as caught:
        load_model(tmp_path / "model")
    assert str(caught.value).startswith(f"{tmp_path / 'model'}: in the manifest, ")


def test_load_model__keys_of_a_later_release_are_let_be(tmp_path):
    with_value(tmp_path / "model", ("training", "counted_later"), [{"a": None}])
    assert load_model(tmp_path / "model").manifest_["training"]["counted_later"] == [{"a": None}]


@pytest.mark.parametrize("text", ["NaN", "Infinity", "1e999", r'"\ud800"', "[" * 5000 + "]" * 5000])
def test_load_model__values_that_no_json_file_can_hold(text, tmp_path):
    from safetensors.numpy import save

    body = json.dumps({"format": 1, "state": {}, "inputs": {}, "drugs": 0}).replace('"drugs": 0', f'"drugs": {text}')
    (tmp_path / "model").write_bytes(save({}, metadata={KEY: body}))
    with pytest.raises(ModelFileError, match="is not a drugresponse model"):
        load_model(tmp_path / "model")


def test_describe__damaged_manifest_is_one_line_and_code_3(tmp_path, capsys):
    with_value(tmp_path / "model", ("features", "given"), [1])
    assert main(["describe", "--model", str(tmp_path / "model")]) == 3
    told = capsys.readouterr()
    assert told.out == ""
    assert told.err.count("\n") == 1
    assert "in the manifest, features.given is [1] (expected a whole number" in told.err
