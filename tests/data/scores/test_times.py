from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.times import TimeScores
from tests.data.scores.made_truths import exponential, made_times, truth_of


def _scores(truth, predicted):  # type: ignore[no-untyped-def]
    made = TimeScores(truth, predicted)
    return dict(zip(made.names, made.of(np.arange(len(truth)))[:, 0], strict=True))


def test_concordance__by_hand() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0])
    observed = Observed(Outcome("time-to-event"), happened=np.array([True, False, True, True]), entry=np.zeros(4))
    scores = _scores(truth_of(observed, y), exponential(np.array([0.0, 5.0, 2.0, 1.0])))
    # 1 comes before 2, 3 and 4, all wrongly ranked, and 3 before 4, rightly
    assert scores["harrell_c"] == pytest.approx(1 / 4)
    # 2 of 3 were still watched when 3 had its event
    assert scores["uno_c"] == pytest.approx((9 / 4) / (3 + 9 / 4))


def test_concordance__who_comes_late_is_not_compared_with_who_went_before() -> None:
    y = np.array([1.0, 2.0, 3.0])
    observed = Observed(Outcome("time-to-event"), happened=np.ones(3, dtype=bool), entry=np.array([0.0, 1.5, 0.0]))
    scores = _scores(truth_of(observed, y), exponential(np.array([0.0, 1.0, 2.0])))
    assert scores["harrell_c"] == 0.0
    observed = Observed(Outcome("time-to-event"), happened=np.ones(3, dtype=bool), entry=np.zeros(3))
    assert _scores(truth_of(observed, y), exponential(np.array([0.5, 1.0, 0.0])))["harrell_c"] == pytest.approx(2 / 3)


def test_drugs__pairs_of_one_drug_only() -> None:
    y = np.array([1.0, 2.0, 3.0, 4.0])
    observed = Observed(Outcome("time-to-event"), happened=np.ones(4, dtype=bool), entry=np.zeros(4))
    truth = truth_of(observed, y, drugs=2)
    assert _scores(truth, exponential(np.array([1.0, 5.0, 0.0, 4.0])))["harrell_c"] == 1.0


def test_scores__of_the_true_hazard() -> None:
    truth, hazard = made_times(3000)
    scores = _scores(truth, exponential(hazard))
    useless = _scores(truth, exponential(np.zeros(len(hazard))))
    assert useless["harrell_c"] == useless["uno_c"] == 0.5
    assert scores["harrell_c"] > 0.7
    assert abs(scores["uno_c"] - scores["harrell_c"]) < 0.03
    for quarter in ("q25", "q50", "q75"):
        assert abs(scores[f"calibration_{quarter}"]) < 0.03
        assert scores[f"brier_{quarter}"] < useless[f"brier_{quarter}"]
    late = _scores(truth, exponential(hazard - 1))
    assert late["calibration_q50"] > 0.1
    assert late["harrell_c"] == pytest.approx(scores["harrell_c"])
