from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

import drugresponse as dr
from drugresponse.model.predictions import PREDICTION_COLUMNS
from drugresponse.simulation.cohort import Cohort
from tests.learners.cohorts import STRUCTURES

FAST = {"folds": 0, "rank": 3, "trees": 6, "epochs": 2, "n_jobs": 1}


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return dr.simulate_cohort(n_samples=60, n_drugs=6, n_features=20)


@pytest.fixture(scope="module")
def calls(cohort) -> pd.DataFrame:
    return pd.DataFrame(cohort.genotypes.dense(), cohort.genotypes.sample_ids, list(cohort.genotypes.features.index))


def fit(cohort: Cohort, learner: str = "ridge", genotypes: object = None, **changes) -> dr.DrugResponseModel:
    tables = {name: changes.pop(name, getattr(cohort, name)) for name in ("responses", "drugs", "samples")}
    model = dr.DrugResponseModel(learner, **{**FAST, **changes})
    return model.fit(cohort.genotypes if genotypes is None else genotypes, tables.pop("responses"), **tables)


@pytest.fixture(scope="module")
def model(cohort) -> dr.DrugResponseModel:
    return fit(cohort)


@pytest.fixture
def new(calls) -> pd.DataFrame:
    return calls.iloc[:4].rename(index=lambda name: f"new {name}")


def flags(table: pd.DataFrame) -> set[str]:
    return {flag for row in table["flag"] for flag in row.split(";") if flag}


def test_predict__grid_in_order_with_the_columns_of_the_contract(cohort, model, new):
    table = model.predict(new, samples=cohort.samples.iloc[:4].set_index(new.index))
    assert tuple(table.columns) == PREDICTION_COLUMNS
    assert table["sample_id"].tolist() == [sample for sample in new.index for _ in range(6)]
    assert table["drug_id"].tolist() == list(cohort.drugs.index) * 4
    assert np.isfinite(table[["prediction", "baseline"]]).all(axis=None)
    assert table[["lower", "upper"]].isna().all(axis=None)
    assert not table["sample_seen"].any()
    assert table["drug_seen"].all()
    assert (table["features_found"] == 1).all()
    assert flags(table) == set()


def test_predict__dataframe_anndata_and_genotypes_give_the_same(cohort, calls):
    expected = fit(cohort).predict(cohort.genotypes, samples=cohort.samples)
    data = anndata.AnnData(calls.to_numpy(), obs=pd.DataFrame(index=calls.index), var=pd.DataFrame(index=calls.columns))
    column = calls.reset_index(names="sample_id")
    for same in (calls, column, calls.iloc[::-1], data):
        given = fit(cohort, genotypes=same).predict(same, samples=cohort.samples)
        given = given.set_index(["sample_id", "drug_id"]).loc[
            list(zip(expected["sample_id"], expected["drug_id"], strict=True))
        ]
        np.testing.assert_allclose(given["prediction"], expected["prediction"], rtol=1e-9)


def test_predict__tables_are_joined_by_id_and_not_changed(cohort, calls):
    responses = cohort.responses.table[["sample_id", "drug_id", "response"]]
    shuffled = responses.sample(frac=1, random_state=0)
    drugs, samples = cohort.drugs.iloc[::-1].reset_index(), cohort.samples.iloc[::-1].reset_index()
    before = [each.copy() for each in (calls, shuffled, drugs, samples)]
    other = fit(cohort, genotypes=calls, responses=shuffled, drugs=drugs, samples=samples)
    np.testing.assert_allclose(
        other.predict(calls, drugs=drugs, samples=samples).sort_values(["sample_id", "drug_id"])["prediction"],
        fit(cohort).predict(cohort.genotypes, samples=cohort.samples)["prediction"],
        rtol=1e-9,
    )
    for table, then in zip((calls, shuffled, drugs, samples), before, strict=True):
        pd.testing.assert_frame_equal(table, then)


