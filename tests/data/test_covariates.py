from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.covariates import Covariates, arm_covariate
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
        "or more). Correct the column, or leave `arm` out."
    )
    with pytest.raises(InputError, match=f"^{re.escape(message)}$"):
        arm_covariate(samples_with(arm=column), "arm")


def test_arm_covariate__absent_column():
    with pytest.raises(InputError, match=r'no column "treatmnt" \(expected the .* Did you mean "treatment"\?'):
        arm_covariate(samples_with(treatment=["a", "b"]), "treatmnt")
    with pytest.raises(InputError, match=r'no column "arm" .* Give `samples` with this column\.$'):
        arm_covariate(pd.DataFrame(index=["s"]), "arm")


def test_choose__the_arm_is_always_one_and_may_have_many_levels_in_few_samples():
    table = samples_with(age=[1.0, 2.0, 3.0, 4.0], treatment=["a", "b", "c", "a"])
    assert list(Covariates.choose(table, arm="treatment").table.columns) == ["age", "treatment"]
    assert list(Covariates.choose(table, [], "treatment").table.columns) == ["treatment"]
    assert list(Covariates.choose(table, ["treatment", "age"], "treatment").table.columns) == ["treatment", "age"]
    with pytest.raises(InputError, match="found 3 different texts among 4 samples"):
        Covariates.choose(table, ["treatment"])


def samples(n: int = 40, **columns: object) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index([f"s{i}" for i in range(n)], name="sample_id"))


def test_choose__default_takes_known_columns_by_content():
    table = samples(
        tissue=["lung", None, " skin ", "lung"] * 10,
        age=["40", "", "50.5", None] * 10,
        other=1.0,
        site=[1, 2, 3, 4] * 10,
    )
    chosen = Covariates.choose(table).table
    assert list(chosen.columns) == ["tissue", "age", "site"]
    assert chosen["tissue"].tolist()[:3] == ["lung", "", "skin"]
    np.testing.assert_array_equal(chosen["age"].iloc[:4], [40, np.nan, 50.5, np.nan])
    assert chosen["site"].dtype == np.float64


def test_choose__named_or_none():
    table = samples(tissue="lung", other=[1.5] * 40)
    assert list(Covariates.choose(table, ["other"]).table.columns) == ["other"]
    assert Covariates.choose(table, []).table.shape == (40, 0)


def test_choose__text_with_many_levels_is_left_out_or_refused(caplog):
    table = samples(site=[f"site {i}" for i in range(40)])
    with caplog.at_level(logging.WARNING):
        assert Covariates.choose(table).table.empty
    assert 'column "site": found 40 different texts among 40 samples' in caplog.text
    with pytest.raises(InputError, match=r'column "site": found 40 different texts .* leave the column out'):
        Covariates.choose(table, ["site"])


def test_choose__misspelt_name():
    with pytest.raises(InputError, match=r'no covariate column "tisue"\. Did you mean "tissue"\?'):
        Covariates.choose(samples(tissue="lung"), ["tisue"])


def test_choose__usual_names_however_they_are_written():
    usual = ["Age (years)", "RACE", "ethnicity", "Height_cm", "Weight", "BMI", "Smoking Status", "tumor-stage", "Batch"]
    usual += ["plate_id", "growth medium", "AgeAtDiagnosis", "Gender"]
    others = ["age_at_death", "lineage", "platelets", "sample_weight", "creatinine"]
    table = samples(**{name: np.arange(40.0) for name in [*usual, *others]})
    chosen = Covariates.choose(table)
    assert sorted(chosen.table.columns) == sorted(usual)
    assert sorted(chosen.unused) == sorted(others)


def test_choose__yes_and_no_unless_the_name_is_that_of_an_outcome():
    sides = {"amiodarone": [0, 1], "enzyme_inducer": ["yes", "no"], "statin": ["Y", ""], "Heart failure": ["1", "0"]}
    sides["herbal"] = [True, False]
    outcomes = ["responder", "dead", "relapse", "event", "status", "Survived", "treatment failure", "toxicity", "fold"]
    others = {"drug_class": ["a", "b"], "copies": [1, 2], "always": [1, 1], "sample_barcode": [0, 1]}
    values = {**sides, **{name: [0, 1] for name in outcomes}, **others}
    table = samples(**{name: [each[0], each[1], None, each[1]] * 10 for name, each in values.items()})
    table["statin"] = ["Y", "N", "unknown", ""] * 10
    chosen = Covariates.choose(table)
    assert list(chosen.table.columns) == list(sides)
    assert {chosen.unused[name] for name in outcomes} == {"may be an outcome"}
    assert chosen.unused_by_reason()["an id or name"] == ["sample_barcode"]


def test_choose__named_columns_leave_the_others_unused():
    chosen = Covariates.choose(samples(age=np.arange(40.0), sex=["f", "m"] * 20, subject_id="p"), ["sex"])
    assert dict(chosen.unused) == {"age": "not named"}


