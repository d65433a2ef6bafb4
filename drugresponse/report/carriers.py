"""Measured responses of samples with each value of a feature, under one another."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.intervals import tick_words, ticks
from drugresponse.report.page import Html, count, text

__all__ = ["carriers_drawing"]

_WIDTH, _LEFT, _RIGHT = 304, 6, 6
_BAND, _TOP, _BOTTOM = 62, 26, 40
_MOST_DOTS = 150


def carriers_drawing(bands: Sequence[tuple[str, NDArray[np.float64]]], title: str, below: str) -> Html:
    """A band of dots for each kind of sample, with the middle half as a bar and the median as a line.

    Parameters
    ----------
    bands
        What the samples of a band are, such as `without it`, and their `(n,)` measured responses: at least one, none
        missing. Of many, dots at equal steps of rank are drawn. The first band is the one to compare with.
    title, below
        Above the drawing, and under its axis.
    """
    every = np.concatenate([values for _, values in bands])
    low, high = float(every.min()), float(every.max())
    room = 0.04 * (high - low) or 1.0
    low, high = low - room, high + room

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value - low) / (high - low)

    height = _TOP + len(bands) * _BAND + _BOTTOM
    written = []
    for row, (label, values) in enumerate(bands):
        top, kind = _TOP + row * _BAND, "model" if row else "naive"
        lower, middle, upper = (x(float(quantile)) for quantile in np.quantile(values, [0.25, 0.5, 0.75]))
        written.append(
            f'<text class="tick" x="0" y="{top + 14}">{text(count(len(values), "sample"))} {label}</text>'
            f'<rect class="{kind}" fill-opacity=".35" x="{lower:.1f}" y="{top + 22}" '
            f'width="{max(upper - lower, 1):.1f}" height="28"/>{_dots(values, top + 36, x, kind)}'
            f'<line class="mark" x1="{middle:.1f}" x2="{middle:.1f}" y1="{top + 19}" y2="{top + 53}"/>\n'
        )
    shown = [tick for tick in ticks(low, high, 5) if low <= tick <= high]
    written += [
        f'<text class="tick" x="{x(tick):.1f}" y="{height - _BOTTOM + 14}" text-anchor="middle">{words}</text>'
        for tick, words in zip(shown, tick_words(shown), strict=True)
    ]
    return drawing(
        title,
        _WIDTH,
        height,
        f'<text x="0" y="14" font-weight="600">{text(title, 40)}</text>\n{"".join(written)}'
        f'<text class="tick" x="{_WIDTH / 2}" y="{height - 6}" text-anchor="middle">{text(below, 54)}</text>',
    )


def _dots(values: NDArray[np.float64], middle: float, x: Callable[[float], float], kind: str) -> str:
    """Dots in rank order, up and down in turn by a golden-ratio step, so that neighbours do not hide each other."""
    ranked = np.sort(values)
    if len(ranked) > _MOST_DOTS:
        ranked = ranked[np.linspace(0, len(ranked) - 1, _MOST_DOTS).round().astype(int)]
    shift = (np.arange(len(ranked)) * 0.618034) % 1.0 - 0.5
    return "".join(
        f'<circle class="{kind}" cx="{x(float(value)):.1f}" cy="{middle + 22 * away:.1f}" r="2"/>'
        for value, away in zip(ranked, shift, strict=True)
    )
