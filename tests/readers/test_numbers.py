from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import to_numbers
from drugresponse.readers.numbers import MISSING


def column(*cells: str) -> pd.Series:
    return pd.Series(list(cells), name="ln_ic50", dtype=object)


@pytest.mark.parametrize("spelling", sorted(MISSING | {"NA", "N/A", "NaN", "Null", " "}))
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


def test_to_numbers__decimal_commas_where_nothing_else_can_be_meant():
    assert to_numbers(column("1,5", "2", "-0,25", "3,1e-2"), where="x").tolist() == [1.5, 2, -0.25, 0.031]
    for cells, allowed in ((("1,5", "2.5"), True), (("1,5",), False)):
        with pytest.raises(InputError, match=r'"1,5" is not a number. Write decimals with a point'):
            to_numbers(column(*cells), where="x", decimal_commas=allowed)


@pytest.mark.parametrize("cell", ["1_000", "0x10", "1,234.5", "True", "1 2"])
def test_to_numbers__what_no_person_means_is_refused(cell):
    with pytest.raises(InputError, match="is not a number"):
        to_numbers(column(cell), where="x")


def test_to_numbers__limits_of_an_assay_point_to_censoring():
    with pytest.raises(InputError, match=r'">10" is not a number. Write the limit alone, and .* column "censor"'):
        to_numbers(column(">10"), where="x")


def test_to_numbers__infinite_is_read_and_left_to_the_tables():
    assert to_numbers(column("inf", "-Infinity"), where="x").tolist() == [np.inf, -np.inf]
