from __future__ import annotations

import logging

import pytest

from drugresponse.data.tables import ONLY_DRUG, Measure
from drugresponse.errors import InputError
from drugresponse.readers import read_responses


def write(tmp_path, text):
    file = tmp_path / "responses.dat"
    file.write_text(text)
    return file


def test_read_responses__long_with_all_columns(tmp_path):
    text = "cell\tdrug\tlnic50\tcensor\tweight\tstudy\n007\td1\t-1.5\tRight\t2\tx\n8\td1\tNA\t\t\t\n8\td2\t3\t\t\t\n"
    responses = read_responses(
        write(tmp_path, text),
        sample_column="cell",
        drug_column="drug",
        response_column="lnic50",
        measure=Measure("ln_ic50"),
    )
    assert responses.table.to_dict("list") == {
        "sample_id": ["007", "8"],
        "drug_id": ["d1", "d2"],
        "response": [-1.5, 3.0],
        "censor": ["right", "none"],
        "weight": [2.0, 1.0],
        "study": ["x", ""],
    }
    assert responses.measure.name == "ln_ic50"


def test_read_responses__one_drug(tmp_path):
    assert read_responses(write(tmp_path, "sample_id\tresponse\ns1\t1\n")).table["drug_id"].tolist() == [ONLY_DRUG]


def test_read_responses__wide_equals_long(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    wide = read_responses(write(tmp_path, "cell;d1;d2\ns1;1,5;\ns2;-2;0\n"))
    assert "read as a wide table of 2 samples x 2 drugs" in caplog.text
    long = read_responses(write(tmp_path, "sample_id\tdrug_id\tresponse\ns1\td1\t1.5\ns2\td1\t-2\ns2\td2\t0\n"))
    assert wide.table.equals(long.table)


def test_read_responses__wide_with_a_word_names_the_cell(tmp_path):
    with pytest.raises(InputError, match=r'responses.dat, line 3, column "d2": "bad" is not a number'):
        read_responses(write(tmp_path, "sample_id\td1\td2\ns1\t1\t1\ns2\t1\tbad\ns3\t1\t1\n"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "sample_id\tdrug_id\tauc\ns\td\t1\n",
            'no column "response" .*"sample_id", "drug_id", "auc".*--response-column',
        ),
        ("sample_id\tln_ic50\ns\t1\n", 'no column "response".*--response-column'),
        ("sample_id\tname\ttissue\ns\tx\tlung\n", 'no column "response".*--response-column'),
        ("cell\tdrug_id\tresponse\ns\td\t1\n", 'no column "sample_id".*--sample-column'),
        ("sample_id\tresponse\ns\t1\n\t2\n", 'line 3, column "sample_id": found an empty id'),
        ("sample_id\tdrug_id\tresponse\ns\td\tinf\n", "responses.dat, row 1: found an infinite response"),
        ("sample_id\tresponse\ns\tNA\n", "responses.dat: found no measured response"),
        ("sample_id\tresponse\tcensor\ns\t1\tlefft\n", 'censor "lefft". Did you mean "left"'),
    ],
)
def test_read_responses__broken(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_responses(write(tmp_path, text))


def test_read_responses__named_column_that_is_absent(tmp_path):
    file = write(tmp_path, "sample_id\tdrug_id\tresponse\ns\td\t1\n")
    with pytest.raises(InputError, match=r'no column "compound".*--drug-column'):
        read_responses(file, drug_column="compound")
    with pytest.raises(InputError, match=r'no column "auc".*--response-column'):
        read_responses(file, response_column="auc")


def test_read_responses__a_long_table_under_other_names_is_not_taken_for_wide(tmp_path):
    path = tmp_path / "gdsc.tsv"
    path.write_text("CELL_LINE_NAME\tDRUG_ID\tLN_IC50\nA\t1\t2.5\nA\t2\t0.5\nB\t1\t1.5\n")
    with pytest.raises(InputError, match=r'found no column "response", and ids in "CELL_LINE_NAME" repeat'):
        read_responses(path)


def test_read_responses__drugs_under_another_name_are_not_averaged(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("sample_id\tdrug\tresponse\nA\tx\t2.5\nA\ty\t0.5\nB\tx\t1.5\n")
    with pytest.raises(InputError, match=r"samples repeat and there is a column \"drug\".*give --drug-column 'drug'"):
        read_responses(path)
    assert len(read_responses(path, drug_column="drug")) == 3


@pytest.mark.parametrize("named", [{}, {"drug_column": "compound"}, {"drug_column": "#1"}])
def test_read_responses__drugs_in_rows(tmp_path, named):
    first = "compound" if named else "drug_id"
    file = write(tmp_path, f"{first}\ts1\ts2\ts3\nd1\t0.5\t1\t\nd2\t0.25\t2\t4\n")
    table = read_responses(file, **named).table
    assert table[["sample_id", "drug_id", "response"]].to_numpy().tolist() == [
        ["s1", "d1", 0.5],
        ["s1", "d2", 0.25],
        ["s2", "d1", 1],
        ["s2", "d2", 2],
        ["s3", "d2", 4],
    ]


def test_read_responses__several_doses_are_not_averaged(tmp_path):
    file = write(tmp_path, "sample_id\tdrug_id\tdose\tresponse\ns\td\t0.1\t0.9\ns\td\t1\t0.4\n")
    with pytest.raises(InputError, match=r'several values of "dose".*Fit the doses with drugresponse curves first'):
        read_responses(file)
    file = write(tmp_path, "sample_id\tdrug_id\tdose\tresponse\ns\td\t0.1\t0.9\ns\td\t0.1\t0.7\nt\te\t1\t0.7\n")
    assert read_responses(file).table["response"].tolist() == pytest.approx([0.8, 0.7])
