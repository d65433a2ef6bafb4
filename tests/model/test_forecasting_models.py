from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import DrugResponseModel, InputError, load_model
from drugresponse.data.genotypes import Genotypes
from drugresponse.description import describe_model
from drugresponse.errors import ModelFileError
from drugresponse.model.predictions import PREDICTION_COLUMNS
from drugresponse.report import prediction_report, training_report
from drugresponse.simulation.cohort import Cohort, simulate_cohort

KINDS = ("binary", "ordinal", "interval", "time-to-event")


@pytest.fixture(scope="module")
def cohorts() -> dict[str, Cohort]:
    return {kind: simulate_cohort(n_samples=200, n_drugs=4, n_features=25, outcome=kind) for kind in KINDS}


@pytest.fixture(scope="module")
def models(cohorts: dict[str, Cohort]) -> dict[str, DrugResponseModel]:
    return {kind: _fitted(cohort) for kind, cohort in cohorts.items()}


def _fitted(cohort: Cohort, **settings: object) -> DrugResponseModel:
    model = DrugResponseModel(**{"learner": "ridge", **settings})
    return model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)


def _stated(model: DrugResponseModel) -> list[float]:
    return list(model.manifest_["forecasts"]["times"])


def _own_columns(model: DrugResponseModel) -> set[str]:
    """What the table tells beside the columns of every outcome."""
    kind = model.manifest_["outcome"]["kind"]
    if kind == "binary":
        return {"class", "class_set", "threshold"}
    if kind == "ordinal":
        return {"probability", "class_set", *(f"probability_{name}" for name in model.classes_)}
    if kind == "interval":
        return {f"{name}{end}" for name in ("value", "reading") for end in ("", "_lower", "_upper")}
    return {"median_time", *(f"survival_{time:.4g}" for time in _stated(model))}


def _new(cohort: Cohort) -> tuple:
    """The genotypes and covariates of a cohort under other names, as of new samples."""
    names = {name: f"new-{name}" for name in cohort.genotypes.sample_ids}
    genotypes = replace(cohort.genotypes, sample_ids=cohort.genotypes.sample_ids.map(names))
    return genotypes, cohort.samples.rename(index=names)


@pytest.mark.parametrize("kind", KINDS)
def test_model__tells_what_it_predicts_and_keeps_it_in_a_file(
    kind: str, cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel], tmp_path: Path
) -> None:
    model, (genotypes, samples) = models[kind], _new(cohorts[kind])
    model.save(tmp_path / "model.safetensors")

    table = model.predict(genotypes, samples=samples)
    again = load_model(tmp_path / "model.safetensors").predict(genotypes, samples=samples)

    pd.testing.assert_frame_equal(table, again)
    assert tuple(table.columns[: len(PREDICTION_COLUMNS)]) == PREDICTION_COLUMNS
    assert set(table.columns[len(PREDICTION_COLUMNS) :]) == _own_columns(model)


@pytest.mark.parametrize("kind", ["binary", "ordinal"])
def test_predict_proba__is_what_predict_tells(
    kind: str, cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]
) -> None:
    model, (genotypes, samples) = models[kind], _new(cohorts[kind])

    table = model.predict(genotypes, samples=samples)
    shares = model.predict_proba(genotypes, samples=samples)
    assert shares.shape == (len(table), len(model.classes_))
    assert shares.sum(axis=1) == pytest.approx(1)
    if kind == "binary":
        assert table["prediction"].to_numpy() == pytest.approx(shares[:, 1])
        assert (table["lower"] <= table["prediction"]).all()
        assert (table["baseline"].between(0, 1)).all()
    else:
        assert table["prediction"].tolist() == [model.classes_[at] for at in shares.argmax(axis=1)]
        assert table["probability"].to_numpy() == pytest.approx(shares.max(axis=1))
        assert set(table["baseline"]) <= set(model.classes_)


