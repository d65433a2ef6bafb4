"""The whole evaluation: what it refuses before anything is fitted."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS
from drugresponse.simulation.cohort import Cohort


@pytest.fixture(scope="module")
def cohort() -> Cohort:
    return dr.simulate_cohort(n_samples=30, n_drugs=3, n_features=20)


def test_evaluate__a_measure_that_contradicts_itself(cohort: Cohort) -> None:
    responses = replace(cohort.responses, measure=dr.Measure("ln_ic50", "nM", "resistant"))
    with pytest.raises(dr.InputError, match=r'^measure: found ln_ic50 in "nM" \(expected uM'):
        dr.evaluate(cohort.genotypes, responses, learners="ridge", shuffles=0)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"learners": dr.DrugResponseModel("ridge")}, r"^learners: found DrugResponseModel \(expected names such as"),
        ({"learners": ["ridge", dr.DrugResponseModel("ridge")]}, r"^learners: found DrugResponseModel"),
        ({"learners": None}, r"^learners: found NoneType"),
        ({"learners": "rigde"}, r'^`learner`: "rigde" is unknown\. Did you mean "ridge"\?'),
        ({"settings": {"rnak": 3}}, r'^settings: "rnak" is unknown\. Did you mean "rank"\?'),
        ({"splits": [0, 1]}, r"^splits: found list \(expected a DataFrame with the columns fold, and sample_id"),
        ({"covariates": "tisue"}, r'^samples: found no covariate column "tisue"\. Did you mean "tissue"\?'),
        ({"splits": pd.DataFrame({"fold": [0]})}, r'^splits: found the columns "fold" \(expected fold, and sample_id'),
        (
            {"splits": pd.DataFrame({"fold": [0, "test"], "sample_id": ["L0001", "L0002"]})},
            r"^splits, row 2: found no whole number as repeat or fold",
        ),
    ],
)
def test_evaluate__refuses_in_one_line(given: dict, message: str, cohort: Cohort) -> None:
    given = {"learners": "ridge", "shuffles": 0, **given}
    with pytest.raises(dr.InputError, match=message):
        dr.evaluate(cohort.genotypes, cohort.responses, samples=cohort.samples, **given)


def test_evaluate__a_setting_of_one_learner_alone_passes(cohort: Cohort) -> None:
    found = dr.evaluate(
        cohort.genotypes, cohort.responses, learners="neural", settings={"epochs": 1, "hidden": 8}, folds=2, shuffles=0
    )
    assert found.settings["hidden"] == 8


def test_evaluate__feature_that_is_the_response_helps_no_drug() -> None:
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20)
    leak = cohort.responses.table.groupby("sample_id")["response"].mean()
    genotypes = pd.DataFrame(
        cohort.genotypes.values.toarray(), index=cohort.genotypes.sample_ids, columns=cohort.genotypes.features.index
    ).assign(level=leak)
    found = dr.evaluate(genotypes, cohort.responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1)
    assert found.audit[0].severity == "leak"
    assert '"level"' in found.audit[0].message
    assert HELPS not in set(found.drug_verdicts["verdict"])
    assert LEAKS in set(found.drug_verdicts["verdict"])
