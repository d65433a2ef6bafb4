from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.factors.response_factors import ResponseFactors
from tests.learners.cohorts import draw_calls, made_pairs


def made(n_samples: int = 40, n_drugs: int = 6, share: float = 1.0, rank: int = 2) -> tuple[Pairs, np.ndarray]:
    """Planted factors and a general effect, with holes where the share is below 1."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(n_samples, rank)) @ rng.normal(size=(rank, n_drugs)) * 2 + rng.normal(size=(n_samples, 1))
    keep = rng.random(truth.shape) < share
    keep[:, 0] = True
    pairs = made_pairs(draw_calls(n_samples, 3, rng), n_drugs, keep=keep)
    return pairs, truth[pairs.sample_index, pairs.drug_index] + rng.normal(0, 0.2, len(pairs))


def split(pairs: Pairs, y: np.ndarray, rank: int = 256) -> tuple[ResponseGrid, ResponseFactors]:
    grid = ResponseGrid.build(pairs, y, None)
    return grid, ResponseFactors.of(grid, rank, 0)


def test_response_factors__give_the_cells_of_a_full_grid_back():
    pairs, y = made()
    grid, targets = split(pairs, y)
    total = grid.overall + grid.drug_effects + targets.values @ targets.loadings.T
    np.testing.assert_allclose(total[pairs.sample_index, pairs.drug_index], y, atol=1e-10)
    assert targets.rank == 5  # what six drugs have beside the general effect


def test_response_factors__give_measured_cells_back_where_there_are_holes():
    pairs, y = made(share=0.7)
    grid, targets = split(pairs, y)
    total = grid.overall + grid.drug_effects + targets.values @ targets.loadings.T
    np.testing.assert_allclose(total[pairs.sample_index, pairs.drug_index], y, atol=1e-10)


def test_response_factors__holes_are_filled_from_the_other_cells():
    pairs, y = made(80, 12, share=0.8)
    # the same planted responses, nothing missing
    full, complete = made(80, 12)
    truth = np.zeros((80, 12))
    truth[full.sample_index, full.drug_index] = complete
    grid, targets = split(pairs, y)
    assert targets.fill_rank >= 1
    total = grid.overall + grid.drug_effects + targets.values @ targets.loadings.T
    holes = grid.weights == 0
    assert np.sqrt(np.mean((total - truth)[holes] ** 2)) < 0.5 * truth[holes].std()


def test_response_factors__first_column_is_the_general_effect_and_costs_each_drug_the_same():
    grid, targets = split(*made(share=0.8))
    np.testing.assert_array_equal(targets.values[:, 0], grid.general)
    np.testing.assert_array_equal(targets.loadings[:, 0], 1)
    assert targets.importance[0] == 6
    np.testing.assert_allclose(targets.importance[1:], 1)


def test_response_factors__axes_are_orthonormal_ordered_and_point_one_way():
    _, targets = split(*made(share=0.8))
    axes = targets.loadings[:, 1:]
    np.testing.assert_allclose(axes.T @ axes, np.eye(targets.rank), atol=1e-10)
    assert (np.diff(np.linalg.norm(targets.values[:, 1:], axis=0)) < 0).all()
    assert (axes[np.abs(axes).argmax(axis=0), range(targets.rank)] > 0).all()


def test_response_factors__rank_cuts_the_least_axes():
    pairs, y = made(share=0.8)
    all_axes, few, none = (split(pairs, y, rank)[1] for rank in (256, 2, 0))
    assert (few.rank, none.rank) == (2, 0)
    assert none.values.shape == (40, 1)
    assert few.loadings.shape == (6, 3)
    full, _ = split(*made())
    np.testing.assert_allclose(ResponseFactors.of(full, 2, 0).values, ResponseFactors.of(full, 256, 0).values[:, :3])
    assert all_axes.rank >= 5


def test_response_factors__one_drug_has_no_axis():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 3, rng), 1)
    grid, targets = split(pairs, rng.normal(size=30))
    assert targets.rank == 0
    np.testing.assert_array_equal(targets.values[:, 0], grid.general)


def test_response_factors__one_drug_for_each_sample_has_no_axis():
    rng = np.random.default_rng(0)
    keep = np.arange(3) == (np.arange(30) % 3)[:, None]
    pairs = made_pairs(draw_calls(30, 3, rng), 3, keep=keep)
    assert split(pairs, rng.normal(size=30))[1].rank == 0


@pytest.mark.parametrize(("unit", "shift"), [(1e-8, 0.0), (1.0, 1e6), (1e6, 0.0)])
@pytest.mark.parametrize("n_drugs", [2, 6])
def test_response_factors__unit_and_zero_of_the_response_do_not_matter(unit, shift, n_drugs):
    # two drugs have loadings that are equally large but for rounding, and their sign must not hang on it
    pairs, y = made(n_drugs=n_drugs)
    plain, other = split(pairs, y)[1], split(pairs, y * unit + shift)[1]
    assert plain.rank == other.rank == n_drugs - 1
    np.testing.assert_allclose(other.loadings, plain.loadings, atol=1e-6)
    np.testing.assert_allclose(other.values / unit, plain.values, atol=1e-6)


def test_response_factors__cells_of_little_weight_say_little():
    pairs, y = made(80, 12)
    wrong = np.random.default_rng(3).random(len(y)) < 0.05
    spoilt = y + 50.0 * wrong
    grid = ResponseGrid.build(pairs, spoilt, np.where(wrong, 1e-3, 1.0))
    clean = ResponseGrid.build(pairs, y, None)

    def filled(grid: ResponseGrid) -> np.ndarray:
        factors = ResponseFactors.of(grid, 256, 0)
        return grid.overall + grid.drug_effects + factors.values @ factors.loadings.T

    rows, columns = pairs.sample_index[wrong], pairs.drug_index[wrong]
    assert np.abs(filled(grid) - filled(clean))[rows, columns].mean() < 2
