"""Where plots are drawn: axes that are given or made, words that stand on them, and figures as SVG and PNG."""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.ids import suggest_ids
from drugresponse.errors import InputError, one_line
from drugresponse.plots.palettes import LIGHT, Palette, current, drawn_in, quiet
from drugresponse.words import cleaned, shortened

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = [
    "WIDTH",
    "areas",
    "chosen",
    "cut",
    "dashed",
    "drawing_on",
    "figure",
    "figure_of",
    "guide",
    "head",
    "label_rows",
    "legend_below",
    "off_screen",
    "png",
    "refuse_other",
    "spots",
    "svg",
]

WIDTH = 4.2
"""Inches: as wide as a phone, so that the words of a page are of one size on every screen."""
_FEW, _PLACES = 500, 160
"""Dots up to which each is drawn, and how many places an axis has beyond that."""
_BELOW_LABEL = 30.0
"""Points from the axes down to their legend: those of the numbers and of the label between."""
_SHORT = 16
"""Letters of a word in the legend up to which several stand side by side."""


_PAGE: ContextVar[float | None] = ContextVar("page", default=None)


@contextmanager
def off_screen(width: float = 0.0) -> Iterator[None]:
    """New figures are of this width in inches, or 0 of their own; neither a window nor pyplot knows of them."""
    before = _PAGE.set(width)
    try:
        yield
    finally:
        _PAGE.reset(before)


@contextmanager
def drawing_on(ax: Axes | None, height: float, width: float = WIDTH) -> Iterator[tuple[Axes, Palette]]:
    """The axes that are given, or pyplot's in a new figure of this size, and the palette in use."""
    palette = current()
    with drawn_in(palette):
        page = _PAGE.get()
        if ax is None and page is not None:
            # narrow ones are a little lower too
            ax = figure(height * min(page / width, 1.0) ** 0.5 if page else height, page or width)[1]
        elif ax is None:
            from matplotlib import pyplot as plt

            ax = plt.subplots(figsize=(width, height), layout="constrained")[1]
        yield ax, palette


def figure(height: float = 3.0, width: float = WIDTH, n_axes: int = 1) -> tuple[Figure, Any]:
    """A figure that no window knows, and its axes: for plots in files, of which pyplot shall keep nothing.

    Parameters
    ----------
    height, width
        In inches.
    n_axes
        Axes side by side.

    Returns
    -------
    Figure, Axes
        With several, an array of axes.

    Examples
    --------
    >>> import drugresponse as dr
    >>> drawn, ax = dr.plots.figure(height=2.0)
    >>> ax.plot([1.0, 2.0])[0].get_color(), dr.plots.svg(drawn)[:4]
    ('#0072b2', '<svg')
    """
    with drawn_in(current()):
        from matplotlib.figure import Figure

        drawn = Figure(figsize=(width, height), layout="constrained")
        return drawn, drawn.subplots(1, n_axes)


def figure_of(ax: Axes) -> Figure:
    """The figure of some axes, also where they are part of a part of it."""
    drawn = ax.get_figure(root=True)
    if drawn is None:
        raise ValueError("axes that were taken out of their figure")
    return drawn


def cut(value: object, longest: int = 28) -> str:
    r"""A user's word as matplotlib shows it letter by letter: on one line, cut where long, no dollar a formula.

    Examples
    --------
    >>> cut("a long name of a drug", longest=10), cut("$5")
    ('a long na…', '\\$5')
    """
    return shortened(one_line(cleaned(value)), longest).replace("$", r"\$")


def refuse_other(plot: str, found: object, expected: tuple[type, ...], source: str) -> None:
    """Refuse what a plot cannot show.

    Raises
    ------
    InputError
        It is of none of these classes.
    """
    if not isinstance(found, expected):
        names = " or ".join(kind.__name__ for kind in expected)
        raise InputError(f"plots.{plot}: found {type(found).__name__} (expected {names}). Give what {source} returns.")


def head(ax: Axes, title: str, below: str) -> None:
    """A title, and what the horizontal axis is, which may reach over the names of rows to the left."""
    if title:
        ax.set_title(title, loc="right")
    ax.set_xlabel(below, loc="right")


