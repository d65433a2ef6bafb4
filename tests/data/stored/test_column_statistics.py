from __future__ import annotations

import numpy as np

from drugresponse.data.stored.column_statistics import ColumnStatistics

NAN = np.nan
BLOCK = np.array([[0, 1, NAN, 2, 2], [2, 1, NAN, NAN, 0], [1, 1, NAN, 2, 0]], dtype=np.float32)


def assert_alike(mine, expected):
    assert mine.n_missing.tolist() == expected.n_missing.tolist()
    assert mine.constant.tolist() == expected.constant.tolist()
    np.testing.assert_allclose(mine.mean, expected.mean)
    np.testing.assert_allclose(mine.variance, expected.variance)


def test_column_statistics__of_a_block():
    statistics = ColumnStatistics.of_block(BLOCK)
    assert statistics.n_missing.tolist() == [0, 0, 3, 1, 0]
    assert statistics.constant.tolist() == [False, True, True, True, False]
    np.testing.assert_allclose(statistics.mean, [1, 1, NAN, 2, 2 / 3])
    np.testing.assert_allclose(statistics.variance, [2 / 3, 0, NAN, 0, 8 / 9])


def test_column_statistics__of_counts_are_those_of_the_cells():
    counts = [[1, 1, 1, 0], [0, 3, 0, 0], [0, 0, 0, 3], [0, 0, 2, 1], [2, 0, 1, 0]]
    assert_alike(ColumnStatistics.of_counts(np.array(counts, dtype=np.uint32)), ColumnStatistics.of_block(BLOCK))


def test_column_statistics__of_parts_and_of_some_columns():
    whole = ColumnStatistics.of_block(BLOCK)
    parts = [ColumnStatistics.of_block(part) for part in (BLOCK[:, :2], BLOCK[:, 2:])]
    assert_alike(ColumnStatistics.join(parts), whole)
    some = np.array([3, 0])
    assert_alike(whole.take(some), ColumnStatistics.of_block(BLOCK[:, some]))
    assert len(ColumnStatistics.join([]).mean) == 0


def test_column_statistics__no_rows():
    statistics = ColumnStatistics.of_block(BLOCK[:0])
    assert np.isnan(statistics.mean).all() and statistics.constant.all() and not statistics.n_missing.any()
