"""A report as a page: one HTML file without scripts, nothing fetched from elsewhere."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from drugresponse.report.blocks import Report
from drugresponse.report.page import Html, cleaned, shortened
from drugresponse.report.plain import as_plain
from drugresponse.report.style import STYLE

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["Page", "as_html", "environment"]


@cache
def environment() -> Environment:
    """Where templates are found, and how what they are given is written: escaped, without what does not print."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    made = Environment(
        loader=PackageLoader("drugresponse.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        finalize=lambda value: value if isinstance(value, Html) else cleaned(value),
    )
    made.filters["kind"] = lambda block: type(block).__name__
    made.filters["shortened"] = shortened
    # a range breaks before its "to" and nowhere else
    made.filters["unbroken"] = lambda words: words.replace(" to ", " to\N{NO-BREAK SPACE}")
    return made


class Page(str):
    """The text of a page, which knows the report that it shows."""

    report: Report

    def __new__(cls, text: str, report: Report) -> Page:
        """A page of a report."""
        page = super().__new__(cls, text)
        page.report = report
        return page


def as_html(report: Report) -> Page:
    """The whole file; the same in plain text stands before the style, for those who see its source."""
    # dashes side by side are forbidden in comments by older standards; escaped, nothing in the text can end one
    plain = re.sub("-(?=-)", "- ", as_plain(report))
    text = environment().get_template("page.html").render(report=report, style=Html(STYLE), plain=plain)
    return Page(text, report)
