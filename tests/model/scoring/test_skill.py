"""The skill of a model on new measurements: what it is made of, and when it flatters."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=90, n_drugs=3, n_features=20)


def parted(cohort: dr.Cohort) -> tuple[pd.DataFrame, pd.DataFrame]:
    rows = cohort.responses.table
    is_new = rows["sample_id"] > "L0060"
    return rows[~is_new], rows[is_new]


def test_score__is_one_less_squared_error_over_that_of_the_best_naive_mean(cohort, caplog):
    trained, new = parted(cohort)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, trained)
    predicted = model.predict(cohort.genotypes, pairs=new[["sample_id", "drug_id"]])
    joined = new.merge(predicted, on=["sample_id", "drug_id"])

    def error(column: pd.Series | float) -> float:
        return float(((joined["response"] - column) ** 2).sum())

    naive = min(error(joined["baseline"]), error(trained["response"].mean()))
    skill = model.score(cohort.genotypes, new)
    assert skill == pytest.approx(1 - error(joined["prediction"]) / naive, rel=1e-9)
    assert skill > 0.05
    assert not caplog.messages
    shuffled = new.assign(response=np.random.default_rng(0).permutation(new["response"]))
    assert model.score(cohort.genotypes, shuffled) < 0


def test_score__samples_of_the_training_are_told_of(cohort, caplog):
    trained, new = parted(cohort)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, trained)
    flattered = model.score(cohort.genotypes, trained)
    assert "score: 59 of 59 samples were in the training, and the scheme is new-samples" in caplog.text
    assert flattered > model.score(cohort.genotypes, new)


def test_score__samples_without_genotype(cohort, caplog):
    trained, new = parted(cohort)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, trained)
    unknown = new.head(3).assign(sample_id="X1", drug_id=["D001", "D002", "D003"])
    both = model.score(cohort.genotypes, pd.concat([new, unknown]))
    assert both == model.score(cohort.genotypes, new)
    assert "left out" in caplog.text
    with pytest.raises(dr.InputError, match="none of its 1 sample is among the 90"):
        model.score(cohort.genotypes, unknown)


@pytest.mark.parametrize("outcome", ["binary", "interval", "time-to-event"])
def test_score__proper_loss_of_other_outcomes(outcome):
    cohort = dr.simulate_cohort(n_samples=240, n_drugs=1, n_features=20, outcome=outcome)
    rows = cohort.responses.table
    is_new = rows["sample_id"] > "L0160"
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, rows[~is_new])
    skill = model.score(cohort.genotypes, rows[is_new])
    assert 0 < skill < 1
    if outcome == "binary":
        y = rows.loc[is_new, "response"].to_numpy()
        asked = rows.loc[is_new, ["sample_id", "drug_id"]]
        said = model.predict_proba(cohort.genotypes, pairs=asked)[:, 1]
        naive = model.predict(cohort.genotypes, pairs=asked)["baseline"]
        assert skill == pytest.approx(1 - ((said - y) ** 2).mean() / ((naive - y) ** 2).mean(), abs=1e-3)
