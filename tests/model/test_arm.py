"""A treatment arm: what genotype does in each arm is learned."""

from __future__ import annotations

import logging
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.encoders import load_sample_encoder, sample_encoder_state
from tests.learners.cohorts import rmse

TRUE = "rs07"
FAST = {"n_jobs": 1, "trees": 40, "epochs": 2}


@dataclass(frozen=True, eq=False)
class Trial:
    """Patients of one drug, the first of which train."""

    genotypes: pd.DataFrame
    samples: pd.DataFrame
    responses: pd.DataFrame
    n_training: int

    def fit(self, learner: str = "ridge", **settings: object) -> dr.DrugResponseModel:
        model = dr.DrugResponseModel(learner, **{**FAST, "folds": 0, "covariates": ["age", "arm"], **settings})
        training = slice(0, self.n_training)
        return model.fit(self.genotypes.iloc[training], self.responses.iloc[training], samples=self.samples)

    def predicted(self, model: dr.DrugResponseModel, **changed: object) -> np.ndarray:
        new = slice(self.n_training, None)
        table = model.predict(self.genotypes.iloc[new], samples=self.samples.iloc[new].assign(**changed))
        return table["prediction"].to_numpy()

    def error(self, model: dr.DrugResponseModel) -> float:
        return rmse(self.predicted(model), self.responses["response"].to_numpy()[self.n_training :])


def trial(n_training: int, effect: float, *, arms: tuple = ("active", "control"), seed: int = 0) -> Trial:
    """A variant that helps in the first arm and harms in the last, without a main effect; new patients are 300."""
    rng = np.random.default_rng(seed)
    n = n_training + 300
    ids = pd.Index([f"p{i:03d}" for i in range(n)], name="sample_id")
    calls = rng.binomial(2, 0.35, size=(n, 40)).astype(float)
    drawn = rng.integers(len(arms), size=n)
    signs = np.linspace(1, -1, len(arms))[drawn]
    response = 5 + effect * signs * (calls[:, 7] - 0.7) + 0.3 * signs + rng.normal(size=n)
    return Trial(
        pd.DataFrame(calls, index=ids, columns=[f"rs{j:02d}" for j in range(40)]),
        pd.DataFrame({"age": rng.normal(60, 9, n), "arm": [arms[each] for each in drawn]}, index=ids),
        pd.DataFrame({"sample_id": ids, "response": response}),
        n_training,
    )


@pytest.fixture(scope="module")
def opposite() -> Trial:
    return trial(200, 1.0)


@pytest.fixture(scope="module")
def model(opposite: Trial) -> dr.DrugResponseModel:
    return opposite.fit(arm="arm")


def test_ridge__predicts_new_patients_clearly_better_with_the_arm(opposite, model):
    without = opposite.error(opposite.fit())
    assert opposite.error(model) < 0.92 * without
    # noise has a standard deviation of 1, and genotype all in all 0.67
    assert without > 1.1


@pytest.mark.parametrize("learner", ["gaussian", "boosted-trees", "random-forest", "neural"])
def test_learners__see_the_arm(opposite, learner):
    assert opposite.error(opposite.fit(learner, arm="arm")) < 0.95 * opposite.error(opposite.fit(learner))


def test_predict__of_both_arms_differs_as_planted(opposite, model):
    gain = opposite.predicted(model, arm="active") - opposite.predicted(model, arm="control")
    calls = opposite.genotypes.iloc[200:]
    assert np.corrcoef(gain, calls[TRUE])[0, 1] > 0.85
    # without the interaction all patients have the same gain
    plain = opposite.fit()
    assert np.ptp(opposite.predicted(plain, arm="active") - opposite.predicted(plain, arm="control")) < 1e-9


@pytest.mark.parametrize("arms", [("a", "b", "c"), (0.0, 5.0, 10.0, 20.0)])
def test_ridge__three_arms_and_a_dose(arms):
    cohort = trial(300, 1.4, arms=arms)
    assert cohort.error(cohort.fit(arm="arm")) < 0.95 * cohort.error(cohort.fit())


def test_feature_weights__count_an_interaction_to_its_feature(model):
    features, weights = model.regressor_.feature_weights()
    assert len(features) == len(set(features)) == 40
    assert weights.sum() == pytest.approx(1)
    assert features[int(np.argmax(weights))][1] == TRUE
    assert weights.max() > 3 * np.sort(weights)[-2]


def test_predict__genotype_that_lacks_the_feature_is_told(opposite, model):
    features, weights = model.regressor_.feature_weights()
    share = dict(zip([name for _, name in features], weights, strict=True))[TRUE]
    table = model.predict(opposite.genotypes.iloc[200:202].drop(columns=TRUE), samples=opposite.samples)
    np.testing.assert_allclose(table["features_found"], 1 - share)


