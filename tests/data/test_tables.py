from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.tables import Measure, Responses, as_responses, index_by_id
from drugresponse.errors import InputError
from drugresponse.simulation.cohort import simulate_cohort


def rows(**columns) -> pd.DataFrame:
    return pd.DataFrame({"sample_id": ["s2", "s1"], "drug_id": ["d", "d"], "response": [1.0, 2.0], **columns})


def test_responses__are_completed_and_ordered():
    responses = Responses.build(rows(extra=1), Measure("auc"))
    assert list(responses.table.columns) == ["sample_id", "drug_id", "response", "censor", "weight", "study"]
    assert responses.table["sample_id"].tolist() == ["s1", "s2"]
    assert responses.table["weight"].tolist() == [1.0, 1.0]
    assert responses.table["censor"].tolist() == ["none", "none"]
    assert responses.measure.name == "auc"
    assert (len(responses), responses.n_repeated) == (2, 0)


def test_responses__without_a_drug_column_are_of_one_drug():
    assert Responses.build(rows().drop(columns="drug_id")).table["drug_id"].tolist() == ["drug", "drug"]


def test_responses__numeric_ids_become_text():
    assert Responses.build(rows(sample_id=[10, 9])).table["sample_id"].tolist() == ["10", "9"]


def test_responses__missing_and_weightless_rows_are_dropped():
    assert Responses.build(rows(response=[np.nan, 2.0])).table["sample_id"].tolist() == ["s1"]
    assert Responses.build(rows(weight=[0.0, np.nan])).table["sample_id"].tolist() == ["s1"]


def test_responses__repeats_are_their_weighted_mean_and_counted(caplog):
    table = pd.DataFrame(
        {
            "sample_id": ["a", "b", "a", "a"],
            "drug_id": "d",
            "response": [1.0, 5.0, 4.0, 7.0],
            "weight": [1.0, 2.0, 3.0, 0.0],
            "censor": ["left", "right", "none", "none"],
        }
    )
    with caplog.at_level(logging.WARNING):
        responses = Responses.build(table, where="r.tsv", outcome="continuous")
    assert responses.table["response"].tolist() == [3.25, 5.0]
    assert responses.table["weight"].tolist() == [4.0, 2.0]
    assert responses.table["censor"].tolist() == ["none", "right"]
    assert responses.n_repeated == 1
    assert "r.tsv: 1 rows repeat a (sample, drug) pair" in caplog.text


def test_responses__replicates_tell_how_far_repeats_differ():
    table = pd.DataFrame(
        {
            "sample_id": ["b", "a", "c", "a", "b", "a", "a"],
            "drug_id": "d",
            "response": [2.0, 1.0, 9.0, 3.0, 2.0, 8.0, 77.0],
            "weight": [1.0, 1.0, 1.0, 2.0, 4.0, 1.0, 0.0],
        }
    )
    replicates = Responses.build(table).replicates
    assert list(replicates.columns) == ["sample_id", "drug_id", "n", "variance", "weight"]
    assert replicates["sample_id"].tolist() == ["a", "b"]
    assert replicates["n"].tolist() == [3, 2]
    np.testing.assert_allclose(replicates["variance"], [np.var([1, 3, 8], ddof=1), 0])
    assert replicates["weight"].tolist() == [4.0, 5.0]


