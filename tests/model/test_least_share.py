"""The least share of features that a new sample needs: a half, or less where the training itself has less."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr

SITES, PATIENTS = 6, 240


@pytest.fixture(scope="module")
def panel() -> tuple[pd.DataFrame, pd.DataFrame]:
    """Linked sites, each called in four of ten patients and at least one in everybody, and a response to the first."""
    rng = np.random.default_rng(0)
    ids = [f"p{at}" for at in range(PATIENTS)]
    copies = rng.binomial(2, 0.4, PATIENTS)
    calls = np.where(rng.random((PATIENTS, SITES)) < 0.4, copies[:, None], np.nan)
    calls[np.arange(PATIENTS), rng.integers(0, SITES, PATIENTS)] = copies
    genotypes = pd.DataFrame(calls, index=ids, columns=[f"rs{at}" for at in range(SITES)])
    responses = pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": copies + rng.normal(0, 0.3, PATIENTS)})
    return genotypes, responses


def predicted(model: dr.DrugResponseModel, genotypes: pd.DataFrame) -> pd.DataFrame:
    return model.predict(genotypes).set_index("sample_id").loc[genotypes.index]


def test_predict__patients_with_as_many_calls_as_the_training(panel):
    genotypes, responses = panel
    train, new = responses.iloc[:160], genotypes.iloc[160:]
    model = dr.DrugResponseModel("ridge").fit(genotypes, train)
    assert model.minimum_features is None
    assert model.manifest_["parameters"]["minimum_features"] < 0.3
    table = predicted(model, new)
    lacking = (table["features_found"] < 0.5).to_numpy()
    assert lacking.sum() > 20
    known = table["prediction"].notna().to_numpy()
    assert known.mean() > 0.85
    # what the training's check has seen holds for them: they are predicted as well as the others
    truth = responses.set_index("sample_id")["response"].loc[new.index].to_numpy()
    assert np.corrcoef(table["prediction"][known & lacking], truth[known & lacking])[0, 1] > 0.7


def test_predict__patients_like_those_of_the_training_are_predicted_and_flagged_where_little_is_known():
    """One site decides, and is missing in some of the training as of the new patients."""
    random, n = np.random.default_rng(0), 300
    calls = random.binomial(2, 0.3, size=(n, 4)).astype(float)
    responses = 3 * calls[:, 0] + random.normal(0, 0.5, n)
    calls[random.random(n) < 0.04, 0] = np.nan
    genotypes = pd.DataFrame(calls, index=[f"p{at}" for at in range(n)], columns=[f"rs{at}" for at in range(4)])
    table = pd.DataFrame({"sample_id": genotypes.index, "drug_id": "d", "response": responses})
    model = dr.DrugResponseModel("ridge").fit(genotypes.iloc[:150], table.iloc[:150])
    new = predicted(model, genotypes.iloc[150:])
    lacking = np.isnan(calls[150:, 0])
    assert lacking.sum() > 4 and new["prediction"].notna().mean() > 0.97
    flagged = new["flag"] == "coverage-not-claimed"
    assert flagged.any() and (flagged <= lacking).all()
    assert (flagged == (new["features_found"] < 0.5))[new["prediction"].notna()].all()


def test_predict__a_share_that_was_asked_for_binds(panel):
    genotypes, responses = panel
    model = dr.DrugResponseModel("ridge", folds=0, minimum_features=0.5).fit(genotypes, responses)
    table = predicted(model, genotypes)
    assert (table["prediction"].isna() == (table["features_found"] < 0.5)).all()


def test_predict__a_half_where_calls_are_seldom_missing():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    assert model.manifest_["parameters"]["minimum_features"] == 0.5


def test_predict__nobody_without_any_feature(panel):
    genotypes, responses = panel
    model = dr.DrugResponseModel("ridge", folds=0).fit(genotypes, responses)
    nothing = pd.DataFrame(np.nan, index=["n1"], columns=genotypes.columns)
    assert predicted(model, nothing)["flag"].tolist() == ["few-features"]


def test_predict__a_sample_with_less_than_the_training_has_is_flagged_and_without_bounds(panel):
    genotypes, responses = panel
    model = dr.DrugResponseModel("ridge", folds=3).fit(genotypes, responses.iloc[:160])
    poor = pd.DataFrame(np.nan, index=["n1", "n2"], columns=genotypes.columns)
    poor.loc["n2"] = 1.0
    table = model.predict(poor, minimum_features=0.0).set_index("sample_id")
    assert table["prediction"].notna().all()
    assert table["flag"].to_dict() == {"n1": "few-features", "n2": ""}
    assert table["lower"].notna().to_dict() == {"n1": False, "n2": True}
    verdicts = dr.short_predictions(table.reset_index(), model).set_index("sample_id")["verdict"]
    assert verdicts["n1"].startswith("unproven")
    assert not verdicts["n2"].startswith("unproven")
