"""Scikit-learn's tools on tables that are joined by id."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import polars
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score

import drugresponse as dr
from drugresponse.data.joining import join_training_rows
from drugresponse.data.splits import make_folds
from drugresponse.model.scoring.estimator import PairEstimator


@pytest.fixture(scope="module")
def cohort() -> dr.Cohort:
    return dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)


@pytest.fixture
def estimator(cohort) -> PairEstimator:
    model = dr.DrugResponseModel("ridge", folds=0)
    return model.as_estimator(cohort.genotypes, drugs=cohort.drugs, samples=cohort.samples)


@pytest.fixture(scope="module")
def X(cohort) -> pd.DataFrame:  # noqa: N802
    return cohort.responses.table[["sample_id", "drug_id"]]


@pytest.fixture(scope="module")
def y(cohort) -> pd.Series:
    return cohort.responses.table["response"]


def test_cross_val_score__mean_is_the_skill_in_the_manifest_of_the_same_folds(cohort, estimator, X, y, caplog):
    tables = {"drugs": cohort.drugs, "samples": cohort.samples}
    rows = join_training_rows(cohort.genotypes, cohort.responses, **tables)
    np.testing.assert_array_equal(rows.y, y)
    skills = cross_val_score(estimator, X, y, cv=make_folds(rows.pairs, "new-samples", 3, 0))
    checked = dr.DrugResponseModel("ridge", folds=3).fit(cohort.genotypes, cohort.responses, **tables)
    assert skills.mean() == pytest.approx(checked.manifest_["held_out"]["skill"], rel=1e-6)
    assert "were in the training" not in caplog.text


def test_cross_val_score__folds_that_part_a_sample_are_told_of(estimator, X, y, caplog):
    order = X["drug_id"].argsort(kind="stable").to_numpy()
    cross_val_score(estimator, X.iloc[order], y.iloc[order], cv=2)
    assert "GroupKFold on the sample ids" in caplog.text


def test_grid_search__parameters_of_the_model(estimator, X, y):
    search = GridSearchCV(estimator, {"model__learner": ["ridge", "covariates"]}, cv=GroupKFold(2))
    search.fit(X, y, groups=estimator.groups(X))
    assert search.best_params_ == {"model__learner": "ridge"}
    assert np.isfinite(search.predict(X.head(4))).all()


def test_estimator__clone_set_params_and_pickle(cohort, estimator, X, y):
    fitted = estimator.set_params(model__minimum_features=0.25).fit(X, y)
    assert fitted is estimator
    assert estimator.model.minimum_features == 0.25
    fresh = clone(fitted)
    assert not hasattr(fresh, "model_")
    assert fresh.model is not fitted.model
    assert fresh.genotypes is cohort.genotypes
    stored = pickle.loads(pickle.dumps(fitted))  # noqa: S301 -- made here
    np.testing.assert_array_equal(stored.predict(X), fitted.predict(X))
    assert "fitted: not yet" in repr(fresh)
    assert "trained on: 60 samples" in repr(fitted)


def test_predict__rows_of_x_in_their_order_and_number(estimator, X, y):
    fitted = estimator.fit(polars.from_pandas(X), y.to_numpy())
    asked = X.iloc[[5, 1, 5]]
    values = fitted.predict(asked)
    assert values[0] == values[2] != values[1]
    np.testing.assert_array_equal(fitted.predict(asked.set_index(["sample_id", "drug_id"])), values)
    with pytest.raises(dr.InputError, match='X: found no column "drug_id"'):
        fitted.predict(X[["sample_id"]])


def test_classes__labels_probabilities_and_scorers():
    cohort = dr.simulate_cohort(n_samples=120, n_drugs=1, n_features=20, outcome="binary")
    rows = cohort.responses.table
    X, y = rows[["sample_id", "drug_id"]], np.where(rows["response"] == 1, "R", "S")
    model = dr.DrugResponseModel("ridge", folds=0, outcome="binary", classes="S<R")
    estimator = model.as_estimator(cohort.genotypes)
    assert is_classifier(estimator)
    assert is_regressor(dr.DrugResponseModel().as_estimator(cohort.genotypes))
    assert 0.5 < cross_val_score(estimator, X, y, cv=3, scoring="roc_auc").mean() < 1
    fitted = estimator.fit(X, y)
    assert fitted.classes_.tolist() == ["R", "S"]
    assert set(fitted.predict(X)) <= {"S", "R"}
    of_model = fitted.model_.predict_proba(cohort.genotypes, pairs=X)
    np.testing.assert_array_equal(fitted.predict_proba(X), of_model[:, ::-1])


def test_groups__by_subject_and_by_the_scheme(cohort, estimator, X):
    people = cohort.samples.assign(subject_id=np.repeat([f"P{at}" for at in range(30)], 2))
    of_people = dr.DrugResponseModel("ridge").as_estimator(cohort.genotypes, samples=people)
    assert len(set(estimator.groups(X))) == X["sample_id"].nunique()
    assert len(set(of_people.groups(X))) == 30
    assert len(set(estimator.set_params(model__scheme="new-drugs").groups(X))) == 3
    assert len(set(estimator.set_params(model__scheme="new-tissues").groups(X))) == cohort.samples["tissue"].nunique()
    assert len(set(estimator.set_params(model__scheme="random-pairs").groups(X))) == len(X)


def test_groups__of_lineages__are_those_of_the_column_whatever_the_order_of_the_table():
    isolates = dr.datasets.load_antibiogram()
    turned = isolates.samples.iloc[::-1]
    model = dr.DrugResponseModel("ridge", scheme="new-lineages")
    pairs = isolates.responses.table[["sample_id", "drug_id"]]
    groups = model.as_estimator(isolates.genotypes, samples=turned).groups(pairs)
    expected = pairs["sample_id"].map(isolates.samples["lineage"])
    assert len(set(groups)) == 25
    assert (pd.Series(groups).groupby(expected).nunique() == 1).all()
    of_genotypes = model.as_estimator(isolates.genotypes).groups(pairs)
    assert (pd.Series(of_genotypes).groupby(pairs["sample_id"]).nunique() == 1).all()


def test_fit__times_and_weights_stand_beside_the_ids():
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=1, n_features=20, outcome="time-to-event")
    rows = cohort.responses.table
    X = rows[["sample_id", "drug_id"]].assign(event=rows["happened"].astype(int))
    fitted = dr.DrugResponseModel("ridge", folds=0).as_estimator(cohort.genotypes).fit(X, rows["response"])
    assert fitted.model_.parts_.outcome.kind == "time-to-event"
    with pytest.raises(dr.InputError, match="y: found 1 responses"):
        fitted.fit(X, [1.0])
