"""A report as Markdown, for those who keep notes, or whose Galaxy shows no page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drugresponse.report.blocks import Block, Cell, Figure, Items, Report, Table, Verdict, Words
from drugresponse.report.page import cleaned

__all__ = ["as_markdown", "markdown_text"]

_MARKS = re.compile(r"([\\`*_\[\]|])")


def markdown_text(value: object) -> str:
    r"""Text that Markdown shows as it is, on one line; what could become HTML is written as entities.

    Examples
    --------
    >>> markdown_text("a|b <i> x_1")
    'a\\|b &lt;i&gt; x\\_1'
    """
    plain = " ".join(cleaned(value).split())
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return _MARKS.sub(r"\\\1", plain)


def as_markdown(report: Report) -> str:
    """The whole report, with its figures by name."""
    pieces = [f"# {markdown_text(report.title)}", markdown_text(report.lead)]
    for part in report.parts:
        pieces += [f"## {markdown_text(part.title)}"] if part.title else []
        pieces += [_block(block) for block in part.blocks]
    return "\n\n".join([*filter(None, pieces), "---", markdown_text(report.foot)]) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Words):
        return markdown_text(block.words)
    if isinstance(block, Items):
        return "\n".join(f"- {markdown_text(item)}" for item in block.items)
    if isinstance(block, Verdict):
        return "\n>\n".join(
            f"> {words}" for words in [f"**{markdown_text(block.title)}**", *map(markdown_text, block.paragraphs)]
        )
    if isinstance(block, Figure):
        return f"*Figure ({', '.join(map(markdown_text, block.drawings))}): {markdown_text(block.caption)}*"
    return _table(block)


def _table(table: Table) -> str:
    rule = ["---" if column < table.words else "---:" for column in range(len(table.columns))]
    lines = [_line(map(markdown_text, table.columns)), _line(rule), *(_line(map(_cell, row)) for row in table.rows)]
    caption = [f"{markdown_text(table.caption)}:", ""] if table.caption else []
    return "\n".join([*caption, *lines])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return markdown_text(cell)
    words = cell.in_words(markdown_text)
    if cell.kind in ("strong", "good", "bad") and cell.shown:
        shown = markdown_text(cell.shown)
        return words.replace(shown, f"**{shown}**", 1)
    return words
