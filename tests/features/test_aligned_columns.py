"""New genotypes brought to the terms of a model while they are read, as numbers and as codes."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import read_codes
from drugresponse.data.surveys.coded_calls import CodedCalls
from drugresponse.features.aligned_columns import AlignedColumns
from drugresponse.features.alignment import align
from tests.stored_genotypes import CodedColumns, stored

PLACES = pd.DataFrame(
    {"chromosome": "1", "position": [10, 20, 30, 40, 40], "ref": "A", "alt": ["C", "G", "C", "C", "G"]},
    index=["turned", "as it is", "absent", "of two alternates", "the other alternate"],
).assign(kind="dosage", block="dosage")


def new() -> Genotypes:
    """The first site has its alleles swapped, and the third is absent."""
    here = PLACES.drop(["absent"]).copy()
    here.loc["turned", ["ref", "alt"]] = ["C", "A"]
    calls = [[0, 1, 0, 1], [1, 2, 1, 0], [2, np.nan, 0, 0], [np.nan, 0, 2, 0]]
    return Genotypes.build(calls, list("abcd"), here)


@pytest.mark.parametrize("filled", [None, np.arange(5) == 2])
@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4], [2], [1], [4, 0]])
def test_read_codes__tell_what_is_read_as_numbers(columns, filled):
    genotypes = stored(new(), CodedColumns)
    aligned = AlignedColumns.of(genotypes, align(genotypes.features, PLACES), filled)
    at, rows = np.array(columns), np.array([3, -1, 0, 2])
    codes = read_codes(aligned, at, rows)
    assert codes is not None
    np.testing.assert_array_equal(CodedCalls.of(codes).calls, aligned.read(at, rows))


def test_read_codes__are_none_of_a_site_whose_other_alternates_count():
    table = PLACES.iloc[[3]].assign(ref="C", alt="A")
    genotypes = stored(new(), CodedColumns)
    alignment = align(genotypes.features, table)
    assert len(alignment.others[0])
    aligned = AlignedColumns.of(genotypes, alignment)
    assert read_codes(aligned, np.array([0]), np.arange(4)) is None
    assert aligned.read(np.array([0]), np.arange(4)).ravel().tolist() == [1.0, 1.0, 2.0, 0.0]
