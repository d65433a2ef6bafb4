from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import check_grad
from scipy.stats import multivariate_normal

from drugresponse.learners.kernel import _automatic_relevance as relevance
from drugresponse.learners.kernel._automatic_relevance import learn_automatic_relevance


@pytest.fixture(scope="module")
def wavy() -> tuple[np.ndarray, np.ndarray]:
    """Two targets that bend in the first column and go straight in the second; the other four say nothing."""
    rng = np.random.default_rng(0)
    columns = rng.normal(size=(150, 6))
    truth = np.column_stack([np.sin(2 * columns[:, 0]), np.cos(2 * columns[:, 0]) + columns[:, 1]])
    return columns, truth + rng.normal(0, 0.2, truth.shape)


def test_automatic_relevance__columns_that_say_nothing_fade(wavy):
    kernels = learn_automatic_relevance(*wavy, np.full(6, 0.3), n_draws=2, n_rows=120, random_state=0)
    for kernel in kernels:
        assert kernel.widths[0] > 3 * kernel.widths[1] > 3 * kernel.widths[2:].max()


def test_automatic_relevance__slope_is_that_of_the_likelihood(wavy):
    columns, targets = wavy[0][:40], wavy[1][:40] - wavy[1][:40].mean(axis=0)
    first = np.full(6, 0.3)
    at = np.log([0.8, 0.5, 0.1, 0.2, 0.3, 0.1, 0.4])
    arguments = (columns, targets, first)
    error = check_grad(
        lambda x: relevance._minus_log_likelihood(x, *arguments)[0],
        lambda x: relevance._minus_log_likelihood(x, *arguments)[1],
        at,
    )
    assert error < 1e-3


def test_automatic_relevance__loss_is_the_density_of_the_targets(wavy):
    """For a target alone: the density of a normal distribution, at the best of the noises, but for a constant."""
    columns, target = wavy[0][:30], wavy[1][:30, :1]
    widths, linear = np.full(6, 0.4), 0.2
    scaled = columns * widths
    apart = ((scaled[:, None] - scaled[None]) ** 2).sum(axis=2)
    kernel = np.exp(-apart) + linear * scaled @ scaled.T
    densities = []
    for noise in relevance._NOISE:
        shape = kernel + noise * np.eye(30)
        variance = float(target[:, 0] @ np.linalg.solve(shape, target[:, 0])) / 30
        densities.append(multivariate_normal(cov=variance * shape).logpdf(target[:, 0]))
    loss = relevance._minus_log_likelihood(np.log([*widths, linear]), columns, target, widths)[0]
    pull = 6 * relevance._PULL
    assert loss - pull + 15 * (1 + np.log(2 * np.pi)) == pytest.approx(-max(densities))


def test_automatic_relevance__unit_of_the_targets_and_order_of_the_draws_do_not_matter(wavy):
    columns, targets = wavy
    one, other = (
        learn_automatic_relevance(columns, scaled, np.full(6, 0.3), n_draws=1, n_rows=100, random_state=0)[0]
        for scaled in (targets, 1000 * targets + 7)
    )
    np.testing.assert_allclose(one.widths, other.widths, rtol=1e-2)


def test_automatic_relevance__silent_columns_and_flat_targets_stay_out(wavy):
    columns, targets = wavy
    first = np.array([0.3, 0.3, 0.0, 0.0, 0.0, 0.0])
    flat = np.column_stack([targets, np.full(len(targets), 3.0)])
    kernel = learn_automatic_relevance(columns, flat, first, n_draws=1, n_rows=100, random_state=0)[0]
    assert kernel.widths[2:].tolist() == [0, 0, 0, 0]
    np.testing.assert_array_equal(
        kernel.widths,
        learn_automatic_relevance(columns, targets, first, n_draws=1, n_rows=100, random_state=0)[0].widths,
    )


def test_automatic_relevance__nothing_to_learn_keeps_what_was_given():
    kernels = learn_automatic_relevance(
        np.ones((5, 2)), np.zeros((5, 1)), np.full(2, 0.3), n_draws=1, n_rows=5, random_state=0
    )
    np.testing.assert_array_equal(kernels[0].widths, [0.3, 0.3])
