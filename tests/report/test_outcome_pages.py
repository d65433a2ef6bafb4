"""The pages of outcomes that are no numbers: whole, with the pictures that the field knows."""

from __future__ import annotations

import re

import pytest

from drugresponse.evaluation.evaluate import evaluate
from drugresponse.explanation.explain import explain
from drugresponse.model.model import DrugResponseModel
from drugresponse.report import (
    evaluation_report,
    explanation_report,
    prediction_report,
    training_report,
)
from drugresponse.simulation.cohort import Cohort, simulate_cohort

PICTURES = {
    "binary": ("Receiver operating characteristic", "Precision and recall", "Calibration"),
    "ordinal": ("Calibration", "called I"),
}
SCORES = {"binary": ("AUROC", "Brier score", "Very major error rate"), "ordinal": ("Quadratic-weighted kappa",)}


@pytest.fixture(scope="module", params=list(PICTURES))
def trained(request: pytest.FixtureRequest) -> tuple[str, Cohort, DrugResponseModel]:
    cohort = simulate_cohort(n_samples=120, n_drugs=3, n_features=24, outcome=request.param, random_state=2)
    model = DrugResponseModel("ridge", n_jobs=1)
    return request.param, cohort, model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)


def test_training_page__shows_what_the_field_knows(trained: tuple[str, Cohort, DrugResponseModel]) -> None:
    kind, _, model = trained
    page = training_report(model.manifest_, model.metrics_, model.held_out_)
    for words in (
        *PICTURES[kind],
        *SCORES[kind],
        "Drug by drug",
        "Coverage",
        model.manifest_["outcome"]["classes"][-1],
    ):
        assert words in page, words
    assert not re.search(r"RMSE|Pearson|squared error of", page)
    assert page == training_report(model.manifest_, model.metrics_, model.held_out_)


def test_training_page__of_a_file_has_no_pictures_and_does_not_fail(
    trained: tuple[str, Cohort, DrugResponseModel],
) -> None:
    _, _, model = trained
    page = training_report(model.manifest_, None)
    assert "Scores beside naive predictions" not in page
    assert "Training report" in page


def test_explanation_page__tells_effects_on_the_scale_of_the_link(
    trained: tuple[str, Cohort, DrugResponseModel],
) -> None:
    kind, cohort, model = trained
    explained = explain(
        model,
        cohort.genotypes,
        cohort.responses,
        samples=cohort.samples,
        refits=0,
        selected_samples=["L0001"],
        n_jobs=1,
    )
    page = explanation_report(explained)
    assert f"log odds of {'R' if kind == 'binary' else 'a class nearer to R'}" in page
    assert "score tests of one feature" in page
    assert "least squares of the response" not in page
    # each class has its share in the bars of carriers
    assert all(f">{word}</text>" in page for word in cohort.responses.outcome.classes)


@pytest.mark.parametrize("kind", list(PICTURES))
def test_evaluation_page__shows_each_learner_beside_naive_predictions(kind: str) -> None:
    cohort = simulate_cohort(n_samples=100, n_drugs=3, n_features=24, outcome=kind, random_state=2)
    summary = evaluate(
        cohort.genotypes, cohort.responses, samples=cohort.samples, learners=["ridge"], folds=2, shuffles=0, n_jobs=1
    )
    page = evaluation_report(summary)
    for words in (*PICTURES[kind], *SCORES[kind], "Skill of each learner", "Drug by drug"):
        assert words in page, words
    assert not re.search(r"RMSE|Pearson|squared error of|best in the fold", page)
    assert ("The classes from low to high are S, " in page) == (kind in ("binary", "ordinal"))
    assert "skill.svg" in evaluation_report(summary).report.files()


def test_evaluation_page__tells_by_how_much_random_folds_would_flatter() -> None:
    cohort = simulate_cohort(n_samples=90, n_drugs=2, n_features=24, outcome="binary", random_state=2)
    clones = cohort.samples.assign(lineage=[f"c{at // 3}" for at in range(90)])
    scheme = {"scheme": "new-lineages", "learners": ["ridge"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    summary = evaluate(cohort.genotypes, cohort.responses, samples=clones, **scheme)
    assert "By how much do random folds flatter?" in evaluation_report(summary)


@pytest.mark.parametrize("kind", ["interval", "time-to-event"])
def test_pages__call_limits_and_times_what_they_are(kind: str) -> None:
    cohort = simulate_cohort(n_samples=120, n_drugs=3, n_features=24, outcome=kind, random_state=2)
    model = DrugResponseModel("ridge", folds=3, n_jobs=1)
    model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    page = training_report(model.manifest_, model.metrics_, model.held_out_)
    assert "Responses that are limits" not in page  # the first line counts them
    assert ("<th>Events" in page or ">Events<" in page) == (kind == "time-to-event")
    assert ("Not at the commonest limit" in page) == ("as likelihoods tell it" in page) == (kind == "interval")
    tables = (cohort.genotypes, cohort.responses)
    explained = explanation_report(explain(model, *tables, samples=cohort.samples, refits=2, n_jobs=1))
    assert "with a higher response" not in explained
    assert ("sooner event" in explained) == (kind == "time-to-event")


@pytest.mark.parametrize("kind", ["binary", "ordinal", "interval", "time-to-event"])
def test_prediction_page__counts_what_is_called_of_each_drug(kind: str) -> None:
    cohort = simulate_cohort(n_samples=80, n_drugs=2, n_features=24, outcome=kind, random_state=2)
    model = DrugResponseModel("ridge", n_jobs=1, folds=2)
    model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    page = prediction_report(model.predict(cohort.genotypes, samples=cohort.samples), model.manifest_)
    words = {
        "binary": ("called R", "Probability of R", "Possible"),
        "ordinal": ("called I", "Most probable"),
        "interval": ("median", "In its unit"),
        "time-to-event": ("Mean time", "Median time"),
    }[kind]
    for word in (*words, "What was predicted, drug by drug", "D002"):
        assert word in page, word
    assert not re.search(r"RMSE on|Pearson|\bnan\b", page)
