from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.responses.doses import SCALES, Doses
from drugresponse.errors import InputError

VIABILITY = [1.02, 0.97, 0.6, 0.1]
DOSES = [0.01, 0.1, 1.0, 10.0]


def rows(n_samples: int = 3, **columns: object) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "sample_id": np.repeat([f"s{i}" for i in range(n_samples)], 4),
            "drug_id": "d",
            "dose": DOSES * n_samples,
            "response": VIABILITY * n_samples,
        }
    )
    table["response"] += np.repeat(np.arange(n_samples), 4) * 0.01
    return table.assign(**columns)


def with_row(**cells: object) -> pd.DataFrame:
    first = {"sample_id": "s0", "drug_id": "d", "dose": 1.0, "response": 1.0}
    return pd.concat([pd.DataFrame([first | cells]), rows()], ignore_index=True)


def test_build__replicates_of_a_dose_are_averaged():
    table = rows(1)
    table["dose"] *= 1 + 1e-9
    doses = Doses.build(pd.concat([rows(1).assign(response=lambda t: t["response"] + 0.2), table], ignore_index=True))
    assert doses.table["viability"].tolist() == pytest.approx([each + 0.1 for each in VIABILITY])
    assert doses.table["n"].tolist() == [2] * 4
    assert doses.n_points == 8


def test_build__sorted_and_input_untouched():
    shuffled = rows().sample(frac=1, random_state=0)
    before = shuffled.copy()
    found = Doses.build(shuffled)
    assert found.table.equals(Doses.build(rows()).table)
    assert shuffled.equals(before)


@pytest.mark.parametrize(
    ("scale", "turn"),
    [
        ("fraction", lambda v: v),
        ("percent", lambda v: 100 * v),
        ("inhibition", lambda v: 1 - v),
        ("inhibition-percent", lambda v: 100 * (1 - v)),
        ("change-percent", lambda v: 100 * (v - 1)),
    ],
)
def test_build__each_scale_becomes_viability(scale, turn):
    told = Doses.build(rows(response=turn(rows()["response"])), scale=scale)
    assert told.table["viability"].tolist() == pytest.approx(Doses.build(rows()).table["viability"].tolist())
    assert (told.scale, told.guessed) == (scale, False)


@pytest.mark.parametrize(("factor", "scale"), [(1, "fraction"), (100, "percent")])
def test_build__guesses_fraction_and_percent(factor, scale):
    doses = Doses.build(rows(response=rows()["response"] * factor))
    assert (doses.scale, doses.guessed) == (scale, True)


def test_build__guesses_from_controls_where_low_doses_kill():
    potent = rows(response=[40.0, 20, 10, 5, 41, 20, 10, 5, 42, 20, 10, 5])
    with pytest.raises(InputError, match=r"median response of the lowest doses is 41"):
        Doses.build(potent)
    controls = pd.DataFrame({"sample_id": "s0", "drug_id": "", "dose": 0.0, "response": [99.0, 101.0]})
    doses = Doses.build(pd.concat([potent, controls], ignore_index=True))
    assert (doses.scale, doses.n_controls) == ("percent", 2)
    assert len(doses.table) == 12


@pytest.mark.parametrize(
    ("turn", "hint"),
    [
        (lambda v: 1 - v, "for instance inhibition when 0"),
        (lambda v: 100 * (1.015 - v) + 1, "for instance inhibition-percent when 0"),
        (lambda v: 100 * (v - 1), "for instance change-percent when 0"),
        (lambda v: 5e4 * v, "for instance signal when controls"),
    ],
)
def test_build__what_is_no_viability_must_be_told(turn, hint):
    with pytest.raises(InputError, match=hint):
        Doses.build(rows(response=turn(rows()["response"])))


@pytest.mark.parametrize(
    ("response", "hint"),
    [([0.6, 0.7, 0.9, 1.4], "responses grow with the dose .* inhibition"), ([1.0, -20, -60, -90], "change-percent")],
)
def test_build__numbers_that_begin_like_viability_and_are_not(response, hint):
    shifted = np.tile(response, 3) * np.repeat([1.0, 1.01, 1.02], 4)
    with pytest.raises(InputError, match=hint):
        Doses.build(rows(response=shifted))