def test_predict__pairs_asked_for_in_their_order(cohort, model):
    asked = pd.DataFrame({"sample_id": ["L0003", "L0001", "L0003"], "drug_id": ["D005", "D002", "D005"]})
    table = model.predict(cohort.genotypes, samples=cohort.samples, pairs=asked)
    assert table[["sample_id", "drug_id"]].to_numpy().tolist() == [["L0003", "D005"], ["L0001", "D002"]]
    whole = model.predict(cohort.genotypes, samples=cohort.samples).set_index(["sample_id", "drug_id"])
    assert table["prediction"].tolist() == pytest.approx(
        [whole.loc[key, "prediction"] for key in zip(table["sample_id"], table["drug_id"], strict=True)]
    )
    with pytest.raises(dr.InputError, match=r'^pairs: 1 of its samples has no genotype\. .*"l0001" may be "L0001"'):
        model.predict(cohort.genotypes, pairs=pd.DataFrame({"sample_id": ["l0001"], "drug_id": ["D001"]}))
    with pytest.raises(dr.InputError, match=r"^pairs: 1 of its drugs is neither trained nor in the drugs table"):
        model.predict(cohort.genotypes, pairs=pd.DataFrame({"sample_id": ["L0001"], "drug_id": ["D9"]}))


def test_predict__flags(cohort, model, calls, new):
    drugs = pd.DataFrame({"drug_id": ["D001", "N1", "N2"], "smiles": ["", "CCO", ""]})
    table = model.predict(pd.concat([calls.iloc[:1], new.iloc[:1]]), drugs=drugs).set_index(["sample_id", "drug_id"])
    sample = new.index[0]
    assert table.loc[("L0001", "D001"), "flag"] == "seen-sample"
    assert table.loc[(sample, "D001"), "flag"] == ""
    assert table.loc[(sample, "N1"), "flag"] == "new-drug;outside-scheme"
    assert table.loc[(sample, "N2"), "flag"] == "new-drug;no-structure;outside-scheme"
    assert table.loc[("L0001", "N1"), "flag"] == "new-drug;seen-sample;outside-scheme"
    assert not table.loc[(sample, "N1"), "drug_seen"]


def test_predict__flags_of_other_schemes(cohort, new):
    drugs = pd.DataFrame({"drug_id": ["N1", "N2"], "smiles": ["CCO", ""]})
    new_drugs = fit(cohort, scheme="new-drugs")
    assert flags(new_drugs.predict(cohort.genotypes, drugs=drugs.iloc[:1])) == {"new-drug", "seen-sample"}
    assert flags(new_drugs.predict(cohort.genotypes, drugs=drugs.iloc[1:])) == {
        "new-drug",
        "seen-sample",
        "no-structure",
    }
    assert flags(new_drugs.predict(new)) == {"outside-scheme"}
    assert flags(fit(cohort, scheme="random-pairs").predict(new)) == {"outside-scheme"}
    assert flags(fit(cohort, scheme="new-samples-and-drugs").predict(new, drugs=drugs.iloc[:1])) == {"new-drug"}


def test_predict__too_few_features_are_refused_for_that_sample(cohort, model, calls, new):
    names, weights = model.regressor_.feature_weights()
    heavy = [name for _, name in np.array(names)[np.argsort(-weights)][:3]]
    poor = new.copy()
    poor.iloc[1, [poor.columns.get_loc(name) for name in heavy]] = np.nan
    table = model.predict(poor, minimum_features=0.95)
    found = table.groupby("sample_id")["features_found"].first()
    lost = sum(weight for (_, name), weight in zip(names, weights, strict=True) if name in heavy)
    assert found[poor.index[1]] == pytest.approx(1 - lost)
    assert found[poor.index[0]] == 1
    refused = table["sample_id"] == poor.index[1]
    assert table["prediction"].isna().equals(refused)
    assert set(table.loc[refused, "flag"]) == {"few-features"}
    assert table["baseline"].notna().all()
    assert model.predict(poor, minimum_features=0.0)["prediction"].notna().all()
    stranger = model.predict(pd.DataFrame({"other": [1.0, 0.0]}, index=["a", "b"]))
    assert (stranger["features_found"] == 0).all()
    assert stranger["prediction"].isna().all()


