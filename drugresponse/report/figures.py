"""Figures as inline SVG: lengths in percent and text in fixed size, so that they read alike on a phone and a desk."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text
from drugresponse.report.style import drawing_style

__all__ = ["Bar", "bars", "skill_bar", "standalone"]

ROW = 46
_FILE_WIDTH = 680
_MARGIN = 16
WIDEST = 97.0
"""Percent of the width that the longest bar takes; the rest is for the dot at its end."""


@dataclass(frozen=True)
class Bar:
    """One horizontal bar: its label, its value in words, its length, and the dots on it."""

    label: str
    shown: str
    length: float
    kind: str = "naive"
    dots: Sequence[float] = ()


def bars(rows: Sequence[Bar], title: str, *, line: float | None = None) -> Html:
    """Horizontal bars from zero, each under its label, with a dashed line at one value where asked for.

    Parameters
    ----------
    rows
        At least one; lengths and dots are 0 or more, in one unit.
    title
        What the figure shows, for those who do not see it.
    line
        Where the dashed line stands, in the same unit.
    """
    largest = max([max([row.length, *row.dots]) for row in rows] + [line or 0.0])
    scale = WIDEST / largest if largest > 0 else 0.0
    parts = []
    for i, row in enumerate(rows):
        top = i * ROW
        parts.append(
            f'<text x="0" y="{top + 14}">{text(row.label, 60)}</text>'
            f'<text x="100%" y="{top + 14}" text-anchor="end">{text(row.shown)}</text>'
            f'<rect class="{row.kind}" x="0" y="{top + 20}" width="{scale * row.length:.2f}%" height="16" rx="2"/>'
        )
        parts.extend(f'<circle class="fold" cx="{scale * value:.2f}%" cy="{top + 28}" r="3.5"/>' for value in row.dots)
        parts.append("\n")
    if line is not None:
        # drawn in pieces, so that it never crosses a label
        x = f"{scale * line:.2f}%"
        tops = [i * ROW + 17 for i in range(len(rows))]
        parts += [f'<line class="best" x1="{x}" x2="{x}" y1="{top}" y2="{top + 22}"/>' for top in tops]
    return drawing(title, "100%", len(rows) * ROW, "".join(parts))


def skill_bar(skill: float, largest: float) -> Html:
    """A small bar, to the right for a gain and to the left for a loss, on a scale that ends at `largest` or 1."""
    if not math.isfinite(skill) or not largest > 0:
        return Html()
    length = 40 * min(abs(skill) / min(largest, 1.0), 1.0)
    kind, left = ("gain", 40.0) if skill >= 0 else ("loss", 40 - length)
    return Html(
        f'<svg aria-hidden="true" width="80" height="16"><rect class="{kind}" x="{left:.1f}" y="4" '
        f'width="{length:.1f}" height="10"/><line class="zero" x1="40" x2="40" y1="1" y2="17"/></svg>'
    )


def standalone(markup: Html) -> str:
    """A drawing as a file of its own, with a margin, a white ground and its style inside."""
    drawn = str(markup)  # whose own replace would escape
    width, height = (re.search(rf'^<svg [^>]*?{side}="([\d.%]+)"', drawn) for side in ("width", "height"))
    if width is None or height is None:
        raise ValueError("a drawing begins with its size")
    across = _FILE_WIDTH if width[1].endswith("%") else int(width[1])
    inner = drawn.replace(f'width="{width[1]}"', f'x="{_MARGIN}" y="{_MARGIN}" width="{across}"', 1)
    size = across + 2 * _MARGIN, int(height[1]) + 2 * _MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{size[0]}" height="{size[1]}" '
        f'viewBox="0 0 {size[0]} {size[1]}">\n<style>\n{drawing_style()}</style>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{inner}</svg>\n'
    )
