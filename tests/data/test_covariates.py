from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.covariates import arm_covariate, choose_covariates
from drugresponse.errors import InputError

NAN = float("nan")


def samples_with(**columns: list) -> pd.DataFrame:
    n = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=[f"s{i}" for i in range(n)])


def test_arm_covariate__text_and_dose_by_content():
    table = samples_with(arm=[" active", "control", None], dose=["10", "20", ""])
    assert arm_covariate(table, "arm").tolist() == ["active", "control", ""]
    dose = arm_covariate(table, "dose")
    assert dose.dtype == np.float64
    np.testing.assert_array_equal(dose, [10, 20, NAN])


def test_arm_covariate__doses_may_be_many_but_texts_may_not():
    table = samples_with(dose=list(range(20)), arm=[f"arm {i % 7}" for i in range(20)])
    assert arm_covariate(table, "dose").nunique() == 20
    message = (
        'samples, column "arm": found 7 different texts (expected 2 to 6 treatment arms, or a dose in numbers). '
        "Group the arms."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        arm_covariate(table, "arm")


@pytest.mark.parametrize(
    ("column", "told"),
    [
        (["active", "active", ""], 'only "active"'),
        (["", None, " "], "no value"),
        ([10, 10, NAN], 'only "10.0"'),
        ([10, np.inf, NAN], 'only "10.0"'),
    ],
)
def test_arm_covariate__a_single_arm_is_refused(column, told):
    message = (
        f'samples, column "arm": found {told} among 3 samples with genotype and response (expected two treatment arms '
        "or more). Correct the column, or leave --arm out."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        arm_covariate(samples_with(arm=column), "arm")


def test_arm_covariate__absent_column():
    with pytest.raises(InputError, match=r'no column "treatmnt" \(expected the .* Did you mean "treatment"\?'):
        arm_covariate(samples_with(treatment=["a", "b"]), "treatmnt")
    with pytest.raises(InputError, match=r'no column "arm" .* Give --samples with this column\.$'):
        arm_covariate(pd.DataFrame(index=["s"]), "arm")


def test_choose_covariates__the_arm_is_always_one_and_may_have_many_levels_in_few_samples():
    table = samples_with(age=[1.0, 2.0, 3.0, 4.0], treatment=["a", "b", "c", "a"])
    assert list(choose_covariates(table, arm="treatment").columns) == ["age", "treatment"]
    assert list(choose_covariates(table, [], "treatment").columns) == ["treatment"]
    assert list(choose_covariates(table, ["treatment", "age"], "treatment").columns) == ["treatment", "age"]
    with pytest.raises(InputError, match="found 3 different texts among 4 samples"):
        choose_covariates(table, ["treatment"])
