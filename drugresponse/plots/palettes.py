"""How plots look: colours that most eyes tell apart on white and on black, fonts, and lines."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from typing import Any, cast

__all__ = ["DARK", "LIGHT", "Palette", "current", "quiet", "style"]


@dataclass(frozen=True)
class Palette:
    """Colours by what they stand for, as hexadecimal RGB.

    All but `rule` and `card`, which bear no meaning, have a contrast of 3 to 1 or more with `paper`, and words of 4.5
    to 1 or more.

    Attributes
    ----------
    ink, quiet
        Of words, and of those that only explain.
    paper, card, rule
        The ground, a box on it, and lines that guide the eye.
    model, naive
        What knows genotype, and what does not.
    good, even, bad
        Of verdicts; `bad` is also what lowers a prediction.
    groups
        Six colours of groups, told apart also with the three kinds of colour blindness.

    Examples
    --------
    >>> LIGHT.variables()["#1c2430"]
    '--ink'
    """

    ink: str
    quiet: str
    paper: str
    card: str
    rule: str
    model: str
    naive: str
    good: str
    even: str
    bad: str
    groups: tuple[str, ...]

    def by_name(self) -> dict[str, str]:
        """Each colour by its name; of groups `group-1` and so on."""
        named = {field.name: getattr(self, field.name) for field in fields(self) if field.name != "groups"}
        return named | {f"group-{number}": colour for number, colour in enumerate(self.groups, start=1)}

    def variables(self) -> dict[str, str]:
        """The CSS variable that a page keeps each colour in, by the colour."""
        return {colour: f"--{name}" for name, colour in self.by_name().items()}


LIGHT = Palette(
    ink="#1c2430",
    quiet="#566273",
    paper="#ffffff",
    card="#f5f7f9",
    rule="#d9dfe6",
    model="#1f6fb5",
    naive="#76818f",
    good="#1a7f4b",
    even="#8a6a12",
    bad="#b3382c",
    groups=("#0072b2", "#d55e00", "#2a9d6f", "#c2649b", "#6b5200", "#4d5561"),
)
DARK = Palette(
    ink="#e6eaef",
    quiet="#a2adba",
    paper="#14181d",
    card="#1d232b",
    rule="#37404b",
    model="#63aeee",
    naive="#808b99",
    good="#56c98d",
    even="#dcb64e",
    bad="#f0877c",
    groups=("#4c9be0", "#e8743b", "#3fd0a4", "#c77fb0", "#f0e05a", "#dfe5ec"),
)
_CURRENT: ContextVar[Palette] = ContextVar("palette", default=LIGHT)


def current() -> Palette:
    """The palette in which plots are drawn just now."""
    return _CURRENT.get()


@contextmanager
def style(*, dark: bool = False) -> Iterator[Palette]:
    """Draw what follows light, as it is without this, or dark; matplotlib's own settings are as before afterwards.

    Parameters
    ----------
    dark
        Light lines on a dark ground.

    Yields
    ------
    Palette
        The colours, for what you add to a plot.

    Examples
    --------
    >>> from matplotlib.figure import Figure
    >>> import drugresponse as dr
    >>> with dr.plots.style(dark=True) as colours:
    ...     ax = Figure().add_subplot()
    >>> ax.get_facecolor() == ax.figure.get_facecolor(), colours.paper
    (True, '#14181d')
    """
    palette = DARK if dark else LIGHT
    before = _CURRENT.set(palette)
    try:
        with drawn_in(palette):
            yield palette
    finally:
        _CURRENT.reset(before)


@contextmanager
def drawn_in(palette: Palette) -> Iterator[None]:
    """Settings of matplotlib with these colours, and without its own warnings while it draws."""
    with quiet():
        import matplotlib as mpl
        from cycler import cycler

        settings: dict[str, Any] = {
            **_LINES,
            **dict.fromkeys(("figure.facecolor", "axes.facecolor", "savefig.facecolor"), palette.paper),
            **dict.fromkeys(("text.color", "axes.titlecolor"), palette.ink),
            **dict.fromkeys(("axes.labelcolor", "xtick.labelcolor", "ytick.labelcolor"), palette.quiet),
            **dict.fromkeys(("xtick.color", "ytick.color", "axes.edgecolor"), palette.quiet),
            "grid.color": palette.rule,
            "legend.labelcolor": palette.ink,
            "axes.prop_cycle": cycler(color=palette.groups),
        }
        interactive = mpl.is_interactive()
        try:
            with mpl.rc_context(cast("Any", settings)):
                try:
                    yield
                finally:
                    interactive = mpl.is_interactive()
        finally:
            # pyplot, loaded meanwhile in a notebook, has switched it on; else no figure but the first would appear
            mpl.interactive(interactive)


@contextmanager
def quiet() -> Iterator[None]:
    """Without what matplotlib tells of a home that it cannot write to, of letters it lacks, and of words too long."""
    logger = logging.getLogger("matplotlib")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            for told in ("Glyph .* missing from", "constrained_layout not applied"):
                warnings.filterwarnings("ignore", message=told, category=UserWarning)
            yield
    finally:
        logger.setLevel(level)


_LINES: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 9.0,
    "axes.titlesize": 9.5,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 9.0,
    "xtick.labelsize": 8.5,
    "ytick.labelsize": 8.5,
    "legend.fontsize": 8.5,
    "legend.frameon": False,
    "legend.handlelength": 1.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "figure.constrained_layout.w_pad": 0.07,
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.6,
    "lines.solid_capstyle": "round",
    "xtick.major.size": 3.0,
    "ytick.major.size": 3.0,
    # pages and gallery open many: they close what they open
    "figure.max_open_warning": 0,
    "svg.fonttype": "none",
    "svg.hashsalt": "drugresponse",
    "path.simplify": True,
}
