from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import ModelFileError
from drugresponse.model.forecasts._reading_ranges import ReadingRanges, expected_reading
from tests.model.forecasts.made_rows import grid

DILUTIONS = Outcome("interval", logarithm=2)


def _ranges(lower: list[float], upper: list[float], outcome: Outcome = DILUTIONS) -> ReadingRanges:
    """Of two samples with two drugs, sample by sample."""
    observed = Observed(outcome, lower=np.array(lower), upper=np.array(upper))
    return ReadingRanges.fit(replace(grid(2, 2), observed=observed), "new-samples")


def test_expected_reading__is_the_mean_of_values_cut_to_the_range() -> None:
    rng = np.random.default_rng(0)
    location, spread = np.array([-3.0, 0.0, 0.7, 4.0]), np.array([0.5, 3.0, 1.0, 2.0])
    drawn = np.clip(location + spread * rng.normal(size=(200_000, 4)), -1.0, 2.0)

    reading = expected_reading(location, spread, np.full(4, -1.0), np.full(4, 2.0))

    assert reading == pytest.approx(drawn.mean(axis=0), abs=0.02)


def test_expected_reading__stays_in_the_range_however_far_or_narrow_the_distribution() -> None:
    location, spread = np.array([1e9, -1e9, 0.0, 3.0, 0.5]), np.array([1e-9, 1e-9, 1e-12, 1e12, 1.0])
    low, high = np.array([-1.0, -1.0, -1.0, -1.0, 0.2]), np.array([1.0, 1.0, 1.0, 1.0, 0.2])

    assert expected_reading(location, spread, low, high) == pytest.approx([1.0, -1.0, 0.0, 0.0, 0.2], abs=1e-6)


def test_reading_ranges__an_open_end_is_the_limit_below_and_one_step_beyond_it_above() -> None:
    # at most 8 and in (8, 16] of the first drug; above 4 and in (1, 2] of the second
    ranges = _ranges([-np.inf, 2.0, 3.0, 0.0], [3.0, np.inf, 4.0, 1.0])

    assert ranges.ends.tolist() == [[3.0, 4.0], [0.0, 3.0], [0.0, 4.0]]


def test_reading_ranges__without_a_series_an_open_end_is_the_limit() -> None:
    ranges = _ranges([-np.inf, 2.0, 3.5, 0.5], [3.0, np.inf, 3.5, 0.5], Outcome("interval"))

    assert ranges.ends.tolist() == [[3.0, 3.5], [0.5, 2.0], [0.5, 3.5]]


def test_reading_ranges__a_drug_never_seen_has_the_range_of_all() -> None:
    ranges = _ranges([-np.inf, 6.0, 3.0, 6.0], [3.0, 7.0, 4.0, 7.0])
    three = grid(1, 3)

    point = ranges.point(three, np.full(3, -50.0), np.full(3, 0.1))

    assert point.tolist() == [3.0, 6.0, 3.0]


def test_reading_ranges__new_drugs_have_one_range() -> None:
    observed = Observed(DILUTIONS, lower=np.array([0.0, 5.0]), upper=np.array([1.0, 6.0]))

    ranges = ReadingRanges.fit(replace(grid(1, 2), observed=observed), "new-drugs")

    assert len(ranges.drug_ids) == 0
    assert ranges.ends.tolist() == [[0.0, 6.0]]


def test_reading_ranges__damage_is_refused() -> None:
    state = _ranges([-np.inf, 6.0, 3.0, 6.0], [3.0, 7.0, 4.0, 7.0]).get_state()

    assert np.array_equal(ReadingRanges.from_state(state).ends, state["ends"])
    for ends in (state["ends"][:, ::-1], state["ends"][:2], np.full((3, 2), np.inf)):
        with pytest.raises(ModelFileError):
            ReadingRanges.from_state({**state, "ends": ends})
