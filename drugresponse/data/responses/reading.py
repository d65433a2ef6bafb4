"""What the responses of a table are, told by what they hold, and their numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from drugresponse.data.outcomes.classes import are_words, class_levels, read_classes
from drugresponse.data.outcomes.families import Direction
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.outcomes.requested import AUTO, Requested
from drugresponse.data.responses.cells import limit_sides, numbers_of
from drugresponse.data.responses.kinds import refuse_classes, refuse_two_values
from drugresponse.errors import InputError

__all__ = ["OutcomeRows", "are_numbers", "read_outcome"]


@dataclass(frozen=True, eq=False)
class OutcomeRows:
    """Rows whose responses are the numbers of an outcome.

    Attributes
    ----------
    table
        `response` (float64, NaN where there is none) and `censor`, and what else the outcome has for each row.
    outcome
        What they are.
    direction
        What the highest class says of a sample; None where nothing tells.
    """

    table: pd.DataFrame
    outcome: Outcome
    direction: Direction | None = None


def read_outcome(
    rows: pd.DataFrame, requested: Requested, where: str, *, is_measured: bool = False, is_named: bool = False
) -> OutcomeRows:
    """The outcome of rows, and its numbers.

    Parameters
    ----------
    rows
        Columns `response` and `censor` as they are written.
    requested
        What was said of it.
    where
        Names the table in errors.
    is_measured, is_named
        Whether a unit says that numbers are measured ones, and whether their measure has a name.

    Raises
    ------
    InputError
        The responses are of no kind, of two kinds, or of another kind than was said.

    Examples
    --------
    >>> rows = pd.DataFrame({"response": ["S", "R"], "censor": None})
    >>> read = read_outcome(rows, Requested(), "responses")
    >>> read.outcome.kind, read.table["response"].tolist()
    ('binary', [0.0, 1.0])
    """
    censor = limit_sides(rows["censor"], where)
    has_limits = bool((censor != "none").any())
    if requested.kind in ("binary", "ordinal") or not are_numbers(rows["response"], requested):
        return _classes(rows, requested, where, has_limits)
    refuse_classes(rows["response"], where)
    numbers = numbers_of(rows["response"], where)
    if requested.kind == AUTO and not has_limits:
        present = numbers.dropna().to_numpy()
        levels = class_levels(present, len(present)) if len(present) and not is_measured else ()
        if levels:
            return _classes(rows.assign(response=numbers), Requested.of(AUTO, levels), where, has_limits)
        if not is_named:
            refuse_two_values(present, where)
    return OutcomeRows(rows.assign(censor=censor, response=numbers), CONTINUOUS)


def are_numbers(column: pd.Series, requested: Requested) -> bool:
    """Whether cells are to be read as numbers before the outcome is told; words and listed classes are not.

    Examples
    --------
    >>> are_numbers(pd.Series(["0", "1"]), Requested()), are_numbers(pd.Series(["S", "R"]), Requested())
    (True, False)
    """
    return requested.kind == "continuous" or not (requested.classes or are_words(column))


def _classes(rows: pd.DataFrame, requested: Requested, where: str, has_limits: bool) -> OutcomeRows:
    if has_limits:
        raise InputError(
            f'{where}: found limits in the column "censor" beside classes (expected one of the two). Remove the column.'
        )
    column = rows["response"]
    if not requested.classes and not are_words(column):
        column = numbers_of(column, where)
        requested = Requested.of(requested.kind, _listed_levels(column, requested, where))
    read = read_classes(column, requested, where)
    return OutcomeRows(rows.assign(censor="none", response=read.numbers), read.outcome, read.direction)


def _listed_levels(column: pd.Series, requested: Requested, where: str) -> tuple[str, ...]:
    """The numbers that are said to be classes, in their order."""
    levels = np.unique(column.dropna().to_numpy(dtype=np.float64))
    shown = tuple(f"{level:g}" for level in levels[:_MOST_SHOWN])
    two = requested.kind == "binary"
    if two and shown != ("0", "1"):
        way = f'"{"<".join(shown)}", the event last' if len(levels) == 2 else '"0<1=2"'
        raise InputError(
            f"{where}: found the numbers {', '.join(shown)} (expected 0 and 1, 1 being the event, or two words). Say "
            f"the classes: `classes` {way}."
        )
    if not two and (len(levels) > _MOST_SHOWN or (levels % 1 != 0).any()):
        raise InputError(
            f"{where}: found {len(levels)} numbers such as {', '.join(shown[:3])} (expected at most {_MOST_SHOWN} "
            "whole numbers for `outcome` ordinal). Say continuous, or give the classes."
        )
    return shown


_MOST_SHOWN = 10
