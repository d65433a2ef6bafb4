"""Few strong effects on genotypes that are read in blocks: as on those in memory, and no row in its own screening."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from drugresponse.data import stored_values
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.factors import token_columns
from drugresponse.learners.factors.stored_tokens import StoredTokens
from drugresponse.learners.factors.token_columns import StoredColumns
from drugresponse.learners.ridge import linear
from drugresponse.learners.sparse import _effects
from drugresponse.learners.sparse._effects import fit_sparse
from drugresponse.learners.sparse.sparse import SparseRidge
from tests.learners.cohorts import draw_calls, draw_outcome, made_pairs
from tests.stored_genotypes import passes, stored

N_SAMPLES, N_FEATURES = 120, 600


def stored_pairs(pairs: Pairs) -> Pairs:
    return replace(pairs, genotypes=stored(pairs.genotypes))


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", N_SAMPLES * 90)
    monkeypatch.setattr(token_columns, "_CELLS", N_SAMPLES * 50)
    # fewer than there are features, so that both looks choose
    monkeypatch.setattr(_effects, "_MOST_COLUMNS", 60)


def cohort(*, n_drugs: int = 2, arm: bool = False, effect: float = 1.5) -> tuple[Pairs, NDArray[np.float64]]:
    """Two tissues, a feature for all drugs and one for the last; the features of two blocks."""
    rng = np.random.default_rng(0)
    calls, tissue = draw_calls(N_SAMPLES, N_FEATURES, rng), rng.integers(0, 2, N_SAMPLES)
    calls[:, 5] = 1.0
    table = effect * calls[:, [3]] + tissue[:, None] + np.linspace(-1, 1, n_drugs)
    table[:, -1] += 1.5 * effect * calls[:, 100]
    pairs = made_pairs(calls, n_drugs, tissues=[["lung", "skin"][at] for at in tissue])
    features = pairs.genotypes.features.assign(block=np.where(np.arange(N_FEATURES) < 150, "gain", "mutation"))
    pairs = replace(pairs, genotypes=replace(pairs.genotypes, features=features))
    if arm:
        arms = np.where(rng.random(N_SAMPLES) < 0.5, "A", "B").astype(object)
        table += np.where(arms == "B", effect * calls[:, 40], 0.0)[:, None]
        pairs = replace(pairs, covariates=pairs.covariates.assign(arm=arms), arm="arm")
    y = table[pairs.sample_index, pairs.drug_index] + rng.normal(size=len(pairs))
    return pairs, y


def away(one: NDArray, other: NDArray, y: NDArray) -> float:
    return float(np.abs(one - other).max() / np.std(y))


def in_other_samples(pairs: Pairs) -> Pairs:
    calls = pairs.genotypes.dense()[::-1].copy()
    calls[np.random.default_rng(5).random(calls.shape) < 0.1] = np.nan
    ids = [f"n{at}" for at in range(len(calls))]
    genotypes = pairs.genotypes.build(calls, ids, pairs.genotypes.features)
    return Pairs.grid(genotypes, pairs.covariates.set_axis(ids), pairs.drugs)


@pytest.mark.parametrize("kind", [{}, {"n_drugs": 1}, {"arm": True}])
def test_fit__predicts_as_on_genotypes_in_memory(kind, monkeypatch):
    pairs, y = cohort(**kind)
    blocks = stored_pairs(pairs)
    dense, wide = SparseRidge().fit(pairs, y), SparseRidge().fit(blocks, y)
    # kernel, two looks, and the columns that these take
    assert 3 < passes(blocks.genotypes) < 4
    assert away(wide.predict(blocks), dense.predict(pairs), y) < 1e-5
    assert away(wide.left_out_, dense.left_out_, y) < 1e-5
    new = in_other_samples(pairs)
    assert away(wide.predict(new), dense.predict(new), y) < 1e-5
    monkeypatch.setattr(linear, "STORED_CELLS", 100)
    assert away(wide.predict(stored_pairs(new)), dense.predict(new), y) < 1e-5
    assert np.allclose(wide.token_importance(), dense.token_importance(), rtol=1e-3, atol=1e-6)
    for again in (deepcopy(wide), SparseRidge.from_state(wide.get_state())):
        assert away(again.predict(new), dense.predict(new), y) < 1e-5


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs"])
def test_fit_holding_out__is_as_in_memory(scheme):
    pairs, y = cohort()
    folds = make_folds(pairs, scheme, 3, 0)
    expected = SparseRidge(scheme).fit_holding_out(pairs, y, None, folds)
    assert away(SparseRidge(scheme).fit_holding_out(stored_pairs(pairs), y, None, folds), expected, y) < 1e-5


def test_fit_sparse__rows_that_are_left_out_are_in_no_screening():
    pairs = made_pairs(draw_calls(N_SAMPLES, N_FEATURES, np.random.default_rng(1)), 1)
    y, out = np.random.default_rng(2).normal(size=(N_SAMPLES, 1)), np.arange(30)
    sets = np.ones((2, N_SAMPLES))
    sets[1, out] = 0.0

    def effects_without(targets: NDArray) -> tuple[NDArray, NDArray]:
        tokens = StoredColumns(StoredTokens.of(stored_pairs(pairs)))
        (_, without), table = fit_sparse(tokens, targets, sets)
        return without.columns, without.predict(table)

    changed = y.copy()
    # loud enough that all that leads would be what goes with them
    changed[out] = 50 * pairs.genotypes.dense()[out, 7:8]
    for one, other in zip(effects_without(y), effects_without(changed), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-9)


def test_fit__samples_that_are_held_out_are_in_no_screening():
    pairs, y = cohort(n_drugs=1)
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    turned = pairs.genotypes.dense()
    turned[pairs.sample_index[test]] = 2 - turned[pairs.sample_index[test]]
    other = replace(
        pairs, genotypes=pairs.genotypes.build(turned, pairs.genotypes.sample_ids, pairs.genotypes.features)
    )
    one, two = (SparseRidge().fit(stored_pairs(which)[train], y[train]) for which in (pairs, other))
    assert np.array_equal(one.chosen_.features, two.chosen_.features)
    assert away(one.predict(other), two.predict(other), y) < 1e-5


def test_fit__by_the_loss_of_classes_is_as_in_memory():
    pairs, y = cohort(effect=2.5)
    pairs, happened = draw_outcome(pairs, y - y.mean(), "binary", np.random.default_rng(0))
    blocks = stored_pairs(pairs)
    dense, wide = SparseRidge().fit(pairs, happened), SparseRidge().fit(blocks, happened)
    expected = dense.predict(pairs)
    assert away(wide.predict(blocks), expected, expected) < 1e-3
    new = in_other_samples(pairs)
    assert away(wide.predict(new), dense.predict(new), dense.predict(new)) < 1e-3


def test_fit__missing_calls_are_at_the_mean_of_these_samples():
    pairs, y = cohort()
    calls = pairs.genotypes.dense()
    calls[np.random.default_rng(5).random(calls.shape) < 0.05] = np.nan
    calls[:60, 3] = np.nan
    holes = replace(pairs, genotypes=pairs.genotypes.build(calls, pairs.genotypes.sample_ids, pairs.genotypes.features))
    blocks = stored_pairs(holes)
    learner = SparseRidge().fit(blocks, y)
    # of the samples of the training, and by coefficients of the tokens
    assert away(deepcopy(learner).predict(blocks), learner.predict(blocks), y) < 1e-5
