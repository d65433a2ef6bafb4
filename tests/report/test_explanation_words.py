"""What the page of an explanation says, and what it must not say."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.explanation.explain import Explanation
from drugresponse.report import explanation_report
from drugresponse.report.blocks import Table
from drugresponse.report.explanation_samples import sample_parts
from drugresponse.report.explanation_verdict import explanation_verdict
from tests.report.pages import Page

CHECKED = {"skill": 0.2, "rmse": 1.0, "best_naive": "drug mean", "best_naive_rmse": 1.2}


@pytest.fixture(scope="module")
def found() -> Explanation:
    """Without held-out check, with refits; one sample explained by itself."""
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=4, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0).fit(
        cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples
    )
    tables = {"drugs": cohort.drugs, "samples": cohort.samples}
    return dr.explain(
        model, cohort.genotypes, cohort.responses, **tables, refits=2, selected_samples=["L0001"], minimum_carriers=1
    )


@pytest.fixture(scope="module")
def page_of_found(found: Explanation) -> Page:
    return Page(explanation_report(found))


def named(found: Explanation, *rows: tuple[str, str, object, str]) -> Explanation:
    """With these rows of drug, feature, whether both point one way, and verdict."""
    table = pd.DataFrame(rows, columns=["drug_id", "feature_id", "same_direction", "verdict"])
    numbers = dict.fromkeys(("association_rank", "attribution_rank", "q", "stability"), 1.0)
    effects = {"effect_association": 1.0, "effect_attribution": 1.0}
    table = table.astype({"same_direction": "boolean"}).assign(gene="", **numbers, **effects)
    manifest = {**found.manifest, "held_out": CHECKED}
    return replace(found, agreement=table, manifest=manifest)


BOTH = (("D001", "A", True, "both"), ("D002", "A", True, "both"), ("D002", "B", True, "both"))


def test_verdict__counts_each_feature_once(found):
    verdict = explanation_verdict(named(found, *BOTH, ("D003", "C", True, "association only")))
    assert (verdict.kind, verdict.title) == (
        "better",
        "2 features are named by both the measurements and the model, for 2 drugs",
    )
    assert "4 associations stood out" in verdict.words
    assert "leans on 3 of them" in verdict.words


def test_verdict__what_points_opposite_ways_is_not_praised(found):
    verdict = explanation_verdict(named(found, *BOTH, ("D003", "C", False, "both")))
    assert verdict.title.startswith("2 features are named")
    assert "For 1 more both name it, and disagree about the direction." in verdict.words
    assert explanation_verdict(named(found, ("D003", "C", False, "both"))).title.startswith("No feature is named")


def test_verdict__without_refits_the_model_names_nothing(found):
    verdict = explanation_verdict(replace(named(found, *BOTH), noise=None, spread=None))
    assert verdict.kind == "same"
    assert "named by" not in verdict.title
    assert "nothing was set against noise" in verdict.words


@pytest.mark.parametrize(
    ("held_out", "words"),
    [({**CHECKED, "skill": 0.0}, "does not predict reliably better"), (None, "was not checked on held-out rows")],
)
def test_verdict__a_model_that_was_not_shown_to_predict_is_not_praised(found, held_out, words):
    both = named(found, *BOTH)
    verdict = explanation_verdict(replace(both, manifest={**both.manifest, "held_out": held_out}))
    assert verdict.kind == "same"
    assert words in verdict.words


def test_verdict__where_nothing_could_be_tested(found):
    nothing = replace(found.associations, table=found.associations.table.iloc[:0], n_tests=0)
    verdict = explanation_verdict(replace(named(found), associations=nothing))
    assert "No association could be tested" in verdict.words


def drugs_of_sample(found: Explanation) -> list:
    part = next(sample_parts(found))
    return list(next(each for each in part.blocks if isinstance(each, Table)).rows)


def told(shown: str) -> float:
    return float(shown.replace("\N{MINUS SIGN}", "-"))


def test_sample__parts_and_usual_add_up_and_values_are_told(found):
    reasons = found.reasons
    for drug, parts, predicted, usual, _ in drugs_of_sample(found):
        own = reasons[reasons["drug_id"] == drug.shown]
        mean = own.loc[own["kind"] == "mean", "contribution"].sum()
        others = own.loc[own["kind"] != "mean", "contribution"].sum()
        assert told(predicted.shown) == pytest.approx(mean + others, abs=0.01)
        assert told(usual) == pytest.approx(mean, abs=0.01)
        strongest = own[own["kind"].isin(["covariate", "genotype"])]
        strongest = strongest.iloc[np.argmax(strongest["contribution"].abs())]
        value = f" = {strongest['value']:g}" if np.isfinite(strongest["value"]) else ""
        assert parts.startswith(f"{strongest['feature_id']}{value}: ")
        assert drug.below.startswith("simulated ")


def test_sample__covariates_stand_among_the_strongest_parts(found):
    covariate = found.reasons["kind"] == "covariate"
    weighty = found.reasons.assign(contribution=found.reasons["contribution"].where(~covariate, 9.0))
    assert all(row[1].startswith("covariates: +9.00; ") for row in drugs_of_sample(replace(found, reasons=weighty)))


def test_page__names_drugs_and_ends_its_notice_once(found):
    page = Page(explanation_report(named(found, *BOTH))).text
    assert "Drug D001 (simulated EGFR inhibitor 1)" in page
    assert ".." not in page.replace("...", "")


def test_page__carriers_and_rank_stand_under_what_they_belong_to(found):
    row = found.associations.table.iloc[0]
    page = Page(explanation_report(named(found, (row["drug_id"], row["feature_id"], True, "both")))).text
    carriers = f"{row['n_carriers']} carrier" + ("s" if row["n_carriers"] != 1 else "")
    assert f" {row['feature_id']} {carriers} " in page
    assert "Effect in the model Stability" in page
    assert "+1.00 rank 1 " in page


def test_page__says_what_stands_out_of_each_drug(found):
    table = found.associations.table
    page = Page(explanation_report(replace(found, associations=replace(found.associations, table=table.assign(q=1.0)))))
    assert len(re.findall(r"None of [\d,]+ tested features? stands out", page.text)) == 4
    assert "which does not stand out" in page.text
    assert "dashed line" not in page.text


def test_page__way_is_that_of_the_measurements(found):
    first = found.associations.table.iloc[0]
    rows = named(found, (first["drug_id"], first["feature_id"], pd.NA, "association only"))
    rows = replace(rows, agreement=rows.agreement.assign(effect_association=-1.0, effect_attribution=np.nan))
    page = Page(explanation_report(rows)).text
    assert re.search(r"Goes with.{0,400}\b(sensitive|lower)\b", page, re.DOTALL)


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"learner": "auto"}, "The refits were of ridge, not of the model's own learner"),
        ({"training": {"samples": 500}}, "learned from the 80 samples given here; the model learned from 500."),
    ],
)
def test_page__tells_where_the_refits_differ_from_the_model(found, page_of_found, changed, words):
    assert words not in page_of_found.text
    manifest = {**found.manifest, **changed, "notes": {}}
    assert words in Page(explanation_report(replace(found, manifest=manifest))).text


def test_page__tells_measurements_that_point_the_other_way_than_the_adjusted_effect():
    """A variant is common where the response is high, and lowers it there: as of VKORC1 and ancestry."""
    rng = np.random.default_rng(0)
    ancestry = np.repeat([0, 1], 60)
    copies = rng.binomial(2, np.where(ancestry, 0.8, 0.2)).astype(np.float64)
    names = [f"p{i:03d}" for i in range(120)]
    genotypes = pd.DataFrame({"v": copies, "w": rng.binomial(2, 0.3, 120)}, index=names)
    y = 10.0 * ancestry - 2.0 * copies + rng.normal(size=120)
    responses = pd.DataFrame({"sample_id": names, "drug_id": "d", "response": y})
    samples = pd.DataFrame({"ancestry": np.where(ancestry, "B", "A")}, index=pd.Index(names, name="sample_id"))
    for table, opposed in ((samples, True), (None, False)):
        model = dr.DrugResponseModel("ridge", folds=0).fit(genotypes, responses, samples=table)
        found = dr.explain(model, genotypes, responses, samples=table, refits=0)
        page = explanation_report(found)
        assert ("Adjusted for ancestry, it points the other way" in page) == opposed
        assert [f"with {n} ({(copies == n).sum()})" in page for n in range(3)] == [True] * 3


def test_page__an_alteration_that_most_samples_bear_is_not_turned_round():
    """It was: those without were drawn as those with it, since they were the fewer."""
    names = [f"s{i:02d}" for i in range(40)]
    altered = np.arange(40) % 4 > 0
    genotypes = pd.DataFrame({"TP53_mut": altered * 1.0, "other": np.arange(40) % 3 == 0}, index=names).astype(float)
    y = 3.0 * altered + np.random.default_rng(0).normal(size=40)
    responses = pd.DataFrame({"sample_id": names, "drug_id": "d", "response": y})
    model = dr.DrugResponseModel("ridge", folds=0).fit(genotypes, responses)
    found = dr.explain(model, genotypes, responses, refits=0)
    page = explanation_report(found)
    assert ">with (30)<" in page
    assert ">without (10)<" in page
    for table in (found.attributions, found.associations.table):
        assert table.set_index("feature_id").loc["TP53_mut", "n_carriers"] == 30
