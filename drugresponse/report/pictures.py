"""A plot of a report: drawn when a page or a file needs it, and only then."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from drugresponse.plots.canvas import figure_of, off_screen, png, svg
from drugresponse.report.page import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["BESIDE", "Picture", "skill_bar"]

BESIDE = 3.25
"""Inches: two side by side fit into the middle of Galaxy's page, which is about 650 pixels wide."""


@dataclass(frozen=True, eq=False)
class Picture:
    """One plot.

    Attributes
    ----------
    title
        What it shows, for those who do not see it.
    draw
        Makes it on axes of its own.
    width
        In inches; 0 leaves it to the plot.
    """

    title: str
    draw: Callable[[], Axes]
    width: float = 0.0

    @cached_property
    def figure(self) -> Figure:
        """The figure, drawn once."""
        with off_screen(self.width):
            return figure_of(self.draw())

    def inline(self) -> Html:
        """As it stands in a page, whose colours it follows."""
        return Html(svg(self.figure, title=self.title, live=True))

    def files(self) -> dict[str, bytes]:
        """The contents of its files, by their ending."""
        return {"png": png(self.figure), "svg": svg(self.figure, title=self.title).encode()}


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
