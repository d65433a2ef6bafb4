from __future__ import annotations

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.evaluation.outcomes.tables import OUTCOME_COVERAGE_COLUMNS, outcome_coverage
from drugresponse.report import evaluation_markdown
from tests.evaluation.made_outcomes import binary_rows, outcome_evaluation


def test_coverage__sets_hold_nine_of_ten_rows_of_each_class() -> None:
    rows, odds = binary_rows(1000, level=-2.0)
    table = outcome_coverage(outcome_evaluation(rows, {"ridge": odds}))
    assert tuple(table.columns) == OUTCOME_COVERAGE_COLUMNS
    ridge = table[table["learner"] == "ridge"].set_index(["level", "id"])
    assert ridge.loc[("all", "all"), "coverage"] >= 0.88
    for name in ("S", "R"):
        assert ridge.loc[("class", name), "coverage"] >= 0.85
    assert 1 <= ridge.loc[("all", "all"), "mean_size"] <= ridge.loc[("all", "all"), "reference_size"]


def test_decision_curve__where_the_cost_was_told() -> None:
    cohort = dr.simulate_cohort(n_samples=100, n_drugs=2, n_features=20, outcome="binary")
    summary = dr.evaluate(
        cohort.genotypes, cohort.responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1, cost_of_miss=4.0
    )
    table = summary.decision_curve
    assert set(table["learner"]) == set(summary.evaluation.names)
    at_cost = table[(table["learner"] == "ridge") & (table["threshold"] == 0.2)]["net_benefit"].iloc[0]
    pooled = summary.metrics.query("fold == 'all' and level == 'global' and metric == 'net_benefit'")
    assert pooled.set_index("learner").loc["ridge", "value"] == pytest.approx(at_cost)
    assert "What calling is worth" in evaluation_markdown(summary)


def test_predictions__probability_with_bounds_and_the_class_that_came() -> None:
    cohort = dr.simulate_cohort(n_samples=120, n_drugs=3, n_features=30, outcome="binary")
    summary = dr.evaluate(
        cohort.genotypes, cohort.responses, samples=cohort.samples, learners=["ridge"], folds=3, shuffles=0, n_jobs=1
    )
    table = summary.predictions[summary.predictions["learner"] == "ridge"]
    assert table["prediction"].between(0, 1).all()
    assert (table["lower"] <= table["prediction"]).all()
    assert (table["prediction"] <= table["upper"]).all()
    assert set(table["response"]) == {"S", "R"}
    assert summary.ceiling is None
    layer, at = summary.evaluation.layers[0], summary.evaluation.rows.pairs
    shares = layer.said["ridge"].shares
    assert shares is not None
    keys = dict(zip(zip(at.sample_ids, at.drug_ids, strict=True), shares[:, 1], strict=True))
    expected = [keys[key] for key in zip(table["sample_id"], table["drug_id"], strict=True)]
    assert table["prediction"].to_numpy(dtype=float) == pytest.approx(np.array(expected))
