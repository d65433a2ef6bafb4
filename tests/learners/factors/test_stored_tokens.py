"""A ridge on genotypes that are read in blocks: as on those in memory, with one kernel for all folds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.data.stored_values import ColumnsInMemory, StoredValues
from drugresponse.learners.ridge.linear import CovariateRidge, FactorRidge
from tests.learners.cohorts import made_pairs


@dataclass(frozen=True, eq=False)
class Counting:
    """A source that counts the cells that are read of it."""

    inner: ColumnsInMemory
    cells: list[int] = field(default_factory=list)

    @property
    def shape(self) -> tuple[int, int]:
        return self.inner.shape

    def read(self, columns: NDArray[np.intp], *rows: Any) -> NDArray[np.float32]:
        self.cells.append(len(columns) * self.shape[0])
        return self.inner.read(columns, *rows)

    @property
    def passes(self) -> float:
        return sum(self.cells) / (self.shape[0] * self.shape[1])


def stored(pairs: Pairs) -> tuple[Pairs, Counting]:
    source = Counting(ColumnsInMemory(sparse.csc_array(pairs.genotypes.values)))
    return replace(pairs, genotypes=replace(pairs.genotypes, values=StoredValues.of(source))), source


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 60 * 7)


def cohort(
    *,
    missing: float = 0.0,
    n_drugs: int = 3,
    n_features: int = 90,
    two_blocks: bool = False,
    covariates: bool = False,
    arm: bool = False,
    seed: int = 0,
) -> tuple[Pairs, NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    n = 60
    copies = rng.binomial(2, rng.uniform(0.05, 0.5, n_features), (n, n_features)).astype(np.float64)
    copies[:, 3] = 1.0
    effects = rng.normal(size=(n_features, n_drugs)) * (rng.random((n_features, 1)) < 0.2)
    tissues = [f"t{at % 3}" for at in range(n)]
    shown = np.where(rng.random(copies.shape) < missing, np.nan, copies)
    pairs = made_pairs(shown, n_drugs, tissues=tissues if covariates or arm else None)
    if two_blocks:
        features = pairs.genotypes.features.copy()
        features["block"] = np.where(np.arange(n_features) < 30, "gain", "mutation")
        pairs = replace(pairs, genotypes=Genotypes.build(pairs.genotypes.values, pairs.genotypes.sample_ids, features))
    if arm:
        table = pairs.covariates.assign(arm=pd.Series(np.where(rng.random(n) < 0.5, "A", "B"), pairs.covariates.index))
        pairs = replace(pairs, covariates=table.astype(object), arm="arm")
    y = (copies @ effects)[pairs.sample_index, pairs.drug_index] + rng.normal(size=len(pairs))
    return pairs, y


def both(pairs: Pairs, y: NDArray, scheme: str = "new-samples") -> tuple[FactorRidge, FactorRidge, Pairs, Counting]:
    blocks, source = stored(pairs)
    dense, wide = FactorRidge(scheme).fit(pairs, y), FactorRidge(scheme).fit(blocks, y)
    return dense, wide, blocks, source


def away(one: NDArray, other: NDArray, y: NDArray) -> float:
    return float(np.abs(one - other).max() / np.std(y))


def new_samples(pairs: Pairs, missing: float = 0.1) -> Pairs:
    rng = np.random.default_rng(5)
    calls = pairs.genotypes.dense()[rng.permutation(pairs.genotypes.shape[0])]
    calls[rng.random(calls.shape) < missing] = np.nan
    ids = [f"n{at}" for at in range(len(calls))]
    genotypes = Genotypes.build(calls, ids, pairs.genotypes.features)
    return Pairs.grid(genotypes, pairs.covariates.set_axis(ids), pairs.drugs)


@pytest.mark.parametrize(
    "kind",
    [
        {},
        {"missing": 0.1},
        {"two_blocks": True, "covariates": True, "missing": 0.05},
        {"n_drugs": 1, "covariates": True},
        {"arm": True, "missing": 0.05},
    ],
)
def test_fit__predicts_as_on_genotypes_in_memory(kind):
    pairs, y = cohort(**kind)
    dense, wide, blocks, _ = both(pairs, y)
    assert away(wide.predict(blocks), dense.predict(pairs), y) < 1e-5
    asked = new_samples(pairs)
    assert away(wide.predict(stored(asked)[0]), dense.predict(asked), y) < 1e-5
    assert away(wide.predict(asked), dense.predict(asked), y) < 1e-5
    assert np.allclose(wide.token_importance(), dense.token_importance(), rtol=1e-4, atol=1e-6)
    assert wide.block_scales_ == dense.block_scales_
    assert away(wide.left_out_, dense.left_out_, y) < 1e-5


@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples", "new-drugs", "new-lineages"])
def test_fit_holding_out__every_scheme_is_as_in_memory_with_one_kernel(scheme):
    pairs, y = cohort(n_drugs=5, covariates=True)
    blocks, source = stored(pairs)
    folds = make_folds(pairs, scheme, 3, 0)
    expected = FactorRidge(scheme).fit_holding_out(pairs, y, None, folds)
    held_out = FactorRidge(scheme).fit_holding_out(blocks, y, None, folds)
    assert away(held_out, expected, y) < 1e-5
    assert source.passes == 1


def test_fit__reads_the_file_once_and_once_more_for_coefficients():
    pairs, y = cohort(covariates=True)
    _, wide, blocks, source = both(pairs, y)
    wide.predict(blocks)
    assert source.passes == 1
    wide.get_state()
    assert source.passes < 2.1
    wide.feature_weights(), wide.get_state()
    assert source.passes < 2.1


def test_fit__a_missing_call_counts_as_the_mean_of_all_samples_in_a_fold():
    pairs, y = cohort(missing=0.05)
    blocks, _ = stored(pairs)
    folds = make_folds(pairs, "new-samples", 3, 0)
    expected = FactorRidge().fit_holding_out(pairs, y, None, folds)
    held_out = FactorRidge().fit_holding_out(blocks, y, None, folds)
    assert away(held_out, expected, y) < 0.05
    part = pairs[folds[0][0]].compact(), blocks[folds[0][0]].compact()
    dense, wide = FactorRidge().fit(part[0], y[folds[0][0]]), FactorRidge().fit(part[1], y[folds[0][0]])
    assert np.allclose(wide.sample_encoder_.center_, dense.sample_encoder_.center_, atol=1e-6)


def test_fit__by_the_loss_of_classes_is_as_in_memory():
    pairs, y = cohort(covariates=True)
    happened = (y > np.median(y)).astype(np.float64)
    pairs = replace(pairs, observed=Observed(Outcome("binary", ("no", "yes"))))
    dense, wide, blocks, _ = both(pairs, happened)
    assert away(wide.predict(blocks), dense.predict(pairs), dense.predict(pairs)) < 1e-3
    asked = new_samples(pairs)
    assert away(wide.predict(asked), dense.predict(asked), dense.predict(asked)) < 1e-3


def test_from_state__predicts_the_same():
    pairs, y = cohort(missing=0.05, covariates=True)
    _, wide, _, _ = both(pairs, y)
    restored = FactorRidge.from_state(wide.get_state())
    asked = new_samples(pairs)
    assert np.array_equal(restored.predict(asked), wide.predict(asked))


def test_fit__on_other_genotypes_forgets_the_ones_before():
    pairs, y = cohort()
    blocks, _ = stored(pairs)
    learner = FactorRidge().fit(blocks, y)
    learner.get_state()
    other, of_other = cohort(seed=1)
    learner.fit(stored(other)[0], of_other)
    assert (
        away(learner.predict(new_samples(other)), FactorRidge().fit(other, of_other).predict(new_samples(other)), y)
        < 1e-5
    )


def test_covariates__never_read_a_genotype():
    pairs, y = cohort(covariates=True)
    blocks, source = stored(pairs)
    learner = CovariateRidge().fit(blocks, y)
    assert np.array_equal(learner.predict(blocks), CovariateRidge().fit(pairs, y).predict(pairs))
    assert not source.cells