@pytest.mark.parametrize(
    ("factor", "scale", "found"), [(100, "fraction", r"fraction, .* is 103"), (1, "percent", r"percent, .* is 0\.0103")]
)
def test_build__told_wrongly(factor, scale, found):
    with pytest.raises(InputError, match=f"read as {found} of the control .* Correct `response_scale`"):
        Doses.build(rows(response=rows()["response"] * factor), scale=scale)


def test_build__told_the_wrong_way_round(caplog):
    with caplog.at_level(logging.WARNING):
        Doses.build(rows(), scale="inhibition")
    assert "viability grows with the dose; check `response_scale`" in caplog.text


def test_build__signal_is_divided_by_the_controls_of_its_plate():
    table = rows(2, plate=np.repeat(["p1", "p2"], 4))
    level = np.repeat([2000.0, 500.0], 4)
    controls = pd.DataFrame(
        {
            "sample_id": ["s0", "s0", "s0", "s1"],
            "drug_id": "",
            "dose": 0.0,
            "response": [1900.0, 2000, 9000, 500],
            "plate": ["p1", "p1", "p1", "p2"],
        }
    )
    signal = pd.concat([table.assign(response=table["response"] * level), controls], ignore_index=True)
    doses = Doses.build(signal, scale="signal")
    assert doses.table["viability"].tolist() == pytest.approx(table["response"].tolist())
    with pytest.raises(InputError, match=r'found no control above 0 for "s1 / p2" \(.* sample and plate'):
        Doses.build(signal[signal["response"] != 500], scale="signal")
    with pytest.raises(InputError, match=r'found no control above 0 for "s1" \(.* controls of its sample,'):
        Doses.build(signal[signal["response"] != 500].drop(columns="plate"), scale="signal")


def test_build__odd_controls_are_told(caplog):
    controls = pd.DataFrame({"sample_id": "s0", "drug_id": "", "dose": 0.0, "response": [0.55, 0.65]})
    with caplog.at_level(logging.WARNING):
        Doses.build(pd.concat([rows(), controls], ignore_index=True))
    assert "median viability of the 2 controls is 0.6 (expected about 1)" in caplog.text


def test_build__missing_responses_are_counted():
    doses = Doses.build(with_row(response=np.nan, dose=np.nan))
    assert (doses.n_missing, len(doses.table)) == (1, 12)


@pytest.mark.parametrize(
    ("cells", "message"),
    [
        ({"dose": np.nan}, r"doses, row 1: found a response without a dose \(expected one; 0 for a control\)"),
        ({"dose": -2.0}, r"doses, row 1: found dose -2 \(1 are negative; expected doses on a linear scale"),
        ({"dose": np.inf}, "doses, row 1: found an infinite dose or response"),
        ({"response": 1e300}, "doses, row 1: found an infinite dose or response"),
        ({"response": -np.inf}, "doses, row 1: found an infinite dose or response"),
        ({"drug_id": ""}, r'doses, row 1: found an empty "drug_id" \(only controls may lack a drug\)'),
        ({"sample_id": None, "dose": 0.0}, 'doses, row 1: found an empty "sample_id"'),
    ],
)
def test_build__bad_row(cells, message):
    with pytest.raises(InputError, match=message) as caught:
        Doses.build(with_row(**cells))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"response": np.nan}, "found no measured response"),
        ({"dose": 0.0}, "found controls only, all doses are 0"),
        ({"response": 1.0}, "found the response 1 in all 12 rows with a dose"),
        ({"dose": rows()["response"], "response": rows()["dose"]}, "seem to be swapped: exchange the two columns"),
    ],
)
def test_build__bad_column(columns, message):
    with pytest.raises(InputError, match=message):
        Doses.build(rows(**columns))


def test_build__own_doses_of_each_sample_are_not_swapped():
    table = rows(6)
    table["dose"] *= np.repeat(np.linspace(1, 2, 6), 4)
    assert len(Doses.build(table).table) == 24


def test_build__misspelt_scale():
    with pytest.raises(InputError, match=r'"percents" is none of the choices. Did you mean "percent"'):
        Doses.build(rows(), scale="percents")
    assert "auto" not in SCALES


