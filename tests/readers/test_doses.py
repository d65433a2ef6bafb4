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
    with pytest.raises(InputError, match=r'--dose-unit: "mikro" is no unit of dose'):
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
    option = "--" + column.removesuffix("_id") + "-column"
    with pytest.raises(
        InputError, match=f'doses.dat: found no column "{column}" .*its name or its number .* with {option}'
    ):
        read_doses(path)
    with pytest.raises(InputError, match=r'found no column "plate" .*--plate-column'):
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
