"""A model of several studies: what it is trained on, on whose scale it predicts, and what is refused."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.description import describe_model
from drugresponse.errors import InputError
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.simulation.cohort import Cohort, simulate_cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return simulate_cohort(n_samples=90, n_drugs=4, n_features=30, studies=3)


@pytest.fixture(scope="module")
def model(cohort: Cohort) -> DrugResponseModel:
    learner = DrugResponseModel("ridge", scheme="new-studies", reference_study="S1")
    return learner.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)


def test_model__tells_its_studies_and_comes_back_from_its_file(
    model: DrugResponseModel, cohort: Cohort, tmp_path: Path
) -> None:
    model.save(tmp_path / "m.safetensors")
    loaded = load_model(tmp_path / "m.safetensors")
    assert loaded.reference_study == "S1" and loaded.manifest_["studies"]["reference"] == "S1"
    lines = "\n".join(describe_model(loaded.manifest_))
    assert "predictions are on the scale of S1" in lines and "Study S2 lies" in lines
    assert loaded.manifest_["verdict"]["folds"] == 3
    pd.testing.assert_frame_equal(
        loaded.predict(cohort.genotypes, samples=cohort.samples),
        model.predict(cohort.genotypes, samples=cohort.samples),
    )


def test_model__predicts_on_the_scale_of_the_study_that_is_asked_for(model: DrugResponseModel, cohort: Cohort) -> None:
    other = DrugResponseModel("ridge", scheme="new-studies", reference_study="S3", folds=0)
    other.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    apart = [fitted.predict(cohort.genotypes, samples=cohort.samples)["prediction"].mean() for fitted in (other, model)]
    told = {study["name"]: study["level"] for study in model.manifest_["studies"]["studies"]}
    assert apart[0] - apart[1] == pytest.approx(told["S3"], abs=0.1)


def test_model__bounds_are_not_claimed_for_a_new_study(model: DrugResponseModel, cohort: Cohort) -> None:
    new = Genotypes.from_dense(
        cohort.genotypes.values.toarray(), [f"new{at}" for at in range(90)], [*cohort.genotypes.features.index]
    )
    table = model.predict(new)
    assert table["flag"].str.contains("coverage-not-claimed").all() and table["lower"].notna().all()


def test_estimator__gives_studies_as_groups(cohort: Cohort) -> None:
    table = cohort.responses.apart_by_study().table
    estimator = DrugResponseModel("ridge", scheme="new-studies").as_estimator(cohort.genotypes)
    groups = estimator.groups(table[["sample_id", "drug_id", "study"]])
    assert pd.Series(groups).groupby(table["study"]).nunique().tolist() == [1, 1, 1] and len(set(groups)) == 3


def confounded() -> tuple[Genotypes, pd.DataFrame]:
    """Two studies, of which only the second, 3 above the first, has samples that carry F0; a fifth are in both."""
    rng = np.random.default_rng(0)
    values = rng.integers(0, 2, (100, 6)).astype(float)
    values[:, 0] = (np.arange(100) >= 50) * (rng.random(100) < 0.8)
    ids = [f"s{at:03}" for at in range(100)]
    noise = rng.normal(0, 0.5, (100, 3))
    first = pd.DataFrame(noise, index=ids, columns=["d0", "d1", "d2"])
    shared = np.r_[30:50]
    second = 3 + first.iloc[np.r_[shared, 50:100]] + rng.normal(0, 0.2, (70, 3))
    rows = [table.stack().rename("response").reset_index() for table in (first.iloc[:50], second)]
    named = [part.set_axis(["sample_id", "drug_id", "response"], axis=1) for part in rows]
    responses = pd.concat([part.assign(study=name) for part, name in zip(named, "AB", strict=True)])
    return Genotypes.from_dense(values, ids, [f"F{at}" for at in range(6)]), responses


def effect_of_f0(scheme: str) -> float:
    genotypes, responses = confounded()
    model = DrugResponseModel("ridge", scheme=scheme, folds=0).fit(genotypes, responses)
    carriers = Genotypes.from_dense([[0.0] * 6, [1.0] + [0.0] * 5], ["plain", "F0"], [*genotypes.features.index])
    means = model.predict(carriers).groupby("sample_id")["prediction"].mean()
    return float(means["F0"] - means["plain"])


def test_model__takes_no_study_for_an_effect_of_genotype() -> None:
    assert abs(effect_of_f0("new-studies")) < 0.15 < 1 < effect_of_f0("new-samples")


def test_model__refuses_what_new_studies_cannot_be_asked_of(cohort: Cohort) -> None:
    table = cohort.responses.apart_by_study().table
    for settings, responses, message in (
        ({}, table.drop(columns="study"), "no column of studies"),
        ({}, table[table["study"] == "S2"], 'found the study "S2" alone'),
        ({}, table.assign(study=table["study"].where(table.index > 2, "NA")), "found 3 rows without a study"),
        ({"reference_study": "S9"}, table, 'no response is of "S9"'),
        ({"response_scale": "log"}, table.assign(response=table["response"] + 50), "shifts are differences"),
        ({}, table.assign(response=np.where(table["response"] > 0, "R", "S")), "found binary responses"),
    ):
        with pytest.raises(InputError, match=message):
            DrugResponseModel("ridge", scheme="new-studies", **settings).fit(cohort.genotypes, responses)
