"""The share of a network that held-out rows tell of, drawn to 0 where they leave it unsure."""

from __future__ import annotations

import numpy as np
import pytest

from drugresponse.learners.neural._held_out_share import shrunken_share

SHARES = np.linspace(0.1, 1.0, 10)


def share_of(residual, network, groups=None):
    gains = residual**2 - (residual - SHARES[:, None] * network) ** 2
    return shrunken_share(gains, SHARES, np.ones(len(residual)), np.arange(len(residual)) if groups is None else groups)


def drawn(true, n_rows, seed, unit=1.0):
    rng = np.random.default_rng(seed)
    network = rng.normal(size=n_rows) * unit
    return rng.normal(size=n_rows) + true * network, network


@pytest.mark.parametrize("true", [0.3, 0.8])
def test_share__is_the_true_one_where_rows_are_many(true):
    share, drop = share_of(*drawn(true, 20_000, 0))
    assert share == pytest.approx(true, abs=0.03)
    assert drop == pytest.approx(true**2, abs=0.06)


def test_share__of_noise_is_nothing_or_little():
    shares = np.array([share_of(*drawn(0.0, 200, seed))[0] for seed in range(200)])
    assert (shares == 0).mean() > 0.75
    # what unshrunken ones that are above 0 would be: half of the variance of 1 / 200
    assert (shares**2).mean() < 0.6 * 0.5 / 200


def test_share__of_weak_signals_errs_less_than_all_or_nothing_beyond_two_standard_errors():
    true = 1.5 / np.sqrt(200)
    errors = []
    for seed in range(200):
        residual, network = drawn(true, 200, seed)
        least = float(residual @ network / (network @ network))
        gate = least if least > 2 / np.sqrt(200) else 0.0
        errors.append([(share_of(residual, network)[0] - true) ** 2, (gate - true) ** 2])
    shrunken, gated = np.mean(errors, axis=0)
    assert shrunken < 0.8 * gated


def test_share__never_leaves_its_bounds():
    residual, network = drawn(5.0, 300, 0)
    assert share_of(residual, network)[0] == 1.0
    assert share_of(-residual, network) == (0.0, 0.0)
    assert share_of(residual, np.zeros(300)) == (0.0, 0.0)


def test_share__rows_of_one_group_are_one_observation():
    residual, network = drawn(0.12, 200, 3)
    doubled = share_of(np.repeat(residual, 4), np.repeat(network, 4), np.repeat(np.arange(200), 4))
    assert doubled[0] == pytest.approx(share_of(residual, network)[0])
    assert share_of(np.repeat(residual, 4), np.repeat(network, 4))[0] > doubled[0]