def test_predict__absent_and_missing_features_are_counted_alike(model, new):
    name = new.columns[0]
    absent, missing = new.drop(columns=name), new.assign(**{name: np.nan})
    assert model.predict(absent)["features_found"].tolist() == model.predict(missing)["features_found"].tolist()
    np.testing.assert_allclose(model.predict(absent)["prediction"], model.predict(missing)["prediction"])


def test_predict__level_that_is_a_number_is_still_that_level(cohort):
    site = ["1", "unknown"] * 30
    samples = pd.DataFrame({"site": site}, index=cohort.samples.index)
    model = fit(cohort, "covariates", samples=samples)
    whole = model.predict(cohort.genotypes, samples=samples).set_index("sample_id")
    one = model.predict(cohort.genotypes.take(np.array([0, 2])), samples=samples.iloc[[0, 2]]).set_index("sample_id")
    np.testing.assert_allclose(one["prediction"], whole.loc[["L0001", "L0003"], "prediction"])


def test_predict__without_samples_table_warns(cohort, model, caplog):
    model.predict(cohort.genotypes)
    assert "samples: no table was given, and the model uses the covariates tissue" in caplog.text


def test_predict__structure_of_training_is_remembered(cohort):
    model = fit(cohort, scheme="new-drugs")
    bare = pd.DataFrame(index=pd.Index(["D002"], name="drug_id"))
    whole = model.predict(cohort.genotypes, samples=cohort.samples)
    np.testing.assert_allclose(
        model.predict(cohort.genotypes, drugs=bare, samples=cohort.samples)["prediction"],
        whole.loc[whole["drug_id"] == "D002", "prediction"],
    )


def test_predict__a_structure_of_now_wins_over_that_of_training(cohort):
    model = fit(cohort, scheme="new-drugs")
    other = cohort.drugs.loc[["D003"], ["smiles"]].set_axis(pd.Index(["D002"], name="drug_id"))
    new = other.set_axis(pd.Index(["N1"], name="drug_id"))
    given_now, of_new, remembered = (
        model.predict(cohort.genotypes, drugs=drugs, samples=cohort.samples)["prediction"]
        for drugs in (other, new, other.assign(smiles=""))
    )
    np.testing.assert_allclose(given_now, of_new)
    assert np.abs(given_now - remembered).max() > 1e-3


def test_fit__covariates_by_name(cohort):
    samples = cohort.samples.assign(batch=["a", "b"] * 30, age=np.arange(60.0))
    assert fit(cohort, samples=samples).parts_.covariates == ["tissue", "age", "batch"]
    assert fit(cohort, samples=samples, covariates=["batch"]).parts_.covariates == ["batch"]
    assert fit(cohort, samples=samples, covariates=[]).parts_.covariates == []
    with pytest.raises(dr.InputError, match=r'found no covariate column "tissu"\. Did you mean "tissue"\?'):
        fit(cohort, covariates=["tissu"])


def test_fit__counts_what_the_join_lost(cohort):
    some = cohort.genotypes.take(np.arange(5, 60))
    responses = cohort.responses.table
    responses = responses[responses["sample_id"] != "L0060"][["sample_id", "drug_id", "response"]]
    model = fit(
        cohort,
        genotypes=some,
        responses=responses,
        drugs=cohort.drugs.assign(smiles=["", "junk", *cohort.drugs["smiles"][2:]]),
    )
    told = model.manifest_["training"]
    assert told["samples"] == 54
    assert told["samples_without_genotype"] == 5
    assert told["samples_without_response"] == 1
    assert told["drugs_without_structure"] == 2
    assert told["pairs"] == responses["sample_id"].isin(some.sample_ids).sum()


def test_fit__repeated_pairs_are_averaged_and_warned_of_once(cohort, caplog):
    table = cohort.responses.table[["sample_id", "drug_id", "response"]]
    up, down = table.assign(response=table["response"] + 1), table.assign(response=table["response"] - 1)
    model = fit(cohort, responses=pd.concat([up, down]))
    assert model.manifest_["training"]["repeated_rows"] == len(table)
    told = [r.getMessage() for r in caplog.records if "repeat a (sample, drug) pair" in r.getMessage()]
    assert len(told) == 1
    assert told[0].startswith(
        f"responses: {len(table)} rows repeat a (sample, drug) pair; each such pair is the weighted"
    )
    a, b = (each.predict(cohort.genotypes, samples=cohort.samples)["prediction"] for each in (model, fit(cohort)))
    np.testing.assert_allclose(a, b, rtol=1e-9)


