"""Estimates with their intervals, one a row under one another: a forest plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from drugresponse.plots.canvas import cut, guide, label_rows
from drugresponse.plots.palettes import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Row", "draw_bars", "draw_rows", "height_of"]

_HEAD, _ROW = 0.7, 0.3
"""Inches."""


@dataclass(frozen=True)
class Row:
    """One estimate.

    Attributes
    ----------
    label
        To the left.
    value, lower, upper
        NaN where not known.
    colour
        Of the dot and its whisker.
    words
        To the right.
    marks
        Short lines beside it, such as values of the same by chance.
    """

    label: str
    value: float
    lower: float = math.nan
    upper: float = math.nan
    colour: str = ""
    words: str = ""
    marks: Sequence[float] = ()

    @classmethod
    def of(cls, label: str, numbers: Iterable[float], colour: str, words: str = "") -> Row:
        """With its value and both bounds in one."""
        value, lower, upper = map(float, numbers)
        return cls(label, value, lower, upper, colour, words)


def height_of(n_rows: int) -> float:
    """Inches that so many rows take."""
    return _HEAD + _ROW * n_rows


def draw_rows(
    ax: Axes, rows: Sequence[Row], colours: Palette, size: float, ends: tuple[float, float] | None = None
) -> None:
    """Dots with whiskers; what lies beyond the ends of the axis is an arrow there.

    Parameters
    ----------
    ax
        Where.
    rows
        From the top down; at least one.
    colours
        The palette.
    size
        Of a dot, in points.
    ends
        Of the axis; None has room for all.
    """
    for at, row in enumerate(rows):
        colour = row.colour or colours.model
        if len(row.marks):
            ax.plot(row.marks, [at] * len(row.marks), "|", color=colours.quiet, markersize=10, markeredgewidth=1.2)
        if math.isfinite(row.lower) and math.isfinite(row.upper):
            ax.plot([row.lower, row.upper], [at, at], color=colour, linewidth=size / 3)
        if not math.isfinite(row.value):
            continue
        if ends and not ends[0] <= row.value <= ends[1]:
            beyond, inner = row.value > ends[1], 0.015 * (ends[1] - ends[0])
            place = ends[1] - inner if beyond else ends[0] + inner
            ax.plot(place, at, ">" if beyond else "<", color=colour, markersize=size, clip_on=False)
        else:
            ax.plot(row.value, at, "o", color=colour, markersize=size, clip_on=False)
    if ends:
        ax.set_xlim(*ends)
    label_rows(ax, [cut(row.label) for row in rows], colours)
    for at, row in enumerate(rows):
        if row.words:
            across = ax.get_yaxis_transform()
            ax.text(1.02, at, row.words, transform=across, va="center", ha="left", color=colours.ink)


def draw_bars(ax: Axes, rows: Sequence[Row], colours: Palette, size: float, *, best: float | None = None) -> None:
    """Bars from zero with their numbers, and the marks of each as rings on it.

    Parameters
    ----------
    ax, rows, colours
        As for `draw_rows`; values are 0 or more.
    size
        Height of a bar, as a share of its row.
    best
        Where a dashed line stands.
    """
    places = range(len(rows))
    ax.barh(places, [row.value for row in rows], size, color=[row.colour or colours.model for row in rows])
    for at, row in enumerate(rows):
        if len(row.marks):
            ring: dict[str, Any] = {"markerfacecolor": colours.paper, "markeredgecolor": colours.ink, "markersize": 5.0}
            ax.plot(row.marks, [at] * len(row.marks), "o", **ring)
    if best is not None:
        guide(ax, colours, x=best)
    draw_rows(ax, [replace(row, value=math.nan, marks=()) for row in rows], colours, 0.0)
    ax.set_xlim(left=0.0)
