from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.follow_up import Censoring, Horizons, kaplan_meier, step_at

TIME = Outcome("time-to-event")


def test_kaplan_meier__the_example_of_every_textbook() -> None:
    # weeks in remission of 21 patients on 6-mercaptopurine: Freireich et al. 1963
    weeks = [6, 6, 6, 7, 10, 13, 16, 22, 23, 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    happened = np.arange(21) < 9
    at, survival = kaplan_meier(np.array(weeks, dtype=float), happened)
    assert at.tolist() == [6, 7, 10, 13, 16, 22, 23]
    assert survival.round(3).tolist() == [0.857, 0.807, 0.753, 0.690, 0.627, 0.538, 0.448]


def test_kaplan_meier__who_comes_late_is_not_at_risk_before() -> None:
    times, entry = np.array([1.0, 2.0, 3.0]), np.array([0.0, 1.0, 0.0])
    at, survival = kaplan_meier(times, np.ones(3, dtype=bool), entry)
    assert at.tolist() == [1.0, 2.0, 3.0]
    assert survival.tolist() == [0.5, 0.25, 0.0]


def test_kaplan_meier__weights_repeat_rows() -> None:
    times, happened = np.array([1.0, 2.0, 3.0, 3.0]), np.array([True, False, True, False])
    weights = np.array([2.0, 1.0, 3.0, 1.0])
    rows = np.repeat(np.arange(4), weights.astype(int))
    repeated, weighted = kaplan_meier(times[rows], happened[rows]), kaplan_meier(times, happened, weights=weights)
    assert weighted[1].tolist() == pytest.approx(repeated[1].tolist())


def test_step_at__from_its_time_on() -> None:
    steps = np.array([1.0, 2.0]), np.array([0.6, 0.2])
    times = np.array([0.5, 1.0, 1.5, 9.0])
    assert step_at(steps, times).tolist() == [1.0, 0.6, 0.6, 0.2]
    assert step_at(steps, times, before=True).tolist() == [1.0, 1.0, 0.6, 0.2]


def test_censoring__by_hand() -> None:
    y = np.array([1.0, 2.0, 2.0, 3.0, 4.0])
    observed = Observed(TIME, happened=np.array([True, False, True, True, False]), entry=np.zeros(5))
    drug = np.full(5, "d", dtype=object)
    watched = Censoring.fit(drug, y, observed).follow_up(drug, y, observed, Horizons.of_rows(drug, y, observed))
    # the event at 2 comes before the censoring at 2, of whom 3 were still watched
    assert watched.watched_before_end.tolist() == pytest.approx([1.0, 1.0, 1.0, 2 / 3, 2 / 3])
    assert set(watched.watched_at_grid[0].round(3)) == {1.0, 0.667}


def test_censoring__a_drug_with_rows_enough_has_its_own() -> None:
    drug = np.repeat(np.array(["a", "b", "c"], dtype=object), [40, 40, 3])
    rng = np.random.default_rng(0)
    y = rng.exponential(np.repeat([1.0, 10.0, 1.0], [40, 40, 3]))
    observed = Observed(TIME, happened=rng.random(83) < 0.5, entry=np.zeros(83))
    horizons = Horizons.of_rows(drug, y, observed)
    assert horizons.drug_ids.tolist() == ["a", "b"]
    assert horizons.horizon[0] < horizons.horizon[1]
    assert horizons.row_of(drug[[0, 40, 80]]).tolist() == [0, 1, 2]
    assert (np.diff(horizons.stated, axis=1) > 0).all()


def test_kaplan_meier__an_event_at_0_counts_among_all_that_came_at_0() -> None:
    times, happened = np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, False, True, False])
    at, survival = kaplan_meier(times, happened, np.zeros(4))
    assert at.tolist() == [0.0, 2.0]
    assert survival.tolist() == pytest.approx([3 / 4, 3 / 8])
    assert survival.tolist() == kaplan_meier(times, happened)[1].tolist()
