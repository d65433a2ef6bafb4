"""Samples as dots on two axes, coloured by a column of the samples table."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.report.drawings import drawing
from drugresponse.report.page import Html, text

__all__ = ["COLOURS", "colour_groups", "legend", "scatter"]

COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")
"""Told apart with most kinds of colour vision, on white and on black (Okabe and Ito)."""
OTHERS = "others"
MOST_DOTS = 5000
_SIDE = 274
_MARGIN = 26


def colour_groups(labels: pd.Series) -> list[tuple[str, NDArray[np.bool_]]]:
    """The largest groups, one for each colour, and the others together.

    Parameters
    ----------
    labels
        `(n_samples,)` text; "" is not known.

    Returns
    -------
    list
        Name and `(n_samples,)` bool; the largest first, equal ones by name, the others (and those not known) last.

    Examples
    --------
    >>> [(name, int(rows.sum())) for name, rows in colour_groups(pd.Series(["b", "a", "a", ""]))]
    [('a', 2), ('b', 1), ('others', 1)]
    """
    counts = labels[labels != ""].value_counts().sort_index().sort_values(ascending=False, kind="stable")
    names = [str(name) for name in counts.index[: len(COLOURS)]]
    groups = [(name, (labels == name).to_numpy(dtype=bool)) for name in names]
    left = ~labels.isin(names).to_numpy(dtype=bool)
    return [*groups, (OTHERS, left)] if left.any() else groups


def scatter(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: Sequence[tuple[str, NDArray[np.bool_]]],
    names: tuple[str, str],
    title: str,
) -> Html:
    """A square of dots; the smaller groups are drawn over the larger ones.

    Parameters
    ----------
    x, y
        `(n_samples,)`.
    groups
        As `colour_groups` gives them; of more than 5,000 samples every second, third and so on is drawn.
    names
        Of the axes.
    title
        For those who do not see it.
    """
    step = -(-len(x) // MOST_DOTS)
    drawn = np.arange(len(x)) % step == 0
    across, up = _scaled(x), _SIDE - _scaled(y)
    paths = []
    for at, (name, rows) in enumerate(groups):
        dots = "".join(f"M{_MARGIN + across[i]:.1f} {up[i]:.1f}h0" for i in np.flatnonzero(rows & drawn))
        paths.append(f'<path class="spot{_paint(name, at)} d="{dots}"><title>{text(name)}</title></path>\n')
    width, height = _MARGIN + _SIDE + 4, _SIDE + _MARGIN
    upright = f'transform="translate(14 {_SIDE / 2}) rotate(-90)"'
    return drawing(
        title,
        width,
        height,
        f'<rect class="frame" x="{_MARGIN}" y="0" width="{_SIDE}" height="{_SIDE}"/>\n'
        f"{''.join(sorted(paths, key=len, reverse=True))}"
        f'<text class="tick" x="{_MARGIN + _SIDE / 2}" y="{height - 6}" text-anchor="middle">{text(names[0])}</text>'
        f'<text class="tick" {upright} text-anchor="middle">{text(names[1])}</text>',
    )


def legend(groups: Sequence[tuple[str, NDArray[np.bool_]]], title: str) -> Html:
    """Which colour is which group, and how many samples it has."""
    rows = []
    for at, (name, members) in enumerate(groups):
        y = 14 + 20 * at
        rows.append(
            f'<path class="spot{_paint(name, at)} d="M6 {y - 5}h0"/>'
            f'<text class="tick" x="16" y="{y}">{text(name, 24)} ({int(members.sum()):,})</text>\n'
        )
    return drawing(title, 220, 20 * len(groups) + 6, "".join(rows))


def _paint(name: str, at: int) -> str:
    """The end of the class and what follows it: a colour, or grey for the others."""
    return ' naive"' if name == OTHERS or at >= len(COLOURS) else f'" stroke="{COLOURS[at]}"'


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    return 0.05 * _SIDE + 0.9 * _SIDE * (values - low) / ((high - low) or 1.0)
