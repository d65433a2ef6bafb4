from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.numbers import decimal_signs, to_numbers, with_decimal_points
from drugresponse.data.missing import MISSING_CELLS
from drugresponse.errors import InputError


def column(*cells: str) -> pd.Series:
    return pd.Series(list(cells), name="ln_ic50", dtype=object)


@pytest.mark.parametrize("spelling", sorted(MISSING_CELLS | {"NA", "N/A", "NaN", "Null", " "}))
def test_to_numbers__spellings_of_missing(spelling):
    numbers = to_numbers(column("1.5", spelling), where="responses.tsv")
    assert numbers.dtype == np.float64
    assert numbers.isna().tolist() == [False, True]


def test_to_numbers__every_digit_is_kept():
    cells = ["0.1", "1e-300", "-2.2250738585072014e-308", "123456789.123456789"]
    assert to_numbers(column(*cells, ""), where="x").tolist()[:-1] == [float(cell) for cell in cells]


def test_to_numbers__error_names_line_and_column():
    message = (
        'responses.tsv, line 18, column "ln_ic50": "n.d." is not a number. Leave the cell empty for missing values.'
    )
    with pytest.raises(InputError) as caught:
        to_numbers(column(*["1"] * 16, "n.d."), where="responses.tsv")
    assert str(caught.value) == message


def test_to_numbers__decimal_commas():
    assert to_numbers(column("1,5", "2", "-0,25", "3,1e-2"), where="x").tolist() == [1.5, 2, -0.25, 0.031]
    with pytest.raises(InputError, match=r'"1,5" is not a number. Write decimals with a point'):
        to_numbers(column("1,5", "2.5"), where="x")


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1,000,000", "1,250", "7"], [1e6, 1250, 7]),
        (["1,000.5", "1,250"], [1000.5, 1250]),
        (["0.5", "1,250"], [0.5, 1250]),
        (["1.250,5", "1.250"], [1250.5, 1250]),
        (["1.250.000", "2.500", "0,5"], [1250000, 2500, 0.5]),
        (["0,125", "1,250", "10"], [0.125, 1.25, 10]),
        (["-1,5", "1,250"], [-1.5, 1.25]),
        (["1'000", "12\u2019500.5"], [1000, 12500.5]),
        (["1 000", "1\u202f000\u202f000", "2\u00a0500,5"], [1000, 1e6, 2500.5]),
        (["1.250", "2.500"], [1.25, 2.5]),
    ],
)
def test_to_numbers__thousands_and_decimals_that_the_column_tells_apart(cells, numbers):
    assert to_numbers(column(*cells), where="x").tolist() == numbers


@pytest.mark.parametrize("cells", [["1", "1,000"], ["1,250", "2,500"], ["-3,125", "", "100"], ["10", "1.000"]])
def test_to_numbers__a_sign_that_may_be_either_is_refused_with_both_readings(cells):
    with pytest.raises(
        InputError, match=r'column "ln_ic50": "-?\d[,.]\d{3}" is -?\d{4} if .*, and -?\d[.0-9]* if it is'
    ):
        to_numbers(column(*cells), where="x")


@pytest.mark.parametrize(
    ("cells", "beside", "numbers"),
    [
        (["1", "1,000"], ["98.5"], [1, 1000]),
        (["1,250"], ["98,5"], [1.25]),
        (["1.000", "10"], ["98,5"], [1000, 10]),
    ],
)
def test_to_numbers__other_columns_tell_what_a_column_does_not(cells, beside, numbers, caplog):
    signs = decimal_signs([cells, beside])
    assert to_numbers(column(*cells), where="x", signs=signs).tolist() == numbers
    assert "as other columns write decimals with a" in caplog.text


@pytest.mark.parametrize("cell", ["1_000", "0x10", "1,23,4.5", "True", "1 2", "1,0000.5", "1'00"])
def test_to_numbers__what_no_person_means_is_refused(cell):
    with pytest.raises(InputError, match="is not a number"):
        to_numbers(column(cell), where="x")


def test_with_decimal_points__a_covariate_that_may_be_either_stays_text_and_is_told(caplog):
    assert with_decimal_points(column("12,500", "9"), "samples.tsv").tolist() == ["12,500", "9"]
    assert '"12,500" may be a thousand or a decimal' in caplog.text
    assert with_decimal_points(column("12,500", "9,5"), "samples.tsv").tolist() == ["12.500", "9.5"]
    assert with_decimal_points(column("12,500", "1,000,000"), "samples.tsv").tolist() == ["12500", "1000000"]


def test_to_numbers__limits_of_an_assay_point_to_censoring():
    with pytest.raises(InputError, match=r'">10" is not a number. Write the limit alone, and .* column "censor"'):
        to_numbers(column(">10"), where="x")


def test_to_numbers__infinite_is_read_and_left_to_the_tables():
    assert to_numbers(column("inf", "-Infinity"), where="x").tolist() == [np.inf, -np.inf]


def test_to_numbers__three_decimals_everywhere_or_a_smaller_number_are_decimals():
    assert to_numbers(column("1.000", "0", "0.500"), where="x").tolist() == [1.0, 0.0, 0.5]
    assert to_numbers(column("1.000", "2.500", ""), where="x").tolist()[:2] == [1.0, 2.5]
    assert to_numbers(column("1.125", "10"), where="x").tolist() == [1.125, 10.0]
    assert to_numbers(column("\u22121.5", "2"), where="x").tolist() == [-1.5, 2.0]
