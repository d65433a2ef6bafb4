"""Stored genotypes of many samples: ridges within segments, and one on what these say of left-out samples."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from drugresponse.data import stored_values
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners import level_sizes
from drugresponse.learners.factors.token_spaces import DenseTokens
from drugresponse.learners.ridge import linear
from drugresponse.learners.ridge._second_level import SecondLevel
from drugresponse.learners.ridge._segment_ridges import FirstAim, SegmentRidges
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.sparse.sparse import SparseRidge
from drugresponse.learners.trees.trees import BoostedTrees
from tests.learners.cohorts import draw_calls, made_pairs
from tests.stored_genotypes import passes, stored

N_SAMPLES, N_FEATURES = 600, 240


@pytest.fixture(autouse=True)
def small_kernels(monkeypatch):
    monkeypatch.setattr(linear, "MOST_KERNEL_SAMPLES", N_SAMPLES - 1)
    monkeypatch.setattr(level_sizes, "_SEGMENT", 60)
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", N_SAMPLES * 25)


def cohort(
    n_drugs: int = 1,
    *,
    keep: NDArray[np.bool_] | None = None,
    tissues: bool = True,
    noise: float = 1.0,
    missing: float = 0,
) -> tuple[Pairs, NDArray[np.float64], Pairs, NDArray[np.float64]]:
    """Training pairs with responses, and new samples with the truth; each drug has effects of its own."""
    rng = np.random.default_rng(0)
    calls = draw_calls(2 * N_SAMPLES, N_FEATURES, rng).astype(np.float64)
    names = ["lung", "skin", "bone"]
    tissue = rng.integers(0, 3, 2 * N_SAMPLES)
    effects = rng.normal(size=(N_FEATURES, 1)) + 1.5 * rng.normal(size=(N_FEATURES, n_drugs)) * (n_drugs > 1)
    effects[rng.random(N_FEATURES) < 0.5] = 0.0
    truth = calls @ effects
    truth = truth / truth.std(axis=0) + (tissue == 1)[:, None]
    shown = np.where(rng.random(calls.shape) < missing, np.nan, calls)
    labels = [names[at] for at in tissue] if tissues else None
    made = [
        made_pairs(shown[half], n_drugs, tissues=None if labels is None else labels[half], keep=kept)
        for half, kept in ((slice(0, N_SAMPLES), keep), (slice(N_SAMPLES, None), None))
    ]
    known, new = made
    genotypes = known.genotypes
    known = replace(known, genotypes=stored(genotypes))
    new = replace(new, genotypes=replace(new.genotypes, sample_ids=new.genotypes.sample_ids + "new"))
    of_known = truth[:N_SAMPLES][known.sample_index, known.drug_index]
    return (
        known,
        of_known + noise * rng.normal(size=len(known)),
        new,
        truth[N_SAMPLES:][new.sample_index, new.drug_index],
    )


def agreement(one: NDArray, other: NDArray) -> float:
    """Pearson's r; 0 where one tells nothing."""
    return float(np.corrcoef(one, other)[0, 1]) if one.std() > 1e-9 else 0.0


def by_kernel(pairs: Pairs, y: NDArray, monkeypatch, learner: type[FactorRidge] = FactorRidge) -> FactorRidge:
    with monkeypatch.context() as patch:
        patch.setattr(linear, "MOST_KERNEL_SAMPLES", 10**9)
        return learner().fit(pairs, y)


def test_fit__is_as_good_as_the_kernel_and_says_that_it_has_two_levels(monkeypatch):
    pairs, y, new, truth = cohort(missing=0.02)
    two, one = FactorRidge().fit(pairs, y), by_kernel(pairs, y, monkeypatch)
    assert agreement(two.predict(new), truth) > agreement(one.predict(new), truth) - 0.05
    assert two.notes()["segments"] == 4 and "segments" not in one.notes()


