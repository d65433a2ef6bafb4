from __future__ import annotations

import multiprocessing

import numpy as np
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.readers.variants import sparse_calls
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.readers.variants.sparse_calls import Allele, SparseCalls

N_SAMPLES, N_ALLELES = 7, 40
COMMON = SiteFilter(minimum_frequency=0.3)
SAMPLES = [f"s{number}" for number in range(N_SAMPLES)]


@pytest.fixture
def calls():
    return np.random.default_rng(0).choice(np.array([-2, -1, 0, 0, 0, 1, 2], np.int8), (N_ALLELES, N_SAMPLES))


def gathered(calls, alleles, parts=5, site_filter=None, **options):
    with SparseCalls(SAMPLES, site_filter or SiteFilter(), **options) as kept:
        for rows in np.array_split(np.arange(len(alleles)), parts):
            kept.add(calls[rows], [alleles[row] for row in rows])
        return kept.finish(), kept


@pytest.mark.parametrize("block_cells", [1, 30, 10_000])
@pytest.mark.parametrize("held_bytes", [1, 1 << 20])
@pytest.mark.parametrize("dtype", [np.int8, np.float32])
def test_sparse_calls__equal_to_what_is_built_at_once(monkeypatch, calls, block_cells, held_bytes, dtype):
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", block_cells)
    monkeypatch.setattr(sparse_calls, "_HELD_BYTES", held_bytes)
    # chromosomes in the order of their letters, as many files have them
    alleles = [Allele("1" if at < 10 else "10" if at < 20 else "2", at, "A", "C", gene=f"G{at}") for at in range(40)]
    calls = calls.astype(dtype) * (1 if dtype == np.int8 else np.float32(0.5))
    found, kept = gathered(calls, alleles)
    dense = np.where(calls < 0, np.nan, calls.astype(np.float32)).T
    ids = [f"{each.chromosome}:{each.position}:A:C" for each in alleles]
    expected = Genotypes.build(dense, SAMPLES, found.features.loc[ids])
    assert found.equals(expected)
    found.values.check_format(full_check=True)
    assert found.features["gene"].tolist()[9:11] == ["G9", "G20"]
    assert kept.n_missing == (calls < 0).sum()


@pytest.mark.parametrize("block_cells", [1, 10_000])
def test_sparse_calls__missing_may_mean_the_reference_half_calls_never(monkeypatch, calls, block_cells):
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", block_cells)
    alleles = [Allele("1", at % 20, "A", "C") for at in range(40)]
    found, kept = gathered(calls, alleles, absent_as_reference=True)
    # each allele stands in two records: a call before a half call before none
    first, later = calls[:20], calls[20:]
    expected = np.where(first >= 0, first, np.where((later >= 0) | (first == -1), later, first)).astype(np.float32)
    contradict = (first >= 0) & (later >= 0) & (first != later)
    expected[contradict | (expected == -2)] = np.nan
    np.testing.assert_array_equal(found.dense().T, np.where(expected == -1, 0, expected))
    assert kept.n_conflicts == contradict.sum() > 0


def test_sparse_calls__filter_sees_each_block(monkeypatch, calls):
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", 30)
    alleles = [Allele("1", at, "A", "C") for at in range(40)]
    wanted = SiteFilter(minimum_frequency=0.2, maximum_missing=0.3)
    found, kept = gathered(calls, alleles, site_filter=wanted)
    expected = wanted.keep_counts(np.maximum(calls, 0).sum(axis=1), (calls < 0).sum(axis=1), N_SAMPLES)
    assert found.features["position"].tolist() == np.flatnonzero(expected).tolist()
    assert kept.dropped.total() == N_ALLELES - found.shape[1] > 0


@pytest.mark.parametrize("block_cells", [1, 30, 10_000])
@pytest.mark.parametrize("dtype", [np.int8, np.float32])
@pytest.mark.parametrize(
    "options", [{}, {"absent_as_reference": True}, {"site_filter": SiteFilter(minimum_frequency=0.3)}]
)
def test_sparse_calls__many_stay_in_the_temporary_file(monkeypatch, calls, block_cells, dtype, options):
    monkeypatch.setattr(sparse_calls, "BLOCK_CELLS", block_cells)
    # records of an allele beside each other and far apart, chromosomes in the order of their letters
    places = [at % 31 for at in range(38)] + [5, 5]
    alleles = [Allele("1" if at < 10 else "10" if at < 20 else "2", at, "A", "C", gene=f"G{at}") for at in places]
    calls = calls.astype(dtype) * (1 if dtype == np.int8 else np.float32(0.5))
    here, kept = gathered(calls, alleles, **options)
    monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 40)
    there, kept_there = gathered(calls, alleles, **options)
    assert there.is_stored and there.equals(here) and here.shape[1] < 32
    assert (kept_there.n_missing, kept_there.n_conflicts) == (kept.n_missing, kept.n_conflicts)
    rows, columns = np.array([6, 0, 0, 3]), np.array([3, 1])
    np.testing.assert_array_equal(there.take(rows).select(columns).dense(), here.take(rows).select(columns).dense())


def test_sparse_calls__those_in_a_temporary_file_are_read_by_other_processes(monkeypatch, calls):
    monkeypatch.setattr(stored_values, "STORED_CELLS", 0)
    found, _ = gathered(calls, [Allele("1", at, "A", "C") for at in range(40)])
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        np.testing.assert_array_equal(pool.apply(stored_values.StoredValues.toarray, (found.values,)), found.dense())
