"""Boosters grown by a loss, beside XGBoost's own objectives, and how many rounds held-out groups ask for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import xgboost

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.splits import make_folds
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.bernoulli import BernoulliLoss
from drugresponse.learners.losses.cox import CoxLoss
from drugresponse.learners.losses.interval_normal import IntervalNormalLoss
from drugresponse.learners.trees._boosters import Growth, booster_bytes, grow_by_loss, load_booster
from drugresponse.learners.trees._loss_growth import LossGrowth, rows_of_own_trees
from drugresponse.learners.trees._rounds import choose_rounds, held_out_steps
from tests.learners.cohorts import draw_calls, draw_outcome, made_pairs

DRAWN = {"max_depth": 3, "eta": 0.3, "min_child_weight": 0.5}
N_ROWS = 240


def rows(seed: int = 0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Inputs of a few values, a score that two of them make together, and weights."""
    rng = np.random.default_rng(seed)
    inputs = rng.integers(0, 3, size=(N_ROWS, 5)).astype(np.float32)
    return inputs, 2.0 * (inputs[:, 0] > 0) * (inputs[:, 1] > 1) - 1.0, rng.uniform(0.5, 2, N_ROWS)


def native(inputs: np.ndarray, parameters: dict, **of_data: np.ndarray) -> np.ndarray:
    """Margins of XGBoost's own objective, beyond a base of 0."""
    data = xgboost.QuantileDMatrix(inputs, nthread=1, max_bin=64, base_margin=np.zeros(len(inputs)), **of_data)
    fixed = {"tree_method": "hist", "nthread": 1, "max_bin": 64, **DRAWN, **parameters}
    return xgboost.train(fixed, data, num_boost_round=20).predict(data, output_margin=True)


def ours(inputs: np.ndarray, loss: RowLoss) -> np.ndarray:
    booster = grow_by_loss(inputs, loss, np.zeros(len(inputs)), DRAWN, 20, random_state=0)
    return loss.unit * booster.inplace_predict(inputs)


def test_grow_by_loss__equals_xgboost_for_yes_and_no():
    inputs, scores, weights = rows()
    y = (np.random.default_rng(1).logistic(scores) > 0).astype(float)
    expected = native(inputs, {"objective": "binary:logistic"}, label=y, weight=weights)
    loss = BernoulliLoss(y, weights, np.zeros(N_ROWS, dtype=np.intp))
    np.testing.assert_allclose(ours(inputs, loss), expected, atol=2e-4)
    assert np.ptp(expected) > 1


def test_grow_by_loss__equals_xgboost_for_times_of_one_stratum():
    inputs, scores, _ = rows()
    rng = np.random.default_rng(2)
    times, happened = rng.exponential(np.exp(-scores)), rng.random(N_ROWS) < 0.7
    expected = native(inputs, {"objective": "survival:cox"}, label=np.where(happened, times, -times))
    loss = CoxLoss(times, happened, np.zeros(N_ROWS), np.ones(N_ROWS), np.zeros(N_ROWS, dtype=np.intp))
    np.testing.assert_allclose(ours(inputs, loss), expected, atol=2e-3)
    assert np.ptp(expected) > 1


def test_grow_by_loss__equals_xgboost_for_limits():
    inputs, scores, weights = rows()
    value = scores + np.random.default_rng(3).normal(0, 1, N_ROWS)
    lower, upper = np.where(value < -1, -np.inf, value), np.where(value > 1, np.inf, value)
    lower, upper = np.minimum(lower, 1.0), np.maximum(upper, -1.0)
    parameters = {"objective": "survival:aft", "aft_loss_distribution": "normal", "aft_loss_distribution_scale": 1.0}
    limits = {"label_lower_bound": np.exp(lower), "label_upper_bound": np.exp(upper)}
    expected = native(inputs, parameters, weight=weights, **limits)
    loss = IntervalNormalLoss.of(lower, upper, weights, np.zeros(N_ROWS, dtype=np.intp))
    loss = replace(loss, spread=np.ones(1), unit=1.0)
    np.testing.assert_allclose(ours(inputs, loss), expected, atol=2e-3)
    assert np.ptp(expected) > 1


