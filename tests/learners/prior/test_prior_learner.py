"""A prior that is right helps a small cohort, one that is made up costs nothing, one of the wrong sign is not used."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError

N_TRAINING, N_DRUGS, N_FEATURES = 60, 3, 60


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    """`(n_features, n_drugs)` effects, twelve of each drug."""
    rng = np.random.default_rng(0)
    effects = np.zeros((N_FEATURES, N_DRUGS))
    for drug in range(N_DRUGS):
        effects[rng.choice(N_FEATURES, 12, replace=False), drug] = rng.normal(0, 0.5, 12)
    return effects


@pytest.fixture(scope="module")
def genotypes() -> pd.DataFrame:
    """The training's samples first, new ones after them."""
    dosages = np.random.default_rng(1).binomial(2, 0.3, (N_TRAINING + 200, N_FEATURES)).astype(float)
    names = [f"f{at}" for at in range(N_FEATURES)]
    return pd.DataFrame(dosages, [f"s{at}" for at in range(len(dosages))], names).rename_axis("sample_id")


@pytest.fixture(scope="module")
def responses(genotypes: pd.DataFrame, truth: np.ndarray) -> pd.DataFrame:
    """Of the training's samples, noise of variance 1 added."""
    values = genotypes.to_numpy()[:N_TRAINING] @ truth
    values += np.random.default_rng(2).normal(0, 1, values.shape)
    drugs = [f"d{at}" for at in range(N_DRUGS)]
    wide = pd.DataFrame(values, genotypes.index[:N_TRAINING], drugs).rename_axis(columns="drug_id")
    return wide.stack().rename("response").reset_index()


def table_of(effects: np.ndarray, kind: str = "effect") -> pd.DataFrame:
    feature, drug = np.nonzero(effects)
    return pd.DataFrame(
        {"feature": [f"f{at}" for at in feature], "drug": [f"d{at}" for at in drug], kind: effects[feature, drug]}
    )


def fitted(genotypes: pd.DataFrame, responses: pd.DataFrame, prior: pd.DataFrame | None) -> dr.DrugResponseModel:
    model = dr.DrugResponseModel("ridge", folds=0)
    return model.fit(genotypes.iloc[:N_TRAINING], responses, prior=prior)


def error_on_new(model: dr.DrugResponseModel, genotypes: pd.DataFrame, truth: np.ndarray) -> float:
    new = genotypes.iloc[N_TRAINING:]
    wide = model.predict(new).pivot(index="sample_id", columns="drug_id", values="prediction").loc[new.index]
    return float(((wide.to_numpy() - new.to_numpy() @ truth) ** 2).mean())


@pytest.fixture(scope="module")
def right(genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray) -> dr.DrugResponseModel:
    """With effects that are right but for a half to one and a half of their size."""
    return fitted(genotypes, responses, table_of(truth * np.random.default_rng(3).uniform(0.5, 1.5, truth.shape)))


@pytest.fixture(scope="module")
def without(genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray) -> float:
    return error_on_new(fitted(genotypes, responses, None), genotypes, truth)


def test_a_right_prior_halves_the_error_of_60_samples(
    right: dr.DrugResponseModel, without: float, genotypes: pd.DataFrame, truth: np.ndarray
) -> None:
    assert error_on_new(right, genotypes, truth) < 0.5 * without
    told = right.manifest_["prior"]
    assert told["used"] == told["entries"] == 36
    assert 0.5 < told["strength"] <= 1.0
    assert told["gain"] > 0.1


def test_scores_have_no_unit(
    without: float, genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray
) -> None:
    errors = [
        error_on_new(fitted(genotypes, responses, table_of(truth * unit, "score")), genotypes, truth)
        for unit in (1.0, 1000.0)
    ]
    assert errors[0] < 0.5 * without
    assert errors[1] == pytest.approx(errors[0], rel=1e-6)


def test_a_made_up_prior_costs_nothing_beyond_noise(
    without: float, genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray
) -> None:
    effects = np.random.default_rng(4).permuted(truth, axis=0)
    assert error_on_new(fitted(genotypes, responses, table_of(effects)), genotypes, truth) < 1.05 * without


@pytest.mark.parametrize("kind", ["effect", "score"])
def test_a_prior_of_the_wrong_sign_is_not_used(
    kind: str, genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray
) -> None:
    model = fitted(genotypes, responses, table_of(-truth, kind))
    assert model.manifest_["prior"]["strength"] == 0
    assert model.manifest_["prior"]["reason"] == "direction"
    plain = fitted(genotypes, responses, None)
    new = genotypes.iloc[N_TRAINING:]
    pd.testing.assert_frame_equal(model.predict(new), plain.predict(new))


