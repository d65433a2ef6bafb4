"""Responses that are classes: which, in what order, and the number of each."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.families import UNREAD, Direction, family_of, plain_word
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.outcomes.requested import Requested
from drugresponse.errors import InputError, count, show_ids

__all__ = ["FEWEST_ROWS", "MOST_LEVELS", "ReadClasses", "are_words", "class_levels", "read_classes"]

logger = logging.getLogger(__name__)

FEWEST_ROWS = 10
"""Rows below which two values, or whole numbers, may be chance."""
_MOST_WORDS = 9
MOST_LEVELS = 5
"""Whole numbers in a row that are told as classes."""
_OPPOSITE: dict[Direction, Direction] = {"sensitive": "resistant", "resistant": "sensitive"}


@dataclass(frozen=True, eq=False)
class ReadClasses:
    """Classes as they were read.

    Attributes
    ----------
    outcome
        Binary or ordinal.
    numbers
        `(n_rows,)` number of the class, NaN where it was not seen.
    direction
        What the highest class says of a sample; None where the words do not tell.
    """

    outcome: Outcome
    numbers: pd.Series
    direction: Direction | None = None


def are_words(column: pd.Series) -> bool:
    """Whether responses are a few words and no numbers; numbers of which the classes were listed are read as words.

    Examples
    --------
    >>> are_words(pd.Series(["R", "S", None])), are_words(pd.Series(["1.5", "low"]))
    (True, False)
    """
    if column.dtype == bool or isinstance(column.dtype, pd.BooleanDtype) or _ordered(column):
        return True
    may_be = column.dtype == object or isinstance(column.dtype, pd.StringDtype)
    levels = {str(cell).strip() for cell in column.dropna().unique()} if may_be else set()
    seen = {level for level in levels if level == "+" or not is_missing(level)}
    # grades have a number in their name, and no number is a word
    grades = [plain_word(level) != level and plain_word(level).isdigit() and level[:1].isalpha() for level in seen]
    numbered = [bool(re.search(r"\d|inf$", level, re.I)) for level in seen]
    return bool(seen) and len(seen) <= _MOST_WORDS and (all(grades) or not any(numbered))


def _ordered(column: pd.Series) -> bool:
    return isinstance(column.dtype, pd.CategoricalDtype) and bool(column.dtype.ordered)


def class_levels(values: np.ndarray, n_rows: int) -> tuple[str, ...]:
    """Numbers that are classes: 0 and 1, or three to five whole numbers in a row from 0 or 1; empty for others.

    Examples
    --------
    >>> class_levels(np.array([0.0, 1.0, 1.0]), 12), class_levels(np.array([2.0, 3.0, 4.0]), 12)
    (('0', '1'), ())
    """
    levels = np.unique(values)
    if not np.isfinite(levels).all():
        return ()
    in_a_row = bool((levels % 1 == 0).all() and (np.diff(levels) == 1).all())
    least = 2 if levels[0] == 0 else 3
    if n_rows < FEWEST_ROWS or not in_a_row or levels[0] not in (0, 1) or not least <= len(levels) <= MOST_LEVELS:
        return ()
    return tuple(f"{level:g}" for level in levels)


def read_classes(column: pd.Series, requested: Requested, where: str) -> ReadClasses:
    """The classes of responses, by their order where it was listed, else by the usual meaning of the words.

    Parameters
    ----------
    column
        Words, truth values, or numbers, as they are written.
    requested
        Kind and classes that were asked for.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        The order of the words is unknown, a word is none of the classes, or the classes are not of the kind.

    Examples
    --------
    >>> read = read_classes(pd.Series(["S", "R", None, "S"]), Requested(), "responses")
    >>> read.outcome.classes, read.numbers.tolist(), read.direction
    (('S', 'R'), [0.0, 1.0, nan, 0.0], 'resistant')
    """
    if _ordered(column) and not requested.classes:
        levels = column.cat.remove_unused_categories().cat.categories
        requested = Requested.of(requested.kind, [str(level) for level in levels])
    cells = column.astype(object).where(column.notna(), "").map(str)
    plain = cells.map({cell: plain_word(cell) for cell in cells.unique()})
    listed = requested.classes
    number_of = _listed_numbers(listed) if listed else {}
    unread = plain.isin(UNREAD) | cells.map({cell: is_missing(cell) for cell in cells.unique()})
    unread &= ~plain.isin(number_of)
    if not listed:
        unread = _but_for_their_family(plain, unread)
        number_of, listed = _usual_order(cells[~unread], plain[~unread], where)
    unknown = ~unread & ~plain.isin(number_of)
    if unknown.any():
        row = int(np.argmax(unknown.to_numpy()))
        raise InputError(
            f'{where}, row {row + 1}: found "{cells.iloc[row]}" ({count(int(unknown.sum()), "such row")}; expected one '
            f"of the classes {' < '.join(listed)}). Correct it, leave it empty, or list it in `classes`; words of one "
            "class are joined by =, such as S<I=R."
        )
    _tell_unread(cells[unread], where)
    numbers = plain.map(number_of).astype(np.float64).where(~unread)
    if requested.known is None:
        numbers, listed = _that_occur(numbers, listed, bool(requested.classes), where)
    kind = requested.kind if requested.kind != "auto" else "binary" if len(listed) == 2 else "ordinal"
    _refuse_other_kind(kind, listed, where)
    return ReadClasses(Outcome(kind, listed), numbers, _direction(listed))


def _listed_numbers(listed: Iterable[str]) -> dict[str, int]:
    """The number of the class of each plain word; other usual words of one class too, where all are of one family."""
    words = {plain_word(word): number for number, each in enumerate(listed) for word in each.split("=")}
    family = family_of(words)
    if family is None:
        return words
    classes = family.number_of
    same = {classes[word]: number for word, number in words.items()}
    # two listed words of one class of the family are told apart
    if len({(classes[word], number) for word, number in words.items()}) > len({classes[word] for word in words}):
        return words
    return {word: same[number] for word, number in classes.items() if number in same} | words


def _but_for_their_family(plain: pd.Series, unread: pd.Series) -> pd.Series:
    """A word for missing is a class where it belongs to the others, such as none to mild, and - to +."""
    others = set(plain[~unread])
    if others == {"plus"}:
        return unread & (plain != "minus")
    if len(others) > 1 and family_of(others | {"none"}) is not None:
        return unread & (plain != "none")
    return unread


def _usual_order(cells: pd.Series, plain: pd.Series, where: str) -> tuple[dict[str, int], tuple[str, ...]]:
    words = set(plain)
    family = family_of(words)
    written = cells.groupby(plain).agg(lambda some: some.str.strip().value_counts().index[0])
    if family is None:
        raise _of_unknown_order(plain, written, where)
    numbers = {word: family.number_of[word] for word in words}
    order = {number: at for at, number in enumerate(sorted(set(numbers.values())))}
    number_of = {word: order[number] for word, number in numbers.items()}
    counts = plain.value_counts()
    common = sorted(words, key=lambda word: (-int(counts[word]), word))
    listed = tuple(
        str(written[next(word for word in common if number_of[word] == number)]) for number in range(len(order))
    )
    return number_of, listed


def _of_unknown_order(plain: pd.Series, written: pd.Series, where: str) -> InputError:
    """What to say of words that have no usual order: of a few strange ones among usual ones, or of all."""
    counts = plain.value_counts()
    usual: set[str] = set()
    for word in sorted(counts.index, key=lambda word: (-int(counts[word]), word)):
        if family_of(usual | {word}) is not None:
            usual.add(word)
    strange = [word for word in counts.index if word not in usual]
    family = family_of(usual)
    if family is None or len(usual) < 2 or 2 * counts[strange].sum() > counts.sum():
        shown = sorted(written)
        return InputError(
            f"{where}: found the words {show_ids(shown)}, whose order is not known (expected numbers, or classes such "
            f'as S, I and R). Say it, lowest response first and the event last: `classes` "{"<".join(shown)}" or the '
            "other way round, words of one class joined by =, such as S<I=R; if they are not the responses, choose the "
            "column that holds them."
        )
    known = [str(written[word]) for word in sorted(usual, key=family.number_of.__getitem__)]
    others = sorted(str(written[word]) for word in strange)
    return InputError(
        f"{where}: found {show_ids(others)} ({count(int(counts[strange].sum()), 'response')}) among the classes "
        f"{show_ids(known)} (expected words of these classes). Leave these cells empty, or list every word in "
        f'`classes`, lowest response first and words of one class joined by =, such as "{"<".join(known[:-1])}'
        f'<{"=".join([*others, known[-1]])}".'
    )


def _that_occur(
    numbers: pd.Series, listed: tuple[str, ...], were_listed: bool, where: str
) -> tuple[pd.Series, tuple[str, ...]]:
    """Without classes that no response has, of which a warning tells."""
    present = sorted({int(number) for number in numbers.dropna()})
    absent = [word for number, word in enumerate(listed) if number not in present]
    if len(present) == 1:
        raise InputError(
            f'{where}: all {int(numbers.notna().sum())} responses are "{listed[present[0]]}" (expected two classes or '
            "more). Check the column of the responses."
        )
    if not absent or not present:
        return numbers, listed
    if were_listed:
        logger.warning("%s: no response is %s, which is left out of the classes.", where, show_ids(absent))
    kept = {number: float(at) for at, number in enumerate(present)}
    return numbers.map(kept), tuple(listed[number] for number in present)


def _refuse_other_kind(kind: str, listed: tuple[str, ...], where: str) -> None:
    if kind == "binary" and len(listed) > 2:
        raise InputError(
            f"{where}: found {len(listed)} classes ({' < '.join(listed)}; expected two for `outcome` binary). Say "
            "ordinal, or which are one class, such as `classes` "
            f'"{listed[0]}<{"=".join(listed[1:])}".'
        )
    if kind == "ordinal" and len(listed) == 2:
        raise InputError(
            f"{where}: found the two classes {listed[0]} and {listed[1]} (expected three or more for `outcome` "
            "ordinal). Say binary, or leave `outcome` out."
        )


def _tell_unread(cells: pd.Series, where: str) -> None:
    words = sorted({cell.strip() for cell in cells if not is_missing(cell)})
    if words:
        n = sum(not is_missing(cell) for cell in cells)
        logger.warning("%s: %s say %s and are left out.", where, count(n, "response"), show_ids(words))


def _direction(listed: tuple[str, ...]) -> Direction | None:
    """What the highest class says, where both ends are words of one family."""
    ends = [plain_word(listed[at].split("=")[0]) for at in (0, -1)]
    family = family_of(set(ends))
    if family is None or family.top is None:
        return None
    low, high = (family.number_of[word] for word in ends)
    return family.top if low < high else _OPPOSITE[family.top]
