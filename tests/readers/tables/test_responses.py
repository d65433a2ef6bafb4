from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.tables import ONLY_DRUG, Measure, as_responses
from drugresponse.errors import InputError
from drugresponse.readers import read_responses
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import write_cohort


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
        outcome="continuous",
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
            'no column "response" .*"sample_id", "drug_id", "auc".*`response_column`',
        ),
        ("sample_id\tln_ic50\ns\t1\n", 'no column "response".*`response_column`'),
        ("sample_id\tname\ttissue\ns\tx\tlung\n", 'no column "response".*`response_column`'),
        ("cell\tdrug_id\tresponse\ns\td\t1\n", 'no column "sample_id".*`sample_column`'),
        ("sample_id\tresponse\ns\t1\n\t2\n", 'line 3, column "sample_id": found an empty id'),
        ("sample_id\tresponse\ns\t1\nNA\t2\n", 'line 3, column "sample_id": found "NA", a word for missing, as id'),
        ("sample_id\tdrug_id\tresponse\ns\tNaN\t1\n", 'line 2, column "drug_id": found "NaN", a word for missing'),
        ("sample_id\tA\tNA\ns\t1\t2\nt\t2\t3\n", 'line 1: found "NA" as drug'),
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
    with pytest.raises(InputError, match=r'no column "compound".*`drug_column`'):
        read_responses(file, drug_column="compound")
    with pytest.raises(InputError, match=r'no column "auc".*`response_column`'):
        read_responses(file, response_column="auc")


def test_read_responses__a_long_table_under_other_names_is_not_taken_for_wide(tmp_path):
    path = tmp_path / "gdsc.tsv"
    path.write_text("CELL_LINE_NAME\tDRUG_ID\tLN_IC50\nA\t1\t2.5\nA\t2\t0.5\nB\t1\t1.5\n")
    with pytest.raises(InputError, match=r'found no column "response", and ids in "CELL_LINE_NAME" repeat'):
        read_responses(path)


def test_read_responses__drugs_under_another_name_are_not_averaged(tmp_path):
    path = tmp_path / "table.tsv"
    path.write_text("sample_id\tdrug\tresponse\nA\tx\t2.5\nA\ty\t0.5\nB\tx\t1.5\n")
    with pytest.raises(InputError, match=r"samples repeat and there is a column \"drug\".*give `drug_column` 'drug'"):
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


def survival(time: str = "time", event: str = "event", outcomes: tuple[str, str] = ("1", "0")) -> str:
    rows = [f"s{i}\t{100 + 7.5 * i}\t{outcomes[i % 3 == 0]}" for i in range(12)]
    return "\n".join([f"sample_id\t{time}\t{event}", *rows]) + "\n"


@pytest.mark.parametrize(
    ("time", "event", "outcomes"),
    [
        ("time", "event", ("1", "0")),
        ("os_time", "os_status", ("1:DECEASED", "0:LIVING")),
        ("OS_MONTHS", "OS", ("1", "0")),
        ("days_to_death", "vital_status", ("Dead", "Alive")),
        ("pfs", "progression", ("yes", "no")),
        ("survivalTime", "dead", ("TRUE", "FALSE")),
        ("follow-up (days)", "status", ("2", "1")),
        ("time", "CNSR", ("0", "1")),
        ("time", "is_alive", ("no", "yes")),
    ],
)
def test_read_responses__times_with_events(tmp_path, time, event, outcomes):
    file = write(tmp_path, survival(time, event, outcomes))
    for responses in (read_responses(file), read_responses(file, response_column=time)):
        assert responses.outcome.kind == "time-to-event"
        table = responses.table.set_index("sample_id")
        assert table["response"].to_dict() == {f"s{i}": 100 + 7.5 * i for i in range(12)}
        assert table["happened"].to_dict() == {f"s{i}": i % 3 != 0 for i in range(12)}
        assert (table["entry"] == 0).all()


