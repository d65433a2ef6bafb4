from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.outcomes.requested import Requested
from drugresponse.data.outcomes.times import (
    TimeColumns,
    find_times,
    read_events,
    refuse_bad_times,
    refuse_times_of_events_alone,
)
from drugresponse.errors import InputError

TIMES = [3.5, 7.0, 2.25, 9.0]


def events(*cells: object, name: str = "event", classes: str | None = None) -> list[float]:
    return read_events(pd.Series(cells, dtype=object, name=name), Requested.of("auto", classes), "r.tsv").tolist()


@pytest.mark.parametrize(
    ("happened", "not_yet", "name"),
    [
        (1, 0, "event"),
        (1.0, 0.0, "event"),
        ("1", "0", "status"),
        ("yes", "no", "progression"),
        (True, False, "dead"),
        ("Dead", "Alive", "vital_status"),
        ("1:DECEASED", "0:LIVING", "OS_STATUS"),
        ("1:Recurred/Progressed", "0:DiseaseFree", "DFS_STATUS"),
        ("deceased", "censored", "status"),
        ("2", "1", "status"),
        ("0", "1", "CNSR"),
        ("no", "yes", "alive"),
        (2, 1, "Alive"),
        ("1", "0", "relapse_free_survival_status"),
        ("1:PROGRESSION", "0:CENSORED", "Progression Free Status"),
    ],
)
def test_read_events__ways_to_write_them(happened, not_yet, name):
    cells = [happened, not_yet, None, happened]
    np.testing.assert_array_equal(events(*cells, name=name), [1, 0, np.nan, 1])


def test_read_events__what_may_be_either_is_refused_unless_listed():
    with pytest.raises(InputError, match=r'found "0", "1" in "censored" .*`classes` "0<1" or "1<0"'):
        events(0, 1, 1, name="censored")
    assert events(0, 1, 1, name="censored", classes="1<0") == [1, 0, 0]
    with pytest.raises(InputError, match=r'found "0", "1", "2" in the column of events .*several events'):
        events(0, 1, 2)
    with pytest.raises(InputError, match=r'row 2, column "event": found "lost"'):
        events("dead", "lost", "alive")
    assert events("dead", "lost", "alive", classes="alive=lost<dead") == [1, 0, 0]


@pytest.mark.parametrize(
    "name", ["event_free", "relapseFree", "Disease Free Status", "no relapse", "survived", "overall_survival"]
)
def test_read_events__names_that_may_deny_the_event_are_asked_about(name):
    for low, high in ((0, 1), ("no", "yes")):
        with pytest.raises(InputError, match=r"1 under this name is the event in some tables and none in others"):
            events(low, high, high, name=name)
        assert events(low, high, high, name=name, classes=f"{high}<{low}") == [1, 0, 0]


def test_read_events__each_reason_of_cnsr_is_censoring():
    assert events(0, 1, 2, 3, 0, name="CNSR") == [1, 0, 0, 0, 1]


def test_refuse_times_of_events_alone__as_days_to_death(caplog):
    times, happened = pd.Series([5.0, np.nan, 7.0, np.nan]), pd.Series([1.0, 0.0, 1.0, 0.0])
    with pytest.raises(InputError, match=r"no time in any of 2 rows without an event .*all seem to have it"):
        refuse_times_of_events_alone(times, happened, "r.tsv")
    refuse_times_of_events_alone(times.fillna({1: 3.0}), happened, "r.tsv")
    assert "1 row without a time, 1 of them without an event, are left out" in caplog.text


def test_read_events__codes_of_r_are_told(caplog):
    assert events(1, 2, 2) == [0, 1, 1]
    assert "2 is taken for the event and 1 for none, as in R" in caplog.text


@pytest.mark.parametrize(
    ("columns", "found"),
    [
        ({"time": TIMES, "event": [0, 1, 1, 0]}, ("time", "event", "")),
        ({"futime": TIMES, "fustat": [0, 1, 1, 0]}, ("futime", "fustat", "")),
        ({"OS.time": TIMES, "OS": [0, 1, 1, 0], "age": TIMES}, ("OS.time", "OS", "")),
        ({"entry": [0, 1, 1, 2], "time": TIMES, "status": [0, 1, 1, 0]}, ("time", "status", "entry")),
        ({"tstart": [0, 1, 1, 2], "time": TIMES, "status": [0, 1, 1, 0]}, ("time", "status", "tstart")),
        ({"OS_MONTHS": TIMES, "OS_STATUS": ["0:LIVING", "1:DECEASED"] * 2, "DFS_MONTHS": TIMES}, ("OS_MONTHS",)),
    ],
)
def test_find_times__by_name_and_content(columns, found):
    times = find_times(pd.DataFrame({"sample_id": list("abcd"), **columns}), "response", Requested(), "r.tsv")
    assert times is not None
    assert (times.time, times.event, times.entry)[: len(found)] == found


@pytest.mark.parametrize(
    "columns",
    [
        {"response": TIMES},
        {"response": TIMES, "weight": [1, 0, 1, 0]},
        {"response": TIMES, "time_h": [72] * 4, "status": ["passed", "failed"] * 2},
        {"response": ["S", "R"] * 2, "dead": [0, 1, 0, 1], "time": TIMES},
        {"drug_a": TIMES, "drug_b": TIMES},
        {"time": TIMES, "response": TIMES},
    ],
)
def test_find_times__other_tables_have_none(columns):
    assert find_times(pd.DataFrame({"sample_id": list("abcd"), **columns}), "response", Requested(), "r.tsv") is None


@pytest.mark.parametrize("cells", [["2020-01-05", "2020-02-07"] * 2, ["5 months", "7", "9", "2"]])
def test_find_times__of_dates_and_units_the_cell_is_named(cells):
    table = pd.DataFrame({"sample_id": list("abcd"), "OS_time": cells, "event": [0, 1, 0, 1]})
    with pytest.raises(InputError, match=rf'row 1, column "OS_time": found "{cells[0]}" .*one unit, such as days'):
        find_times(table, "response", Requested(), "r.tsv")


def test_find_times__of_another_kind_are_left():
    table = pd.DataFrame({"sample_id": list("abcd"), "time": TIMES, "event": [0, 1, 0, 1]})
    assert find_times(table, "response", Requested.of("continuous"), "r.tsv") is None
    assert find_times(table, "time", Requested.of("time-to-event"), "r.tsv") == TimeColumns("time", "event")


def test_refuse_bad_times__names_the_row():
    times = pd.Series([1.0, 2.0, -3.0])
    with pytest.raises(InputError, match=r"row 3: found the time -3 \(1 such row"):
        refuse_bad_times(times, pd.Series([0.0, 0, 0]), "r.tsv")
    with pytest.raises(InputError, match=r"row 2: found entry 2 and time 2 \(1 such row; .*entry before the time"):
        refuse_bad_times(times.abs(), pd.Series([0.0, 2, 1]), "r.tsv")