def test_responses__without_repeats_have_no_replicates():
    once = Responses.build(rows()).replicates
    twice = Responses.build(pd.concat([rows(), rows()])).replicates
    assert len(once) == 0
    pd.testing.assert_series_equal(once.dtypes, twice.dtypes)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        (
            rows().drop(columns="response"),
            r'^r: found no column "response" \(its columns are .*\)\. Rename the column that holds it to "response"',
        ),
        (rows().rename(columns={"sample_id": "SampleID"}), r'Rename "SampleID" to "sample_id"\.'),
        (rows(sample_id=["s", None]), r"^r, row 2: found an empty id"),
        (rows(drug_id=["", "d"]), r"^r, row 1: found an empty id"),
        (rows(response=[1.0, np.inf]), r"^r, row 2: found an infinite response \(1 in all; expected finite numbers\)"),
        (rows(response=[1.0, 1e150]), r"^r, row 2: found a response of 1e\+150 \(1 in all; expected finite numbers\)"),
        (rows(response=[1e-200, -3e-200]), r"^r: no response is above 3e-200 .* another unit"),
        (rows(response=["1", "n.d."]), r'^r, row 2, column "response": "n.d." is not a number\. Leave the cell empty'),
        (rows(weight=[-1.0, 1.0]), r"found a weight that is negative"),
        (rows(weight=[1.0, "much"]), r'^r, row 2, column "weight": "much" is not a number'),
        (rows(censor=["lefft", "none"]), r'found censor "lefft"\. Did you mean "left"\?'),
        (rows(response=[np.nan, np.nan]), r"found no measured response"),
    ],
)
def test_responses__bad_table(table, message):
    with pytest.raises(InputError, match=message):
        Responses.build(table, where="r")


def test_responses__leave_their_input_alone():
    table = rows()
    Responses.build(table)
    pd.testing.assert_frame_equal(table, rows())


def test_index_by_id__takes_column_or_index():
    table = pd.DataFrame({"drug_id": ["007", "8"], "name": ["x", "y"]})
    once = index_by_id(table, "drug_id", where="drugs")
    assert once.index.tolist() == ["007", "8"]
    assert list(once.columns) == ["name"]
    pd.testing.assert_frame_equal(index_by_id(once, "drug_id", where="drugs"), once)


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (["a", None], r'^drugs, row 2: found an empty "drug_id"'),
        (["a", "a"], r'^drugs: "a" occurs more than once in "drug_id"'),
    ],
)
def test_index_by_id__bad_ids(ids, message):
    with pytest.raises(InputError, match=message):
        index_by_id(pd.DataFrame({"drug_id": ids}), "drug_id", where="drugs")


def test_index_by_id__no_such_column():
    with pytest.raises(InputError, match=r'^drugs: found no column "drug_id" \(its columns are "id"\)'):
        index_by_id(pd.DataFrame({"id": ["a"]}), "drug_id", where="drugs")


@pytest.mark.parametrize(
    ("direction", "words"),
    [
        (None, "higher response"),
        ("sensitive", "higher response (more sensitive)"),
        ("dose", "higher response (higher dose)"),
    ],
)
def test_measure__claims_no_more_than_was_told(direction, words):
    assert Measure(higher_means=direction).higher_words() == words


def test_as_responses__a_path_is_refused():
    with pytest.raises(InputError, match=r"found ndarray .* give the model's `as_estimator"):
        as_responses(np.zeros(3))
    with pytest.raises(InputError, match=r"found str \(expected Responses or a DataFrame\)"):
        as_responses("responses.tsv")


def long_rows() -> pd.DataFrame:
    return pd.DataFrame({"sample_id": ["7", "7", "8"], "drug_id": ["a", "b", "a"], "response": [1.0, 2.0, 3.0]})


@pytest.mark.parametrize(
    "given",
    [
        long_rows().set_index(["sample_id", "drug_id"]),
        long_rows().set_index(["sample_id", "drug_id"])["response"],
        long_rows().set_index("sample_id"),
        long_rows().set_index("sample_id").rename_axis(None),
        long_rows().astype({"sample_id": float}),
        long_rows().astype({"sample_id": "category", "drug_id": "category"}),
        pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, np.nan]}, index=pd.Index([7, 8], name="sample_id")),
        pd.DataFrame({"a": [1.0, 3.0], "b": [2.0, np.nan]}, index=["7", "8"]),
        pd.DataFrame({"sample_id": [7, 8], "a": [1.0, 3.0], "b": [2.0, np.nan]}),
    ],
)
def test_as_responses__of_any_shape(given):
    found = as_responses(given).table[["sample_id", "drug_id", "response"]]
    wanted = long_rows().astype({"sample_id": object, "drug_id": object})
    pd.testing.assert_frame_equal(found, wanted, check_column_type=False)