@pytest.mark.parametrize(("classes", "code"), [("01", "9"), ("123", "8"), ("01", "-8")])
def test_read_responses__a_code_for_missing_among_classes_is_no_number(tmp_path, classes, code):
    cells = [*(classes * 6), code]
    file = write(tmp_path, "sample_id\tresponse\n" + "".join(f"s{i}\t{cell}\n" for i, cell in enumerate(cells)))
    for outcome in ("auto", "ordinal"):
        with pytest.raises(InputError, match=rf"found {code} in 1 row beside .*seems to mark missing"):
            read_responses(file, outcome=outcome)
    assert read_responses(file, classes="<".join(sorted({*classes, code}))).outcome.has_classes
    assert read_responses(file, outcome="continuous").outcome.kind == "continuous"


def test_read_responses__a_sign_beside_a_dilution_means_what_it_means_before_it(tmp_path):
    signs, numbers = ["<=", "", "", ">=", ">"], ["0.25", "1", "4", "64", "64"]
    rows = [f"s{i}\t{number}\t{sign}\n" for i, (number, sign) in enumerate(zip(numbers, signs, strict=True))]
    beside = read_responses(write(tmp_path, "sample_id\tresponse\tcensor\n" + "".join(rows)))
    rows = [f"s{i}\t{sign}{number}\n" for i, (number, sign) in enumerate(zip(numbers, signs, strict=True))]
    before = read_responses(write(tmp_path, "sample_id\tresponse\n" + "".join(rows)))
    assert beside.table["lower"].tolist() == before.table["lower"].tolist() == [-np.inf, -1, 1, 5, 6]
    assert beside.table["upper"].tolist() == before.table["upper"].tolist()


def test_read_responses__antibiotics_that_are_not_used_are_told_of(tmp_path, caplog):
    rows = "".join(f"s{i}\t{('AMP', 'CIP')[i % 2]}\t{'SR'[i % 3 == 0]}\n" for i in range(12))
    file = write(tmp_path, "sample_id\tantibiotic\tresponse\n" + rows)
    assert read_responses(file).table["drug_id"].unique().tolist() == [ONLY_DRUG]
    assert """"antibiotic" ("AMP", "CIP") is not used, and all rows count as of one drug; if""" in caplog.text
    assert read_responses(file, drug_column="antibiotic").table["drug_id"].nunique() == 2


def test_read_responses__a_name_tells_what_its_events_mean(tmp_path):
    file = write(tmp_path, survival("time", "censored", ("0", "1")))
    with pytest.raises(InputError, match=r'found "0", "1" in "censored" .*`classes` "0<1" or "1<0"'):
        read_responses(file)
    assert read_responses(file, classes="1<0").table.set_index("sample_id").loc["s1", "happened"]
    of_the_dead = re.sub(
        r"\t[\d.]+\tAlive", r"\tNA\tAlive", survival("days_to_death", "vital_status", ("Dead", "Alive"))
    )
    with pytest.raises(InputError, match=r"no time in any of 4 rows without an event .*days_to_last_follow_up"):
        read_responses(write(tmp_path, of_the_dead))


def test_read_responses__columns_of_times_that_are_named(tmp_path):
    rows = "".join(f"s{i}\tdrug\t{i + 2.5}\t{i % 2}\t{i / 2}\n" for i in range(8))
    file = write(tmp_path, "sample_id\tdrug_id\tlength\tseen\tsince\n" + rows)
    named = {"time_column": "length", "event_column": "#4", "entry_column": "since"}
    table = read_responses(file, **named).table
    assert table["entry"].tolist() == [i / 2 for i in range(8)]
    assert table["happened"].tolist() == [False, True] * 4
    with pytest.raises(InputError, match=r'no column "lenght"'):
        read_responses(file, time_column="lenght", event_column="seen")
    with pytest.raises(InputError, match=r"no column of times .*`time_column` and `event_column`"):
        read_responses(file, outcome="time-to-event")
    with pytest.raises(InputError, match="named beside `outcome` binary"):
        read_responses(file, outcome="binary", **named)


