"""What the responses of a table are, told by what they hold, and their numbers."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from drugresponse.data.outcomes.classes import MOST_LEVELS, are_words, class_levels, read_classes
from drugresponse.data.outcomes.dilutions import dilution_steps
from drugresponse.data.outcomes.families import Direction
from drugresponse.data.outcomes.limits import (
    WrittenLimits,
    are_limits,
    limits_of_columns,
    limits_of_sides,
    read_limits,
    scaled_limits,
)
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.outcomes.requested import AUTO, Requested
from drugresponse.data.outcomes.times import find_times, read_events, refuse_bad_times, refuse_times_of_events_alone
from drugresponse.data.responses.cells import limit_sides, numbers_of
from drugresponse.data.responses.kinds import refuse_classes, refuse_code_beside_classes, refuse_two_values
from drugresponse.errors import InputError, count

__all__ = ["OutcomeRows", "are_dilutions", "are_numbers", "read_outcome", "rows_of_times"]

logger = logging.getLogger(__name__)


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
        Columns `drug_id`, and as they are written `response` and `censor`, or `lower` and `upper`, or `time`, `event`
        and perhaps `entry`.
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
    >>> rows = pd.DataFrame({"drug_id": "d", "response": ["S", "R"], "censor": None})
    >>> read = read_outcome(rows, Requested(), "responses")
    >>> read.outcome.kind, read.table["response"].tolist()
    ('binary', [0.0, 1.0])
    """
    if {"time", "event"} <= set(rows.columns):
        return _times(rows, requested, where)
    if {"lower", "upper"} <= set(rows.columns):
        lower, upper = (numbers_of(rows[name], where) for name in ("lower", "upper"))
        return _between(rows, limits_of_columns(lower, upper, where), requested)
    censor = limit_sides(rows["censor"], where)
    has_limits = bool((censor != "none").any())
    if requested.kind == AUTO and not requested.classes and are_limits(rows["response"]):
        return _between(rows, _agreeing(rows, read_limits(rows["response"], where), censor, where), requested)
    if requested.kind in ("binary", "ordinal") or not are_numbers(rows["response"], requested):
        return _classes(rows, requested, where, has_limits)
    if are_limits(rows["response"]):
        written = _agreeing(rows, read_limits(rows["response"], where), censor, where)
        if requested.kind == "interval":
            return _between(rows, written, requested)
        return _censored(rows, written, where)
    refuse_classes(rows["response"], where)
    numbers = numbers_of(rows["response"], where)
    if requested.kind == "interval" or (requested.kind == AUTO and has_limits):
        written = limits_of_sides(numbers.to_numpy(dtype=np.float64), censor, rows["censor"])
        return _between(rows, written, requested, may_be_wide=False)
    if requested.kind == AUTO:
        present = numbers.dropna().to_numpy()
        levels = class_levels(present, len(present)) if len(present) and not is_measured else ()
        if levels:
            _warn_of_numbers(levels, where)
            return _classes(rows.assign(response=numbers), Requested.of(AUTO, levels), where, has_limits)
        if not is_measured:
            refuse_code_beside_classes(present, where, most=MOST_LEVELS)
        if not is_named:
            refuse_two_values(present, where)
    return OutcomeRows(rows.assign(censor=censor, response=numbers), CONTINUOUS)


def _warn_of_numbers(levels: Sequence[str], where: str) -> None:
    if len(levels) > 2:
        logger.warning(
            f"{where}: the whole numbers {', '.join(levels)} are taken for ordered classes; if they are measured, say "
            "`outcome` continuous."
        )


def _agreeing(rows: pd.DataFrame, written: WrittenLimits, censor: pd.Series, where: str) -> WrittenLimits:
    """The limits, refused where a column `censor` beside them says something else."""
    other = ((censor != "none") & (written.sides != censor)).to_numpy()
    if other.any():
        row = int(np.argmax(other))
        raise InputError(
            f'{where}, row {row + 1}: found the response "{rows["response"].iloc[row]}" and censor '
            f'"{censor.iloc[row]}" ({count(int(other.sum()), "such row")}; expected the two to agree). Correct one of '
            "them, or remove the column."
        )
    return written


