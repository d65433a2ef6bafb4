from __future__ import annotations

import logging

import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import (
    clean_ids,
    spellings_alike,
    suggest_ids,
    tell_of_lost_ids,
    warn_of_alike,
    warn_of_other_case,
)
from drugresponse.data.tables import Responses, index_by_id
from drugresponse.errors import InputError

BLANKS = [" ", "\t", "\u00a0", "\u202f", "\u2009", "\u200b", "\ufeff", "\u3000"]


@pytest.mark.parametrize("blank", BLANKS)
def test_clean_ids__blanks_of_every_kind_are_taken_away_and_counted(caplog, blank):
    ids = pd.Series(["MCF7", f"A549{blank}", f"{blank}{blank}HT29"])
    assert clean_ids(ids, "responses.tsv").tolist() == ["MCF7", "A549", "HT29"]
    assert "responses.tsv: blanks around 2 ids are taken away" in caplog.text


def test_clean_ids__ids_without_blanks_are_not_spoken_of(caplog):
    assert clean_ids(pd.Series(["NCI H23", "β-1"]), "t").tolist() == ["NCI H23", "β-1"]
    assert caplog.text == ""


@pytest.mark.parametrize(
    "missing", ["", "NA", "NaN", "nan", "None", "NULL", "#N/A", "__UNKNOWN__", "-", "unknown", "<NA>", " NA\u00a0"]
)
def test_clean_ids__words_for_missing_are_no_ids(missing):
    assert clean_ids(pd.Series([missing]), "t").tolist() == [""]


@pytest.mark.parametrize("name", ["NA12878", "Nalm6", "None1", "0", "N/A-1"])
def test_clean_ids__names_that_only_begin_like_missing_are_kept(name):
    assert clean_ids(pd.Series([name]), "t").tolist() == [name]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("ln001", "LN001"),
        ("MCF 7", "MCF-7"),
        ("MCF\u00a07", "MCF_7"),
        ("905900.0", "905900"),
        ("0042", "42"),
        ("S1", "S001"),
        ("caf\u00e9", "cafe\u0301"),
        ("TCGA-ZZ-0001", "TCGA-ZZ-0001-01A-11D-A152-09"),
        ("TCGA-ZZ-0001-01", "TCGA-ZZ-0001-01A"),
        ("TCGA-ZZ-0001-01A-11R-A152-07", "TCGA-ZZ-0001-01A-11D-A152-09"),
        ("TCGA.ZZ.0001.01A", "TCGA-ZZ-0001-01"),
        ("MCF7_BREAST", "MCF7"),
        ("X905900", "905900"),
        ('="0042"', "42"),
    ],
)
def test_spellings_alike__either_way(here, there):
    assert spellings_alike([here], [there, "HELA"]) == {here: there}
    assert spellings_alike([there], [here, "HELA"]) == {there: here}


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("MCF7", "MCF10"),
        ("1", "10"),
        ("TCGA-ZZ-0001-01A", "TCGA-ZZ-0001-06A"),
        ("TCGA-ZZ-0001-01A", "TCGA-ZZ-0001-11A"),
        ("TCGA-ZZ-0001", "TCGA-ZZ-0001-10A"),
        ("1.5", "2.5"),
    ],
)
def test_spellings_alike__others_are_others(here, there):
    assert spellings_alike([here], [there]) == {}


def test_suggest_ids__three_of_each_side():
    missing, known = pd.Index([f"ln00{at}" for at in range(5)]), pd.Index([f"LN00{at}" for at in range(5)])
    sentence = suggest_ids(missing, known)
    assert 'For example "ln000", "ln001", "ln002" here and "LN000", "LN001", "LN002" there.' in sentence
    assert '"ln000" may be "LN000", "ln001" may be "LN001", "ln002" may be "LN002" (5 such ids)' in sentence


def test_tell_of_lost_ids__silent_where_none_is_lost(caplog):
    tell_of_lost_ids("responses", "samples", pd.Index(["a"]), "genotypes", pd.Index(["a", "b"]), "left out")
    assert caplog.text == ""


def test_warn_of_alike__case_and_marks_but_no_honest_names(caplog):
    # TT and T-T, KM-H2 and KMH-2 are different cell lines
    warn_of_alike(["TT", "T-T", "KM-H2", "KMH-2", "S1", "S01"], "t")
    assert caplog.text == ""
    warn_of_alike(["Erlotinib", "erlotinib", "Erlotinib"], "t")
    assert 'count as different: 1 ("Erlotinib" and "erlotinib")' in caplog.text


def test_responses__one_drug_with_and_without_a_blank(caplog):
    rows = pd.DataFrame({"sample_id": ["s1", "s2"], "drug_id": ["erlotinib", "erlotinib "], "response": [1.0, 2.0]})
    assert Responses.build(rows).table["drug_id"].unique().tolist() == ["erlotinib"]
    assert "blanks around 1 id" in caplog.text


@pytest.mark.parametrize("column", ["sample_id", "drug_id"])
@pytest.mark.parametrize("missing", ["NA", "__UNKNOWN__", None])
def test_responses__words_for_missing_are_no_ids(column, missing):
    rows = pd.DataFrame({"sample_id": ["s1", "s2"], "drug_id": ["d", "d"], "response": [1.0, 2.0]}, dtype=object)
    rows.loc[1, column] = missing
    with pytest.raises(InputError, match=r"row 2: found an empty id or a word for missing, such as NA \(1 in all"):
        Responses.build(rows)


def test_index_by_id__ids_that_become_one_are_refused():
    with pytest.raises(InputError, match='"d" occurs more than once'):
        index_by_id(pd.DataFrame({"drug_id": ["d", "d\u00a0"]}), "drug_id", where="drugs")


def test_genotypes__samples_without_blanks_and_none_missing(caplog):
    with caplog.at_level(logging.WARNING):
        genotypes = Genotypes.from_dense([[0], [1]], ["s1\u00a0", "s2"], ["TP53"])
    assert genotypes.sample_ids.tolist() == ["s1", "s2"]
    assert "genotypes: blanks around 1 id" in caplog.text
    with pytest.raises(InputError, match='found "NaN" as the id of 1 sample'):
        Genotypes.from_dense([[0], [1]], ["NaN", "s2"], ["TP53"])


def test_genotypes__the_sample_of_a_file_without_read_groups_is_one():
    assert Genotypes.from_dense([[0]], ["unknown"], ["TP53"]).sample_ids.tolist() == ["unknown"]


def test_warn_of_other_case__names_both_within_a_block(caplog):
    features = pd.DataFrame(
        {"block": ["a", "a", "b", "c", "c"], "position": [pd.NA] * 3 + [7, 9]},
        index=["BRAF", "braf", "Braf", "1:7:A:C", "1:7:a:c"],
    )
    warn_of_other_case(features, "mutations.tsv")
    assert caplog.messages == [
        "mutations.tsv: names of features that differ in the case of letters only count as different: 1 "
        '("BRAF" and "braf"). Write them alike, and their columns as one, where they are the same.'
    ]
