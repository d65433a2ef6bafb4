"""What the pages say of prediction intervals."""

from __future__ import annotations

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.evaluation._coverage import coverage_table, cross_conformal
from drugresponse.report import evaluation_markdown, evaluation_report, prediction_report, training_report
from drugresponse.report.prediction_intervals import interval_lines, width_words
from tests.report.pages import Page
from tests.report.test_evaluation import summary_of
from tests.report.test_report import manifest_of, predictions_of

FOUND = {"coverage": 0.9, "claimed": True, "groups": 60, "levels": {"pooled": 2}, "median_width": 3.0}
HELD = {"coverage": 0.913, "width": 3.0, "reference_width": 4.0}


def with_coverage(**changes):
    summary = summary_of(n_samples=120, **changes)
    table = coverage_table(summary.evaluation, cross_conformal(summary.evaluation))
    return summary_of(n_samples=120, coverage=table, **changes)


def test_interval_lines__tell_coverage_and_width():
    lines = " ".join(interval_lines(manifest_of(intervals=FOUND, held_out=HELD)))
    assert "made to hold 90% of new responses" in lines
    assert "held-out errors of 60 subjects" in lines
    assert "91.3% lay within; median width 3.00." in lines
    assert "Bounds around the drug mean, made in the same way, have median width 4.00" in lines
    assert "the model narrows them by 25%" in lines
    assert "not claimed" not in lines


def test_interval_lines__say_what_is_not_claimed_and_what_is_not_there():
    scheme = {"name": "new-tissues", "test_rows": "samples of unseen tissues", "reference": "drug mean"}
    lines = " ".join(interval_lines(manifest_of(intervals={**FOUND, "claimed": False, "groups": 27}, scheme=scheme)))
    assert "27 tissues" in lines
    assert "coverage is not claimed" in lines
    few = interval_lines(manifest_of(intervals={**FOUND, "groups": 1, "median_width": None}))
    assert few == [
        "Predictions carry no bounds: 1 subject held out are too few for 90%. The held-out RMSE is the only guide to "
        "their error."
    ]
    assert "no rows were held out" in interval_lines(manifest_of())[0]


@pytest.mark.parametrize(("width", "words"), [(4.0, "narrows nothing"), (5.0, "narrows nothing"), (3.92, "by 2%")])
def test_width_words__wider_than_the_reference_is_said(width, words):
    assert words in width_words(width, 4.0, "drug mean")


def test_training_report__tells_of_the_bounds():
    assert "Predictions carry no bounds" in Page(training_report(manifest_of(), None)).text
    assert "made to hold 90%" in Page(training_report(manifest_of(intervals=FOUND), None)).text


def test_prediction_report__shows_bounds_of_one_drug_and_explains_the_flag():
    rows = predictions_of({"s1": {"d": 0.0}, "s2": {"d": 1.0}})
    plain = Page(prediction_report(rows, manifest_of(intervals=FOUND))).text
    assert "Bounds" not in plain.replace("Bounds around", "")
    assert "No row of this table is of the kind" in plain
    bounded = rows.assign(lower=[0.5, np.nan], upper=[1.5, np.nan], flag="coverage-not-claimed")
    told = Page(prediction_report(bounded, manifest_of(intervals=FOUND))).text
    assert "0.500 to 1.50" in told
    assert "1 with bounds" in told
    assert "new rows may be unlike those that calibrated them" in told
    assert "No row of this table is of the kind" not in told


def test_evaluation_report__tells_whether_intervals_hold():
    summary = with_coverage()
    page, markdown = Page(evaluation_report(summary)).text, evaluation_markdown(summary)
    whole = summary.coverage.query("level == 'all'").set_index("learner")["coverage"]
    for written in (page, markdown):
        assert "Do the intervals hold?" in written
        assert f"{100 * whole['ridge']:.1f}% of the held-out responses lie within the 90% interval of ridge" in written
        assert "the model narrows them by" in written
        assert "told and not claimed" not in written
    assert "Do the intervals hold?" not in evaluation_markdown(summary_of())


def test_evaluation_report__names_where_intervals_hold_least_and_where_there_are_none():
    summary = with_coverage()
    table = summary.coverage
    low = (table["learner"] == "ridge") & (table["id"] == "d003")
    spoiled = summary_of(n_samples=120, coverage=table.assign(coverage=table["coverage"].mask(low, 0.5)))
    markdown = evaluation_markdown(spoiled)
    assert "Where the intervals of ridge hold least" in markdown
    assert "d003" in markdown.split("Where the intervals of ridge hold least")[1].split("##")[0]
    assert "Where the intervals" not in evaluation_markdown(summary)
    assert "There are none: too few groups" in evaluation_markdown(summary_of(n_samples=120, coverage=table.iloc[:0]))


def test_evaluation_report__a_useless_learner_narrows_nothing():
    assert "for a single prediction the model narrows nothing" in evaluation_markdown(with_coverage(gain=0.0))


def test_describe__tells_of_the_intervals():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel(learner="ridge", n_jobs=1).fit(cohort.genotypes, cohort.responses)
    from drugresponse.description import describe_model

    told = "\n".join(describe_model(model.manifest_))
    assert "Intervals: 90 % asked, median width" in told
    assert "% of held-out rows were covered" in told
