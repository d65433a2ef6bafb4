"""A ridge on genotypes that are read in blocks: as on those in memory, with one kernel for all folds."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from sklearn.base import clone

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import MemoryLimitError
from drugresponse.features import genotype_kernels
from drugresponse.learners import contributions, genotypes_in_memory
from drugresponse.learners.factors.token_spaces import DenseTokens
from drugresponse.learners.kernel.gaussian import GaussianRidge
from drugresponse.learners.registry import LEARNERS, learner_class
from drugresponse.learners.ridge import linear
from drugresponse.learners.ridge.linear import CovariateRidge, FactorRidge
from drugresponse.learners.ridge.pair_ridge import PairRidge
from drugresponse.learners.stack.stack import AutoLearner, candidates_for
from tests.learners.cohorts import made_pairs
from tests.stored_genotypes import passes, stored


def stored_pairs(pairs: Pairs) -> Pairs:
    return replace(pairs, genotypes=stored(pairs.genotypes))


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


def both(pairs: Pairs, y: NDArray, scheme: str = "new-samples") -> tuple[FactorRidge, FactorRidge, Pairs]:
    blocks = stored_pairs(pairs)
    dense, wide = FactorRidge(scheme).fit(pairs, y), FactorRidge(scheme).fit(blocks, y)
    return dense, wide, blocks


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
    dense, wide, blocks = both(pairs, y)
    assert away(wide.predict(blocks), dense.predict(pairs), y) < 1e-5
    new = new_samples(pairs)
    assert away(wide.predict(stored_pairs(new)), dense.predict(new), y) < 1e-5
    assert away(wide.predict(new), dense.predict(new), y) < 1e-5
    assert np.allclose(wide.token_importance(), dense.token_importance(), rtol=1e-4, atol=1e-6)
    assert wide.block_scales_ == dense.block_scales_
    assert away(wide.left_out_, dense.left_out_, y) < 1e-5


@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples", "new-drugs", "new-lineages"])
def test_fit_holding_out__every_scheme_is_as_in_memory_with_one_kernel(scheme):
    pairs, y = cohort(n_drugs=5, covariates=True)
    blocks = stored_pairs(pairs)
    folds = make_folds(pairs, scheme, 3, 0)
    expected = FactorRidge(scheme).fit_holding_out(pairs, y, None, folds)
    held_out = FactorRidge(scheme).fit_holding_out(blocks, y, None, folds)
    assert away(held_out, expected, y) < 1e-5
    assert passes(blocks.genotypes) == 1


def test_fit__reads_the_file_once_and_once_more_for_coefficients():
    pairs, y = cohort(covariates=True)
    _, wide, blocks = both(pairs, y)
    wide.predict(blocks)
    assert passes(blocks.genotypes) == 1
    wide.get_state()
    assert passes(blocks.genotypes) < 2.1
    wide.feature_weights(), wide.get_state()
    assert passes(blocks.genotypes) < 2.1


def test_fit__a_missing_call_counts_as_the_mean_of_all_samples_in_a_fold():
    pairs, y = cohort(missing=0.05)
    blocks = stored_pairs(pairs)
    folds = make_folds(pairs, "new-samples", 3, 0)
    expected = FactorRidge().fit_holding_out(pairs, y, None, folds)
    held_out = FactorRidge().fit_holding_out(blocks, y, None, folds)
    assert away(held_out, expected, y) < 0.05
    part = pairs[folds[0][0]].compact(), blocks[folds[0][0]].compact()
    dense, wide = FactorRidge().fit(part[0], y[folds[0][0]]), FactorRidge().fit(part[1], y[folds[0][0]])
    assert np.allclose(wide.sample_encoder_.center_, dense.sample_encoder_.center_, atol=1e-6)


@pytest.mark.parametrize(("seed", "copies"), [(3, [0, 1, 2, 0.37]), (4, [0, 1, 2, 0.37]), (0, [np.nan])])
def test_fit__a_block_that_varies_among_other_samples_alone_adds_nothing(seed, copies):
    """Of equal calls the kernel leaves rounding, which must not be brought to the size of a block."""
    pairs, y = cohort(two_blocks=True, seed=seed)
    calls = pairs.genotypes.dense()
    calls[:50, :30] = np.random.default_rng(seed).choice(copies, 30)
    genotypes = Genotypes.build(calls, pairs.genotypes.sample_ids, pairs.genotypes.features)
    pairs = replace(pairs, genotypes=genotypes)
    trained = pairs.sample_index < 50
    dense = FactorRidge().fit(pairs[trained].compact(), y[trained])
    wide = FactorRidge().fit(stored_pairs(pairs)[trained].compact(), y[trained])
    assert wide.block_scales_ == dense.block_scales_ == {"mutation": 1.0}
    assert away(wide.predict(pairs[~trained]), dense.predict(pairs[~trained]), y) < 1e-5


def test_fit__by_the_loss_of_classes_is_as_in_memory():
    pairs, y = cohort(covariates=True)
    happened = (y > np.median(y)).astype(np.float64)
    pairs = replace(pairs, observed=Observed(Outcome("binary", ("no", "yes"))))
    dense, wide, blocks = both(pairs, happened)
    assert away(wide.predict(blocks), dense.predict(pairs), dense.predict(pairs)) < 1e-3
    new = new_samples(pairs)
    assert away(wide.predict(new), dense.predict(new), dense.predict(new)) < 1e-3


def test_from_state__predicts_the_same():
    pairs, y = cohort(missing=0.05, covariates=True)
    _, wide, _ = both(pairs, y)
    restored = FactorRidge.from_state(wide.get_state())
    new = new_samples(pairs)
    assert np.array_equal(restored.predict(new), wide.predict(new))


def test_copy__holds_coefficients_and_nothing_of_the_samples():
    pairs, y = cohort(missing=0.05, covariates=True)
    _, wide, blocks = both(pairs, y)
    copy = deepcopy(wide)
    assert copy.stored_ is None and not hasattr(copy, "input_coefficients_")
    assert away(copy.predict(blocks), wide.predict(blocks), y) < 1e-5


def test_fit__on_other_genotypes_forgets_the_ones_before():
    pairs, y = cohort()
    blocks = stored_pairs(pairs)
    learner = FactorRidge().fit(blocks, y)
    learner.get_state()
    other, of_other = cohort(seed=1)
    learner.fit(stored_pairs(other), of_other)
    assert (
        away(learner.predict(new_samples(other)), FactorRidge().fit(other, of_other).predict(new_samples(other)), y)
        < 1e-5
    )


def test_covariates__never_read_a_genotype():
    pairs, y = cohort(covariates=True)
    blocks = stored_pairs(pairs)
    learner = CovariateRidge().fit(blocks, y)
    assert np.array_equal(learner.predict(blocks), CovariateRidge().fit(pairs, y).predict(pairs))
    assert passes(blocks.genotypes) == 0


def test_fit__learners_that_hold_all_tokens_take_stored_genotypes_that_fit():
    pairs, y = cohort(covariates=True, n_features=40)
    blocks = stored_pairs(pairs)
    for learner in (PairRidge("new-samples"), GaussianRidge(features=200)):
        expected = clone(learner).fit(pairs, y).predict(pairs)
        assert away(learner.fit(blocks, y).predict(blocks), expected, y) < 1e-6


def test_fit__genotypes_beyond_the_memory_are_refused_with_a_way_out(monkeypatch):
    pairs, y = cohort()
    monkeypatch.setattr(genotypes_in_memory, "_MOST", 1000)
    with pytest.raises(MemoryLimitError, match="Choose the learner ridge"):
        GaussianRidge().fit(stored_pairs(pairs), y)


def test_fit__samples_whose_kernel_is_beyond_the_memory_are_refused(monkeypatch):
    pairs, y = cohort()
    monkeypatch.setattr(genotype_kernels, "memory_left", lambda: 100_000)
    with pytest.raises(MemoryLimitError, match="60 samples"):
        FactorRidge().fit(stored_pairs(pairs), y)


def test_auto__weighs_what_reads_blocks_and_says_what_it_leaves_out(caplog):
    pairs, y = cohort(n_drugs=1, covariates=True)
    auto = AutoLearner(trees=8, epochs=1).fit(stored_pairs(pairs), y)
    assert set(auto.tried_) == {"covariates", "ridge", "sparse", "boosted-trees", "random-forest", "neural"}
    assert "gaussian" in auto.notes()["not_tried"] and "auto leaves out" in caplog.text
    happened = replace(pairs, observed=Observed(Outcome("binary", ("no", "yes"))))
    assert set(candidates_for(stored_pairs(happened))) == {"covariates", "ridge", "sparse", "neural"}


@pytest.mark.parametrize("name", list(LEARNERS))
def test_registry__knows_which_learners_read_blocks(name):
    record, learner = LEARNERS[name], learner_class(name)
    assert record.reads_blocks == learner.reads_blocks
    assert record.reads_blocks_of_numbers_alone == learner.reads_blocks_of_numbers_alone


def test_axes__write_the_same_map_as_tokens():
    pairs, y = cohort(covariates=True, n_drugs=1)
    dense, wide, _ = both(pairs, y)
    tokens = DenseTokens(dense.tokens(pairs), dense.sample_encoder_.block_columns())
    stored_axes, axes = wide.stored_.space.row_ridges(), tokens.row_ridges()
    assert np.allclose(stored_axes.scores @ stored_axes.scores.T, axes.scores @ axes.scores.T, atol=1e-4)
    assert np.allclose(wide.stored_.space.inputs @ stored_axes.right, stored_axes.scores, atol=1e-4)
    assert np.allclose(tokens.inputs @ axes.right, axes.scores)


def test_contributions__add_up_and_too_many_are_refused(monkeypatch):
    pairs, y = cohort(covariates=True, n_drugs=1)
    _, wide, _ = both(pairs, y)
    new = new_samples(pairs)
    parts = next(iter(wide.contributions(new)))
    assert np.allclose(parts.values.sum(axis=1), wide.predict(new), atol=1e-5)
    monkeypatch.setattr(contributions, "memory_left", lambda: 1000)
    with pytest.raises(MemoryLimitError, match="give responses of fewer samples"):
        next(iter(wide.contributions(new)))


def test_predict__of_many_samples_comes_in_blocks(monkeypatch):
    pairs, y = cohort(missing=0.05, arm=True)
    new, learner = new_samples(pairs), FactorRidge().fit(pairs, y)
    expected = learner.predict(new)
    monkeypatch.setattr(linear, "STORED_CELLS", 100)
    assert away(learner.predict(new), expected, y) < 1e-5
    swapped = new.genotypes.features.assign(kind="dosage", chromosome="1", position=range(len(new.genotypes.features)))
    trained = replace(pairs, genotypes=replace(pairs.genotypes, features=swapped.assign(ref="A", alt="C")), arm=None)
    turned = swapped.assign(ref=np.where(np.arange(len(swapped)) % 3, "A", "C"))
    turned["alt"] = np.where(turned["ref"] == "A", "C", "A")
    new = replace(new, genotypes=replace(new.genotypes, features=turned))
    learner = FactorRidge().fit(trained, y)
    blocks = learner.predict(new)
    monkeypatch.undo()
    assert away(blocks, learner.predict(new), y) < 1e-5


def test_fit__gives_the_same_bytes_for_any_number_of_folds_at_once():
    pairs, y = cohort(covariates=True, missing=0.05)
    folds = make_folds(pairs, "new-samples", 3, 0)
    alone, together = (FactorRidge().fit_holding_out(stored_pairs(pairs), y, None, folds, n) for n in (1, 3))
    assert np.array_equal(alone, together)
