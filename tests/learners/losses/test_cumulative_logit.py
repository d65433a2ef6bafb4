from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from statsmodels.miscmodels.ordinal_model import OrderedModel

from drugresponse.learners.losses.cumulative_logit import CumulativeLogitLoss


def drawn(scores: np.ndarray, cuts: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return np.digitize(scores + rng.logistic(size=len(scores)), cuts).astype(float)


def test_values__are_the_log_likelihood_of_statsmodels():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(500, 2))
    y = drawn(x @ [1.0, -0.5], np.array([-1.0, 0.2, 2.0]), rng)
    model = OrderedModel(y.astype(int), x, distr="logit")
    fit = model.fit(method="bfgs", disp=0)
    cuts = model.transform_threshold_params(fit.params)[1:-1]
    loss = CumulativeLogitLoss(
        y, np.ones(500), np.zeros(500, dtype=np.intp), (cuts - cuts.mean())[None, :], np.zeros(1)
    )
    assert loss.total(x @ fit.params[:2] - cuts.mean()) == pytest.approx(-fit.llf, abs=1e-6)


def test_of__puts_the_class_shares_of_a_drug_at_its_start():
    rng = np.random.default_rng(1)
    y, drug = rng.choice(4, 4000, p=[0.6, 0.2, 0.15, 0.05]).astype(float), np.zeros(4000, dtype=np.intp)
    loss = CumulativeLogitLoss.of(y, np.ones(4000), drug, 4)
    shares = -np.diff([1.0, *expit(loss.start()[0] - loss.cuts[0]), 0.0])
    np.testing.assert_allclose(shares, np.bincount(y.astype(int)) / 4000, atol=1e-3)


def test_adjusted__finds_the_cuts_of_each_drug_and_draws_a_small_one_to_the_others():
    rng = np.random.default_rng(2)
    truth = np.array([[-1.0, 0.0, 1.0], [-2.5, 0.5, 2.0], [-1.0, 0.0, 1.0]])
    drug = np.repeat([0, 1, 2], [20000, 20000, 5])
    scores = rng.normal(0, 2, len(drug))
    y = np.concatenate([drawn(scores[drug == each], truth[each], rng) for each in range(3)])
    loss = CumulativeLogitLoss.of(y, np.ones(len(y)), drug, 4).adjusted(scores)
    np.testing.assert_allclose(loss.cuts[:2], truth[:2], atol=0.1)
    np.testing.assert_allclose(loss.cuts.mean(axis=1), 0, atol=1e-12)
    assert (np.abs(np.diff(loss.cuts[2]) - np.diff(truth[:2].mean(axis=0))) < 0.5).all()


def test_a_class_that_a_drug_lacks__stays_possible():
    y, drug = np.array([0.0, 0, 2, 2, 1, 1, 0, 2]), np.array([0, 0, 0, 0, 1, 1, 1, 1])
    loss = CumulativeLogitLoss.of(y, np.ones(8), drug, 4).adjusted(np.zeros(8))
    absent = CumulativeLogitLoss(np.full(8, 3.0), loss.weights, drug, loss.cuts, loss.level)
    assert np.isfinite(absent.values(np.zeros(8))).all()
    assert (np.diff(loss.cuts, axis=1) > 0).all()


def test_two_classes__are_yes_or_no():
    loss = CumulativeLogitLoss.of(np.array([0.0, 1, 1]), np.ones(3), np.zeros(3, dtype=np.intp), 2)
    np.testing.assert_allclose(loss.values(np.full(3, 0.3)), np.logaddexp(0, [0.3, -0.3, -0.3]))
    assert loss.adjusted(np.zeros(3)) is loss
