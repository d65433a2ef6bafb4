"""A report as plain text, for those who see its source: Galaxy shows it so where HTML of the tool is not allowed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate

from drugresponse.report.blocks import Block, Cell, Figure, Items, Report, Table, Verdict, Words
from drugresponse.report.page import text

__all__ = ["as_plain"]

WIDTH = 80
"""Characters of a line in Galaxy's centre panel; in a wider table each row becomes a sentence."""
MOST_ROWS = 40
"""Rows of one table that are shown."""
MOST_CHARACTERS = 20_000
"""The text, escaped, is cut at the end of a paragraph or a table when it is longer."""


def as_plain(report: Report) -> str:
    """The words and tables of a report: an empty line between blocks, headings underlined, columns below each other."""
    pieces = [_heading(report.title, "="), report.lead]
    for part in report.parts:
        pieces += [_heading(part.title, "-")] if part.title else []
        pieces += [piece for block in part.blocks for piece in _pieces(block)]
    pieces = [piece for piece in (*pieces, report.foot) if piece]
    sizes = accumulate(len(text(piece)) for piece in pieces)
    kept = [piece for piece, size in zip(pieces, sizes, strict=True) if size <= MOST_CHARACTERS]
    return "\n\n".join(kept if len(kept) == len(pieces) else [*kept, "The rest stands in the downloaded file."])


def _heading(title: str, rule: str) -> str:
    return f"{title}\n{rule * len(title)}"


def _pieces(block: Block) -> Iterator[str]:
    if isinstance(block, Words):
        yield block.words
    elif isinstance(block, Items):
        yield "\n".join(f"- {item}" for item in block.items)
    elif isinstance(block, Verdict):
        yield from (block.title, *block.paragraphs)
    elif isinstance(block, Figure):
        yield f"Figure: {block.caption}" if block.caption else ""
    else:
        yield from (block.caption, _table(block))


def _table(table: Table) -> str:
    left = len(table.rows) - MOST_ROWS
    more = [f"and {left:,} more in the downloaded file"] if left > 0 else []
    rows = [[" ".join(_words(cell).split()) for cell in row] for row in (table.columns, *table.rows[:MOST_ROWS])]
    # a column of drawings has a heading only
    columns = [column for at, column in enumerate(zip(*rows, strict=True)) if at == 0 or any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    head, *shown = zip(*columns, strict=True)
    if sum(widths) + 2 * (len(widths) - 1) <= WIDTH:
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *shown)]
    else:
        lines = [f"- {_sentence(head, row)}" for row in shown]
    return "\n".join([*lines, *more])


def _words(cell: Cell | str) -> str:
    return cell if isinstance(cell, str) else cell.in_words()


def _sentence(head: tuple[str, ...], row: tuple[str, ...]) -> str:
    named = (f"{name} {cell}" for name, cell in zip(head[1:], row[1:], strict=True) if cell)
    return f"{f'{head[0]} {row[0]}'.strip()}: {'; '.join(named)}"
