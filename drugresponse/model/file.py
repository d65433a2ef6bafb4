"""One safe file for a trained model: arrays and a manifest, nothing executable. It knows no learner.

The format is described in docs/model-file.md, so that a model can be read without this package.
"""

from __future__ import annotations

import errno
import hashlib
import json
import struct
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import InputError, ModelFileError
from drugresponse.version import __version__

__all__ = ["FORMAT", "is_model_file", "read_model_file", "write_model_file"]

FORMAT = 1
"""Files of every past number from 1 on keep loading; one of each stands in test-data/models."""
_OLDEST = 1
KEY = "drugresponse"
"""The one metadata key: several keys would be written in a random order."""
_TEXT = ".json"
"""Ending of the name of a uint8 tensor that holds a JSON list of text."""
_LOOKED_AT = 1000
_MOST_HEADER = 10_000_000
_MOST_MANIFEST = 1_000_000


def write_model_file(path: str | Path, state: dict[str, Any], manifest: dict[str, Any]) -> None:
    """Write a model; the same state and manifest give the same bytes.

    Parameters
    ----------
    path
        File to write.
    state
        Nested dicts whose leaves are numeric arrays, lists of text, or plain JSON values.
    manifest
        Plain JSON values. Its `inputs` are kept out of the main checksum and carry one of their own.
    """
    from safetensors.numpy import save

    tensors: dict[str, NDArray[Any]] = {}
    plain = _flatten(state, "", tensors)
    # those of a model that was read have a checksum already
    inputs = {key: value for key, value in manifest.get("inputs", {}).items() if key != "sha256"}
    whole = {**manifest, "format": FORMAT, "package": __version__, "state": plain}
    whole["sha256"] = _digest(tensors, whole)
    whole["inputs"] = {**inputs, "sha256": _text_digest(inputs)}
    text = json.dumps(whole, sort_keys=True, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    raw = save(tensors, metadata={KEY: text})
    # readers that sniff want the header to end in "}": the padding goes inside the manifest
    header = _header(raw)
    padding = len(header) - len(header.rstrip(b" "))
    if padding:
        raw = save(tensors, metadata={KEY: text + " " * padding})
    Path(path).write_bytes(raw)


def read_model_file(path: str | Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Read a model after proving that it is one of ours and whole; nothing in it is executed or imported.

    Returns
    -------
    state, manifest

    Raises
    ------
    ModelFileError
        The file is foreign, truncated, damaged, or of a newer format.
    """
    manifest = _read_manifest(Path(path))
    tensors = _read_tensors(Path(path))
    inputs = dict(manifest["inputs"])
    stored = manifest.get("sha256"), inputs.pop("sha256", None)
    if stored != (_digest(tensors, manifest), _text_digest(inputs)):
        raise ModelFileError(
            f"{path}: the checksum does not match (the file is damaged or was edited). Get a fresh copy."
        )
    try:
        state = _unflatten(manifest.pop("state"), "", tensors)
    except (ValueError, RecursionError):
        raise ModelFileError(f"{path}: a list of text cannot be read. The file is damaged; train again.") from None
    return state, manifest


def is_model_file(path: str | Path) -> bool:
    """Whether a file begins as a .safetensors file does, so that it is to be read as a model; False without a file."""
    if not Path(path).is_file():
        return False
    with Path(path).open("rb") as file:
        start = file.read(9)
    return len(start) == 9 and start[8:] == b"{" and 0 < struct.unpack("<Q", start[:8])[0] <= _MOST_HEADER


def _read_manifest(path: Path) -> dict[str, Any]:
    header = _read_header(path)
    try:
        text = json.loads(header)["__metadata__"][KEY]
        manifest = json.loads(text)
        # numbers that are none, and text that no file can hold, are JSON to Python alone
        json.dumps(manifest, allow_nan=False, ensure_ascii=False).encode()
        number = int(manifest["format"])
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError):
        raise _foreign(path) from None
    _refuse_other_format(number, manifest.get("package"), path)
    parts = [manifest.get(name) for name in ("state", "inputs")]
    if len(text) > _MOST_MANIFEST or not all(isinstance(part, dict) for part in parts):
        raise _foreign(path)
    return dict(manifest)


def _read_header(path: Path) -> bytes:
    try:
        size = path.stat().st_size
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise OSError(errno.EINVAL, "it is a pipe or a device")
        with path.open("rb") as file:
            start = file.read(8)
            length = struct.unpack("<Q", start)[0] if len(start) == 8 else -1
            header = file.read(length) if 0 < length <= min(_MOST_HEADER, size) else b""
    except FileNotFoundError:
        raise InputError(f"{path}: found no such file. Check the path of the model.") from None
    except OSError as error:
        raise ModelFileError(
            f"{path}: cannot be read ({error.strerror}). Name a model file written by train."
        ) from None
    looks_ours = header.startswith(b"{") or size < 8 + length
    if not 0 < length <= _MOST_HEADER or (len(header) < length and not looks_ours):
        raise _foreign(path)
    if len(header) < length:
        raise ModelFileError(f"{path}: the file ends early (it is truncated). Get a fresh copy.")
    return header


def _foreign(path: Path) -> ModelFileError:
    return ModelFileError(
        f"{path}: is not a drugresponse model (expected a .safetensors file written by train). Choose another file."
    )


def _refuse_other_format(number: int, package: object, path: Path) -> None:
    if number > FORMAT:
        written_by = package if isinstance(package, str) and package.isprintable() else "of a later version"
        raise ModelFileError(
            f"{path}: has model format {number}, written by drugresponse {written_by} "
            f"(this is {__version__}, which reads up to format {FORMAT}). Install drugresponse {written_by}."
        )
    if number < _OLDEST:
        raise ModelFileError(
            f"{path}: has model format {number}, which was never promised to last (this is {__version__}, which reads "
            f"formats {_OLDEST} to {FORMAT}). Train the model again."
        )


def _read_tensors(path: Path) -> dict[str, NDArray[Any]]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            return {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 - not a mapping
    except (SafetensorError, ValueError, TypeError, OSError) as error:
        raise ModelFileError(f"{path}: the file is truncated or damaged ({error}). Get a fresh copy.") from None


def _flatten(state: dict[str, Any], prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """Move arrays and texts into tensors by dotted name; what stays is plain JSON."""
    plain: dict[str, Any] = {}
    for key, value in state.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            plain[key] = _flatten(value, f"{name}.", tensors)
        elif isinstance(value, np.ndarray):
            tensors[name] = np.ascontiguousarray(value)
        elif isinstance(value, list) and set(map(type, value)) <= {str}:
            tensors[name + _TEXT] = np.frombuffer(json.dumps(value, ensure_ascii=False).encode(), np.uint8)
        else:
            plain[key] = value
    return plain


def _unflatten(plain: dict[str, Any], prefix: str, tensors: dict[str, NDArray[Any]]) -> dict[str, Any]:
    state: dict[str, Any] = {}
    for key, value in plain.items():
        state[key] = _unflatten(value, f"{prefix}{key}.", tensors) if isinstance(value, dict) else value
    # a name of the user's, such as a column of the drugs table, may hold a dot
    deeper = tuple(f"{key}." for key, value in plain.items() if isinstance(value, dict))
    for name, array in tensors.items():
        key = name.removeprefix(prefix)
        if not name.startswith(prefix) or key.startswith(deeper):
            continue
        if key.endswith(_TEXT):
            state[key.removesuffix(_TEXT)] = _shared(json.loads(array.tobytes()))
        else:
            state[key] = array
    return state


def _shared(texts: list[Any]) -> list[Any]:
    """A list whose equal texts are one object: the block of a million features is held once."""
    few = texts[:_LOOKED_AT]
    if len(set(map(str, few))) > len(few) // 2:
        return texts
    if set(map(type, texts)) != {str}:
        return texts
    held: dict[str, str] = {}
    return list(map(held.setdefault, texts, texts))


def _digest(tensors: dict[str, NDArray[Any]], manifest: dict[str, Any]) -> str:
    kept = {key: value for key, value in manifest.items() if key not in ("sha256", "inputs")}
    digest = hashlib.sha256(_text_digest(kept).encode())
    for name in sorted(tensors):
        array = np.ascontiguousarray(tensors[name])
        digest.update(f"{name} {array.dtype.str} {array.shape}".encode())
        digest.update(array.tobytes())
    return digest.hexdigest()


def _text_digest(values: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def _header(raw: bytes) -> bytes:
    length: int = struct.unpack("<Q", raw[:8])[0]
    return raw[8 : 8 + length]
