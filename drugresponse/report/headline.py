"""The headline figure of a report: its verdict, its first figure and how that is read, as one picture."""

from __future__ import annotations

import io
from collections.abc import Sequence
from textwrap import wrap
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from drugresponse.plots.canvas import WIDTH, cut, png
from drugresponse.plots.palettes import current, drawn_in
from drugresponse.report.blocks import Figure, Report, Verdict

__all__ = ["headline_png"]

Pixels = NDArray[np.float32]

_DPI = 200
_ABREAST = 2
"""Most pictures side by side."""
_QUIET, _PLAIN, _BOLD = 8.0, 8.5, 9.5
"""Points."""
_LETTERS, _LINE = 130.0, 0.17
"""Letters of one point in an inch, and inches of a line."""
_LONGEST = 700


def headline_png(report: Report) -> bytes:
    """The answer of a page in one PNG, for where the page itself is not shown.

    Parameters
    ----------
    report
        The headline figure of every page is the first on it: what learners gain (evaluate), errors beside naive ones
        (train), a sample's drugs, the samples of one drug or a heat map (predict), what pilot measurements are worth
        (adapt), associations with the drug of which most is known (explain), typical curves (curves), frequencies
        or missing calls (prepare). A page without a figure gives its verdict, or what it begins with, in words.

    Returns
    -------
    bytes
        Title and verdict, the figure, its caption and the notice; the same report has the same bytes.

    Examples
    --------
    >>> headline_png(Report("Toy", "Nothing was drawn.", [], "Research use only."))[1:4]
    b'PNG'
    """
    blocks = list(report.blocks())
    figure = next((block for block in blocks if isinstance(block, Figure)), Figure({}, ""))
    verdict = next((block for block in blocks if isinstance(block, Verdict)), None)
    pictures = [_pixels(png(picture.figure, dpi=_DPI)) for picture in figure.drawings.values()]
    rows = [_side_by_side(pictures[at : at + _ABREAST]) for at in range(0, len(pictures), _ABREAST)]
    inches = max([WIDTH, *(row.shape[1] / _DPI for row in rows)])
    above = [(report.title, False)]
    if verdict:
        above += [(verdict.title, True), *((words, False) for words in verdict.leaks)]
    if not pictures:
        above.append((verdict.words if verdict else report.lead, False))
    below = [(words, False) for words in (figure.caption, report.foot) if words]
    return _written(_below_each_other([_words(above, inches), *rows, _words(below, inches, quiet=True)]))


def _words(paragraphs: Sequence[tuple[str, bool]], inches: float, *, quiet: bool = False) -> Pixels:
    """Paragraphs, bold or not, as wide as the picture."""
    with drawn_in(current()):
        from matplotlib.figure import Figure as Canvas

        palette = current()
        lines = [
            (line, size, bold)
            for words, bold in paragraphs
            for size in (_QUIET if quiet else _BOLD if bold else _PLAIN,)
            for line in wrap(cut(words, _LONGEST), int(_LETTERS * inches / size * (0.88 if bold else 1.0)))
        ]
        canvas = Canvas(figsize=(inches, _LINE * (len(lines) + 1)), facecolor=palette.paper)
        for at, (line, size, bold) in enumerate(lines):
            place = (0.08 / inches, 1 - (at + 0.9) / (len(lines) + 1))
            weight, colour = "bold" if bold else "normal", palette.quiet if quiet else palette.ink
            canvas.text(*place, line, fontsize=size, fontweight=weight, color=colour)
        return _pixels(png(canvas, dpi=_DPI))


def _pixels(picture: bytes) -> Pixels:
    from matplotlib.image import imread

    return np.asarray(imread(io.BytesIO(picture))[:, :, :3], dtype=np.float32)


def _side_by_side(pictures: Sequence[Pixels]) -> Pixels:
    return _below_each_other([picture.swapaxes(0, 1) for picture in pictures]).swapaxes(0, 1)


def _below_each_other(pictures: Sequence[Pixels]) -> Pixels:
    """Each widened to the widest by the colour of its upper right corner."""
    widest = max(picture.shape[1] for picture in pictures)
    widened = [
        np.concatenate([each, np.broadcast_to(each[:1, -1:], (len(each), widest - each.shape[1], 3))], axis=1)
        for each in pictures
    ]
    return np.concatenate(widened)


def _written(pixels: Pixels) -> bytes:
    from matplotlib.image import imsave

    file = io.BytesIO()
    # no version of a library, so that the same picture has the same bytes
    imsave(file, pixels, format="png", dpi=_DPI, metadata=cast("Any", {"Software": None}))
    return file.getvalue()
