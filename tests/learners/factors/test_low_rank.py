from __future__ import annotations

import numpy as np
import pytest

from drugresponse.learners.factors._low_rank import choose_rank, factorise


def planted(rank: int, noise: float, seed: int = 0, holes: float = 0.3) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.normal(size=(60, rank)) @ rng.normal(size=(rank, 25)) * 2
    weights = (rng.random(truth.shape) >= holes).astype(float)
    return truth, np.where(weights > 0, truth + rng.normal(0, noise, truth.shape), 0.0), weights


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_choose_rank__finds_planted_rank_in_spite_of_holes(rank):
    _, table, weights = planted(rank, noise=0.3)
    assert choose_rank(table, weights, 10, 0)[0] == rank


def test_factorise__fills_holes():
    truth, table, weights = planted(2, noise=0.3)
    samples, drugs = factorise(table, weights, 2)
    holes = weights == 0
    assert np.corrcoef((samples @ drugs.T)[holes], truth[holes])[0, 1] > 0.98


@pytest.mark.parametrize("seed", range(4))
def test_choose_rank__noise_has_rank_0(seed):
    rng = np.random.default_rng(seed)
    weights = (rng.random((60, 25)) > 0.3).astype(float)
    rank, errors = choose_rank(rng.normal(size=(60, 25)), weights, 10, 0)
    assert rank == 0
    assert errors[0] == min(errors.values())


def test_choose_rank__nothing_left_has_rank_0():
    assert choose_rank(np.zeros((10, 4)), np.ones((10, 4)), 5, 0)[0] == 0


def test_factorise__what_stands_in_a_cell_without_weight_does_not_matter():
    _, table, weights = planted(2, noise=0.3)
    other = np.where(weights > 0, table, 1e6)
    for a, b in zip(factorise(table, weights, 3), factorise(other, weights, 3), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-10)
    assert choose_rank(table, weights, 5, 0) == choose_rank(other, weights, 5, 0)


def test_factorise__drug_factors_are_orthonormal_and_ordered():
    _, table, weights = planted(3, noise=0.3)
    samples, drugs = factorise(table, weights, 3)
    np.testing.assert_allclose(drugs.T @ drugs, np.eye(3), atol=1e-10)
    strength = np.linalg.norm(samples, axis=0)
    assert (np.diff(strength) < 0).all()
    assert (drugs[np.abs(drugs).argmax(axis=0), range(3)] > 0).all()


@pytest.mark.parametrize("unit", [1e-8, 0.1, 1e3])
def test_factorise__unit_of_the_response_does_not_matter(unit):
    _, table, weights = planted(2, noise=1.0)
    assert choose_rank(table * unit, weights, 5, 0)[0] == choose_rank(table, weights, 5, 0)[0]
    samples, drugs = factorise(table, weights, 2)
    scaled_samples, scaled_drugs = factorise(table * unit, weights, 2)
    np.testing.assert_allclose(scaled_samples, samples * unit, rtol=1e-6, atol=1e-9 * unit)
    np.testing.assert_allclose(scaled_drugs, drugs, rtol=1e-6, atol=1e-9)


def test_factorise__heavy_cells_count_more():
    rng = np.random.default_rng(0)
    light, heavy = np.outer(rng.normal(size=40), [1.0, 1, 1, 1]), np.outer(rng.normal(size=40), [1.0, 1, 1, 1])
    table = np.hstack([light, heavy])
    weights = np.hstack([np.full((40, 4), 0.01), np.ones((40, 4))])
    samples = factorise(table, weights, 1)[0]
    assert abs(np.corrcoef(samples[:, 0], heavy[:, 0])[0, 1]) > 0.95


def test_factorise__rank_is_cut_to_the_smaller_side():
    samples, drugs = factorise(np.arange(12.0).reshape(6, 2), np.ones((6, 2)), 9)
    assert (samples.shape, drugs.shape) == ((6, 2), (2, 2))