def _between(
    rows: pd.DataFrame, written: WrittenLimits, requested: Requested, *, may_be_wide: bool = True
) -> OutcomeRows:
    limits = scaled_limits(written, rows["drug_id"], requested.known, may_be_wide=may_be_wide)
    table = rows.assign(censor="none", response=limits.values, lower=limits.lower, upper=limits.upper)
    return OutcomeRows(table, limits.outcome)


def _censored(rows: pd.DataFrame, written: WrittenLimits, where: str) -> OutcomeRows:
    """Measured numbers of which some are a limit."""
    both = written.sides == "both"
    if both.any():
        row = int(np.argmax(both))
        raise InputError(
            f'{where}, row {row + 1}: found "{rows["response"].iloc[row]}" (expected a number or one limit for '
            "`outcome` continuous). Say interval, or give the number."
        )
    return OutcomeRows(rows.assign(censor=written.sides, response=written.values), CONTINUOUS)


def _times(rows: pd.DataFrame, requested: Requested, where: str) -> OutcomeRows:
    times, happened = numbers_of(rows["time"], where), read_events(rows["event"], requested, where)
    entry = numbers_of(rows["entry"], where).fillna(0.0) if "entry" in rows.columns else pd.Series(0.0, rows.index)
    refuse_bad_times(times, entry, where)
    refuse_times_of_events_alone(times, happened, where)
    untold = times.notna() & happened.isna()
    if untold.any():
        logger.warning("%s: %s of %s have no event told and are left out.", where, int(untold.sum()), len(rows))
    table = rows.assign(censor="none", response=times.where(happened.notna()), happened=happened == 1, entry=entry)
    return OutcomeRows(table.drop(columns=["time", "event"]), Outcome("time-to-event"))


def rows_of_times(table: pd.DataFrame, requested: Requested, where: str) -> pd.DataFrame | None:
    """The rows of a table of times and events under the usual names, and whether each happened; None for others.

    Events are read here, where the name of their column tells which of its words is one.

    Parameters
    ----------
    table
        As it was given.
    requested
        What was said of the outcome.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        As `find_times` and `read_events`.

    Examples
    --------
    >>> table = pd.DataFrame({"sample_id": ["s1", "s2"], "months": [2.5, 1.0], "alive": ["no", "yes"]})
    >>> rows_of_times(table, Requested(), "responses")["event"].tolist()
    [1.0, 0.0]
    """
    columns = find_times(table, "response", requested, where)
    if columns is None:
        return None
    named = {columns.time: "time", columns.event: "event", **({columns.entry: "entry"} if columns.entry else {})}
    kept = [name for name in table.columns if name in named or name not in (*named.values(), "response", "lower")]
    return table[kept].rename(columns=named).assign(event=read_events(table[columns.event], requested, where))


def are_dilutions(rows: pd.DataFrame) -> bool:
    """Whether plain numbers are a dilution series.

    Examples
    --------
    >>> are_dilutions(pd.DataFrame({"response": [0.25, 1.0, 8.0], "drug_id": "d"}))
    True
    """
    plain = "response" in rows.columns and pd.api.types.is_numeric_dtype(rows["response"].dtype)
    if not plain or ("censor" in rows.columns and rows["censor"].notna().any()):
        return False
    column = rows["response"]
    drugs = rows["drug_id"].to_numpy(dtype=object) if "drug_id" in rows.columns else np.full(len(rows), "", object)
    return dilution_steps(column.to_numpy(dtype=np.float64), drugs) is not None


def are_numbers(column: pd.Series, requested: Requested) -> bool:
    """Whether cells are to be read as numbers before the outcome is told; words and listed classes are not.

    Examples
    --------
    >>> are_numbers(pd.Series(["0", "1"]), Requested()), are_numbers(pd.Series(["S", "R"]), Requested())
    (True, False)
    """
    return requested.kind in ("continuous", "interval") or not (requested.classes or are_words(column))


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
    numbers = column.dropna().to_numpy(dtype=np.float64)
    refuse_code_beside_classes(numbers, where, most=_MOST_SHOWN)
    levels = np.unique(numbers)
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