@pytest.mark.parametrize("kind", ["interval", "time-to-event"])
def test_predict__bounds_lie_around_the_prediction(
    kind: str, cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]
) -> None:
    genotypes, samples = _new(cohorts[kind])

    table = models[kind].predict(genotypes, samples=samples)

    assert (table["lower"] <= table["prediction"]).all()
    assert (table["prediction"] <= table["upper"]).all()
    assert np.isfinite(table["baseline"]).all()


def test_predict_survival__is_that_of_the_table_at_its_times(
    cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]
) -> None:
    model, (genotypes, samples) = models["time-to-event"], _new(cohorts["time-to-event"])
    table = model.predict(genotypes, samples=samples)

    stated, asked = (model.predict_survival(genotypes, samples=samples, times=times) for times in (None, [0.5, 1.0]))

    assert stated.to_numpy() == pytest.approx(table[[f"survival_{time:.4g}" for time in _stated(model)]].to_numpy())
    assert stated.index.get_level_values("drug_id").tolist() == table["drug_id"].tolist()
    assert asked.columns.tolist() == [0.5, 1.0]
    assert (asked[1.0] <= asked[0.5]).all()
    for times in ([-1.0], [1e9], [[1.0]]):
        with pytest.raises(InputError, match="`times`"):
            model.predict_survival(genotypes, samples=samples, times=times)
    with pytest.raises(InputError, match="predict_proba"):
        models["binary"].predict_survival(genotypes)
    with pytest.raises(InputError, match="predict_survival"):
        model.predict_proba(genotypes)


def test_model__a_horizon_restricts_the_mean(cohorts: dict[str, Cohort]) -> None:
    model = _fitted(cohorts["time-to-event"], horizon=1.5, folds=0)
    genotypes, samples = _new(cohorts["time-to-event"])

    table = model.predict(genotypes, samples=samples)

    assert model.manifest_["forecasts"]["horizon"] == 1.5
    assert table["prediction"].between(0, 1.5).all()
    assert table["baseline"].between(0, 1.5).all()
    assert not (table["median_time"] > 1.5).any()


@pytest.mark.parametrize("kind", KINDS)
def test_model__is_judged_by_its_proper_score(kind: str, models: dict[str, DrugResponseModel]) -> None:
    model = models[kind]
    held, metrics = model.manifest_["held_out"], model.metrics_

    assert (
        held["metric"]
        == {
            "binary": "brier",
            "ordinal": "ranked_probability",
            "interval": "censored_log_loss",
            "time-to-event": "integrated_brier",
        }[kind]
    )
    assert held["skill"] > 0.05
    assert held["scores"].get("coverage", 1.0) > 0.85
    assert metrics is not None
    assert "rmse" not in set(metrics["metric"])
    assert set(metrics["fold"]) == {"all", "0", "1", "2"}
    text = "\n".join(describe_model(model.manifest_))
    assert "skill" in text
    assert "Better than every naive prediction" in text


@pytest.mark.parametrize("kind", KINDS)
def test_model__pages_are_written(kind: str, cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]) -> None:
    model = models[kind]
    genotypes, samples = _new(cohorts[kind])

    pages = [
        training_report(model.manifest_, model.metrics_),
        prediction_report(model.predict(genotypes, samples=samples), model.manifest_),
    ]

    assert all("skill" in page for page in pages)


def test_model__few_features_are_not_predicted(
    cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]
) -> None:
    genotypes, samples = _new(cohorts["binary"])
    values = genotypes.dense()
    values[0] = np.nan
    genotypes = Genotypes.build(values, list(genotypes.sample_ids), genotypes.features)

    table = models["binary"].predict(genotypes, samples=samples)
    shares = models["binary"].predict_proba(genotypes, samples=samples)

    few = (table["sample_id"] == genotypes.sample_ids[0]).to_numpy()
    assert table.loc[few, ["prediction", "lower", "upper", "class", "class_set"]].isna().all(axis=None)
    assert np.isnan(shares[few]).all()
    assert np.isfinite(shares[~few]).all()


