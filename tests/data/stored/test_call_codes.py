"""Codes of calls: where they are missing, and which sources tell them."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import sparse

from drugresponse.data.stored import call_codes
from drugresponse.data.stored.call_codes import MISSING, CallCodes, read_codes
from drugresponse.data.stored_values import ColumnsInMemory, SideBySide


@pytest.mark.parametrize("share", [0.0, 0.01, 0.9])
@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (1, 7), (13, 31), (40, 64)])
def test_places__are_those_of_the_missing_calls_in_words_of_any_number(monkeypatch, shape, share):
    monkeypatch.setattr(call_codes, "_WORDS_AT_ONCE", 7)
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 7, shape, dtype=np.uint8)
    codes[rng.random(shape) < share] = MISSING
    rows, columns = CallCodes(codes).places
    expected_columns, expected_rows = np.nonzero(codes == MISSING)
    assert (rows.tolist(), columns.tolist()) == (expected_rows.tolist(), expected_columns.tolist())


class Coded:
    """Columns that are told as codes."""

    def __init__(self, copies):
        self.copies, self.shape = np.array(copies, dtype=np.int8), (len(copies[0]), len(copies))

    def read_codes(self, columns, rows):
        codes = CallCodes.of_copies(self.copies[columns]).by_column[:, rows]
        codes[:, rows < 0] = MISSING
        return CallCodes(codes)


def test_read_codes__of_sources_side_by_side_are_told_where_all_tell_them():
    rows = np.array([2, 0])
    both = SideBySide([Coded([[0, 1, 2]]), Coded([[1, -9]])], [np.arange(3), np.array([1, 0, -1])])
    codes = read_codes(both, np.array([1, 0]), rows)
    assert codes is not None and codes.by_column.tolist() == [[7, 7], [2, 0]]
    with_numbers = SideBySide([Coded([[0, 1, 2]]), ColumnsInMemory(sparse.csc_array(np.eye(3)))], [np.arange(3)] * 2)
    assert read_codes(with_numbers, np.array([0, 1]), rows) is None
