"""Plots as drawings of a page: words in the page's font, colours that follow its light and dark."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from drugresponse.plots.canvas import WIDTH, figure, svg
from drugresponse.report.page import Html

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["plotted"]


def plotted(title: str, draw: Callable[[Axes], object], height: float, width: float = WIDTH) -> Html:
    """A plot as an inline SVG with a name.

    Parameters
    ----------
    title
        What it shows, for those who do not see it.
    draw
        Draws on the axes that it is given, such as a function of `drugresponse.plots`.
    height, width
        In inches.

    Examples
    --------
    >>> str(plotted("One line", lambda ax: ax.axhline(0.0), 1.0)).partition(" width")[0]
    '<svg role="img" aria-label="One line"'
    """
    drawn, ax = figure(height, width)
    draw(ax)
    # inside a page the name of the standard, which looks like an address, is needless
    return Html(svg(drawn, title=title, live=True).replace(' xmlns="http://www.w3.org/2000/svg"', "", 1))
