"""The fitted state of a learner, and the proofs that a state from a file has to pass before it is used."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import ModelFileError

__all__ = [
    "Array",
    "State",
    "damaged",
    "state_array",
    "state_ids",
    "state_number",
    "state_numbers",
    "state_texts",
    "state_whole",
    "state_wholes",
]

Array: TypeAlias = NDArray[np.float64]

State: TypeAlias = dict[str, Any]
"""Fitted state: nested dicts whose leaves are numeric arrays, lists of text, or plain JSON values."""

_MOST = 1e100
"""No number of a model is larger; products of two stay finite."""


def state_array(state: State, name: str, *shape: int, finite: bool = True) -> NDArray[Any]:
    """Fractions of a state that came from a file, their shape proved before use; -1 allows any length.

    Parameters
    ----------
    finite
        Whether all must be numbers; else they may be missing or infinite.

    Raises
    ------
    ModelFileError
        The array is absent, its shape is not the one that the other arrays ask for, or its values are none.
    """
    array = _shaped(state, name, shape)
    if array.dtype.kind != "f":
        raise damaged(f'the array "{name}" is of type {array.dtype} (expected fractions)')
    if finite and not float(np.abs(array).max(initial=0)) < _MOST:
        raise damaged(f'the array "{name}" holds a value that is no number')
    return array


def state_wholes(state: State, name: str, *shape: int, least: int = 0, below: int = 2**63) -> NDArray[Any]:
    """As `state_array`, for whole numbers from `least` on and less than `below`."""
    array = _shaped(state, name, shape)
    if array.dtype.kind not in "iu":
        raise damaged(f'the array "{name}" is of type {array.dtype} (expected whole numbers)')
    if array.size and not least <= int(array.min()) <= int(array.max()) < below:
        raise damaged(f'the array "{name}" holds a number outside {least} to {below - 1}')
    return array


def state_number(state: State, name: str, least: float = -_MOST, most: float = _MOST) -> float:
    """A finite number within these bounds."""
    value: Any = state.get(name)
    if not isinstance(value, int | float | np.number) or isinstance(value, bool) or not least <= value <= most:
        raise damaged(f'the number "{name}" is absent or out of its range')
    return float(value)


def state_numbers(state: State, name: str) -> dict[str, float]:
    """Finite numbers by name."""
    values = state.get(name)
    if not isinstance(values, dict):
        raise damaged(f'the numbers "{name}" are absent')
    return {key: state_number(values, key) for key in values}


def state_whole(state: State, name: str, most: int, least: int = 0) -> int:
    """A whole number within these bounds."""
    value: Any = state.get(name)
    if not isinstance(value, int | np.integer) or isinstance(value, bool) or not least <= value <= most:
        raise damaged(f'the whole number "{name}" is absent or out of its range')
    return int(value)


def state_texts(state: State, name: str, length: int | None = None) -> list[str]:
    """A list of text, of this length where one is named."""
    values = state.get(name)
    if not isinstance(values, list) or not set(map(type, values)) <= {str}:
        raise damaged(f'the list "{name}" is missing')
    if length is not None and len(values) != length:
        raise damaged(f'the list "{name}" has {len(values)} entries (expected {length})')
    return values


def state_ids(state: State, name: str) -> list[str]:
    """A list of text in which nothing stands twice."""
    values = state_texts(state, name)
    if len(set(values)) < len(values):
        raise damaged(f'an id stands twice in the list "{name}"')
    return values


def _shaped(state: State, name: str, shape: tuple[int, ...]) -> NDArray[Any]:
    array = state.get(name)
    if not isinstance(array, np.ndarray):
        raise damaged(f'the array "{name}" is missing')
    fits = array.ndim == len(shape) and all(want in (-1, have) for want, have in zip(shape, array.shape, strict=True))
    if not fits:
        raise damaged(f'the array "{name}" has shape {array.shape} (expected {shape})')
    return array


def damaged(words: str) -> ModelFileError:
    """The error of a file with this fault."""
    return ModelFileError(f"model: {words}. The file is damaged; train the model again.")
