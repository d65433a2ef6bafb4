from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts.heads import cross_fitted, fit_head, head_from_state, head_state
from drugresponse.model.forecasts.naive import NaiveForecasts, naive_from_state
from drugresponse.model.forecasts.time_head import TimeHead
from tests.model.forecasts.made_rows import MadeRows, time_rows

RATES = [0.3, 1.0]


def _fitted(made: MadeRows, **settings: float) -> TimeHead:
    head = fit_head(made.pairs, made.y, made.scores, scheme="new-samples", **settings)
    assert isinstance(head, TimeHead)
    return head


@pytest.mark.parametrize("late", [False, True])
def test_time_head__survival_is_that_of_the_known_hazards(late: bool) -> None:
    held, new = time_rows(3000, RATES, late=late), time_rows(1000, RATES, seed=1)

    head = _fitted(held)
    told = head.distribution(new.pairs, new.scores)

    assert told.times is not None
    assert told.survival is not None
    until = told.times <= 2.0
    truth = np.exp(-new.truth * told.times[until])
    for drug in range(len(RATES)):
        at = new.pairs.drug_index == drug
        off = told.survival[at][:, until] - truth[at]
        assert np.abs(off).mean() < 0.02
        assert np.abs(off.mean(axis=0)).max() < 0.025


def test_time_head__late_entry_matters() -> None:
    held = time_rows(3000, RATES, late=True)
    early = replace(held.pairs, observed=replace(held.pairs.observed, entry=np.zeros(len(held.y))))

    right, wrong = (
        fit_head(pairs, held.y, held.scores, scheme="new-samples").distribution(held.pairs, held.scores)
        for pairs in (held.pairs, early)
    )

    assert right.survival is not None
    assert wrong.survival is not None
    # who came late was not seen to have the event before: taken as watched, events look rarer
    assert wrong.survival.mean() > right.survival.mean() + 0.01


def test_time_head__mean_to_the_horizon_and_median() -> None:
    held, new = time_rows(3000, RATES), time_rows(500, RATES, seed=1)

    forecast = _fitted(held, horizon=2.0).forecast(new.pairs, new.scores)

    rate = new.truth[:, 0]
    mean, median = (1 - np.exp(-2.0 * rate)) / rate, np.log(2) / rate
    assert np.abs(forecast.prediction - mean).mean() < 0.03
    assert ((forecast.lower <= forecast.prediction) & (forecast.prediction <= forecast.upper)).all()
    assert (forecast.upper <= 2.0).all()
    told = forecast.columns["median_time"]
    assert np.isnan(told[median > 2.3]).all()
    assert np.abs(told[median < 1.5] - median[median < 1.5]).mean() < 0.05
    assert forecast.covers(new.pairs.observed, new.y) is None


def test_time_head__bounds_hold_the_true_mean() -> None:
    covered = []
    for seed in range(6):
        held, new = time_rows(200, RATES, seed=seed), time_rows(300, RATES, seed=100 + seed)
        forecast = _fitted(held, horizon=2.0).forecast(new.pairs, new.scores)
        mean = (1 - np.exp(-2.0 * new.truth[:, 0])) / new.truth[:, 0]
        covered.append(np.mean((mean >= forecast.lower) & (mean <= forecast.upper)))

    assert np.mean(covered) > 0.75


def test_time_head__columns_state_survival_at_few_times() -> None:
    held = time_rows(500, RATES)
    head = _fitted(held)

    forecast = head.forecast(held.pairs, held.scores)

    named = [name for name in forecast.columns if name.startswith("survival_")]
    assert [float(name.split("_")[1]) for name in named] == pytest.approx(head.stated.tolist())
    values = np.column_stack([forecast.columns[name] for name in named])
    assert (np.diff(values, axis=1) <= 0).all()
    assert ((values >= 0) & (values <= 1)).all()


def test_time_head__few_events_leave_one_step_and_no_person() -> None:
    held = time_rows(60, [0.05], slope=0.0)
    assert held.pairs.observed.happened.sum() < 16

    head = _fitted(held)

    assert len(head.steps.edges) == 1
    assert np.isfinite(head.forecast(held.pairs, held.scores).prediction.astype(float)).all()


def test_time_head__a_file_keeps_every_forecast_and_refuses_damage() -> None:
    held = time_rows(300, RATES)
    head = _fitted(held)
    state = head_state(head)

    again = head_from_state(state).forecast(held.pairs, held.scores)

    assert np.array_equal(again.upper, head.forecast(held.pairs, held.scores).upper)
    for name, value in (
        ("edges", head.steps.edges[::-1].copy()),
        ("edges", np.zeros(0)),
        ("horizon", -1.0),
        ("rate", 0.0),
        ("stated", np.array([2.0, 1.0])),
    ):
        with pytest.raises(ModelFileError):
            head_from_state({**state, name: value})


def test_cross_fitted__folds_tell_of_every_row() -> None:
    held = time_rows(200, RATES)
    fold = held.pairs.sample_index % 3

    told = cross_fitted(held.pairs, held.y, held.scores, fold, scheme="new-samples", horizon=1.5)

    assert sorted(np.concatenate([rows for rows, _ in told]).tolist()) == list(range(len(held.y)))


def test_naive_forecasts__of_times_are_those_of_kaplan_and_meier() -> None:
    made = time_rows(2000, RATES, slope=0.0, late=True)
    naive = NaiveForecasts.fit(made.pairs, made.y, scheme="new-samples")

    told = naive.finest(made.pairs)

    assert told.times is not None
    assert told.survival is not None
    until = told.times <= 2.0
    for drug, rate in enumerate(RATES):
        row = told.survival[np.flatnonzero(made.pairs.drug_index == drug)[0], until]
        assert row == pytest.approx(np.exp(-rate * told.times[until]), abs=0.04)
    again = naive_from_state(naive.get_state(), naive.outcome).finest(made.pairs)
    assert np.array_equal(again.survival, told.survival)
    state = naive.get_state()
    state["tables"]["drug mean"]["numbers"] = state["tables"]["drug mean"]["numbers"][:, ::-1].copy()
    with pytest.raises(ModelFileError, match="rises"):
        naive_from_state(state, naive.outcome)
