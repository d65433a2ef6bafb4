"""What stands in pages: escaped text, and numbers and lists written one way."""

from __future__ import annotations

from markupsafe import Markup as Html
from markupsafe import escape

from drugresponse.errors import count
from drugresponse.words import MISSING, cleaned, joined, number, percent, shortened

__all__ = ["MISSING", "Html", "cleaned", "count", "joined", "number", "p_number", "percent", "shortened", "text"]


def text(value: object) -> Html:
    """Escape a value for a page; what is HTML already stays.

    Examples
    --------
    >>> text("<b>")
    Markup('&lt;b&gt;')
    """
    return value if isinstance(value, Html) else escape(cleaned(value))


def p_number(value: float) -> str:
    """A p or q value as a number; the smallest as a limit, since no test is that sure of its assumptions.

    Examples
    --------
    >>> p_number(0.01), p_number(1e-300)
    ('0.0100', 'below 1e−16')
    """
    return "below 1e\N{MINUS SIGN}16" if value < 1e-16 else number(value)
