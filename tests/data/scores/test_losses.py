from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.losses import row_losses, survival_at
from drugresponse.errors import InputError
from tests.data.scores.made_truths import exponential, made_times, made_yes_no, probabilities, truth_of

VALUES = Outcome("interval", logarithm=2)


def _interval(lower: list[float], upper: list[float]) -> Observed:
    return Observed(VALUES, lower=np.array(lower), upper=np.array(upper))


def test_ordinal__mean_over_cuts() -> None:
    classes = Outcome("ordinal", ("S", "I", "R"))
    truth = truth_of(Observed(classes), np.array([2.0]))
    predicted = Distribution(classes, np.zeros(1), np.array([[0.5, 0.2, 0.3]]))
    assert row_losses(truth, predicted)[0] == pytest.approx(((0.5 - 1) ** 2 + (0.3 - 1) ** 2) / 2)


def test_interval__value_limits_and_both() -> None:
    truth = truth_of(_interval([1.0, -np.inf, 3.0, 0.0], [1.0, -2.0, np.inf, 1.0]), np.array([1.0, -2.0, 3.0, 0.5]))
    normal = stats.norm(0.5, 1.5)
    predicted = Distribution(VALUES, np.full(4, 0.5), spread=np.full(4, 1.5))
    expected = [-normal.logpdf(1.0), -normal.logcdf(-2.0), -normal.logsf(3.0), -np.log(normal.cdf(1) - normal.cdf(0))]
    assert row_losses(truth, predicted).tolist() == pytest.approx(expected)


def test_interval__far_limits_stay_finite() -> None:
    truth = truth_of(_interval([30.0, 30.0, -31.0], [np.inf, 31.0, -30.0]), np.array([30.0, 30.5, -30.5]))
    losses = row_losses(truth, Distribution(VALUES, np.zeros(3), spread=np.full(3, 5.0)))
    assert losses[0] == pytest.approx(-stats.norm.logsf(6.0))
    assert losses[1] == pytest.approx(losses[2])
    assert row_losses(truth, Distribution(VALUES, np.zeros(3), spread=np.full(3, 1e-9))).max() <= 50


@pytest.mark.parametrize("wrong", [-0.7, 0.7])
def test_times__the_true_survival_costs_least(wrong: float) -> None:
    truth, hazard = made_times(4000)
    true = row_losses(truth, exponential(hazard)).mean()
    assert true < row_losses(truth, exponential(hazard + wrong)).mean()
    assert true < row_losses(truth, exponential(np.full(len(hazard), hazard.mean()))).mean()


def test_times__censoring_does_not_move_the_loss() -> None:
    truth, hazard = made_times(20000)
    rng = np.random.default_rng(5)
    full = rng.exponential(np.exp(-hazard))
    grid = truth.follow_up.grid if truth.follow_up is not None else np.zeros((1, 1))
    survival = np.exp(-np.exp(hazard)[:, None] * grid)
    expected = ((survival - (full[:, None] > grid)) ** 2).mean()
    assert row_losses(truth, exponential(hazard)).mean() == pytest.approx(expected, rel=0.03)


def test_times__a_late_entry_costs_nothing_before_it() -> None:
    outcome = Outcome("time-to-event")
    y, entry = np.array([4.0, 4.0, 4.0]), np.array([0.0, 2.0, 0.0])
    observed = Observed(outcome, happened=np.array([True, True, False]), entry=entry)
    truth = truth_of(observed, y)
    # survival falls to one half at 1 and stays there: the one who came at 2 had survived that
    predicted = Distribution(outcome, np.zeros(3), times=np.array([1.0]), survival=np.full((3, 1), 0.5))
    losses = row_losses(truth, predicted)
    assert losses[1] == pytest.approx(0.0)
    # the mean of (t / 2)**2 up to 1, a quarter of the horizon, and of 1/4 after it
    assert losses[0] == pytest.approx(0.25 / 12 + 0.75 * 0.25, rel=1e-3)


def test_survival__falls_evenly_between_stored_times() -> None:
    predicted = Distribution(
        Outcome("time-to-event"), np.zeros(2), times=np.array([1.0, 3.0]), survival=np.array([[0.8, 0.4], [0.5, 0.5]])
    )
    times = np.array([[0.5, 1.0, 2.0, 9.0], [0.0, 0.5, 3.0, 4.0]])
    expected = np.array([[0.9, 0.8, 0.6, 0.4], [1.0, 0.75, 0.5, 0.5]])
    assert survival_at(predicted, times) == pytest.approx(expected)


def test_missing__a_learner_may_not_decline() -> None:
    truth, _ = made_yes_no(3)
    with pytest.raises(InputError, match="missing prediction"):
        row_losses(truth, probabilities(np.array([0.5, np.nan, 0.5])))
