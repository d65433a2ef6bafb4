"""The network of an outcome that is not continuous: slopes, training, and when it stops."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.neural._score_loss import balanced, mean_slopes_of
from drugresponse.learners.neural.neural import NeuralResponse
from drugresponse.learners.ridge.linear import FactorRidge
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs


def either_gene(kind: str, effect: float = 6.0, n_samples: int = 160) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """An effect where just one of two genes is altered: no gene has one of its own; and the true scores."""
    rng = np.random.default_rng(0)
    calls = draw_calls(n_samples, 5, rng, share=0.5)
    pairs = made_pairs(calls, 3)
    truth = effect * ((calls[:, 1] != calls[:, 4])[pairs.sample_index] - 0.5)
    return *draw_outcome(pairs, truth, kind, rng), truth


@pytest.mark.parametrize("kind", KINDS)
def test_mean_slopes_of__are_those_of_the_loss(kind):
    pairs, y, truth = either_gene(kind, n_samples=20)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    loss, rows = loss_of(pairs, y, weights), np.arange(3, 40)
    scores = np.stack([truth[rows], 0 * rows, -truth[rows]], axis=1) / 4
    slopes, own = mean_slopes_of(scores, loss, rows, truth[rows] / 2, 2.0), loss.take(rows)
    ends = []
    for step in (1e-5, -1e-5):
        moved = scores.copy()
        moved[7, 2] += step
        ends.append(sum(own.total(truth[rows] / 2 + 2.0 * member) for member in moved.T) / len(rows))
    assert slopes[7, 2] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4)
    expected = [2.0 * own.derivatives(truth[rows] / 2 + 2.0 * member)[0] for member in scores.T]
    np.testing.assert_allclose(slopes, np.stack(expected, axis=1) / len(rows), rtol=1e-9, atol=1e-12)


def test_balanced__rare_events_weigh_more_and_the_best_score_stays():
    pairs = made_pairs(np.zeros((400, 1)), 2)
    y = np.zeros(len(pairs))
    for drug, n_events in enumerate((8, 300)):
        y[np.flatnonzero(pairs.drug_index == drug)[:n_events]] = 1.0
    loss = BernoulliLoss(y, np.ones(len(y)), pairs.drug_index)
    heavy, shift = balanced(loss)
    assert heavy.weights.mean() == pytest.approx(1.0)
    rare = pairs.drug_index == 0
    assert heavy.weights[rare & (y > 0)].min() == pytest.approx(7 * heavy.weights[rare & (y == 0)].max(), rel=0.06)
    # where an event is no rarity nothing changes
    assert np.unique(heavy.weights[~rare]).size == 1
    best = np.log(np.array([8 / 392, 300 / 100]))[pairs.drug_index]
    slopes = heavy.derivatives(best + shift)[0]
    assert abs(slopes[rare].sum()) < 1e-9
    assert abs(slopes[~rare].sum()) < 1e-9
    ordinal = loss_of(*either_gene("ordinal", n_samples=20)[:2], np.ones(60))
    assert balanced(ordinal)[0] is ordinal
    assert not balanced(ordinal)[1].any()


@pytest.mark.parametrize("kind", KINDS)
def test_neural__epoch_0_is_the_ridge_on_the_scale_of_the_link(kind):
    pairs, y, _ = either_gene(kind, n_samples=40)
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    learner = NeuralResponse(epochs=0, hidden=8).fit(pairs, y, weights)
    ridge = FactorRidge().fit(pairs, y, weights)
    np.testing.assert_allclose(learner.predict(pairs), ridge.predict(pairs), rtol=0, atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_neural__learns_by_the_loss_what_only_acts_together(kind):
    pairs, y, truth = either_gene(kind)
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = NeuralResponse(members=4, hidden=32).fit(pairs[train], y[train])
    assert learner.epochs_ > 0
    notes = learner.notes()
    assert "held_out_rmse" not in notes
    assert notes["held_out_loss"]["chosen"] < notes["held_out_loss"]["epoch_0"]
    assert notes["held_out_loss_gain"]["epoch"] >= learner.epochs_
    scores = learner.predict(replace(pairs[test], observed=None))
    assert np.corrcoef(scores, truth[test])[0, 1] > 0.8
    loss = loss_of(pairs[test].compact(), y[test], np.ones(len(test)))
    ridge = learner.stage_.predict(pairs[test])
    assert loss.adjusted(scores).total(scores) < 0.85 * loss.adjusted(ridge).total(ridge)
    loaded = NeuralResponse.from_state(learner.get_state())
    np.testing.assert_allclose(loaded.predict(pairs[test]), scores, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("kind", KINDS)
def test_neural__an_outcome_that_genotype_does_not_tell_is_not_trained_on(kind):
    pairs, y, _ = either_gene(kind, effect=0.0)
    learner = NeuralResponse(members=2, hidden=16, epochs=15).fit(pairs, y)
    if learner.epochs_:
        # one in six of such choices is chance
        assert np.std(learner.predict(pairs) - learner.stage_.predict(pairs)) < 0.5