def test_as_responses__a_series_by_sample_is_of_one_drug():
    found = as_responses(pd.Series([1.0, 2.0], index=["s1", "s2"], name="auc"))
    assert found.table[["sample_id", "drug_id", "response"]].values.tolist() == [["s1", "drug", 1], ["s2", "drug", 2]]


@pytest.mark.parametrize("given", [pd.DataFrame({"a": [1.0], "b": [2.0]}), pd.DataFrame({"auc": [1.0]}, index=["s1"])])
def test_as_responses__row_numbers_are_no_ids_and_one_number_has_no_name(given):
    with pytest.raises(InputError, match="found no column"):
        as_responses(given)


def test_index_by_id__an_unnamed_index_of_text_and_floats():
    table = pd.DataFrame({"tissue": ["lung", "skin"]}, index=["7", "8"])
    assert index_by_id(table, "sample_id", where="samples").index.tolist() == ["7", "8"]
    floats = table.assign(sample_id=[7.0, 8.0])
    assert index_by_id(floats, "sample_id", where="samples").index.tolist() == ["7", "8"]
    with pytest.raises(InputError, match=r'^samples: found no column "sample_id"'):
        index_by_id(table.reset_index(drop=True), "sample_id", where="samples")
    with pytest.raises(InputError, match=r"^samples: found Series \(expected a DataFrame"):
        index_by_id(table["tissue"], "sample_id", where="samples")


def test_as_responses__what_is_no_measurement_is_refused():
    ids = [f"s{i}" for i in range(12)]
    drugs = pd.DataFrame({"a": np.linspace(-1, 1, 12), "b": np.linspace(0, 3, 12) ** 2}, index=ids)
    assert len(as_responses(drugs)) == 24
    with pytest.raises(InputError, match=r'"COSMIC_ID" .* looks like an id'):
        as_responses(drugs.assign(COSMIC_ID=range(905900, 905912)))
    times = pd.DataFrame({"sample_id": ids, "time": np.arange(12.0), "event": [0, 1] * 6})
    for table in (times, times.assign(event=times["event"] == 1)):
        assert as_responses(table).table["happened"].sum() == 6
    with pytest.raises(InputError, match=r"found measured numbers in .* beside events in"):
        as_responses(times.rename(columns={"time": "response"}))
    with pytest.raises(InputError, match=r'found the words "no", "yes" .*expected measured numbers'):
        as_responses(pd.DataFrame({"sample_id": ids, "response": ["yes", "no"] * 6}), outcome="continuous")
    dates = pd.date_range("2021-01-01", periods=12)
    for column in (dates, dates - dates[0], np.arange(12) * 1j):
        with pytest.raises(InputError, match=r"found (dates or times|complex numbers)"):
            as_responses(pd.DataFrame({"sample_id": ids, "response": column}))
    with pytest.raises(InputError, match="Write decimals with a point"):
        as_responses(pd.DataFrame({"sample_id": ids, "response": ["1,5", "0,25"] * 6}))
    with pytest.raises(InputError, match=r'found censor "0"\. Choose from'):
        as_responses(pd.DataFrame({"sample_id": ids, "response": np.arange(12.0), "censor": [0, 1] * 6}))


def test_responses__repeats_that_disagree_are_told(caplog):
    rng = np.random.default_rng(0)
    once = pd.DataFrame({"sample_id": [f"s{i}" for i in range(30)], "drug_id": "d", "response": rng.normal(0, 1, 30)})
    again = once.head(10).assign(response=lambda rows: rows["response"] + 0.05)
    Responses.build(pd.concat([once, again]), where="r")
    assert "differ by a standard deviation of 0.0354 (median), all responses by" in caplog.text
    assert "as much as those of different pairs" not in caplog.text
    again.loc[3, "response"] += np.log(100)
    Responses.build(pd.concat([once, again]), where="r")
    assert 'r: the rows of 1 repeated pair differ as much as those of different pairs do ("s3 / d")' in caplog.text


