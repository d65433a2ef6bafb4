"""Times to an event: the columns of a table that hold them, and what the words of an event say."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
import pandas as pd

from drugresponse.data.column_names import name_words, plain_name
from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.families import plain_word
from drugresponse.data.outcomes.requested import Requested
from drugresponse.errors import InputError, count, show_ids

__all__ = [
    "STATUS",
    "TIMES",
    "TimeColumns",
    "find_times",
    "read_events",
    "refuse_bad_times",
    "refuse_times_of_events_alone",
    "warn_of_status",
]

logger = logging.getLogger(__name__)

TIMES = r"time|days?|weeks?|months?|years?|survival|surv|os|[pdre]fs|ttp|tte|ttt|follow(up)?|futime|duration"
_EVENTS = (
    r"events?|dead|death|died|deceased|vital|alive|relapsed?|progress(ion|ed)|recurrence|recurred|censored|censoring|"
    r"cens|cnsr|cnsd|fustat|mortality|delta|tod|verstorben|ereignis|deces|evenement"
)
_TIME, _EVENT = re.compile(TIMES), re.compile(_EVENTS)
STATUS = re.compile(rf"{_EVENTS}|status|failure")
_HAPPENED = (
    r"(true|t|yes|y|1|dead|died|deceased|death|event|relapse|relapsed|progress(ed|ion)|recurred|recurrence|"
    r"recurred progressed|recurred/progressed|failed|failure|uncensored)"
)
_NOT_YET = r"(false|f|no|n|0|alive|living|censored|none|no event|(tumou?r|disease)\s?free|living|event free)"
_OUTCOME = re.compile(rf"(\d\s?:\s?)?({_HAPPENED}|{_NOT_YET}|2)")
_DEATHS = re.compile(r"(\d:)?(alive|living|dead|died|deceased|death|censored)")
_CENSORING = re.compile(r"cens|censored|censoring|cnsr|cnsd|alive")
_TRUTHS = frozenset({"0", "1", "2", "true", "false", "yes", "no", "t", "f", "y", "n"})
_DENIALS = re.compile(r"no|not|non|without|free|survived|survivors?|survival|surv|living")
_OF_STATES = re.compile(r"events?|status|indicator|death|dead|died|deceased")
_ENTRIES = ("entry", "entrytime", "timeentry", "tstart", "starttime", "truncation", "lefttruncation", "delayedentry")
_R_CODES = {"1", "2"}
_MOST_WORDS = 6
"""Different cells of a column of events, at most."""
_NOT_SEEN = {"", "na", "nan", "n/a", "."}


@dataclass(frozen=True)
class TimeColumns:
    """Names of the columns of times, of events, and of when a sample came under observation ("" where none is)."""

    time: str
    event: str
    entry: str = ""


def find_times(
    table: pd.DataFrame,
    response_column: str,
    requested: Requested,
    where: str,
    *,
    time: str | None = None,
    event: str | None = None,
    entry: str | None = None,
) -> TimeColumns | None:
    """The columns of times and events, None where a table has none.

    Parameters
    ----------
    table
        As it was read, text or numbers.
    response_column
        The column of responses, which the table may lack.
    requested
        What was said of the outcome.
    where
        Names the table in errors.
    time, event, entry
        Columns that were named; None looks for them by name and content.

    Raises
    ------
    InputError
        Several columns may be meant, or measured responses stand beside events; or there are none where there must be.

    Examples
    --------
    >>> table = pd.DataFrame({"sample_id": ["s1", "s2"], "futime": [2.5, 1.0], "fustat": [1, 0]})
    >>> find_times(table, "response", Requested(), "responses")
    TimeColumns(time='futime', event='fustat', entry='')
    """
    named = time is not None or event is not None or entry is not None
    if named and requested.kind not in ("auto", "time-to-event"):
        raise InputError(
            f"{where}: found a column of times or events named beside `outcome` {requested.kind} (expected "
            "time-to-event). Leave one of the two out."
        )
    if requested.kind not in ("auto", "time-to-event") or ("censor" in table.columns and not named):
        return None
    for name in (time, event, entry):
        if name is not None and name not in table.columns:
            raise InputError(
                f'{where}: found no column "{name}" (its columns are {show_ids(table.columns, 8)}). Name one of them.'
            )
    must = named or requested.kind == "time-to-event"
    times, events = _candidates(table, response_column, must, where)
    times = times if time is None else [time]
    events = [name for name in (events if event is None else [event]) if name not in times]
    if not times and events:
        _refuse_times_in_words(table, events, response_column, where)
    if not times or not events:
        if must:
            raise InputError(
                f"{where}: found no column of {'events' if times else 'times'} (its columns are "
                f"{show_ids(table.columns, 8)}; expected one of times and one of events). Name them with `time_column` "
                "and `event_column`."
            )
        return None
    pair = _one_pair(times, events, where)
    return TimeColumns(*pair, entry if entry is not None else _entry_of(table, pair))


def _refuse_times_in_words(table: pd.DataFrame, events: Sequence[str], response_column: str, where: str) -> None:
    """Name the cell for which a column is none of times: a date, or a number with its unit."""
    if response_column in table.columns:
        return
    for name in table.columns:
        if name in events or not _any(name_words(name), _TIME):
            continue
        cells = table[name].fillna("").astype(str).str.strip()
        numbers = pd.to_numeric(cells.str.replace(",", "."), errors="coerce")
        odd = (numbers.isna() & ~cells.map(is_missing).astype(bool)).to_numpy()
        if odd.any():
            row = int(np.argmax(odd))
            raise InputError(
                f'{where}, row {row + 1}, column "{name}": found "{cells.iloc[row]}" '
                f'({count(int(odd.sum()), "such row")}; expected a number beside the events in "{events[0]}"). '
                "Write the time from the start of follow-up, all in one unit, such as days: of dates the difference."
            )


def _candidates(table: pd.DataFrame, response_column: str, must: bool, where: str) -> tuple[list[str], list[str]]:
    """Columns that may hold times, and events."""
    words = {name: name_words(name) for name in table.columns}
    timed, stated = ({name for name in words if _any(words[name], kind)} for kind in (_TIME, STATUS))
    events = [name for name in table.columns if name in timed | stated and _are_outcomes(table[name])]
    times = [name for name in table.columns if name in timed and name not in events and _are_times(table[name])]
    times = [name for name in times if plain_name(name) not in _ENTRIES]
    if response_column not in table.columns:
        # a column that is named for events holds nothing else, whatever its words, which `read_events` names
        named = [name for name in stated if _any(words[name], _EVENT) and name not in times]
        few = [name for name in named if table[name].nunique() <= _MOST_WORDS]
        return times, events or [name for name in table.columns if name in few]
    if not _are_times(table[response_column]):
        return (times, events) if must else ([], [])
    if response_column in timed or must:
        return [response_column] if response_column in timed or not times else times, events
    sure = [name for name in events if _any(words[name], _EVENT) or name in timed & stated]
    sure += [name for name in events if name not in sure and _are_outcomes(table[name], _DEATHS)]
    if sure:
        raise InputError(
            f'{where}: found measured numbers in "{response_column}" beside events in "{sure[0]}" (expected one of '
            "the two). If these are times to the event, say `outcome` time-to-event; if the events do not belong to "
            "the response, continuous, or remove the column."
        )
    warn_of_status(events, where)
    return [], []


def warn_of_status(names: Sequence[str], where: str) -> None:
    """Tell of a column that may say whether an event had happened, and is not used."""
    if names:
        logger.warning(
            f'{where}: the column "{names[0]}" is not used; if it says whether an event had happened at that time, '
            "say `outcome` time-to-event."
        )


def _one_pair(times: list[str], events: list[str], where: str) -> tuple[str, str]:
    """The time and the event of one endpoint; of several, those whose names go together are one each."""
    pairs = [(time, event) for time in times for event in events]
    if len(pairs) > 1:
        alike = [pair for pair in pairs if _stem(pair[0]) and _stem(pair[0]) == _stem(pair[1])]
        pairs = alike or pairs
    if len(pairs) > 1:
        shown = ", ".join(f'"{time}" with "{event}"' for time, event in pairs[:3])
        raise InputError(
            f"{where}: found several columns of times and events ({shown}; expected one endpoint). Name those of one: "
            "`time_column` and `event_column`."
        )
    return pairs[0]


def _stem(name: str) -> str:
    """What is left of the name of a column without the words for time and event."""
    left = [
        word
        for word in name_words(name)
        if word in ("os", "dfs", "pfs", "efs", "rfs")
        or not (_TIME.fullmatch(word) or STATUS.fullmatch(word) or word in ("to", "months", "days"))
    ]
    return " ".join(left)


def _entry_of(table: pd.DataFrame, pair: tuple[str, str]) -> str:
    names = [name for name in table.columns if plain_name(name) in _ENTRIES and name not in pair]
    return names[0] if names else ""


def _any(words: Sequence[str], kind: re.Pattern[str]) -> bool:
    return any(kind.fullmatch(word) for word in words)


def _are_outcomes(column: pd.Series, outcomes: re.Pattern[str] = _OUTCOME) -> bool:
    present = column.dropna().astype(str).str.strip().str.lower().str.replace(r"\.0$", "", regex=True)
    words = set(present) - _NOT_SEEN
    return 0 < len(words) <= 4 and all(outcomes.fullmatch(word) for word in words)


def _are_times(column: pd.Series) -> bool:
    """Whether a column holds numbers, and not one alone or the outcomes of events."""
    cells = column.dropna().astype(str).str.strip()
    cells = cells[~cells.map(is_missing).astype(bool)]
    numbers = pd.to_numeric(cells.str.replace(",", "."), errors="coerce")
    return bool(numbers.nunique() > 1 and numbers.notna().all()) and not _are_outcomes(column)


def read_events(column: pd.Series, requested: Requested, where: str) -> pd.Series:
    """Whether the event happened in each row: 1.0 or 0.0, NaN where it is not told.

    Parameters
    ----------
    column
        0 and 1, true and false, or words; 1 and 2 as R's package survival has them, where 2 is the event.
    requested
        Whose two classes, if any, are the words: the last is the event.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        A word is none of an event, or there are several events.

    Examples
    --------
    >>> read_events(pd.Series(["dead", "alive", None]), Requested(), "responses").tolist()
    [1.0, 0.0, nan]
    """
    cells = column.astype(object).where(column.notna(), "").map(str).str.strip()
    if requested.classes:
        happened = {
            plain_word(word): float(at) for at, each in enumerate(requested.classes) for word in each.split("=")
        }
        words = cells.map(plain_word)
    else:
        words = cells.str.lower().str.replace(r"\.0$", "", regex=True)
        happened = _meaning(set(words) - _NOT_SEEN, str(column.name), where)
    numbers = words.map(happened)
    unknown = numbers.isna() & ~cells.map(is_missing).astype(bool)
    if unknown.any():
        row = int(np.argmax(unknown.to_numpy()))
        raise InputError(
            f'{where}, row {row + 1}, column "{column.name}": found "{cells.iloc[row]}" '
            f"({count(int(unknown.sum()), 'such row')}; expected 1 where the event happened and 0 where it had not, or "
            'yes and no, or dead and alive). Say which word is the event: `classes` "alive<dead".'
        )
    return numbers.astype(np.float64)


def refuse_bad_times(times: pd.Series, entry: pd.Series, where: str) -> None:
    """Refuse times below 0, and samples that come under observation when they leave it.

    Raises
    ------
    InputError
        There are some; the first row is named.

    Examples
    --------
    >>> refuse_bad_times(pd.Series([1.0, 2.0]), pd.Series([0.0, 0.5]), "responses")
    """
    negative = (times < 0).to_numpy()
    if negative.any():
        row = int(np.argmax(negative))
        raise InputError(
            f"{where}, row {row + 1}: found the time {times.iloc[row]:g} ({count(int(negative.sum()), 'such row')}; "
            "expected 0 or more). Correct it, or leave it empty."
        )
    late = ((entry < 0) | ((entry >= times) & (entry > 0))).to_numpy()
    if late.any():
        row = int(np.argmax(late))
        raise InputError(
            f"{where}, row {row + 1}: found entry {entry.iloc[row]:g} and time {times.iloc[row]:g} "
            f"({count(int(late.sum()), 'such row')}; expected 0 or more, and an entry before the time). Correct it."
        )


def refuse_times_of_events_alone(times: pd.Series, happened: pd.Series, where: str) -> None:
    """Refuse times that are told of events alone, and tell how many rows with or without an event have none.

    Parameters
    ----------
    times, happened
        `(n_rows,)` numbers, NaN where not told.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        No row without an event has a time, and some stand in the table.

    Examples
    --------
    >>> refuse_times_of_events_alone(pd.Series([1.0, 2.0]), pd.Series([1.0, 0.0]), "responses")
    """
    lost, not_yet = times.isna() & happened.notna(), happened == 0
    if not lost.any():
        return
    if (lost & not_yet).any() and not (not_yet & ~lost).any():
        raise InputError(
            f"{where}: found no time in any of {count(int(not_yet.sum()), 'row')} without an event (expected how long "
            "each was followed: without these all seem to have it). Fill in the time of the last follow-up, such as "
            "days_to_last_follow_up beside days_to_death."
        )
    logger.warning(
        f"{where}: {count(int(lost.sum()), 'row')} without a time, {int((lost & not_yet).sum())} of them without an "
        "event, are left out."
    )


def _meaning(words: set[str], name: str, where: str) -> dict[str, float]:
    """1.0 for each word by which the event happened, 0.0 where it had not."""
    numbers = words <= {"0", "1", "2"}
    if words <= _TRUTHS or all(word.isdigit() for word in words):
        if _any(name_words(name), re.compile("cnsr|alive")):
            return _of_absence(words, name, where)
        if _any(name_words(name), _CENSORING) or _may_deny(name_words(name)):
            _refuse_either(words, name, where)
    if numbers and words >= {"0", "2"}:
        raise InputError(
            f'{where}: found {show_ids(sorted(words))} in the column of events "{name}" (expected 0 and 1, or 1 and '
            "2). Of several events one is to be predicted: write 1 where it happened, and 0 elsewhere."
        )
    if numbers and "2" in words:
        logger.warning('%s: in "%s", 2 is taken for the event and 1 for none, as in R.', where, name)
        return {"1": 0.0, "2": 1.0}
    meaning = {}
    for word in words:
        parted = re.fullmatch(r"(\d)\s?:\s?(.+)", word)
        bare = parted[2] if parted else word
        if re.fullmatch(_HAPPENED, bare):
            meaning[word] = 1.0
        elif re.fullmatch(_NOT_YET, bare):
            meaning[word] = 0.0
    return meaning


def _may_deny(words: Sequence[str]) -> bool:
    """Whether a name may say that nothing happened: relapse free, no relapse, survived; not survival status."""
    text = re.sub(r"\bfree (?=surv)", "", " ".join(words))
    denials = [word for word in text.split() if _DENIALS.fullmatch(word)]
    endpoint = all(word in ("survival", "surv") for word in denials) and _any(words, _OF_STATES)
    return bool(denials) and not endpoint


def _of_absence(words: set[str], name: str, where: str) -> dict[str, float]:
    """Of CNSR 0 is the event, and each other number a reason of censoring; of alive, 1 says that nothing happened."""
    of_reasons = not _any(name_words(name), re.compile("alive"))
    if not of_reasons and not words <= {"1", "2"} and (words & {"2"} or not words <= _TRUTHS):
        _refuse_either(words, name, where)
    logger.warning('%s: in "%s", 0 is the event and 1 says that it had not happened.', where, name)
    if of_reasons:
        return {word: float(word in ("0", "false", "no", "f", "n")) for word in words}
    return {word: float(word not in ("1", "true", "yes", "t", "y")) for word in words}


def _refuse_either(words: set[str], name: str, where: str) -> NoReturn:
    """By words for censoring, and for what did not happen, 1 is the event in some tables and none in others."""
    low, high = (sorted(words) * 2)[:2]
    raise InputError(
        f'{where}: found {show_ids(sorted(words))} in "{name}" (expected a column that says whether the event '
        "happened; 1 under this name is the event in some tables and none in others). Say which is the event, the "
        f'last one: `classes` "{low}<{high}" or "{high}<{low}".'
    )