def areas(ax: Axes, outlines: Sequence[NDArray[np.float64]], colour: Any) -> None:
    """Many closed outlines of one colour as one shape."""
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    if len(outlines):
        shape = Path.make_compound_path(*(Path([*outline, outline[0]], closed=True) for outline in outlines))
        ax.add_patch(PathPatch(shape, facecolor=colour, linewidth=0))


def chosen(plot: str, parameter: str, wanted: object, ids: pd.Series) -> str:
    """The id that is wanted, or the first where it is None.

    Raises
    ------
    InputError
        It is not among the ids, or there is none.
    """
    known = pd.Index(ids.astype(str).unique())
    one = str(wanted) if wanted is not None else next(iter(known), None)
    if one is None or one not in known:
        advice = suggest_ids(pd.Index([one]), known) if one is not None else "Give a table with rows."
        raise InputError(f"plots.{plot}, `{parameter}`: found no row of {one or 'any'}. {advice}")
    return one


def legend_below(ax: Axes, n_columns: int = 1) -> None:
    """What the colours are, under the label of the axis, where it covers nothing, however low the axes are."""
    from matplotlib.transforms import ScaledTranslation

    words = ax.get_legend_handles_labels()[1]
    columns = n_columns if max(map(len, words), default=0) <= _SHORT else 1
    below = ax.transAxes + ScaledTranslation(0.0, -_BELOW_LABEL / 72.0, ax.figure.dpi_scale_trans)
    place = {"bbox_to_anchor": (0.0, 0.0), "bbox_transform": below}
    ax.legend(loc="upper left", ncols=columns, borderaxespad=0.0, **place)


def label_rows(ax: Axes, labels: Sequence[str], colours: Palette) -> None:
    """Rows from the top down, each under its name to the left."""
    ax.set_yticks(range(len(labels)), labels, color=colours.ink)
    ax.set_ylim(len(labels) - 0.4, -0.6)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)


def dashed(colour: str, width: float = 1.0) -> dict[str, Any]:
    """How a dashed line is drawn."""
    return {"color": colour, "linestyle": (0, (4, 3)), "linewidth": width}


def guide(ax: Axes, colours: Palette, *, x: float | None = None, y: float | None = None) -> None:
    """A dashed line at what nothing would be."""
    if x is not None:
        ax.axvline(x, zorder=0.9, **dashed(colours.quiet))
    if y is not None:
        ax.axhline(y, zorder=0.9, **dashed(colours.quiet))


def spots(ax: Axes, x: NDArray[Any], y: NDArray[Any], colour: str, size: float, **options: Any) -> None:
    """Dots of one colour, each place taken once: a crowd stays a small picture."""
    places = np.column_stack([np.asarray(x, dtype=np.float64), np.asarray(y, dtype=np.float64)])
    if len(places) > _FEW:
        finest = np.maximum(np.ptp(places, axis=0), 1e-12) / _PLACES
        places = places[np.unique(np.round(places / finest), axis=0, return_index=True)[1]]
    marks: dict[str, Any] = {"marker": "o", "linestyle": "none", "markersize": size, "markeredgewidth": 0.0}
    ax.plot(places[:, 0], places[:, 1], color=colour, **(marks | options))


def png(drawn: Figure, *, dpi: int = 200) -> bytes:
    """A figure as PNG.

    Parameters
    ----------
    drawn
        A figure, such as `ax.figure`.
    dpi
        Dots in an inch.

    Examples
    --------
    >>> import drugresponse as dr
    >>> drawn, ax = dr.plots.figure(height=1.0)
    >>> dr.plots.png(drawn, dpi=50)[1:4]
    b'PNG'
    """
    file = io.BytesIO()
    with quiet():
        # no version of a library, so that the same figure has the same bytes
        drawn.savefig(file, format="png", dpi=dpi, facecolor=drawn.get_facecolor(), metadata={"Software": None})
    return file.getvalue()


