"""Numbers of things in bins, as a small drawing of columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text

__all__ = ["columns_drawing", "shares_drawing"]

_WIDTH, _HEIGHT = 304, 190
_LEFT, _TOP, _BOTTOM = 4, 40, 44
_GAP = 2
_BINS = 20
_MOST_NUMBERED = 12
_ENDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)


def columns_drawing(numbers: Sequence[int], labels: Sequence[str], title: str, below: str) -> Html:
    """Columns side by side above their labels, each under its number; of more than 12, only the highest.

    Parameters
    ----------
    numbers
        Height of each, 0 or more; at least one.
    labels
        Same length; an empty label leaves the place free.
    title
        Stands above it.
    below
        Under the labels.
    """
    wide = (_WIDTH - 2 * _LEFT) / len(numbers)
    scale = (_HEIGHT - _TOP - _BOTTOM) / max(1, *numbers)
    floor = _HEIGHT - _BOTTOM
    parts = []
    for at, (number, label) in enumerate(zip(numbers, labels, strict=True)):
        left, tall = _LEFT + at * wide, max(number * scale, 1.0 if number else 0.0)
        middle = left + wide / 2
        parts.append(
            f'<rect class="model" x="{left + _GAP / 2:.1f}" y="{floor - tall:.1f}" width="{wide - _GAP:.1f}" '
            f'height="{tall:.1f}"><title>{text(label)}: {number:,}</title></rect>'
        )
        if number and (len(numbers) <= _MOST_NUMBERED or number == max(numbers)):
            parts.append(_tick(middle, floor - tall - 4, _short(number)))
        if label:
            parts.append(_tick(middle, floor + 15, label))
        parts.append("\n")
    return drawing(
        title,
        _WIDTH,
        _HEIGHT,
        f'<text x="{_LEFT}" y="14">{text(title, 44)}</text>\n{"".join(parts)}'
        f'<line class="zero" x1="{_LEFT}" x2="{_WIDTH - _LEFT}" y1="{floor}" y2="{floor}"/>'
        f"{_tick(_WIDTH / 2, _HEIGHT - 8, below)}",
    )


def shares_drawing(shares: NDArray[np.float64], title: str, below: str) -> Html:
    """How many things have which share: 20 columns from none to a round share that no thing exceeds.

    Parameters
    ----------
    shares
        `(n,)`, 0 to 1.
    title, below
        As for `columns_drawing`.
    """
    end = next(end for end in _ENDS if end >= shares.max(initial=0.0))
    numbers = np.histogram(shares, bins=_BINS, range=(0.0, end))[0]
    labels = [f"{100 * end * at / _BINS:g}%" if at % 5 == 0 else "" for at in range(_BINS)]
    return columns_drawing(numbers.tolist(), labels, title, below)


def _tick(x: float, y: float, words: str) -> str:
    return f'<text class="tick" x="{x:.1f}" y="{y:.1f}" text-anchor="middle">{text(words)}</text>'


def _short(number: int) -> str:
    """A number that is not wider than a column."""
    if number < 10_000:
        return str(number)
    return f"{number / 1000:.0f}k" if number < 1_000_000 else f"{number / 1e6:.1f}M"
