"""A residue a column: what is read, what is missing, and that ids are those of lists of substitutions."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.resistance.positions import genotypes_of_positions


def test_genotypes_of_positions__features_of_lists(tmp_path):
    table = pd.DataFrame(
        {"P65": ["R", "-", "KR"], "P69": ["-", "#", "~"], "P184": ["V", "MV", "-"], "n": ["9", "9", "9"]}
    )
    (tmp_path / "lists.tsv").write_text("sample_id\tsubstitutions\na\tRT:K65R, RT:M184V\nb\tRT:69ins\n")
    columns = genotypes_of_positions(table, ["a", "b", "c"], "RT", "x", {184: "M"})
    lists = read_genotypes(tmp_path / "lists.tsv")
    shared = lists.features.index
    assert set(shared) <= set(columns.features.index)
    assert columns.features.loc[shared, ["block", "kind", "gene", "parent"]].equals(
        lists.features[["block", "kind", "gene", "parent"]]
    )
    values = pd.DataFrame(columns.dense(), columns=columns.features.index)
    assert values["RT_65K"].tolist() == [0, 0, 1]
    assert values["RT_69del"].tolist() == [0, 0, 1]


@pytest.mark.parametrize("unread", [".", "", "NA", "X", "VX", np.nan])
def test_genotypes_of_positions__what_was_not_read_is_missing(unread):
    table = pd.DataFrame({"P184": ["V", unread, "-"]})
    values = genotypes_of_positions(table, ["a", "b", "c"], "RT", "x").dense()[:, 0]
    np.testing.assert_array_equal(values, [1, np.nan, 0])


def test_genotypes_of_positions__no_residue():
    with pytest.raises(InputError, match=r'x, column "P184": found "7" \(expected residues in one letter'):
        genotypes_of_positions(pd.DataFrame({"P184": ["7"]}), ["a"], "RT", "x")
