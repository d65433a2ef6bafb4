"""Bounds from training to the table of predictions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.model.predictions import with_bounds


@pytest.fixture(scope="module")
def cohort():
    return dr.simulate_cohort(n_samples=260, n_drugs=6, n_features=40)


def cut(cohort, ids):
    """Responses of these samples only."""
    table = cohort.responses.table
    return dr.Responses(table[table["sample_id"].isin(ids)].reset_index(drop=True))


@pytest.fixture(scope="module")
def split(cohort):
    ids = list(cohort.genotypes.sample_ids)
    return ids[:180], ids[180:]


@pytest.fixture(scope="module")
def model(cohort, split):
    return fitted(cohort, split)


def fitted(cohort, split, **settings) -> dr.DrugResponseModel:
    made = dr.DrugResponseModel(learner="ridge", n_jobs=1, **settings)
    return made.fit(cohort.genotypes, cut(cohort, split[0]), drugs=cohort.drugs, samples=cohort.samples)


def predicted(model, cohort, ids, **more) -> pd.DataFrame:
    return model.predict(cohort.genotypes.reindex(pd.Index(ids)), samples=cohort.samples, **more)


def test_predict__bounds_of_new_samples_cover(model, cohort, split):
    table = predicted(model, cohort, split[1])
    assert table[["lower", "upper"]].notna().all(axis=None)
    assert ((table["lower"] <= table["prediction"]) & (table["prediction"] <= table["upper"])).all()
    joined = table.merge(cohort.responses.table, on=["sample_id", "drug_id"])
    inside = (joined["response"] >= joined["lower"]) & (joined["response"] <= joined["upper"])
    assert len(joined) > 300
    assert inside.mean() == pytest.approx(0.9, abs=0.05)
    assert set(table["flag"]) == {""}


def test_predict__no_bounds_outside_the_claim(model, cohort, split):
    seen = predicted(model, cohort, split[0][:3])
    assert seen[["lower", "upper"]].isna().all(axis=None)
    assert set(seen["flag"]) == {"seen-sample"}
    new_drug = pd.DataFrame({"smiles": ["CCO"]}, index=pd.Index(["N1"], name="drug_id"))
    new = predicted(model, cohort, split[1][:3], drugs=new_drug)
    assert set(new["flag"]) == {"new-drug;outside-scheme"}
    assert new[["lower", "upper"]].isna().all(axis=None)
    few = predicted(model, cohort, split[1][:3], minimum_features=1.1)
    assert few[["prediction", "lower", "upper"]].isna().all(axis=None)


def test_predict__seen_samples_are_what_random_pairs_are_about(cohort, split):
    model = fitted(cohort, split, scheme="random-pairs")
    seen, new = (predicted(model, cohort, ids[:3]) for ids in split)
    assert seen[["lower", "upper"]].notna().all(axis=None)
    assert new[["lower", "upper"]].isna().all(axis=None)
    assert set(new["flag"]) == {"outside-scheme"}


def test_with_bounds__schemes_without_a_claim_are_flagged_where_there_are_bounds():
    table = pd.DataFrame(
        {
            "prediction": [1.0, 1.0, np.nan, 1.0],
            "sample_seen": True,
            "features_found": 1.0,
            "flag": ["", "new-drug", "few-features", "new-drug;outside-scheme"],
        }
    )
    lower, upper = np.array([0.0, 0.0, 0.0, 0.0]), np.array([2.0, np.nan, 2.0, 2.0])
    told = with_bounds(table, lower, upper, "new-drugs")
    assert told["flag"].tolist() == ["coverage-not-claimed", *table["flag"][1:]]
    assert np.isfinite(told["lower"]).tolist() == np.isfinite(told["upper"]).tolist() == [True, False, False, False]
    claimed = with_bounds(table.assign(sample_seen=[True, False, False, False]), lower, upper, "new-samples")
    assert claimed["flag"].tolist() == table["flag"].tolist()
    assert claimed["lower"].isna().all()
    little = table.assign(sample_seen=False, features_found=[0.4, 0.6, 0.4, 0.4], flag=["", "", "", "block-absent"])
    told = with_bounds(little, lower, lower + 2, "new-samples")
    assert told["flag"].tolist() == ["coverage-not-claimed", "", "", "block-absent"]
    assert with_bounds(table.iloc[:0], lower[:0], upper[:0], "new-drugs").empty


def test_fit__tells_coverage_and_width_beside_those_of_the_reference(model):
    metrics = model.metrics_
    assert tuple(metrics.columns) == METRIC_COLUMNS
    rows = metrics[metrics["metric"].isin(("coverage", "width")) & (metrics["fold"] == "all")]
    assert rows["learner"].tolist() == ["ridge", "ridge", "drug mean", "drug mean"]
    values = rows.set_index(["learner", "metric"])["value"]
    assert values["ridge", "coverage"] == pytest.approx(0.9, abs=0.04)
    assert values["ridge", "width"] < values["drug mean", "width"]
    held = model.manifest_["held_out"]
    assert held["coverage"] == values["ridge", "coverage"]
    assert held["reference_width"] == values["drug mean", "width"]
    told = model.manifest_["intervals"]
    assert (told["coverage"], told["claimed"], told["groups"], told["levels"]) == (0.9, True, 180, {"drug": 6})
    assert told["median_width"] == pytest.approx(held["width"], rel=0.1)


def test_fit__without_held_out_rows_there_are_no_bounds(cohort, split):
    model = fitted(cohort, split, folds=0)
    assert model.manifest_["intervals"] is None
    assert predicted(model, cohort, split[1][:3])[["lower", "upper"]].isna().all(axis=None)


def test_save__bounds_survive_and_a_file_without_them_loads(model, cohort, split, tmp_path):
    model.save(tmp_path / "m.safetensors")
    again = dr.load_model(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(predicted(again, cohort, split[1]), predicted(model, cohort, split[1]))
    fitted(cohort, split, folds=0).save(tmp_path / "none.safetensors")
    none = dr.load_model(tmp_path / "none.safetensors")
    assert none.parts_.intervals is None
    assert predicted(none, cohort, split[1])["lower"].isna().all()


def test_evaluate__predictions_and_metrics_have_coverage(cohort):
    found = dr.evaluate(
        cohort.genotypes,
        cohort.responses,
        samples=cohort.samples,
        learners=["ridge"],
        folds=3,
        repeats=2,
        shuffles=0,
        n_jobs=1,
    )
    table = found.predictions
    assert table["lower"].notna().all()
    inside = (table["response"] >= table["lower"]) & (table["response"] <= table["upper"])
    told = found.metrics[(found.metrics["metric"] == "coverage") & (found.metrics["level"] == "global")]
    assert told["learner"].tolist() == ["covariates", "ridge", "drug mean"]
    for row in told[told["learner"] != "drug mean"].itertuples():
        assert row.value == inside[table["learner"] == row.learner].mean() == pytest.approx(0.9, abs=0.03)
    widths = (table["upper"] - table["lower"])[table["learner"] == "ridge"]
    ridge = found.metrics[(found.metrics["metric"] == "width") & (found.metrics["learner"] == "ridge")]
    assert ridge.set_index("level")["value"]["global"] == widths.median()
    drugs = inside[table["learner"] == "ridge"].groupby(table["drug_id"]).mean()
    assert found.coverage.query("learner == 'ridge' and level == 'drug'").set_index("id")["coverage"].to_dict() == (
        drugs.to_dict()
    )
