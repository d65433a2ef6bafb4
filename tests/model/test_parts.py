"""What is fitted: one record, that leaves as plain state and comes back."""

from __future__ import annotations

import dataclasses
import pickle

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import ModelFileError
from drugresponse.model.parts import FittedParts
from drugresponse.simulation.cohort import Cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return dr.simulate_cohort(n_samples=50, n_drugs=3, n_features=20)


@pytest.fixture(scope="module")
def model(cohort: Cohort) -> dr.DrugResponseModel:
    samples = cohort.samples.assign(arm=["active", "control"] * 25)
    drugs = cohort.drugs.assign(mechanism=["kinase", "kinase", None])
    model = dr.DrugResponseModel("ridge", arm="arm")
    return model.fit(cohort.genotypes, cohort.responses, samples=samples, drugs=drugs)


def test_state__comes_back_whole(model: dr.DrugResponseModel) -> None:
    parts = model.parts_
    again = FittedParts.from_state(parts.get_state(), {**parts.manifest, "sha256": "of the file"})
    assert again.manifest == parts.manifest
    assert again.covariates == parts.covariates
    assert again.covariate_levels == parts.covariate_levels
    assert set(parts.covariate_levels) >= {"arm"}
    pd.testing.assert_frame_equal(again.drugs, parts.drugs.fillna(""), check_like=True)
    assert again.drugs["mechanism"].tolist() == ["kinase", "kinase", ""]
    assert again.training_ids.contains(["L0001", "new"]).tolist() == [True, False]
    np.testing.assert_array_equal(again.feature_weights, parts.feature_weights)
    assert parts.feature_weights.sum() == pytest.approx(1)
    assert (again.scheme, again.arm, again.measure) == (parts.scheme, parts.arm, parts.measure)
    assert again.arm == {"column": "arm", "levels": ["active", "control"]}
    for name in ("scales", "adaptation", "intervals"):
        assert getattr(again, name) is not None, name


def test_state__parts_that_older_files_lack(model: dr.DrugResponseModel) -> None:
    state = {name: part for name, part in model.parts_.get_state().items() if name not in ("scales", "adaptation")}
    again = FittedParts.from_state({**state, "intervals": {}}, model.manifest_)
    assert (again.scales, again.adaptation, again.intervals) == (None, None, None)


def test_state__a_level_that_is_no_text_is_refused(model: dr.DrugResponseModel) -> None:
    state = {**model.parts_.get_state(), "covariate_texts": ['{"arm": {"active": 1}}']}
    with pytest.raises(ModelFileError, match="level of a covariate is no text"):
        FittedParts.from_state(state, model.manifest_)


def test_parts__are_frozen_and_pickled_with_the_model(model: dr.DrugResponseModel, cohort: Cohort) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        model.parts_.covariates = []  # type: ignore[misc]
    again = pickle.loads(pickle.dumps(model))  # noqa: S301 - made here
    pd.testing.assert_frame_equal(again.predict(cohort.genotypes), model.predict(cohort.genotypes))
