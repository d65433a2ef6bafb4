"""The kinds of outcome, and what one cohort's outcome is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

from drugresponse.errors import InputError, nearest

__all__ = ["CONTINUOUS", "KINDS", "Kind", "Outcome", "find_kind"]

Kind: TypeAlias = Literal["continuous", "binary", "ordinal", "interval", "time-to-event"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind, the plain one first."""


@dataclass(frozen=True)
class Outcome:
    """What a response is, and what its numbers in memory stand for.

    Attributes
    ----------
    kind
        `continuous`: measured numbers. `binary`: 0 or 1, a number of `classes`. `ordinal`: 0 to K - 1, a number of
        `classes`. `interval`: a value known to lie between two limits, either of which may be open; exact where they
        are equal. `time-to-event`: the time at which something happened, or up to which it had not.
    classes
        The words of the classes, lowest first; of a binary outcome the last is the event. Empty in the other kinds.
    logarithm
        Base of the logarithm that the numbers of an interval outcome are of, such as 2 for dilution series; 0 where
        they are as written.

    Examples
    --------
    >>> Outcome("binary", ("S", "R")).event
    'R'
    """

    kind: Kind = "continuous"
    classes: tuple[str, ...] = ()
    logarithm: int = 0

    def __post_init__(self) -> None:
        find_kind(self.kind)

    @property
    def event(self) -> str:
        """The class that a probability is of: the last; "" in kinds without classes."""
        return self.classes[-1] if self.classes else ""

    @property
    def has_classes(self) -> bool:
        """Whether a response is one of `classes`."""
        return self.kind in ("binary", "ordinal")

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a manifest."""
        return {"kind": self.kind, "classes": list(self.classes), "logarithm": self.logarithm}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Outcome:
        """The outcome of `to_dict`'s answer."""
        return cls(values["kind"], tuple(values["classes"]), int(values["logarithm"]))


def find_kind(name: str) -> Kind:
    """The kind of this name.

    Raises
    ------
    InputError
        No such kind; the nearest name is suggested.

    Examples
    --------
    >>> find_kind("binary")
    'binary'
    """
    for kind in KINDS:
        if kind == name:
            return kind
    raise InputError(f'`outcome`: "{name}" is unknown. {nearest(name, KINDS)}')


CONTINUOUS = Outcome()
