"""Drawings that stand side by side do so in the middle of Galaxy's page too, which is about 650 pixels wide."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from drugresponse.report.carriers import carriers_drawing
from drugresponse.report.column_drawings import columns_drawing
from drugresponse.report.curve_drawings import curve_drawing
from drugresponse.report.drawings import drawing
from drugresponse.report.hexagons import hexagons
from drugresponse.report.scatter import scatter
from drugresponse.report.style import STYLE
from drugresponse.report.volcanoes import volcano

MIDDLE = 640
GAP = 16
TWO = np.array([0.0, 1.0])
TESTED = pd.DataFrame({"feature_id": ["a"], "effect": [1.0], "p": [0.1], "q": [0.2]})


@pytest.mark.parametrize(
    ("drawn", "abreast"),
    [
        (carriers_drawing([("with it", TWO)], "KIT", "response"), 2),
        (columns_drawing([1, 2], ["0", "1"], "Samples", "share"), 2),
        (hexagons(TWO, TWO, "ridge", "measured"), 2),
        (scatter(TWO, TWO, [("all", TWO >= 0)], ("PC1", "PC2"), "Samples"), 2),
        (volcano(TESTED, "All features", "effect"), 2),
        (curve_drawing(TWO, TWO, TWO, ("s", "d"), "IC50"), 3),
    ],
    ids=["carriers", "columns", "hexagons", "scatter", "volcano", "curve"],
)
def test_drawings__stand_side_by_side_in_galaxy(drawn, abreast):
    (width,) = map(int, re.findall(r'^<svg [^>]*?width="(\d+)"', drawn))
    taken = abreast * width + (abreast - 1) * GAP
    assert 0.9 * MIDDLE <= taken <= MIDDLE


def test_drawing__outlines_without_style_and_none_with_it():
    assert 'fill="none" stroke="gray"' in drawing("Toy", "100%", 20, "")
    assert re.search(r"svg \{[^}]*fill: currentColor; stroke: none;", STYLE)


def test_drawing__only_one_of_fixed_width_can_be_scaled():
    assert 'viewBox="0 0 30 20"' in drawing("Toy", 30, 20, "")
    assert "viewBox" not in drawing("Toy", "100%", 20, "")
