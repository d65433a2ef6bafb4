"""A page as plain text, for those who see its source: Galaxy shows it so where HTML of the tool is not allowed."""

from __future__ import annotations

import html
from collections.abc import Iterator
from xml.etree import ElementTree

__all__ = ["plain_text", "source_comment"]

WIDTH = 80
"""Characters of a line in Galaxy's centre panel; in a wider table each row becomes a sentence."""
MOST_ROWS = 40
"""Rows of one table that are shown."""
MOST_CHARACTERS = 20_000
"""The text is cut at the end of a paragraph or a table when it is longer."""


def source_comment(body: str) -> str:
    """The report in plain text, as one HTML comment.

    Examples
    --------
    >>> source_comment("<p>1 &lt; 2</p>").splitlines()[-2:]
    ['1 &lt; 2', '-->']
    """
    # escaped, it holds no ">", so that nothing in the text can end the comment
    escaped = html.escape(plain_text(body), quote=False)
    if len(escaped) > MOST_CHARACTERS:
        end = max(0, escaped.rfind("\n\n", 0, MOST_CHARACTERS))
        escaped = f"{escaped[:end]}\n\nThe rest stands in the downloaded file."
    return f"<!-- The report in plain text, without its figures:\n\n{escaped}\n-->\n"


def plain_text(body: str) -> str:
    r"""The words and tables of a report, without its figures.

    Parameters
    ----------
    body
        What stands in the body of the page; its tags nest, and void ones are closed.

    Returns
    -------
    str
        Paragraphs with an empty line between them, headings underlined, the cells of a column below each other.

    Examples
    --------
    >>> plain_text("<p>Held out</p><table><tr><th>drug</th><th>R²</th></tr><tr><th>D1</th><td>0.5</td></tr></table>")
    'Held out\n\ndrug  R²\nD1    0.5'
    """
    return "\n\n".join(filter(None, _pieces(ElementTree.fromstring(f"<body>{body}</body>"))))


def _pieces(parent: ElementTree.Element) -> Iterator[str]:
    for child in parent:
        if child.tag == "table":
            yield _table([[_words(cell) for cell in row] for row in child.iter("tr")])
        elif child.tag in ("h1", "h2"):
            title = _words(child)
            yield f"{title}\n{('=' if child.tag == 'h1' else '-') * len(title)}"
        elif child.tag == "ul":
            yield "\n".join(f"- {_words(item)}" for item in child)
        elif child.tag == "figcaption":
            yield f"Figure: {_words(child)}"
        elif child.tag in ("p", "strong") or child.get("class") == "chips" or (child.text or "").strip():
            yield _words(child)
        elif child.tag != "svg":
            yield from _pieces(child)


def _words(element: ElementTree.Element) -> str:
    """All text of an element on one line; what stands below a number in a cell follows it in brackets."""
    if element.tag == "svg":
        return ""
    if element.get("class") == "chips":
        return ", ".join(map(_words, element))
    pieces = [element.text or ""]
    for child in element:
        inside = _words(child)
        pieces += [f" ({inside})" if child.get("class") == "range" and inside else inside, child.tail or ""]
    return " ".join("".join(pieces).split())


def _table(rows: list[list[str]]) -> str:
    left = len(rows) - 1 - MOST_ROWS
    more = [f"and {left:,} more in the downloaded file"] if left > 0 else []
    # a column of drawings has a heading only
    every = zip(*rows[: MOST_ROWS + 1], strict=True)
    columns = [column for i, column in enumerate(every) if i == 0 or any(column[1:])]
    widths = [max(map(len, column)) for column in columns]
    head, *shown = zip(*columns, strict=True)
    if sum(widths) + 2 * (len(widths) - 1) <= WIDTH:
        lines = ["  ".join(map(str.ljust, row, widths)).rstrip() for row in (head, *shown)]
    else:
        lines = [f"- {_sentence(head, row)}" for row in shown]
    return "\n".join([*lines, *more])


def _sentence(head: tuple[str, ...], row: tuple[str, ...]) -> str:
    named = (f"{name} {cell}" for name, cell in zip(head[1:], row[1:], strict=True) if cell)
    return f"{f'{head[0]} {row[0]}'.strip()}: {'; '.join(named)}"
