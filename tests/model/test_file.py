from __future__ import annotations

import json
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from drugresponse.errors import InputError, ModelFileError
from drugresponse.model.file import FORMAT, KEY, read_model_file, write_model_file

STATE = {
    "weights": np.array([[1.5, -0.0], [np.pi, np.nan]]),
    "small": np.arange(3, dtype=np.float32),
    "bytes": np.frombuffer(b"\x00\xffubj", np.uint8),
    "empty": np.zeros((0, 4)),
    "hashes": np.array([2**63 + 1], dtype=np.uint64),
    "ids": ["s1", "é", 'quo"te', ""],
    "none": [],
    "rank": 3,
    "scale": 0.1,
    "nothing": None,
    "levels": [1.5, None],
    "inner": {"weights": np.ones(2), "ids": ["x"], "deeper": {"flag": True}},
    "drugs": {"a.b": ["dotted"], "inner": ["y"]},
}
MANIFEST = {"learner": "ridge", "inputs": {"genotypes": ["abc"]}, "notes": {"rank": 1}}


@pytest.fixture
def file(tmp_path) -> Path:
    write_model_file(tmp_path / "model", STATE, MANIFEST)
    return tmp_path / "model"


@pytest.fixture(scope="module")
def galaxy_says_yes() -> Callable[[Path], bool]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what Galaxy imports
        from galaxy.datatypes.binary import Safetensors
    return lambda path: bool(Safetensors().sniff(str(path)))


def same(a: object, b: object) -> bool:
    if isinstance(a, dict):
        return isinstance(b, dict) and a.keys() == b.keys() and all(same(a[key], b[key]) for key in a)
    if isinstance(a, np.ndarray):
        return isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape and a.tobytes() == b.tobytes()
    return type(a) is type(b) and a == b


def refused(path: Path, message: str) -> None:
    with pytest.raises(ModelFileError, match=message) as caught:
        read_model_file(path)
    assert caught.value.exit_code == 3
    assert "\n" not in str(caught.value)
    assert str(caught.value).startswith(str(path))


def with_manifest(file: Path, text: str) -> None:
    file.write_bytes(save({"weights": np.ones(2)}, metadata={KEY: text}))


def test_model_file__state_and_manifest_come_back_bit_for_bit(file):
    state, manifest = read_model_file(file)
    assert same(STATE, state)
    assert {key: manifest[key] for key in ("learner", "notes")} == {"learner": "ridge", "notes": {"rank": 1}}
    assert manifest["inputs"]["genotypes"] == ["abc"]
    assert manifest["format"] == FORMAT


def test_model_file__same_bytes_whatever_the_order_of_keys(file, tmp_path):
    write_model_file(tmp_path / "again", dict(reversed(STATE.items())), dict(reversed(MANIFEST.items())))
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def test_model_file__strided_arrays_are_written_as_they_read(tmp_path):
    whole = np.arange(12.0).reshape(3, 4)
    write_model_file(tmp_path / "model", {"cut": whole[:, ::2].T}, {})
    np.testing.assert_array_equal(read_model_file(tmp_path / "model")[0]["cut"], whole[:, ::2].T)


@pytest.mark.parametrize("length", range(9))
def test_model_file__header_is_aligned_and_galaxy_says_yes(length, tmp_path, galaxy_says_yes):
    path = tmp_path / "model"
    write_model_file(path, {"weights": np.ones(3)}, {"learner": "x" * length})
    raw = path.read_bytes()
    size = struct.unpack("<Q", raw[:8])[0]
    assert size % 8 == 0
    assert raw[8 : 8 + size].endswith(b"}")
    assert list(json.loads(raw[8 : 8 + size])["__metadata__"]) == [KEY]
    assert galaxy_says_yes(path)
    read_model_file(path)


def test_model_file__inputs_have_a_checksum_of_their_own(tmp_path):
    read = []
    for name in ("matrix", "vcf"):
        write_model_file(tmp_path / name, STATE, {**MANIFEST, "inputs": {"genotypes": [name]}})
        read.append(read_model_file(tmp_path / name)[1])
    assert read[0]["sha256"] == read[1]["sha256"]
    assert read[0]["inputs"] != read[1]["inputs"]


