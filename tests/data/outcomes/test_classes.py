from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.outcomes.classes import are_words, class_levels, read_classes
from drugresponse.data.outcomes.requested import Requested
from drugresponse.errors import InputError


def read(*cells: object, outcome: str = "auto", classes: str | None = None):
    return read_classes(pd.Series(cells, dtype=object), Requested.of(outcome, classes), "r.tsv")


@pytest.mark.parametrize(
    ("low", "high"),
    [
        ("No", "Yes"),
        ("n", "y"),
        ("FALSE", "TRUE"),
        ("susceptible", "resistant"),
        ("Sensitive", "Resistant"),
        ("WT", "NWT"),
        ("S", "NS"),
        ("NR", "R"),
        ("non-responder", "responder"),
        ("Non Responder", "Responder"),
        ("no relapse", "relapse"),
        ("non-toxic", "toxic"),
        ("Control", "Case"),
        ("negative", "positive"),
        ("-", "+"),
        ("alive", "dead"),
        ("low", "high"),
        ("PD", "CR"),
        ("not resistant", "resistant"),
        ("sensitive", "not sensitive"),
        ("G1", "G2"),
    ],
)
def test_read_classes__the_event_of_two_usual_words(low, high):
    for cells in ((low, high, high), (high, high, low)):
        classes = read(*cells)
        assert classes.outcome.kind == "binary"
        assert classes.outcome.event == high
        assert classes.numbers.tolist() == [float(cell == high) for cell in cells]


@pytest.mark.parametrize(
    "words",
    [
        ("S", "SDD", "I", "R"),
        ("susceptible", "intermediate", "resistant"),
        ("PM", "IM", "NM", "RM", "UM"),
        ("Poor metaboliser", "Intermediate metabolizer", "Extensive metaboliser"),
        ("progressive disease", "stable disease", "partial response", "complete response"),
        ("none", "mild", "moderate", "severe"),
        ("low", "intermediate", "high"),
        ("susceptible", "low-level resistance", "intermediate resistance", "high-level resistance"),
        ("Grade 0", "Grade 1", "Grade 3"),
        ("none", "moderate", "good"),
    ],
)
def test_read_classes__the_order_of_usual_words(words):
    classes = read(*words[::-1], *words)
    assert (classes.outcome.kind, classes.outcome.classes) == ("ordinal", words)
    numbers = list(range(len(words)))
    assert classes.numbers.tolist() == [*numbers[::-1], *numbers]


def test_read_classes__spellings_of_one_class_are_one():
    classes = read("R", "resistant", "R", "s", "Susceptible", "s ", "NA", "not tested")
    assert classes.outcome.classes == ("s", "R")
    np.testing.assert_array_equal(classes.numbers, [1, 1, 1, 0, 0, 0, np.nan, np.nan])


def test_read_classes__a_missing_word_stays_missing_beside_words():
    np.testing.assert_array_equal(read("positive", "-", "negative").numbers, [1, np.nan, 0])
    np.testing.assert_array_equal(read("yes", "none", "no").numbers, [1, np.nan, 0])


def test_read_classes__listed_order_turns_the_direction():
    assert read("S", "R").direction == "resistant"
    assert read("S", "R", classes="R<S").direction == "sensitive"
    assert read("low", "high").direction is None
    assert read("S", "R", classes="R<S").outcome.event == "S"
    assert read("S", "I", "R", "I", classes="S<I=R").numbers.tolist() == [0, 1, 1, 1]
    assert read("0", "1.0", 2, classes="0<1<2").numbers.tolist() == [0, 1, 2]


def test_read_classes__what_cannot_be_told_names_the_way_out():
    with pytest.raises(
        InputError, match=r'words "A", "B", whose order is not known .*`classes` "A<B" or the other way'
    ):
        read("A", "B")
    with pytest.raises(InputError, match=r'found "NS" .1 response. among the classes "S", "I" .*`classes`.* "S<NS=I"'):
        read("S", "NS", "I")
    with pytest.raises(InputError, match=r'all 3 responses are "R" \(expected two classes or more\)'):
        read("R", "R", "R")
    with pytest.raises(InputError, match=r'expected two for `outcome` binary.*"S<I=R"'):
        read("S", "I", "R", outcome="binary")
    with pytest.raises(InputError, match=r"found the two classes S and R \(expected three or more"):
        read("S", "R", outcome="ordinal")


def test_read_classes__a_few_strange_words_among_usual_ones_are_named():
    with pytest.raises(InputError, match=r'found "ATU", "IE" \(2 responses\) among the classes "S", "I", "R"') as said:
        read(*"SSIRRS", "ATU", "IE")
    assert "order is not known" not in str(said.value)


def test_read_classes__a_listed_class_that_never_occurs_is_left_out_and_told(caplog):
    classes = read("a", "c", "a", classes="a<b<c<d")
    assert classes.outcome.classes == ("a", "c")
    assert 'no response is "b", "d", which is left out' in caplog.text


def test_read_classes__of_a_model_keep_its_classes():
    known = read("S", "I", "R").outcome
    classes = read_classes(pd.Series(["resistant", "R"]), Requested.of(known), "r.tsv")
    assert classes.outcome == known
    assert classes.numbers.tolist() == [2, 2]


def test_read_classes__an_ordered_categorical_lists_its_classes():
    column = pd.Series(pd.Categorical(["hi", "lo", "hi"], categories=["lo", "hi", "unused"], ordered=True))
    assert are_words(column)
    assert read_classes(column, Requested(), "r.tsv").outcome.classes == ("lo", "hi")


@pytest.mark.parametrize(
    "values",
    [
        np.linspace(0, 1, 12),
        np.arange(12.0),
        np.array([0, 2] * 6),
        np.array([0, 1, 3] * 4),
        np.array([0.0, 0.5, 1.0] * 4),
        np.array([0, 100] * 6),
        np.array([0, 1] * 4),
        np.array([1, 2] * 6),
        np.array([0, np.inf] * 6),
        np.arange(6).repeat(3),
    ],
)
def test_class_levels__measured_numbers_are_none(values):
    assert class_levels(values, len(values)) == ()


def test_class_levels__whole_numbers_in_a_row():
    assert class_levels(np.array([1, 0] * 6), 12) == ("0", "1")
    assert class_levels(np.array([1, 2, 3, 4, 5] * 3), 15) == ("1", "2", "3", "4", "5")
    assert class_levels(np.array([0, 1, 2] * 4), 12) == ("0", "1", "2")


@pytest.mark.parametrize(
    ("outcome", "classes", "message"),
    [
        ("auto", "S", "expected two classes or more that differ"),
        ("auto", "S<S<R", "expected two classes or more that differ"),
        ("auto", "S<<R", "expected two classes or more that differ"),
        ("continuous", "S<R", "found 2 classes beside `outcome` continuous"),
        ("binary", "S<I<R", r"found 3 classes beside `outcome` binary \(expected two\)"),
        ("yesno", None, r"yesno.* unknown"),
    ],
)
def test_requested__what_contradicts_is_refused(outcome, classes, message):
    with pytest.raises(InputError, match=message):
        Requested.of(outcome, classes)