def built(responses: Responses) -> dict[str, list]:
    columns = [name for name in ("response", "lower", "upper", "happened", "entry") if name in responses.table]
    return {name: responses.table[name].tolist() for name in columns}


def test_responses__repeats_of_classes_have_the_class_of_most(caplog):
    rows = pd.DataFrame({"sample_id": list("aaabbcc"), "response": ["S", "R", "S", "S", "R", "R", "R"]})
    responses = Responses.build(rows)
    assert responses.table["response"].tolist() == [0, 1, 1]
    assert "the event where they are halves. They differ in 2 pairs" in caplog.text
    assert responses.n_repeated == 4
    weighed = Responses.build(rows.assign(weight=[1, 3, 1, 1, 1, 1, 1]))
    assert weighed.table["response"].tolist() == [1, 1, 1]


def test_responses__repeats_of_limits_share_or_span_them(caplog):
    rows = pd.DataFrame(
        {
            "sample_id": list("aabbccdd"),
            "lower": [1.0, 1.5, -np.inf, 4.0, 2.0, 3.0, 1.0, 1.0],
            "upper": [3.0, np.inf, 2.0, np.inf, 2.0, 3.0, 5.0, 5.0],
        }
    )
    responses = Responses.build(pd.concat([rows, pd.DataFrame({"sample_id": ["e"], "lower": [7.0], "upper": [9.0]})]))
    assert responses.table["lower"].tolist() == [1.5, -np.inf, 2.5, 1.0, 7.0]
    assert responses.table["upper"].tolist() == [3.0, np.inf, 2.5, 5.0, 9.0]


def test_responses__equal_times_count_once():
    rows = pd.DataFrame({"sample_id": list("aab"), "time": [2.0, 2.0, 5.0], "event": [1, 1, 0]})
    responses = Responses.build(rows)
    assert responses.table["weight"].tolist() == [1.0, 1.0]
    with pytest.raises(InputError, match=r"different times of a / drug \(2, 2\+; 1 such pair"):
        Responses.build(rows.assign(event=[1, 0, 0]))


@pytest.mark.parametrize("outcome", ["binary", "ordinal", "interval", "time-to-event"])
def test_as_responses__the_table_of_responses_that_were_built_is_read_as_them(outcome):
    drawn = simulate_cohort(n_samples=40, n_drugs=3, n_features=20, outcome=outcome).responses
    again = as_responses(drawn.table)
    assert again.outcome.kind == outcome
    assert built(again) == built(drawn)


def test_as_responses__a_confidence_interval_beside_the_response_is_no_limit():
    rows = pd.DataFrame({"sample_id": list("abc"), "response": [1.0, 2, 4], "lower": [0.5, 1, 3], "upper": [1.5, 3, 5]})
    assert as_responses(rows).outcome.kind == "continuous"


def test_as_responses__responses_of_another_outcome_are_refused():
    classes = Responses.build(pd.DataFrame({"sample_id": ["a", "b"], "response": ["S", "R"]}))
    assert as_responses(classes, "binary", "S<R") is classes
    with pytest.raises(InputError, match=r"read as binary \(expected continuous\)"):
        as_responses(classes, "continuous")
    with pytest.raises(InputError, match=r"read as S < R \(expected R < S\)"):
        as_responses(classes, classes="R<S")


def test_responses__the_words_of_the_classes_give_the_direction():
    rows = pd.DataFrame({"sample_id": ["a", "b"], "response": ["S", "R"]})
    assert Responses.build(rows).measure.higher_means == "resistant"
    with pytest.raises(InputError, match=r"a higher one means resistant, and `higher_means` sensitive .*\"R<S\""):
        Responses.build(rows, Measure(higher_means="sensitive"))
    assert Responses.build(rows, Measure(higher_means="sensitive"), classes="R<S").measure.higher_means == "sensitive"


