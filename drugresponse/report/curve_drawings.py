"""One dose-response curve as a small drawing: the responses, the fitted curve, and where it crosses half."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text

__all__ = ["curve_drawing"]

_WIDTH, _HEIGHT = 198, 176
_LEFT, _RIGHT, _TOP, _BOTTOM = 30, 6, 38, 40
_LOW, _HIGH = 0.0, 1.25
_ROOM = 0.15
_MOST_TICKS = 4
_LONGEST = 24


def curve_drawing(
    log_dose: NDArray[np.float64],
    viability: NDArray[np.float64],
    curve: NDArray[np.float64],
    names: tuple[str, str],
    below: str,
    half: float | None = None,
) -> Html:
    """A drawing with log dose to the right and viability upwards; responses beyond the frame stand at its edge.

    Parameters
    ----------
    log_dose, viability
        `(n_doses,)` what was measured, log10 of the dose in uM.
    curve
        `(n_steps,)` the fitted viability at equal steps of log dose, from the lowest to the highest.
    names
        Two lines above it, from the user's ids.
    below
        A line under the axis.
    half
        log10 dose where a dashed line stands.
    """
    low, high = float(log_dose.min()), float(log_dose.max())
    room = _ROOM * max(high - low, 0.1)
    low, high = low - room, high + room

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (_HIGH - min(max(value, _LOW), _HIGH)) / (_HIGH - _LOW)

    steps = np.linspace(low + room, high - room, len(curve))
    line = "L".join(f"{x(a):.1f} {y(b):.1f}" for a, b in zip(steps, curve, strict=True))
    dots = "".join(
        f'<circle class="fold" cx="{x(a):.1f}" cy="{y(b):.1f}" r="3"/>'
        for a, b in zip(log_dose, viability, strict=True)
    )
    middle = ""
    if half is not None:
        middle = f'<line class="best" x1="{x(half):.1f}" x2="{x(half):.1f}" y1="{y(0.5):.1f}" y2="{y(0):.1f}"/>'
    title = f"{names[0]}, {names[1]}: {below}"
    return drawing(
        title,
        _WIDTH,
        _HEIGHT,
        f'<text class="tick" x="0" y="12" font-weight="600">{text(names[0], _LONGEST)}</text>'
        f'<text class="tick" x="0" y="28">{text(names[1], _LONGEST)}</text>\n'
        f"{_levels(y)}{_decades(low, high, x)}{middle}"
        f'<path class="whisker model" d="M{line}"/>{dots}\n'
        f'<text class="tick" x="0" y="{_HEIGHT - 3}">{text(below, 40)}</text>',
    )


def _levels(y: Callable[[float], float]) -> str:
    """Lines across, at none left, half and all of the control."""
    return "".join(
        f'<line class="{"zero" if value == 0 else "grid"}" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" '
        f'y1="{y(value):.1f}" y2="{y(value):.1f}"/>'
        f'<text class="tick" x="{_LEFT - 4}" y="{y(value) + 4:.1f}" text-anchor="end">{words}</text>'
        for value, words in ((0.0, "0"), (0.5, "0.5"), (1.0, "1"))
    )


def _decades(low: float, high: float, x: Callable[[float], float]) -> str:
    """Ticks at round doses: each decade, fewer where there are many, the ends' nearest where there is none."""
    decades = list(range(math.ceil(low), math.floor(high) + 1)) or [round(low)]
    shown = decades[:: math.ceil(len(decades) / _MOST_TICKS)]
    return "".join(
        f'<text class="tick" x="{min(max(x(dose), _LEFT), _WIDTH - _RIGHT):.1f}" y="{_HEIGHT - _BOTTOM + 15}" '
        f'text-anchor="middle">{10.0**dose:g}</text>'
        for dose in shown
    )
