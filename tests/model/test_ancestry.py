"""Components of ancestry as covariates of a model: what ancestry alone predicts is no gain of genotype."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

import drugresponse as dr
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues
from drugresponse.errors import InputError, ModelFileError
from drugresponse.model.scales.ancestry_state import axes_from_state, axes_state
from tests.features.populations import drawn, frequencies

NAMES = ["ancestry PC1", "ancestry PC2"]


@pytest.fixture(scope="module")
def populations():
    return frequencies(n_features=2500, n_populations=3)


@pytest.fixture(scope="module")
def cohort(populations):
    """A response that differs between two populations, and that no variant moves within them."""
    genotypes, of = drawn(populations, 150, (0, 1), seed=1)
    response = 2.0 * of + np.random.default_rng(5).normal(size=150)
    return genotypes, pd.DataFrame({"sample_id": genotypes.sample_ids, "drug_id": "d", "response": response})


@pytest.fixture(scope="module")
def model(cohort):
    return dr.DrugResponseModel("ridge", ancestry_components=2, n_jobs=1).fit(*cohort)


def skill_of(metrics: pd.DataFrame, learner: str) -> float:
    chosen = metrics.query("learner == @learner and level == 'global' and metric == 'skill' and fold == 'all'")
    return float(chosen["value"].iloc[0])


def test_evaluate__what_ancestry_predicts_is_no_gain_of_genotype(cohort):
    told = [
        dr.evaluate(*cohort, learners=["ridge"], folds=3, shuffles=0, n_jobs=1, ancestry_components=n).metrics
        for n in (0, 2)
    ]
    gains = [skill_of(metrics, "ridge") - skill_of(metrics, "covariates") for metrics in told]
    assert gains[0] > 0.3
    assert abs(gains[1]) < 0.05
    assert skill_of(told[1], "covariates") > 0.4


def test_predict__new_samples_are_projected(model, populations, tmp_path):
    assert model.manifest_["covariates"] == NAMES
    assert model.manifest_["parameters"]["ancestry_components"] == 2
    new, of = drawn(populations, 40, (0, 1), seed=2)
    predictions = model.predict(new)
    means = [predictions["prediction"][of == number].mean() for number in (0, 1)]
    assert means[1] - means[0] == pytest.approx(2.0, abs=0.6)
    assert (predictions["flag"] == "").all()
    model.save(tmp_path / "model.safetensors")
    restored = dr.load_model(tmp_path / "model.safetensors").predict(new)
    pd.testing.assert_frame_equal(restored, predictions, rtol=1e-9)


def test_predict__turned_alleles_and_another_order_change_nothing(model, populations):
    new, _ = drawn(populations, 10, (0, 1), seed=2)
    turned = dr.Genotypes.from_dense(new.dense()[:, ::-1], new.sample_ids, new.features.index[::-1], kind="dosage")
    pd.testing.assert_frame_equal(model.predict(turned), model.predict(new), rtol=1e-9)


def test_predict__another_ancestry_is_flagged(model, populations, caplog):
    other, _ = drawn(populations, 5, (2,), seed=3)
    predictions = model.predict(other)
    assert (predictions["flag"] == "out-of-range").all()
    assert predictions["lower"].isna().all()
    assert "5 of 5 samples are of another ancestry than all of the training" in caplog.text


def test_predict__stored_genotypes_lie_where_those_in_memory_do(model, populations):
    new, _ = drawn(populations, 8, (0, 2), seed=4)
    source = ColumnsInMemory(sparse.csc_array(new.dense().astype(np.float32)))
    stored = dr.Genotypes(StoredValues.of(source), new.sample_ids, new.features)
    assert stored.is_stored
    pd.testing.assert_frame_equal(model.predict(stored), model.predict(new), rtol=1e-5, atol=1e-5)


def test_explain__measurements_are_adjusted_for_ancestry(model, cohort):
    explanation = dr.explain(model, *cohort, refits=0)
    assert list(explanation.associations.adjusted_for) == NAMES
    without = dr.associate(*cohort).table
    assert (without["q"] < 0.05).sum() > 20 > (explanation.associations.table["q"] < 0.05).sum()


def test_explain__another_ancestry_is_named_once(model, populations, caplog):
    other, _ = drawn(populations, 20, (2,), seed=6)
    responses = pd.DataFrame({"sample_id": other.sample_ids, "drug_id": "d", "response": np.arange(20.0)})
    dr.explain(model, other, responses, refits=0)
    assert caplog.text.count("are of another ancestry than all of the training") == 1


def test_fit__a_covariate_of_that_name_is_refused(cohort):
    samples = pd.DataFrame({"sample_id": cohort[0].sample_ids, "ancestry PC1": np.arange(150.0)})
    with pytest.raises(InputError, match='column "ancestry PC1": is the name of a component'):
        dr.DrugResponseModel("ridge", covariates=["ancestry PC1"], ancestry_components=1).fit(*cohort, samples=samples)


@pytest.mark.parametrize(
    ("name", "change"),
    [("spreads", lambda array: array * 0), ("stretch", lambda array: array * 0), ("limits", lambda array: array[1:])],
)
def test_state__that_is_damaged(model, name, change):
    state = axes_state(model.parts_.ancestry)
    with pytest.raises(ModelFileError, match="damaged"):
        axes_from_state({**state, name: change(state[name])})
