from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts.heads import fit_head, head_from_state, head_state
from drugresponse.model.forecasts.naive import NaiveForecasts, naive_from_state
from tests.model.forecasts.made_rows import interval_rows

LEVELS = [-1.0, 0.0, 1.0]


def test_interval_head__location_and_spread_are_recovered_from_limits() -> None:
    held, new = interval_rows(1500, LEVELS), interval_rows(500, LEVELS, seed=1)
    assert np.mean(~np.isfinite(held.pairs.observed.upper - held.pairs.observed.lower)) > 0.3

    told = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").distribution(new.pairs, new.scores)

    assert told.spread is not None
    for drug in range(len(LEVELS)):
        at = new.pairs.drug_index == drug
        assert np.abs(told.scores[at] - new.truth[at, 0]).max() < 0.3
        assert told.spread[at] == pytest.approx(0.8, abs=0.06)


def test_interval_head__bounds_hold_the_value_itself() -> None:
    held, new = interval_rows(1500, LEVELS), interval_rows(1500, LEVELS, seed=1)

    forecast = fit_head(held.pairs, held.y, held.scores, scheme="new-samples").forecast(new.pairs, new.scores)

    value = new.truth[:, 1]
    assert 0.88 < np.mean((value >= forecast.lower) & (value <= forecast.upper)) < 0.95
    covered = forecast.covers(new.pairs.observed, new.y)
    assert covered is not None
    # a limit that the bounds reach is met, so more rows are covered than values
    assert covered.mean() > 0.9
    assert forecast.columns["value"] == pytest.approx(2**forecast.prediction)
    assert forecast.columns["value_lower"] == pytest.approx(2**forecast.lower)


def test_interval_head__readings_are_the_dilutions_of_the_truth() -> None:
    held, new = interval_rows(1500, LEVELS), interval_rows(1500, LEVELS, seed=1)
    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")

    read = head.forecast(new.pairs, new.scores).columns

    # a laboratory reads the next dilution at or above the value, within those tested
    low, high = np.asarray(held.pairs.observed.upper).min(), np.asarray(held.pairs.observed.lower).max() + 1
    truth = np.clip(np.ceil(new.truth), low, high)
    assert np.isin(np.log2(read["reading"]), np.arange(low, high + 1)).all()
    off = np.log2(read["reading"]) - truth[:, 1]
    assert abs(off.mean()) < 0.1
    assert (np.abs(off) <= 1).mean() > 0.9
    inside = (2 ** truth[:, 1] >= read["reading_lower"]) & (2 ** truth[:, 1] <= read["reading_upper"])
    assert inside.mean() > 0.9
    state = head_state(head)
    before = {**state, "ranges": {name: part for name, part in state["ranges"].items() if name != "series"}}
    assert "reading" not in head_from_state(before).forecast(new.pairs, new.scores).columns


def test_interval_head__heavy_tails_of_exact_values_are_covered() -> None:
    def rows(seed: int) -> tuple:
        made = interval_rows(1200, [0.0], seed=seed)
        value = made.truth[:, 0] + np.random.default_rng(seed).standard_t(2, len(made.y))
        observed = Observed(Outcome("interval"), lower=value, upper=value)
        return replace(made.pairs, observed=observed), value, made.scores

    (pairs, y, scores), (new_pairs, new_y, new_scores) = rows(0), rows(1)

    forecast = fit_head(pairs, y, scores, scheme="new-samples").forecast(new_pairs, new_scores)

    assert 0.87 < np.mean((new_y >= forecast.lower) & (new_y <= forecast.upper)) < 0.93
    assert not forecast.columns


def test_interval_head__few_groups_of_an_unclaimed_scheme_give_no_bounds() -> None:
    held = interval_rows(90, LEVELS)
    tissues = pd.Series([f"t{number % 12}" for number in range(90)], index=held.pairs.genotypes.sample_ids)
    pairs = replace(held.pairs, covariates=pd.DataFrame({"tissue": tissues.astype(object)}))

    forecast = fit_head(pairs, held.y, held.scores, scheme="new-tissues").forecast(pairs, held.scores)

    assert np.isfinite(forecast.prediction).all()
    assert np.isnan(forecast.lower).all()
    covered = forecast.covers(pairs.observed, held.y)
    assert covered is not None
    assert np.isnan(covered).all()


def test_interval_head__only_limits_stay_finite() -> None:
    made = interval_rows(200, [0.0, 1.0])
    observed = Observed(Outcome("interval", logarithm=2), lower=np.full(400, -np.inf), upper=np.full(400, 0.5))

    forecast = fit_head(
        replace(made.pairs, observed=observed), np.full(400, 0.5), made.scores, scheme="new-samples"
    ).forecast(made.pairs, made.scores)

    assert np.isfinite(np.column_stack([forecast.prediction, forecast.lower, forecast.upper]).astype(float)).all()


def test_interval_head__a_file_keeps_every_forecast_and_refuses_damage() -> None:
    held = interval_rows(300, LEVELS)
    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
    state = head_state(head)

    again = head_from_state(state).forecast(held.pairs, held.scores)

    assert np.array_equal(again.lower, head.forecast(held.pairs, held.scores).lower)
    assert np.array_equal(again.prediction, head.forecast(held.pairs, held.scores).prediction)
    other = {**state["ranges"], "drug_ids": ["d0", "d1", "d9"]}
    for name, value in (("reach", np.full(4, -1.0)), ("unit", 0.0), ("reach", np.ones(2)), ("ranges", other)):
        with pytest.raises(ModelFileError):
            head_from_state({**state, name: value})


def test_interval_head__the_prediction_of_a_panel_of_limits_is_a_value_that_is_told() -> None:
    # the concentrations tested lie far above most values, as of most antibiotics
    held, new = (interval_rows(1500, [-4.0, -3.0], limits=(-2.0, 3.0), seed=seed) for seed in (0, 1))
    lower, upper = np.asarray(new.pairs.observed.lower), np.asarray(new.pairs.observed.upper)
    measured = np.isfinite(upper - lower)
    assert 0.75 < np.mean(~measured) < 0.95
    head = fit_head(held.pairs, held.y, held.scores, scheme="new-samples")
    naive = NaiveForecasts.fit(held.pairs, held.y, scheme="new-samples").finest(new.pairs)

    forecast = head.forecast(new.pairs, new.scores)

    def error(value: np.ndarray) -> float:
        return float(np.sqrt(np.mean((value - (lower + upper) / 2)[measured] ** 2)))

    point = forecast.prediction
    assert point.min() >= -2.0 and point.max() <= 4.0
    assert (forecast.lower <= point).all() and (point <= forecast.upper).all()
    assert error(point) < 0.8 * error(forecast.distribution.scores)
    assert naive.point is not None
    assert error(point) < error(naive.point) < error(naive.scores)
    assert np.array_equal(head.point(naive), naive.point)


def test_naive_forecasts__of_limits_are_the_normal_distribution_of_each_drug() -> None:
    made = interval_rows(2000, LEVELS)
    naive = NaiveForecasts.fit(made.pairs, made.y, scheme="new-samples")

    told = naive.finest(made.pairs)

    assert told.spread is not None
    for drug, level in enumerate(LEVELS):
        at = made.pairs.drug_index == drug
        assert told.scores[at] == pytest.approx(level, abs=0.12)
        assert told.spread[at] == pytest.approx(np.hypot(1.2, 0.8), abs=0.12)
    again = naive_from_state(naive.get_state(), naive.outcome).finest(made.pairs)
    assert np.array_equal(again.scores, told.scores)
    assert np.array_equal(again.point, told.point)
