from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.measures.plausible import refuse_misread_responses
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError


def responses(
    values: np.ndarray | list[float], name: str = "", unit: str = "", outcome: str = "auto", **columns: object
) -> Responses:
    rows = pd.DataFrame({"sample_id": [f"s{i:03}" for i in range(len(values))], "drug_id": "d", "response": values})
    return Responses.build(rows.assign(**columns), Measure(name, unit), outcome=outcome)


LN = np.linspace(-6, 9, 60)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("ln_ic50", LN),
        ("log10_ic50_m", LN / np.log(10) - 6),
        ("pic50", 6 - LN / np.log(10)),
        ("auc", np.linspace(0.05, 1.4, 60)),
        ("emax", np.linspace(-0.1, 1.2, 60)),
        ("activity_area", np.linspace(0, 8, 60)),
        ("", np.exp(LN)),
        ("viability", np.linspace(0, 120, 60)),
    ],
)
def test_refuse_misread__honest_numbers_pass(name, values, caplog):
    refuse_misread_responses(responses(values, name))
    assert not caplog.text


@pytest.mark.parametrize(
    ("name", "values", "message"),
    [
        ("ln_ic50", np.exp(LN), r"ln_ic50 from 0.002479 to 8103; .* IC50s themselves: take their logarithm"),
        ("ln_ic50", LN + np.log(1e6), "half of them above"),
        ("log10_ic50_m", LN / np.log(10), "half of them above 0.65"),
        ("pic50", LN / np.log(10) - 6, r"half of them below -5.3.* or logarithms of another base, unit or sign"),
        ("pic50", np.exp(LN) * 1000, "half of them above"),
        ("auc", np.linspace(5, 130, 60), r"auc from 5 to 130 .*give their `unit`"),
        ("emax", np.linspace(0.5, 1, 60) * np.repeat([1, 100], 30), "bring all to one"),
        ("viability", np.where(np.arange(60) % 2, 0.9, 1.0) * np.repeat([1, 100], 30), "to be mixed"),
    ],
)
def test_refuse_misread__another_scale_than_the_measure(name, values, message):
    with pytest.raises(InputError, match=message):
        refuse_misread_responses(responses(values, name))
    # the pilots of a model that has this measure
    with pytest.raises(InputError, match=message):
        refuse_misread_responses(responses(values), Measure(name))


def test_refuse_misread__another_area_tells_its_unit():
    refuse_misread_responses(responses(np.linspace(0, 30, 60), "auc", "area over 16 doses"))


def test_refuse_misread__two_scales_and_few_classes_without_a_measure_are_warned_of(caplog):
    refuse_misread_responses(responses(np.linspace(0.5, 1, 60) * np.repeat([1, 100], 30)))
    assert "fractions and percent seem to be mixed" in caplog.text
    refuse_misread_responses(responses(np.tile([2.0, 3.0, 4.0], 20)))
    assert "found the numbers 2, 3, 4 only, and takes them as measured" in caplog.text


def test_refuse_misread__low_ic50s_are_warned_of(caplog):
    refuse_misread_responses(responses(np.exp(np.linspace(-6, 2.5, 60)), "ln_ic50"))
    assert "all above 0 and far apart as IC50s in uM are" in caplog.text


@pytest.mark.parametrize("pair", [(1, 2), (-1, 1), (0, 100)])
def test_refuse_misread__two_values_are_classes(pair):
    values = np.array(pair * 6, dtype=float)
    for name in ("", "ln_ic50"):
        with pytest.raises(InputError, match=rf"found the two values {pair[0]} and {pair[1]} in all 12 responses"):
            refuse_misread_responses(responses(values, name))
    refuse_misread_responses(responses(values, "grade"))
    refuse_misread_responses(responses(values, censor=["left", "right"] * 6))
    refuse_misread_responses(responses(values[:8]))
    assert responses(values, outcome="continuous").outcome.kind == "continuous"


def test_refuse_misread__classes_are_no_known_measure():
    zeros_and_ones = np.array([0.0, 1.0] * 6)
    refuse_misread_responses(responses(zeros_and_ones, "relapse"))
    with pytest.raises(InputError, match=r"found the classes 0 < 1 and the measure ln_ic50 \(expected measured"):
        refuse_misread_responses(responses(zeros_and_ones, "ln_ic50"))
    with pytest.raises(InputError, match="found the two values 0 and 1"):
        responses(zeros_and_ones, unit="g")


def test_fit_adapt_explain__ic50s_under_the_name_of_their_logarithm():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=20)
    table, measure = cohort.responses.table, Measure("ln_ic50")
    ic50s = table.assign(response=np.exp(2 * table["response"] + 4))
    model = dr.DrugResponseModel("ridge", folds=2)
    with pytest.raises(dr.InputError, match="IC50s themselves"):
        model.fit(cohort.genotypes, Responses.build(ic50s, measure))
    with pytest.raises(dr.InputError, match="IC50s themselves"):
        dr.evaluate(cohort.genotypes, Responses.build(ic50s, measure), learners=["ridge"], shuffles=0, folds=2)
    model.fit(cohort.genotypes, Responses.build(table, measure))
    for act in (model.adapt, partial(dr.explain, model, refits=0)):
        with pytest.raises(dr.InputError, match="IC50s themselves"):
            act(cohort.genotypes, ic50s)


@pytest.mark.parametrize("name", ["LN_IC50", "ln IC50", "lnIC50 (uM)", "AUC", "Emax"])
def test_refuse_misread__a_known_measure_however_it_is_written(name):
    with pytest.raises(InputError, match=r"found (ln_ic50|auc|emax) from"):
        refuse_misread_responses(responses(np.exp(np.linspace(3, 18, 60)), name))


@pytest.mark.parametrize("name", ["IC50", "ic50 (nM)", "MIC"])
def test_refuse_misread__logarithms_under_the_name_of_a_concentration(name):
    refuse_misread_responses(responses(np.exp(LN), name))
    with pytest.raises(InputError, match=r"expected concentrations above 0; they may be logarithms"):
        refuse_misread_responses(responses(LN, name))


def test_refuse_misread__ids_and_dates_unless_a_measure_says_that_they_are_numbers():
    dates = 20_210_301.0 + np.arange(20)
    ids = pd.concat([responses(np.arange(12.0) ** 2).table.assign(drug_id=drug) for drug in "ab"])
    for table in (responses(dates).table, ids):
        with pytest.raises(InputError, match="like ids, ages or dates"):
            refuse_misread_responses(Responses.build(table))
        refuse_misread_responses(Responses.build(table, Measure("colonies")))
