"""The associations of one drug as a volcano: how large an effect is, and how surprising it would be by chance."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.intervals import tick_words, ticks
from drugresponse.report.page import Html, text

__all__ = ["volcano"]

_WIDTH, _HEIGHT = 304, 290
_LEFT, _RIGHT, _TOP, _BOTTOM = 34, 12, 26, 42
_LINE = 15
"""Height of a label."""
_LETTER = 7.5
"""About as wide as a letter of a label is."""
_LONGEST = 18


def volcano(tested: pd.DataFrame, title: str, below: str, *, most_labels: int = 5, level: float = 0.05) -> Html:
    """A drawing with the effect to the right and -log10 p upwards; the smallest p are named.

    Parameters
    ----------
    tested
        One row for each tested feature of a drug, at least one: columns `feature_id`, `effect`, `p`, `q`; none missing.
    title, below
        Above the drawing, and under its horizontal axis.
    most_labels
        Features named, all of them with q at most `level`.
    level
        False-discovery rate; a dashed line stands under what reaches it.

    Notes
    -----
    Dots that would fall on the same place are drawn once, so that the drawing of many features stays small.
    """
    height = -np.log10(np.maximum(tested["p"].to_numpy(dtype=np.float64), 1e-300))
    significant = (tested["q"] <= level).to_numpy()
    widest = float(np.abs(tested["effect"]).max()) * 1.08 or 1.0
    tallest = max(float(height.max()) * 1.06, 2.0)

    def x(value: float) -> float:
        return _LEFT + (_WIDTH - _LEFT - _RIGHT) * (value + widest) / (2 * widest)

    def y(value: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - value / tallest)

    across = np.array([x(effect) for effect in tested["effect"]])
    down = np.array([y(above) for above in height])
    dots = "".join(
        f'<circle class="{"model" if kind else "naive"}" cx="{a:.0f}" cy="{b:.0f}" r="{4 if kind else 2.5}"/>'
        for kind, a, b in _places(significant, across, down)
    )
    limit = ""
    if significant.any():
        below_it = height[~significant & (height < height[significant].min())]
        at = y((float(height[significant].min()) + float(below_it.max(initial=0.0))) / 2)
        limit = f'<line class="best" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
    named = [number for number in np.argsort(-height, kind="stable")[:most_labels] if significant[number]]
    labels = _labels([str(feature) for feature in tested["feature_id"].iloc[named]], across[named], down[named])
    return drawing(
        title,
        _WIDTH,
        _HEIGHT,
        f'<text x="0" y="14" font-weight="600">{text(title, 40)}</text>\n'
        f"{_axes(widest, tallest, x(0), y)}{limit}{dots}\n{labels}"
        f'<text class="tick" x="{x(0):.1f}" y="{_HEIGHT - 6}" text-anchor="middle">{text(below, 54)}</text>',
    )


def _places(
    significant: NDArray[np.bool_], across: NDArray[np.float64], down: NDArray[np.float64]
) -> list[tuple[bool, float, float]]:
    """Distinct places, those of found features last, so that they lie on top."""
    return sorted({(bool(kind), round(a), round(b)) for kind, a, b in zip(significant, across, down, strict=True)})


def _labels(names: Sequence[str], across: NDArray[np.float64], down: NDArray[np.float64]) -> str:
    """Names beside their dots, outside where there is room; one that would cover another moves up, else down."""
    written: list[str] = []
    taken: list[tuple[float, float, float]] = []
    for name, a, b in zip(names, across, down, strict=True):
        wide = _LETTER * min(len(name), _LONGEST)
        to_left = a - 8 - wide > 0 if a < _WIDTH / 2 else a + 8 + wide > _WIDTH
        left = a - 8 - wide if to_left else a + 8
        at = _free_row(float(b) + 4, left, left + wide, taken)
        taken.append((left, left + wide, at))
        end = a - 8 if to_left else a + 8
        anchor = ' text-anchor="end"' if to_left else ""
        if abs(at - float(b) - 4) > _LINE / 2:
            written.append(f'<line class="zero" x1="{a:.0f}" y1="{b:.0f}" x2="{end:.0f}" y2="{at - 4:.0f}"/>')
        written.append(f'<text class="label" x="{end:.0f}" y="{at:.0f}"{anchor}>{text(name, _LONGEST)}</text>\n')
    return "".join(written)


def _free_row(wanted: float, left: float, right: float, taken: Sequence[tuple[float, float, float]]) -> float:
    """The nearest row above, else below, in which a label between these ends covers no other and no axis."""
    top, bottom = _TOP + 4, _HEIGHT - _BOTTOM - 4
    start = min(max(wanted, top), bottom)
    rising = np.arange(start, top - 1, -_LINE / 3)
    for row in [*rising, *np.arange(start, bottom + 1, _LINE / 3)]:
        if not any(abs(row - other) < _LINE and left < end and begin < right for begin, end, other in taken):
            return float(row)
    return start


def _axes(widest: float, tallest: float, zero: float, y: Callable[[float], float]) -> str:
    effects = ticks(-widest, widest, 4)
    heights = [tick for tick in ticks(0, tallest, 4) if tick <= tallest]
    inner = _WIDTH - _LEFT - _RIGHT
    written = [f'<line class="zero" x1="{zero:.1f}" x2="{zero:.1f}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>']
    for tick, words in zip(effects, tick_words(effects), strict=True):
        at = _LEFT + inner * (tick + widest) / (2 * widest)
        written.append(
            f'<text class="tick" x="{at:.1f}" y="{_HEIGHT - _BOTTOM + 16}" text-anchor="middle">{words}</text>'
        )
    for tick, words in zip(heights, tick_words(heights), strict=True):
        at = y(tick)
        written.append(
            f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{at:.1f}" y2="{at:.1f}"/>'
            f'<text class="tick" x="{_LEFT - 6}" y="{at + 4:.1f}" text-anchor="end">{words}</text>'
        )
    return "".join(written) + "\n"
