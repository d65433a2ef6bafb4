"""Plots of results, for notebooks and for the pages: matplotlib axes in, the same axes out.

Each takes what a function or a method of the package returned and, where you give one, the `ax` to draw on.
`style(dark=True)` draws light on dark; `svg` and `png` turn a figure into a file's content.
"""

from drugresponse.plots.agreement import classes, dilutions, predicted
from drugresponse.plots.calibrations import calibration
from drugresponse.plots.canvas import figure, png, svg
from drugresponse.plots.carriers import carriers
from drugresponse.plots.curves import curve
from drugresponse.plots.evaluations import coverage, drug_verdicts, permutation, skill
from drugresponse.plots.features import effects, volcano, waterfall
from drugresponse.plots.genotypes import components, frequencies, missingness
from drugresponse.plots.models import losses, pilots
from drugresponse.plots.outcomes import precision_recall, roc, survival
from drugresponse.plots.palettes import Palette, style
from drugresponse.plots.predictions import heat_map, ranked_drugs, ranked_samples

__all__ = [
    "Palette",
    "calibration",
    "carriers",
    "classes",
    "components",
    "coverage",
    "curve",
    "dilutions",
    "drug_verdicts",
    "effects",
    "figure",
    "frequencies",
    "heat_map",
    "losses",
    "missingness",
    "permutation",
    "pilots",
    "png",
    "precision_recall",
    "predicted",
    "ranked_drugs",
    "ranked_samples",
    "roc",
    "skill",
    "style",
    "survival",
    "svg",
    "volcano",
    "waterfall",
]