def test_fit__unreadable_structure_is_warned_of_once(cohort, caplog):
    drugs = cohort.drugs.assign(smiles=["junk", *STRUCTURES[:5]])
    model = fit(cohort, drugs=drugs, folds=3)
    warned = [record for record in caplog.records if "cannot be read" in record.getMessage()]
    assert [record.levelno for record in warned] == [logging.WARNING]
    assert '"D001"' in warned[0].getMessage()
    caplog.clear()
    table = model.predict(cohort.genotypes, drugs=pd.DataFrame({"drug_id": ["N"], "smiles": ["junk"]}))
    assert '"N" cannot be read' in caplog.text
    assert flags(table) == {"new-drug", "no-structure", "seen-sample", "outside-scheme"}


@pytest.mark.parametrize("drugs", [None, "none parses"])
def test_fit__new_drugs_need_structures(cohort, drugs):
    table = None if drugs is None else cohort.drugs.assign(smiles="junk")
    with pytest.raises(dr.InputError, match=r"^drugs: no drug has a structure \(the scheme new-drugs predicts"):
        fit(cohort, drugs=table, scheme="new-drugs")


def changed(cohort: Cohort, **columns: object) -> pd.DataFrame:
    return cohort.responses.table[["sample_id", "drug_id", "response"]].assign(**columns)


def spoilt_row(cohort: Cohort, value: object) -> pd.DataFrame:
    return changed(cohort, response=[value, *changed(cohort)["response"][1:]])


@pytest.mark.parametrize(
    ("responses", "message"),
    [
        (
            lambda c: changed(c).query("sample_id <= 'L0009'"),
            r"^responses: found 9 samples with both genotype and response \(expected 10 or more\)",
        ),
        (
            lambda c: changed(c, sample_id=changed(c)["sample_id"].str.lower()),
            r'^responses: none of its 60 samples .*"l0001" may be "L0001".*: write them alike',
        ),
        (
            lambda c: changed(c, response=2.5),
            r"^responses: all \d+ responses equal 2\.5 \(expected values that differ\)",
        ),
        (lambda c: spoilt_row(c, np.inf), r"^responses, row 1: found an infinite response \(1 in all"),
        (lambda c: spoilt_row(c, "x"), r'^responses, row 1, column "response": "x" is not a number'),
        (lambda c: changed(c).drop(columns="response"), r'^responses: found no column "response"'),
    ],
)
def test_fit__refuses_in_one_line(cohort, responses, message):
    with pytest.raises(dr.InputError, match=message) as caught:
        fit(cohort, responses=responses(cohort))
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_fit__a_measure_that_contradicts_itself(cohort):
    responses = replace(cohort.responses, measure=dr.Measure("ln_ic50", "uM", "sensitive"))
    with pytest.raises(dr.InputError, match=r"^measure: found ln_ic50 of which higher means sensitive"):
        fit(cohort, responses=responses)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"learner": None},
            r"^`learner`: found None \(expected a name or a PairRegressor\)\. Choose from: additive-mean, auto",
        ),
        ({"scheme": ["new-samples"]}, r"^`scheme`: found list \(expected a name\)"),
        ({"folds": -1}, r"^`folds`: found -1 \(expected a whole number, 0 or more\)"),
        ({"folds": 2.5}, r"^`folds`: found 2\.5 "),
        ({"rank": "5"}, r"^`rank`: found '5' "),
        ({"random_state": None}, r"^`random_state`: found None "),
        ({"random_state": np.random.RandomState(0)}, r"^`random_state`: found RandomState "),
        ({"minimum_features": 50}, r"^`minimum_features`: found 50 \(expected a share from 0 to 1\)"),
    ],
)
def test_fit__settings_of_another_kind(cohort, settings, message):
    with pytest.raises(dr.InputError, match=message):
        fit(cohort, **settings)


