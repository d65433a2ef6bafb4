from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.interval import IntervalScores
from tests.data.scores.made_truths import truth_of


def predicted_value(outcome: Outcome, value: list[float]) -> Distribution:
    return Distribution(outcome, np.array(value), spread=np.ones(len(value)), point=np.array(value))


def _scores(outcome: Outcome, location: list[float]) -> dict[str, float]:
    # the last lies within three dilutions, and is no measured value
    lower, upper = np.array([1.0, 2.0, -np.inf, 5.0, 0.0]), np.array([1.0, 2.0, 0.0, np.inf, 3.0])
    truth = truth_of(Observed(outcome, lower=lower, upper=upper), np.array([1.0, 2.0, 0.0, 5.0, 1.5]))
    made = IntervalScores(truth, predicted_value(outcome, location))
    return dict(zip(made.names, made.of(np.arange(5))[:, 0], strict=True))


def test_dilutions__exact_rows_and_limits_apart() -> None:
    scores = _scores(Outcome("interval", logarithm=2), [1.5, 0.5, 1.0, 3.0, 2.0])
    assert scores["essential_agreement"] == 1 / 2
    # at most 1 and at least 5 are met within one dilution by 1 and not by 3
    assert scores["limit_agreement"] == pytest.approx(2 / 3)
    assert scores["bias"] == pytest.approx((0.5 - 1.5) / 2)
    assert scores["rmse_exact"] == pytest.approx(np.sqrt((0.25 + 2.25) / 2))


def test_steps__of_a_series_are_values_at_their_middle() -> None:
    outcome = Outcome("interval", logarithm=2)
    lower, upper = np.array([0.0, 1.0, 2.0, -np.inf]), np.array([1.0, 2.0, 3.0, -1.0])
    truth = truth_of(Observed(outcome, lower=lower, upper=upper), np.array([0.5, 1.5, 2.5, -1.0]))
    # readings of 2, 8 and 2 where 1, 2 and 3 were read: within one step, two above, and one below
    made = IntervalScores(truth, predicted_value(outcome, [1.5, 3.2, 1.5, 0.0]))
    scores = dict(zip(made.names, made.of(np.arange(4))[:, 0], strict=True))
    assert scores["essential_agreement"] == pytest.approx(2 / 3)
    assert scores["bias"] == pytest.approx((1.0 + 1.7 - 1.0) / 3)
    assert scores["rmse_exact"] == pytest.approx(np.sqrt((1.0 + 1.7**2 + 1.0) / 3))


def test_limits__count_as_no_values() -> None:
    outcome = Outcome("interval", logarithm=2)
    far, near = _scores(outcome, [1, 2, -9, 19, 0.5]), _scores(outcome, [1, 2, 0, 5, 0.5])
    assert far["rmse_exact"] == near["rmse_exact"] == 0
    assert far["limit_agreement"] == near["limit_agreement"] == 1
    assert far["censored_log_loss"] < near["censored_log_loss"]


def test_logarithm__a_doubling_is_its_own_length() -> None:
    tens = _scores(Outcome("interval", logarithm=10), [1.25, 2.35, 0.0, 5.0, 0.5])
    assert tens["essential_agreement"] == 1 / 2
    assert "essential_agreement" not in _scores(Outcome("interval"), [1.0, 2.0, 0.0, 5.0, 0.5])


def test_value__is_scored_where_the_location_lies_elsewhere() -> None:
    outcome = Outcome("interval", logarithm=2)
    lower, upper = np.array([0.0, 1.0, -np.inf]), np.array([1.0, 2.0, 0.0])
    truth = truth_of(Observed(outcome, lower=lower, upper=upper), np.array([0.5, 1.5, 0.0]))
    far = Distribution(outcome, np.full(3, -9.0), spread=np.full(3, 4.0), point=np.array([0.5, 0.5, -0.5]))
    near = predicted_value(outcome, [0.5, 0.5, -0.5])

    of_far, of_near = (IntervalScores(truth, said).of(np.arange(3))[:, 0] for said in (far, near))

    assert of_far[1:].tolist() == of_near[1:].tolist()
    # the likelihood is that of the location
    assert of_far[0] > of_near[0]
