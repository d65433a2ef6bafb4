from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.curves import fit_curves, responses_from_fits
from drugresponse.data.responses.doses import Doses
from drugresponse.report import curves_report
from drugresponse.report.curves import PICTURES
from tests.report.pages import EXPECTED_TAGS, Page

DOSES = [0.01, 0.1, 1.0, 10.0, 100.0]


def made_fits(n_samples: int = 20, potency: float = 0.5, drug: str = "drug"):
    rng = np.random.default_rng(0)
    rows = [
        {
            "sample_id": f"s{i:02d}",
            "drug_id": drug,
            "dose": dose,
            "response": 1 / (1 + dose / potency) + rng.normal(0, 0.01 * i),
        }
        for i in range(n_samples)
        for dose in DOSES
    ]
    return fit_curves(Doses.build(pd.DataFrame(rows), scale="fraction"))


def test_report__pictures_of_closest_typical_and_worst():
    fits = made_fits()
    page = curves_report(fits, responses_from_fits(fits.table, "auc"))
    read = Page(page)
    assert read.tags <= EXPECTED_TAGS
    assert page.count("<svg role=") == 3 * PICTURES <= 24
    order = fits.table.sort_values("rmse")["sample_id"].tolist()
    body = page.partition("<body>")[2]
    closest, worst = body.index(f">{order[0]}, drug<"), body.rindex(f">{order[-1]}, drug<")
    assert body.index("Typical: around the median RMSE") < closest < worst < body.index("Worst: the largest RMSE first")
    assert {each for each in read.attributes if each.startswith("on") or each in ("href", "src")} == set()


def test_report__few_curves_are_all_shown_once():
    fits = made_fits(4)
    page = curves_report(fits, responses_from_fits(fits.table, "auc"))
    assert page.count("<svg role=") == 4
    assert "All: the smallest RMSE first" in page


@pytest.mark.parametrize(
    ("potency", "share", "kind", "words"),
    [
        (0.5, "100%", "better", "For these an IC50 can be read off"),
        (1e4, "0%", "same", "Consider the AUC instead"),
    ],
)
def test_report__says_how_many_reach_an_ic50(potency, share, kind, words):
    fits = made_fits(4, potency)
    page = curves_report(fits, responses_from_fits(fits.table, "ln_ic50"))
    assert f'<div class="verdict {kind}"><strong>{share} of the fitted curves cross half' in page
    assert words in page


def test_report__tells_the_scale_and_what_was_left_out():
    fits = made_fits(6)
    limit = float(fits.table["rmse"].median())
    text = Page(curves_report(fits, responses_from_fits(fits.table, "pic50", maximum_rmse=limit))).text
    assert "Responses were taken as viability, 1 for the control." in text
    assert "6 curves fitted, one for every pair." in text
    assert "3 responses written; 3 left out for their misfit." in text
    assert "higher response (more sensitive)" in text
    assert "guessed" not in text


def test_report__ids_are_escaped():
    fits = made_fits(3, drug="<b>&")
    page = curves_report(fits, responses_from_fits(fits.table, "auc"))
    assert "<b>&" not in page and "&lt;b&gt;&amp;" in page


def test_report__the_same_bytes_twice():
    fits = made_fits(3)
    responses = responses_from_fits(fits.table, "auc")
    assert curves_report(fits, responses) == curves_report(made_fits(3), responses)