def test_responses__dilutions_by_the_name_of_their_measure():
    rows = pd.DataFrame({"sample_id": [f"s{i}" for i in range(12)], "response": [0.5, 1.0, 2.0, 8.0] * 3})
    assert Responses.build(rows, Measure("mic")).outcome.logarithm == 2
    assert Responses.build(rows, Measure("growth")).outcome.kind == "continuous"
    assert Responses.build(rows, Measure("mic"), outcome="continuous").outcome.kind == "continuous"


@pytest.mark.parametrize("dtype", ["category", "string"])
@pytest.mark.parametrize("wide", [False, True])
def test_as_responses__words_of_any_dtype_are_classes(dtype, wide):
    words = pd.Series(["R", "S", "S", None], index=["s1", "s2", "s3", "s4"]).astype(dtype)
    responses = as_responses(pd.DataFrame({"a": words, "b": words}) if wide else words)
    assert responses.outcome.classes == ("S", "R")
    assert responses.table["response"].tolist() == ([1, 1, 0, 0, 0, 0] if wide else [1, 0, 0])


def test_as_responses__bounds_of_predictions_are_no_limits_of_measurements():
    rows = {"sample_id": [f"s{i}" for i in range(12)], "prediction": 0.5, "lower": 0.1, "upper": 0.9}
    with pytest.raises(InputError, match='"lower" and "upper" beside "prediction"'):
        as_responses(pd.DataFrame(rows))


def test_select__rows_keep_their_meaning_and_their_repeats():
    pairs = pd.DataFrame({"sample_id": ["s1", "s1", "s2", "s2"], "drug_id": ["d", "d", "d", "e"]})
    built = Responses.build(pairs.assign(response=["S", "S", "R", "S"]), Measure("susceptibility"))
    of_second = built.select(samples=["s2", "unknown"])
    assert of_second.table.index.tolist() == [0, 1]
    assert of_second.table["response"].tolist() == [1.0, 0.0]
    assert (of_second.outcome, of_second.measure) == (built.outcome, built.measure)
    assert (built.n_repeated, of_second.n_repeated, len(of_second.replicates)) == (1, 0, 0)
    assert built.select(samples=["s1"]).n_repeated == 1
    assert built.select(samples=["s1", "s2"], drugs=["e"]).table["sample_id"].tolist() == ["s2"]
    assert built.select().table.equals(built.table)
    with pytest.raises(InputError, match="select: found no response"):
        built.select(drugs=["unknown"])


def test_as_responses__the_name_of_a_column_of_events_tells_what_they_mean():
    table = pd.DataFrame({"sample_id": list("abcd"), "months": [3.5, 7.0, 2.25, 9.0]})
    for name, cells in (("CNSR", [0, 1, 1, 0]), ("alive", ["no", "yes", "yes", "no"]), ("event", [1, 0, 0, 1])):
        assert as_responses(table.assign(**{name: cells})).table["happened"].tolist() == [True, False, False, True]
    censored = table.assign(censored=[0, 1, 1, 0])
    with pytest.raises(InputError, match=r'found "0", "1" in "censored"'):
        as_responses(censored)
    assert as_responses(censored, classes="1<0").table["happened"].tolist() == [True, False, False, True]


def test_as_responses__several_drugs_under_another_name_are_not_merged(caplog):
    once = pd.DataFrame({"sample_id": list("abcd"), "antibiotic": ["AMP", "CIP"] * 2, "response": ["S", "R"] * 2})
    as_responses(once)
    assert """"antibiotic" ("AMP", "CIP") is not used, and all rows count as of one drug""" in caplog.text
    with pytest.raises(InputError, match=r'samples repeat and "antibiotic" has 2 values .*rename it to "drug_id"'):
        as_responses(once.assign(sample_id=list("aabb")))
    assert len(as_responses(once.rename(columns={"antibiotic": "drug_id"}))) == 4
