from __future__ import annotations

import numpy as np

from drugresponse.learners.factors.score_axes import ScoreAxes
from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import fit_scores
from tests.learners.cohorts import draw_calls, draw_outcome, made_pairs


def made_axes(effect: float, most: int = 10) -> tuple:
    rng = np.random.default_rng(0)
    calls = draw_calls(300, 5, rng)
    pairs = made_pairs(calls, 4)
    effects = np.zeros((5, 4))
    effects[0], effects[1] = effect, effect * np.array([1, 1, -1, -1])
    inputs = calls - calls.mean(axis=0)
    pairs, y = draw_outcome(pairs, (inputs @ effects)[pairs.sample_index, pairs.drug_index], "binary", rng)
    problem = ScoreProblem.of(pairs, y, None, "new-samples", 0)
    fit = fit_scores(inputs, problem)
    return ScoreAxes.of(inputs, fit, problem, most), fit


def test_axes__add_up_to_the_fit_and_to_what_is_left_out():
    axes, fit = made_axes(2.0)
    np.testing.assert_allclose(axes.coefficients @ axes.loadings.T, fit.coefficients, atol=1e-9)
    np.testing.assert_allclose(axes.overall + axes.drug_effects, fit.levels)
    np.testing.assert_allclose(axes.loadings.T @ axes.loadings, np.diag([4, 1, 1, 1]), atol=1e-9)
    left_out = axes.left_out @ axes.loadings.T
    kept = np.corrcoef(left_out.ravel(), fit.effects_left_out.ravel())[0, 1]
    assert kept > 0.95


def test_axes__are_as_many_as_are_wanted():
    axes, fit = made_axes(2.0, most=1)
    assert axes.loadings.shape == (4, 2)
    assert np.corrcoef((axes.coefficients @ axes.loadings.T)[:2].ravel(), fit.coefficients[:2].ravel())[0, 1] > 0.95


def test_left_out__is_nothing_where_nothing_is_predicted():
    axes, fit = made_axes(0.0)
    assert fit.effects_left_out.any()
    assert not axes.left_out[:, 0].any()
    assert (axes.left_out == 0).all(axis=0).sum() >= 3