def test_choose__ids_in_numbers_are_no_covariates_unless_named():
    table = samples(COSMIC_ID=np.arange(40), number=np.arange(40))
    assert Covariates.choose(table).table.empty
    assert list(Covariates.choose(table, ["COSMIC_ID"]).table.columns) == ["COSMIC_ID"]


@pytest.mark.parametrize(("levels", "n"), [(6, 48), (9, 55)])
def test_choose__text_of_a_small_cohort_is_used(levels, n):
    table = samples(n, tissue=[f"t{i % levels}" for i in range(n)])
    assert list(Covariates.choose(table).table.columns) == ["tissue"]
    assert Covariates.choose(table, ["tissue"]).table["tissue"].nunique() == levels


def test_choose__levels_of_one_sample_are_one(caplog):
    table = samples(Tissue=["lung"] * 20 + ["skin"] * 16 + ["eye", "bone", "thymus", ""])
    with caplog.at_level(logging.WARNING):
        chosen = Covariates.choose(table)
    assert chosen.table["tissue"].tolist() == ["lung"] * 20 + ["skin"] * 16 + ["other"] * 3 + [""]
    assert chosen.texts()["tissue"]["bone"] == "other"
    assert '3 levels of one sample each are taken as one, "other" ("bone", "eye", "thymus")' in caplog.text


def test_choose__a_copy_of_the_response_is_no_default_covariate():
    rng = np.random.default_rng(0)
    first, second = rng.normal(size=40), rng.normal(size=40)
    table = samples(age=np.exp(second), weight=first + rng.normal(size=40), statin=(first + second > 0).astype(int))
    parts = [
        pd.DataFrame({"sample_id": table.index, "drug_id": d, "response": y}) for d, y in (("a", first), ("b", second))
    ]
    chosen = Covariates.choose(table, responses=pd.concat(parts))
    assert list(chosen.table.columns) == ["weight"]
    assert dict(chosen.unused) == {"age": "is the response itself", "statin": "is the response itself"}
    assert list(Covariates.choose(table, ["age"], responses=pd.concat(parts)).table.columns) == ["age"]
    cut = samples(weight=first + rng.normal(size=40), stage=pd.qcut(second, 4, labels=list("abcd")), statin=first > 0.3)
    chosen = Covariates.choose(cut.astype({"statin": int}), responses=pd.concat(parts))
    assert dict(chosen.unused) == {"stage": "is the response itself", "statin": "is the response itself"}


def test_choose__names_of_outcomes_and_of_clinical_tables():
    yes_no = ["yes", "no"] * 10
    outcomes = dict.fromkeys(("RECIST", "seizure_free", "tumor_shrinkage", "viral_suppression", "healed"), yes_no)
    used = {name: ["ja", "nein"] * 10 for name in ("Raucher", "immunosuppressant", "Cardiomyopathy")}
    ages = {name: list(np.arange(20.0)) for name in ("age_at_initial_pathologic_diagnosis", "age_at_index", "demo_age")}
    chosen = Covariates.choose(samples_with(**outcomes, **used, **ages))
    assert set(chosen.table.columns) == {*used, *ages}
    assert set(chosen.unused.values()) == {"may be an outcome"}


def test_choose__codes_that_are_taken_for_amounts_are_told(caplog):
    ages = [40.0, 999, 50, 60, 999, *range(30, 45)]
    chosen = Covariates.choose(samples_with(age=ages, race=[1, 2, 3, 4] * 5, stage=[1, 2, 3, 4] * 5))
    assert set(chosen.table.columns) == {"age", "race", "stage"}
    assert 'column "age": found 999 in 2 samples, which seems to mark missing values' in caplog.text
    assert 'column "race": the numbers "1", "2", "3" and 1 more are taken as amounts' in caplog.text
    assert 'column "stage"' not in caplog.text


def test_choose__text_among_numbers_is_named(caplog):
    chosen = Covariates.choose(samples_with(age=[">89", *map(str, range(30, 59))]))
    assert dict(chosen.unused) == {"age": "text among numbers"}
    assert 'found ">89" among numbers' in caplog.text


def test_choose__dates_are_no_amounts(caplog):
    dates = pd.Series(pd.date_range("1950-01-01", periods=30)).array
    chosen = Covariates.choose(samples_with(age=dates, height=dates - dates[0]))
    assert set(chosen.unused) == {"age", "height"}
    assert "30 different texts" in caplog.text


def test_choose__a_column_of_arms_is_told_the_option_that_takes_it():
    samples = pd.DataFrame({"arm": ["a", "b"] * 6, "age": range(30, 42)}, index=[f"s{at}" for at in range(12)])
    assert Covariates.choose(samples, None).unused_by_reason() == {"may be a treatment arm, which --arm names": ["arm"]}