def test_model_file__not_finite_manifest_is_not_written(tmp_path):
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_model_file(tmp_path / "model", {}, {"score": float("nan")})
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"sample_id\tdrug_id\nand more text\n", b"\x80\x04pickle...." * 9, b"\x00" * 64]
)
def test_read_model_file__foreign(content, tmp_path):
    (tmp_path / "model").write_bytes(content)
    refused(tmp_path / "model", "is not a drugresponse model|ends early")


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_read_model_file__someone_elses_safetensors(metadata, tmp_path):
    (tmp_path / "model").write_bytes(save({"weights": np.ones(2)}, metadata=metadata))
    refused(tmp_path / "model", r"is not a drugresponse model \(expected a .safetensors file written by train\)")


@pytest.mark.parametrize(
    "text",
    [
        "no json",
        "[]",
        "3",
        "{}",
        '{"format": "x"}',
        '{"format": null}',
        '{"format": Infinity}',
        '{"format": NaN}',
        '{"format": 1}',
        '{"format": 1, "state": []}',
        '{"format": 1, "state": {}}',
        '{"format": 1, "state": {}, "inputs": []}',
        "[" * 100_000,
    ],
)
def test_read_model_file__manifest_that_is_none(text, tmp_path):
    with_manifest(tmp_path / "model", text)
    refused(tmp_path / "model", "is not a drugresponse model")


def test_read_model_file__format_that_promised_nothing_is_refused(file):
    with_manifest(file, json.dumps({"format": 0, "package": "0.0.1", "state": {}, "inputs": {}}))
    refused(file, r"has model format 0, which was never promised to last .*Train the model again\.")


def test_read_model_file__newer_format_names_its_writer(file):
    with_manifest(file, json.dumps({"format": FORMAT + 1, "package": "9.8.7", "state": {}, "inputs": {}}))
    refused(file, rf"has model format {FORMAT + 1}, written by drugresponse 9\.8\.7 .*Install drugresponse 9\.8\.7\.")


@pytest.mark.parametrize("size", [0xFFFF_FFFF_FFFF_FFFF, 0x7FFF_FFFF_FFFF_FFFF, 100_000_001, 99_999_999, 0])
def test_read_model_file__length_of_the_header_is_not_believed(size, file):
    file.write_bytes(struct.pack("<Q", size) + file.read_bytes()[8:])
    refused(file, "is not a drugresponse model|ends early")


def test_read_model_file__truncated_anywhere(file):
    raw = file.read_bytes()
    for end in [*range(0, 24), *range(24, len(raw), 97), len(raw) - 1]:
        file.write_bytes(raw[:end])
        refused(file, "is not a drugresponse model|ends early|truncated or damaged")
    file.write_bytes(raw + b"\x00")
    refused(file, "truncated or damaged")


@pytest.mark.parametrize("bit", [0x01, 0x20, 0x80])
def test_read_model_file__any_flipped_bit_is_found(file, bit):
    raw = file.read_bytes()
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= bit
        file.write_bytes(changed)
        with pytest.raises(ModelFileError) as caught:
            read_model_file(file)
        assert "\n" not in str(caught.value), place


def test_read_model_file__edited_manifest(file):
    raw = file.read_bytes()
    file.write_bytes(raw.replace(b"ridge", b"rigde"))
    refused(file, "the checksum does not match")


def test_read_model_file__absent_and_folder(tmp_path):
    with pytest.raises(InputError, match="none: found no such file"):
        read_model_file(tmp_path / "none")
    refused(tmp_path, r"cannot be read \(Is a directory\)")


PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=6) | st.lists(st.text(st.characters(codec="utf-8"), max_size=6))
    | st.sampled_from(["f4", "f8", "i8", "u1"]).map(lambda kind: np.arange(6).astype(kind).reshape(2, 3)),
    lambda inner: st.dictionaries(st.text("abc_", min_size=1, max_size=4), inner, max_size=4), max_leaves=8,
)  # fmt: skip


@settings(max_examples=50, derandomize=True, deadline=None, database=None)
@given(st.dictionaries(st.text("abc_", min_size=1, max_size=4), PLAIN, max_size=5))
def test_model_file__any_state_comes_back(tmp_path_factory, state):
    file = tmp_path_factory.getbasetemp() / "any state"
    write_model_file(file, state, MANIFEST)
    assert same(state, read_model_file(file)[0])
