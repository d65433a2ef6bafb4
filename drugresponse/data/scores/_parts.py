"""What a kind of outcome always has, and no other kind."""

from __future__ import annotations

from typing import TypeVar

from drugresponse.errors import InputError

__all__ = ["part"]

T = TypeVar("T")


def part(values: T | None) -> T:
    """What a distribution or an observation of the kind has.

    Raises
    ------
    InputError
        It has not: prediction and outcome are of two kinds.
    """
    if values is None:
        raise InputError("scores: the prediction is not of the outcome's kind. Report this as a defect.")
    return values
