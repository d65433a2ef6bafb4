"""Integrated gradients of the network, beside those that Captum takes of the torch side."""

from __future__ import annotations

import numpy as np
import torch
from captum.attr import IntegratedGradients

from drugresponse.learners.neural._network_weights import mean_slopes
from drugresponse.learners.neural._training import Training, TrainingSettings
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.threads import one_thread
from tests.learners.cohorts import draw_calls, made_pairs


def test_network__parts_are_the_integrated_gradients_of_captum():
    rng = np.random.default_rng(0)
    calls = draw_calls(40, 8, rng)
    pairs = made_pairs(calls, 3)
    y = 2 * (calls[:, 0] != calls[:, 1])[pairs.sample_index] + rng.normal(0, 0.1, len(pairs))
    settings = TrainingSettings(
        hidden=8,
        members=2,
        epochs=20,
        learning_rate=5e-3,
        weight_decay=1e-2,
        dropout=0.1,
        device="cpu",
        random_state=0,
    )
    with one_thread():
        stage = FactorRidge(rank=2).fit(pairs, y, np.ones(len(y)))
        training = Training(stage, pairs, y, np.ones(len(y)), settings)
        for _ in range(20):
            training.epoch()
    weights, network, drug = training.trained_weights(), training.network.eval(), 1

    def score(tokens: torch.Tensor) -> torch.Tensor:
        samples, drugs = network.sample_embeddings(tokens), network.drug_embeddings()[:, drug]
        scores = samples[..., 0] + drugs[:, None, 0] + (samples[..., 1:] * drugs[:, None, 1:]).sum(dim=-1)
        return scores.mean(dim=0)

    tokens = stage.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
    with one_thread():
        gradients = IntegratedGradients(score).attribute(training.tokens[:10], n_steps=400, method="gausslegendre")
    loadings = np.concatenate([[1.0], weights.drug_embeddings(pairs)[drug, 1:]])
    attributions, _ = weights.attribution(tokens[:10])(loadings)
    np.testing.assert_allclose(attributions, gradients.numpy() * weights.scale, atol=2e-3 * y.std())
    # the towers say something
    linear = tokens[:10] * (attributions / np.where(tokens[:10] == 0, np.inf, tokens[:10])).mean(axis=0)
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
