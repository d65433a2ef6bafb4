"""Integrated gradients of the network, beside those that Captum takes of it in torch."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from drugresponse.learners.neural._manners import BOLD, TrainingSettings
from drugresponse.learners.neural._moved_weights import mean_slopes
from drugresponse.learners.neural._training import Training
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.threads import one_thread
from tests.learners.cohorts import draw_calls, made_pairs


def test_network__parts_are_the_integrated_gradients_of_captum():
    rng = np.random.default_rng(0)
    calls = draw_calls(40, 8, rng)
    pairs = made_pairs(calls, 3)
    y = 2 * (calls[:, 0] != calls[:, 1])[pairs.sample_index] + rng.normal(0, 0.1, len(pairs))
    settings = TrainingSettings(8, 2, 20, 2e-2, 1e-2, BOLD, "cpu", 0)
    with one_thread():
        stage = FactorRidge(rank=2).fit(pairs, y, np.ones(len(y)))
        training = Training(stage, pairs, y, np.ones(len(y)), settings)
        for _ in range(20):
            training.epoch()
    weights, drug = training.trained_weights(0.8), 1
    arrays = {name: torch.from_numpy(array) for name, array in training.network.arrays().items()}
    of_drug = torch.from_numpy(training.network.loadings[drug]).double()
    tokens = stage.tokens(pairs)[:10]
    # all inputs are linear in the tokens
    base = torch.from_numpy(training.inputs.of(np.zeros((1, tokens.shape[1]))))
    slope = torch.from_numpy(training.inputs.of(np.eye(tokens.shape[1]))) - base

    def score(tokens: torch.Tensor) -> torch.Tensor:
        shown = (tokens @ slope + base) * arrays["adapter"][:, None]
        first = torch.relu(shown @ arrays["tower_in"] + arrays["tower_in_bias"][:, None])
        second = torch.relu(first @ arrays["tower_out"] + arrays["tower_out_bias"][:, None])
        embedded = second @ arrays["head"] + arrays["head_bias"][:, None]
        of_network = (embedded * of_drug).sum(dim=-1).mean(dim=0) * training.scale
        loadings = torch.from_numpy(np.concatenate([[1.0], stage.drugs_.own[drug, 1:]]))
        of_ridge = tokens @ torch.from_numpy(stage.coefficients_) @ loadings
        return 0.8 * of_network + 0.2 * of_ridge

    with one_thread():
        gradients = IntegratedGradients(score).attribute(torch.from_numpy(tokens), n_steps=400, method="gausslegendre")
    loadings = np.concatenate([[1.0], stage.drugs_.own[drug, 1:]])
    attributions, _ = weights.attribution(tokens)(loadings)
    np.testing.assert_allclose(attributions, gradients.numpy(), atol=0.03 * y.std())
    # the network says something
    linear = tokens * (attributions / np.where(tokens == 0, np.inf, tokens)).mean(axis=0)
    assert np.abs(attributions - linear).max() > 0.02 * y.std()


def test_mean_slopes__beside_the_slopes_at_many_points():
    rng = np.random.default_rng(0)
    tokens, first, second = rng.normal(size=(70, 5)), rng.normal(size=(5, 6)), rng.normal(size=(6, 4))
    tokens[0] = 0.0
    first_bias, second_bias = rng.normal(size=6), rng.normal(size=4)
    n_points, slopes = 2000, np.zeros((70, 6, 4))
    for share in (np.arange(n_points) + 0.5) / n_points:
        inner = share * tokens @ first + first_bias
        outer = np.maximum(inner, 0) @ second + second_bias
        slopes += (inner > 0)[:, :, None] * second * (outer > 0)[:, None, :] / n_points
    exact = mean_slopes(tokens, first, first_bias, second, second_bias)
    np.testing.assert_allclose(exact, slopes, atol=2e-3 * np.abs(second).max())


def test_network__parts_add_up_to_what_it_predicts():
    rng = np.random.default_rng(0)
    calls = draw_calls(70, 8, rng)
    pairs = made_pairs(calls, 3)
    y = 2 * (calls[:, 0] != calls[:, 1])[pairs.sample_index] + rng.normal(0, 0.1, len(pairs))
    with one_thread():
        stage = FactorRidge(rank=2).fit(pairs, y, np.ones(len(y)))
        training = Training(stage, pairs, y, np.ones(len(y)), TrainingSettings(16, 3, 15, 2e-2, 0.0, BOLD, "cpu", 0))
        for _ in range(15):
            training.epoch()
    predicted = training.trained_weights(1.0).predict(pairs)
    assert np.std(predicted - stage.predict(pairs)) > 0.1 * y.std()
    for each in training.trained_weights(1.0).contributions(pairs):
        assert np.abs(each.gaps).max() < 1e-5 * y.std()
