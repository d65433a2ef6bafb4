"""Covariance of residuals over drugs, and the Gaussian update by pilot measurements."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from drugresponse.errors import ModelFileError
from drugresponse.learners.factors.drug_covariance import DrugCovariance


def planted(
    n_samples: int, n_drugs: int, rank: int = 2, *, filled: float = 1.0, seed: int = 0
) -> tuple[NDArray, NDArray, NDArray]:
    """Residuals, weights, and the covariance that they were drawn from."""
    rng = np.random.default_rng(seed)
    loadings = rng.normal(0.5, 1.0, (n_drugs, rank))
    residuals = rng.normal(size=(n_samples, rank)) @ loadings.T + rng.normal(size=(n_samples, n_drugs))
    weights = (rng.random(residuals.shape) < filled).astype(np.float64)
    return np.where(weights > 0, residuals, 1e6), weights, loadings @ loadings.T + np.eye(n_drugs)


def dense(covariance: DrugCovariance) -> NDArray:
    return covariance.loadings @ covariance.loadings.T + np.diag(covariance.noise)


@pytest.mark.parametrize(("filled", "error"), [(1.0, 0.1), (0.5, 0.12), (0.2, 0.25)])
def test_fit__finds_a_planted_covariance_in_spite_of_holes(filled, error):
    residuals, weights, truth = planted(1500, 12, filled=filled)
    estimate = dense(DrugCovariance.fit(residuals, weights))
    assert np.linalg.norm(estimate - truth) < error * np.linalg.norm(truth)


def test_fit__drops_factors_that_the_data_do_not_support():
    residuals = np.random.default_rng(0).normal(size=(40, 30))
    covariance = DrugCovariance.fit(residuals, np.ones((40, 30)))
    shift = covariance.update(residuals, np.where(np.arange(30) < 15, 1.0, 0.0) * np.ones((40, 1))).shift
    assert np.sqrt(np.mean(shift[:, 15:] ** 2)) < 0.15


def test_fit__is_the_same_in_any_unit():
    residuals, weights, _ = planted(200, 6, filled=0.7)
    small, large = DrugCovariance.fit(residuals, weights), DrugCovariance.fit(1000 * residuals, weights)
    assert np.allclose(1e6 * dense(small), dense(large), rtol=1e-6)


def test_fit__does_not_depend_on_the_order_of_samples_and_drugs():
    residuals, weights, _ = planted(200, 6, filled=0.7)
    rows, columns = np.random.default_rng(1).permutation(200), np.random.default_rng(2).permutation(6)
    shuffled = DrugCovariance.fit(residuals[rows][:, columns], weights[rows][:, columns])
    assert np.allclose(dense(shuffled), dense(DrugCovariance.fit(residuals, weights))[np.ix_(columns, columns)])


def test_fit__residuals_of_nothing_leave_predictions_alone():
    covariance = DrugCovariance.fit(np.zeros((20, 3)), np.ones((20, 3)))
    assert not covariance.update(np.ones((1, 3)), np.ones((1, 3))).shift.any()


def test_fit__draws_a_drug_with_few_rows_towards_the_others():
    residuals, weights, _ = planted(300, 8, rank=1)
    weights[3:, 0] = 0.0
    residuals[:3, 0] = [30.0, -30.0, 30.0]
    covariance = DrugCovariance.fit(residuals, weights)
    others = np.abs(dense(covariance)[1:, 1:])
    assert np.abs(dense(covariance)[0, 1:]).max() < 3 * others.max()


def test_fit__a_drug_with_few_rows_is_held_for_noisy():
    residuals, weights, _ = planted(300, 8, rank=1)
    weights[2:, 0] = 0.0
    covariance = DrugCovariance.fit(residuals, weights)
    known = DrugCovariance.fit(residuals, np.ones(weights.shape))
    assert covariance.noise[0] > 1.2 * known.noise[0]


def test_update__is_gaussian_conditioning():
    rng = np.random.default_rng(0)
    covariance = DrugCovariance(rng.normal(size=(6, 2)), rng.uniform(0.5, 2, 6))
    pilots, others, residual = [0, 3, 4], [1, 2, 5], rng.normal(size=6)
    weights = np.isin(np.arange(6), pilots).astype(np.float64)[None]
    posterior = covariance.update(residual[None], weights)
    whole = dense(covariance)
    gain = np.linalg.solve(whole[np.ix_(pilots, pilots)], whole[np.ix_(pilots, others)]).T
    left = np.diag(whole[np.ix_(others, others)] - gain @ whole[np.ix_(pilots, others)])
    assert np.allclose(posterior.shift[0, others], gain @ residual[pilots])
    assert np.allclose(posterior.variance[0, others], left)


def test_complete__a_cell_is_left_out_by_conditioning_on_the_others():
    rng = np.random.default_rng(4)
    covariance = DrugCovariance(rng.normal(size=(5, 2)), rng.uniform(0.5, 2, 5))
    residuals, weights = rng.normal(size=(3, 5)), np.ones((3, 5))
    weights[1, 2] = 0.0
    _, left_out = covariance.complete(residuals, weights)
    whole = dense(covariance)
    for row, drug in np.ndindex(3, 5):
        others = [other for other in range(5) if other != drug and weights[row, other] > 0]
        expected = whole[drug, others] @ np.linalg.solve(whole[np.ix_(others, others)], residuals[row, others])
        assert left_out[row, drug] == pytest.approx(expected)


def test_update__an_exceptional_pilot_counts_as_two_and_a_half_standard_deviations():
    covariance = DrugCovariance(np.ones((2, 1)), np.array([3.0, 3.0]))
    at_most, beyond = (
        covariance.update(np.array([[residual, 0.0]]), np.array([[1.0, 0.0]])).shift for residual in (5.0, 80.0)
    )
    assert np.allclose(at_most, beyond)
    assert at_most[0, 1] == pytest.approx(1.25)


def test_update__without_pilots_changes_nothing():
    covariance = DrugCovariance(np.ones((3, 1)), np.ones(3))
    posterior = covariance.update(np.full((1, 3), np.nan), np.zeros((1, 3)))
    assert not posterior.shift.any()
    assert np.allclose(posterior.variance, 2.0)


def test_update__repeats_count_for_more_than_one_and_for_less_than_two():
    covariance = DrugCovariance(np.ones((2, 1)), np.ones(2))
    once, often, two_drugs = (
        covariance.update(np.array([[1.0, residual]]), np.array([[weight, other]])).factors[0, 0, 0]
        for weight, residual, other in ((1.0, 0.0, 0.0), (50.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    )
    assert once > often > two_drugs


def test_choose_drugs__first_is_the_best_of_all_and_ranks_go_on_from_there():
    rng = np.random.default_rng(3)
    covariance = DrugCovariance(rng.normal(size=(7, 3)), rng.uniform(0.5, 2, 7))
    every = np.arange(7)
    chosen, removed = covariance.choose_drugs(np.eye(3), every, every, 3)

    def left(measured: list[int]) -> float:
        weights = np.isin(every, measured).astype(np.float64)[None]
        variance = covariance.update(np.zeros((1, 7)), weights).variance[0]
        return float(variance[~np.isin(every, measured)].sum())

    before = covariance.update(np.zeros((1, 7)), np.zeros((1, 7))).variance[0]
    gains = [before.sum() - before[drug] - left([drug]) for drug in every]
    assert chosen[0] == int(np.argmax(gains))
    assert removed[0] == pytest.approx(max(gains) / before.sum())
    assert len(set(chosen)) == 3
    given_first = covariance.update(np.zeros((1, 7)), np.isin(every, chosen[:1]).astype(np.float64)[None])
    rest = np.setdiff1d(every, chosen[:1])
    again, _ = covariance.choose_drugs(given_first.factors[0], rest, rest, 2)
    assert again == chosen[1:]


def test_choose_drugs__only_candidates_and_no_more_than_there_are():
    covariance = DrugCovariance(np.ones((4, 1)), np.array([1.0, 2, 3, 4]))
    chosen, _ = covariance.choose_drugs(np.eye(1), np.array([3, 2]), np.arange(4), 5)
    assert chosen == [2, 3]


def test_from_state__refuses_another_number_of_drugs():
    state = DrugCovariance(np.ones((4, 1)), np.ones(4)).get_state()
    assert DrugCovariance.from_state(state, 4).noise.shape == (4,)
    with pytest.raises(ModelFileError, match='the array "noise" has shape'):
        DrugCovariance.from_state(state, 5)
