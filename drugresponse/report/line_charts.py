"""Lines on two axes: curves of what is caught, of what is observed, and of who is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text

__all__ = ["Axis", "Line", "line_chart"]

_WIDTH, _HEIGHT = 320, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 54, 8, 8, 48
_MOST_POINTS = 400
_LEGEND_ROW = 18


@dataclass(frozen=True, eq=False)
class Line:
    """One line.

    Attributes
    ----------
    name
        In the legend; "" is not named there.
    x, y
        `(n_points,)`, in the order in which they are joined.
    colour
        Of the stroke; "" is that of naive predictions.
    dashed
        Whether it only guides the eye.
    dots
        Whether its points are marked.
    bounds
        `(n_points, 2)` lower and upper end of a whisker at each point; None without.
    """

    name: str
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    colour: str = ""
    dashed: bool = False
    dots: bool = False
    bounds: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Axis:
    """What an axis measures, from where to where, and its ticks in words by their place."""

    label: str
    low: float
    high: float
    ticks: Sequence[tuple[float, str]]

    @classmethod
    def of_shares(cls, label: str) -> Axis:
        """From 0 to 1."""
        return cls(label, 0.0, 1.0, [(tick, f"{tick:g}") for tick in (0.0, 0.25, 0.5, 0.75, 1.0)])

    @classmethod
    def from_zero(cls, label: str, high: float) -> Axis:
        """From 0 to a number, with about five round ticks."""
        rough = high / 4
        power = 10.0 ** np.floor(np.log10(rough)) if rough > 0 else 1.0
        step = power * next(factor for factor in (1, 2, 2.5, 5, 10) if factor * power >= rough)
        return cls(label, 0.0, high, [(tick, f"{tick:g}") for tick in np.arange(0, high * 1.0001, step)])


def line_chart(lines: Sequence[Line], x: Axis, y: Axis, title: str) -> Html:
    """A chart of lines with a legend below it.

    Parameters
    ----------
    lines
        The later are drawn over the earlier; long ones are thinned out to 400 points.
    x, y
        The axes; points beyond them stand at their ends.
    title
        What it shows, for those who do not see it.

    Examples
    --------
    >>> line = Line("model", np.array([0.0, 1.0]), np.array([0.0, 1.0]), "#0072b2")
    >>> "<path" in line_chart([line], Axis.of_shares("x"), Axis.of_shares("y"), "A line")
    True
    """
    frame = (
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_WIDTH - _LEFT - _RIGHT}" '
        f'height="{_HEIGHT - _TOP - _BOTTOM}"/>\n'
    )
    drawn = "".join(_line(line, x, y) for line in lines)
    named = [line for line in lines if line.name]
    legend = "".join(_legend(line, at) for at, line in enumerate(named))
    height = _HEIGHT + _LEGEND_ROW * len(named)
    return drawing(title, _WIDTH, height, f"{frame}{_axes(x, y)}{drawn}{legend}")


def _across(values: NDArray[np.float64], axis: Axis) -> NDArray[np.float64]:
    share = (np.clip(values, axis.low, axis.high) - axis.low) / (axis.high - axis.low)
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * share


def _up(values: NDArray[np.float64], axis: Axis) -> NDArray[np.float64]:
    share = (np.clip(values, axis.low, axis.high) - axis.low) / (axis.high - axis.low)
    return _HEIGHT - _BOTTOM - (_HEIGHT - _TOP - _BOTTOM) * share


def _axes(x: Axis, y: Axis) -> str:
    parts = []
    for value, words in x.ticks:
        at = float(_across(np.array([value]), x)[0])
        parts.append(
            f'<line class="grid" x1="{at:.1f}" x2="{at:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>'
            f'<text class="tick" x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{text(words)}</text>'
        )
    for value, words in y.ticks:
        at = float(_up(np.array([value]), y)[0])
        parts.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 5}" y="{at + 4:.1f}" text-anchor="end">{text(words)}</text>'
        )
    middle = _TOP + (_HEIGHT - _TOP - _BOTTOM) / 2
    parts.append(
        f'<text class="tick" x="{(_LEFT + _WIDTH - _RIGHT) / 2}" y="{_HEIGHT - 8}" text-anchor="middle">'
        f'{text(x.label)}</text><text class="tick" transform="translate(12 {middle}) rotate(-90)" '
        f'text-anchor="middle">{text(y.label)}</text>\n'
    )
    return "".join(parts)


def _stroke(line: Line) -> str:
    paint = f'class="curve" stroke="{line.colour}"' if line.colour else 'class="curve naive"'
    return f'{paint} stroke-dasharray="4 3"' if line.dashed else paint


def _line(line: Line, x: Axis, y: Axis) -> str:
    kept = np.unique(np.linspace(0, len(line.x) - 1, min(len(line.x), _MOST_POINTS)).round().astype(int))
    across, up = _across(line.x[kept], x), _up(line.y[kept], y)
    points = "L".join(f"{a:.1f} {b:.1f}" for a, b in zip(across, up, strict=True))
    parts = [f'<path {_stroke(line)} d="M{points}"/>']
    if line.bounds is not None:
        ends = [_up(line.bounds[kept, side], y) for side in (0, 1)]
        whiskers = "".join(f"M{a:.1f} {low:.1f}V{high:.1f}" for a, low, high in zip(across, *ends, strict=True))
        parts.append(f'<path {_stroke(line)} d="{whiskers}"/>')
    if line.dots:
        parts += [f'<circle class="fold" cx="{a:.1f}" cy="{b:.1f}" r="3.5"/>' for a, b in zip(across, up, strict=True)]
    return "".join(parts) + "\n"


def _legend(line: Line, at: int) -> str:
    y = _HEIGHT + _LEGEND_ROW * at + 4
    return (
        f'<path {_stroke(line)} d="M{_LEFT} {y}h18"/><text class="tick" x="{_LEFT + 26}" y="{y + 4}">'
        f"{text(line.name, 44)}</text>\n"
    )
