"""Integrated gradients of the network, beside those that Captum takes of the torch side."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from drugresponse.learners.neural._network_parts import NetworkParts, mean_slopes
from drugresponse.learners.neural._training import Training
from drugresponse.learners.neural.neural import NeuralResponse
from drugresponse.threads import one_thread
from tests.learners.cohorts import draw_calls, made_pairs


def test_network__parts_are_the_integrated_gradients_of_captum():
    rng = np.random.default_rng(0)
    calls = draw_calls(40, 8, rng)
    pairs = made_pairs(calls, 3)
    y = 2 * (calls[:, 0] != calls[:, 1])[pairs.sample_index] + rng.normal(0, 0.1, len(pairs))
    learner = NeuralResponse(rank=2, members=2, hidden=8, epochs=20)
    with one_thread():
        training = Training(learner, pairs, y, np.ones(len(y)))
        for _ in range(20):
            training.epoch()
    learner.stage_ = training.stage
    learner._keep(training)
    network, drug = training.network.eval(), 1

    def score(tokens: torch.Tensor) -> torch.Tensor:
        samples, drugs = network.sample_embeddings(tokens), network.drug_embeddings()[:, drug]
        scores = samples[..., 0] + drugs[:, None, 0] + (samples[..., 1:] * drugs[:, None, 1:]).sum(dim=-1)
        return scores.mean(dim=0)

    tokens = learner.stage_.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
    with one_thread():
        taken = IntegratedGradients(score).attribute(training.tokens[:10], n_steps=400, method="gausslegendre")
    loadings = np.concatenate([[1.0], learner._drug_embeddings(pairs)[drug, 1:]])
    found, _ = NetworkParts(learner, tokens[:10]).of(loadings)
    np.testing.assert_allclose(found, taken.numpy() * learner.scale_, atol=2e-3 * y.std())
    # the towers say something
    linear = tokens[:10] * (found / np.where(tokens[:10] == 0, np.inf, tokens[:10])).mean(axis=0)
    assert np.abs(found - linear).max() > 0.02 * y.std()


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
    found = mean_slopes(tokens, first, first_bias, second, second_bias)
    np.testing.assert_allclose(found, slopes, atol=2e-3 * np.abs(second).max())
