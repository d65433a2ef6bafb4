from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.model.forecasts.likelihoods.shrunken import KeyedRows, ShrunkenParameters, fit_shrunken

PRIOR = np.array([[0.0, 0.0], [10.0, 3.0]])


def _fitted(values: np.ndarray, key: np.ndarray) -> ShrunkenParameters:
    """Mean and logarithm of the spread of normal values, by key."""

    def density(parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        ratio = (values - parameters[:, 0]) / np.exp(parameters[:, 1])
        return 0.5 * ratio**2 + parameters[:, 1], np.column_stack([-ratio / np.exp(parameters[:, 1]), 1 - ratio**2])

    rows = KeyedRows(pd.Index([f"d{number}" for number in range(key.max() + 1)]), key, np.ones(len(values)))
    return fit_shrunken(density, rows, PRIOR)


def test_fit_shrunken__drugs_that_differ_keep_their_own() -> None:
    rng = np.random.default_rng(0)
    means, key = rng.normal(0, 2, 20), np.repeat(np.arange(20), 50)

    fitted = _fitted(means[key] + rng.normal(size=1000), key)

    assert np.abs(fitted.by_drug[:20, 0] - means).max() < 0.5
    assert fitted.spread[0] == pytest.approx(np.std(means), rel=0.2)


def test_fit_shrunken__drugs_that_do_not_are_drawn_together() -> None:
    rng = np.random.default_rng(0)
    key, values = np.repeat(np.arange(30), 5), rng.normal(size=150)
    own = np.bincount(key, values) / 5

    fitted = _fitted(values, key)

    assert np.std(fitted.by_drug[:30, 0]) < 0.5 * np.std(own)


def test_fit_shrunken__the_covariance_is_that_of_repeated_draws() -> None:
    key, estimates, told = np.repeat(np.arange(4), 60), [], []
    for seed in range(60):
        values = np.array([-3.0, -1.0, 1.0, 3.0])[key] + np.random.default_rng(seed).normal(size=240)
        fitted = _fitted(values, key)
        estimates.append(fitted.by_drug[0, 0])
        told.append(np.sqrt(fitted.covariance[0, 0, 0]))

    assert np.mean(told) == pytest.approx(np.std(estimates), rel=0.3)
