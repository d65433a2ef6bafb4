from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.alleles import Relation
from drugresponse.features.places import Variants, find_by_place, other_alternates

Row = tuple[str, str, int | None, str, str]


def features(*rows: Row, kind: str = "dosage") -> pd.DataFrame:
    ids, chromosome, position, ref, alt = zip(*rows, strict=True)
    columns = {"chromosome": chromosome, "position": position, "ref": ref, "alt": alt}
    table = pd.DataFrame({"kind": kind, "block": "dosage", **columns}, index=list(ids))
    return Genotypes.build(np.zeros((1, len(rows))), ["s"], table).features


def test_variants__one_spelling():
    found = Variants.of(
        features(("a", "chr1", 7, "a", "<del>"), ("b", "ChrX", 9, "A", "0"), ("c", "M", None, "A", "C"))
    )
    assert found.chromosome.tolist() == ["1", "MT", "X"]
    assert found.position.tolist() == [7, -1, 9]
    assert found.ref.tolist() == ["A", "A", "A"]
    assert found.alt.tolist() == ["<DEL>", "C", ""]
    assert found.known.tolist() == [True, True, False]
    assert found.placed.tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (("x", "1", 7, "A", "C"), Relation.SAME),
        (("x", "chr1", 7, "C", "A"), Relation.SWAPPED),
        (("x", "1", 7, "T", "G"), Relation.FLIPPED),
        (("x", "1", 7, "G", "T"), Relation.FLIPPED_AND_SWAPPED),
        (("x", "1", 7, "A", "AC"), Relation.UNKNOWN),
        (("x", "1", 8, "A", "C"), Relation.UNKNOWN),
        (("x", "", None, "A", "C"), Relation.UNKNOWN),
    ],
)
def test_find_by_place__relation(row, expected):
    columns, relation = find_by_place(Variants.of(features(("v", "1", 7, "A", "C"))), features(row))
    assert relation.tolist() == [expected]
    assert columns.tolist() == [-1 if expected == Relation.UNKNOWN else 0]


def test_find_by_place__as_written_comes_before_swapped_and_the_first_column_before_another():
    new = features(("z", "1", 7, "C", "A"), ("b", "1", 7, "A", "C"), ("a", "1", 7, "A", "C"))
    assert new.index.tolist() == ["a", "b", "z"]
    columns, relation = find_by_place(Variants.of(features(("v", "1", 7, "A", "C"))), new)
    assert (columns.tolist(), relation.tolist()) == ([0], [Relation.SAME])


def test_find_by_place__only_copies_of_alleles():
    wanted = Variants.of(features(("v", "1", 7, "A", "C")))
    assert find_by_place(wanted, features(("x", "1", 7, "A", "C"), kind="altered"))[0].tolist() == [-1]
    carried = Variants.of(features(("v", "1", 7, "A", "C"), kind="altered"))
    assert find_by_place(carried, features(("x", "1", 7, "A", "C")))[0].tolist() == [-1]


def test_other_alternates__of_turned_sites_alone_and_each_allele_once():
    new = features(
        ("a", "1", 7, "C", "A"), ("b", "1", 7, "C", "G"), ("c", "1", 7, "C", "T"), ("d", "1", 7, "CA", "G"),
        ("e", "2", 7, "C", "G"), ("f", "1", 9, "C", "A"), ("g", "1", 9, "C", "G"),
        ("h", "1", 7, "C", "G"),
    )  # fmt: skip
    at = {name: column for column, name in enumerate(new.index)}
    columns = np.array([at["a"], -1, at["f"]])
    rows, others = other_alternates(new, columns, np.array([True, False, False]))
    assert rows.tolist() == [0, 0]
    assert sorted(new.index[others]) == ["b", "c"]


def test_other_alternates__without_places_there_are_none():
    new = features(("a", "", None, "C", "A"), ("b", "", None, "C", "G"))
    rows, others = other_alternates(new, np.array([0]), np.array([True]))
    assert len(rows) == len(others) == 0


@pytest.mark.parametrize("name", ["X", "chrX", "chrx", "23", "chr23", "23.0", "PAR1", "25", "NC_000023.11"])
def test_variants__every_spelling_of_a_chromosome_is_one(name):
    row = {"kind": "dosage", "chromosome": name, "position": 7, "ref": "A", "alt": "C"}
    assert Variants.of(pd.DataFrame(row, index=["v"])).chromosome.tolist() == ["X"]


def test_find_by_place__bases_that_both_alleles_share_do_not_count():
    """A record of several alternates writes A to G beside a deletion as AT to GT."""
    new = features(("a", "1", 7, "AT", "GT"), ("b", "1", 9, "CTA", "CTG"), ("c", "1", 20, "ATT", "AT"))
    wanted = Variants.of(features(("x", "1", 7, "A", "G"), ("y", "1", 11, "A", "G"), ("z", "1", 20, "AT", "A")))
    columns, relation = find_by_place(wanted, new)
    assert (columns.tolist(), set(relation.tolist())) == ([0, 1, 2], {Relation.SAME})
    back = find_by_place(Variants.of(new), features(("x", "1", 7, "A", "G"), ("y", "1", 11, "A", "G")))[0]
    assert back.tolist() == [0, 1, -1]
