"""Scikit-learn's own checks of estimators, as far as they are about parameters and state.

Expected to fail is every check that fits an array of numbers: a learner takes `Pairs` (two tables and index vectors),
the model tables that are joined by id, and the estimator of pairs a frame of ids. What those checks ask beside it is
asked of pairs here: a fit returns the learner, changes neither its inputs nor its parameters, gives the same twice, and
survives pickling.
"""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.utils.estimator_checks import check_estimator

import drugresponse as dr
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.learners.registry import LEARNERS, learner_class

ABOUT_PARAMETERS = {
    "check_do_not_raise_errors_in_init_or_set_param",
    "check_estimator_cloneable",
    "check_estimator_repr",
    "check_estimators_unfitted",
    "check_get_params_invariance",
    "check_mixin_order",
    "check_no_attributes_set_in_init",
    "check_parameters_default_constructible",
    "check_set_params",
    "check_valid_tag_types",
}


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    return join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)


def refused(estimator: object) -> dict[str, object]:
    results = check_estimator(estimator, on_fail=None, on_skip=None)
    done = {result["check_name"]: result for result in results}
    assert {name for name in ABOUT_PARAMETERS if any(known.startswith(name) for known in done)} == ABOUT_PARAMETERS
    return {
        name: result["exception"]
        for name, result in done.items()
        if result["status"] == "failed" and name.startswith(tuple(ABOUT_PARAMETERS))
    }


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
@pytest.mark.parametrize("name", sorted(LEARNERS))
def test_scikit_learn__learners(name):
    assert refused(learner_class(name)()) == {}


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.SkipTestWarning")
def test_scikit_learn__model_and_estimator_of_pairs():
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0)
    assert refused(model) == {}
    assert refused(model.as_estimator(cohort.genotypes)) == {}


@pytest.mark.parametrize("name", sorted({"mean", "covariates", "ridge", "sparse", "gaussian"} & set(LEARNERS)))
def test_fit__on_pairs_as_scikit_learn_has_it_on_arrays(name, rows):
    learner = learner_class(name)()
    parameters, y = learner.get_params(), rows.y.copy()
    assert learner.fit(rows.pairs, rows.y, rows.weights) is learner
    assert learner.get_params() == parameters
    np.testing.assert_array_equal(rows.y, y)
    predicted = learner.predict(rows.pairs)
    again = clone(learner).fit(rows.pairs, rows.y, rows.weights)
    np.testing.assert_array_equal(again.predict(rows.pairs), predicted)
    stored = pickle.loads(pickle.dumps(learner))  # noqa: S301 -- made here
    np.testing.assert_array_equal(stored.predict(rows.pairs), predicted)
