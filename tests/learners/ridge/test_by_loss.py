from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.splits import make_folds
from drugresponse.learners.kernel.gaussian import GaussianRidge
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.ridge.linear import CovariateRidge, FactorRidge
from drugresponse.learners.ridge.pair_ridge import PairRidge
from tests.learners.cohorts import KINDS, draw_calls, draw_outcome, made_pairs

TISSUES = ["lung", "skin", "colon"]


def made_rows(kind: str, n_samples: int = 240, own: float = 0.0, seed: int = 0) -> tuple:
    """Pairs of an outcome, its responses, and the scores that it was drawn by: genotype, tissue, and samples' own."""
    rng = np.random.default_rng(seed)
    calls, tissue = draw_calls(n_samples, 8, rng), rng.integers(0, 3, n_samples)
    pairs = made_pairs(calls, 6, keep=rng.random((n_samples, 6)) < 0.8, tissues=[TISSUES[at] for at in tissue])
    effects = np.zeros((8, 6))
    effects[0], effects[1, :3], effects[2, 3:] = 1.5, -1.2, 1.2
    table = (calls - 0.3) @ effects + np.linspace(-1, 1, 6) + np.array([-0.7, 0, 0.7])[tissue][:, None]
    table = table + own * rng.normal(size=(n_samples, 1))
    scores = table[pairs.sample_index, pairs.drug_index]
    pairs, y = draw_outcome(pairs, scores, kind, rng)
    return pairs, y, scores


def within_drugs(one: np.ndarray, other: np.ndarray, pairs) -> float:
    at = [np.flatnonzero(pairs.drug_index == drug) for drug in range(len(pairs.drugs))]
    return float(np.mean([np.corrcoef(one[rows], other[rows])[0, 1] for rows in at]))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("learner", [FactorRidge(), GaussianRidge(features=60)])
def test_predict__ranks_new_samples_as_the_truth_does(kind, learner):
    pairs, y, scores = made_rows(kind)
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    predicted = learner.fit(pairs[train], y[train]).predict(pairs[test])
    assert within_drugs(predicted, scores[test], pairs[test]) > 0.75
    start = loss_of(pairs[test], y[test], np.ones(len(test)))
    gain = start.adjusted(predicted).total(predicted) / start.total(start.start()[pairs[test].drug_index])
    assert gain < 0.99


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("learner", [FactorRidge("random-pairs"), GaussianRidge("random-pairs", features=60)])
def test_state__gives_the_same_predictions_and_parts(kind, learner):
    pairs, y, _ = made_rows(kind, 80)
    predicted = learner.fit(pairs, y).predict(pairs)
    again = type(learner).from_state(learner.get_state(), **learner.get_params())
    np.testing.assert_array_equal(again.predict(pairs), predicted)
    for part in learner.contributions(pairs):
        np.testing.assert_allclose(part.values.sum(axis=1) + part.gaps, predicted[part.rows], atol=1e-9)
        assert np.abs(part.gaps).max() < 1e-6 * (1 + np.abs(predicted).max())


@pytest.mark.parametrize("kind", KINDS)
def test_predict_left_out__does_not_know_the_rows_own_outcome(kind):
    pairs, y, scores = made_rows(kind)
    learner = FactorRidge().fit(pairs, y)
    left_out = learner.predict_left_out(pairs)
    assert within_drugs(left_out, scores, pairs) > 0.7
    loss = loss_of(pairs, y, np.ones(len(y)))
    assert loss.total(learner.predict(pairs)) < loss.total(left_out)


def test_covariate_ridge__sees_tissues_only():
    pairs, y, _ = made_rows("binary")
    learner = CovariateRidge().fit(pairs, y)
    predicted = learner.predict(pairs)
    tissue = pairs.covariates["tissue"].to_numpy()[pairs.sample_index]
    for each in TISSUES:
        at = (tissue == each) & (pairs.drug_index == 0)
        assert np.ptp(predicted[at]) < 1e-9
    assert predicted[tissue == "colon"].mean() > predicted[tissue == "lung"].mean() + 0.3


@pytest.mark.parametrize("kind", ["binary", "interval"])
def test_seen_samples__tell_of_themselves(kind):
    pairs, y, scores = made_rows(kind, own=2.0)
    rows = np.random.default_rng(1).permutation(len(y))
    train, test = rows[len(y) // 5 :], rows[: len(y) // 5]
    predicted = {
        scheme: FactorRidge(scheme).fit(pairs[train], y[train]).predict(pairs[test])
        for scheme in ("new-samples", "random-pairs")
    }
    gained = {scheme: np.corrcoef(values, scores[test])[0, 1] for scheme, values in predicted.items()}
    assert gained["random-pairs"] > gained["new-samples"] + 0.05


@pytest.mark.parametrize("kind", KINDS)
def test_pair_ridge__lets_drugs_of_like_structure_learn_from_each_other(kind):
    rng = np.random.default_rng(0)
    calls, n_drugs = draw_calls(150, 4, rng), 24
    chains = ["C" * (3 + at // 2) + ("O" if at % 2 else "c1ccccc1Br") for at in range(n_drugs)]
    keep = rng.random((150, n_drugs)) < 0.09
    pairs = made_pairs(calls, n_drugs, keep=keep, smiles=chains)
    of_kind = np.where(np.arange(n_drugs) % 2, 3.0, -3.0)
    scores = ((calls[:, :1] - 0.3) * of_kind)[pairs.sample_index, pairs.drug_index]
    pairs, y = draw_outcome(pairs, scores, kind, rng)
    everything = made_pairs(calls, n_drugs, smiles=chains)
    truth = ((calls[:, :1] - 0.3) * of_kind)[everything.sample_index, everything.drug_index]
    gained = []
    for learner in (PairRidge("new-samples"), FactorRidge()):
        predicted = learner.fit(pairs, y).predict(everything)
        again = type(learner).from_state(learner.get_state(), **learner.get_params())
        np.testing.assert_array_equal(again.predict(everything), predicted)
        assert set(learner.notes()) == {"rank", "block_scales"}
        levels = np.array([predicted[everything.drug_index == drug].mean() for drug in range(n_drugs)])
        gained.append(np.corrcoef(predicted - levels[everything.drug_index], truth)[0, 1])
    assert gained[0] > gained[1] + 0.03
    assert gained[0] > 0.7
