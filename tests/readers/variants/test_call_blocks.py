from __future__ import annotations

import numpy as np
import pytest

from drugresponse.readers.variants import call_blocks
from drugresponse.readers.variants.call_blocks import AllelePlan, gather_calls


class Held:
    """Calls in memory; remembers how much was asked for at once."""

    missing = -9

    def __init__(self, calls, by_samples, dtype=np.float32):
        self.calls, self.by_samples, self.largest = np.asarray(calls, dtype=dtype), by_samples, 0
        self.cell_bytes = self.calls.itemsize

    def read(self, samples, alleles):
        block = np.ascontiguousarray(self.calls[samples][:, alleles])
        self.largest = max(self.largest, block.size)
        return block


CALLS = np.array([[0, 1, -9, 2], [1, 1, 0, 0], [-9, 0, 2, 0.5]])


@pytest.mark.parametrize("by_samples", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 16, 32, 1000])
def test_gather_calls__blocks_of_any_size(monkeypatch, by_samples, block_bytes):
    monkeypatch.setattr(call_blocks, "BLOCK_BYTES", block_bytes)
    source = Held(CALLS, by_samples)
    plan = AllelePlan.of(["d", "a", "c", "b"], ["a", "b", "c", "d"])
    matrix, n_conflicts = gather_calls(source, 3, plan)
    expected = np.where(CALLS < 0, np.nan, CALLS)[:, [3, 0, 2, 1]]
    np.testing.assert_array_equal(matrix.toarray(), expected)
    matrix.check_format(full_check=True)
    assert (matrix.dtype, matrix.has_canonical_format, n_conflicts) == (np.float32, True, 0)
    assert matrix.nnz == 8
    if block_bytes < 1000:
        assert source.largest < CALLS.size


@pytest.mark.parametrize("by_samples", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 7, 1000])
def test_gather_calls__whole_numbers(monkeypatch, by_samples, block_bytes):
    monkeypatch.setattr(call_blocks, "BLOCK_BYTES", block_bytes)
    calls = np.array([[0, 1, -9, 2], [1, 1, 0, 0], [-9, 0, 2, 2]])
    matrix, _ = gather_calls(Held(calls, by_samples, np.int8), 3, AllelePlan.of("abcd", "abcd"))
    np.testing.assert_array_equal(matrix.toarray(), np.where(calls < 0, np.nan, calls))
    matrix.check_format(full_check=True)
    assert matrix.dtype == np.float32


@pytest.mark.parametrize("by_samples", [True, False])
@pytest.mark.parametrize("block_bytes", [1, 1000])
def test_gather_calls__records_of_one_allele_are_merged_wherever_they_stand(monkeypatch, by_samples, block_bytes):
    monkeypatch.setattr(call_blocks, "BLOCK_BYTES", block_bytes)
    calls = [[-9, 0, 1, 2], [1, 0, 2, 1], [1, 1, -9, 1]]
    plan = AllelePlan.of(["b", "a"], ["a", "b", "a", "a"])
    matrix, n_conflicts = gather_calls(Held(calls, by_samples), 3, plan)
    # missing takes the next call, which the third contradicts; so do 1 and 2
    np.testing.assert_array_equal(matrix.toarray(), [[0, np.nan], [0, np.nan], [1, 1]])
    assert n_conflicts == 2


def test_gather_calls__absent_as_reference_spares_contradictions():
    plan = AllelePlan.of(["a", "b"], ["a", "b", "a"])
    matrix, _ = gather_calls(Held([[1, -9, 2], [0, 1, -9]], True), 2, plan, absent_as_reference=True)
    np.testing.assert_array_equal(matrix.toarray(), [[np.nan, 0], [0, 1]])
