"""Signs of limits in a column beside the numbers, under the names that the field gives it -> the column `censor`."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import pandas as pd

from drugresponse.data.column_names import name_words
from drugresponse.data.conversion.numbers import is_number
from drugresponse.data.missing import is_missing
from drugresponse.data.outcomes.limits import is_limit_or_number
from drugresponse.data.responses.cells import LIMIT_SIGNS, plain_sign
from drugresponse.errors import InputError, count, show_ids

__all__ = ["with_signs"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_NAMED = re.compile(
    r"signs?|operators?|comparators?|comparisons?|qualifiers?|prefix|relations?|relational|modifiers?|inequality|"
    r"censor(ed|ing)?|limits?"
)
_CENSORED = re.compile(r"censor(ed|ing)?|limits?")
_WORDS = frozenset({"left", "right"})
_OTHER_WORDS = frozenset({"none", "no"})


def with_signs(table: pd.DataFrame, response_column: str, where: str) -> pd.DataFrame:
    """A table whose column of signs beside the responses, if it has one, is called `censor`.

    It is `measurement_sign` of BV-BRC, `MIC sign` of NCBI's Pathogen Detection, `standard_relation` of ChEMBL,
    `operator`, `qualifier` and the like, with cells such as `<=`, `=` and `>`.

    Parameters
    ----------
    table
        Long rows, as they were written. One with a column `censor` comes back as it is, and so does one whose responses
        are words.
    response_column
        The column of numbers.
    where
        Names the table in errors.

    Raises
    ------
    InputError
        Signs of limits stand in a column of which it is not told that they are those of the responses, or in several.

    Examples
    --------
    >>> table = pd.DataFrame({"mic": [0.25, 8.0], "mic_sign": ["<=", "="]})
    >>> with_signs(table, "mic", "responses")["censor"].tolist()
    ['<=', '=']
    """
    if "censor" in table.columns or response_column not in table.columns:
        return table
    others = [name for name in table.columns if name != response_column and _may_hold_signs(table[name])]
    if not others:
        return table  # as most tables, whose many responses need not be looked at
    response = table[response_column]
    rows = response.notna() & ~response.astype(str).map(is_missing).astype(bool)
    if not rows.any() or not all(is_number(cell) or is_limit_or_number(cell) for cell in set(response[rows].map(str))):
        return table
    signs = {name: {plain_sign(cell) for cell in table.loc[rows, name].dropna().unique()} - {""} for name in others}
    held = [name for name, some in signs.items() if _are_signs(name, some)]
    if not held:
        _warn_of_words(signs, where)
        return table
    chosen = _of_the_responses(held, response_column)
    if len(chosen) != 1:
        n = int(table.loc[rows, held[0]].map(plain_sign).map(LIMIT_SIGNS).isin(["left", "right"]).sum())
        raise InputError(
            f"{where}: found signs of limits ({show_ids(sorted(signs[held[0]]), 5)}; {count(n, 'row')}) in "
            f'{show_ids(held)} beside the numbers in "{response_column}" (expected to be told whether the numbers are '
            'these limits). If they are, rename the column of signs to "censor"; if the signs are of another column, '
            "remove it."
        )
    progress.info('%s: took limits from "%s" (%s).', where, chosen[0], ", ".join(sorted(signs[chosen[0]])))
    signs_of_rows = table[chosen[0]].map(plain_sign, na_action="ignore")
    return table.drop(columns=chosen).assign(censor=signs_of_rows)


def _may_hold_signs(column: pd.Series) -> bool:
    """Whether any cell is the sign of a limit, or a word in its place."""
    if pd.api.types.is_numeric_dtype(column.dtype):
        return False
    cells = map(plain_sign, column.dropna().unique())
    return any(cell in _WORDS or LIMIT_SIGNS.get(cell) in _WORDS for cell in cells)


def _are_signs(name: str, cells: set[str]) -> bool:
    """Whether the cells of a column are signs, or of one that is named for limits their words, and some are limits."""
    words = _WORDS if any(map(_CENSORED.fullmatch, name_words(name))) else frozenset()
    limits = {sign for sign in cells if LIMIT_SIGNS.get(sign) in ("left", "right")}
    return bool(limits or cells & words) and cells <= {*LIMIT_SIGNS, *words, *(_OTHER_WORDS if words else ())}


def _of_the_responses(held: Sequence[str], response_column: str) -> list[str]:
    """Those of the columns of signs that are named as one is, and either alone or after the responses."""
    named = [name for name in held if any(map(_NAMED.fullmatch, name_words(name)))]
    stems = {name: {word for word in name_words(name) if not _NAMED.fullmatch(word)} for name in named}
    own = {*name_words(response_column)}
    alike = [name for name, stem in stems.items() if stem & own]
    plain = [name for name, stem in stems.items() if not stem]
    return alike or (plain if len(held) == 1 or response_column == "response" else []) or _only(stems, response_column)


def _only(stems: dict[str, set[str]], response_column: str) -> list[str]:
    """The only column of signs, where responses have the name that says nothing of what was measured."""
    return [*stems] if len(stems) == 1 and response_column == "response" else []


def _warn_of_words(signs: dict[str, set[str]], where: str) -> None:
    """Tell of left and right in a column of another name, which may be limits, or sides of the body."""
    for name, cells in signs.items():
        if cells & _WORDS and cells <= _WORDS | _OTHER_WORDS:
            logger.warning(
                '%s: "%s" (%s) is not used; if it says on which side of the numbers the responses lie, rename it to '
                '"censor".', where, name, show_ids(sorted(cells)),
            )  # fmt: skip
