"""Predicted against measured responses as a crowd of hexagons, however many rows there are."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.intervals import tick_words, ticks
from drugresponse.report.page import Html, text

__all__ = ["MOST_MARKS", "hexagons"]

MOST_MARKS = 1000
"""Hexagons in one drawing."""
_SHADES = (0.14, 0.28, 0.45, 0.65, 0.85, 1.0)
_SIDE = 256
_LEFT, _BOTTOM, _TOP = 40, 40, 22
_ACROSS = 24


def hexagons(measured: NDArray[np.float64], predicted: NDArray[np.float64], title: str, below: str) -> Html:
    """A square drawing with measured values to the right and predicted ones upwards, and the line where they agree.

    Parameters
    ----------
    measured, predicted
        `(n,)`, without missing values; n is 1 or more.
    title
        Stands above it.
    below
        Under the horizontal axis.

    Notes
    -----
    The frame holds the middle 99.8 % of all values; the few beyond are drawn at its edge. Shades grow with the
    logarithm of the number of rows.
    """
    both = np.concatenate([measured, predicted])
    low, high = (float(quantile) for quantile in np.quantile(both, [0.001, 0.999]))
    if not high > low:
        low, high = low - 0.5, high + 0.5
    measured, predicted = np.clip(measured, low, high), np.clip(predicted, low, high)
    room = 0.04 * (high - low)
    low, high = low - room, high + room
    centres, rows = _bin(*(_SIDE * (values - low) / (high - low) for values in (measured, predicted)))
    width, height = _LEFT + _SIDE + 8, _TOP + _SIDE + _BOTTOM
    return drawing(
        title,
        width,
        height,
        f'<text x="{_LEFT}" y="14">{text(title, 60)}</text>\n'
        f'<rect class="frame" x="{_LEFT}" y="{_TOP}" width="{_SIDE}" height="{_SIDE}"/>\n'
        f"{_shaded(centres, rows)}"
        f'<line class="best" x1="{_LEFT}" y1="{_TOP + _SIDE}" x2="{_LEFT + _SIDE}" y2="{_TOP}"/>\n'
        f"{_axes(low, high)}"
        f'<text class="tick" x="{_LEFT + _SIDE / 2}" y="{height - 4}" text-anchor="middle">{text(below, 60)}</text>',
    )


def _bin(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """`(n_marks, 2)` centres of the hexagons that hold a row, and how many each holds."""
    across, up = _SIDE / _ACROSS, _SIDE / _ACROSS * math.sqrt(3)
    # two rectangular lattices; a point belongs to the nearer of its two nearest nodes
    nodes = []
    for shift in (0.0, 0.5):
        columns, lines = np.round(x / across - shift), np.round(y / up - shift)
        nodes.append(np.stack([(columns + shift) * across, (lines + shift) * up], axis=1))
    distance = [(node[:, 0] - x) ** 2 + (node[:, 1] - y) ** 2 for node in nodes]
    nearest = np.where((distance[0] <= distance[1])[:, None], nodes[0], nodes[1])
    return np.unique(np.round(nearest, 1), axis=0, return_counts=True)


def _shaded(centres: NDArray[np.float64], rows: NDArray[np.intp]) -> str:
    """One path for each shade."""
    half, side = _SIDE / _ACROSS / 2, _SIDE / _ACROSS / math.sqrt(3)
    outline = f"l{half:.1f} {side / 2:.1f}v{side:.1f}l-{half:.1f} {side / 2:.1f}-{half:.1f}-{side / 2:.1f}v-{side:.1f}z"
    share = np.log(rows) / max(float(np.log(rows.max())), 1e-9)
    shade = np.minimum((share * len(_SHADES)).astype(int), len(_SHADES) - 1)
    if rows.max() == 1:
        shade[:] = len(_SHADES) - 2
    paths = []
    for number, opacity in enumerate(_SHADES):
        tops = centres[shade == number]
        steps = "".join(f"M{_LEFT + x:.1f} {_TOP + _SIDE - y - side:.1f}{outline}" for x, y in tops)
        if steps:
            paths.append(f'<path class="model" fill-opacity="{opacity}" d="{steps}"/>\n')
    return "".join(paths)


def _axes(low: float, high: float) -> str:
    shown = [tick for tick in ticks(low, high) if low <= tick <= high]
    written = []
    for tick, words in zip(shown, tick_words(shown), strict=True):
        along = _SIDE * (tick - low) / (high - low)
        written.append(
            f'<text class="tick" x="{_LEFT + along:.1f}" y="{_TOP + _SIDE + 16}" text-anchor="middle">{words}</text>'
            f'<text class="tick" x="{_LEFT - 6}" y="{_TOP + _SIDE - along + 4:.1f}" text-anchor="end">{words}</text>\n'
        )
    return "".join(written)
