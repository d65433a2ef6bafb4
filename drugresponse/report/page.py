"""What stands in pages and drawings: escaped text, and numbers and lists written one way."""

from __future__ import annotations

import re

from markupsafe import Markup as Html
from markupsafe import escape

from drugresponse.errors import count
from drugresponse.words import MISSING, joined, number, percent

__all__ = [
    "LONGEST",
    "MISSING",
    "Html",
    "cleaned",
    "count",
    "joined",
    "number",
    "p_number",
    "percent",
    "shortened",
    "text",
]

LONGEST = 48
"""Characters of one id that are shown."""
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def text(value: object, longest: int | None = None) -> Html:
    """Escape a value for a page; what is HTML already stays.

    Examples
    --------
    >>> text("<b>"), text("abcdef", longest=4)
    (Markup('&lt;b&gt;'), Markup('abc…'))
    """
    if isinstance(value, Html):
        return value
    return escape(cleaned(value) if longest is None else shortened(cleaned(value), longest))


def cleaned(value: object) -> str:
    """Text without characters that do not print."""
    return _UNPRINTABLE.sub("\ufffd", str(value))


def shortened(words: str, longest: int = LONGEST) -> str:
    """Text that is cut where it is long.

    Examples
    --------
    >>> shortened("abcdef", 4)
    'abc…'
    """
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def p_number(value: float) -> str:
    """A p or q value as a number; the smallest as a limit, since no test is that sure of its assumptions.

    Examples
    --------
    >>> p_number(0.01), p_number(1e-300)
    ('0.0100', 'below 1e−16')
    """
    return "below 1e\N{MINUS SIGN}16" if value < 1e-16 else number(value)
