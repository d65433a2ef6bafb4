from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from drugresponse.learners.likelihood.problem import ScoreProblem
from drugresponse.learners.likelihood.scores import ScoreFit, add_up, fit_scores
from drugresponse.learners.likelihood.solver import Basis, maximise
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs


def made_problem(kind: str, n_samples: int = 150, n_drugs: int = 3, seed: int = 0, subjects=None) -> tuple:
    """A problem, its inputs of mean 0, and the true scores of its rows."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(n_samples, 6, rng)
    pairs = made_pairs(calls, n_drugs, keep=rng.random((n_samples, n_drugs)) < 0.9, subjects=subjects)
    inputs = calls - calls.mean(axis=0)
    effects = rng.normal(0, 1.0, (6, 1)) + rng.normal(0, 0.3, (6, n_drugs))
    scores = (inputs @ effects)[pairs.sample_index, pairs.drug_index]
    pairs, y = draw_outcome(pairs, scores, kind, rng)
    return ScoreProblem.of(pairs, y, None, "new-samples", 0), inputs, scores


@pytest.mark.parametrize("kind", KINDS)
def test_maximise__ends_where_the_penalised_loss_is_flat(kind):
    problem, inputs, _ = made_problem(kind)
    basis = Basis.of(inputs)
    fit = maximise(problem, basis, 0.7, exactly=True)
    slopes = np.zeros(problem.shape)
    slopes[problem.sample_index, problem.drug_index] = problem.loss.derivatives(problem.of_rows(fit.table(basis)))[0]
    pull = 0.7 * fit.coefficients @ np.linalg.inv(problem.likeness)
    np.testing.assert_allclose(basis.scores.T @ slopes, -pull, atol=1e-3)
    np.testing.assert_allclose(slopes.sum(axis=0), -problem.precision * (fit.levels - problem.levels), atol=1e-3)


def test_fit_scores__of_one_drug_is_scikit_learns_logistic_regression():
    problem, inputs, _ = made_problem("binary", 400, 1)
    fit = fit_scores(inputs, problem)
    events = np.asarray(problem.loss.derivatives(np.zeros(len(problem.sample_index)))[0] < 0)
    model = LogisticRegression(C=1 / fit.penalty, tol=1e-8, max_iter=1000).fit(inputs[problem.sample_index], events)
    np.testing.assert_allclose(fit.coefficients[:, 0], model.coef_[0], atol=1e-4)
    assert fit.levels[0] == pytest.approx(model.intercept_[0], abs=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_left_out__is_the_fit_without_the_fold(kind):
    subjects = [f"p{i // 2}" for i in range(150)]
    problem, inputs, _ = made_problem(kind, subjects=subjects)
    fit = fit_scores(inputs, problem)
    folds = [set(problem.folds[[2 * i, 2 * i + 1]]) for i in range(75)]
    assert all(len(fold) == 1 for fold in folds)
    rows, samples = problem.fold_rows()[0]
    basis = Basis.of(inputs)
    held = replace(problem, loss=problem.loss.adjusted(problem.of_rows(fit.left_out))).take(rows)
    alone = maximise(held, basis, fit.penalty, exactly=True).table(basis)[samples]
    np.testing.assert_allclose(fit.left_out[samples], alone, atol=0.15 * fit.left_out.std())
    assert np.abs(fit.left_out[samples] - (inputs @ fit.coefficients + fit.levels)[samples]).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_fit_scores__recovers_planted_scores(kind):
    problem, inputs, truth = made_problem(kind, 1500)
    fit = fit_scores(inputs, problem)
    found = problem.of_rows(inputs @ fit.coefficients + fit.levels)
    for drug in range(3):
        at = problem.drug_index == drug
        slope = np.polyfit(truth[at], found[at], 1)[0]
        assert slope == pytest.approx(1, abs=0.15)
        assert np.corrcoef(truth[at], found[at])[0, 1] > 0.95


@pytest.mark.parametrize("kind", KINDS)
def test_fit_scores__of_nothing_predicts_nothing(kind):
    problem, inputs, _ = made_problem(kind, 300)
    shuffled = np.random.default_rng(9).permutation(inputs)
    fit = fit_scores(shuffled, problem)
    assert problem.loss.total(problem.of_rows(fit.left_out)) <= 1.01 * problem.loss.total(
        problem.levels[problem.drug_index]
    )


def test_separation_and_a_rare_class__stay_finite():
    rng = np.random.default_rng(0)
    calls = draw_calls(200, 3, rng)
    pairs = made_pairs(calls, 3)
    pairs, _ = draw_outcome(pairs, np.zeros(600), "binary", rng)
    y = calls[pairs.sample_index, 0].copy()
    y[pairs.drug_index == 1] = (np.arange(200) < 2).astype(float)
    y[pairs.drug_index == 2] = 0.0
    problem = ScoreProblem.of(pairs, y, None, "new-samples", 0)
    fit = fit_scores(calls - calls.mean(axis=0), problem)
    scores = (calls - calls.mean(axis=0)) @ fit.coefficients + fit.levels
    assert np.abs(scores).max() < 40
    assert expit(scores[:, 0])[calls[:, 0] == 1].min() > 0.9
    assert expit(scores[:, 1]).mean() == pytest.approx(0.01, abs=0.01)
    assert expit(scores[:, 2]).mean() < 0.01


def test_a_drug_with_few_rows__is_drawn_to_the_others():
    problem, inputs, truth = made_problem("binary", 600, 4)
    few = np.flatnonzero((problem.drug_index != 3) | (problem.sample_index < 15))
    part = replace(problem.take(few), folds=problem.folds)
    at = problem.drug_index == 3
    matches = []
    for likeness in (part.likeness, np.eye(4)):
        fit = fit_scores(inputs, replace(part, likeness=likeness))
        matches.append(np.corrcoef(problem.of_rows(inputs @ fit.coefficients)[at], truth[at])[0, 1])
    assert matches[0] > 0.7
    assert matches[0] > matches[1] + 0.1


def test_add_up__leans_on_the_fit_that_is_of_use():
    problem, inputs, _ = made_problem("binary", 400)
    good = fit_scores(inputs, problem)
    noise = np.random.default_rng(0).normal(size=problem.shape)
    bad = ScoreFit(0 * good.coefficients, good.levels, noise, noise, 1.0)
    summed, shares = add_up([good, bad], problem)
    assert shares[0] > 0.7
    assert shares[1] < 0.1
    np.testing.assert_allclose(summed.coefficients, shares[0] * good.coefficients)
    assert add_up([good], problem)[0] is good


def test_levels__are_those_of_the_drugs_where_nothing_else_is_known():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(2000, 2, rng), 2)
    truth = np.array([-2.0, 1.0])
    pairs, y = draw_outcome(pairs, truth[pairs.drug_index], "binary", rng)
    fit = fit_scores(np.zeros((2000, 0)), ScoreProblem.of(pairs, y, None, "new-samples", 0))
    shares = [y[pairs.drug_index == drug].mean() for drug in range(2)]
    np.testing.assert_allclose(fit.levels, logit(shares), atol=0.01)


@pytest.mark.parametrize("kind", KINDS)
def test_fit_scores__samples_that_are_alike_cost_once_and_count_each(kind):
    rng = np.random.default_rng(4)
    calls = draw_calls(12, 4, rng)[rng.integers(0, 12, 240)]
    pairs = made_pairs(calls, 3, keep=rng.random((240, 3)) < 0.9)
    scores = (calls @ rng.normal(0, 1.5, (4, 3)))[pairs.sample_index, pairs.drug_index]
    pairs, y = draw_outcome(pairs, scores, kind, rng)
    problem = ScoreProblem.of(pairs, y, rng.uniform(0.5, 2.0, len(y)), "new-samples", 0)
    inputs = calls - calls.mean(axis=0)
    once, firsts, place = problem.merged(inputs)
    np.testing.assert_array_equal(inputs[firsts][place], inputs)
    np.testing.assert_array_equal(problem.folds[firsts][place], problem.folds)
    assert len(once.sample_index) < 0.8 * len(y) or kind in ("time-to-event", "interval")
    assert once.loss.weights.sum() == pytest.approx(problem.loss.weights.sum())
    table = rng.normal(size=once.shape)
    assert once.loss.total(once.of_rows(table)) == pytest.approx(problem.loss.total(problem.of_rows(table[place])))
    fit, basis = fit_scores(inputs, problem), Basis.of(inputs)
    # as without: the fit to all rows as they are, and each fold's
    loss = problem.loss.adjusted(problem.of_rows(fit.left_out))
    each = maximise(replace(problem, loss=loss), basis, fit.penalty, exactly=True)
    np.testing.assert_allclose(fit.coefficients, basis.right @ each.coefficients, atol=0.01)
    np.testing.assert_allclose(fit.levels, each.levels, atol=0.01)
    rows, samples = problem.fold_rows()[0]
    alone = maximise(replace(problem, loss=loss).take(rows), basis, fit.penalty, exactly=True).table(basis)[samples]
    np.testing.assert_allclose(fit.left_out[samples], alone, atol=0.1 * fit.left_out.std())