def test_grow_by_loss__the_unit_of_values_is_no_part_of_the_answer():
    inputs, scores, weights = rows()
    value = scores + np.random.default_rng(3).normal(0, 1, N_ROWS)
    drugs, answers = np.zeros(N_ROWS, dtype=np.intp), []
    for unit in (1.0, 1e4):
        loss = IntervalNormalLoss.of(unit * value, unit * np.where(value > 1, np.inf, value), weights, drugs)
        answers.append(ours(inputs, loss) / unit)
    np.testing.assert_allclose(answers[1], answers[0], atol=0.02)
    assert np.ptp(answers[0]) > 1


def test_grow_by_loss__starts_from_the_base_and_its_file_is_read():
    inputs, scores, weights = rows()
    y = (np.random.default_rng(1).logistic(scores) > 0).astype(float)
    loss = BernoulliLoss(y, weights, np.zeros(N_ROWS, dtype=np.intp))
    steps = [
        np.abs(grow_by_loss(inputs, loss, base, DRAWN, 20, random_state=0).inplace_predict(inputs)).mean()
        for base in (scores, -scores)
    ]
    assert steps[0] < 0.5 * steps[1]
    booster = grow_by_loss(inputs, loss, scores, DRAWN, 3, random_state=0)
    loaded = load_booster(booster_bytes(booster), inputs.shape[1])
    np.testing.assert_array_equal(loaded.inplace_predict(inputs), booster.inplace_predict(inputs))


def test_held_out_steps__are_of_rows_that_the_booster_has_not_seen():
    inputs, scores, weights = rows()
    loss = BernoulliLoss((scores > 0).astype(float), weights, np.zeros(N_ROWS, dtype=np.intp))
    seen = []

    def grow(at: np.ndarray) -> object:
        seen.append(at)
        return grow_by_loss(inputs[at], loss.take(at), np.zeros(len(at)), DRAWN, 4, random_state=0)

    folds = [(np.arange(120, N_ROWS), np.arange(120)), (np.arange(0), np.arange(120, N_ROWS))]
    steps = held_out_steps(inputs, grow, folds, [1, 4])
    assert len(seen) == 1
    np.testing.assert_array_equal(seen[0], folds[0][0])
    # a fold without training rows leaves its rows at the base
    assert not steps[:, 120:].any()
    np.testing.assert_array_equal(steps[1, :120], grow(folds[0][0]).inplace_predict(inputs[:120]))
    assert (np.abs(steps[0]) <= np.abs(steps[1])).all()


def test_choose_rounds__takes_the_least_loss_of_tested_rows_and_the_first_without_any():
    y = np.array([0.0, 1.0, 1.0])
    loss = BernoulliLoss(y, np.ones(3), np.zeros(3, dtype=np.intp))
    candidates = [np.zeros(3), np.array([-1.0, 1.0, -9.0]), np.array([-2.0, 2.0, 9.0])]
    nothing = np.arange(0)
    assert choose_rounds(loss, candidates, []) == 0
    assert choose_rounds(loss, candidates, [(nothing, nothing)]) == 0
    assert choose_rounds(loss, candidates, [(nothing, np.arange(2)), (nothing, np.arange(2, 3))]) == 2
    assert choose_rounds(loss, candidates[:2], [(nothing, np.arange(3))]) == 0
    assert choose_rounds(loss, candidates[:2], [(nothing, np.arange(2))]) == 1