@pytest.mark.parametrize(
    "steps", [[0, 0.5, 1, 1.5, 2], [1, 1.5, 2, 2.5, 3], [0, 0.477, 1, 1.477, 2, 2.477], [0, 0.7, 1, 1.7, 2, 2.7]]
)
def test_build__doses_that_may_be_logarithms_must_be_told(steps):
    table = pd.concat(
        pd.DataFrame(
            {"sample_id": f"s{i}", "drug_id": "d", "dose": steps, "response": np.linspace(1, 0.1 + i / 100, len(steps))}
        )
        for i in range(3)
    )
    with pytest.raises(InputError, match=r"doses rise in equal steps .*`dose_scale` log10 or `dose_scale` linear"):
        Doses.build(table)
    assert Doses.build(table, dose_scale="log10", unit=1e-3).table["dose"].iloc[-1] == pytest.approx(
        10 ** steps[-1] / 1e3
    )
    assert Doses.build(table, dose_scale="linear").table["dose"].iloc[-1] == steps[-1]
    control = pd.DataFrame({"sample_id": "s0", "drug_id": "", "dose": 0.0, "response": [1.0]})
    assert Doses.build(pd.concat([table, control])).n_controls >= 1


@pytest.mark.parametrize(
    "doses", [[1, 2, 4, 8], [0.1, 0.3, 1, 3], [0.5, 1, 2, 5], [0, 0.01, 0.1, 1], [10, 20, 30, 40], [1, 1.5, 2.25, 3.4]]
)
def test_build__doses_in_equal_ratios_or_too_high_are_no_logarithms(doses):
    Doses.build(rows(3, dose=doses * 3))


def test_build__logarithms_of_controls_and_of_too_much():
    table = rows(1, dose=[-np.inf, -2.0, 0.0, 1.0])
    assert Doses.build(table, dose_scale="log10").table["dose"].tolist() == pytest.approx([0.01, 1, 10])
    with pytest.raises(InputError, match="found an infinite dose or response"):
        Doses.build(rows(1, dose=[1.0, 2.0, 3.0, 900.0]), dose_scale="log10")
    with pytest.raises(InputError, match=r"found dose -2 .*`dose_scale` log10"):
        Doses.build(rows(1, dose=[-2.0, -1.0, 0.0, 1.0]))


@pytest.mark.parametrize("column", ["sample_id", "drug_id", "plate"])
def test_build__fractions_in_some_and_percent_in_others(column, caplog):
    table = pd.concat([rows(2).assign(sample_id=f"t{i}", drug_id=f"d{i}", plate=f"p{i}") for i in range(4)])
    table["response"] *= np.where(table[column].str.endswith(("0", "1")), 1.0, 100.0)
    shown = {"sample_id": "t", "drug_id": "d", "plate": "p"}[column]
    message = rf'about 1 in "{shown}0", "{shown}1" and about 100 in "{shown}2", "{shown}3"'
    for scale in ("auto", "fraction"):
        with pytest.raises(InputError, match=rf"found responses {message}|found responses about 1 in"):
            Doses.build(table, scale=scale)
    Doses.build(table, scale="percent")
    assert "fractions and percent seem to be mixed" in caplog.text


def test_build__samples_that_die_at_every_dose_beside_others_in_percent():
    table = rows(4, response=[98, 90, 50, 10, 102, 95, 60, 20, 99, 70, 30, 5, 3.1, 2.0, 0.9, 0.2])
    assert Doses.build(table).scale == "percent"


def test_build__a_drug_in_fractions_beside_controls_that_name_no_drug():
    table = pd.concat([rows(2).assign(sample_id=f"s{i}", drug_id=f"d{j}") for i in range(3) for j in range(2)])
    controls = pd.DataFrame({"sample_id": ["s0", "s1", "s2"], "drug_id": "", "dose": 0.0, "response": 100.0})
    table["response"] *= np.where(table["drug_id"] == "d1", 1.0, 100.0)
    with pytest.raises(InputError, match=r'about 1 in "d1" and about 100 in "d0"'):
        Doses.build(pd.concat([table, controls]))
