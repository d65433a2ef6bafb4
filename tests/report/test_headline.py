"""The headline figure: what it shows, whatever a page holds."""

from __future__ import annotations

import io

import matplotlib.image as mpl_image
import numpy as np

from drugresponse import plots
from drugresponse.report.blocks import Figure, Part, Report, Verdict
from drugresponse.report.headline import headline_png
from drugresponse.report.pictures import BESIDE, Picture


def line():
    with plots.style():
        _, ax = plots.figure(height=2.0, width=BESIDE)
    ax.plot([0, 1], [0, 1], color="#ff0000", linewidth=8)
    return ax


def pixels_of(blocks):
    report = Report("Toy $x$", "Nothing was drawn.", [Part("", blocks)], "Research use only.")
    drawn = headline_png(report)
    assert drawn == headline_png(report)
    return mpl_image.imread(io.BytesIO(drawn))


def red(pixels):
    return (pixels[:, :, 0] > 0.9) & (pixels[:, :, 1] < 0.1)


def test_headline__all_pictures_of_the_first_figure_between_verdict_and_caption():
    verdict = Verdict("better", "Better than a naive prediction", "By much.")
    figures = [Figure({str(n): Picture("A line", line, BESIDE) for n in range(3)}, "A line."), Figure({}, "Another.")]
    pixels = pixels_of([verdict, *figures])
    shown = np.array([red(half).any() for half in np.array_split(pixels[:1000], 2, axis=1)])
    assert shown.all() and pixels.shape[1] == round(2 * BESIDE * 200)
    rows = np.flatnonzero(red(pixels).any(axis=1))
    assert rows[0] > 60 and rows[-1] < len(pixels) - 60
    ink = (pixels[:, :, :3].sum(axis=2) < 1.5) & ~red(pixels)
    assert ink[: rows[0]].any() and ink[rows[-1] :].any()


def test_headline__without_a_figure_is_the_verdict_in_words():
    short, long = (pixels_of([Verdict("unknown", "Not checked", words)]) for words in ("", "words " * 60))
    assert len(long) > len(short) > 60 and not red(long).any()
