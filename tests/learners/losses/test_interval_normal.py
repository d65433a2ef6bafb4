from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from drugresponse.learners.losses.interval_normal import IntervalNormalLoss

INF = np.inf


def fixed(lower: list[float], upper: list[float], spread: float = 2.0) -> IntervalNormalLoss:
    n = len(lower)
    drug = np.zeros(n, dtype=np.intp)
    return IntervalNormalLoss(np.array(lower), np.array(upper), np.ones(n), drug, np.array([spread]), np.zeros(1), 1.0)


def test_values__are_probabilities_between_limits_and_densities():
    loss = fixed([1.0, -INF, 3.0, 0.5, -INF], [1.0, 1.0, INF, 2.5, INF])
    at = norm(0.7, 2.0)
    expected = [-at.logpdf(1.0), -at.logcdf(1.0), -at.logsf(3.0), -np.log(at.cdf(2.5) - at.cdf(0.5)), 0.0]
    np.testing.assert_allclose(loss.values(np.full(5, 0.7)), expected, rtol=1e-12)


def test_derivatives__far_on_the_wrong_side_are_those_of_the_limit_as_a_value():
    loss = fixed([-INF, 2.0, 0.0], [0.0, INF, 1.0], 1.0)
    slope, curvature = loss.derivatives(np.array([1000.0, -1000.0, 1000.0]))
    np.testing.assert_allclose(slope, [1000, -1002, 999], rtol=1e-5)
    np.testing.assert_allclose(curvature, 1, atol=2e-3)


def test_a_narrow_interval__is_a_density_times_its_width():
    narrow, exact = fixed([1.0, 1.0], [1.0 + 1e-7, 1.0 + 1e-3]), fixed([1.0, 1.0], [1.0, 1.0])
    widths = -np.log([1e-7, 1e-3])
    np.testing.assert_allclose(narrow.values(np.zeros(2)), exact.values(np.zeros(2)) + widths, atol=1e-3)
    np.testing.assert_allclose(narrow.derivatives(np.zeros(2))[0], exact.derivatives(np.zeros(2))[0], rtol=1e-3)


def test_of__recovers_location_and_spread_of_each_drug_through_limits():
    rng = np.random.default_rng(0)
    drug = np.repeat([0, 1, 2], [4000, 4000, 3])
    true = np.concatenate([rng.normal(0, 1, 4000), rng.normal(2, 3, 4000), rng.normal(1, 1, 3)])
    lower, upper = np.where(true < -0.5, -INF, np.floor(true)), np.where(true < -0.5, -0.5, np.floor(true) + 1)
    lower, upper = np.where(true > 3, 3.0, lower), np.where(true > 3, INF, upper)
    loss = IntervalNormalLoss.of(lower, upper, np.ones(len(true)), drug)
    np.testing.assert_allclose(loss.start()[:2], [0, 2], atol=0.15)
    np.testing.assert_allclose(loss.spread[:2], [1, 3], rtol=0.1)
    assert 0.8 < loss.spread[2] < 4


def test_of__stays_finite_where_a_drug_has_limits_only():
    drug = np.repeat([0, 1], [20, 20])
    lower, upper = np.full(40, -INF), np.full(40, 0.25)
    lower[20:], upper[20:] = np.arange(20.0), np.arange(20.0)
    loss = IntervalNormalLoss.of(lower, upper, np.ones(40), drug)
    assert np.isfinite(loss.start()).all()
    assert loss.start()[0] < loss.start()[1]
    only = IntervalNormalLoss.of(lower[:20], upper[:20], np.ones(20), drug[:20])
    assert np.isfinite(only.start()).all()
    assert np.isfinite(only.spread).all()


def test_adjusted__takes_the_spread_around_the_scores():
    rng = np.random.default_rng(1)
    scores = rng.normal(0, 3, 2000)
    values = scores + rng.normal(0, 0.5, 2000)
    loss = IntervalNormalLoss.of(values, values, np.ones(2000), np.zeros(2000, dtype=np.intp))
    assert loss.spread[0] == pytest.approx(3.04, rel=0.05)
    assert loss.adjusted(scores).spread[0] == pytest.approx(0.5, rel=0.05)


def test_of__rows_of_the_same_limits_are_as_one_of_their_weight():
    lower, upper = np.array([-INF, 1.0, 2.0, 1.0]), np.array([0.0, 1.0, INF, 1.0])
    drug, weights = np.array([0, 0, 0, 1]), np.array([2.0, 1.0, 3.0, 2.0])
    once = IntervalNormalLoss.of(lower, upper, weights, drug)
    rows = np.array([2, 0, 1, 3, 2, 0, 2])
    parts = np.array([0.5, 1.5, 1.0, 2.0, 1.0, 0.5, 1.5])
    loss = IntervalNormalLoss.of(lower[rows], upper[rows], parts, drug[rows])
    np.testing.assert_allclose(loss.start(), once.start(), rtol=1e-8)
    np.testing.assert_allclose(loss.spread, once.spread, rtol=1e-6)
    scores = np.linspace(-1, 3, len(rows))
    np.testing.assert_allclose(loss.values(scores), once.take(rows).values(scores), rtol=1e-5)