def test_fit__reads_twice_and_is_the_same_from_a_file_a_copy_and_again():
    pairs, y, new, _ = cohort()
    fitted = FactorRidge().fit(pairs, y)
    _ = fitted.get_state()
    assert passes(pairs.genotypes) == 2
    again = FactorRidge.from_state(fitted.get_state())
    assert np.array_equal(again.predict(new), fitted.predict(new))
    assert np.allclose(deepcopy(fitted).predict(new), fitted.predict(new))
    other = FactorRidge().fit(pairs, y)
    assert other.get_state()["coefficients"].tobytes() == fitted.get_state()["coefficients"].tobytes()
    assert deepcopy(fitted).notes() == fitted.notes()
    assert set(fitted.get_params()) == {"scheme", "rank", "random_state"}


def test_left_out__noise_is_not_told_from_its_own(monkeypatch):
    """Predictors of other folds that were learned from a fold tell of its responses: of noise by r 0.09 here."""
    monkeypatch.setattr(level_sizes, "_SEGMENT", 20)
    rng, told = np.random.default_rng(0), []
    pairs, y, _, _ = cohort(tissues=False)
    for _ in range(4):
        y = rng.normal(size=len(y))
        told.append(agreement(FactorRidge().fit(pairs, y).predict_left_out(pairs), y))
    assert np.mean(told) < 0.04


def test_left_out__predicts_as_well_as_of_new_samples():
    pairs, y, new, truth = cohort(tissues=False)
    fitted = FactorRidge().fit(pairs, y)
    y_new = truth + np.random.default_rng(1).normal(size=len(truth))
    assert agreement(fitted.predict_left_out(pairs), y) < agreement(fitted.predict(new), y_new) + 0.03


def test_folds__of_many_samples_are_fitted_as_all_are():
    pairs, y, _, _ = cohort()
    folds = make_folds(pairs, "new-samples", 3, 0)
    part = pairs[folds[0][0]].compact()
    assert len(part.genotypes.sample_ids) < N_SAMPLES
    assert FactorRidge().fit(part, y[folds[0][0]]).notes()["segments"] == 4


def test_drugs__with_holes_are_predicted_as_by_the_kernel(monkeypatch):
    keep = np.random.default_rng(4).random((N_SAMPLES, 3)) < 0.7
    keep[np.arange(N_SAMPLES), np.arange(N_SAMPLES) % 3] = True
    pairs, y, new, truth = cohort(3, keep=keep)
    two, one = FactorRidge().fit(pairs, y), by_kernel(pairs, y, monkeypatch)
    # the first level has the general effect, three axes and each drug for itself
    assert two.notes()["segment_targets"] == 7
    assert agreement(two.predict(new), truth) > agreement(one.predict(new), truth) - 0.1


def test_arm__effects_differ_between_arms():
    rng = np.random.default_rng(5)
    pairs, _, _, _ = cohort()
    calls = pairs.genotypes.values.toarray().astype(float)
    arm = np.where(rng.random(N_SAMPLES) < 0.5, "A", "B")
    y = (calls[:, :40] - calls[:, :40].mean(axis=0)).sum(axis=1) * np.where(arm == "B", 1, -1)
    covariates = pairs.covariates.assign(tissue=arm)
    pairs = replace(pairs, covariates=covariates, arm="tissue")
    fitted = FactorRidge().fit(pairs, y + rng.normal(size=N_SAMPLES))
    assert set(fitted.block_scales_) == {"covariates", "mutation", "mutation x tissue=B"}
    assert agreement(fitted.predict_left_out(pairs), y) > 0.6


def test_yes_or_no__by_likelihood_on_predictors_that_saw_no_left_out_response(monkeypatch):
    pairs, y, new, truth = cohort()
    happened = (y > np.median(y)).astype(float)
    pairs = replace(pairs, observed=Observed(Outcome("binary", ("no", "yes"))))
    new = replace(new, observed=Observed(Outcome("binary", ("no", "yes"))))
    two, one = FactorRidge().fit(pairs, happened), by_kernel(pairs, happened, monkeypatch)
    assert agreement(two.predict(new), truth) > agreement(one.predict(new), truth) - 0.06
    noise = np.random.default_rng(0).permutation(happened)
    assert agreement(FactorRidge().fit(pairs, noise).predict_left_out(pairs), noise) < 0.12


