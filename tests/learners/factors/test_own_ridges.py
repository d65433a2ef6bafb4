from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.factors.own_ridges import OwnRidges
from drugresponse.learners.factors.response_factors import ResponseFactors
from drugresponse.learners.factors.token_spaces import DenseTokens, KernelTokens
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge_solver import fit_ridge
from tests.learners.cohorts import draw_calls, made_pairs, rmse

N_DRUGS = 6
SHARES = (0.5, 0.3)
"""Of the samples in which the first two drugs are measured."""


def made(seed: int, *, at_random: bool = True, own: float = 2.0) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Effects that all drugs share, and of the first two, measured in some samples only, strong ones of their own.

    Returns all pairs, responses and which of them are measured.
    """
    rng = np.random.default_rng(seed)
    calls = draw_calls(500, 80, rng, share=0.15)
    shared = rng.normal(size=80) * (rng.random(80) < 0.3)
    effects = np.outer(shared, rng.uniform(0.7, 1.3, N_DRUGS))
    effects[:, :2] += own * rng.normal(size=(80, 2)) * (rng.random((80, 2)) < 0.2)
    truth = calls @ effects
    values = truth / truth.std() + rng.normal(0, 0.3, truth.shape)
    order = rng.random((500, 2)) if at_random else -values[:, :2] + rng.normal(0, 0.7, (500, 2))
    measured = np.ones(values.shape, dtype=bool)
    measured[:, :2] = order <= np.quantile(order, SHARES, axis=0).diagonal()
    pairs = made_pairs(calls, N_DRUGS)
    return pairs, values[pairs.sample_index, pairs.drug_index], measured[pairs.sample_index, pairs.drug_index]


def error_ratios(learner: PairRegressor, pairs: Pairs, y: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """`(n_drugs,)` error on all responses of new samples, by that of a ridge for each drug on its measured rows."""
    predicted = np.zeros((2, len(y)))
    calls = pairs.genotypes.dense().astype(float)
    for train, test in make_folds(pairs, "new-samples", 3, 0):
        known = train[measured[train]]
        predicted[0, test] = clone(learner).fit(pairs[known], y[known]).predict(pairs[test])
        for drug in range(N_DRUGS):
            rows, new = known[pairs.drug_index[known] == drug], test[pairs.drug_index[test] == drug]
            penalties = 10.0 ** np.arange(-2, 4.01, 0.5)
            fit = fit_ridge(calls[pairs.sample_index[rows]], y[rows][:, None], penalties=penalties)
            predicted[1, new] = (calls[pairs.sample_index[new]] @ fit.coefficients + fit.intercepts)[:, 0]
    squares = (predicted - y) ** 2
    ours, plain = (np.bincount(pairs.drug_index, square) for square in squares)
    return np.sqrt(ours / plain)


@pytest.mark.parametrize("at_random", [True, False])
@pytest.mark.parametrize("seed", [0, 1])
def test_ridge__a_drug_measured_in_few_samples_is_told_as_well_as_by_a_ridge_of_its_own(seed, at_random):
    ratios = error_ratios(FactorRidge(), *made(seed, at_random=at_random))
    assert (ratios < 1.03).all(), ratios.round(3)
    assert ratios.mean() < 0.98


def test_refill__holes_come_near_to_what_was_not_measured():
    pairs, y, measured = made(0)
    truth = np.zeros((500, N_DRUGS))
    truth[pairs.sample_index, pairs.drug_index] = y
    grid, tokens, targets = parts(pairs, y, measured)
    refilled = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(500)).refill(targets, 256)
    for drug in (0, 1):
        holes = grid.weights[:, drug] == 0
        before, after = (each.values @ each.loadings[drug] + grid.drug_effects[drug] for each in (targets, refilled))
        assert rmse(after[holes], truth[holes, drug] - grid.overall) < 0.6 * rmse(
            before[holes], truth[holes, drug] - grid.overall
        )
    known = grid.weights > 0
    np.testing.assert_allclose((refilled.values @ refilled.loadings.T)[known], targets.responses[known], atol=1e-9)


def test_refill__a_table_without_holes_stays():
    pairs, y, _ = made(0)
    grid, tokens, targets = parts(pairs, y, np.ones(len(y), dtype=bool))
    assert OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(500)).refill(targets, 256) is targets


def test_mix__gives_a_drug_of_its_own_its_own_ridge_and_leaves_noise_with_the_shared_one():
    pairs, y, measured = made(0)
    grid, tokens, targets = parts(pairs, y, measured)
    own = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(500))
    mixed = own.mix(targets, np.zeros(targets.values.shape))
    table = mixed.left_out @ targets.loadings.T
    np.testing.assert_allclose(table[:, own.drugs], own.left_out, rtol=0.05, atol=0.05)
    noise = np.random.default_rng(0).normal(size=len(y))
    grid, tokens, targets = parts(pairs, noise, measured)
    own = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(500))
    assert np.abs(own.mix(targets, np.zeros(targets.values.shape)).left_out).max() < 0.3


def test_own_ridges__are_the_same_by_kernels():
    pairs, y, measured = made(0)
    grid, tokens, targets = parts(pairs, y, measured)
    kernels = KernelTokens(np.zeros((500, 0)), {"mutation": tokens.inputs @ tokens.inputs.T})
    fits = [OwnRidges.fit(space, targets, grid.row_weights, np.arange(500)) for space in (tokens, kernels)]
    for name in ("intercepts", "left_out", "shared"):
        np.testing.assert_allclose(*(getattr(fit, name) for fit in fits), atol=1e-6)
    tables = [space.inputs @ fit.coefficients for space, fit in zip((tokens, kernels), fits, strict=True)]
    np.testing.assert_allclose(*tables, atol=1e-6)


def test_own_ridges__drugs_of_the_same_samples_are_all_had_for_the_price_of_one():
    pairs, y, measured = made(0)
    grid, tokens, targets = parts(pairs, y, measured)
    fit = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(500))
    assert sorted(fit.drugs) == list(range(N_DRUGS))
    assert list(fit.drugs[:2]) == [1, 0]


def test_own_ridges__of_a_small_screen_in_two_panels_every_drug_has_one_and_is_filled_by_it():
    """Few rows of a drug are sure of little; all drugs together are."""
    rng = np.random.default_rng(0)
    n, n_drugs = 160, 28
    calls = draw_calls(n, 80, rng, share=0.15)
    axes = rng.normal(size=(80, 4)) * (rng.random((80, 4)) < 0.3)
    truth = calls @ axes @ rng.normal(size=(4, n_drugs))
    values = truth / truth.std() + rng.normal(0, 0.5, truth.shape)
    panel = (np.arange(n)[:, None] % 2 == np.arange(n_drugs) % 2) & (rng.random(values.shape) < 0.9)
    pairs = made_pairs(calls, n_drugs)
    at = (pairs.sample_index, pairs.drug_index)
    grid, tokens, targets = parts(pairs, values[at], panel[at])
    fit = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(n))
    assert sorted(fit.drugs) == list(range(n_drugs))
    assert np.isfinite(fit.completed).all()
    noise = np.random.default_rng(1).normal(size=len(pairs.sample_index))
    grid, tokens, targets = parts(pairs, noise, panel[at])
    nothing = OwnRidges.fit(tokens, targets, grid.row_weights, np.arange(n))
    assert np.isfinite(nothing.completed).all(axis=0).mean() < 0.3


def parts(pairs: Pairs, y: np.ndarray, measured: np.ndarray) -> tuple[ResponseGrid, DenseTokens, ResponseFactors]:
    grid = ResponseGrid.build(pairs[np.flatnonzero(measured)], y[measured], None)
    calls = pairs.genotypes.dense().astype(float)
    tokens = (calls - calls.mean(axis=0)) / np.sqrt(((calls - calls.mean(axis=0)) ** 2).sum(axis=1).mean())
    return grid, DenseTokens(tokens, {"mutation": np.arange(80)}), ResponseFactors.of(grid, 256, 0)
