from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import (
    Parents,
    is_parent,
    split_parents,
    with_parent_rows,
    with_parents,
    without_parents,
)

NAN = float("nan")


def genotypes(values, parents, **columns):
    ids = [f"f{at}" for at in range(len(parents))]
    table = pd.DataFrame({"kind": "altered", "parent": parents, **columns}, index=ids)
    return Genotypes.build(values, [f"s{at}" for at in range(len(values))], table)


def sums(values, parents, name, **columns):
    found = with_parents(genotypes(values, parents, **columns))
    return found.dense()[:, found.features.index.get_loc(name)].tolist()


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("", []),
        (" ; ", []),
        ("tet(A)", [("tet(A)", "")]),
        ("aac(3)-II; AMINOGLYCOSIDE (class)", [("aac(3)-II", ""), ("AMINOGLYCOSIDE", "class")]),
    ],
)
def test_split_parents__level_in_brackets_after_a_blank(written, told):
    assert split_parents(written) == told


def test_parents__one_name_is_one_parent_whatever_row_tells_its_level():
    table = genotypes([[1, 1, 1]], ["a;C", "C", "a (function);C"]).features
    parents = Parents.of(table)
    assert parents.rows.index.tolist() == ["a (function)", "C (class)"]
    assert parents.rows["block"].tolist() == ["function sums", "class sums"]
    np.testing.assert_array_equal(parents.members.toarray(), [[1, 1], [0, 1], [1, 1]])


@pytest.mark.parametrize(
    ("child", "gene", "parent", "level"),
    [
        ("blaCTX-M-15", "blaCTX-M-15", "blaCTX-M", "family"),
        ("blaCTX-M-15", "blaCTX-M-15", "BETA-LACTAM", "class"),
        ("floR", "floR", "PHENICOL", "class"),
        ("gyrA_S83L", "gyrA", "gyrA", "gene"),
        ("gyrA_S83L", "gyrA", "gyrA_83", "site"),
        ("fabG1_c.-15C>T", "fabG1", "fabG1_c.-15", "site"),
        ("RT_184V", "", "RT_184", "site"),
        ("rs1800460", "TPMT", "TPMT", "gene"),
    ],
)
def test_parents__level_where_none_is_told(child, gene, parent, level):
    table = pd.DataFrame({"kind": "altered", "parent": parent, "gene": gene}, index=[child])
    assert Parents.of(Genotypes.build([[1]], ["s"], table).features).rows.index.tolist() == [f"{parent} ({level})"]


def test_parents__called_as_its_family_is():
    described = {"kind": ["altered", "altered", "score"], "block": ["a", "a", "b"], "parent": ["", "blaTEM", ""]}
    table = pd.DataFrame(described, index=["blaTEM", "blaTEM-1", "blaTEM"])
    found = with_parents(Genotypes.build([[1, 0, 7], [1, 1, 7]], ["s1", "s2"], table))
    assert found.dense()[:, found.features.index.get_loc("blaTEM (family)")].tolist() == [1, 2]


def test_parents__named_twice_counts_once():
    assert sums([[1], [0]], ["a;a"], "a (class)") == [1, 0]


def test_parents__gene_of_all_children():
    rows = Parents.of(genotypes([[1, 1, 1]], ["a;b", "a;b", "b"], gene=["G", "G", "H"]).features).rows
    assert rows["gene"].tolist() == ["G", ""]


def test_with_parents__sums_of_what_is_called():
    assert sums([[1, 1, 0], [0, 0, 1], [1, 0, 0]], ["a", "a", "b"], "a (class)") == [2, 0, 1]


def test_with_parents__missing_where_most_children_are():
    values = [[0, NAN, NAN], [1, NAN, NAN], [0, 0, NAN], [NAN, NAN, NAN]]
    np.testing.assert_array_equal(sums(values, ["a"] * 3, "a (class)"), [NAN, 1, 0, NAN])


def test_with_parents__children_of_several_blocks():
    found = with_parents(genotypes([[1, 2], [0, 1]], ["a", "a"], kind=["altered", "dosage"]))
    assert found.features["block"].tolist() == ["altered", "class sums", "dosage"]
    assert found.dense()[:, 1].tolist() == [3, 1]


def test_with_parents__are_made_once_and_known_as_made():
    found = with_parents(genotypes([[1, 1], [0, 0]], ["a", ""]))
    assert with_parents(found) is found
    assert is_parent(found.features).tolist() == [False, False, True]
    assert without_parents(found).equals(genotypes([[1, 1], [0, 0]], ["a", ""]))
    assert with_parent_rows(without_parents(found).features).index.tolist() == found.features.index.tolist()


def test_with_parents__nothing_without_any():
    plain = genotypes([[1, 1], [0, 0]], ["", ""])
    assert with_parents(plain) is plain and without_parents(plain) is plain
    assert not is_parent(plain.features).any() and with_parent_rows(plain.features) is plain.features
