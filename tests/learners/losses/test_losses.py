from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import InputError
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from tests.learners.cohorts import draw_calls, made_pairs
from tests.learners.losses.made_losses import KINDS, by_differences, made_loss


@pytest.mark.parametrize("kind", KINDS)
def test_derivatives__are_those_of_the_total_by_differences(kind):
    loss = made_loss(kind)
    scores = np.random.default_rng(1).normal(1, 1, 60)
    slopes, curvatures = by_differences(loss, scores)
    slope, curvature = loss.derivatives(scores)
    np.testing.assert_allclose(slope, slopes, atol=1e-6)
    np.testing.assert_allclose(curvature, curvatures, atol=1e-4)


@pytest.mark.parametrize("kind", KINDS)
def test_values__are_finite_however_far_the_scores_are(kind):
    loss = made_loss(kind)
    far = np.random.default_rng(2).choice([-300.0, -40.0, 40.0, 300.0], 60)
    slope, curvature = loss.derivatives(far)
    assert np.isfinite(loss.values(far)).all()
    assert np.isfinite(slope).all()
    assert np.isfinite(curvature).all()
    assert (curvature > 0).all()


@pytest.mark.parametrize("kind", KINDS)
def test_weights__are_repeats(kind):
    repeats = np.random.default_rng(3).integers(1, 4, 60)
    weighed = made_loss(kind)
    weighed = _with_weights(kind, weighed, repeats.astype(float))
    repeated = made_loss(kind, repeats=repeats)
    scores, moved = np.random.default_rng(4).normal(0, 1, (2, 60))
    gained = [weighed.total(moved) - weighed.total(scores)]
    gained.append(repeated.total(np.repeat(moved, repeats)) - repeated.total(np.repeat(scores, repeats)))
    assert gained[0] == pytest.approx(gained[1], rel=1e-6)
    np.testing.assert_allclose(weighed.start(), repeated.start(), rtol=1e-5)


def _with_weights(kind: str, loss: RowLoss, weights: np.ndarray) -> RowLoss:
    if kind == "ordinal":
        return type(loss).of(loss.y, weights, loss.drug_index, 4)
    if kind == "interval":
        return type(loss).of(loss.lower, loss.upper, weights, loss.drug_index)
    return replace(loss, weights=weights)


@pytest.mark.parametrize("kind", ["binary", "ordinal", "interval"])
def test_start__is_the_best_single_score_of_a_drug_with_many_rows(kind):
    loss = made_loss(kind, 3000)
    best = loss.start()
    for move in (-0.1, 0.1):
        assert (loss.total((best + move)[loss.drug_index])) > loss.total(best[loss.drug_index])


@pytest.mark.parametrize("kind", KINDS)
def test_take__keeps_the_drugs_and_what_is_held_for_them(kind):
    loss = made_loss(kind)
    scores = np.random.default_rng(5).normal(0, 1, 60)
    rows = np.flatnonzero(loss.drug_index == 1)
    np.testing.assert_allclose(loss.take(rows).values(scores[rows]), loss.values(scores)[rows])
    last = loss.take(np.flatnonzero(loss.drug_index == 0))
    assert len(last.adjusted(scores[loss.drug_index == 0]).start()) in (1, 3)


def test_loss_of__wants_what_was_observed():
    pairs = made_pairs(draw_calls(12, 2, np.random.default_rng(0)), 1)
    with pytest.raises(InputError, match="their outcome is continuous"):
        loss_of(pairs, np.zeros(12), np.ones(12))
    with pytest.raises(InputError, match="beside `y`"):
        loss_of(replace(pairs, observed=Observed(Outcome("time-to-event"))), np.zeros(12), np.ones(12))


@pytest.mark.parametrize("kind", ["binary", "ordinal", "interval", "time-to-event"])
def test_loss_of__goes_with_the_outcome(kind):
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(12, 2, rng), 2)
    y = (np.arange(24) % 2).astype(float)
    words = {"binary": ("no", "yes"), "ordinal": ("low", "middle", "high")}.get(kind, ())
    observed = Observed(Outcome(kind, words), y - 1, y + 1, y > 0, np.zeros(24))
    loss = loss_of(replace(pairs, observed=observed), y + 1.0 * (kind == "time-to-event"), np.ones(24))
    assert np.isfinite(loss.values(np.zeros(24))).all()
    np.testing.assert_array_equal(loss.drug_index, pairs.drug_index)