@pytest.mark.parametrize("learner", [SparseRidge(), BoostedTrees(trees=40, depth=2)])
def test_others__stand_on_two_levels(learner):
    pairs, y, new, truth = cohort()
    fitted = learner.fit(pairs, y)
    assert fitted.notes()["segments"] == 4
    assert agreement(fitted.predict(new), truth) > 0.5
    again = type(learner).from_state(fitted.get_state(), **learner.get_params())
    assert np.allclose(again.predict(new), fitted.predict(new), atol=1e-4)


def test_segment__fits_without_folds_are_those_of_their_samples_alone():
    rng = np.random.default_rng(0)
    n, folds = 90, [slice(0, 30), slice(30, 60), slice(60, 90)]
    segments, side = rng.normal(size=(2, n, 7)), rng.normal(size=(n, 2))
    weights = np.where(rng.random(n) < 0.3, 0.0, rng.uniform(0.5, 2, n))
    aim = FirstAim.of(rng.normal(size=(n, 2)), weights)
    ridges = SegmentRidges(side, folds, [aim], np.array([5.0, 0.5]))
    fits = [ridges.fit(np.asfortranarray(tokens, dtype=np.float32)) for tokens in segments]
    for mine, other in ((0, 0), (0, 2), (2, 1)):
        used = np.ones(n)
        used[folds[mine]] = used[folds[other]] = 0.0
        root = np.sqrt(used * aim.weights)[:, None]
        known, left = np.column_stack([np.ones(n), side]), root * aim.values
        for tokens, fit in zip(segments, fits, strict=True):
            # penalties on the tokens alone, by rows that stand for them; the next segment is given what is left
            silent = np.hstack([np.zeros((7, 3)), np.sqrt(0.5) * np.eye(7)])
            design = np.vstack([root * np.hstack([known, tokens]), silent])
            solved = np.linalg.lstsq(design, np.vstack([left, np.zeros((7, 2))]), rcond=None)[0]
            told = np.linalg.lstsq(root * known, root * tokens, rcond=None)[0]
            expected = (tokens - side @ told[1:]) @ solved[3:]
            assert np.allclose(fit.left_out[other, folds[mine]][:, [1, 3]], expected[folds[mine]], atol=1e-4)
            left = left - root * (tokens - known @ told) @ solved[3:]


def test_second_level__of_one_predictor_for_all_folds_is_the_ridge():
    rng = np.random.default_rng(0)
    n, weights = 80, rng.uniform(0.5, 2, 80)
    side, tokens = rng.normal(size=(n, 2)), rng.normal(size=(n, 6)).astype(np.float32)
    targets = tokens[:, :2] + rng.normal(size=(n, 2))
    folds = [np.arange(at, n, 4) for at in range(4)]
    space = SecondLevel(side, np.stack([tokens] * 4), folds, {"dosage": np.arange(6)})
    dense = DenseTokens(np.hstack([side, tokens]), {"covariates": np.arange(2), "dosage": 2 + np.arange(6)})
    given = {"weights": weights, "groups": np.arange(n) % 4, "penalties": np.array([0.1, 10.0])}
    scales = {"covariates": 0.5, "dosage": 2.0}
    fit, expected = (each.ridge(scales, targets, **given) for each in (space, dense))
    for name in ("coefficients", "intercepts", "left_out", "penalties", "errors"):
        assert np.allclose(getattr(fit, name), getattr(expected, name), atol=1e-5), name
    assert np.allclose(space.inputs, dense.inputs)


def test_level_sizes__predictors_fit_whatever_the_shape():
    for shape in ((10_001, 5_000, 1), (100_000, 50_000, 40), (12_000, 3_000_000, 300), (500_000, 900_000, 2)):
        sizes = level_sizes.level_sizes(*shape)
        assert sizes.n_penalties * sizes.n_targets * -(-shape[1] // sizes.n_features) <= 1000
        assert sizes.n_targets >= 1
