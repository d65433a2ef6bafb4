from __future__ import annotations

import logging
from pathlib import Path

import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_doses, read_drugs, read_pairs, read_responses, read_samples, read_splits
from drugresponse.readers.text.column_numbers import column_named, is_column_number, refuse_data_as_names

COLUMNS = ["cell line", "drug", "AUC"]


def write(folder: Path, text: str) -> Path:
    path = folder / "table.dat"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("column", "name"), [("#1", "cell line"), ("#3", "AUC"), ("#03", "AUC"), ("drug", "drug"), ("other", "other")]
)
def test_column_named__by_number_or_by_name(column, name):
    assert column_named(COLUMNS, column, "t") == name


@pytest.mark.parametrize("column", ["3", "#", "#3 ", "#-1", "#1.0", "# 1", "#a", "##1", "#٣", "#1234567890"])
def test_column_named__what_only_looks_like_a_number_is_a_name(column):
    assert not is_column_number(column)
    assert column_named(COLUMNS, column, "t") == column


@pytest.mark.parametrize("column", ["#0", "#4", "#999999999"])
def test_column_named__no_such_number(column):
    message = rf'^t\.tsv: found no column {column} \(its columns are "cell line", "drug", "AUC"\)\. .*from #1 to #3'
    with pytest.raises(InputError, match=message):
        column_named(COLUMNS, column, "t.tsv")


def test_column_named__a_name_goes_before_a_number_and_is_told(caplog):
    with caplog.at_level(logging.WARNING):
        assert column_named(["a", "#1", "b"], "#1", "t.tsv") == "#1"
    assert 't.tsv: "#1" is the name of a column, and that one is used; column number 1 is "a".' in caplog.text


def test_column_named__a_name_that_is_its_own_number_needs_no_word(caplog):
    assert column_named(["#1", "#2"], "#2", "t.tsv") == "#2"
    assert column_named(["x", "#7"], "#7", "t.tsv") == "#7"
    assert not caplog.records


def test_readers__take_numbers_in_their_own_file(tmp_path):
    path = write(tmp_path, "AUC\tdrug\tcell line\tfold\n0.5\td1\ts1\t0\n0.7\td2\ts2\t1\n")
    rows = read_responses(path, sample_column="#3", drug_column="#2", response_column="#1").table
    assert rows[["sample_id", "drug_id", "response"]].values.tolist() == [["s1", "d1", 0.5], ["s2", "d2", 0.7]]
    assert read_samples(path, sample_column="#3").index.tolist() == ["s1", "s2"]
    assert read_drugs(path, drug_column="#2").index.tolist() == ["d1", "d2"]
    assert read_pairs(path, sample_column="#3", drug_column="#2").values.tolist() == [["s1", "d1"], ["s2", "d2"]]
    assert read_splits(path, sample_column="#3", drug_column="#2")["sample_id"].tolist() == ["s1", "s2"]
    with pytest.raises(InputError, match=r"^table\.dat: found no column #5 "):
        read_responses(path, response_column="#5")


def test_read_doses__columns_by_number(tmp_path):
    path = write(tmp_path, "plate\tuM\tline\tv\tcompound\np1\t1\ts1\t0.9\td1\np1\t10\ts1\t0.2\td1\n")
    columns = {"sample_column": "#3", "drug_column": "#5", "dose_column": "#2", "response_column": "#4"}
    table = read_doses(path, **columns, plate_column="#1").table
    assert table["dose"].tolist() == [1.0, 10.0]
    assert table["sample_id"].unique().tolist() == ["s1"]


@pytest.mark.parametrize("name", ["0.53", "-1,5", "<0.01", "12", "1e-3", "NA", "85 %"])
def test_column_named__a_first_row_of_data_is_not_taken_for_names(name):
    with pytest.raises(InputError, match=r"the first line seems to be data, and would be lost\)\. Write a line"):
        column_named(["L1", "D1", name], "#3", "responses.tsv")
    assert column_named(["cell", "drug", name], name, "responses.tsv") == name


def test_readers__a_table_without_names_is_refused(tmp_path):
    (tmp_path / "t.tsv").write_text("L1\tD1\t0.5\nL2\tD1\t0.75\nL1\tD2\t1\n")
    with pytest.raises(InputError, match=r't\.tsv: the name of column #3 is "0\.5"'):
        read_responses(tmp_path / "t.tsv", sample_column="#1", drug_column="#2", response_column="#3")
    with pytest.raises(InputError, match=r't\.tsv, line 3: found "L1", the name of its column, as a value'):
        read_pairs(tmp_path / "t.tsv", sample_column="#1", drug_column="#2")


def test_readers__a_header_in_the_middle_of_joined_files_is_named(tmp_path):
    (tmp_path / "t.tsv").write_text("sample_id\tdrug_id\nL1\tD1\nsample_id\tdrug_id\nL2\tD1\n")
    with pytest.raises(InputError, match=r't\.tsv, line 3: found "sample_id".*else remove this line'):
        read_pairs(tmp_path / "t.tsv")


def test_refuse_data_as_names__names_in_order_are_names():
    refuse_data_as_names(["0.5", "1.5", "2.5"], "m.tsv")
    with pytest.raises(InputError, match="put a letter before each"):
        refuse_data_as_names(["0.5", "2.5", "1.5"], "m.tsv")


def test_refuse_data_as_names__beside_an_id_that_is_built_as_those_below():
    for first, ids in (("S1", ["S2", "S3"]), ("TCGA-AB-2801", ["TCGA-AB-2802"])):
        with pytest.raises(InputError, match="the first line seems to be data"):
            refuse_data_as_names(["0", "1", "2"], "m.tsv", beside=(first, ids))
    for first, ids in (("", ["S1"]), ("gene", ["KRAS"]), ("sample_id", ["1", "2"]), ("A1", ["b", "c"])):
        refuse_data_as_names(["0", "1", "2"], "m.tsv", beside=(first, ids))
    refuse_data_as_names(["rs1", "1", "2"], "m.tsv", beside=("S1", ["S2"]))
