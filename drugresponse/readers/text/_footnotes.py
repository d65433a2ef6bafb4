"""Lines below a table that are no rows of it: what signs mean, and where the table comes from."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

from drugresponse.errors import count, quoted

__all__ = ["without_footnotes"]

logger = logging.getLogger(__name__)

_Row = tuple[int, str | list[str]]
_MOST = 30
_MARK = re.compile(r"[*†‡§¶#^]+\s*[^\W\d_(]{2}|[*†‡§¶#^]+\s+\S|[*†‡§¶#^]*\(?[a-z\d]\)\s+\S|[¹²³⁴⁵]\s*\S")
_WORD = re.compile(
    r"(?:foot)?notes?|sources?|abbreviations?|legend|remarks?|comments?|key|quellen?|anmerkung(?:en)?|legende|hinweise?"
    r"|abk(?:ü|ue)rzung(?:en)?",
    re.IGNORECASE,
)
_FEWEST_WORDS, _FEWEST_BARE_WORDS = 4, 6


def without_footnotes(rows: list[_Row], separator: str, where: str) -> list[_Row]:
    r"""The rows of a table without the lines of words at its end, which a warning names.

    Parameters
    ----------
    rows
        Numbers of lines, and the lines, cut or not; the first is the header.
    separator
        What stands between cells.
    where
        The file, for the warning.

    Examples
    --------
    >>> without_footnotes([(1, "id\ta\tb"), (2, "s1\t0\t1"), (4, "* n.d. = not determined\t\t")], "\t", "panel.tsv")
    [(1, 'id\ta\tb'), (2, 's1\t0\t1')]
    """
    end = len(rows)
    while end > 2 and len(rows) - end < _MOST and _is_footnote(_lone_cell(rows[end - 1][1], separator)):
        end -= 1
    if end == len(rows) or not _is_table(rows[:end], separator):
        return rows
    below = rows[end:]
    first = _lone_cell(below[0][1], separator)
    logger.warning(
        "%s: %s below the table, from line %d on, left out: %s. Where it is a row, fill its cells.",
        where,
        count(len(below), "line"),
        below[0][0],
        quoted(first, 60),
    )
    return rows[:end]


def _is_table(rows: Sequence[_Row], separator: str) -> bool:
    """Whether the header has several cells: then a row of one cell is none of the table's."""
    _, header = rows[0]
    return separator in header if isinstance(header, str) else len(header) > 1


def _lone_cell(row: str | list[str], separator: str) -> str:
    """The first cell of a row in which no other is filled; "" of others."""
    if isinstance(row, str):
        cell, _, rest = row.partition(separator)
        others = rest.strip(f'{separator} "')
    else:
        cell, others = row[0], "".join(row[1:]).strip()
    return "" if others else cell.strip(' "')


def _is_footnote(cell: str) -> bool:
    """Whether a cell is a footnote and no id."""
    before = re.split(r"[:.=]", cell, maxsplit=1)[0].strip()
    return bool(
        _MARK.match(cell)
        or (before != cell and _WORD.fullmatch(before))
        or " = " in cell
        or len(cell.split()) >= (_FEWEST_WORDS if re.search(r"[:;.,]", cell) else _FEWEST_BARE_WORDS)
    )
