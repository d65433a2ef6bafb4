"""Figures of estimates with their intervals on one axis: rows of dots and whiskers, and a sorted crowd of them."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text

__all__ = ["Range", "crowd", "ranges", "tick_words", "ticks"]

ROW = 42
_INSET = 2.0
"""Percent of the width left free at both ends, so that a dot at the end of the scale is whole."""
_AXIS = 11
"""Percent of the width that the numbers of an upright axis take."""


@dataclass(frozen=True)
class Range:
    """One estimate: its label, its value in words, where it stands, how far its interval goes, and marks beside it.

    `lower` and `upper` are NaN where no interval is known; `value` is NaN where only marks are drawn.
    """

    label: str
    shown: str
    value: float
    lower: float = math.nan
    upper: float = math.nan
    kind: str = "naive"
    marks: Sequence[float] = ()


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round numbers between two others.

    Examples
    --------
    >>> ticks(-0.07, 0.21)
    [-0.05, 0.0, 0.05, 0.1, 0.15, 0.2]
    """
    if not high > low:
        return [low]
    rough = (high - low) / most
    size = 10.0 ** math.floor(math.log10(rough))
    step = size * next(multiple for multiple in (1, 2, 5, 10) if multiple * size >= rough * 0.999)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)]


def ranges(rows: Sequence[Range], title: str, low: float, high: float, *, zero: float | None = 0.0) -> Html:
    """Dots with whiskers on one axis, each under its label; what lies beyond the axis becomes an arrow at its end.

    Parameters
    ----------
    rows
        From top to bottom.
    title
        What the figure shows, for those who do not see it.
    low, high
        The ends of the axis.
    zero
        Where a dashed line stands; None for none.
    """
    height = len(rows) * ROW

    def at(value: float) -> str:
        share = (value - low) / (high - low) if high > low else 0.5
        return f"{_INSET + (100 - 2 * _INSET) * min(max(share, 0.0), 1.0):.2f}%"

    parts = [_axis(low, high, at, height)]
    if zero is not None and low <= zero <= high:
        # drawn in pieces, so that it never crosses a label
        tops = [i * ROW + 18 for i in range(len(rows))]
        parts += [f'<line class="best" x1="{at(zero)}" x2="{at(zero)}" y1="{y}" y2="{y + 22}"/>' for y in tops]
    parts += [_row(row, i * ROW, at, low, high) for i, row in enumerate(rows)]
    return drawing(title, "100%", height + 22, "".join(parts))


def _axis(low: float, high: float, at: Callable[[float], str], height: int) -> str:
    shown = ticks(low, high)
    written = []
    for tick, words in zip(shown, tick_words(shown), strict=True):
        place = "start" if tick <= low else "end" if tick >= high else "middle"
        written.append(f'<text class="tick" x="{at(tick)}" y="{height + 18}" text-anchor="{place}">{words}</text>')
    line = f'<line class="zero" x1="{at(low)}" x2="{at(high)}" y1="{height + 2}" y2="{height + 2}"/>'
    return line + "".join(written) + "\n"


def _row(row: Range, top: int, at: Callable[[float], str], low: float, high: float) -> str:
    middle = top + 29
    parts = [
        f'<text x="0" y="{top + 14}">{text(row.label, 60)}</text>'
        f'<text x="100%" y="{top + 14}" text-anchor="end">{text(row.shown)}</text>'
    ]
    parts += [
        f'<line class="mark" x1="{at(mark)}" x2="{at(mark)}" y1="{middle - 7}" y2="{middle + 7}"/>'
        for mark in row.marks
        if math.isfinite(mark)
    ]
    if math.isfinite(row.lower) and math.isfinite(row.upper) and row.upper >= low and row.lower <= high:
        ends = f'x1="{at(row.lower)}" x2="{at(row.upper)}"'
        parts.append(f'<line class="whisker {row.kind}" {ends} y1="{middle}" y2="{middle}"/>')
    if not math.isfinite(row.value):
        return "".join(parts) + "\n"
    if row.value < low:
        parts.append(f'<path class="{row.kind}" d="M0 {middle}l9 -6v12z"/>')
    elif row.value > high:
        # a nested drawing, since a path knows no percent
        arrow = f'<path class="{row.kind}" d="M0 {middle}l-9 -6v12z"/>'
        parts.append(f'<svg x="100%" y="0" width="1" height="1">{arrow}</svg>')
    else:
        parts.append(f'<circle class="{row.kind}" cx="{at(row.value)}" cy="{middle}" r="6"/>')
    return "".join(parts) + "\n"


def crowd(
    values: NDArray[np.float64],
    lower: NDArray[np.float64],
    upper: NDArray[np.float64],
    marked: NDArray[np.bool_],
    title: str,
    *,
    height: int = 200,
) -> Html:
    """Many estimates from left to right in the order given, with whiskers; those that are marked stand out.

    The axis holds every value and, as far as they do not dwarf the values, the intervals.
    """
    known = np.isfinite(values)
    values, lower, upper, marked = values[known], lower[known], upper[known], marked[known]
    ends = np.concatenate([values, [0.0]])
    room = 0.6 * max(float(np.ptp(ends)), 1e-3)
    bounds = np.concatenate([lower[np.isfinite(lower)], upper[np.isfinite(upper)], ends])
    low = max(float(bounds.min()), float(ends.min()) - room)
    high = min(float(bounds.max()), float(ends.max()) + room)

    def down(value: float) -> float:
        return 1000 * (high - min(max(value, low), high)) / (high - low)

    paths = []
    for kind, chosen in (("naive", ~marked), ("model", marked)):
        places = np.flatnonzero(chosen)
        whiskers = "".join(
            f"M{10 * i + 5} {down(lower[i]):.0f}V{down(upper[i]):.0f}" for i in places if np.isfinite(lower[i])
        )
        dots = "".join(f"M{10 * i + 5} {down(values[i]):.0f}h0" for i in places)
        paths.append(f'<path class="thin {kind}" d="{whiskers}"/><path class="spot {kind}" d="{dots}"/>\n')
    return drawing(
        title,
        "100%",
        height,
        f"{_grid(low, high, height, down)}"
        # a drawing that stretches: its strokes keep their width, its text would not, so the axis stands outside
        f'<svg x="{_AXIS}%" y="8" width="{100 - _AXIS}%" height="{height - 16}" preserveAspectRatio="none" '
        f'viewBox="0 0 {10 * len(values)} 1000">{"".join(paths)}</svg>',
    )


def _grid(low: float, high: float, height: int, down: Callable[[float], float]) -> str:
    shown = ticks(low, high)
    lines = []
    for tick, words in zip(shown, tick_words(shown), strict=True):
        y = 8 + (height - 16) * down(tick) / 1000
        lines.append(
            f'<line class="{"zero" if tick == 0 else "grid"}" x1="{_AXIS}%" x2="100%" y1="{y:.1f}" y2="{y:.1f}"/>'
            f'<text class="tick" x="{_AXIS - 1}%" y="{y + 4:.1f}" text-anchor="end">{words}</text>\n'
        )
    return "".join(lines)


def tick_words(shown: Sequence[float]) -> list[str]:
    """Ticks with as many decimals as the finest of them needs.

    Examples
    --------
    >>> tick_words([-0.5, 0.0, 0.25])
    ['−0.50', '0.00', '0.25']
    """
    digits = max((len(f"{row:.10f}".rstrip("0").partition(".")[2]) for row in shown), default=0)
    return [f"{row:.{digits}f}".replace("-", "\N{MINUS SIGN}") for row in shown]
