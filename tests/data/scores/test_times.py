from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.follow_up import Censoring, Horizons
from drugresponse.data.scores.times import TimeScores
from drugresponse.data.scores.truth import Truth
from tests.data.scores.made_truths import TIME, exponential, made_times, truth_of


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


def _watched_by_hand(times: np.ndarray, happened: np.ndarray, until: float, *, before: bool = False) -> float:
    """Kaplan and Meier of the censoring, row by row; at one time events come before what is no longer watched."""
    share = 1.0
    for time in sorted(set(times)):
        if time > until or (before and time == until):
            break
        at_risk = sum(t > time or (t == time and not event) for t, event in zip(times, happened, strict=True))
        ended = sum(t == time and not event for t, event in zip(times, happened, strict=True))
        share *= 1 - ended / at_risk if at_risk else 1.0
    return share


def test_scores__equal_those_by_hand_with_ties_and_censoring_beyond_the_horizon() -> None:
    rng = np.random.default_rng(4)

    def drawn(n):  # type: ignore[no-untyped-def]
        hazard = rng.normal(0, 1, n).round(1)
        event, end = np.ceil(8 * rng.exponential(np.exp(-hazard))), np.ceil(rng.uniform(2, 24, n))
        return np.minimum(event, end), event <= end, hazard

    (train, train_happened, _), (y, happened, hazard) = drawn(90), drawn(70)
    drug = np.array(["d"] * 160, dtype=object)
    known = Observed(TIME, happened=train_happened, entry=np.zeros(90))
    observed = Observed(TIME, happened=happened, entry=np.zeros(70))
    both = Observed(TIME, happened=np.append(train_happened, happened), entry=np.zeros(160))
    horizons = Horizons.of_rows(drug, np.append(train, y), both, horizon=9.5)
    horizon = horizons.horizon[0]
    assert (~happened & (y > horizon)).sum() >= 5
    assert (happened & np.isin(y, y[~happened])).sum() > 5
    watched = Censoring.fit(drug[:90], train, known).follow_up(drug[:70], y, observed, horizons)
    truth = Truth(observed, y, np.arange(70).astype(str).astype(object), drug[:70], np.zeros(70, dtype=int), watched)
    times = np.linspace(0, 12, 25)
    predicted = Distribution(TIME, hazard, times=times, survival=np.exp(-np.exp(hazard)[:, None] * times / 8))

    heights = {time: _watched_by_hand(train, train_happened, time) for time in range(25)}
    before = {time: _watched_by_hand(train, train_happened, time, before=True) for time in range(25)}
    agree, comparable = np.zeros(2), np.zeros(2)
    for i in range(70):
        if not happened[i] or y[i] > horizon:
            continue
        weights = np.array([1.0, before[int(y[i])] ** -2])
        for j in range(70):
            if y[j] > y[i] or (y[j] == y[i] and not happened[j]):
                comparable += weights
                agree += weights * (1.0 if hazard[i] > hazard[j] else 0.5 if hazard[i] == hazard[j] else 0.0)

    def brier(at):  # type: ignore[no-untyped-def]
        total = 0.0
        for i in range(70):
            survival = np.interp(at, times, predicted.survival[i])
            if y[i] > at:
                total += (1 - survival) ** 2 / heights[int(at)]  # times are whole
            elif happened[i]:
                total += survival**2 / before[int(y[i])]
        return total / 70

    scores = _scores(truth, predicted)
    assert [scores["harrell_c"], scores["uno_c"]] == pytest.approx((agree / comparable).tolist(), rel=1e-9)
    assert scores["brier_q50"] == pytest.approx(brier(horizons.stated[0, 1]), rel=1e-9)
    middles = horizon * (np.arange(100) + 0.5) / 100
    assert scores["integrated_brier"] == pytest.approx(np.mean([brier(at) for at in middles]), rel=1e-9)
