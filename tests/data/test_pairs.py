from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.model_selection import GroupKFold, cross_validate, train_test_split
from sklearn.utils import _safe_indexing

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError


@pytest.fixture
def genotypes() -> Genotypes:
    return Genotypes.from_dense(np.eye(4), ["a", "b", "c", "d"], ["w", "x", "y", "z"])


@pytest.fixture
def drugs() -> pd.DataFrame:
    return pd.DataFrame({"smiles": ["CC", None, "CO"]}, index=pd.Index(["p", "q", "r"], name="drug_id"))


def rows(*pairs: str) -> pd.DataFrame:
    return pd.DataFrame(
        [tuple(each) for each in pairs], columns=["sample_id", "drug_id"], index=range(5, 5 + len(pairs))
    )


@pytest.fixture
def pairs(genotypes, drugs) -> Pairs:
    covariates = pd.DataFrame({"tissue": ["lung", "skin"], "age": [1.0, 2.0]}, index=["b", "a"])
    return Pairs.build(genotypes, covariates, drugs, rows("ap", "cq", "bp", "aq", "cp"))


def test_build__joins_by_id(pairs):
    assert pairs.sample_ids.tolist() == ["a", "c", "b", "a", "c"]
    assert pairs.drug_ids.tolist() == ["p", "q", "p", "q", "p"]
    assert pairs.drugs["smiles"].tolist() == ["CC", "", "CO"]
    assert pairs.subjects.tolist() == ["a", "b", "c", "d"]
    assert pairs.covariates.index.tolist() == ["a", "b", "c", "d"]


def test_build__sample_without_covariates_has_them_missing(pairs):
    assert pairs.covariates["tissue"].tolist() == ["skin", "lung", "", ""]
    np.testing.assert_array_equal(pairs.covariates["age"], [2.0, 1.0, np.nan, np.nan])


def test_build__subject_of_a_sample_without_one_is_itself(genotypes, drugs):
    subjects = pd.Series({"a": "patient", "b": "patient", "c": ""})
    built = Pairs.build(genotypes, pd.DataFrame(), drugs, rows("ap"), subjects)
    assert built.subjects.tolist() == ["patient", "patient", "c", "d"]


def test_censor__goes_with_its_rows(pairs):
    assert pairs.censor is None
    assert pairs[[0, 1]].censor is None
    censored = replace(pairs, censor=np.array([1, 0, -1, 0, 1], dtype=np.int8))
    assert censored[[4, 2]].censor.tolist() == [1, -1]
    assert censored[np.array([False, True, True, False, False])].censor.tolist() == [0, -1]
    assert _safe_indexing(censored, np.array([2])).censor.tolist() == [-1]
    assert censored[[2, 0]].compact().censor.tolist() == [-1, 1]
    assert censored.compact().censor.tolist() == [1, 0, -1, 0, 1]


@pytest.mark.parametrize(
    ("pair", "message"),
    [("xp", r'^pairs: "x" is not among the genotypes'), ("ax", r'^pairs: "x" is not among the drugs')],
)
def test_build__unknown_id(genotypes, drugs, pair, message):
    with pytest.raises(InputError, match=message):
        Pairs.build(genotypes, pd.DataFrame(), drugs, rows("ap", pair))


def test_grid__every_sample_with_every_drug(genotypes, drugs):
    grid = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    assert len(grid) == 12
    assert grid.sample_ids.tolist()[:4] == ["a", "a", "a", "b"]
    assert grid.drug_ids.tolist()[:4] == ["p", "q", "r", "p"]


@pytest.mark.parametrize("key", [np.array([3, 0]), (np.array([3, 0]), ...), [3, 0], np.array([1, 0, 0, 1, 0]) > 0])
def test_getitem__cuts_pairs_and_keeps_tables(pairs, key):
    cut = pairs[key]
    assert sorted(zip(cut.sample_ids, cut.drug_ids, strict=True)) == [("a", "p"), ("a", "q")]
    assert cut.genotypes is pairs.genotypes
    assert cut.shape == (2, 2)


def test_safe_indexing__is_how_scikit_learn_cuts(pairs):
    assert _safe_indexing(pairs, np.array([4, 1])).drug_ids.tolist() == ["p", "q"]
    train, test = train_test_split(pairs, test_size=2, random_state=0)
    assert (len(train), len(test)) == (3, 2)


class SampleMean(RegressorMixin, BaseEstimator):
    """Remembers the samples it saw, to show which side of a split they were on."""

    def fit(self, X, y):
        self.seen_ = set(X.sample_ids)
        self.mean_ = float(np.mean(y))
        return self

    def predict(self, X):
        assert self.seen_.isdisjoint(X.sample_ids)
        return np.full(len(X), self.mean_)


def test_cross_validate__with_groups_of_samples(genotypes, drugs):
    grid = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    y = np.arange(12.0)
    result = cross_validate(
        SampleMean(), grid, y, groups=grid.sample_ids, cv=GroupKFold(4), scoring="neg_mean_absolute_error"
    )
    for a, score in enumerate(sorted(result["test_score"])):
        assert np.isfinite(score), a
    assert len(result["test_score"]) == 4


def test_compact__drops_what_does_not_occur_and_nothing_else(pairs):
    cut = pairs[np.array([1, 4])].compact()
    assert cut.genotypes.sample_ids.tolist() == ["c"]
    assert cut.drugs.index.tolist() == ["p", "q"]
    assert cut.covariates.index.tolist() == ["c"]
    assert cut.subjects.tolist() == ["c"]
    assert cut.sample_ids.tolist() == ["c", "c"]
    assert cut.drug_ids.tolist() == ["q", "p"]
    np.testing.assert_array_equal(cut.genotypes.dense(), [[0, 0, 1, 0]])
    assert cut.compact() is cut