def test_read_responses__one_endpoint_of_several(tmp_path):
    rows = "".join(f"s{i}\t{i + 2.5}\t{i % 2}\t{i + 1.5}\t{i % 3 > 0:d}\n" for i in range(8))
    columns = ("OS.time", "OS", "PFS.time", "PFS")
    file = write(tmp_path, "\t".join(["sample_id", *columns]) + "\n" + rows)
    with pytest.raises(InputError, match=r'several .*"OS.time" with "OS", "PFS.time" with "PFS".*`time_column`'):
        read_responses(file)
    assert read_responses(file, time_column="PFS.time", event_column="PFS").table["response"].min() == 1.5
    rows = "".join(f"s{i // 2}\t{('os', 'pfs')[i % 2]}\t{i + 2.5}\t{i % 2}\n" for i in range(8))
    with pytest.raises(InputError, match=r'a column "endpoint" .*if it names endpoints, keep the rows of one'):
        read_responses(write(tmp_path, "sample_id\tendpoint\ttime\tevent\n" + rows))
    rows = "".join(f"s{i // 2}\t{('a', 'b')[i % 2]}\t{i + 2.5}\t{i % 2}\n" for i in range(8))
    file = write(tmp_path, "sample_id\tdrug_id\ttime\tevent\n" + rows.replace("\ta\t", "\tb\t"))
    with pytest.raises(InputError, match=r"different times of s0 / b \(2.5\+, 3.5; 4 such pairs.*rows of one"):
        read_responses(file)


def test_read_responses__measured_numbers_beside_events_are_not_taken_for_times(tmp_path):
    file = write(tmp_path, survival("response"))
    with pytest.raises(InputError, match=r'found measured numbers in "response" beside events in "event"'):
        read_responses(file)
    assert read_responses(file, outcome="time-to-event").table["happened"].sum() == 8
    assert read_responses(file, outcome="continuous").outcome.kind == "continuous"
    censored = "sample_id\tresponse\tevent\tcensor\ns1\t4.5\t0\tright\ns2\t3.5\t1\t\n"
    assert read_responses(write(tmp_path, censored)).table["upper"].tolist() == [np.inf, 3.5]


def test_read_responses__a_status_beside_the_response(tmp_path, caplog):
    with pytest.raises(InputError, match=r'found measured numbers in "response" beside events in "status"'):
        read_responses(write(tmp_path, survival("response", "status", ("dead", "alive"))))
    assert len(read_responses(write(tmp_path, survival("response", "status", ("1", "0"))))) == 12
    assert 'the column "status" is not used; if it says whether an event had happened' in caplog.text


def test_read_responses__a_status_of_quality_and_a_constant_time_are_no_outcome(tmp_path):
    text = "sample_id\tdrug_id\tresponse\tstatus\ttime_h\ns1\td\t1.5\tpassed\t72\ns2\td\t2\tfailed\t72\n"
    assert len(read_responses(write(tmp_path, text))) == 2


@pytest.mark.parametrize(
    ("words", "kind", "direction"),
    [
        (("S", "R"), "binary", "resistant"),
        (("no", "yes"), "binary", None),
        (("non-responder", "responder"), "binary", "sensitive"),
        (("S", "I", "R"), "ordinal", "resistant"),
        (("PD", "SD", "PR", "CR"), "ordinal", "sensitive"),
        (("poor", "intermediate", "normal", "rapid", "ultrarapid"), "ordinal", None),
    ],
)
@pytest.mark.parametrize("long", [True, False])
def test_read_responses__words_are_classes(tmp_path, words, kind, direction, long):
    classes = [words[-1 - i % len(words)] for i in range(6)]
    rows = [f"s{i}\td\t{word}" for i, word in enumerate(classes)] if long else []
    rows = rows or [f"s{i}\t{word}\t{'NA' if i else word}" for i, word in enumerate(classes)]
    header = "sample_id\tdrug_id\tresponse" if long else "sample_id\td\te"
    responses = read_responses(write(tmp_path, "\n".join([header, *rows]) + "\n"))
    assert (responses.outcome.kind, responses.outcome.classes) == (kind, words)
    assert responses.measure.higher_means == direction
    numbers = responses.table[responses.table["drug_id"] == "d"]["response"].tolist()
    assert numbers == [words.index(word) for word in classes]


def test_read_responses__classes_as_they_are_listed(tmp_path):
    file = write(tmp_path, "sample_id\tresponse\ns1\tworse\ns2\tbetter\ns3\tsame\ns4\tNA\n")
    with pytest.raises(InputError, match=r'found the words "better", "same", "worse", whose order is not known'):
        read_responses(file)
    assert read_responses(file, classes="worse<same<better").table["response"].tolist() == [0, 2, 1]
    assert read_responses(file, classes=["worse", "same=better"]).outcome.classes == ("worse", "same=better")
    with pytest.raises(
        InputError, match=r'row 3: found "same" \(1 such row; expected one of the classes worse < better'
    ):
        read_responses(file, classes="worse<better")


