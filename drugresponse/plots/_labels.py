"""Names beside dots, none over another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from drugresponse.plots.canvas import figure_of
from drugresponse.plots.palettes import Palette

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["label_points"]

_SIZE = 8.0
_LETTER = 0.64
"""Width of a letter, by the size of the font: wide, since pages show words in fonts of their own."""
_AWAY = 6.0


def label_points(
    ax: Axes, names: Sequence[str], x: NDArray[np.float64], y: NDArray[np.float64], colours: Palette
) -> None:
    """Names beside their dots, outside where there is room; one that would cover another moves up, else down.

    Parameters
    ----------
    ax
        With its final limits.
    names, x, y
        Of each dot; the earlier choose first.
    colours
        The palette.
    """
    if not len(names):
        return
    # about what the layout leaves of the figure, in points
    wide, tall = (0.8 * 72 * side for side in figure_of(ax).get_size_inches())
    columns = ax.get_subplotspec()
    wide /= columns.get_gridspec().ncols if columns is not None else 1
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    across, up = wide * (x - left) / (right - left), tall * (y - bottom) / (top - bottom)
    taken: list[tuple[float, float, float]] = []
    for name, value, height, a, b in zip(names, x, y, across, up, strict=True):
        width = _LETTER * _SIZE * len(name)
        leftwards = a - _AWAY - width > 0 if a < wide / 2 else a + _AWAY + width > wide
        begin = a - _AWAY - width if leftwards else a + _AWAY
        row = _free_row(float(b), begin, begin + width, taken, tall)
        taken.append((begin, begin + width, row))
        moved = abs(row - b) > _SIZE / 2
        ax.annotate(
            name,
            (value, height),
            (-_AWAY if leftwards else _AWAY, row - b),
            textcoords="offset points",
            ha="right" if leftwards else "left",
            va="center",
            fontsize=_SIZE,
            color=colours.ink,
            arrowprops={"arrowstyle": "-", "color": colours.quiet, "linewidth": 0.7} if moved else None,
        )


def _free_row(
    wanted: float, begin: float, end: float, taken: Sequence[tuple[float, float, float]], top: float
) -> float:
    """The nearest row above, else below, in which a label between these ends covers no other."""
    line = 1.35 * _SIZE
    start = min(max(wanted, line / 2), top - line / 2)
    for row in [*np.arange(start, top - line / 2 + 0.1, line / 4), *np.arange(start, line / 2 - 0.1, -line / 4)]:
        if not any(abs(row - other) < line and begin < right and left < end for left, right, other in taken):
            return float(row)
    return start
