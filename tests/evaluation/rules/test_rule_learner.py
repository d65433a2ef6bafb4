from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError
from drugresponse.evaluation.summary import EvaluationSummary, rule_words


def _evaluated(outcome: str, kind: str, **more: object) -> tuple[EvaluationSummary, pd.DataFrame]:
    """A rule that knows the planted effects: their sign and size as scores, or who carries any of them as a class."""
    cohort = dr.simulate_cohort(n_samples=200, n_drugs=2, n_features=20, outcome=outcome, random_state=3)
    truth = cohort.truth
    rule = pd.DataFrame({"drug_id": truth["drug_id"], "feature_id": truth["feature_id"], "score": truth["effect"]})
    if kind == "class":
        rule = rule[rule["score"] > 0].drop(columns="score").assign(**{"class": "R"})
    summary = dr.evaluate(
        cohort.genotypes,
        cohort.responses,
        samples=cohort.samples,
        learners=["ridge"],
        folds=3,
        shuffles=0,
        n_jobs=1,
        rule=rule,
        rule_name="planted",
        **more,  # type: ignore[arg-type]
    )
    return summary, rule


def _global(summary: EvaluationSummary, learner: str) -> pd.Series:
    table = summary.metrics
    own = table[(table["learner"] == learner) & (table["fold"] == "all") & (table["level"] == "global")]
    return own.set_index("metric")["value"]


def test_scores_of_the_truth__are_calibrated_and_beat_every_mean() -> None:
    summary, _ = _evaluated("binary", "score")
    assert summary.evaluation.learners == ("covariates", "ridge", "planted")
    own = _global(summary, "planted")
    assert own["skill"] > 0.1
    assert own["calibration_slope"] == pytest.approx(1.0, abs=0.4)
    assert len(rule_words(summary)) == 1
    # a rule is no learner that a drug could be helped by, or that is the best of them
    assert summary.evaluation.trained == ("covariates", "ridge")


def test_classes__are_called_as_they_are() -> None:
    summary, rule = _evaluated("binary", "class")
    evaluation, layer = summary.evaluation, summary.evaluation.layers[0]
    pairs = evaluation.rows.pairs[layer.rows]
    dense = pd.DataFrame(
        pairs.genotypes.dense(), index=pairs.genotypes.sample_ids, columns=pairs.genotypes.features.index
    )
    called = np.array(
        [
            (dense.loc[sample, rule.loc[rule["drug_id"].isin([drug, ""]), "feature_id"]] > 0).any()
            for sample, drug in zip(pairs.sample_ids, pairs.drug_ids, strict=True)
        ]
    )
    event = layer.truth.y > 0
    own = _global(summary, "planted")
    assert own["very_major_error"] == pytest.approx(np.mean(~called[event]))
    assert own["major_error"] == pytest.approx(np.mean(called[~event]))


def test_continuous__a_line_for_each_drug() -> None:
    summary, _ = _evaluated("continuous", "score")
    own = _global(summary, "planted")
    assert own["skill"] > 0.1
    assert summary.drug_verdicts.columns[2] == "naive_rmse"


def test_name__one_of_its_own() -> None:
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20, outcome="binary")
    rule = pd.DataFrame({"feature_id": cohort.genotypes.features.index[:1], "score": [1.0]})
    with pytest.raises(InputError, match="name of another"):
        dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], rule=rule, rule_name="ridge")
