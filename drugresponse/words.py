"""Numbers and lists in words, written one way wherever they are told."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

__all__ = ["MISSING", "cleaned", "joined", "number", "percent", "shortened", "weighed"]

MISSING = "\N{EN DASH}"
_UNPRINTABLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")


def cleaned(value: object) -> str:
    """Text without characters that do not print."""
    return _UNPRINTABLE.sub("\ufffd", str(value))


def shortened(words: str, longest: int = 48) -> str:
    """Text that is cut where it is long.

    Examples
    --------
    >>> shortened("abcdef", 4)
    'abc…'
    """
    return words if len(words) <= longest else f"{words[: longest - 1]}…"


def number(value: float | None, *, sign: bool = False) -> str:
    """Three significant digits; a dash where there is no number.

    Examples
    --------
    >>> [number(value) for value in (1.5, -0.01234, 12345.6, 3e-7, float("nan"))]
    ['1.50', '−0.0123', '12,300', '3.00e−07', '–']
    >>> number(2, sign=True)
    '+2.00'
    """
    if value is None or not math.isfinite(value):
        return MISSING
    if value == 0:
        return "0"
    rounded = float(f"{value:.3g}")
    shown = f"{rounded:,.0f}" if 1000 <= abs(rounded) < 1e9 else f"{rounded:#.3g}".removesuffix(".")
    return ("+" if sign and value > 0 else "") + shown.replace("-", "\N{MINUS SIGN}")


def percent(share: float) -> str:
    """A share in percent, three significant digits.

    Examples
    --------
    >>> percent(0.3214)
    '32.1%'
    """
    return f"{number(100 * share)}%"


def joined(words: Sequence[str]) -> str:
    """Words as a list in a sentence.

    Examples
    --------
    >>> joined(["a", "b", "c"])
    'a, b and c'
    """
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def weighed(weights: Mapping[str, float]) -> str:
    """Learners with their weights, the heaviest first.

    Examples
    --------
    >>> weighed({"ridge": 0.25, "boosted-trees": 0.75})
    'boosted-trees 0.75, ridge 0.25'
    """
    ordered = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{name} {weight:.2f}" for name, weight in ordered)
