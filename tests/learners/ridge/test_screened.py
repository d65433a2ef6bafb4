"""Trees and the network on genotypes that are read in blocks: the ridge's embedding beside what a screening kept."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from drugresponse.data import stored_values
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.neural.neural import NeuralResponse
from drugresponse.learners.ridge import screened
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge.screened import ScreenedRidge
from drugresponse.learners.trees.trees import BoostedTrees, RandomForest
from tests.learners.cohorts import draw_calls, draw_outcome, made_pairs
from tests.stored_genotypes import passes, stored

N_SAMPLES, N_FEATURES = 200, 600


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", N_SAMPLES * 90)
    monkeypatch.setattr(screened, "_MOST_FEATURES", 40)
    monkeypatch.setattr(screened, "_MORE_FEATURES", 0)


def cohort(n_drugs: int = 2) -> tuple[Pairs, NDArray[np.float64], NDArray[np.float64]]:
    """Two features that count only together, one with an effect of its own, and two tissues."""
    rng = np.random.default_rng(0)
    calls, tissue = draw_calls(N_SAMPLES, N_FEATURES, rng), rng.integers(0, 2, N_SAMPLES)
    calls[:, [7, 300]] = rng.integers(0, 2, (N_SAMPLES, 2)) * 2.0
    both = (calls[:, 7] > 0) & (calls[:, 300] > 0)
    table = (3.0 * both + calls[:, 3] + tissue)[:, None] + np.linspace(-1, 1, n_drugs)
    pairs = made_pairs(calls, n_drugs, tissues=[["lung", "skin"][at] for at in tissue])
    truth = table[pairs.sample_index, pairs.drug_index]
    return replace(pairs, genotypes=stored(pairs.genotypes)), truth, truth + 0.7 * rng.normal(size=len(truth))


def error(one: NDArray, other: NDArray) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))


LEARNERS = {
    "for each drug": BoostedTrees(trees=120, depth=3),
    "on samples": BoostedTrees(trees=120, depth=3),
    "on pairs": BoostedTrees("random-pairs", trees=40),
    "forest": RandomForest(trees=30),
    "network": NeuralResponse(members=2, hidden=16, epochs=4),
}


@pytest.mark.parametrize("kind", list(LEARNERS))
def test_fit__copies_files_parts_and_weights_agree(kind):
    pairs, _, y = cohort(22 if kind == "on samples" else 2)
    learner = deepcopy(LEARNERS[kind]).fit(pairs, y)
    few = pairs[np.flatnonzero(pairs.sample_index < 9)].compact()
    few = replace(few, genotypes=replace(few.genotypes.in_memory(), sample_ids=few.genotypes.sample_ids + "new"))
    expected = learner.predict(few)
    again = type(learner).from_state(learner.get_state(), **learner.get_params())
    for other in (again, deepcopy(learner)):
        np.testing.assert_allclose(other.predict(few), expected, atol=1e-5)
    names = again.contribution_parts()
    assert set(names["block"]) <= {"", "covariates", *pairs.genotypes.features["block"]}
    for parts in again.contributions(few):
        assert parts.values.shape[1] == len(names)
        np.testing.assert_allclose(parts.values.sum(axis=1), expected[parts.rows], atol=1e-3)
    features, weights = again.feature_weights()
    assert set(features) <= {(block, name) for name, block in pairs.genotypes.features["block"].items()}
    assert abs(weights.sum() - 1) < 1e-6
    np.testing.assert_allclose(learner.feature_weights()[1], weights, atol=1e-5)


def test_fit_holding_out__trees_find_what_the_ridge_cannot():
    pairs, truth, y = cohort()
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    kinds = (BoostedTrees(trees=120, depth=3), FactorRidge())
    trees, ridge = (error(kind.fit(pairs[train], y[train]).predict(pairs[test]), truth[test]) for kind in kinds)
    assert trees < 0.8 * ridge
    # a kernel, the screening and what it kept; held-out samples are read for what was kept
    assert passes(pairs.genotypes) < 3


def test_fit__the_network_takes_classes_too():
    pairs, truth, _ = cohort(1)
    pairs, happened = draw_outcome(pairs, truth - truth.mean(), "binary", np.random.default_rng(0))
    learner = NeuralResponse(members=2, hidden=8, epochs=2).fit(pairs, happened)
    again = NeuralResponse.from_state(learner.get_state(), **learner.get_params())
    np.testing.assert_allclose(again.predict(pairs), learner.predict(pairs), atol=1e-4)
    assert np.corrcoef(learner.predict(pairs), truth)[0, 1] > 0.5


def test_fit__samples_that_are_held_out_are_in_no_screening():
    pairs, _, y = cohort()
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    turned = pairs.genotypes.in_memory().dense()
    turned[pairs.sample_index[test]] = 2 - turned[pairs.sample_index[test]]
    there = pairs.genotypes.build(turned, pairs.genotypes.sample_ids, pairs.genotypes.features)
    kept = []
    for which in (pairs, replace(pairs, genotypes=stored(there))):
        part = which[train].compact()
        kept.append(list(ScreenedRidge.fit(FactorRidge().fit(part, y[train]), part)[0].features.index))
    assert kept[0] == kept[1] and {"g003", "g007", "g300"} <= set(kept[0])


def test_fit_holding_out__chance_is_not_taken_for_an_effect():
    pairs, _, _ = cohort(1)
    y = np.random.default_rng(4).normal(size=len(pairs))
    folds = make_folds(pairs, "new-samples", 3, 0)
    for learner in (BoostedTrees(trees=40), NeuralResponse(members=2, hidden=16, epochs=4)):
        held_out = learner.fit_holding_out(pairs, y, None, folds)
        assert abs(np.corrcoef(held_out + 1e-9 * y[::-1], y)[0, 1]) < 0.2
