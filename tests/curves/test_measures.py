from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.curves import convert_responses, responses_from_fits
from drugresponse.data.measures.known import MEASURES
from drugresponse.data.tables import Measure, Responses
from drugresponse.errors import InputError

FITS = pd.DataFrame(
    {
        "sample_id": ["a", "b", "c", "d"],
        "drug_id": "d1",
        "ic50": [0.01, 1.0, 10.0, np.nan],
        "ic50_censor": ["left", "none", "right", "none"],
        "auc": [0.2, 0.5, 1.0, np.nan],
        "activity_area": [6.0, 3.0, 0.0, np.nan],
        "emax": [0.0, 0.1, 1.0, np.nan],
        "rmse": [0.05, 0.1, 0.3, np.nan],
    }
)


@pytest.mark.parametrize(
    ("measure", "response", "censor"),
    [
        ("ln_ic50", [np.log(0.01), 0.0, np.log(10.0)], ["left", "none", "right"]),
        ("log10_ic50_m", [-8.0, -6.0, -5.0], ["left", "none", "right"]),
        ("pic50", [8.0, 6.0, 5.0], ["right", "none", "left"]),
        ("auc", [0.2, 0.5, 1.0], ["none"] * 3),
        ("activity_area", [6.0, 3.0, 0.0], ["none"] * 3),
        ("emax", [0.0, 0.1, 1.0], ["none"] * 3),
    ],
)
def test_responses_from_fits__each_measure(measure, response, censor):
    found = responses_from_fits(FITS, measure)
    assert found.table["sample_id"].tolist() == ["a", "b", "c"]
    assert found.table["response"].tolist() == pytest.approx(response)
    assert found.table["censor"].tolist() == censor
    assert found.measure == MEASURES[measure]


def test_measures__directions_agree_with_the_numbers():
    """Sample a is killed by the lowest dose, c by none."""
    for name, measure in MEASURES.items():
        response = responses_from_fits(FITS, name).table["response"].tolist()
        assert (response[0] > response[2]) == (measure.higher_means == "sensitive"), name


def test_responses_from_fits__leaves_out_misfits():
    assert responses_from_fits(FITS, "auc", maximum_rmse=0.1).table["sample_id"].tolist() == ["a", "b"]
    with pytest.raises(InputError, match=r"found no curve with an RMSE of 0.01 or less among 4"):
        responses_from_fits(FITS, "auc", maximum_rmse=0.01)


def test_responses_from_fits__misspelt():
    with pytest.raises(InputError, match=r'"pIC50" is none of the choices. Did you mean "pic50"'):
        responses_from_fits(FITS, "pIC50")


@pytest.mark.parametrize("measure", ["ln_ic50", "log10_ic50_m", "pic50"])
@pytest.mark.parametrize("other", ["ln_ic50", "log10_ic50_m", "pic50"])
def test_convert_responses__equals_asking_for_the_other_measure(measure, other):
    found, expected = convert_responses(responses_from_fits(FITS, measure), other), responses_from_fits(FITS, other)
    assert found.table["response"].tolist() == pytest.approx(expected.table["response"].tolist())
    assert found.table["censor"].tolist() == expected.table["censor"].tolist()
    assert found.measure == expected.measure


def test_convert_responses__variance_of_replicates_is_scaled():
    rows = pd.DataFrame({"sample_id": "a", "drug_id": "d", "response": [1.0, 3.0]})
    found = convert_responses(Responses.build(rows, MEASURES["ln_ic50"]), "pic50")
    expected = np.var([-1 / np.log(10), -3 / np.log(10)], ddof=1)
    assert found.replicates["variance"].tolist() == pytest.approx([expected])


@pytest.mark.parametrize(
    ("measure", "to", "message"),
    [
        (MEASURES["auc"], "ln_ic50", '"auc" cannot be turned into "ln_ic50"'),
        (MEASURES["pic50"], "activity_area", '"pic50" cannot be turned into "activity_area"'),
        (Measure("ln_ic50", "nM"), "pic50", 'found the units "nM" and "uM"'),
        (Measure("pic50", "M", "resistant"), "ln_ic50", 'directions .* "resistant" and "sensitive"'),
        (Measure(), "pic50", r"found no name \(expected one that is known\)"),
        (Measure("viability"), "pic50", 'found "viability"'),
        (MEASURES["pic50"], "ic50", '"ic50" is none of the choices'),
    ],
)
def test_convert_responses__refused(measure, to, message):
    rows = pd.DataFrame({"sample_id": ["a"], "drug_id": ["d"], "response": [1.0]})
    with pytest.raises(InputError, match=message):
        convert_responses(Responses.build(rows, measure), to)