LIMITS = ["<=0.25", "0.5", "1", "\u2264 2", ">64", ">=16", "NA", "0.5-2"]
LOWER = [-np.inf, -2.0, -1.0, -np.inf, 6.0, 3.0, -1.0]
UPPER = [-2.0, -1.0, 0.0, 1.0, np.inf, np.inf, 1.0]


@pytest.mark.parametrize("form", ["long", "wide", "decimal commas", "frame", "wide frame"])
def test_read_responses__dilution_series(tmp_path, form):
    ids = [f"s{i}" for i in range(8)]
    if "frame" in form:
        frame = pd.DataFrame({"sample_id": ids, "drug_id": "AMP", "response": LIMITS})
        if form == "wide frame":
            frame = pd.DataFrame({"AMP": LIMITS, "CIP": [">8"] + [None] * 7}, index=pd.Index(ids, name="sample_id"))
        responses = as_responses(frame)
    else:
        header = "sample_id\tAMP\tCIP" if form == "wide" else "sample_id\tdrug_id\tresponse"
        row = "{}\t{}\t>8" if form == "wide" else "{}\tAMP\t{}"
        text = "\n".join([header, *(row.format(*cells) for cells in zip(ids, LIMITS, strict=True))])
        responses = read_responses(write(tmp_path, text.replace(".", ",") if form == "decimal commas" else text))
    table = responses.table[responses.table["drug_id"] == "AMP"]
    assert (responses.outcome.kind, responses.outcome.logarithm) == ("interval", 2)
    assert table["lower"].tolist() == LOWER
    assert table["upper"].tolist() == UPPER
    assert table["response"].tolist() == [-2.0, -1.5, -0.5, 1.0, 6.0, 3.0, 0.0]
    assert set(table["censor"]) == {"none"}


def test_read_responses__mic_by_the_name_of_its_column(tmp_path):
    file = write(tmp_path, "sample_id\tMIC\n" + "".join(f"s{i}\t{2 ** (i % 5)}\n" for i in range(12)))
    assert read_responses(file, response_column="MIC").outcome.logarithm == 2
    file = write(tmp_path, "sample_id\tdose\n" + "".join(f"s{i}\t{2 ** (i % 5)}\n" for i in range(12)))
    assert read_responses(file, response_column="dose").outcome.kind == "continuous"


def test_read_responses__limits_in_two_columns(tmp_path):
    file = write(tmp_path, "sample_id\tdrug_id\tlower\tupper\ns1\td\t1,5\t2\ns2\td\t\t0,7\ns3\td\t3\t\n")
    responses = read_responses(file)
    assert (responses.outcome.kind, responses.outcome.logarithm) == ("interval", 0)
    assert responses.table[["lower", "upper"]].to_numpy().tolist() == [[1.5, 2.0], [-np.inf, 0.7], [3.0, np.inf]]
    assert responses.table["response"].tolist() == [1.75, 0.7, 3.0]
    turned = write(tmp_path, "sample_id\tlower\tupper\ns1\t2\t1\n")
    with pytest.raises(InputError, match="row 1: found a lower limit of 2 above the upper of 1"):
        read_responses(turned)


def test_read_responses__limits_in_signs_and_censor_must_agree(tmp_path):
    text = "sample_id\tresponse\tcensor\ns1\t<=8\tleft\ns2\t16\tnone\ns3\t>32\t{}\n"
    assert len(read_responses(write(tmp_path, text.format("right")))) == 3
    with pytest.raises(InputError, match=r'row 3: found the response ">32" and censor "left"'):
        read_responses(write(tmp_path, text.format("left")))


def test_read_responses__limits_of_measured_numbers(tmp_path):
    file = write(tmp_path, "sample_id\tresponse\ns1\t<=0.3\ns2\t1.7\ns3\t>3\n")
    table = read_responses(file, outcome="continuous").table
    assert table["response"].tolist() == [0.3, 1.7, 3.0]
    assert table["censor"].tolist() == ["left", "none", "right"]


