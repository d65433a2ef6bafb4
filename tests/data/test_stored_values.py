"""Values that stay where they are stored answer as those in memory do."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues, column_blocks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 30)


def cohort(n_samples=11, n_features=13, seed=0, prefix="rs"):
    rng = np.random.default_rng(seed)
    values = rng.binomial(2, rng.uniform(0.05, 0.5, n_features), (n_samples, n_features)).astype(np.float32)
    values[:, 0] = 1.0
    values[rng.uniform(size=values.shape) < 0.1] = np.nan
    values[:, 2] = np.nan
    ids = [f"s{number}" for number in range(n_samples)]
    return Genotypes.from_dense(values, ids, [f"{prefix}{number}" for number in range(n_features)], kind="dosage")


def stored(genotypes):
    source = ColumnsInMemory(sparse.csc_array(genotypes.values))
    return Genotypes(StoredValues.of(source), genotypes.sample_ids, genotypes.features, genotypes.reference)


def test_column_blocks__cover_every_column_once_in_order():
    parts = list(column_blocks((11, 13)))
    assert max(len(part) for part in parts) == 2
    assert np.concatenate(parts).tolist() == list(range(13))
    assert np.concatenate(list(column_blocks((11, 13), np.array([7, 3, 5])))).tolist() == [7, 3, 5]


def test_stored__is_equal_to_what_is_in_memory():
    genotypes = cohort()
    assert stored(genotypes).equals(genotypes) and genotypes.equals(stored(genotypes))
    assert not stored(cohort(seed=1)).equals(genotypes)
    np.testing.assert_array_equal(stored(genotypes).dense(), genotypes.dense())


def test_stored__statistics_are_those_in_memory():
    genotypes = cohort()
    there = stored(genotypes)
    assert there.n_missing().tolist() == genotypes.n_missing().tolist()
    assert there.constant().tolist() == genotypes.constant().tolist()
    assert (there.missing() != genotypes.missing()).nnz == 0
    for mine, expected in zip(there.moments(), genotypes.moments(), strict=True):
        np.testing.assert_allclose(mine, expected, atol=1e-6)


def test_stored__rows_and_columns_are_cut_as_in_memory():
    genotypes = cohort()
    rows, columns = np.array([7, 2, 2, 10]), np.array([12, 0, 5])
    there = stored(genotypes)
    assert there.take(rows).equals(genotypes.take(rows))
    assert there.take(rows).take(np.array([3, 0])).equals(genotypes.take(rows[[3, 0]]))
    assert there.select(columns).is_stored
    assert there.select(columns).features.equals(genotypes.select(columns).features)
    np.testing.assert_array_equal(there.select(columns).dense(), genotypes.select(columns).dense())
    np.testing.assert_array_equal(there.values[:, columns].toarray(), genotypes.values[:, columns].toarray())
    np.testing.assert_array_equal(
        there.values[rows][:, columns].toarray(), genotypes.values[rows][:, columns].toarray()
    )


def test_stored__a_sample_that_is_not_there_is_missing():
    genotypes = cohort()
    ids = pd.Index(["s4", "nobody", "s0"])
    assert stored(genotypes).reindex(ids).equals(genotypes.reindex(ids))
    again = stored(genotypes).reindex(ids).take(np.array([1, 2]))
    assert again.equals(genotypes.reindex(ids).take(np.array([1, 2])))


def test_stored__joins_other_sources_without_reading_them():
    one, other = cohort(), cohort(seed=3, prefix="aa").take(np.arange(8))
    expected = Genotypes.join([one, other])
    for sources in ([stored(one), stored(other)], [stored(one), other], [one, stored(other)]):
        joined = Genotypes.join(sources)
        assert joined.is_stored and joined.equals(expected)


def test_stored__rows_share_what_was_learned_of_their_root():
    root = stored(cohort()).values.as_root()
    part = root.take_rows(np.array([5, 1, 3])).take_rows(np.array([2, 0]))
    part.shared["kernel"] = "once"
    assert root.shared == {"kernel": "once"}
    assert part.root is root and part.at.tolist() == [3, 5]
    assert part.as_root().shared == {} and root.take_columns(np.array([0])).shared == {}


def test_stored__survives_being_sent_to_another_process():
    genotypes = stored(cohort()).take(np.array([3, 1]))
    assert pickle.loads(pickle.dumps(genotypes)).equals(genotypes)  # noqa: S301 -- written on the line itself
