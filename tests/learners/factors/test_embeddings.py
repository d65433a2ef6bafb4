from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.factors.drug_covariance import DrugCovariance
from drugresponse.learners.factors.embeddings import DrugVectors, SeenFactors, score_pairs
from drugresponse.learners.ridge.linear import FactorRidge
from tests.learners.cohorts import arrays_of, draw_calls, made_pairs, rmse


def test_score_pairs__grid_and_gathered_rows_agree():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 3, rng), 6)
    samples, drugs = rng.normal(size=(30, 4)), rng.normal(size=(6, 4))
    few = pairs[rng.permutation(len(pairs))[:20]]
    expected = [
        samples[i, 0] + drugs[j, 0] + samples[i, 1:] @ drugs[j, 1:]
        for i, j in zip(few.sample_index, few.drug_index, strict=True)
    ]
    np.testing.assert_allclose(score_pairs(samples, drugs, few, chunk=7), expected)
    grid = score_pairs(samples, drugs, pairs)
    np.testing.assert_allclose(grid[np.array(few.sample_index) * 6 + few.drug_index], expected)


@pytest.fixture
def vectors() -> DrugVectors:
    rng = np.random.default_rng(0)
    return DrugVectors(rng.normal(size=(3, 4)), pd.Index(["a", "b", "c"]), rng.normal(size=(5, 4)), rng.normal(size=4))


