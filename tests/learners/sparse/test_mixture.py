from __future__ import annotations

import numpy as np
import pytest

from drugresponse.learners.sparse._mixture import Moments, fit_mixture


def moments_of(x: np.ndarray, y: np.ndarray, *, always: int = 0, n_unseen: int = 0) -> Moments:
    x, y = x - x.mean(axis=0), y - y.mean(axis=0)
    return Moments(x.T @ x, y.T @ x, (y**2).sum(axis=0), float(len(x)), always, n_unseen)


def test_fit_mixture__few_effects_among_many_columns_and_the_noise():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(600, 400))
    truth = np.zeros((400, 2))
    truth[[3, 50], 0], truth[[50, 200], 1] = (1.0, -0.5), (0.5, 0.8)
    fit = fit_mixture(moments_of(x, x @ truth + rng.normal(size=(600, 2)) * [1.0, 2.0]))
    np.testing.assert_allclose(fit.effects.T, truth, atol=0.2)
    assert np.abs(fit.effects.T[truth == 0]).mean() < 2e-3
    np.testing.assert_allclose(np.sqrt(fit.noise), [1.0, 2.0], rtol=0.1)


def test_fit_mixture__many_small_effects_are_shrunk_as_by_a_ridge():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(500, 200))
    truth = rng.normal(size=200) * 0.1
    y = x @ truth + rng.normal(size=500)
    fit = fit_mixture(moments_of(x, y[:, None]))
    ridge = np.linalg.solve(x.T @ x + 100 * np.eye(200), x.T @ y)
    loss = [float(((effects - truth) ** 2).sum()) for effects in (fit.effects[0], ridge, 0 * truth)]
    assert loss[0] < 1.15 * loss[1] < loss[2]


def test_fit_mixture__columns_that_are_always_in_are_not_shrunk_away():
    rng = np.random.default_rng(2)
    group = rng.integers(0, 3, 300)
    tissue = (group[:, None] == np.arange(3)).astype(float)
    x = np.hstack([tissue, rng.normal(size=(300, 50)) + group[:, None]])
    y = np.array([0.0, 0.3, -0.3])[group] + rng.normal(size=300)
    kept, free = (fit_mixture(moments_of(x, y[:, None], always=n, n_unseen=5000)).effects[0] for n in (3, 0))
    assert np.ptp(kept[:3]) > 0.3
    assert np.ptp(free[:3]) < 0.1
    # and alone they are a ridge of the penalty that was learned
    alone = fit_mixture(moments_of(tissue, y[:, None], always=3))
    means = np.array([y[group == each].mean() for each in range(3)])
    assert np.corrcoef(alone.effects[0], means)[0, 1] > 0.99


def test_fit_mixture__columns_that_were_not_looked_at_make_effects_rarer():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(200, 30))
    y = 0.25 * x[:, :1] + rng.normal(size=(200, 1))
    few, many = (fit_mixture(moments_of(x, y, n_unseen=n)).effects[0, 0] for n in (0, 100_000))
    assert many < 0.6 * few


@pytest.mark.parametrize("y", [np.zeros(20), np.arange(20.0)])
def test_fit_mixture__nothing_to_learn_from_or_no_noise(y):
    x = np.column_stack([np.arange(20.0), np.ones(20), np.arange(20.0)])
    fit = fit_mixture(moments_of(x, y[:, None]))
    assert np.isfinite(fit.effects).all()
    assert np.isfinite(fit.noise).all()
    np.testing.assert_allclose((x - x.mean(axis=0)) @ fit.effects[0], y - y.mean(), atol=0.05)


def test_fit_mixture__a_target_is_fitted_as_if_it_were_alone():
    """One that is soon done, one that takes long, and one of noise: none changes what becomes of another."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(150, 5)) @ rng.normal(size=(5, 60)) + 0.5 * rng.normal(size=(150, 60))
    y = np.column_stack([x[:, 3] + rng.normal(size=150), x @ rng.normal(size=60), rng.normal(size=150)])
    together = fit_mixture(moments_of(x, y, always=2))
    for at in range(3):
        alone = fit_mixture(moments_of(x, y[:, [at]], always=2))
        np.testing.assert_allclose(together.effects[at], alone.effects[0], atol=1e-9)
        np.testing.assert_allclose(together.noise[at], alone.noise[0], rtol=1e-9)
