from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize
from statsmodels.duration.hazard_regression import PHReg

from drugresponse.learners.losses.cox import CoxLoss


@pytest.mark.parametrize("late", [False, True])
def test_totals__are_those_of_statsmodels_by_strata(late):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 2))
    times = np.ceil(5 * rng.exponential(np.exp(-x @ [0.8, -0.4])) + 1)
    happened, drug = rng.random(200) < 0.6, rng.integers(0, 3, 200)
    entry = times * rng.uniform(0, 0.8, 200) if late else np.zeros(200)
    model = PHReg(times, x, status=happened, strata=drug, entry=entry if late else None, ties="breslow")
    loss = CoxLoss(times, happened, entry, np.ones(200), drug)
    at = np.array([0.5, -0.2])
    assert loss.total(x @ at) == pytest.approx(-model.loglike(at), rel=1e-10)
    fit = minimize(lambda b: (loss.total(x @ b), x.T @ loss.derivatives(x @ b)[0]), np.zeros(2), jac=True)
    np.testing.assert_allclose(fit.x, model.fit(disp=0).params, atol=1e-4)


def test_derivatives__do_not_change_where_all_scores_of_a_drug_move():
    rng = np.random.default_rng(1)
    drug, scores = np.arange(50) % 2, rng.normal(size=50)
    loss = CoxLoss(rng.exponential(size=50), rng.random(50) < 0.5, np.zeros(50), np.ones(50), drug)
    np.testing.assert_allclose(
        loss.derivatives(scores)[0], loss.derivatives(scores + np.where(drug, 90, -500))[0], atol=1e-9
    )
    np.testing.assert_allclose(np.bincount(drug, loss.derivatives(scores)[0]), 0, atol=1e-9)


def test_no_event__costs_nothing():
    loss = CoxLoss(np.arange(1.0, 6), np.zeros(5, dtype=bool), np.zeros(5), np.ones(5), np.zeros(5, dtype=np.intp))
    assert loss.total(np.arange(5.0)) == 0
    assert not loss.derivatives(np.arange(5.0))[0].any()


def test_event_at_time_zero__has_the_slope_of_its_value():
    times, scores, step = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0.3, -0.2, 0.5, 0.1]), 1e-6
    loss = CoxLoss(times, times < 3, np.zeros(4), np.ones(4), np.zeros(4, dtype=np.intp))
    assert loss.values(scores)[0] == pytest.approx(np.log(np.exp(scores).sum()) - scores[0])
    moved = [(loss.total(scores + row) - loss.total(scores - row)) / (2 * step) for row in step * np.eye(4)]
    np.testing.assert_allclose(loss.derivatives(scores)[0], moved, atol=1e-8)
