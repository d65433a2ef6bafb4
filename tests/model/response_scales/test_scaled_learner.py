"""Roots and logarithms of skewed doses: chosen where they help, never by noise, and means on the user's scale."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError
from drugresponse.learners.registry import make_learner
from drugresponse.model.response_scales.response_scale import ResponseScale
from drugresponse.model.response_scales.scaled_learner import ScaledLearner
from tests.features.missing_calls import anticoagulant

PAIRS, DOSES, _ = anticoagulant(1500, seed=1)
TRAIN, TEST = np.arange(1000), np.arange(1000, 1500)


def fitted(scale, y=DOSES, learner="ridge", pairs=PAIRS):
    return ScaledLearner(make_learner(learner, {}), scale).fit(pairs[TRAIN], y[TRAIN])


def rmse(y, predicted):
    return float(np.sqrt(np.mean((y - predicted) ** 2)))


def test_auto__takes_the_root_of_doses_that_are_squares():
    auto = fitted("auto")
    assert auto.choice_.name == "sqrt"
    assert auto.choice_.errors["sqrt"] < min(auto.choice_.errors[name] for name in ("identity", "log"))
    own, plain = auto.predict(PAIRS[TEST]), fitted("identity").predict(PAIRS[TEST])
    assert rmse(DOSES[TEST], own) < rmse(DOSES[TEST], plain)


def test_auto__takes_the_logarithm_of_what_multiplies():
    y = np.exp(0.6 * (np.sqrt(DOSES) - 5))
    auto = fitted("auto", y)
    assert auto.choice_.name == "log"
    assert rmse(y[TEST], auto.predict(PAIRS[TEST])) < 0.97 * rmse(y[TEST], fitted("identity", y).predict(PAIRS[TEST]))


@pytest.mark.parametrize("scale", ["sqrt", "log"])
def test_predictions__are_means_not_medians(scale):
    """Responses of wide spread, whose mean lies far above their median."""
    rng = np.random.default_rng(3)
    z = 3 + 0.2 * np.nan_to_num(PAIRS.genotypes.dense()[:, 7]) + rng.normal(0, 0.9, len(PAIRS))
    y = np.exp(z) if scale == "log" else np.maximum(z, 0) ** 2
    predicted = fitted(scale, y).predict(PAIRS[TEST])
    assert predicted.mean() == pytest.approx(y[TEST].mean(), rel=0.12)
    assert np.median(y[TEST]) < 0.95 * predicted.mean()


def test_auto__leaves_what_no_genotype_moves_as_it_is():
    rng = np.random.default_rng(0)
    few = PAIRS[:300]
    doses = [rng.gamma(2.0, 10.0, 300) for _ in range(6)]
    taken = [ScaledLearner(make_learner("ridge", {})).fit(few, y).choice_ for y in doses]
    assert all(choice.errors for choice in taken)
    assert [choice.name for choice in taken].count("identity") >= 5


@pytest.mark.parametrize("y", [DOSES - 40, -DOSES + 200], ids=["not all positive", "skewed to the left"])
def test_auto__tries_nothing_where_no_other_scale_can_be_meant(y):
    assert not fitted("auto", y).choice_.errors


def test_naive_model__stays_as_the_responses_are_given():
    naive = ScaledLearner(make_learner("additive-mean", {}), "sqrt").fit(PAIRS[TRAIN], DOSES[TRAIN])
    assert naive.predict(PAIRS[TEST]) == pytest.approx(DOSES[TRAIN].mean())


def test_way_back__is_each_drugs_own():
    genotypes = Genotypes.from_dense(np.zeros((400, 1)), [f"s{n}" for n in range(400)], ["f"])
    drugs = pd.DataFrame(index=pd.Index(["even", "spread"], name="drug_id"))
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    away = np.where(pairs.drug_index == 0, 0.1, 2.0) * np.tile([-1, -1, 1, 1], 200)
    scale = ResponseScale.fit("sqrt", pairs, (5 + away) ** 2, np.full(800, 5.0), np.ones(800))
    told = scale.means(np.array(["even", "spread", "new"], dtype=object), np.full(3, 5.0))
    assert told == pytest.approx([25.1, 28.9, 27.005], abs=0.15)


def test_scale__refuses_responses_without_a_place_on_it():
    with pytest.raises(InputError, match=r"found -\d.*expected responses above 0.*response_scale"):
        fitted("log", DOSES - 40)


@pytest.fixture(scope="module")
def cohort():
    rows = pd.DataFrame({"sample_id": PAIRS.sample_ids, "drug_id": "warfarin", "response": DOSES}).head(1000)
    responses = dr.Responses.build(rows, measure=Measure("dose", "mg", "dose"))
    return PAIRS.genotypes, responses, PAIRS.covariates


@pytest.fixture(scope="module")
def model(cohort):
    genotypes, responses, samples = cohort
    return dr.DrugResponseModel("ridge").fit(genotypes, responses, samples=samples)


def test_model__tells_scale_and_bounds_in_milligrams(model, cohort):
    predicted = model.predict(PAIRS[TEST].compact().genotypes, samples=PAIRS.covariates)
    assert model.manifest_["response_scale"]["name"] == "sqrt"
    inside = DOSES[TEST].clip(predicted["lower"], predicted["upper"]) == DOSES[TEST]
    assert 0.86 < inside.mean() < 0.94
    assert (predicted["lower"] <= predicted["prediction"]).all() and (
        predicted["prediction"] <= predicted["upper"]
    ).all()
    width = predicted["upper"] - predicted["lower"]
    assert np.corrcoef(width, predicted["prediction"])[0, 1] > 0.9
    assert model.manifest_["held_out"]["coverage"] == pytest.approx(0.9, abs=0.03)


def test_model_file__keeps_the_scale(model, tmp_path):
    model.save(tmp_path / "m.safetensors")
    loaded = dr.load_model(tmp_path / "m.safetensors")
    new = PAIRS[TEST].compact().genotypes
    pd.testing.assert_frame_equal(
        loaded.predict(new, samples=PAIRS.covariates), model.predict(new, samples=PAIRS.covariates)
    )


def test_parts__add_up_on_the_models_scale(model):
    new = PAIRS[TEST].compact().genotypes
    of_drug = next(model.contributions(new, samples=PAIRS.covariates).by_drug)
    predicted = model.predict(new, samples=PAIRS.covariates)["prediction"].to_numpy()
    sums = of_drug.values.sum(axis=1) + of_drug.gaps
    scale = model.parts_.response_scale
    assert scale.means(np.full(len(sums), "warfarin", dtype=object), sums) == pytest.approx(predicted)
    assert np.sqrt(predicted).mean() == pytest.approx(sums.mean(), rel=0.05)


def test_logarithms__are_left_as_they_are(cohort):
    genotypes, responses, samples = cohort
    named = replace(
        responses, measure=Measure("ln_ic50", "uM"), table=responses.table.assign(response=DOSES[:1000] / 20)
    )
    assert (
        "response_scale" not in dr.DrugResponseModel("ridge", folds=0).fit(genotypes, named, samples=samples).manifest_
    )


def test_explain__refits_on_the_models_scale(model, cohort):
    genotypes, responses, samples = cohort
    told = dr.explain(model, genotypes, responses, samples=samples, refits=2, selected_samples=["p0001"], n_jobs=1)
    rows = told.attributions.set_index("feature_id").loc[["CYP2C9_3", "age"]]
    assert ((rows["lower"] < rows["effect"]) & (rows["effect"] < rows["upper"])).all()
    assert -1.4 < rows.loc["CYP2C9_3", "effect"] < -0.5
    association = told.associations.table.set_index("feature_id").loc["CYP2C9_3", "effect"]
    assert association < 4 * rows.loc["CYP2C9_3", "effect"]


def test_evaluate__has_every_learner_on_its_scale_and_says_so(cohort, caplog):
    genotypes, responses, samples = cohort
    settings = {"samples": samples, "learners": ["ridge"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    caplog.set_level("INFO", logger="drugresponse.progress")
    root = dr.evaluate(genotypes, responses, settings={"response_scale": "sqrt"}, **settings)
    assert "ridge learned the square root of the responses in 2 of 2 folds" in caplog.text
    plain = dr.evaluate(genotypes, responses, settings={"response_scale": "identity"}, **settings)
    errors = [
        np.square(table["prediction"] - table["response"])[table["learner"] == "ridge"].mean()
        for table in (root.predictions, plain.predictions)
    ]
    assert errors[0] < errors[1]