def test_read_responses__kinds_mixed_in_one_column_name_the_rows(tmp_path):
    file = write(tmp_path, "sample_id\tresponse\ns1\t<=0.25\ns2\tR\ns3\t2\ns4\tS\n")
    with pytest.raises(InputError, match=r'rows 2, 4: "R" is neither a number nor a limit .*"<=0.25"'):
        read_responses(file)
    with pytest.raises(InputError, match=r'line 3, column "response": "R" is not a number'):
        read_responses(write(tmp_path, "sample_id\tresponse\ns1\t0.25\ns2\tR\n"))


def wide(name: str, values: list[object]) -> str:
    rows = [f"s{i}\t{value}\t{0.37 * i - 2:.2f}\t{0.11 * i:.2f}" for i, value in enumerate(values)]
    return "\n".join([f"sample_id\t{name}\tDrugA\tDrugB", *rows]) + "\n"


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("COSMIC_ID", [905900 + i for i in range(12)]),
        ("AGE", [30 + 3 * i for i in range(12)]),
        ("age at diagnosis", [30.5 + 3 * i for i in range(12)]),
        ("days_to_death", [30.5 + 3 * i for i in range(12)]),
        ("Passage", [3, 4] * 6),
        ("Unnamed: 0", list(range(12))),
        ("cosmic", [905900.0 + i for i in range(12)]),
        ("MSS/MSI", [0, 1] * 6),
        ("reference", [70000 + 7 * i for i in range(12)]),
    ],
)
def test_read_responses__metadata_in_a_wide_table_is_refused_unless_known_as_a_drug(tmp_path, name, values):
    file = write(tmp_path, wide(name, values))
    with pytest.raises(InputError, match=r"look.? like an id, age, time, event, count or code .*`drugs`"):
        read_responses(file)
    assert len(read_responses(file, drug_ids=[name])) == 36


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("AGE-1234", [0.5 + i for i in range(12)]),
        ("ID-8", [0.5 + i for i in range(12)]),
        ("capped", [10] * 12),
        ("rarely tested", [1, 2, 3, "", "", "", "", "", "", "", "", ""]),
        ("Timentin", [0.5 * i for i in range(12)]),
    ],
)
def test_read_responses__drugs_that_look_a_little_like_metadata(tmp_path, name, values, caplog):
    caplog.set_level(logging.INFO)
    assert read_responses(write(tmp_path, wide(name, values))).table["drug_id"].nunique() == 3
    assert f'drugs: "{name}", "DrugA", "DrugB".' in caplog.text


def test_read_responses__whole_numbers_among_whole_numbers_are_responses(tmp_path):
    rows = "".join(f"s{i}\t{90 - i}\t{40 + 2 * i}\n" for i in range(12))
    assert len(read_responses(write(tmp_path, "sample_id\td1_score\td2_score\n" + rows))) == 24


def test_read_responses__a_wide_table_pools_what_its_decimals_tell(tmp_path):
    found = read_responses(write(tmp_path, "cell\td1\td2\ns1\t1,250\t0,5\ns2\t2,125\t1,5\n"))
    assert found.table["response"].tolist() == [1.25, 0.5, 2.125, 1.5]
    with pytest.raises(InputError, match=r'"1,250" is 1250 if .* and 1.25 if'):
        read_responses(write(tmp_path, "sample_id\tresponse\ns1\t1,250\ns2\t3\n"))


def test_read_responses__drugs_with_numbers_for_ids_are_not_averaged(tmp_path):
    path = write(tmp_path, "sample_id\tDRUG_ID\tresponse\nA\t1003\t2.5\nA\t1004\t0.5\nB\t1003\t1.5\n")
    with pytest.raises(InputError, match=r'there is a column "DRUG_ID" .*`drug_column`'):
        read_responses(path)


@pytest.mark.parametrize(
    ("cell", "advice"),
    [
        ("41.9 %", "without the percent sign"),
        ("12 nM", "all in one unit"),
        ("2.1 \u00b1 0.1", "without its error"),
        ("01.03.2021", "looks like a date"),
    ],
)
def test_read_responses__what_is_no_number_is_told_alike_in_files_and_frames(tmp_path, cell, advice):
    with pytest.raises(InputError, match=advice):
        read_responses(write(tmp_path, f"sample_id\tresponse\ns1\t1.5\ns2\t{cell}\n"))
    with pytest.raises(InputError, match=advice):
        as_responses(pd.DataFrame({"sample_id": ["s1", "s2"], "response": ["1.5", cell]}))


