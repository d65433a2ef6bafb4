"""What the page of predictions tells of features that new samples lack."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.report import prediction_report
from tests.report.pages import Page

NAN = float("nan")
SAMPLES = [f"s{at}" for at in range(40)]
TITLE = "How much of the model's genotype the samples have"


def sites(ids: list[str], **changes: object) -> pd.DataFrame:
    table = {"kind": "dosage", "chromosome": "1", "position": np.arange(len(ids)) + 100, "ref": "A", "alt": "C"}
    return pd.DataFrame({**table, **changes}, index=ids)


@pytest.fixture(scope="module")
def model() -> dr.DrugResponseModel:
    rng = np.random.default_rng(0)
    ids = [f"rs{at}" for at in range(15)] + ["<b>odd</b>"]
    calls = rng.integers(0, 3, (len(SAMPLES), 16)).astype(float)
    genotypes = Genotypes.build(calls, SAMPLES, sites(ids))
    responses = pd.DataFrame({"sample_id": SAMPLES, "response": calls @ np.arange(16, 0, -1)})
    return dr.DrugResponseModel(learner="ridge", folds=0).fit(genotypes, responses)


def page_of(model: dr.DrugResponseModel, new: Genotypes) -> str:
    found = FeatureMatch.of(model.regressor_, new)
    told = model.predict(new, minimum_features=0)
    text = Page(prediction_report(told, model.manifest_, found)).text
    return text[text.index(TITLE) : text.index("Sample by sample")]


def test_prediction_report__absent_features_by_weight_and_missing_calls(model):
    ids = [f"rs{at}" for at in range(15)] + ["<b>odd</b>"]
    table = sites(ids, alt=["G" if at == 1 else "C" for at in range(16)]).iloc[[1, 2, 13, 14]]
    text = page_of(model, Genotypes.build([[1, NAN, 0, NAN], [1, 1, 2, NAN]], ["n1", "n2"], table))
    assert "Of 16 features of the training: 2 found as they are" not in text
    assert "Of 16 features of the training: 3 found as they are, 12 absent and 1 in conflict" in text
    assert "Of 16 features with weight in the model 14 are in none of the samples" in text
    assert "Of 4 calls of the others 1 (25.0%) are missing and taken as the mean of the training samples." in text
    rows = text[text.index("Feature that no sample has") :]
    assert rows.index("rs0") < rows.index("rs1 ") < rows.index("rs3")
    assert "alleles, strand or place in doubt" in rows
    assert "4 features of less weight not shown." in rows


def test_prediction_report__turned_alleles_and_another_build(model):
    ids = [f"rs{at}" for at in range(15)] + ["<b>odd</b>"]
    swapped = sites(ids, ref="C", alt="A", position=np.arange(16) + 9000)
    text = page_of(model, Genotypes.build(np.ones((2, 16)), ["n1", "n2"], swapped))
    assert "Of 16 features of the training: 16 turned (reference and alternate are swapped)." in text
    assert "Positions differ for 100% of the variants that have the same id" in text
    assert "14 are in none" not in text
    assert "Of 32 calls of the others 0 (0%) are missing" in text


def test_prediction_report__without_what_was_found_tells_the_shares_alone(model):
    new = Genotypes.build(np.ones((2, 3)), ["n1", "n2"], sites(["rs0", "rs1", "rs2"]))
    told = model.predict(new, minimum_features=0)
    text = Page(prediction_report(told, model.manifest_)).text
    assert "Share of the model's weight on features that are known in a sample" in text
    assert "is taken as the mean of the training samples" in text
    assert "features of the training" not in text[text.index(TITLE) :]


def test_prediction_report__names_of_absent_features_are_escaped(model):
    new = Genotypes.build(np.ones((2, 1)), ["n1", "n2"], sites(["rs15x"], position=5))
    found = FeatureMatch.of(model.regressor_, new)
    page = prediction_report(model.predict(new, minimum_features=0), model.manifest_, found)
    assert "<b>odd" not in page
    assert "16 are in none of the samples; these hold 100%" in Page(page).text
