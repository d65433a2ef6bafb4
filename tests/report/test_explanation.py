"""The drawings of the explanation's page, and texts that users choose."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.report import explanation_report
from drugresponse.report.carriers import carriers_drawing
from drugresponse.report.volcanoes import volcano
from drugresponse.report.waterfalls import Step, waterfall
from tests.report.pages import EXPECTED_TAGS, Page


def features_tested(n: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    p = rng.uniform(size=n)
    return pd.DataFrame({"feature_id": [f"g{i}" for i in range(n)], "effect": rng.normal(size=n), "p": p, "q": 1.0})


def circles(drawing: str, kind: str) -> list[tuple[float, float]]:
    return [
        (float(x), float(y)) for x, y in re.findall(rf'<circle class="{kind}" cx="([\d.]+)" cy="([\d.]+)"', drawing)
    ]


def test_volcano__names_what_was_found_and_nothing_else():
    table = features_tested(50)
    table.loc[7, ["effect", "p", "q"]] = [-3.0, 1e-12, 1e-9]
    drawing = volcano(table, "drug", "effect")
    assert ">g7<" in drawing
    assert re.findall(r'class="label"', drawing) == ['class="label"']
    (x, y), others = circles(drawing, "model")[0], circles(drawing, "naive")
    assert x < min(across for across, _ in others)
    assert y < min(down for _, down in others)


def test_volcano__labels_do_not_cover_each_other():
    table = features_tested(12)
    table["p"], table["q"] = 1e-9 * (1 + np.arange(12) / 1e4), 1e-6
    table["effect"] = np.linspace(-0.1, 0.1, 12)
    places = re.findall(r'class="label" x="([\d.]+)" y="([\d.]+)"( text-anchor="end")?', volcano(table, "d", "e"))
    rows = [float(y) for x, y, _ in places]
    assert len(places) == 5
    assert min(abs(a - b) for i, a in enumerate(rows) for b in rows[:i]) >= 14 or len(set(places)) == 5


def test_volcano__labels_stay_above_the_axis():
    table = features_tested(12)
    table["p"], table["q"] = 1e-3 * (1 + np.arange(12) / 1e4), 1e-2
    table.loc[0, "p"] = 1e-60
    rows = [float(y) for y in re.findall(r'class="label" x="[\d.]+" y="([\d.]+)"', volcano(table, "d", "e"))]
    assert len(rows) == 5
    assert max(rows) < 258


def test_volcano__the_line_stands_between_what_was_found_and_what_was_not():
    table = features_tested(3).assign(p=[1e-8, 1e-6, 1e-2], q=[0.01, 0.04, 0.5])
    drawing = volcano(table, "d", "e")
    line = float(re.findall(r'class="best" [^>]* y1="([\d.]+)"', drawing)[0])
    assert max(y for _, y in circles(drawing, "model")) + 5 < line < circles(drawing, "naive")[0][1] - 5


def test_volcano__of_many_features_stays_small():
    assert len(volcano(features_tested(20_000), "drug", "effect")) < 400_000


def test_volcano__of_p_0_and_one_feature():
    table = pd.DataFrame({"feature_id": ["<b>"], "effect": [0.0], "p": [0.0], "q": [0.0]})
    drawing = volcano(table, "drug", "effect")
    assert "&lt;b&gt;" in drawing
    assert "nan" not in drawing


@pytest.mark.parametrize("values", [[0.0], [1.0, 1.0], [-2.0, 5.0, 3.0]])
def test_carriers__medians_stand_where_they_lie(values):
    drawing = carriers_drawing([("without it", np.array(values)), ("with it", np.array(values) + 1.0)], "f", "y")
    medians = [float(x) for x in re.findall(r'class="mark" x1="([\d.]+)"', drawing)]
    assert medians[1] > medians[0]
    assert "nan" not in drawing


def test_carriers__many_dots_are_thinned():
    drawing = carriers_drawing([("without it", np.linspace(0, 1, 5000)), ("with it", np.linspace(0, 1, 3))], "f", "y")
    assert len(circles(drawing, "naive")) == 150
    assert "5,000 samples without it" in drawing


def test_waterfall__begins_where_the_last_part_ended():
    drawing = waterfall(Step("mean", 1.0), [Step("a", 2.0), Step("b", -0.5)], "sum", "t")
    bars = [(float(x), float(w)) for x, w in re.findall(r'x="([\d.]+)%" y="\d+" width="([\d.]+)%"', drawing)]
    marks = [float(x) for x in re.findall(r'class="best" x1="([\d.]+)%"', drawing)]
    assert bars[0][0] == pytest.approx(marks[0], abs=0.02)
    assert sum(bars[0]) == pytest.approx(sum(bars[1]), abs=0.02)
    assert bars[1][0] == pytest.approx(marks[1], abs=0.02)
    assert bars[0][1] == pytest.approx(4 * bars[1][1], abs=0.05)
    assert 'class="loss"' in drawing


def test_page__escapes_what_users_chose():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    bad = "<script>alert(1)</script>"
    genotypes = cohort.genotypes.dense()
    frame = pd.DataFrame(genotypes, index=cohort.genotypes.sample_ids, columns=cohort.genotypes.features.index)
    frame = frame.rename(columns={frame.columns[0]: bad}, index={frame.index[0]: bad})
    rows = cohort.responses.table.replace({frame.index[0]: bad, cohort.genotypes.sample_ids[0]: bad, "D001": bad})
    model = dr.DrugResponseModel("ridge", folds=0).fit(frame, rows)
    page = explanation_report(dr.explain(model, frame, rows, refits=0, selected_samples=[bad]))
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert Page(page).tags <= EXPECTED_TAGS