def test_model__without_a_check_probabilities_are_calibrated_all_the_same(cohorts: dict[str, Cohort]) -> None:
    checked, unchecked = _fitted(cohorts["binary"], folds=3), _fitted(cohorts["binary"], folds=0)
    genotypes, samples = _new(cohorts["binary"])

    assert unchecked.metrics_ is None
    assert unchecked.manifest_["held_out"] is None
    assert np.array_equal(
        unchecked.predict_proba(genotypes, samples=samples), checked.predict_proba(genotypes, samples=samples)
    )


def test_model__a_cost_of_a_miss_sets_the_threshold(cohorts: dict[str, Cohort], tmp_path: Path) -> None:
    model = _fitted(cohorts["binary"], cost_of_miss=4.0)
    genotypes, samples = _new(cohorts["binary"])
    model.save(tmp_path / "model.safetensors")

    table = load_model(tmp_path / "model.safetensors").predict(genotypes, samples=samples)

    assert set(table["threshold"]) == {0.2}
    assert ((table["class"] == "R") == (table["prediction"] >= 0.2)).all()
    assert model.manifest_["parameters"]["cost_of_miss"] == 4.0
    assert {"net_benefit"} <= set(model.manifest_["held_out"]["scores"])


def test_model__a_scheme_of_new_drugs_has_one_calibration_for_all(cohorts: dict[str, Cohort]) -> None:
    cohort = simulate_cohort(n_samples=60, n_drugs=30, n_features=20, outcome="binary")
    model = DrugResponseModel("ridge", "new-drugs").fit(
        cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples
    )

    table = model.predict(cohort.genotypes, drugs=cohort.drugs, samples=cohort.samples)

    assert table["prediction"].between(0, 1).all()
    assert model.manifest_["forecasts"]["claimed"] is False
    assert table["flag"].str.contains("coverage-not-claimed").any()


def test_adapt__is_refused_with_the_reason(cohorts: dict[str, Cohort], models: dict[str, DrugResponseModel]) -> None:
    with pytest.raises(InputError, match="its outcome is binary"):
        models["binary"].adapt(None, cohorts["binary"].responses)
    with pytest.raises(InputError, match="its outcome is binary"):
        models["binary"].next_drugs()


def test_predict_proba__of_numbers_is_refused() -> None:
    cohort = simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)

    with pytest.raises(InputError, match="have no classes"):
        model.predict_proba(cohort.genotypes)
    assert not hasattr(model, "classes_")
    assert "outcome" not in model.manifest_
    assert not {"cost_of_miss", "horizon"} & set(model.manifest_["parameters"])


def test_load_model__forecasts_of_another_outcome_are_damage(
    models: dict[str, DrugResponseModel], tmp_path: Path
) -> None:
    from drugresponse.model.file import write_model_file

    parts = models["binary"].parts_
    state, manifest = parts.get_state(), {**parts.manifest}
    manifest["outcome"] = {**manifest["outcome"], "classes": ["R", "S"]}
    write_model_file(tmp_path / "model.safetensors", state, manifest)

    with pytest.raises(ModelFileError, match="another outcome"):
        load_model(tmp_path / "model.safetensors")


def test_model__few_events_get_no_verdict() -> None:
    cohort = simulate_cohort(n_samples=40, n_drugs=1, n_features=20, outcome="binary")

    model = _fitted(cohort)

    assert model.manifest_["outcome"]["events"] < 30
    assert model.manifest_["verdict"]["judgement"] == "unknown"
    assert "too few" in "\n".join(describe_model(model.manifest_))


@pytest.mark.parametrize("folds", [0, 1, 3])
def test_noise__is_told_the_prevalence_however_many_folds_check_it(folds):
    rng = np.random.default_rng(0)
    genotypes = pd.DataFrame(rng.integers(0, 2, (60, 12)), [f"s{i}" for i in range(60)], [f"g{i}" for i in range(12)])
    rows = [(sample, drug, "RS"[rng.integers(2)]) for sample in genotypes.index for drug in "ab"]
    responses = pd.DataFrame(rows, columns=["sample_id", "drug_id", "response"])
    model = DrugResponseModel(learner="ridge", folds=folds).fit(genotypes, responses)
    assert model.predict(genotypes)["prediction"].between(0.3, 0.7).all()