def test_a_file_holds_the_prior_and_parts_add_up(
    right: dr.DrugResponseModel, genotypes: pd.DataFrame, tmp_path: Path
) -> None:
    right.save(tmp_path / "model.safetensors")
    loaded = dr.load_model(tmp_path / "model.safetensors")
    new = genotypes.iloc[N_TRAINING:]
    predicted = loaded.predict(new)
    pd.testing.assert_frame_equal(predicted, right.predict(new))
    parts = loaded.contributions(new)
    for of_drug in parts.by_drug:
        sums = of_drug.values.sum(axis=1)
        assert sums == pytest.approx(predicted["prediction"].to_numpy()[of_drug.rows], abs=1e-9)


def test_a_feature_that_no_training_sample_carries_counts_by_the_prior(
    genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray
) -> None:
    genotypes = genotypes.assign(f0=[0.0] * N_TRAINING + [1.0] * (len(genotypes) - N_TRAINING))
    rare = pd.DataFrame({"feature": ["f0"] * 3, "drug": ["d0", "d1", "d2"], "effect": [5.0] * 3})
    known = table_of(np.vstack([np.zeros((1, N_DRUGS)), truth[1:]]))
    model = fitted(genotypes, responses, pd.concat([known, rare]))
    strength = model.manifest_["prior"]["strength"]
    new = genotypes.iloc[N_TRAINING:]
    carried, absent = (model.predict(new.assign(f0=value))["prediction"] for value in (1.0, 0.0))
    assert strength > 0
    assert (carried - absent).to_numpy() == pytest.approx(5.0 * strength)
    parts = model.contributions(new.iloc[:2])
    at = parts.parts.index[parts.parts["feature_id"] == "f0"]
    assert next(iter(parts.by_drug)).values[:, at].ravel() == pytest.approx([5.0 * strength] * 2)


def test_strength_is_chosen_inside_the_folds_of_an_evaluation(
    genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray
) -> None:
    """Effects that were learned from the held-out rows' noise would help them; truth helps, noise does not."""
    noise = np.random.default_rng(5).permuted(truth, axis=0)
    for effects, helps in ((truth, True), (noise, False)):
        summary = dr.evaluate(
            genotypes.iloc[:N_TRAINING], responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1,
            prior=table_of(effects),
        )  # fmt: skip
        pooled = summary.metrics.query("fold == 'all' and level == 'global' and metric == 'rmse'")
        rmse = pooled.set_index("learner")["value"]
        ratio = rmse["ridge"] / rmse["ridge without prior"]
        assert ratio < 0.9 if helps else ratio < 1.02


def test_what_takes_no_prior_refuses(genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray) -> None:
    training, prior = genotypes.iloc[:N_TRAINING], table_of(truth)
    with pytest.raises(InputError, match="uses no genotype"):
        dr.DrugResponseModel("covariates", folds=0).fit(training, responses, prior=prior)
    with pytest.raises(InputError, match="beside a prior"):
        dr.DrugResponseModel("ridge", folds=0, response_scale="sqrt").fit(training, responses, prior=prior)
    yes = responses.assign(response=responses["response"] > 0)
    with pytest.raises(InputError, match="the outcome is binary"):
        dr.DrugResponseModel("ridge", folds=0).fit(training, yes, prior=prior)
    studies = pd.DataFrame({"study": ["one", "two"] * (N_TRAINING // 2)}, index=training.index)
    with pytest.raises(InputError, match="new-studies"):
        dr.DrugResponseModel("ridge", "new-studies").fit(
            training, responses.merge(studies, left_on="sample_id", right_index=True), prior=prior
        )


def test_auto_without_genotype_of_its_own_still_starts_from_the_prior(
    genotypes: pd.DataFrame, responses: pd.DataFrame, truth: np.ndarray, tmp_path: Path
) -> None:
    model = dr.DrugResponseModel("auto", folds=0, n_jobs=1, most_fits=1)
    model = model.fit(genotypes.iloc[:N_TRAINING], responses, prior=table_of(truth))
    model.save(tmp_path / "model.safetensors")
    loaded, new = dr.load_model(tmp_path / "model.safetensors"), genotypes.iloc[N_TRAINING:]
    predicted = loaded.predict(new)
    assert model.regressor_.learner_.trained_features().empty
    assert predicted["prediction"].nunique() > N_DRUGS
    for of_drug in loaded.contributions(new).by_drug:
        sums = of_drug.values.sum(axis=1) + of_drug.gaps
        assert sums == pytest.approx(predicted["prediction"].to_numpy()[of_drug.rows], abs=1e-9)
