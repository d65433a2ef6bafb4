"""The same parts as Markdown, for those who keep notes, or whose Galaxy shows no page."""

from __future__ import annotations

import re
from collections.abc import Iterable

from drugresponse.report.blocks import Block, Cell, Figure, Items, Part, Table, Verdict, Words
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


def as_markdown(title: str, lead: str, parts: Iterable[Part], notice: str) -> str:
    """The whole report; `lead` stands under the title, `notice` at the end."""
    pieces = [f"# {markdown_text(title)}", markdown_text(lead)]
    for part in parts:
        pieces += [f"## {markdown_text(part.title)}"] if part.title else []
        pieces += [_block(block) for block in part.blocks]
    return "\n\n".join([*filter(None, pieces), "---", markdown_text(notice)]) + "\n"


def _block(block: Block) -> str:
    if isinstance(block, Words):
        return markdown_text(block.words)
    if isinstance(block, Items):
        return "\n".join(f"- {markdown_text(item)}" for item in block.items)
    if isinstance(block, Verdict):
        return f"> **{markdown_text(block.title)}**\n>\n> {markdown_text(block.words)}"
    if isinstance(block, Figure):
        return f"*Figure ({', '.join(map(markdown_text, block.drawings))}): {markdown_text(block.caption)}*"
    return _table(block)


def _table(block: Table) -> str:
    rule = ["---" if column < block.words else "---:" for column in range(len(block.columns))]
    lines = [_line(map(markdown_text, block.columns)), _line(rule), *(_line(map(_cell, row)) for row in block.rows)]
    caption = [f"{markdown_text(block.caption)}:", ""] if block.caption else []
    return "\n".join([*caption, *lines])


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(cell: Cell | str) -> str:
    if isinstance(cell, str):
        return markdown_text(cell)
    shown = markdown_text(cell.shown)
    if cell.kind in ("strong", "good", "bad") and shown:
        shown = f"**{shown}**"
    return f"{shown} ({markdown_text(cell.below)})" if cell.below else shown