def test_fit__one_covariate_by_its_name(cohort):
    model = fit(cohort, covariates="tissue")
    assert model.parts_.covariates == ["tissue"]
    assert model.manifest_["parameters"]["covariates"] == ["tissue"]


def test_predict__pairs_in_the_index_and_what_are_no_pairs(cohort, model):
    asked = cohort.responses.table[["sample_id", "drug_id", "response"]].head(3)
    expected = model.predict(cohort.genotypes, samples=cohort.samples, pairs=asked)
    for index in (["sample_id", "drug_id"], ["sample_id"]):
        found = model.predict(cohort.genotypes, samples=cohort.samples, pairs=asked.set_index(index))
        pd.testing.assert_frame_equal(found, expected)
    with pytest.raises(dr.InputError, match=r"^pairs: found list \(expected a DataFrame with the columns sample_id"):
        model.predict(cohort.genotypes, pairs=[("L0001", "D001")])


def test_predict__says_that_nothing_is_predicted(model, calls, caplog):
    told = model.predict(calls.rename(columns=lambda name: f"other {name}"))
    assert told["prediction"].isna().all()
    assert "no sample has features that hold 50 % of the model's weight; nothing is predicted" in caplog.text
    caplog.clear()
    some = calls.copy()
    some.iloc[1:] = np.nan
    assert model.predict(some)["prediction"].isna().any()
    assert "nothing is predicted" not in caplog.text


def test_fit__misspelt_choices(cohort):
    with pytest.raises(dr.InputError, match=r'^`learner`: "rigde" is unknown\. Did you mean "ridge"\?'):
        fit(cohort, "rigde")
    with pytest.raises(dr.InputError, match=r'^scheme: "new-sample" is unknown\.'):
        fit(cohort, scheme="new-sample")


def test_model__not_fitted(cohort, tmp_path):
    with pytest.raises(NotFittedError):
        dr.DrugResponseModel().predict(cohort.genotypes)
    with pytest.raises(NotFittedError):
        dr.DrugResponseModel().save(tmp_path / "model")


def test_model__is_cloned_like_any_estimator(model):
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not [name for name in vars(copy) if name.endswith("_")]
    assert copy.set_params(learner="neural", rank=2).rank == 2


def test_fit__number_of_a_grid_search_and_all_cores(cohort, tmp_path):
    model = fit(
        cohort, "boosted-trees", random_state=np.int64(3), rank=np.int64(2), minimum_features=np.float32(0.5), n_jobs=-1
    )
    model.save(tmp_path / "model")
    assert dr.load_model(tmp_path / "model").random_state == 3


LEARNERS = ["additive-mean", "covariates", "ridge", "boosted-trees", "random-forest", "neural", "auto"]


@pytest.mark.parametrize("learner", LEARNERS)
def test_save__loaded_model_predicts_the_same(cohort, learner, new, tmp_path):
    model = fit(cohort, learner, scheme="random-pairs")
    model.save(tmp_path / "model")
    loaded = dr.load_model(tmp_path / "model")
    drugs = pd.DataFrame({"drug_id": ["D003", "N"], "smiles": ["", "CCO"]})
    for arguments in ({"samples": cohort.samples}, {"drugs": drugs}):
        pd.testing.assert_frame_equal(
            loaded.predict(cohort.genotypes, **arguments),
            model.predict(cohort.genotypes, **arguments),
        )
    pd.testing.assert_frame_equal(loaded.predict(new), model.predict(new))
    assert loaded.manifest_["learner"] == learner
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()


@pytest.mark.parametrize("learner", ["ridge", "auto"])
def test_save__same_bytes_for_any_number_of_threads(cohort, learner, tmp_path):
    for jobs in (1, 2):
        with threadpool_limits(limits=jobs):
            fit(cohort, learner, folds=2, n_jobs=jobs).save(tmp_path / str(jobs))
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


