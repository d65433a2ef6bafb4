"""The pictures of outcomes show what the rows say."""

from __future__ import annotations

import re

import numpy as np
import pytest
from statsmodels.duration.survfunc import SurvfuncRight

from drugresponse.report.line_charts import Axis, Line, line_chart
from drugresponse.report.outcome_figures import (
    calibration_drawing,
    precision_drawing,
    roc_drawing,
    survival_curve,
    survival_drawing,
)


def _paths(drawing: str) -> list[list[tuple[float, float]]]:
    """Points of each path of more than a legend's two."""
    paths = [re.findall(r"(-?[\d.]+) (-?[\d.]+)", path) for path in re.findall(r'd="M([\d. L-]+)"', drawing)]
    return [[(float(x), float(y)) for x, y in path] for path in paths]


def test_a_perfect_score_climbs_at_the_left_edge() -> None:
    happened = np.arange(100) >= 60
    perfect, useless = _paths(roc_drawing(happened, {"perfect": np.arange(100.0), "none": np.zeros(100)}))[1:3]
    left, top = min(x for x, _ in perfect), min(y for _, y in perfect)
    assert (left, top) in perfect
    assert (left, top) not in useless


def test_precision_of_chance_is_the_prevalence() -> None:
    happened = np.arange(100) >= 75
    guide = _paths(precision_drawing(happened, {"model": np.arange(100.0)}))[0]
    levels = _paths(
        line_chart([Line("", np.zeros(2), np.array([0.25, 0.25]))], Axis.of_shares(""), Axis.of_shares(""), "")
    )
    assert guide[0][1] == levels[0][0][1]


def test_calibration_counts_each_row_once() -> None:
    rng = np.random.default_rng(1)
    probability = rng.choice([0.1, 0.5, 0.9], 3000)
    drawing = calibration_drawing(rng.random(3000) < probability, {"model": probability})
    assert drawing.count("<circle") == 3
    diagonal, dots = _paths(drawing)[:2]
    slope = (diagonal[1][1] - diagonal[0][1]) / (diagonal[1][0] - diagonal[0][0])
    for x, y in dots:
        assert y == pytest.approx(diagonal[0][1] + slope * (x - diagonal[0][0]), abs=10)


def test_who_is_left_is_kaplan_and_meiers() -> None:
    rng = np.random.default_rng(2)
    time, happened, entry = rng.integers(2, 30, 200) + 0.0, rng.random(200) < 0.6, rng.integers(0, 2, 200) * 1.0
    at, left = survival_curve(time, happened, entry)
    known = SurvfuncRight(time, happened.astype(int), entry=entry)
    assert at[1:].tolist() == known.surv_times.tolist()
    assert left[1:] == pytest.approx(known.surv_prob)


def test_groups_are_named_with_their_events() -> None:
    rows = np.arange(1.0, 11.0), np.arange(10) < 4, None
    assert "carriers (10, 4 events)" in survival_drawing({"carriers": rows, "others": rows}, "months")


def test_survival_curve__counts_an_event_at_time_zero_among_all():
    time, happened = np.array([0.0, 1.0, 2.0, 3.0]), np.array([True, True, False, True])
    for entry in (None, np.zeros(4)):
        at, left = survival_curve(time, happened, entry)
        assert at.tolist() == [0, 0, 1, 3]
        np.testing.assert_allclose(left, [1, 3 / 4, 1 / 2, 0])
