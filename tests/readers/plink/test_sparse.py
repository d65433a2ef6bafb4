from __future__ import annotations

import numpy as np
import pytest

from drugresponse.readers.plink._sparse import AllelePlan, gather_calls

CALLS = np.array([[0, 1, -9, 2], [1, 1, 0, 0], [-9, 0, 2, 0.5]])


class Held:
    """Calls in memory, of which so many alleles are read at once; remembers how much was asked for."""

    def __init__(self, calls, width, dtype=np.float32):
        self.calls, self.width, self.largest = np.asarray(calls, dtype=dtype), width, 0
        self.n_samples = len(self.calls)

    def blocks(self, n_alleles):
        return [slice(start, min(start + self.width, n_alleles)) for start in range(0, n_alleles, self.width)]

    def read(self, variants, alleles):
        assert (alleles == 1).all()
        block = np.ascontiguousarray(self.calls[:, variants])
        self.largest = max(self.largest, block.size)
        return block


def planned(feature_ids, allele_ids):
    rows = {name: [row for row, other in enumerate(allele_ids) if other == name] for name in feature_ids}
    repeats = [(at, row) for at, name in enumerate(feature_ids) for row in rows[name][1:]]
    variants = np.arange(len(allele_ids))
    first = np.array([rows[name][0] for name in feature_ids])
    return AllelePlan(variants, np.ones_like(variants), first, np.array(repeats, dtype=np.intp).reshape(-1, 2))


@pytest.mark.parametrize("width", [1, 2, 3, 1000])
def test_gather_calls__blocks_of_any_size(width):
    source = Held(CALLS, width)
    matrix, n_conflicts = gather_calls(source, planned("dacb", "abcd"))
    expected = np.where(CALLS < 0, np.nan, CALLS)[:, [3, 0, 2, 1]]
    np.testing.assert_array_equal(matrix.toarray(), expected)
    matrix.check_format(full_check=True)
    assert (matrix.dtype, matrix.has_canonical_format, n_conflicts) == (np.float32, True, 0)
    assert matrix.nnz == 8
    if width < 1000:
        assert source.largest < CALLS.size


@pytest.mark.parametrize("width", [1, 3, 1000])
def test_gather_calls__whole_numbers(width):
    calls = np.array([[0, 1, -9, 2], [1, 1, 0, 0], [-9, 0, 2, 2]])
    matrix, _ = gather_calls(Held(calls, width, np.int8), planned("abcd", "abcd"))
    np.testing.assert_array_equal(matrix.toarray(), np.where(calls < 0, np.nan, calls))
    matrix.check_format(full_check=True)
    assert matrix.dtype == np.float32


@pytest.mark.parametrize("width", [1, 1000])
@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_gather_calls__records_of_one_allele_are_merged_wherever_they_stand(width, dtype):
    calls = [[-9, 0, 1, 2], [1, 0, 2, 1], [1, 1, -9, 1]]
    matrix, n_conflicts = gather_calls(Held(calls, width, dtype), planned("ba", "abaa"))
    # missing takes the next call, which the third contradicts; so do 1 and 2
    np.testing.assert_array_equal(matrix.toarray(), [[0, np.nan], [0, np.nan], [1, 1]])
    assert n_conflicts == 2


def test_gather_calls__absent_as_reference_spares_contradictions():
    source = Held([[1, -9, 2], [0, 1, -9]], 1000)
    matrix, _ = gather_calls(source, planned("ab", "aba"), absent_as_reference=True)
    np.testing.assert_array_equal(matrix.toarray(), [[np.nan, 0], [0, 1]])
