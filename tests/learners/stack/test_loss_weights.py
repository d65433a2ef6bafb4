"""Scores added on the scale of a link, by the loss of the outcome."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds, units_of_error
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.registry import NAIVE
from drugresponse.learners.stack._loss_weights import loss_weights, weigh_by_loss
from drugresponse.learners.stack.stack import AutoLearner
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs

FAST = {"trees": 20, "epochs": 3, "rank": 3}


class Held:
    """Held-out scores of a naive learner, two that know half of the truth each, and one of noise."""

    def __init__(self, kind: str, n_samples: int = 200, seed: int = 0) -> None:
        rng = np.random.default_rng(seed)
        self.pairs = made_pairs(draw_calls(n_samples, 3, rng), 3)
        halves = rng.normal(0, 1.5, (2, len(self.pairs)))
        drugs = np.array([-1.0, 0.0, 1.0])[self.pairs.drug_index]
        self.truth = drugs + halves.sum(axis=0)
        self.pairs, self.y = draw_outcome(self.pairs, self.truth, kind, rng)
        noise = rng.normal(0, 2, len(self.pairs))
        self.table = np.column_stack([drugs, drugs + halves[0], drugs + halves[1], drugs + noise])
        self.weights = rng.uniform(0.5, 2, len(self.y))
        self.groups = units_of_error(self.pairs, "new-samples")
        self.tests = [test for _, test in make_folds(self.pairs, "new-samples", 4, 0)]

    def loss_of_rows(self, rows: np.ndarray) -> RowLoss:
        return loss_of(self.pairs[rows].compact(), self.y[rows], self.weights[rows] / self.weights[rows].mean())

    def weighed(self) -> tuple[np.ndarray, np.ndarray]:
        return weigh_by_loss(self.table, self.loss_of_rows, self.weights, self.groups, self.tests)


@pytest.mark.parametrize("kind", KINDS)
def test_weigh_by_loss__halves_of_the_truth_are_added_and_noise_is_left_out(kind):
    held = Held(kind)
    shares, scores = held.weighed()
    np.testing.assert_allclose(shares[:2], 1.0, atol=0.35)
    assert shares[2] < 0.1
    assert shares.sum() <= 1.5 + 1e-6
    assert np.isfinite(scores).all()
    loss = held.loss_of_rows(np.arange(len(held.y)))
    before, after = (loss.adjusted(column).total(column) for column in (held.table[:, 0], scores))
    assert after < 0.9 * before


@pytest.mark.parametrize("kind", KINDS)
def test_weigh_by_loss__a_fold_is_weighed_without_its_own_responses(kind):
    held = Held(kind)
    before = held.weighed()[1]
    rng = np.random.default_rng(5)
    for test in held.tests:
        spoilt = Held(kind)
        order = np.arange(len(spoilt.y))
        order[test] = rng.permutation(test)
        spoilt.y = spoilt.y[order]
        spoilt.pairs = replace(spoilt.pairs, observed=spoilt.pairs.observed[order])
        after = spoilt.weighed()[1]
        np.testing.assert_allclose(after[test], before[test], rtol=1e-5, atol=1e-6)
        others = np.setdiff1d(order, test)
        assert (after[others] != before[others]).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("seed", [0, 1])
def test_weigh_by_loss__noise_leaves_the_naive_scores(kind, seed):
    held = Held(kind, seed=seed)
    held.table[:, 1:] = held.table[:, :1] + np.random.default_rng(seed).normal(0, 1, (len(held.y), 3))
    shares, scores = held.weighed()
    assert not shares.any()
    np.testing.assert_array_equal(scores, held.table[:, 0])


def test_loss_weights__a_learner_that_says_too_little_is_stretched_and_not_beyond_measure():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 5000)
    loss = BernoulliLoss((rng.logistic(truth) > 0).astype(float), np.ones(5000), np.zeros(5000, dtype=np.intp))
    for shrunk, expected in ((0.8, 1.25), (2.0, 0.5), (0.1, 1.5)):
        shares = loss_weights(np.column_stack([0 * truth, shrunk * truth]), loss, np.arange(5000))
        assert shares[0] == pytest.approx(expected, rel=0.08)


def test_loss_weights__count_rows_by_their_weight():
    rng = np.random.default_rng(0)
    truth = rng.normal(0, 2, 2000)
    y = (rng.logistic(truth) > 0).astype(float)
    wrong = np.arange(2000) % 2 == 0
    spoilt, drugs = np.where(wrong, 1 - y, y), np.zeros(2000, dtype=np.intp)
    weights = np.where(wrong, 1e-3, 2.0)
    table, groups = np.column_stack([0 * truth, truth]), np.arange(2000)
    assert loss_weights(table, BernoulliLoss(spoilt, weights, drugs), groups)[0] > 0.85
    assert loss_weights(table, BernoulliLoss(spoilt, np.ones(2000), drugs), groups)[0] < 0.2


def one_gene(kind: str, effect: float, seed: int = 0) -> tuple[Pairs, np.ndarray]:
    """One gene that acts on both drugs alike."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(140, 6, rng)
    pairs = made_pairs(calls, 2)
    return draw_outcome(pairs, effect * (calls[:, 2] - 0.3)[pairs.sample_index], kind, rng)