def test_drug_vectors__own_where_there_is_one_and_the_scheme_allows(vectors):
    bits, ids = np.random.default_rng(1).normal(size=(3, 5)), pd.Index(["c", "new", "a"])
    by_structure = bits @ vectors.structure + vectors.intercepts
    np.testing.assert_allclose(vectors.of(bits, ids, use_own=False), by_structure, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(
        vectors.of(bits, ids, use_own=True), [vectors.own[2], by_structure[1], vectors.own[0]], rtol=1e-9, atol=1e-10
    )


def test_drug_vectors__state_round_trip_and_other_shapes(vectors):
    state = vectors.get_state()
    bits, ids = np.ones((2, 5)), pd.Index(["b", "x"])
    loaded = DrugVectors.from_state(state, n_bits=5, width=4)
    np.testing.assert_allclose(loaded.of(bits, ids, True), vectors.of(bits, ids, True), rtol=1e-9, atol=1e-10)
    for n_bits, width, array in ((6, 4, "structure"), (5, 3, "own")):
        with pytest.raises(ModelFileError, match=f'^model: the array "{array}" has shape'):
            DrugVectors.from_state(state, n_bits, width)
    with pytest.raises(ModelFileError, match=r'^model: the array "own" has shape'):
        DrugVectors.from_state({**state, "ids": ["a", "b"]}, 5, 4)


def residuals_with_holes(n_samples: int = 60, n_drugs: int = 7) -> tuple[np.ndarray, np.ndarray, pd.Index]:
    """Two planted factors, a third of the cells missing, unequal weights."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(n_samples, 2)) @ rng.normal(size=(2, n_drugs)) * 2
    weights = (rng.random(truth.shape) < 0.7) * rng.uniform(0.5, 2, truth.shape)
    weights[0] = 0.0
    values = np.where(weights > 0, truth + rng.normal(0, 0.5, truth.shape), 0.0)
    return values, weights, pd.Index([f"s{i:02d}" for i in range(n_samples)])


def test_seen_factors__left_out_shift_is_the_posterior_without_the_cell():
    residuals, weights, ids = residuals_with_holes()
    _, loadings, left_out = SeenFactors.learn(residuals, weights, ids)
    covariance = DrugCovariance.fit(residuals, weights, 40)
    np.testing.assert_allclose(covariance.loadings, loadings, rtol=1e-9, atol=1e-10)
    for i in range(0, len(residuals), 7):
        for j in range(residuals.shape[1]):
            without = weights[[i]].copy()
            without[0, j] = 0.0
            refit = covariance.update(residuals[[i]], without).shift[0, j]
            assert left_out[i, j] == pytest.approx(refit, abs=1e-9), (i, j)


def test_seen_factors__of_a_cell_not_measured_the_fit_is_handed_on():
    residuals, weights, ids = residuals_with_holes()
    seen, loadings, left_out = SeenFactors.learn(residuals, weights, ids)
    holes = weights == 0
    np.testing.assert_allclose(left_out[holes], (seen.factors @ loadings.T)[holes])
    np.testing.assert_array_equal(seen.factors[0], 0)  # nothing was measured of this sample


def test_seen_factors__what_stands_in_a_hole_does_not_matter():
    residuals, weights, ids = residuals_with_holes()
    other = np.where(weights > 0, residuals, 1e6)
    one, two = (SeenFactors.learn(table, weights, ids) for table in (residuals, other))
    np.testing.assert_allclose(one[0].factors, two[0].factors, rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(one[2], two[2], rtol=1e-9, atol=1e-10)


def test_seen_factors__by_id_and_nothing_for_a_sample_never_seen():
    residuals, weights, ids = residuals_with_holes()
    seen = SeenFactors.learn(residuals, weights, ids)[0]
    factors = seen.of(pd.Index(["s05", "stranger", "s03"]))
    np.testing.assert_allclose(
        factors, [seen.factors[5], np.zeros(seen.factors.shape[1]), seen.factors[3]], rtol=1e-9, atol=1e-10
    )
    assert SeenFactors.none().of(pd.Index(["s05", "x"])).shape == (2, 0)
    loaded = SeenFactors.from_state(seen.get_state())
    np.testing.assert_allclose(loaded.of(ids), seen.of(ids), rtol=1e-9, atol=1e-10)
    with pytest.raises(ModelFileError, match=r'^model: the array "factors" has shape'):
        SeenFactors.from_state({**seen.get_state(), "ids": ["s00"]})


@pytest.fixture(scope="module")
def low_rank() -> tuple[Pairs, np.ndarray]:
    """Responses of two hidden factors that no genotype tells, with holes."""
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(80, 2)) @ rng.normal(size=(2, 10)) * 2
    pairs = made_pairs(draw_calls(80, 5, rng), 10, keep=rng.random(truth.shape) < 0.9)
    return pairs, truth[pairs.sample_index, pairs.drug_index] + rng.normal(0, 0.3, len(pairs))


def test_factor_ridge__other_drugs_of_a_seen_sample_tell_the_missing_one(low_rank):
    pairs, y = low_rank
    train, test = make_folds(pairs, "random-pairs", 4, 0)[0]
    seen, new = (FactorRidge(scheme).fit(pairs[train], y[train]) for scheme in ("random-pairs", "new-samples"))
    error, without = (rmse(learner.predict(pairs[test]), y[test]) for learner in (seen, new))
    # a mean effect of the sample alone would tell little: the factors raise one drug and lower another
    assert error < 0.35 * without
    own = pd.Series(y[train] - new.predict(pairs[train])).groupby(pairs.sample_ids[train]).mean()
    by_mean = new.predict(pairs[test]) + own.reindex(pairs.sample_ids[test]).fillna(0.0).to_numpy()
    assert error < 0.5 * rmse(by_mean, y[test])


def test_factor_ridge__left_out_prediction_of_seen_samples_is_as_wrong_as_that_of_new_pairs(low_rank):
    pairs, y = low_rank
    train, test = make_folds(pairs, "random-pairs", 4, 0)[0]
    learner = FactorRidge("random-pairs").fit(pairs[train], y[train])
    left_out = rmse(learner.predict_left_out(pairs[train].compact()), y[train])
    assert left_out == pytest.approx(rmse(learner.predict(pairs[test]), y[test]), rel=0.25)
    assert rmse(learner.predict(pairs[train]), y[train]) < 0.8 * left_out


@pytest.mark.parametrize("scheme", ["new-samples", "new-tissues", "new-samples-and-drugs"])
def test_factor_ridge__keeps_nothing_of_a_person_where_samples_are_new(low_rank, scheme):
    pairs, y = low_rank
    tissues = pd.DataFrame({"tissue": ["lung", "skin"] * 40}, index=pairs.covariates.index, dtype=object)
    pairs = Pairs(pairs.genotypes, tissues, pairs.subjects, pairs.drugs, pairs.sample_index, pairs.drug_index)
    learner = FactorRidge(scheme).fit(pairs, y)
    assert not learner.left_out_shift_.any()
    state = learner.get_state()
    assert "s000" not in str(state)
    assert 80 not in {size for array in arrays_of(state) for size in array.shape}


def test_factor_ridge__new_sample_of_a_model_of_seen_ones_has_the_tokens_alone(low_rank):
    pairs, y = low_rank
    learner = FactorRidge("random-pairs").fit(pairs, y)
    names = [f"x{i}" for i in range(80)]
    table = type(pairs.genotypes).from_dense(
        pairs.genotypes.dense(), names, list(pairs.genotypes.features.index), block="mutation"
    )
    strangers = Pairs.grid(table, pd.DataFrame(index=names), pairs.drugs)
    samples = learner.sample_embeddings(strangers)
    np.testing.assert_allclose(
        samples[:, : 1 + learner.rank_], learner.sample_embeddings(pairs)[:, : 1 + learner.rank_]
    )
    assert not samples[:, 1 + learner.rank_ :].any()
