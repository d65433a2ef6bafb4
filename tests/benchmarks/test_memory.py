"""What a training holds is measured beside what is estimated, of genotypes in memory and stored."""

from __future__ import annotations

import numpy as np

from benchmarks.memory import SHAPES, DrawnColumns, memory_lines
from drugresponse.data.stored_values import stays_stored


def test_shapes__are_ten_of_which_some_stay_stored():
    assert len(SHAPES) == 10
    assert {stays_stored(shape[:2]) for shape in SHAPES} == {False, True}


def test_drawn_columns__are_the_same_each_time_they_are_read():
    columns, rows = DrawnColumns(20, 10_000), np.arange(20)
    at = np.array([5, 4_101, 9_000])
    read = columns.read(at, rows)
    np.testing.assert_array_equal(read[[3, 7]], columns.read(at, rows[[3, 7]]))
    assert set(np.unique(read)) <= {0, 1, 2} and not np.array_equal(read[:, 0], read[:, 1])


def test_memory_lines__tell_estimate_and_peak():
    (line,) = memory_lines([(60, 200, 1)], ["ridge"])
    cells = [cell.strip() for cell in line.strip("|").split("|")]
    assert cells[:2] == ["60 x 200 x 1", "ridge"]
    assert 0.7 < float(cells[4]) < 1.4
