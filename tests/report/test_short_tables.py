"""Short tables for people: what they say, and in which order."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from tests.galaxy_tools import TEST_DATA
from tests.plots.results import evaluation, model


def table_of(**columns):
    rows = {"sample_id": "s1", "drug_id": ["D1", "D2", "D3", "D4"], "lower": -1.0, "upper": 1.0, "baseline": 0.0}
    return pd.DataFrame({**rows, "flag": ["", "new-drug", "", np.nan], **columns})


def loaded(folder):
    return dr.load_model(TEST_DATA / folder / "model.safetensors")


@pytest.fixture(scope="module")
def cell_lines():
    """Better than naive predictions; a higher response is more resistant."""
    return loaded("cell_lines")


def test_short_predictions__verdict_before_numbers_of_four_digits(cell_lines):
    predictions = table_of(prediction=[0.123456, -2.0, np.nan, 0.0], baseline=[0.0, -3.2, 0.0, 0.0])
    names = pd.DataFrame({"name": ["gefitinib"]}, index=pd.Index(["D1"], name="drug_id"))
    short = dr.short_predictions(predictions, cell_lines, names)
    assert short["drug_id"].tolist() == ["D4", "D1", "D2", "D3"]
    assert short["verdict"].tolist() == [
        "as the baseline",
        "more resistant; baseline within bounds",
        "more resistant; baseline beyond bounds",
        "not predicted",
    ]
    assert short["flag"].tolist() == ["", "", "new-drug", ""]
    assert short.loc[1, ["drug_name", "difference", "prediction"]].tolist() == ["gefitinib", 0.1235, 0.1235]


def test_short_predictions__rows_unlike_the_training_are_unproven(cell_lines):
    flags = ["new-drug;outside-scheme", "out-of-range", "seen-sample", ""]
    verdicts = dr.short_predictions(table_of(prediction=[1.0, 2.0, 3.0, np.nan], flag=flags), cell_lines)["verdict"]
    assert [words.partition(":")[0].partition(";")[0] for words in verdicts] == [
        "unproven", "unproven", "more resistant", "not predicted",
    ]  # fmt: skip


def test_short_predictions__samples_in_their_order_without_bounds(cell_lines):
    predictions = table_of(sample_id=["b", "a", "b", "a"], prediction=[1.0, 1.0, -1.0, 2.0], lower=np.nan, upper=np.nan)
    short = dr.short_predictions(predictions, cell_lines)
    assert short["sample_id"].tolist() == ["b", "b", "a", "a"] and short["prediction"].tolist() == [-1.0, 1.0, 1.0, 2.0]
    assert short.loc[0, "verdict"] == "more sensitive; no bounds"


def test_short_predictions__classes_that_are_called_and_that_remain():
    sets = {"class": ["R", "S", "S", "R"], "class_set": ["R", "R;S", "R", np.nan]}
    short = dr.short_predictions(table_of(prediction=[0.1, 0.2, 0.3, 0.4], **sets), loaded("antibiogram"))
    assert short.sort_values("drug_id")["verdict"].tolist() == [
        "R alone",
        "S; R possible too",
        "S by the threshold, R by the bounds",
        "R; no bounds",
    ]


def test_short_predictions__nothing_is_proven_by_a_model_that_was_not_checked():
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    unchecked = dr.DrugResponseModel("additive-mean", folds=0).fit(cohort.genotypes, cohort.responses)
    short = dr.short_predictions(table_of(prediction=[5.0, -5.0, np.nan, 0.0]), unchecked)
    assert set(short["verdict"]) == {"unproven: the model was not checked", "not predicted"}
    naive = dr.DrugResponseModel("additive-mean", folds=2).fit(cohort.genotypes, cohort.responses)
    short = dr.short_predictions(table_of(prediction=5.0), naive)
    assert set(short["verdict"]) == {"unproven: the model is not shown to be better than naive"}


def test_short_evaluation__all_drugs_then_each_by_its_gain():
    short, verdicts = dr.short_evaluation(evaluation()), evaluation().drug_verdicts
    assert short["drug_id"].tolist() == ["all drugs", *verdicts["drug_id"]]
    assert short["verdict"].tolist()[1:] == verdicts["verdict"].tolist()
    assert short["drug_name"].iloc[1].startswith("simulated ")
    assert short["gain"].tolist()[1:] == pytest.approx(verdicts["gain"].tolist(), rel=1e-3)
    assert short["n"].iloc[0] == verdicts["n"].sum()


def test_short_training__says_no_more_than_the_folds_agree_on():
    short = dr.short_training(model())
    skill = model().manifest_["held_out"]["skill"]
    assert short.loc[0, "drug_id"] == "all drugs" and short.loc[0, "skill"] == pytest.approx(skill, rel=1e-3)
    drugs = short.iloc[1:]
    assert drugs["skill"].is_monotonic_decreasing and len(drugs) == 6
    assert ((drugs["verdict"] == "better than naive") <= (drugs["folds_better"] == drugs["folds"])).all()
    assert np.allclose(1 - (drugs["error"] / drugs["naive_error"]) ** 2, drugs["skill"], atol=0.2)