@pytest.mark.parametrize("learner", ["additive-mean", "ridge", "boosted-trees"])
@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs"])
def test_save__one_drug_with_held_out_scores(learner, scheme, tmp_path):
    # correlations of a constant are not defined, and the file says so
    germline = dr.simulate_cohort("germline", n_samples=60, n_features=20)
    responses = germline.responses.table[["sample_id", "response"]]
    model = fit(germline, learner, folds=2, responses=responses, drugs=None, scheme=scheme)
    model.save(tmp_path / "model")
    held_out = dr.load_model(tmp_path / "model").manifest_["held_out"]
    assert held_out["rmse"] > 0
    assert (held_out["normalised_pearson"] is None) == (learner == "additive-mean")
    assert not model.manifest_["individual_level"]
    assert b"P0001" not in (tmp_path / "model").read_bytes()
    assert model.predict(germline.genotypes, samples=germline.samples)["drug_id"].unique().tolist() == ["drug"]


def test_save__columns_of_the_drugs_table_come_back(cohort, tmp_path):
    weight = pd.array([None, 1, 2, 3, 4, 5], dtype="Int64")
    fit(cohort, drugs=cohort.drugs.assign(**{"ic50.max": [np.nan, 1, 2, 3, 4, 5], "weight": weight})).save(
        tmp_path / "model"
    )
    drugs = dr.load_model(tmp_path / "model").drugs_
    assert drugs["ic50.max"].tolist()[:2] == ["", "1.0"]
    assert drugs["weight"].tolist()[:2] == ["", "1"]


def test_save__samples_are_kept_as_hashes_or_not_at_all(cohort, tmp_path):
    for name, forget in (("kept", False), ("forgotten", True)):
        fit(cohort, forget_samples=forget).save(tmp_path / name)
        assert b"L0001" not in (tmp_path / name).read_bytes()
        seen = dr.load_model(tmp_path / name).predict(cohort.genotypes)["sample_seen"]
        assert seen.all() != forget
        assert seen.any() != forget


@pytest.mark.parametrize(("scheme", "kept"), [("new-samples", False), ("random-pairs", True), ("new-drugs", True)])
def test_save__manifest_says_whether_it_holds_individuals(cohort, scheme, kept, tmp_path):
    model = fit(cohort, scheme=scheme)
    model.save(tmp_path / "model")
    assert model.manifest_["individual_level"] == kept
    assert (b"L0001" in (tmp_path / "model").read_bytes()) == kept


def test_save__runtime_settings_and_paths_stay_out(cohort, tmp_path):
    model = fit(cohort, device="cpu", n_jobs=2)
    assert {"device", "n_jobs"}.isdisjoint(model.manifest_["parameters"])
    model.save(tmp_path / "model")
    assert str(Path.cwd()).encode() not in (tmp_path / "model").read_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda state, manifest: manifest.pop("parameters"),
        lambda state, manifest: manifest["parameters"].update(learner="os.system"),
        lambda state, manifest: manifest["parameters"].update(scheme="unheard of"),
        lambda state, manifest: manifest["parameters"].update(unheard_of=1),
        lambda state, manifest: state.pop("regressor"),
        lambda state, manifest: state["regressor"].pop("coefficients"),
        lambda state, manifest: state["regressor"].update(coefficients=np.zeros((2, 2))),
        lambda state, manifest: state["regressor"].update(overall="x"),
        lambda state, manifest: state["regressor"]["samples"].update(covariate_levels="{"),
        lambda state, manifest: state["regressor"]["drugs"].update(bits=np.array([10**9])),
        lambda state, manifest: state["naive"].update(overall=None),
        lambda state, manifest: state["seen"].update(hashes=3),
        lambda state, manifest: state.update(drug_ids=["one"]),
        lambda state, manifest: state.update(drugs=3),
    ],
)
def test_load_model__whole_file_that_describes_no_model(cohort, model, spoil, tmp_path):
    from drugresponse.model.file import read_model_file, write_model_file

    model.save(tmp_path / "model")
    state, manifest = read_model_file(tmp_path / "model")
    spoil(state, manifest)
    write_model_file(tmp_path / "model", state, {k: v for k, v in manifest.items() if k not in ("sha256", "state")})
    with pytest.raises(dr.ModelFileError) as caught:
        dr.load_model(tmp_path / "model")
    assert "\n" not in str(caught.value)
