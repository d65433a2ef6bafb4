"""The page of an explanation: texts that users choose."""

from __future__ import annotations

import pandas as pd

import drugresponse as dr
from drugresponse.report import explanation_report
from tests.report.pages import EXPECTED_TAGS, Page


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
