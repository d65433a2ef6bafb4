from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import norm

from drugresponse.learners.paired_gain import paired_gain_interval, paired_gain_over_noise, squared_errors


def test_paired_gain_interval__holds_the_truth_nineteen_times_in_twenty():
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(60), 5)
    covered = []
    for _ in range(1000):
        # rows of a group err together: with rows as units the interval would be half as wide
        gains = 0.2 + np.repeat(rng.normal(size=60), 5) + 0.3 * rng.normal(size=300)
        _, lower, upper = paired_gain_interval(gains, np.zeros(300), np.ones(300), groups)
        covered.append(lower <= 0.2 <= upper)
    assert np.mean(covered) == pytest.approx(0.95, abs=0.025)


def test_paired_gain_interval__mean_is_weighted_and_agrees_with_the_gain_over_noise():
    rng = np.random.default_rng(1)
    before, after, weights, groups = rng.random(40) + 0.3, rng.random(40), rng.uniform(0.5, 2, 40), np.arange(40) // 4
    mean, lower, upper = paired_gain_interval(before, after, weights, groups)
    assert mean == pytest.approx(np.average(before - after, weights=weights))
    assert upper - mean == pytest.approx(mean - lower)
    assert mean / ((upper - lower) / 2 / 1.959964) == pytest.approx(
        paired_gain_over_noise(before, after, weights, groups)
    )
    turned = paired_gain_interval(after, before, weights, groups)
    assert turned == pytest.approx((-mean, -upper, -lower))


def test_squared_errors__of_censored_rows_are_the_likelihoods():
    y, predicted = np.full(4, 2.0), np.array([5.0, 2.0, -1.0, 60.0])
    np.testing.assert_array_equal(squared_errors(y, predicted), (y - predicted) ** 2)
    for side in (1, -1):
        losses = squared_errors(y, predicted, np.array([side, side, side, 0], dtype=np.int8), sigma=1.5)
        chance = norm.sf(side * (y[:3] - predicted[:3]) / 1.5)
        np.testing.assert_allclose(np.exp(-losses[:3] / (2 * 1.5**2)), chance)
        assert losses[3] == 58.0**2


def test_squared_errors__far_from_the_limit():
    losses = squared_errors(np.zeros(2), np.array([1e4, -1e4]), np.ones(2, dtype=np.int8), sigma=0.1)
    assert losses[0] == 0.0
    assert losses[1] == pytest.approx(1e8, rel=1e-6)


def test_squared_errors__are_least_at_the_truth_where_half_is_censored():
    # a loss that forgives all that lies beyond the limit would be least well below the truth
    noisy = np.random.default_rng(0).normal(1.0, 0.5, 20_000)
    censor = (noisy > 1.0).astype(np.int8)
    guesses = np.linspace(0, 2, 81)
    losses = [squared_errors(np.minimum(noisy, 1.0), np.full(20_000, g), censor, 0.5).mean() for g in guesses]
    assert guesses[int(np.argmin(losses))] == pytest.approx(1.0, abs=0.03)
