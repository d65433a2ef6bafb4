"""What obs of AnnData and MuData tells of the samples: it is the samples table where none is given, and says so."""

from __future__ import annotations

import logging

import anndata
import mudata
import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.conversion.observations import genotypes_and_samples, samples_of_observations
from drugresponse.errors import InputError
from drugresponse.evaluation._plan import AskedEvaluation, EvaluationPlan

PROGRESS = "drugresponse.progress"


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)


@pytest.fixture(scope="module")
def annotated(cohort) -> anndata.AnnData:
    return dr.to_anndata(cohort.genotypes, samples=cohort.samples)


def two_modalities(annotated: anndata.AnnData, *, pull: bool) -> mudata.MuData:
    with mudata.set_options(pull_on_update=pull):
        first, second = annotated[:, :12].copy(), annotated[5:, 12:].copy()
        for part in (first, second):
            del part.var["block"]
        second.obs = pd.DataFrame({"site": "A"}, index=second.obs_names)
        return mudata.MuData({"mutations": first, "copy_number": second})


def test_fit__obs_are_the_covariates_and_said_so(cohort, annotated, caplog):
    with caplog.at_level(logging.INFO, PROGRESS):
        model = dr.DrugResponseModel("ridge", folds=0).fit(annotated, cohort.responses)
    assert "samples: no table was given; obs is used, with the columns tissue" in caplog.messages
    given = dr.DrugResponseModel("ridge", folds=0).fit(annotated, cohort.responses, samples=cohort.samples)
    assert "samples: the table is used" not in caplog.text
    assert model.manifest_["covariates"] == given.manifest_["covariates"] == ["tissue"]
    wanted = given.predict(cohort.genotypes, samples=cohort.samples)
    pd.testing.assert_frame_equal(model.predict(annotated), wanted)
    assert not model.predict(cohort.genotypes)["prediction"].equals(wanted["prediction"])


def test_evaluate_and_explain__obs_are_the_covariates(cohort, annotated):
    plan = EvaluationPlan.of(AskedEvaluation(learners=["ridge"], folds=2), annotated, cohort.responses)
    tissues = cohort.samples["tissue"].loc[plan.rows.pairs.genotypes.sample_ids].tolist()
    assert plan.rows.pairs.covariates["tissue"].tolist() == tissues
    model = dr.DrugResponseModel("ridge", folds=0).fit(annotated, cohort.responses)
    explanation = dr.explain(model, annotated, cohort.responses, refits=0)
    assert explanation.rows.pairs.covariates["tissue"].tolist() == tissues


def test_genotypes_and_samples__table_that_is_given_wins(annotated, caplog):
    given = pd.DataFrame({"sex": ["f"]}, index=["L0001"])
    with caplog.at_level(logging.INFO, PROGRESS):
        assert genotypes_and_samples(annotated, given)[1] is given
    assert caplog.messages == ["samples: the table is used, and not obs with the columns tissue"]


def test_genotypes_and_samples__nothing_beside_the_genotypes(cohort):
    assert genotypes_and_samples(cohort.genotypes, None) == (cohort.genotypes, None)
    bare = anndata.AnnData(np.zeros((2, 1), np.float32))
    assert genotypes_and_samples(bare, None)[1] is None


@pytest.mark.filterwarnings("ignore:From 0.4 .update:FutureWarning", "ignore:Cannot join columns:UserWarning")
@pytest.mark.parametrize("pull", [False, True])
def test_mudata__modalities_are_blocks_and_their_obs_come_together(cohort, annotated, pull):
    data = two_modalities(annotated, pull=pull)
    genotypes, samples = genotypes_and_samples(data, None)
    assert genotypes.features["block"].value_counts().to_dict() == {"mutations": 12, "copy_number": 8}
    assert genotypes.shape == (40, 20)
    assert sorted(genotypes.n_missing().tolist()) == [0] * 12 + [5] * 8
    assert samples is not None
    assert set(samples.columns) == {"tissue", "site"}
    assert samples.loc[cohort.samples.index, "tissue"].tolist() == cohort.samples["tissue"].tolist()
    assert (samples["site"] == "A").sum() == 35


def test_samples_of_observations__as_a_file_of_text_would_have_them():
    observed = pd.DataFrame(
        {"age": [61.0, None], "statin": [True, False], "tissue": pd.Categorical(["lung", None])}, index=["s1", "s2"]
    )
    samples = samples_of_observations(observed)
    assert samples.to_dict("list") == {"age": ["61", ""], "statin": ["True", "False"], "tissue": ["lung", ""]}
    assert samples.index.name == "sample_id"


def test_associate__adjusts_for_no_obs_and_says_so(cohort, annotated, caplog):
    plain = dr.associate(cohort.genotypes, cohort.responses)
    assert not caplog.messages
    beside = dr.associate(annotated, cohort.responses)
    assert any("obs has the columns tissue: nothing is adjusted for" in line for line in caplog.messages)
    pd.testing.assert_frame_equal(beside.table, plain.table)
    caplog.clear()
    dr.associate(annotated, cohort.responses, covariates=annotated.obs[[]])
    assert not caplog.messages


def test_genotypes__pairs_of_scikit_learn_are_named(cohort):
    pairs = cohort.responses.table[["sample_id", "drug_id"]]
    with pytest.raises(InputError, match=r"found pairs of sample_id and drug_id.*as_estimator"):
        dr.DrugResponseModel("ridge").fit(pairs, cohort.responses)