def test_read_responses__signs_in_the_column_of_limits(tmp_path):
    text = "sample_id\tresponse\tcensor\n" + "".join(f"s{i}\t{i}\t{sign}\n" for i, sign in enumerate("<=>"))
    file = write(tmp_path, text)
    assert read_responses(file, outcome="continuous").table["censor"].tolist() == ["left", "none", "right"]
    table = read_responses(file).table
    assert table[["lower", "upper"]].to_numpy().tolist() == [[-np.inf, 0.0], [1.0, 1.0], [2.0, np.inf]]


SIGNED = [("<=", 0.25), ("=", 0.5), ("==", 2.0), (">=", 4.0), (">", 64.0), (None, 8.0)]


@pytest.mark.parametrize(
    ("name", "response"),
    [
        ("relation", "response"),
        ("Censor", "response"),
        ("measurement_sign", "measurement_value"),
        ("MIC sign", "MIC"),
        ("standard_relation", "standard_value"),
        ("mic_comparator", "mic"),
        ("prefix", "mic"),
    ],
)
def test_read_responses__signs_of_limits_under_the_names_of_the_field(tmp_path, name, response):
    lines = [f"s{i}\t{number:g}\t{sign or ''}\tx" for i, (sign, number) in enumerate(SIGNED)]
    file = write(tmp_path, "\n".join([f"sample_id\t{response}\t{name}\tlaboratory", *lines]))
    read = [read_responses(file, response_column=response)]
    if response == "response":
        rows = [{"sample_id": f"s{i}", "response": number, name: sign} for i, (sign, number) in enumerate(SIGNED)]
        read.append(as_responses(pd.DataFrame(rows)))
    for responses in read:
        assert (responses.outcome.kind, responses.outcome.logarithm) == ("interval", 2)
        assert responses.table["lower"].tolist() == [-np.inf, -2.0, 0.0, 1.0, 6.0, 2.0]
        assert responses.table["upper"].tolist() == [-2.0, -1.0, 1.0, np.inf, np.inf, 3.0]


def test_read_responses__words_of_a_side_are_limits_where_the_column_is_named_so(tmp_path, caplog):
    text = "sample_id\tresponse\t{}\ns1\t1.5\tnone\ns2\t2\tright\n"
    assert read_responses(write(tmp_path, text.format("Censoring"))).table["upper"].tolist() == [1.5, np.inf]
    read_responses(write(tmp_path, text.format("tumour_side")))
    assert '"tumour_side" ("none", "right") is not used' in caplog.text


