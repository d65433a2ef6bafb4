from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import Ridge

from drugresponse.learners.ridge_solver import PENALTIES, fit_kernel_ridge, fit_ridge, kernel_errors


def made(n: int, p: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    tokens = rng.normal(size=(n, p)) / np.sqrt(p) + 0.5
    truth = rng.normal(size=(p, 3))
    targets = 7 + tokens @ truth + rng.normal(0, [0.1, 1.0, 5.0], size=(n, 3))
    return tokens, targets, rng.uniform(0.2, 3.0, n)


def reference(tokens, targets, weights, penalty) -> Ridge:
    return Ridge(alpha=penalty).fit(tokens, targets, sample_weight=weights / weights.mean())


@pytest.mark.parametrize("shape", [(40, 6), (25, 60), (30, 30)])
@pytest.mark.parametrize("penalty", [0.01, 1.0, 100.0])
def test_fit_ridge__is_the_ridge_of_scikit_learn(shape, penalty):
    tokens, targets, weights = made(*shape)
    fit = fit_ridge(tokens, targets, weights=weights, penalties=np.array([penalty]))
    expected = reference(tokens, targets, weights, penalty)
    np.testing.assert_allclose(fit.coefficients, expected.coef_.T, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(fit.intercepts, expected.intercept_, rtol=1e-8)


def test_fit_ridge__equal_weights_are_no_weights():
    tokens, targets, _ = made(30, 8)
    weighted, plain = fit_ridge(tokens, targets, weights=np.full(30, 4.0)), fit_ridge(tokens, targets)
    np.testing.assert_allclose(weighted.coefficients, plain.coefficients, rtol=1e-10)
    np.testing.assert_allclose(weighted.left_out, plain.left_out, rtol=1e-10)


@pytest.mark.parametrize("shape", [(24, 5), (18, 40)])
def test_fit_ridge__left_out_is_a_refit_without_the_row(shape):
    tokens, targets, weights = made(*shape)
    fit = fit_ridge(tokens, targets, weights=weights, penalties=np.array([0.7]))
    scaled = weights / weights.mean()
    for row in range(len(tokens)):
        rest = np.arange(len(tokens)) != row
        refit = Ridge(alpha=0.7).fit(tokens[rest], targets[rest], sample_weight=scaled[rest])
        np.testing.assert_allclose(fit.left_out[row], refit.predict(tokens[[row]])[0], rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("shape", [(24, 5), (18, 40)])
def test_fit_ridge__left_out_is_a_refit_without_the_group(shape):
    tokens, targets, weights = made(*shape)
    groups = np.array(list("aabbbccdefghijklmnopqrst"))[: len(tokens)]
    fit = fit_ridge(tokens, targets, weights=weights, groups=groups, penalties=np.array([0.7]))
    scaled = weights / weights.mean()
    for group in set(groups):
        rest = groups != group
        refit = Ridge(alpha=0.7).fit(tokens[rest], targets[rest], sample_weight=scaled[rest])
        np.testing.assert_allclose(fit.left_out[~rest], refit.predict(tokens[~rest]), rtol=1e-5, atol=1e-6)


def test_fit_ridge__penalty_of_each_target_leaves_least_error_out():
    tokens, targets, weights = made(40, 10)
    groups = np.repeat(np.arange(20), 2)
    fit = fit_ridge(tokens, targets, weights=weights, groups=groups)
    errors = np.array(
        [
            fit_ridge(tokens, targets, weights=weights, groups=groups, penalties=np.array([penalty])).errors
            for penalty in PENALTIES
        ]
    )
    np.testing.assert_allclose(fit.errors, errors.min(axis=0))
    np.testing.assert_array_equal(fit.penalties, PENALTIES[errors.argmin(axis=0)])
    assert fit.penalties[0] < fit.penalties[2]  # little noise asks for little shrinkage
    missed = (weights / weights.mean())[:, None] * (targets - fit.left_out) ** 2
    np.testing.assert_allclose(fit.errors, missed.mean(axis=0), rtol=1e-6)


@pytest.mark.parametrize(("n_tokens", "passed_over"), [(12, False), (18, True)])
def test_fit_ridge__penalties_that_leave_less_than_a_fifth_of_the_freedom_are_passed_over(n_tokens, passed_over):
    """Without noise the least penalty is best, unless nearly every row has a token of its own."""
    rng = np.random.default_rng(0)
    tokens = rng.normal(size=(20, n_tokens)) / np.sqrt(n_tokens)
    fit = fit_ridge(tokens, tokens @ rng.normal(size=(n_tokens, 1)))
    assert (fit.penalties[0] > PENALTIES.min()) == passed_over


def test_fit_ridge__more_tokens_than_rows_gives_the_same_as_fewer():
    tokens, targets, weights = made(20, 12)
    # tokens that are 0 everywhere say nothing, and turn the problem round
    padded = np.hstack([tokens, np.zeros((20, 30))])
    few, many = fit_ridge(tokens, targets, weights=weights), fit_ridge(padded, targets, weights=weights)
    np.testing.assert_allclose(many.coefficients[:12], few.coefficients, rtol=1e-6, atol=1e-9)
    np.testing.assert_array_equal(many.coefficients[12:], 0)
    np.testing.assert_allclose(many.left_out, few.left_out, rtol=1e-6)
    np.testing.assert_array_equal(many.penalties, few.penalties)


def test_fit_ridge__without_tokens_predicts_the_mean():
    _, targets, weights = made(20, 3)
    fit = fit_ridge(np.zeros((20, 0)), targets, weights=weights)
    assert fit.coefficients.shape == (0, 3)
    np.testing.assert_allclose(fit.intercepts, np.average(targets, axis=0, weights=weights))


@pytest.mark.parametrize("grouped", [False, True])
def test_fit_kernel_ridge__is_the_ridge_of_the_tokens(grouped):
    rng = np.random.default_rng(0)
    tokens, targets = rng.normal(size=(40, 60)) / 8, rng.normal(size=(40, 2))
    known = {"weights": rng.uniform(0.5, 2, 40), "groups": np.arange(40) // 2 if grouped else None}
    expected = fit_ridge(tokens, targets, **known)
    fit = fit_kernel_ridge(tokens @ tokens.T, targets, **known)
    assert np.allclose(tokens.T @ fit.coefficients, expected.coefficients)
    for name in ("intercepts", "left_out", "penalties", "errors"):
        assert np.allclose(getattr(fit, name), getattr(expected, name)), name


@pytest.mark.parametrize("scales", [(1.0, 1.0), (2.5, 0.4), (0.1, 6.0)])
def test_kernel_errors__are_those_of_the_kernel_with_the_few_tokens(scales):
    rng = np.random.default_rng(0)
    tokens, side, targets = rng.normal(size=(40, 60)) / 8, rng.normal(size=(40, 3)), rng.normal(size=(40, 2))
    known = {"weights": rng.uniform(0.5, 2, 40), "groups": np.arange(40) // 2, "penalties": np.array([0.1, 1.0, 10.0])}
    kernel = tokens @ tokens.T
    whole = scales[0] ** 2 * side @ side.T + scales[1] ** 2 * kernel
    expected = fit_kernel_ridge(whole, targets, **known).errors
    assert np.allclose(kernel_errors(kernel, side, targets, **known)(*scales), expected)
