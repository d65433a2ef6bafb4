"""Models of whole lineages: what they hold out, what they tell, and what they predict."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.description import describe_model
from drugresponse.errors import InputError
from drugresponse.report import training_report
from tests.made_clones import Clones, made_clones


def trained(made: Clones, scheme: str = "new-lineages", **settings) -> dr.DrugResponseModel:
    model = dr.DrugResponseModel("ridge", scheme, n_jobs=1, **settings)
    return model.fit(made.genotypes, made.responses, samples=made.samples)


@pytest.fixture(scope="module")
def made() -> Clones:
    return made_clones(60, own_level=1.0, causal=1.0)


@pytest.fixture(scope="module")
def model(made) -> dr.DrugResponseModel:
    return trained(made)


def test_train__tells_of_the_lineages_and_names_none(made, model, tmp_path):
    told = model.manifest_["lineages"]
    assert (told["column"], told["lineages"], told["samples"]) == ("lineage", 60, len(made.samples))
    line = f"Lineages: column lineage, 60 of {len(made.samples)} samples, the largest of 12"
    assert line in describe_model(model.manifest_)
    assert f"{line}." in training_report(model.manifest_, model.metrics_)
    assert model.manifest_["scheme"]["reference"] == "drug mean"
    assert model.manifest_["unused_columns"] == {"held out as lineage": ["lineage"]}
    model.save(tmp_path / "model.safetensors")
    again = dr.load_model(tmp_path / "model.safetensors")
    assert (again.scheme, again.manifest_["lineages"]) == ("new-lineages", told)
    pd.testing.assert_frame_equal(again.predict(made.genotypes), model.predict(made.genotypes))


def test_train__other_schemes_say_in_the_verdict_that_lineages_straddle(made):
    by_samples = trained(made, "new-samples")
    assert "lineages" not in by_samples.manifest_
    assert "lineage_column" not in by_samples.manifest_["parameters"]
    assert "lineages" in {finding.check for finding in by_samples.findings_ if finding.severity == "warning"}
    assert "Lineages straddle folds" in training_report(by_samples.manifest_, by_samples.metrics_)


def test_train__clones_look_good_by_samples_and_show_nothing_by_lineages():
    alone = made_clones(40, own_level=1.0)
    skill = {
        scheme: trained(alone, scheme).manifest_["held_out"]["skill"] for scheme in ("new-samples", "new-lineages")
    }
    assert skill["new-samples"] > 0.4
    assert skill["new-lineages"] < 0.1


def test_train__a_penalty_is_chosen_for_new_lineages():
    """Where only the clone matters, what a clone's genes tell of its members must not be learned as their effect."""
    alone = made_clones(40, own_level=1.0)
    new = made_clones(40, own_level=1.0, first=1000)
    spread = {
        scheme: trained(alone, scheme).predict(new.genotypes).groupby("drug_id")["prediction"].std().max()
        for scheme in ("new-samples", "new-lineages")
    }
    assert spread["new-lineages"] < 0.6 * spread["new-samples"]


def test_predict__new_samples_are_predicted_as_those_of_new_samples_are(made, model):
    new = made_clones(20, own_level=1.0, causal=1.0, first=1000)
    predicted = model.predict(new.genotypes, samples=new.samples)
    assert (predicted["flag"] == "").all()
    assert predicted[["prediction", "lower", "upper"]].notna().all(axis=None)
    assert (model.predict(made.genotypes)["flag"] == "seen-sample").all()


def test_predict__bounds_hold_for_new_lineages_and_only_where_whole_ones_calibrated():
    """A lineage that is off is off for all its samples, which bounds of samples do not know."""
    inside = {"new-samples": [], "new-lineages": []}
    for seed in range(4):
        known = made_clones(40, own_level=1.0, seed=seed)
        new = made_clones(200, own_level=1.0, seed=seed, first=1000)
        for scheme, shares in inside.items():
            predicted = trained(known, scheme).predict(new.genotypes).merge(new.responses)
            shares.append(predicted["response"].between(predicted["lower"], predicted["upper"]).mean())
    assert np.mean(inside["new-lineages"]) > 0.88
    assert np.mean(inside["new-samples"]) < 0.8


def test_adapt__learns_from_whole_lineages(model):
    new = made_clones(4, own_level=1.0, causal=1.0, first=1000)
    pilots = new.responses[new.responses["drug_id"] == "d0"]
    corrected = model.adapt(new.genotypes, pilots)
    assert len(corrected) == len(new.samples)
    assert (corrected["pilots"] == 1).all()


def test_fit__without_a_column_lineages_are_made_and_said_so(made, caplog):
    bare = Clones(made.genotypes, made.responses, made.samples.iloc[:, :0])
    model = trained(bare, folds=0)
    assert "Lineages: made from genotype" in caplog.text
    told = model.manifest_["lineages"]
    assert (told["column"], told["distance"], told["cut"]) == ("", "Jaccard", 0.25)
    assert 40 <= told["lineages"] < 200
    assert any(
        "a column of your own tells better (--lineage-column)" in line for line in describe_model(model.manifest_)
    )


def test_fit__a_column_of_lineages_that_is_not_there(made):
    with pytest.raises(InputError, match='found no column "strain"'):
        trained(made, lineage_column="strain", folds=0)


def test_fit__a_column_of_lineages_is_stored_by_its_name(made):
    strains = Clones(made.genotypes, made.responses, made.samples.rename(columns={"lineage": "strain"}))
    model = trained(strains, lineage_column="strain", folds=0)
    assert model.manifest_["parameters"]["lineage_column"] == model.manifest_["lineages"]["column"] == "strain"


def test_explain__leaves_whole_lineages_out(made, model):
    found = dr.explain(model, made.genotypes, made.responses, samples=made.samples, refits=2, n_jobs=1)
    assert found.rows.pairs.lineages is not None
    assert found.spread.n_refits == 2
    # of other samples, whose table has no such column
    other = dr.explain(model, made.genotypes, made.responses, refits=0, n_jobs=1)
    assert len(other.attributions) == len(found.attributions)
