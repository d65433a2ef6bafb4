"""What a caller says of the outcome before it is read: its kind, its classes, or the outcome of a model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from drugresponse.data.outcomes.families import plain_word
from drugresponse.data.outcomes.outcome import Kind, Outcome, find_kind
from drugresponse.errors import InputError

__all__ = ["AUTO", "ClassesLike", "OutcomeLike", "Requested", "listed_classes"]

AUTO = "auto"
"""The outcome is told by what the responses hold."""
OutcomeLike: TypeAlias = "str | Outcome"
ClassesLike: TypeAlias = "str | Sequence[str] | None"
_MOST_CLASSES = 20


@dataclass(frozen=True)
class Requested:
    """What is said of the outcome; nothing by default.

    Attributes
    ----------
    kind
        Or `auto`.
    classes
        Lowest first; words that are one class are joined by `=`. Empty where they are told by the responses.
    known
        Of a model, whose classes and scale new responses have; None where there is none.

    Examples
    --------
    >>> Requested.of("auto", "S<I=R").classes
    ('S', 'I=R')
    """

    kind: Kind | Literal["auto"] = "auto"
    classes: tuple[str, ...] = ()
    known: Outcome | None = None

    @classmethod
    def of(cls, outcome: OutcomeLike = AUTO, classes: ClassesLike = None) -> Requested:
        """From the parameters `outcome` and `classes`.

        Raises
        ------
        InputError
            The kind is unknown, the classes are none, or the two contradict.
        """
        if isinstance(outcome, Outcome):
            return cls(outcome.kind, outcome.classes, outcome)
        kind: Kind | Literal["auto"] = "auto" if outcome == AUTO else find_kind(outcome)
        listed = listed_classes(classes)
        fits = {"binary": len(listed) == 2, "ordinal": len(listed) > 2, "time-to-event": len(listed) == 2}
        if listed and kind != "auto" and not fits.get(kind, False):
            raise InputError(
                f"`classes`: found {len(listed)} classes beside `outcome` {kind} (expected "
                f"{_EXPECTED.get(kind, 'none')}). Leave one of the two out."
            )
        return cls(kind, listed)


_EXPECTED = {"binary": "two", "ordinal": "three or more", "time-to-event": "two, the event last"}


def listed_classes(classes: ClassesLike) -> tuple[str, ...]:
    """The classes of `S<I<R`, or of a sequence, lowest first; empty for None.

    Raises
    ------
    InputError
        They are not two classes or more, or two are alike.

    Examples
    --------
    >>> listed_classes("no < yes"), listed_classes(["S", "I", "R"])
    (('no', 'yes'), ('S', 'I', 'R'))
    """
    if classes is None:
        return ()
    listed = tuple(str(each).strip() for each in (classes.split("<") if isinstance(classes, str) else classes))
    words = [plain_word(word) for each in listed for word in each.split("=")]
    if not 2 <= len(listed) <= _MOST_CLASSES or "" in words or len(set(words)) < len(words):
        raise InputError(
            f'`classes`: found "{" < ".join(listed)}" (expected two classes or more that differ, lowest response '
            'first, such as "S<I<R"; the last of two is the event). Correct it.'
        )
    return listed
