from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.curves import fit_curves, responses_from_fits
from drugresponse.curves.fits import FIT_COLUMNS
from drugresponse.data.measures.known import MEASURES
from drugresponse.data.responses.doses import Doses
from drugresponse.errors import InputError

DOSES = [0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0]


def measured(**viability: list[float]) -> Doses:
    """Doses of one drug; each sample has the viability given for the lowest doses."""
    rows = [
        {"sample_id": sample, "drug_id": "d", "dose": dose, "response": value}
        for sample, values in viability.items()
        for dose, value in zip(DOSES, values, strict=False)
    ]
    return Doses.build(pd.DataFrame(rows), scale="fraction")


def falling(midpoint: float, bottom: float = 0.0) -> list[float]:
    return [bottom + (1 - bottom) / (1 + (dose / midpoint) ** 1.2) for dose in DOSES]


def test_fit_curves__potency_and_shape():
    fits = fit_curves(measured(b=falling(0.5), a=falling(0.2, 0.3)))
    table = fits.table
    assert tuple(table.columns) == FIT_COLUMNS
    assert table["sample_id"].tolist() == ["a", "b"]
    assert table["ec50"].tolist() == pytest.approx([0.2, 0.5], rel=0.01)
    # with a bottom of 0.3, half of the control lies above the midpoint: (0.7 / 0.2 - 1) ** (1 / 1.2) times
    assert table["ic50"].tolist() == pytest.approx([0.2 * 2.5 ** (1 / 1.2), 0.5], rel=0.01)
    assert table["hill_slope"].tolist() == pytest.approx([1.2, 1.2], rel=0.02)
    assert table["bottom"].tolist() == pytest.approx([0.3, 0.0], abs=0.01)
    assert table["ic50_censor"].tolist() == ["none", "none"]
    assert table["flag"].tolist() == ["", ""]
    assert (table["r2"] > 0.999).all() and (table["rmse"] < 0.005).all()
    assert len(fits.curves) == 2
    assert 10.0**fits.curves.midpoint == pytest.approx([0.2, 0.5], rel=0.01)


def test_fit_curves__areas_and_effect_at_the_highest_dose():
    row = fit_curves(measured(a=falling(0.2, 0.3))).table.iloc[0]
    fine = np.linspace(-2, 1, 4001)
    assert row["auc"] == pytest.approx(np.mean(0.3 + 0.7 / (1 + (10**fine / 0.2) ** 1.2)), abs=2e-3)
    assert row["activity_area"] == pytest.approx(sum(1 - each for each in falling(0.2, 0.3)))
    assert row["emax"] == pytest.approx(falling(0.2, 0.3)[-1], abs=0.01)


def test_fit_curves__potency_outside_the_doses_is_censored():
    fits = fit_curves(measured(above=falling(30.0), below=falling(0.001), never=[1.0] * 6 + [0.99])).table
    fits = fits.set_index("sample_id")
    assert fits["ic50_censor"].to_dict() == {"above": "right", "below": "left", "never": "right"}
    assert fits["ic50"].to_dict() == {"above": 10.0, "below": 0.01, "never": 10.0}
    assert fits.loc[["above", "below", "never"], "ec50"].isna().all()
    assert fits.loc["never", "flag"] == "no-effect"
    assert fits.loc["never", "auc"] == pytest.approx(1, abs=0.01)


def test_fit_curves__curves_stand_beside_their_rows():
    fits = fit_curves(measured(a=falling(1.0), b=falling(0.1)[:5], c=falling(0.5)))
    assert fits.table["n_doses"].tolist() == [7, 5, 7]
    assert 10.0**fits.curves.midpoint == pytest.approx([1.0, 0.1, 0.5], rel=0.02)


def test_fit_curves__what_hardly_falls_has_no_midpoint():
    row = fit_curves(measured(a=falling(0.1, 0.93))).table.iloc[0]
    assert (row["flag"], row["ic50_censor"]) == ("no-effect", "right")
    assert row[["ec50", "hill_slope"]].isna().all()
    assert row["bottom"] == pytest.approx(0.93, abs=0.01)


def test_fit_curves__flags():
    climbing = [1.0, 0.9, 0.3, 0.2, 0.3, 0.9, 1.0]
    wild = [1.0, 0.1, 1.1, 0.0, 1.2, 0.05, 1.0]
    fits = fit_curves(
        measured(climbing=climbing, wild=wild, few=[1.0, 0.5, 0.1], fine=falling(0.3), high=[1.3] * 7)
    ).table
    flags = fits.set_index("sample_id")["flag"].str.split(";").to_dict()
    assert "not-monotone" in flags["climbing"]
    assert {"poor-fit", "not-monotone"} <= set(flags["wild"])
    assert flags["high"] == ["poor-fit", "no-effect", "above-control"]
    assert flags["few"] == ["few-doses"]
    assert flags["fine"] == [""]