@pytest.mark.parametrize(
    ("header", "response"), [("IC50\tcrp_sign", "IC50"), ("sign\tIC50\toperator", "IC50"), ("IC50\tnote", "IC50")]
)
def test_read_responses__signs_of_which_it_is_not_told_whose_they_are_are_refused(tmp_path, header, response):
    names = header.split("\t")
    rows = [
        {name: number if name == "IC50" else sign or "=" for name in names} | {"sample_id": f"s{i}", "crp": i}
        for i, (sign, number) in enumerate(SIGNED)
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "signs.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r'signs of limits .*3 rows\).* beside the numbers in "IC50".*to "censor"'):
        read_responses(tmp_path / "signs.tsv", response_column=response)
    only = [row | dict.fromkeys({*names} - {"IC50"}, "=") for row in rows]
    pd.DataFrame(only).to_csv(tmp_path / "none.tsv", sep="\t", index=False)
    assert read_responses(tmp_path / "none.tsv", response_column=response).outcome.kind == "continuous"


@pytest.mark.parametrize("code", [-999, 999, -9])
def test_read_responses__a_code_for_missing_is_no_response(tmp_path, code):
    lines = [f"s{i}\t{code if i % 5 == 0 else 0.5 + i / 100}" for i in range(25)]
    with pytest.raises(InputError, match=rf"found the response {code} in 5 rows, and 0.51 to 0.74 in all others"):
        read_responses(write(tmp_path, "\n".join(["sample_id\tresponse", *lines])))
    limits = [f"{line}\t{'right' if str(code) in line else 'none'}" for line in lines]
    assert len(read_responses(write(tmp_path, "\n".join(["sample_id\tresponse\tcensor", *limits])))) == 25


@pytest.mark.parametrize(
    "names", [("A_0.1uM", "A_1uM", "B 10 nM", "B 100 nM"), ("0.01", "0.1", "1", "10"), ("A 0.5", "A 1", "A 2")]
)
def test_read_responses__doses_of_one_drug_are_no_drugs(tmp_path, names):
    rows = ["\t".join([f"s{i}", *(f"{i * j % 7}.5" for j in range(len(names)))]) for i in range(12)]
    path = write(tmp_path, "\n".join(["\t".join(["sample_id", *names]), *rows]))
    with pytest.raises(InputError, match=r"look like doses of one drug .* drugresponse curves"):
        read_responses(path)
    assert len(read_responses(path, drug_ids=names)) == 12 * len(names)


@pytest.mark.parametrize(
    "names", [("SDS_0.05", "SDS_0.15", "YPD", "H2O2", "CuSO4"), ("SD07", "PC-1", "CCT 1", "CCT 2")]
)
def test_read_responses__drugs_with_numbers_in_their_names(tmp_path, names):
    rows = ["\t".join([f"s{i}", *(f"{i * j % 7}.5" for j in range(len(names)))]) for i in range(12)]
    assert len(read_responses(write(tmp_path, "\n".join(["\t".join(["sample_id", *names]), *rows])))) == 12 * len(names)


@pytest.mark.parametrize("outcome", ["binary", "ordinal", "interval", "time-to-event"])
def test_read_responses__what_a_simulation_writes_is_read_as_it_was_drawn(tmp_path, outcome):
    cohort = simulate_cohort(n_samples=60, n_drugs=3, n_features=20, outcome=outcome)
    written, drawn = write_cohort(cohort, tmp_path / "cohort", new_samples_share=0, new_drugs=0), cohort.responses
    responses = read_responses(written["responses.tsv"])
    assert responses.outcome == drawn.outcome
    assert responses.measure.higher_means in (drawn.measure.higher_means, None)
    columns = [name for name in drawn.table.columns if name not in ("weight", "censor", "study")]
    expected = drawn.table.sort_values(["sample_id", "drug_id"], ignore_index=True)[columns]
    pd.testing.assert_frame_equal(responses.table[columns], expected, check_dtype=False)


def test_read_responses__the_odd_cell_of_a_table_of_limits_is_named(tmp_path):
    rows = [f"s{i}\t<=0.25\t{'ND' if i == 3 else '>32'}\t16\n" for i in range(5)]
    file = write(tmp_path, "isolate\tAMP\tCIP\tTET\n" + "".join(rows))
    with pytest.raises(InputError, match=r'line 5, column "CIP": found "ND" among limits .*; 1 such cell'):
        read_responses(file)


@pytest.mark.parametrize(
    ("column", "words"),
    [
        (
            "city\tUlm\tBonn\tUlm",
            '"city" of a table of samples by drugs is no drug: 3 other columns hold limits and numbers',
        ),
        ("age\t21\t35\t60", '"age" of a table of samples by drugs looks like an id, age'),
    ],
)
def test_read_responses__metadata_among_limits_is_named(tmp_path, column, words):
    name, *cells = column.split("\t")
    rows = ["<=2\t>4\t1", "16\t<=0.25\t2", "<=2\t0.5\t<=0.5"]
    path = tmp_path / "mic.tsv"
    lines = [f"s{at}\t{row}\t{cell}\n" for at, (row, cell) in enumerate(zip(rows, cells, strict=True))]
    path.write_text(f"sample_id\tAMP\tCIP\tGEN\t{name}\n" + "".join(lines))
    with pytest.raises(InputError, match=re.escape(words)):
        read_responses(path)


def test_read_responses__metadata_among_classes_is_named(tmp_path):
    path = tmp_path / "sir.tsv"
    path.write_text("isolate\tAMP\tCIP\tward\ns1\tS\tR\ticu\ns2\tR\tS\ter\ns3\tS\tI\ticu\n")
    with pytest.raises(
        InputError, match='"ward" of a table of samples by drugs is no drug: 2 other columns hold classes'
    ):
        read_responses(path)


def test_read_responses__a_word_that_is_no_event_is_named_with_those_that_are(tmp_path):
    path = tmp_path / "times.tsv"
    cells = ["gone" if at == 3 else str(at % 2) for at in range(12)]
    path.write_text("sample_id\ttime\tevent\n" + "".join(f"s{at}\t{at + 1}\t{cell}\n" for at, cell in enumerate(cells)))
    with pytest.raises(InputError, match=r'row 4, column "event": found "gone" .* yes and no, or dead and alive'):
        read_responses(path)


def test_read_responses__the_column_of_studies_may_have_another_name_and_another_part(tmp_path):
    text = "sample_id\tdrug_id\tresponse\tscreen\ns1\td1\t1\tA\ns1\td1\t3\tB\ns2\td2\t2\tB\n"
    by_screen = read_responses(write(tmp_path, text), study_column="screen").apart_by_study()
    assert by_screen.table[["sample_id", "study"]].to_numpy().tolist() == [["s1", "A"], ["s1", "B"], ["s2", "B"]]
    by_drug = read_responses(write(tmp_path, text), study_column="drug_id").table
    assert by_drug["drug_id"].tolist() == by_drug["study"].tolist() == ["d1", "d2"]


KINDS = {
    "AMP_MIC": ["<=2", "16", "8"],
    "CIP_MIC": ["0.5", ">4", "1"],
    "AMP_SIR": ["S", "R", "I"],
    "CIP_SIR": ["S", "R", "S"],
    "AMP_sign": ["<=", "=", ">"],
    "CIP_sign": ["=", "=", ">"],
    "AMP": ["2", "4", "8"],
    "CIP": ["1", "2", "1"],
    "WARD": ["a", "b", "a"],
    "SITE": ["x", "y", "z"],
}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        (
            ["AMP_MIC", "AMP_SIR", "CIP_MIC", "CIP_SIR"],
            'numbers in "AMP_MIC", "CIP_MIC"; classes in "AMP_SIR", "CIP_SIR".*one kind, such as "AMP_MIC", "CIP_MIC"',
        ),
        (["AMP_sign", "AMP", "CIP_sign", "CIP"], 'signs of limits in "AMP_sign".*such as "AMP", "CIP"; write signs'),
        (["WARD", "SITE", "AMP_MIC", "CIP_MIC"], 'text in .*"WARD", "SITE"; limits and numbers in "AMP_MIC"'),
    ],
)
def test_read_responses__a_wide_table_of_several_kinds_names_the_columns_of_each(tmp_path, columns, words):
    for ids in ("sample_id", "isolate"):
        pd.DataFrame({ids: ["s1", "s2", "s3"], **{name: KINDS[name] for name in columns}}).to_csv(
            tmp_path / "wide.csv", index=False
        )
        with pytest.raises(InputError, match=words):
            read_responses(tmp_path / "wide.csv")
        with pytest.raises(InputError, match=words):
            read_responses(tmp_path / "wide.csv", sample_column=ids)


