"""The parts of a report before it is written, so that the page and the Markdown cannot tell different numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from drugresponse.report.page import Html, hint, identity, list_items, paragraph, section, table, text

__all__ = ["Block", "Cell", "Figure", "Items", "Part", "Table", "Verdict", "Words", "as_html"]


@dataclass(frozen=True)
class Cell:
    """One cell of a table.

    Attributes
    ----------
    shown
        What it says.
    below
        A second, quieter line, such as an interval.
    kind
        `strong` for a learner among naive predictions, `id` for text that a user gave, `good` for a gain, `bad` for
        what calls for care.
    """

    shown: str
    below: str = ""
    kind: str = ""


@dataclass(frozen=True)
class Words:
    """A paragraph; `quiet` where it only explains."""

    words: str
    quiet: bool = False


@dataclass(frozen=True)
class Items:
    """A bulleted list."""

    items: Sequence[str]


@dataclass(frozen=True)
class Table:
    """A table.

    Attributes
    ----------
    columns
        Headings.
    rows
        Cells; plain text is a cell of its own.
    caption
        What it is, and in which order.
    words
        How many columns from the left hold words; the others hold numbers.
    most_bytes
        Rows beyond this size of the page are left out of it.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""
    words: int = 1
    most_bytes: int = 20_000


@dataclass(frozen=True)
class Figure:
    """Drawings side by side under one caption, by the name of the file that each may be written to."""

    drawings: Mapping[str, Html]
    caption: str


@dataclass(frozen=True)
class Verdict:
    """The box that is read first; `kind` is `better`, `same`, `worse` or `unknown`."""

    kind: str
    title: str
    words: str


Block: TypeAlias = Words | Items | Table | Figure | Verdict


@dataclass(frozen=True)
class Part:
    """A headed part of a report; without a title, its head."""

    title: str
    blocks: Sequence[Block] = field(default_factory=tuple)


def as_html(part: Part) -> Html:
    r"""A part as a section of a page.

    Examples
    --------
    >>> as_html(Part("Limits", [Words("<none>")]))
    '<section>\n<h2>Limits</h2>\n<p>&lt;none&gt;</p>\n</section>\n'
    """
    written = [_block(block) for block in part.blocks]
    return section(part.title, *written) if part.title else Html("".join(written))


def _block(block: Block) -> Html:
    if isinstance(block, Words):
        return paragraph(block.words, "quiet" if block.quiet else "")
    if isinstance(block, Items):
        return list_items(block.items)
    if isinstance(block, Verdict):
        title = f"<strong>{text(block.title)}</strong>"
        return Html(f'<div class="verdict {block.kind}">{title}{paragraph(block.words)}</div>\n')
    if isinstance(block, Figure):
        drawings = "".join(block.drawings.values())
        side_by_side = f'<div class="beside">{drawings}</div>' if len(block.drawings) > 1 else drawings
        return Html(f"<figure>{side_by_side}<figcaption>{text(block.caption)}</figcaption></figure>\n")
    return _table(block)


def _table(block: Table) -> Html:
    rows = [[_cell(cell) for cell in row] for row in block.rows]
    return table(block.columns, rows, words=block.words, caption=block.caption, most_bytes=block.most_bytes)


def _cell(cell: Cell | str) -> Html:
    if isinstance(cell, str):
        return text(cell)
    shown = identity(cell.shown) if cell.kind == "id" else text(cell.shown)
    if cell.kind == "strong":
        shown = Html(f"<b>{shown}</b>")
    elif cell.kind in ("good", "bad"):
        shown = Html(f'<b class="{cell.kind}">{shown}</b>')
    return Html(shown + (hint(cell.below) if cell.below else ""))