def test_fit_curves__few_doses_are_kept_without_numbers():
    fits = fit_curves(measured(few=[1.0, 0.5, 0.1], fine=falling(0.3)))
    row = fits.table.iloc[0]
    assert (fits.n_fitted, row["sample_id"], row["n_doses"], row["highest_dose"]) == (1, "few", 3, 0.1)
    assert row[["ic50", "auc", "rmse", "emax"]].isna().all()
    assert np.isnan(fits.curves.midpoint[0]) and not np.isnan(fits.curves.midpoint[1])
    assert fit_curves(fits.doses, minimum_doses=3).n_fitted == 2


def test_fit_curves__equal_responses_have_no_r2():
    fits = fit_curves(measured(flat=[1.0] * 7, fine=falling(0.3))).table.set_index("sample_id")
    assert np.isnan(fits.loc["flat", "r2"]) and fits.loc["flat", "rmse"] == pytest.approx(0)


def test_fit_curves__counts_measurements_not_doses():
    rows = measured(a=falling(0.3)).table.rename(columns={"viability": "response"})
    twice = Doses.build(pd.concat([rows, rows], ignore_index=True), scale="fraction")
    row = fit_curves(twice).table.iloc[0]
    assert (row["n_points"], row["n_doses"]) == (14, 7)


def test_fit_curves__one_dose_only():
    rows = pd.DataFrame({"sample_id": ["a", "b"], "drug_id": "d", "dose": 1.0, "response": [0.4, 0.9]})
    with pytest.raises(
        InputError, match=r"found at most 1 different dose for a sample and drug \(expected 4 or more\)"
    ):
        fit_curves(Doses.build(rows, scale="fraction"))


def test_fit_curves__too_small_a_minimum():
    with pytest.raises(InputError, match=r"`minimum_doses`: found 2 \(expected 3 or more\)"):
        fit_curves(measured(a=falling(0.3)), minimum_doses=2)


def test_fit_curves__of_a_data_frame_is_that_of_its_doses():
    rows = measured(a=falling(0.3), b=falling(1.0)).table.rename(columns={"viability": "response"})
    frame = rows[["sample_id", "drug_id", "dose", "response"]]
    pd.testing.assert_frame_equal(fit_curves(frame).table, fit_curves(Doses.build(frame)).table)


@pytest.mark.parametrize(
    ("doses", "message"),
    [
        (None, r"found NoneType \(expected Doses or a DataFrame\)"),
        (pd.DataFrame({"sample_id": ["s"], "dose": [1.0], "response": [1.0]}), "found no column drug_id"),
        (
            pd.DataFrame({"sample_id": ["s"], "drug_id": ["d"], "dose": ["1 uM"], "response": [1.0]}),
            "found no numbers in the column dose",
        ),
    ],
)
def test_fit_curves__of_what_holds_no_doses(doses, message):
    with pytest.raises(InputError, match=f"^`doses`: {message}"):
        fit_curves(doses)


def test_responses__are_those_of_the_fits(caplog):
    fits = fit_curves(measured(a=falling(0.3), b=falling(1.0)[:5]))
    for measure in MEASURES:
        caplog.clear()
        table = fits.responses(measure, maximum_rmse=0.1).table
        pd.testing.assert_frame_equal(table, responses_from_fits(fits.table, measure, maximum_rmse=0.1).table)
        # the concentration that halves the response is the same over any doses
        assert ("Tested over different doses" in caplog.text) == (measure in ("auc", "activity_area", "emax"))
    with pytest.raises(InputError, match="RMSE of 0 or less"):
        fits.responses(maximum_rmse=0)


def test_drugs_with_several_ranges__other_ends_or_fewer_doses():
    assert fit_curves(measured(a=falling(0.3), b=falling(1.0))).drugs_with_several_ranges() == []
    assert fit_curves(measured(a=falling(0.3), b=falling(1.0)[:5])).drugs_with_several_ranges() == ["d"]


def replicates(*midpoints: float, noise: float = 0.0) -> Doses:
    rng = np.random.default_rng(0)
    rows = [
        {"sample_id": "s", "drug_id": "d", "dose": dose, "response": value + rng.normal(0, noise)}
        for midpoint in midpoints
        for dose, value in zip(DOSES, falling(midpoint), strict=True)
    ]
    return Doses.build(pd.DataFrame(rows), scale="fraction")


@pytest.mark.parametrize(("midpoints", "flag"), [((0.1, 10.0), "replicates-differ"), ((0.3, 3.0), "replicates-differ")])
def test_fit_curves__replicates_with_other_potencies_are_flagged(midpoints, flag):
    assert fit_curves(replicates(*midpoints)).table["flag"].tolist() == [flag]


def test_fit_curves__replicates_that_agree_but_for_noise_are_not():
    assert fit_curves(replicates(0.5, 0.5, 0.6, noise=0.08)).table["flag"].tolist() == [""]
    table = pd.concat([replicates(0.5, 0.5).table.assign(response=lambda rows: rows["viability"])] * 2)
    table.iloc[3, table.columns.get_loc("response")] = 1.2  # one bad well
    assert "replicates-differ" not in fit_curves(Doses.build(table, scale="fraction")).table["flag"].iloc[0]
