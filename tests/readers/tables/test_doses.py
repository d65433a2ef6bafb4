from __future__ import annotations

import logging
from pathlib import Path

import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_doses

HEADER = "sample_id\tdrug_id\tdose\tresponse"
BODY = ["s1\td1\t0.1\t0.98", "s1\td1\t1\t0.5", "s1\td1\t10\t0.1"]


def write(tmp_path: Path, header: str = HEADER, body: list[str] = BODY) -> Path:
    path = tmp_path / "doses.dat"
    path.write_text("\n".join([header, *body]) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize(("unit", "factor"), [("uM", 1), ("nM", 1e-3), ("pM", 1e-6), ("mM", 1e3), ("M", 1e6)])
def test_read_doses__becomes_micromolar(tmp_path, unit, factor):
    doses = read_doses(write(tmp_path), dose_unit=unit)
    assert doses.table["dose"].tolist() == pytest.approx([0.1 * factor, factor, 10 * factor])


def test_read_doses__each_row_in_its_own_unit(tmp_path):
    units = ["nM", "µM", ""]
    path = write(tmp_path, HEADER + "\tdose_unit", [f"{row}\t{unit}" for row, unit in zip(BODY, units, strict=True)])
    assert read_doses(path, dose_unit="mM").table["dose"].tolist() == pytest.approx([1e-4, 1.0, 1e4])


def test_read_doses__unknown_unit(tmp_path):
    path = write(tmp_path, HEADER + "\tdose_unit", [f"{row}\tmg/ml" for row in BODY])
    with pytest.raises(InputError, match=r'doses.dat, line 2, column "dose_unit": "mg/ml" is no unit of dose.'):
        read_doses(path)
    with pytest.raises(InputError, match=r'`dose_unit`: "mikro" is no unit of dose'):
        read_doses(write(tmp_path), dose_unit="mikro")


def test_read_doses__other_names_and_decimal_commas(tmp_path):
    rows = ["x;10;98,5;c", "x;100;50,5;c", "x;0;101;"]
    path = write(tmp_path, "line;nM;viability;compound", rows)
    doses = read_doses(
        path,
        sample_column="line",
        drug_column="compound",
        dose_column="nM",
        response_column="viability",
        dose_unit="nM",
    )
    assert doses.table[["dose", "viability"]].to_numpy().tolist() == [[0.01, 0.985], [0.1, 0.505]]
    assert doses.n_controls == 1


@pytest.mark.parametrize("column", ["sample_id", "drug_id", "dose", "response"])
def test_read_doses__absent_column(tmp_path, column):
    path = write(tmp_path, HEADER.replace(column, "other"))
    option = f"`{column.removesuffix('_id')}_column`"
    with pytest.raises(
        InputError, match=f'doses.dat: found no column "{column}" .*its name or its number .* with {option}'
    ):
        read_doses(path)
    with pytest.raises(InputError, match=r'found no column "plate" .*`plate_column`'):
        read_doses(write(tmp_path), plate_column="plate")


def test_read_doses__text_is_named_with_its_line(tmp_path):
    with pytest.raises(InputError, match=r'doses.dat, line 4, column "dose": "high" is not a number'):
        read_doses(write(tmp_path, body=[*BODY[:2], "s1\td1\thigh\t0.1"]))


def test_read_doses__controls_of_a_plate(tmp_path):
    body = ["s1\td1\t1\t500\tA", "s1\td1\t10\t100\tA", "s1\t\t0\t1000\tA", "s1\td1\t100\t20\tB", "s1\t\t0\t200\tB"]
    doses = read_doses(
        write(tmp_path, HEADER + "\twell plate", body), response_scale="signal", plate_column="well plate"
    )
    assert doses.table["viability"].tolist() == [0.5, 0.1, 0.1]


def test_read_doses__unlikely_unit_is_told(tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        read_doses(write(tmp_path), dose_unit="M")
    assert "the highest dose is 1e+07 uM; check the unit of the doses (M)" in caplog.text


NANOMOLAR = ["s1\td1\t100\t0.98", "s1\td1\t1000\t0.5", "s1\td1\t10000\t0.1"]


@pytest.mark.parametrize(
    "name", ["conc_nM", "dose (nM)", "Concentration [nM]", "nM", "dosenM", "dose_nm", "nmol/L", "conc nanomolar"]
)
@pytest.mark.parametrize("option", [None, "nM"])
def test_read_doses__unit_in_the_name_of_the_column(tmp_path, name, option):
    path = write(tmp_path, HEADER.replace("dose", name), NANOMOLAR)
    assert read_doses(path, dose_column=name, dose_unit=option).table["dose"].tolist() == pytest.approx([0.1, 1, 10])
    with pytest.raises(InputError, match=r"the column .* is in nM, and `dose_unit` in uM .* Correct one"):
        read_doses(path, dose_column=name, dose_unit="uM")


@pytest.mark.parametrize("name", ["conc_\u00b5M", "conc_\u03bcM", "conc_uM", "dose", "maximum", "dose_level"])
def test_read_doses__micromolar_by_name_or_by_default(tmp_path, name):
    found = read_doses(write(tmp_path, HEADER.replace("dose", name)), dose_column=name)
    assert found.table["dose"].tolist() == pytest.approx([0.1, 1, 10])


@pytest.mark.parametrize("column", ["unit", "units", "dose_unit", "Dose Unit", "concentration_units", "concUnit"])
def test_read_doses__a_column_of_units(tmp_path, column):
    path = write(tmp_path, f"{HEADER}\t{column}", [f"{row}\tnM" for row in NANOMOLAR])
    assert read_doses(path).table["dose"].tolist() == pytest.approx([0.1, 1, 10])
    with pytest.raises(InputError, match=rf'line 2, column "{column}" is in nM, and `dose_unit` in uM'):
        read_doses(path, dose_unit="uM")
    path = write(tmp_path, f"{HEADER}\t{column}".replace("dose\t", "conc_uM\t"), [f"{row}\tnM" for row in NANOMOLAR])
    with pytest.raises(InputError, match=rf'column "{column}" is in nM, and the column "conc_uM" in uM'):
        read_doses(path, dose_column="conc_uM")


def test_read_doses__a_unit_of_the_response_is_none_of_the_dose(tmp_path):
    path = write(tmp_path, HEADER + "\tunit\tresponse_unit", [f"{row}\tpercent\tM" for row in BODY])
    assert read_doses(path).table["dose"].tolist() == pytest.approx([0.1, 1, 10])


@pytest.mark.parametrize(
    "name", ["conc_ug_ml", "conc_ugml", "Dose nmol", "dose (mg/L)", "ng/mL", "dose_mg_per_kg", "IU/ml"]
)
def test_read_doses__mass_per_volume_is_no_amount(tmp_path, name):
    with pytest.raises(InputError, match=r"holds mass or units per volume .* Convert the doses by the molar mass"):
        read_doses(write(tmp_path, HEADER.replace("dose", name)), dose_column=name)


def test_read_doses__impossible_doses_ask_for_their_unit(tmp_path):
    molar = write(tmp_path, body=["s1\td1\t1e-8\t0.98", "s1\td1\t1e-7\t0.5", "s1\td1\t1e-6\t0.1"])
    with pytest.raises(InputError, match=r"highest dose would be 1e-06 uM .* Give the unit .* `dose_unit`"):
        read_doses(molar)
    assert read_doses(molar, dose_unit="M").table["dose"].tolist() == pytest.approx([0.01, 0.1, 1])


LOGS = [f"s1\td1\t{0.5 * i}\t{0.98 - 0.1 * i:.2f}" for i in range(9)]


def test_read_doses__logarithms_by_the_name_of_the_column(tmp_path):
    wanted = pytest.approx([10 ** (0.5 * i - 3) for i in range(9)])
    decadic = write(tmp_path, HEADER.replace("dose", "log10_nM"), LOGS)
    assert read_doses(decadic, dose_column="log10_nM").table["dose"].tolist() == wanted
    path = write(tmp_path, HEADER.replace("dose", "log_dose"), LOGS)
    with pytest.raises(InputError, match=r'"log_dose" seems to hold logarithms .*`dose_scale` log10 .*linear'):
        read_doses(path, dose_column="log_dose")
    found = read_doses(path, dose_column="log_dose", dose_scale="log10", dose_unit="nM")
    assert found.table["dose"].tolist() == wanted


def test_read_doses__a_comma_of_thousands_or_decimals(tmp_path):
    percent = ["s1\td1\t100\t98", "s1\td1\t1,000\t50", "s1\td1\t10,000\t10"]
    with pytest.raises(InputError, match=r'line 3, column "dose": "1,000" is 1000 if .* and 1 if'):
        read_doses(write(tmp_path, body=percent), dose_unit="nM")
    # responses with decimal points tell what the comma is
    body = [row.replace("\t98", "\t98.5") for row in percent]
    assert read_doses(write(tmp_path, body=body), dose_unit="nM").table["dose"].tolist() == pytest.approx([0.1, 1, 10])


def plates(controls: tuple[str, ...] = ("p1", "p2")) -> list[str]:
    body = [f"s1\t\t0\t{1000 if plate == 'p1' else 4000}\t{plate}" for plate in controls]
    for plate, drug, level in (("p1", "a", 1000), ("p2", "b", 4000)):
        body += [f"s1\t{drug}\t{10.0**i}\t{level * share}\t{plate}" for i, share in enumerate((0.9, 0.5, 0.1))]
    return body


@pytest.mark.parametrize("column", ["plate", "Plate ID", "assay_plate", "plateBarcode", "BARCODE", "batch", "run_date"])
def test_read_doses__the_plates_of_the_file_are_used(tmp_path, column):
    path = write(tmp_path, f"{HEADER}\t{column}", plates())
    found = read_doses(path, response_scale="signal").table
    assert found["viability"].tolist() == pytest.approx([0.9, 0.5, 0.1] * 2)


def test_read_doses__plates_without_controls_are_told(tmp_path, caplog):
    path = write(tmp_path, HEADER + "\tplate", plates(("p1",)))
    found = read_doses(path, response_scale="signal").table
    assert found["viability"].tolist() == pytest.approx([0.9, 0.5, 0.1, 3.6, 2.0, 0.4])
    assert 'the column "plate" is not used, since 1 of the samples\' plates have no control' in caplog.text
