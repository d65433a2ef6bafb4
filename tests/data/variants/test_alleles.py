from __future__ import annotations

from itertools import permutations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.variants.alleles import Relation, compare_alleles, complements, palindromic, plain_alleles


def text(*alleles: str) -> np.ndarray:
    return np.array(alleles, dtype=object)


def compared(first: tuple[str, str], second: tuple[str, str]) -> Relation:
    return Relation(compare_alleles(*map(text, first), *map(text, second))[0])


def test_compare_alleles__every_pair_of_bases():
    other = dict(zip("ACGT", "TGCA", strict=True))
    for ref, alt in permutations("ACGT", 2):
        assert compared((ref, alt), (ref, alt)) == Relation.SAME
        assert compared((ref, alt), (alt, ref)) == Relation.SWAPPED
        if alt == other[ref]:
            continue
        assert compared((ref, alt), (other[ref], other[alt])) == Relation.FLIPPED
        assert compared((ref, alt), (other[alt], other[ref])) == Relation.FLIPPED_AND_SWAPPED
        third = next(each for each in "ACGT" if each not in (ref, alt, other[ref], other[alt]) or each == other[alt])
        assert compared((ref, alt), (ref, third)) == Relation.DIFFERENT


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (("A", "AT"), Relation.SAME),
        (("AT", "A"), Relation.SWAPPED),
        (("T", "TA"), Relation.DIFFERENT),
        (("T", "AT"), Relation.DIFFERENT),
        (("A", "<INS>"), Relation.DIFFERENT),
    ],
)
def test_compare_alleles__several_bases_are_not_turned_to_the_other_strand(second, expected):
    assert compared(("A", "AT"), second) == expected


@pytest.mark.parametrize("second", [("", "G"), ("A", ""), ("", "")])
def test_compare_alleles__unknown_allele_tells_nothing(second):
    assert compared(("A", "G"), second) == Relation.UNKNOWN
    assert compared(second, ("A", "G")) == Relation.UNKNOWN


def test_palindromic__both_strands_look_alike():
    pairs = [*permutations("ACGT", 2), ("AT", "AT"), ("", ""), ("A", "")]
    found = palindromic(text(*(a for a, _ in pairs)), text(*(b for _, b in pairs)))
    assert {pair for pair, yes in zip(pairs, found, strict=True) if yes} == {
        ("A", "T"),
        ("T", "A"),
        ("C", "G"),
        ("G", "C"),
    }


def test_complements__single_bases_alone():
    assert complements(text("A", "C", "G", "T", "AC", "<DEL>", "*", "")).tolist() == list("TGCA") + [""] * 4


def test_plain_alleles__capitals_and_what_is_not_known():
    assert plain_alleles(pd.Series(["a", "acg", "0", ".", "n", "", "-"], dtype=object)).tolist() == [
        "A", "ACG", "", "", "", "", "-",
    ]  # fmt: skip
