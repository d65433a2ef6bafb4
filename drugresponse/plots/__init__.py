"""Plots of results, for notebooks and for the pages: matplotlib axes in, the same axes out.

Each takes what a function or a method of the package returned and, where you give one, the `ax` to draw on.
`style(dark=True)` draws light on dark; `svg` and `png` turn a figure into a file's content.
"""

from drugresponse.plots.canvas import figure, png, svg
from drugresponse.plots.evaluations import coverage, drug_verdicts, permutation, skill
from drugresponse.plots.features import effects, volcano, waterfall
from drugresponse.plots.palettes import Palette, style
from drugresponse.plots.predictions import heat_map, predicted, ranked_drugs

__all__ = [
    "Palette",
    "coverage",
    "drug_verdicts",
    "effects",
    "figure",
    "heat_map",
    "permutation",
    "png",
    "predicted",
    "ranked_drugs",
    "skill",
    "style",
    "svg",
    "volcano",
    "waterfall",
]
