"""What a prior speaks of: names of features, drugs and classes, and alleles that are swapped."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError
from drugresponse.learners.prior.prior import Prior


def grid(features: list[str], drugs: pd.DataFrame | None = None) -> Pairs:
    genotypes = Genotypes.from_dense(np.zeros((2, len(features))), ["s1", "s2"], features)
    table = pd.DataFrame({"smiles": ["", ""]}, index=pd.Index(["d1", "d2"], name="drug_id")) if drugs is None else drugs
    return Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), table)


def test_entry_of_a_drug_goes_before_its_class_and_that_before_all() -> None:
    drugs = pd.DataFrame(
        {"name": ["Alpha", "beta", ""], "drug_class": ["", "K", "K"]},
        index=pd.Index(["d1", "d2", "d3"], name="drug_id"),
    )
    table = pd.DataFrame(
        {"feature": ["f"] * 3, "drug": ["alpha", "", ""], "drug_class": ["", "K", ""], "effect": [1.0, 2.0, 3.0]}
    )
    matched = Prior.build(table).matched(grid(["e", "f"], drugs))
    assert matched.columns.tolist() == [1]
    assert matched.effects.tolist() == [[1.0, 2.0, 2.0, 3.0]]


@pytest.mark.parametrize(
    ("written", "effect"),
    [("chr1:5:A:G", 2.0), ("1:5:A:G", 2.0), ("1:5:G:A", -2.0), ("1:7:A:T", 2.0), ("1:7:T:A", None), ("1:5:A:C", None)],
)
def test_swapped_alleles_turn_the_sign__unless_strands_look_alike(written: str, effect: float | None) -> None:
    table = pd.DataFrame({"feature": [written, "f"], "effect": [2.0, 1.0]})
    matched = Prior.build(table).matched(grid(["1:5:A:G", "1:7:A:T", "f"]))
    assert bool(matched.used[0]) == (effect is not None)
    assert matched.effects[0, 0] == (1.0 if effect is None else effect)


def test_duplicates_are_refused_by_their_rows() -> None:
    table = pd.DataFrame({"feature": ["f", "e", "f"], "drug": ["d1", "d1", "d1"], "score": [1.0, 2.0, 3.0]})
    with pytest.raises(InputError, match="rows 1, 3 below the header"):
        Prior.build(table)


def test_weights_multiply_and_may_not_turn() -> None:
    table = pd.DataFrame({"feature": ["f"], "effect": [2.0], "weight": [0.5]})
    assert Prior.build(table).entries["value"].tolist() == [1.0]
    with pytest.raises(InputError, match="weight below 0"):
        Prior.build(table.assign(weight=-1.0))


def test_columns__either_effect_or_score() -> None:
    with pytest.raises(InputError, match="either effect or score"):
        Prior.build(pd.DataFrame({"feature": ["f"], "effect": [1.0], "score": [1.0]}))


def test_what_is_not_here_is_told__and_refused_where_nothing_is(caplog: pytest.LogCaptureFixture) -> None:
    pairs = grid(["f", "g"])
    table = pd.DataFrame({"feature": ["f", "nowhere", "g"], "drug": ["d1", "d1", "other"], "effect": [1.0, 1.0, 1.0]})
    with caplog.at_level(logging.WARNING):
        Prior.build(table).tell_of_unmatched(pairs)
    assert (
        '1 of 3 entries are used: the genotypes lack 1 feature ("nowhere"), the drugs or classes "other"' in caplog.text
    )
    with pytest.raises(InputError, match='"F" may be "f"'):
        Prior.build(pd.DataFrame({"feature": ["F"], "effect": [1.0]})).tell_of_unmatched(pairs)
    with pytest.raises(InputError, match="none of its drugs"):
        Prior.build(pd.DataFrame({"feature": ["f"], "drug": ["D-1"], "effect": [1.0]})).tell_of_unmatched(pairs)


def test_a_feature_of_two_blocks_is_refused__but_with_its_block() -> None:
    features = pd.DataFrame({"block": ["expression", "mutation"]}, index=["TP53", "TP53"])
    genotypes = Genotypes.build(np.zeros((2, 2)), ["s1", "s2"], features)
    drugs = pd.DataFrame({"smiles": [""]}, index=pd.Index(["d1"], name="drug_id"))
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    table = pd.DataFrame({"feature": ["TP53"], "effect": [1.0]})
    with pytest.raises(InputError, match="Give a column block"):
        Prior.build(table).matched(pairs)
    assert Prior.build(table.assign(block="mutation")).matched(pairs).columns.tolist() == [1]