def test_null_cohort__auto_is_not_worse_than_naive_by_more_than_noise():
    ratios = []
    for seed in range(3):
        cohort = trial(150, 0.0, seed=seed)
        cohort.responses["response"] = np.random.default_rng(seed).normal(size=450)
        auto, naive = (cohort.fit(name, arm="arm") for name in ("auto", "additive-mean"))
        ratios.append(cohort.error(auto) / cohort.error(naive))
    assert max(ratios) < 1.03


def test_fit__fifty_patients_without_warnings(caplog):
    cohort = trial(50, 1.0)
    with warnings.catch_warnings(), caplog.at_level(logging.WARNING):
        warnings.simplefilter("error")
        model = cohort.fit("auto", arm="arm", folds=3)
        assert np.isfinite(cohort.predicted(model)).all()
    assert not caplog.records


def test_fit__the_arm_is_a_covariate_also_when_not_named(opposite):
    assert opposite.fit(arm="arm", covariates=None).parts_.covariates == ["age", "arm"]
    assert opposite.fit(arm="arm", covariates=[]).parts_.covariates == ["arm"]
    assert opposite.fit(covariates=None).parts_.covariates == ["age"]


def test_fit__arm_that_is_not_there(opposite):
    with pytest.raises(InputError, match=r'^samples: found no column "arn" .* Did you mean "arm"'):
        opposite.fit(arm="arn")


@pytest.mark.parametrize("learner", ["ridge", "sparse", "gaussian", "boosted-trees", "auto"])
def test_save__loaded_models_know_the_arm(opposite, learner, tmp_path):
    model = opposite.fit(learner, arm="arm")
    model.save(tmp_path / "model")
    loaded = dr.load_model(tmp_path / "model")
    assert loaded.arm == "arm"
    assert loaded.manifest_["arm"] == {"column": "arm", "levels": ["active", "control"]}
    for arm in ("active", "control", ""):
        told = opposite.predicted(model, arm=arm)
        np.testing.assert_allclose(opposite.predicted(loaded, arm=arm), told, rtol=1e-14)
    loaded.save(tmp_path / "again")
    assert (tmp_path / "again").read_bytes() == (tmp_path / "model").read_bytes()


def test_save__without_an_arm_nothing_tells_of_it(opposite, tmp_path: Path):
    plain = opposite.fit()
    assert "arm" not in plain.manifest_
    assert "arm" not in plain.manifest_["parameters"]
    assert not {"arm", "token_arms"} & set(plain.regressor_.get_state()["samples"])


def test_load__interaction_of_nothing_is_damage(model):
    state = sample_encoder_state(model.regressor_.sample_encoder_)
    load_sample_encoder(state)
    for arms in ({"token_arms": ["arm=other" if each else "" for each in state["token_arms"]]}, {"token_arms": None}):
        with pytest.raises(ModelFileError, match="damaged"):
            load_sample_encoder({**state, **arms})


def test_predict__unknown_arm_leaves_the_interaction_out_and_says_so(opposite, model, caplog):
    with caplog.at_level(logging.WARNING):
        told = opposite.predicted(model)
    assert not caplog.records
    arms = opposite.samples["arm"].iloc[200:].to_numpy(dtype=object).copy()
    arms[:3] = ["", None, "placebo"]
    with caplog.at_level(logging.WARNING):
        some = opposite.predicted(model, arm=arms)
    assert "the treatment arm of 3 of 300 samples is missing or was not in training" in caplog.text
    np.testing.assert_allclose(some[3:], told[3:], rtol=1e-9, atol=1e-10)
    unknown = opposite.predicted(model, arm="")
    both = [opposite.predicted(model, arm=each) for each in ("active", "control")]
    np.testing.assert_allclose(some[:3], unknown[:3], rtol=1e-9, atol=1e-10)
    # between the two arms, in proportion to how many patients were in each
    share = (opposite.samples["arm"].iloc[:200] == "active").mean()
    np.testing.assert_allclose(unknown, share * both[0] + (1 - share) * both[1])


def test_evaluate__takes_the_arm(opposite):
    training = slice(0, 200)
    tables = opposite.genotypes.iloc[training], opposite.responses.iloc[training]
    asked = {"samples": opposite.samples, "learners": ["ridge"], "folds": 3, "shuffles": 0, "n_jobs": 1}
    errors = []
    for arm in (None, "arm"):
        found = dr.evaluate(*tables, covariates=["age", "arm"], arm=arm, **asked)
        assert found.settings.get("arm") == arm
        pooled = found.metrics.query("learner == 'ridge' and level == 'global' and metric == 'rmse' and fold == 'all'")
        errors.append(float(pooled["value"].iloc[0]))
    assert errors[1] < 0.95 * errors[0]


def test_evaluate__resume_does_not_take_fits_without_the_arm(opposite, tmp_path):
    tables = opposite.genotypes.iloc[:200], opposite.responses.iloc[:200]
    asked = {"samples": opposite.samples, "learners": ["ridge"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    for arm, files in ((None, 4), ("arm", 8), ("arm", 8)):
        dr.evaluate(*tables, covariates=["age", "arm"], arm=arm, resume=tmp_path, **asked)
        assert len(list(tmp_path.glob("*.npz"))) == files
