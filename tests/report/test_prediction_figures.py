"""Predictions in pictures: which picture there is, and what users wrote in it."""

from __future__ import annotations

import re

import html5lib
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.tables import Measure
from drugresponse.report.blocks import Figure, Report
from drugresponse.report.html import as_html
from drugresponse.report.prediction_figures import prediction_figures
from tests.report.pages import EXPECTED_TAGS, Page

HOSTILE = '"<script>&--> $x$ \u202e'


def predictions_of(n_samples: int, n_drugs: int, **changes: object) -> pd.DataFrame:
    pairs = pd.MultiIndex.from_product(
        [[f"{HOSTILE}{i}" for i in range(n_samples)], [f"D{i}" for i in range(n_drugs)]], names=["sample_id", "drug_id"]
    )
    numbers = {"prediction": np.arange(len(pairs)) % 7.0, "lower": -1.0, "upper": 9.0, "baseline": 3.0, "flag": ""}
    return pairs.to_frame(index=False).assign(**{**numbers, **changes})


def drawings_of(predictions: pd.DataFrame, higher: str | None = "resistant") -> list[str]:
    parts = prediction_figures(predictions, Measure("auc", "", higher), {"D1": HOSTILE}, HOSTILE)
    report = Report("Toy", "", parts, "Research use only.")
    html5lib.HTMLParser(strict=True).parse(as_html(report))
    page = Page(as_html(report))
    assert page.tags <= EXPECTED_TAGS
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert all(re.fullmatch(r"[\w.~-]+", name) for name in report.files())
    return [name for block in report.blocks() if isinstance(block, Figure) for name in block.drawings]


def blocks_of(predictions: pd.DataFrame, measure: Measure) -> list[Figure]:
    (part,) = prediction_figures(predictions, measure, {}, "auc")
    return list(part.blocks)


@pytest.mark.parametrize(
    ("n_samples", "n_drugs", "drawings"),
    [
        (2, 3, [f"ranked-{HOSTILE}0", f"ranked-{HOSTILE}1"]),
        (5, 3, ["heat-map"]),
        (5, 1, ["ranked-samples"]),
        (61, 3, ["heat-map"]),
        (40, 90, ["heat-map"]),
    ],
)
def test_prediction_figures__follow_how_many_samples_and_drugs_there_are(n_samples, n_drugs, drawings):
    assert drawings_of(predictions_of(n_samples, n_drugs)) == drawings


def test_prediction_figures__none_of_nothing():
    assert drawings_of(predictions_of(2, 3, prediction=np.nan)) == []


def test_prediction_figures__classes_in_words_are_drawn_in_their_order():
    classes = {"lower": "S", "upper": "R", "baseline": "I", "probability_S": 0.2, "probability_I": 0.3}
    table = predictions_of(5, 3, prediction=["S", "I", "R"] * 5, **classes, probability_R=0.5)
    assert drawings_of(table) == ["heat-map"]
    (figure,) = blocks_of(table, Measure("susceptibility"))
    drawn = figure.drawings["heat-map"].inline()
    assert drawn.index(">S<") < drawn.index(">I<") < drawn.index(">R<") and "minus" not in figure.caption
    (figure,) = blocks_of(table.head(3), Measure("susceptibility", "", "resistant"))
    (picture,) = figure.drawings.values()
    drawn = picture.inline()
    assert drawn.index(">D0<") < drawn.index(">D1<") < drawn.index(">D2<") and ">R<" in drawn


def test_prediction_figures__of_many_those_that_differ_most_from_their_baseline():
    table = predictions_of(70, 60, prediction=3.0)
    table.loc[table["drug_id"] == "D59", "prediction"] = 9.0
    (figure,) = blocks_of(table, Measure("auc"))
    assert "Shown: 60 of 70 samples and 50 of 60 drugs" in figure.caption
    assert ">D59<" in figure.drawings["heat-map"].inline()


def test_prediction_figures__end_and_bounds_are_those_of_the_predictions():
    table = predictions_of(1, 3, lower=np.nan, upper=np.nan)
    for higher, end in (("resistant", "lowest"), ("sensitive", "highest")):
        (figure,) = blocks_of(table, Measure("auc", "", higher))
        assert f", auc, {end} first" in figure.caption and "bars" not in figure.caption
        (picture,) = figure.drawings.values()
        drawn = picture.inline()
        assert (drawn.index(">D0<") < drawn.index(">D2<")) == (end == "lowest")
    (figure,) = blocks_of(predictions_of(1, 3), Measure("auc"))
    assert "bars: their bounds" in figure.caption


@pytest.mark.parametrize(("n_samples", "n_drugs"), [(2, 3), (5, 3), (5, 1)])
def test_prediction_figures__flags_stand_beside_the_picture(n_samples, n_drugs):
    flags = ["seen-sample", "few-features;seen-sample", *[""] * (n_samples * n_drugs - 2)]
    (figure,) = blocks_of(predictions_of(n_samples, n_drugs, flag=flags), Measure("auc"))
    assert figure.caption.endswith(f" Flags, of {n_samples * n_drugs} rows: few-features 1, seen-sample 2.")
    (figure,) = blocks_of(predictions_of(n_samples, n_drugs), Measure("auc"))
    assert "Flags" not in figure.caption