def svg(drawn: Figure, *, title: str = "", live: bool = False) -> str:
    """A figure as SVG to stand in a page or a file of its own: its words are text, and the same figure the same bytes.

    Parameters
    ----------
    drawn
        A figure, such as `ax.figure`.
    title
        What it shows, for those who do not see it.
    live
        Colours follow the page, which keeps them in the CSS variables of `Palette.variables`.

    Examples
    --------
    >>> import drugresponse as dr
    >>> drawn, ax = dr.plots.figure(height=1.0)
    >>> drawn.text(0, 0, "words").get_text() in dr.plots.svg(drawn, title="A drawing")
    True
    """
    file = io.StringIO()
    with drawn_in(current()):
        # creator and date would differ from run to run
        drawn.savefig(file, format="svg", facecolor=drawn.get_facecolor(), metadata={"Date": None, "Creator": None})
    written = file.getvalue()
    body = written[written.index("<defs>") : written.rindex("</svg>")]
    body = re.sub(r" <defs>\s*<style.*?</style>\s*</defs>", "", " " + body, count=1, flags=re.DOTALL)
    body = _without_idle_groups(re.sub(r"<[^>]+>", _shortened, _own_ids(body)))
    view = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', written)
    if view is None:
        raise ValueError("a drawing of matplotlib begins with its size")
    width, height = (round(float(side) * 4 / 3) for side in view.groups())
    if live:
        of_page = {colour: f"var({variable}, {colour})" for colour, variable in LIGHT.variables().items()}
        either = "|".join(of_page)
        # in tags only: a user's word may look like a colour
        body = re.sub(rf"({either})(?=[^<>]*>)", lambda colour: of_page[colour[0]], body)
    named = html.escape(one_line(cleaned(title))) if title else ""
    # a page needs no name space
    space = "" if live else ' xmlns="http://www.w3.org/2000/svg"'
    label = f' role="img" aria-label="{named}"' if named else ""
    size = f'width="{width}" height="{height}" viewBox="{view[0][9:-1]}"'
    # where a page loses its style, shapes are outlines in grey, no black areas
    bare, lines = 'fill="none" stroke="gray"', "stroke-linejoin: round; stroke-linecap: butt"
    return (
        f'<svg{space}{label} {size} {bare} style="fill: black; stroke: none; {lines}">'
        f"{f'<title>{named}</title>' if named else ''}{body}</svg>\n"
    )


def _own_ids(body: str) -> str:
    """Ids that nothing refers to are left out, the others made unlike those of other drawings on a page."""
    used = set(re.findall(r'(?:href="#|url\(#)([^")]+)', body))
    own = hashlib.sha256(body.encode()).hexdigest()[:8]
    short = {name: f"d{own}-{number}" for number, name in enumerate(sorted(used))}
    body = re.sub(r' id="([^"]*)"', lambda found: f' id="{short[found[1]]}"' if found[1] in short else "", body)
    return re.sub(r'(?:xlink:)?(href="#|url\(#)([^")]+)', lambda found: found[1] + short[found[2]], body)


def _shortened(tag: re.Match[str]) -> str:
    """Lengths to a hundredth of a point, and the font of the page in place of that which words were measured in."""
    shown = re.sub(r"(\d\.\d\d)\d+", r"\1", tag[0].replace("\n", ""))
    shown = re.sub(r' transform="rotate\(-0 [^"]*"', "", shown)
    return re.sub(r"'DejaVu Sans'[^;\"]*", "system-ui, sans-serif", shown)


def _without_idle_groups(body: str) -> str:
    """Groups that say nothing are left out; what every mark of a group has in common is said once, by the group."""
    lines, idle = [], []
    for line in (line.strip() for line in body.splitlines()):
        if line == "<g>":
            idle.append(True)
        elif line.startswith("<g ") and not line.endswith("/>"):
            idle.append(False)
            lines.append(line)
        elif line != "</g>" or not idle.pop():
            lines.append(line)
    body = "\n".join(lines)

    def shared(marks: re.Match[str]) -> str:
        circle = re.search(rf'<path id="{marks[3]}" d="M 0 ([\d.]+) C', body)
        if circle and "stroke" not in marks[4]:
            # points without length, with round ends, take a quarter of the bytes
            points = "".join(f"M{x} {y}h0" for x, y in re.findall(r' x="([^"]*)" y="([^"]*)"', marks[0]))
            paint = marks[4].replace("fill", "stroke")
            width = f"stroke-width: {2 * float(circle[1]):g}; stroke-linecap: round"
            return f'<path d="{points}" style="fill: none; {paint}; {width}"/>\n'
        return f'<g style="{marks[4]}">\n' + marks[0].replace(f' style="{marks[4]}"', "") + "</g>\n"

    marks = r'(<use (href="#([^"]*)")[^>]* style="([^"]*)"/>\n)(?:<use \2[^>]* style="\4"/>\n)+'
    return re.sub(marks, shared, body)
