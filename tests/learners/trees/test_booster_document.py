from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from drugresponse.cli import main
from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._boosters import booster_bytes, grow_booster, load_booster
from drugresponse.model.file import read_model_file, write_model_file

MODELS = Path(__file__).resolve().parents[3] / "test-data" / "models" / "format-1"
DAMAGE = """
import random, resource, sys
import numpy as np
from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._boosters import load_booster

resource.setrlimit(resource.RLIMIT_AS, (4 << 30, 4 << 30))
raw, n_targets = open(sys.argv[1], "rb").read(), int(sys.argv[2])
chance, inputs = random.Random(0), np.zeros((3, 4), np.float32)
kinds, loaded = [b"\\xff" * 8, bytes(8), b"\\x7f" + b"\\xff" * 7, b"{", b"}", b"[", b"$", b"#", b"l", b"S"], 0
for each in range(600):
    at = chance.randrange(1500 if each % 2 else len(raw))
    put = chance.choice([*kinds, bytes([chance.randrange(256)])])
    damaged = [raw[:at] + put + raw[at + len(put) :], raw[:at] + put + raw[at:], raw[:at], raw[:at] + raw[at + 1 :]]
    try:
        booster = load_booster(np.frombuffer(damaged[chance.choice([0, 0, 0, 1, 2, 3])], np.uint8), 4, n_targets)
    except ModelFileError:
        continue
    loaded += 1
    booster.inplace_predict(inputs), booster.get_score(importance_type="total_gain")
# ru_maxrss would count the process that started this one
held = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(loaded, held.split()[1])
"""


def made(n_targets: int = 1) -> np.ndarray:
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(200, 4)).astype(np.float32)
    target = inputs[:, 0] if n_targets == 1 else inputs[:, :n_targets]
    parameters = {"max_depth": 4, "num_parallel_tree": 2}
    return booster_bytes(grow_booster(inputs, target.astype(float), np.ones(200), parameters, 3, random_state=0))


def with_array(name: str, values: list[int], typed: str, after: str = "") -> np.ndarray:
    """The first tree's array of this name, its first numbers replaced."""
    raw = made().tobytes()
    start = raw.index(name.encode(), raw.index(after.encode())) + len(name)
    assert raw[start : start + 2] == b"[$"
    start += 13
    new = np.array(values, dtype=typed).tobytes()
    return np.frombuffer(raw[:start] + new + raw[start + len(new) :], np.uint8)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
@pytest.mark.parametrize("n_targets", [1, 3])
def test_load_booster__damage_anywhere_neither_crashes_nor_takes_gigabytes(n_targets, tmp_path):
    (tmp_path / "raw").write_bytes(made(n_targets).tobytes())
    command = [sys.executable, "-c", DAMAGE, str(tmp_path / "raw"), str(n_targets)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-500:]
    loaded, kilobytes = map(int, done.stdout.split())
    assert loaded < 400
    assert kilobytes < 1_000_000


@pytest.mark.parametrize(
    ("name", "values", "typed", "words"),
    [
        ("left_children", [9999], ">i4", "leads outside itself"),
        ("left_children", [-2], ">i4", "leads outside itself"),
        ("left_children", [0], ">i4", "leads outside itself"),
        ("left_children", [1, 1], ">i4", "leads outside itself"),
        ("parents", [5], ">i4", "leads outside itself"),
        ("parents", [-1, 3], ">i4", "leads back into itself"),
        ("split_indices", [4], ">i4", "an input that is none"),
        ("split_indices", [-1], ">i4", "an input that is none"),
        ("split_type", [1], "u1", "a split is of another kind"),
        ("default_left", [7], "u1", "a split is of another kind"),
        ("split_conditions", [np.nan], ">f4", "a number of a tree is none"),
        ("base_weights", [np.inf], ">f4", "a number of a tree is none"),
        ("sum_hessian", [0], ">f4", "a node has no rows"),
    ],
)
def test_load_booster__trees_that_lead_astray(name, values, typed, words):
    with pytest.raises(ModelFileError, match=rf"^model: a booster cannot be read \(.*{words}\)\. The file is damaged"):
        load_booster(with_array(name, values, typed), 4)


def test_load_booster__a_chain_of_nodes_is_not_followed_for_ever():
    from drugresponse.learners.trees._booster_document import _prove_depth

    _prove_depth(np.arange(-1, 500))
    with pytest.raises(ValueError, match="a tree is too deep"):
        _prove_depth(np.arange(-1, 600))


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"gbtree", b"gblinr"),
        (b"reg:squarederror", b"reg:tweedietweed"),
        (b"num_target", b"num_targex"),
        (b"attributes", b"attributez"),
        (b"num_deletedSL\x00\x00\x00\x00\x00\x00\x00\x010", b"num_deletedSL\x00\x00\x00\x00\x00\x00\x00\x011"),
    ],
)
def test_load_booster__frame_that_is_not_ours(old, new):
    raw = made().tobytes()
    assert old in raw
    with pytest.raises(ModelFileError, match=r"^model: a booster cannot be read"):
        load_booster(np.frombuffer(raw.replace(old, new), np.uint8), 4)


def test_load_booster__vectors_without_leaf_weights_as_older_releases_wrote_them():
    raw = made(3).tobytes()
    with pytest.raises(ModelFileError, match="written by XGBoost before 3"):
        load_booster(np.frombuffer(raw.replace(b"leaf_weights", b"leaf_weightz"), np.uint8), 4, 3)


def test_load_booster__json_is_not_read():
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(made().tobytes()))
    text = booster.save_raw("json")
    assert json.loads(bytes(text))
    with pytest.raises(ModelFileError, match=r"^model: a booster cannot be read"):
        load_booster(np.frombuffer(bytes(text), np.uint8), 4)


@pytest.mark.parametrize("command", ["describe", "predict"])
def test_commands__damaged_booster_is_one_line_and_code_3(command, tmp_path, capsys):
    state, manifest = read_model_file(MODELS / "boosted_few_drugs.safetensors")
    raw = state["regressor"]["boosters"]["0"].copy()
    raw[len(raw) - 700 : len(raw) - 692] = 255
    state["regressor"]["boosters"]["0"] = raw
    write_model_file(tmp_path / "model", state, manifest)
    more = ["--genotypes", str(MODELS / "genotypes.tsv"), "--predictions", str(tmp_path / "out")]
    assert main([command, "--model", str(tmp_path / "model"), *(more if command == "predict" else [])]) == 3
    output = capsys.readouterr()
    assert output.err.count("\n") == 1
    assert "a booster cannot be read" in output.err
    assert not (tmp_path / "out").exists()
