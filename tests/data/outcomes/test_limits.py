from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.outcomes.limits import (
    are_limits,
    is_limit_or_number,
    limits_of_columns,
    limits_of_sides,
    read_limits,
    scaled_limits,
)
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.errors import InputError

INF = np.inf


@pytest.mark.parametrize(
    ("cell", "lower", "upper"),
    [
        ("<=0.25", -INF, 0.25),
        ("< 0.25", -INF, 0.25),
        ("\u22640.25", -INF, 0.25),
        ("=<0.25", -INF, 0.25),
        (">64", 64, INF),
        ("\u2265 64", 64, INF),
        ("=2", 2, 2),
        ("2", 2, 2),
        ("1e-3", 0.001, 0.001),
        ("0.5-1", 0.5, 1),
        ("0.5 \u2013 1", 0.5, 1),
        ("0.5 to 1", 0.5, 1),
        ("-2--1", -2, -1),
        ("[0.5,1]", 0.5, 1),
        ("(0.5, 1]", 0.5, 1),
        ("[0,5; 1,5]", 0.5, 1.5),
        ("[2, inf)", 2, INF),
        ("(-inf, 2]", -INF, 2),
        ("(, 2]", -INF, 2),
        ("<=8/4", -INF, 8),
        ("NA", np.nan, np.nan),
        ("not tested", np.nan, np.nan),
    ],
)
def test_read_limits__ways_to_write_them(cell, lower, upper):
    column = pd.Series([cell, "<=3"])
    assert are_limits(column)
    limits = read_limits(column, "r.tsv")
    np.testing.assert_array_equal([limits.lower[0], limits.upper[0]], [lower, upper])


@pytest.mark.parametrize("cell", ["R", "8 mg/L", "2021-01-05", "<", "<a", ">1>2", "5%", "[1, 2, 3]"])
def test_read_limits__what_is_none_names_the_row(cell):
    assert not is_limit_or_number(cell)
    with pytest.raises(InputError, match=r"row 2: .* is neither a number nor a limit"):
        read_limits(pd.Series(["<=3", cell]), "r.tsv")


def test_read_limits__a_range_the_wrong_way_round_is_refused():
    with pytest.raises(InputError, match=r'row 2: found "4-2", a lower limit of 4 above the upper of 2'):
        read_limits(pd.Series(["<=3", "4-2"]), "r.tsv")


def test_are_limits__numbers_and_words_are_none():
    for cells in (["1", "-2", "1e5"], ["S", "R"], ["1,5", "1.000,5"], [None, None]):
        assert not are_limits(pd.Series(cells, dtype=object))
    assert not are_limits(pd.Series([1.0, 2.0]))


def scaled(*cells: str, drugs: list[str] | None = None, known: Outcome | None = None):
    return scaled_limits(read_limits(pd.Series(cells), "r.tsv"), pd.Series(drugs or ["d"] * len(cells)), known)


def test_scaled_limits__the_number_of_a_dilution_lies_above_the_one_below():
    limits = scaled("<=0.06", "0.12", "0.25", "0.5-2", ">=16", ">16")
    assert limits.outcome == Outcome("interval", logarithm=2)
    assert limits.lower.tolist() == [-INF, -4, -3, -1, 3, 4]
    assert limits.upper.tolist() == [-4, -3, -2, 1, INF, INF]
    assert limits.values.tolist() == [-4, -3.5, -2.5, 0, 3, 4]


def test_scaled_limits__measured_numbers_stay_as_they_are():
    limits = scaled("<=1", "1.7", "3", ">6.5")
    assert limits.outcome == Outcome("interval")
    assert limits.lower.tolist() == [-INF, 1.7, 3, 6.5]


def test_scaled_limits__concentrations_far_apart_are_logarithms():
    numbers = np.geomspace(0.01, 90, 20)
    limits = scaled(*(f"{number:.3g}" for number in numbers), ">100")
    assert limits.outcome.logarithm == 2
    np.testing.assert_allclose(limits.lower[:-1], np.log2(numbers), atol=0.01)
    np.testing.assert_array_equal(limits.lower[:-1], limits.upper[:-1])
    percent = scaled("<1", *(str(number) for number in range(3, 99, 5)), ">99")
    assert percent.outcome.logarithm == 0


def test_scaled_limits__of_a_model_have_its_scale():
    assert scaled("<=1", "2", known=Outcome("interval", logarithm=2)).upper.tolist() == [0, 1]
    assert scaled("<=1", "3.1", known=Outcome("interval", logarithm=2)).upper[1] == pytest.approx(np.log2(3.1))
    assert scaled("<=1", "2", "4", "8", known=Outcome("interval")).upper.tolist() == [1, 2, 4, 8]


def test_limits_of_sides__already_logarithms_stay_as_they_are():
    written = limits_of_sides(np.array([-2.0, 0.0, 3.0, np.nan]), pd.Series(["left", "none", "right", "none"]))
    limits = scaled_limits(written, pd.Series(["d"] * 4))
    assert limits.outcome.logarithm == 0
    np.testing.assert_array_equal(limits.lower, [-INF, 0, 3, np.nan])
    np.testing.assert_array_equal(limits.upper, [-2, 0, INF, np.nan])


def test_limits_of_columns__zero_is_an_open_side_where_no_other_is():
    low, high = pd.Series([0.0, 0.5, 4.0]), pd.Series([0.25, 1.0, np.nan])
    assert limits_of_columns(low, high, "r.tsv").lower.tolist() == [-INF, 0.5, 4]
    assert limits_of_columns(pd.Series([0.0, -1.0, 4.0]), high, "r.tsv").lower.tolist() == [0, -1, 4]
