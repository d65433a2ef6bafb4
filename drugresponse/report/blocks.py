"""What a report says, before it is written: page, Markdown and plain text are made of the same blocks."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, NamedTuple, TypeAlias

import pandas as pd

from drugresponse.report.page import Html, count, joined, shortened, text
from drugresponse.report.pictures import Picture
from drugresponse.version import __version__

__all__ = ["Block", "Cell", "Chip", "Columns", "Figure", "Items", "Part", "Report", "Row", "Table", "Verdict", "Words"]


class Chip(NamedTuple):
    """One of several short items of a cell: a name that a user gave, and what is said of it."""

    name: str
    words: str = ""


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
    chips
        Short items side by side.
    drawing
        A small picture, left out of text.
    """

    shown: str = ""
    below: str = ""
    kind: str = ""
    chips: Sequence[Chip] = ()
    drawing: Html | None = None

    def in_words(self, write: Callable[[str], str] = str) -> str:
        """The cell on one line, each of its texts written by a function."""
        chips = ", ".join(" ".join(map(write, filter(None, chip))) for chip in self.chips)
        shown = write(self.shown) + chips
        return f"{shown} ({write(self.below)})" if self.below else shown


@dataclass(frozen=True)
class Words:
    """A paragraph; `quiet` where it only explains. Without words nothing is written."""

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
        Rows beyond about this size are left out of a page, so that long ids cannot make it too large to open.
    """

    columns: Sequence[str]
    rows: Sequence[Sequence[Cell | str]]
    caption: str = ""
    words: int = 1
    most_bytes: int = 60_000

    @classmethod
    def of(cls, rows: pd.DataFrame, columns: Mapping[str, Callable[[Any], Cell | str]], **more: Any) -> Table:
        """A table of rows, each heading with what makes a cell of a row.

        Parameters
        ----------
        rows
            Whose rows are handed over as named tuples.
        columns
            By heading.
        more
            Other attributes.

        Examples
        --------
        >>> Table.of(pd.DataFrame({"n": [1200]}), {"Rows": lambda row: f"{row.n:,}"}).rows
        [['1,200']]
        """
        return cls(list(columns), [[cell(row) for cell in columns.values()] for row in rows.itertuples()], **more)

    def fitting(self) -> Sequence[Sequence[Cell | str]]:
        """The rows that a page has room for."""
        sizes = accumulate(sum(map(_bytes_of, row)) for row in self.rows)
        return [row for row, size in zip(self.rows, sizes, strict=True) if size <= self.most_bytes]

    def left_out(self) -> Words:
        """How many rows a page has no room for."""
        left = len(self.rows) - len(self.fitting())
        return Words(f"{count(left, 'more row')} left out to keep the page small." if left else "", quiet=True)


def _bytes_of(cell: Cell | str) -> int:
    """About what a cell takes in a page, where names are cut."""
    if isinstance(cell, str):
        return 25 + len(text(cell).encode())
    shown = shortened(cell.shown) if cell.kind == "id" else cell.shown
    chips = [f"{shortened(name)} {words}" for name, words in cell.chips]
    tags = 25 + (12 if cell.kind else 0) + (25 if cell.below else 0) + 30 * len(chips)
    return tags + len(text(" ".join([shown, cell.below, *chips])).encode())


@dataclass(frozen=True)
class Figure:
    """Drawings side by side under one caption, by the name of the files that each may be written to."""

    drawings: Mapping[str, Picture]
    caption: str = ""


@dataclass(frozen=True)
class Verdict:
    """The box that is read first; `kind` is `better`, `same`, `worse` or `unknown`."""

    kind: str
    title: str
    words: str
    leaks: Sequence[str] = ()

    @property
    def paragraphs(self) -> list[str]:
        """What follows the title: leaks first."""
        return [*self.leaks, self.words]


Block: TypeAlias = Words | Items | Table | Figure | Verdict
Row: TypeAlias = list[Cell | str]
Columns: TypeAlias = dict[str, Callable[[Any], Cell | str]]
"""Headings of a table, each with what makes a cell of a row."""


@dataclass(frozen=True)
class Part:
    """A headed part of a report; without a title, its head."""

    title: str
    blocks: Sequence[Block] = ()


@dataclass(frozen=True)
class Report:
    """A whole report.

    Attributes
    ----------
    title, lead
        Heading, and what stands under it.
    parts
        From top to bottom.
    notice
        What stands at the foot, such as "Research use only.".
    inputs
        Names of the files that it was made of.
    """

    title: str
    lead: str
    parts: Sequence[Part]
    notice: str
    inputs: Sequence[str] = field(default_factory=tuple)

    @property
    def foot(self) -> str:
        """The notice, and by which version the report was made of what."""
        # the names that Galaxy and pipes give their files tell nothing
        named = [name for name in self.inputs if not name.startswith(("dataset_", "pipe-"))]
        return f"{self.notice} Made by drugresponse {__version__}{f' from {joined(named)}' if named else ''}."

    def blocks(self) -> Iterable[Block]:
        """All blocks of all parts."""
        return (block for part in self.parts for block in part.blocks)

    def files(self) -> dict[str, bytes]:
        """Every figure as PNG and SVG, by file name; ids in names are shortened to what every system can store."""
        made: dict[str, bytes] = {}
        drawings = [each.drawings.items() for each in self.blocks() if isinstance(each, Figure)]
        for name, picture in (pair for pairs in drawings for pair in pairs):
            stem = re.sub(r"[^A-Za-z0-9_.-]+", "-", name)[:80]
            alike = sum(1 for other in made if other.startswith(f"{stem}.") or other.startswith(f"{stem}~")) // 2
            for ending, content in picture.files().items():
                made[f"{stem}~{alike + 1}.{ending}" if alike else f"{stem}.{ending}"] = content
        return made
