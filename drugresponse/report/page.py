"""What a page is made of: escaped text, numbers written one way, tables, and the frame around them."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence

from drugresponse.errors import count
from drugresponse.report.plain import source_comment
from drugresponse.report.style import STYLE
from drugresponse.words import MISSING, joined, number, percent

__all__ = [
    "MISSING",
    "Html",
    "chips",
    "cleaned",
    "count",
    "hint",
    "identity",
    "joined",
    "list_items",
    "number",
    "page",
    "paragraph",
    "percent",
    "section",
    "table",
    "text",
]

LONGEST = 48
"""Characters of one id that are shown."""
TABLE_BYTES = 120_000
"""A table usually stops growing here, so that long ids cannot make a page too large to open."""
_AS_SOURCE = (
    "This is a report to be read in a browser. If you see it as text between angle brackets, your Galaxy shows such "
    "pages as source. Download the dataset and open it, or ask the administrator to allow the pages of this tool "
    "(Admin, Manage Allowlist). The tables that the same run wrote hold the numbers."
)
"""Galaxy serves a page of a tool that is not on the server's list as plain text: this is its first line."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


class Html(str):
    """Text that is HTML already; everything else is escaped before it reaches a page."""

    __slots__ = ()


def text(value: object, longest: int | None = None) -> Html:
    """Escape a value for a page; what is HTML already stays.

    Examples
    --------
    >>> text("<b>")
    '&lt;b&gt;'
    >>> text("abcdef", longest=4)
    'abc…'
    """
    if isinstance(value, Html):
        return value
    shown = cleaned(value)
    if longest is not None and len(shown) > longest:
        shown = shown[: longest - 1] + "…"
    return Html(html.escape(shown))


def cleaned(value: object) -> str:
    """Text without characters that do not print."""
    return _UNPRINTABLE.sub("\ufffd", str(value))


def identity(value: object) -> Html:
    """An id: escaped, cut when long, and kept from turning the direction of the text around it."""
    return Html(f"<bdi>{text(value, LONGEST)}</bdi>")


def hint(words: str) -> Html:
    r"""A quieter second line of a cell; a range breaks before its "to" and nowhere else.

    Examples
    --------
    >>> hint("1.2 to 3.4")
    '<div class="range">1.2 to\xa03.4</div>'
    """
    unbroken = words.replace(" to ", " to\N{NO-BREAK SPACE}")
    return Html(f'<div class="range">{text(unbroken)}</div>')


def paragraph(content: object, kind: str = "") -> Html:
    """A paragraph, of a CSS class where one is named."""
    return Html(f"<p{_class(kind)}>{text(content)}</p>\n") if content else Html()


def list_items(items: Iterable[object]) -> Html:
    """A bulleted list."""
    return Html("<ul>\n" + "".join(f"<li>{text(item)}</li>\n" for item in items) + "</ul>\n")


def chips(items: Iterable[object]) -> Html:
    """Short items side by side, each unbroken; spaces keep them apart where the page has no style."""
    return Html(f'<div class="chips">{" ".join(f"<span>{text(each)}</span>" for each in items)}</div>')


def section(title: str, *content: Html) -> Html:
    """A headed part of a page."""
    return Html(f"<section>\n<h2>{text(title)}</h2>\n{''.join(content)}</section>\n")


def table(
    columns: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    words: int = 1,
    kind: str = "",
    caption: str = "",
    most_bytes: int = TABLE_BYTES,
) -> Html:
    """A table that scrolls by itself where the page is narrow.

    Parameters
    ----------
    columns
        Headings.
    rows
        Cells, escaped unless `Html`; numbers are already written out.
    words
        How many columns from the left hold words; the others are set as numbers, to the right.
    kind
        CSS class of the table.
    caption
        Stands above the table, and names it to those who cannot see where it stands.
    most_bytes
        Rows beyond this size are counted, not shown.
    """
    head = "".join(
        f'<th scope="col"{_class("" if i < words else "n")}>{text(column)}</th>' for i, column in enumerate(columns)
    )
    written: list[str] = []
    size = left = 0
    for row in rows:
        line = "<tr>" + "".join(_cell(value, i, words) for i, value in enumerate(row)) + "</tr>\n"
        size += len(line.encode())
        if size > most_bytes:
            left += 1
        else:
            written.append(line)
    more = paragraph(f"{count(left, 'more row')} left out to keep the page small.", "quiet") if left else ""
    named = caption or ", ".join(filter(None, columns))
    label = f' aria-label="{text(named)}"'
    # before the table, not in it: a caption is as wide as its table, and would be cut with it on a phone
    return Html(
        f'{paragraph(caption, "caption")}<div class="scroll" role="region"{label} tabindex="0">\n'
        f"<table{_class(kind)}{label}><thead><tr>{head}</tr></thead>\n"
        f"<tbody>\n{''.join(written)}</tbody></table></div>\n{more}"
    )


def _cell(value: object, column: int, words: int) -> str:
    if column == 0:
        return f'<th scope="row">{text(value)}</th>'
    return f"<td{_class('' if column < words else 'n')}>{text(value)}</td>"


def _class(kind: str) -> str:
    return f' class="{kind}"' if kind else ""


def page(title: str, lead: str, body: Iterable[Html], notice: str) -> str:
    """The whole HTML file; `lead` stands under the title, `notice` at both ends.

    The same in plain text stands before the style, for those who see the source.
    """
    content = (
        f'<header><h1>{text(title)}</h1>\n<p class="quiet">{text(lead)}</p></header>\n'
        f"{''.join(body)}<footer>{text(notice)}</footer>\n"
    )
    return (
        f'<!DOCTYPE html>\n<!-- {_AS_SOURCE} -->\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'{source_comment(content)}<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
        f"<title>{text(title)}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{content}</main>\n</body>\n</html>\n"
    )
