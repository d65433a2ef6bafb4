"""What stored genotypes of new samples lack is completed as of those in memory, and nothing else is read."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import with_parents
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.features.parents import with_parents_of
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.features.unseen_alleles import without_unseen_alleles
from tests.stored_genotypes import passes, stored

IDS = [f"n{number}" for number in range(9)]


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 40)


def same(completed: Genotypes, expected: Genotypes) -> None:
    assert completed.is_stored and completed.equals(expected)


def sites(n: int) -> pd.DataFrame:
    table = pd.DataFrame({"kind": "dosage", "chromosome": "1", "position": np.arange(n) * 10 + 5, "ref": "A"})
    return table.assign(alt="C").set_axis([f"rs{number}" for number in range(n)])


@pytest.mark.parametrize("everywhere", [False, True])
def test_with_reference_sites__adds_to_stored_genotypes_what_it_adds_in_memory(everywhere):
    trained = Genotypes.build(np.zeros((1, 30)), ["s"], sites(30)).features
    rng = np.random.default_rng(0)
    table = sites(30).iloc[:25].copy()
    # another alternate at the place of an absent site tells that it was looked at
    table.iloc[24, table.columns.get_loc("position")] = trained["position"].iloc[27]
    table.iloc[24, table.columns.get_loc("alt")] = "G"
    table.index = [*table.index[:24], "beside"]
    calls = rng.integers(0, 3, (9, 25)).astype(float)
    calls[2, 24] = np.nan
    genotypes = Genotypes.build(calls, IDS, table)
    genotypes = replace(genotypes, reference=ReferenceCalls(np.full(9, everywhere), {}))
    there = stored(genotypes)
    completed, expected = (with_reference_sites(source, trained) for source in (there, genotypes))
    assert expected.shape[1] == (31 if everywhere else 26)
    assert passes(there) <= 2 / 25
    same(completed, expected)
    assert completed.reference.sites_filled.tolist() == expected.reference.sites_filled.tolist()


def test_with_parents_of__reads_the_children_of_stored_genotypes():
    table = pd.DataFrame({"kind": "altered"}, index=[f"qnrS{number}" for number in range(6)])
    table = pd.concat([table.assign(parent="qnrS"), sites(40).assign(block="dosage", parent="")])
    rng = np.random.default_rng(1)
    trained = with_parents(Genotypes.build(rng.integers(0, 2, (9, 46)), IDS, table)).features
    more = pd.concat([table.iloc[1:], pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS77"])])
    genotypes = Genotypes.build(rng.integers(0, 2, (9, 46)), IDS, more)
    there = stored(genotypes)
    completed, expected = (with_parents_of(source, trained) for source in (there, genotypes))
    # the five children and the new one, and that one again to say who bears it
    assert passes(there) <= 7 / 46
    same(completed, expected)


def test_without_unseen_alleles__sets_them_missing_beside_stored_genotypes():
    known = Genotypes.from_dense([[1, 0]], ["s"], ["TPMT*2", "TPMT*3A"], kind="dosage", block="star alleles")
    stars = pd.DataFrame({"kind": "dosage", "block": "star alleles"}, index=["TPMT*2", "TPMT*3A", "TPMT*99"])
    table = pd.concat([sites(20).assign(block="dosage"), stars])
    genotypes = Genotypes.build(np.random.default_rng(2).integers(0, 2, (9, 23)), IDS, table)
    there = stored(genotypes)
    trained = pd.concat([genotypes.features.iloc[:20], known.features])
    completed, expected = (without_unseen_alleles(source, trained) for source in (there, genotypes))
    assert passes(there) <= 3 / 23 and np.isnan(expected.dense()).any()
    same(completed, expected)