@pytest.mark.parametrize("kind", KINDS)
def test_auto__adds_scores_up_and_tells_their_losses(kind):
    pairs, y = one_gene(kind, effect=4.0)
    folds = make_folds(pairs, "new-samples", 3, 0)
    auto = AutoLearner(**FAST, most_fits=16)
    held_out = auto.fit_holding_out(pairs, y, None, folds)
    assert np.isfinite(held_out).all()
    assert auto.weights_
    notes = auto.notes()
    assert "inner_rmse" not in notes
    assert set(notes["inner_loss"]) == {NAIVE, *auto.tried_, "auto"}
    loss = loss_of(pairs, y, np.ones(len(y)))
    assert notes["inner_loss"]["auto"] == pytest.approx(loss.adjusted(held_out).values(held_out).mean(), abs=1e-5)
    assert notes["inner_loss"]["auto"] < notes["inner_loss"][NAIVE]
    bare = replace(pairs, observed=None)
    again = AutoLearner.from_state(auto.get_state(), **FAST)
    assert again.notes()["inner_loss"] == notes["inner_loss"]
    np.testing.assert_allclose(again.predict(bare), auto.predict(bare), rtol=1e-9, atol=1e-9)
    for of_drug in again.contributions(bare):
        added = of_drug.values.sum(axis=1) + of_drug.gaps
        np.testing.assert_allclose(added, auto.predict(bare)[of_drug.rows], atol=1e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_auto__takes_the_naive_model_of_an_outcome_that_genotype_does_not_tell(kind):
    pairs, y = one_gene(kind, effect=0.0, seed=1)
    auto = AutoLearner(**FAST, most_fits=16).fit(pairs, y)
    assert auto.weights_ == {}
    assert list(auto.members_) == [NAIVE]


def test_auto__rows_of_hardly_any_weight_do_not_weigh_the_learners():
    pairs, y = one_gene("binary", effect=6.0)
    wrong = np.random.default_rng(0).random(len(y)) < 0.5
    spoilt, weights = np.where(wrong, 1 - y, y), np.where(wrong, 1e-3, 1.0)
    assert sum(AutoLearner(**FAST, most_fits=12).fit(pairs, spoilt, weights).weights_.values()) > 0.7
    assert AutoLearner(**FAST, most_fits=12).fit(pairs, spoilt).weights_ == {}


@pytest.mark.parametrize("kind", ["binary", "time-to-event"])
def test_weigh_by_loss__few_rows_are_averaged_rather_than_given_up(kind):
    kept, equal = 0, 0
    for seed in range(20):
        rng = np.random.default_rng(seed)
        held = Held(kind, 60, seed)
        held.pairs = made_pairs(draw_calls(60, 3, rng), 1)
        truth = rng.normal(0, 1, 60)
        held.pairs, held.y = draw_outcome(held.pairs, truth, kind, rng)
        held.table = np.column_stack([np.zeros(60), 0.6 * truth[:, None] + rng.normal(0, 0.7, (60, 6))])
        held.weights, held.groups = np.ones(60), units_of_error(held.pairs, "new-samples")
        held.tests = [test for _, test in make_folds(held.pairs, "new-samples", 3, 0)]
        shares = held.weighed()[0]
        kept += bool(shares.any())
        equal += bool(shares.any() and np.ptp(shares[shares > 0]) < 1e-9)
    assert kept >= 11
    assert equal >= kept / 2