def growth_of(seed: int, effect: float) -> tuple[LossGrowth, np.ndarray]:
    """Two genes that act together on four drugs, from bases that know the drugs only; and the true scores."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(200, 8, rng, share=0.5)
    pairs = made_pairs(calls, 4)
    scores = effect * (calls[:, 1] * calls[:, 5])[pairs.sample_index] - 1.0
    pairs, y = draw_outcome(pairs, scores, "binary", rng)
    loss = BernoulliLoss(y, np.ones(len(y)), pairs.drug_index)
    base = loss.start()[pairs.drug_index]
    inputs = calls[pairs.sample_index].astype(np.float32)
    growth = Growth(False, {**DRAWN, "eta": 0.1, "subsample": 0.7, "min_child_weight": 0.1}, 40, 160, 1, 0)
    own, folds = rows_of_own_trees(pairs, y), make_folds(pairs, "new-samples", 3, 0)
    return LossGrowth(inputs, 8, pairs.drug_index, loss, base, base, own, growth, folds), scores


def test_loss_growth__grows_as_long_as_held_out_rows_gain():
    grown, scores = growth_of(0, effect=4.0)
    boosters, shared = grown.grow(shares=True)
    assert set(boosters.by_name) == {"d00", "d01", "d02", "d03"}
    assert shared is not None
    predicted = shared.predict(grown.inputs, grown.drug_index)
    assert np.corrcoef(predicted, scores)[0, 1] > 0.9
    assert grown.grow(shares=False)[1] is None

    def rounds(effect: float) -> float:
        own = [growth_of(seed, effect)[0].grow(shares=False)[0].by_name["d00"] for seed in range(3)]
        return float(np.mean([booster.num_boosted_rounds() for booster in own]))

    assert rounds(0.0) < 5
    assert rounds(4.0) > 15


def test_loss_growth__what_is_held_out_starts_from_the_base():
    grown, scores = growth_of(0, effect=2.0)
    grown = replace(grown, base=scores)
    train, test = grown.folds[0]
    own = np.flatnonzero(grown.drug_index == 2)
    some, rest = np.intersect1d(own, train), np.intersect1d(own, test)
    drawn = grown.growth.parameters
    booster = grow_by_loss(grown.inputs[some], grown.loss.take(some), scores[some], drawn, 40, random_state=0)
    expected = scores[rest] + booster.inplace_predict(grown.inputs[rest])
    held_out = grown._own_held_out()
    assert len(held_out) == 9
    other = replace(grown, rows={"d02": own}, ridge=7 + 0 * scores)._own_held_out()[-1]
    np.testing.assert_array_equal(other[own], held_out[-1][own])
    assert (np.delete(other, own) == 7).all()
    np.testing.assert_allclose(held_out[-1][rest], expected, atol=1e-6)


def test_loss_growth__without_folds_there_is_no_booster():
    grown, _ = growth_of(0, effect=4.0)
    boosters, shared = replace(grown, folds=[]).grow(shares=True)
    assert not boosters.by_name
    assert shared is None


def test_rows_of_own_trees__needs_rows_and_events():
    pairs = made_pairs(np.zeros((60, 1)), 3)
    y = np.zeros(len(pairs))
    for drug, n_events in enumerate((9, 10, 55)):
        y[np.flatnonzero(pairs.drug_index == drug)[:n_events]] = 1.0
    binary = replace(pairs, observed=Observed(Outcome("binary", ("S", "R"))))
    assert list(rows_of_own_trees(binary, y)) == ["d01"]
    times = Observed(Outcome("time-to-event"), happened=y > 0, entry=0 * y)
    assert list(rows_of_own_trees(replace(pairs, observed=times), np.arange(180.0))) == ["d01", "d02"]
    limits = Observed(Outcome("interval"), lower=np.where(y > 0, 1.0, -np.inf), upper=np.where(y > 0, np.inf, 1.0))
    assert list(rows_of_own_trees(replace(pairs, observed=limits), 0 * y + 1)) == ["d01"]
    few = binary[np.flatnonzero(pairs.sample_index < 39)].compact()
    assert not rows_of_own_trees(few, np.arange(len(few)) % 2.0)