def test_read_responses__a_wide_table_of_mics_without_limits_is_one_of_dilutions(tmp_path):
    lines = [f"s{i}\t{2.0 ** (i % 5):g}\t{2.0 ** (i % 4 - 2):g}" for i in range(12)]
    for header, kind in (("AMP_MIC\tCIP MIC", "interval"), ("AMP\tCIP", "continuous")):
        assert read_responses(write(tmp_path, "\n".join([f"sample_id\t{header}", *lines]))).outcome.kind == kind


@pytest.mark.parametrize("cells", [["<=0.25 S", "4 (R)", "NA"], ["S (<=0.25)", "R: >8", "I 1"]])
@pytest.mark.parametrize("is_wide", [False, True])
def test_read_responses__an_mic_with_its_class_in_one_cell(tmp_path, cells, is_wide):
    header = "sample_id\tAMX\tCIP" if is_wide else "sample_id\tdrug_id\tresponse"
    rows = [f"s{at}\t{cell if is_wide else 'AMX'}\t{cell}" for at, cell in enumerate(cells)]
    (tmp_path / "mic.tsv").write_text("\n".join([header, *rows]))
    message = rf'line 2, column "(AMX|response)": .*{re.escape(cells[0])}".* A number and its class are two responses: '
    with pytest.raises(InputError, match=message):
        read_responses(tmp_path / "mic.tsv")
