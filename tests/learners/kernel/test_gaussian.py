from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import with_parents
from drugresponse.data.splits import SCHEMES, make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.kernel import gaussian
from drugresponse.learners.kernel._automatic_relevance import learn_automatic_relevance
from drugresponse.learners.kernel.gaussian import GaussianRidge
from drugresponse.learners.ridge.linear import FactorRidge
from tests.learners.cohorts import draw_calls, held_out, made_pairs, rmse


@pytest.fixture(scope="module")
def smooth() -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Expression of two genes that act as a product, in three drugs to different degrees; and the noise-free truth."""
    rng = np.random.default_rng(0)
    values = rng.normal(size=(240, 3))
    samples = [f"s{i:03d}" for i in range(240)]
    table = Genotypes.from_dense(values, samples, ["e0", "e1", "e2"], kind="score", block="expression")
    drugs = pd.DataFrame({"smiles": ["CCO", "CCN", ""]}, index=pd.Index(["a", "b", "c"], name="drug_id"))
    pairs = replace(Pairs.grid(table, pd.DataFrame(index=samples), drugs), lineages=np.arange(len(samples)) // 3)
    product = np.tanh(values[:, 0] * values[:, 1])
    truth = product[pairs.sample_index] * np.array([2.0, 1.0, 3.0])[pairs.drug_index] + pairs.drug_index
    return pairs, truth + rng.normal(0, 0.3, len(pairs)), truth


def test_gaussian__beats_the_ridge_where_tokens_act_together_smoothly(smooth):
    pairs, y, truth = smooth
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    error, ridge = (
        rmse(learner.fit(pairs[train], y[train]).predict(pairs[test]), truth[test])
        for learner in (GaussianRidge(features=300), FactorRidge())
    )
    assert ridge > 1
    assert error < 0.5 * ridge


def test_gaussian__is_hardly_worse_than_the_ridge_where_effects_add_up():
    rng = np.random.default_rng(0)
    calls = draw_calls(150, 40, rng)
    pairs = made_pairs(calls, 3)
    truth = calls[pairs.sample_index, :10] @ rng.normal(size=10)
    y = truth + rng.normal(0, 1, len(pairs))
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    error, ridge = (
        rmse(learner.fit(pairs[train], y[train]).predict(pairs[test]), y[test])
        for learner in (GaussianRidge(features=300), FactorRidge())
    )
    assert error < 1.1 * ridge


@pytest.mark.parametrize("scheme", [scheme for scheme in SCHEMES if scheme not in ("new-tissues", "new-studies")])
def test_gaussian__state_predicts_the_same(smooth, scheme):
    pairs, y, _ = smooth
    known = np.flatnonzero((pairs.sample_index < 200) & (pairs.drug_index < 2))
    learner = GaussianRidge(scheme, features=50).fit(pairs[known], y[known])
    loaded = GaussianRidge.from_state(learner.get_state(), **learner.get_params())
    np.testing.assert_allclose(loaded.predict(pairs), learner.predict(pairs), rtol=1e-9, atol=1e-10)
    np.testing.assert_allclose(loaded.feature_weights()[1], learner.feature_weights()[1], rtol=1e-9, atol=1e-10)
    assert loaded.notes() == learner.notes()
    assert ("s000" in str(learner.get_state())) == (scheme in ("random-pairs", "new-drugs"))


def test_gaussian__left_out_prediction_of_training_rows_is_as_wrong_as_that_of_new_ones(smooth):
    pairs, y, _ = smooth
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    learner = GaussianRidge(features=300).fit(pairs[train], y[train])
    left_out = rmse(learner.predict_left_out(pairs[train].compact()), y[train])
    assert left_out == pytest.approx(rmse(learner.predict(pairs[test]), y[test]), rel=0.25)
    assert rmse(learner.predict(pairs[train]), y[train]) < left_out


def test_gaussian__weights_of_the_features_are_those_that_act(smooth):
    pairs, y, _ = smooth
    names, weights = GaussianRidge(features=300).fit(pairs, y).feature_weights()
    assert weights.sum() == pytest.approx(1)
    assert {names[i] for i in np.argsort(weights)[-2:]} == {("expression", "e0"), ("expression", "e1")}
    assert weights.min() < 0.75 * weights.max()


def test_gaussian__random_features_have_the_products_of_gaussian_kernels(smooth, monkeypatch):
    learned = []

    def kept(*arguments, **settings):
        learned.extend(learn_automatic_relevance(*arguments, **settings))
        return learned

    monkeypatch.setattr(gaussian, "learn_automatic_relevance", kept)
    pairs, y, _ = smooth
    learner = GaussianRidge(features=8000).fit(pairs, y)
    tokens = learner.sample_encoder_.transform(pairs.genotypes, pairs.covariates)[:40]
    waves = learner._waves(tokens)
    apart = [((tokens[:, None] - tokens[None]) ** 2 @ kernel.widths**2) for kernel in learned]
    assert len(apart) == 6
    np.testing.assert_allclose(waves @ waves.T, np.mean(np.exp(-np.array(apart)), axis=0), atol=0.1)


def test_gaussian__learns_more_columns_on_more_draws():
    rng = np.random.default_rng(0)
    for n_columns, n_draws in ((100, 6), (101, 12)):
        kernels = GaussianRidge()._learn_kernels(
            rng.normal(size=(12, n_columns)), rng.normal(size=(12, 1)), np.ones(n_columns)
        )
        assert len(kernels) == n_draws


def test_gaussian__seed_draws_the_features(smooth):
    pairs, y, _ = smooth
    one, again, other = (GaussianRidge(features=30, random_state=seed).fit(pairs, y) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.predict(pairs), again.predict(pairs))
    assert (one.predict(pairs) != other.predict(pairs)).any()


def test_gaussian__samples_that_are_all_alike():
    rng = np.random.default_rng(0)
    pairs = made_pairs(np.ones((20, 3)), 2)
    y = rng.normal(size=len(pairs))
    learner = GaussianRidge(features=10).fit(pairs, y)
    predicted = learner.predict(pairs)
    assert np.isfinite(predicted).all()
    assert np.ptp(predicted[pairs.drug_index == 0]) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("array", ["frequencies", "coefficients", "intercepts"])
def test_gaussian__state_of_another_shape_is_refused(smooth, array):
    pairs, y, _ = smooth
    state = GaussianRidge(features=20).fit(pairs, y).get_state()
    with pytest.raises(
        ModelFileError, match=rf'^model: the array "{array}" has shape .* \(expected .*train the model again\.$'
    ):
        GaussianRidge.from_state({**state, array: state[array][:-1]})


def test_gaussian__straight_effects_stay_straight_and_bent_ones_bend(smooth):
    pairs, bent, _ = smooth
    values = pairs.genotypes.dense()
    rng = np.random.default_rng(1)
    straight = values[pairs.sample_index] @ [1.0, -2.0, 1.0] + rng.normal(0, 0.3, len(pairs))
    shares = []
    for y in (straight, bent):
        learner = GaussianRidge(features=240).fit(pairs, y)
        tokens = learner.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
        shares.append(np.var(tokens @ learner.coefficients_[240:, 0]) / np.var(learner.map_tokens(tokens)[:, 0]))
    assert shares[0] > max(0.4, 3 * shares[1])


def test_gaussian__rare_substitutions_learn_from_their_site(site_cohort):
    near, apart, y, truth = site_cohort
    together, alone = (rmse(held_out(GaussianRidge(features=1000), pairs, y), truth) for pairs in (near, apart))
    assert together < 0.8 * alone


def test_gaussian__many_columns_are_cut_to_the_leading_ones(smooth, monkeypatch):
    pairs, y, _ = smooth
    monkeypatch.setattr(gaussian, "_MOST_COLUMNS", 2)
    learner = GaussianRidge(features=240).fit(pairs, y)
    assert learner.frequencies_.shape == (2, 240)
    loaded = GaussianRidge.from_state(learner.get_state(), **learner.get_params())
    np.testing.assert_allclose(loaded.predict(pairs), learner.predict(pairs), rtol=1e-9, atol=1e-10)
    with pytest.raises(ModelFileError, match="lies outside the tokens"):
        GaussianRidge.from_state({**learner.get_state(), "wave_tokens": np.array([0, 3])})


def test_fit__a_parent_of_one_child_and_the_child_are_one_column():
    rng = np.random.default_rng(3)
    calls = (rng.random((120, 6)) < 0.4).astype(float)
    table = pd.DataFrame({"kind": "altered", "parent": ["a", "a", "b", "", "", ""]}, index=[*"uvwxyz"])
    ids = [f"s{at:03d}" for at in range(120)]
    pairs = Pairs.grid(
        with_parents(Genotypes.build(calls, ids, table)),
        pd.DataFrame(index=pd.Index(ids)),
        pd.DataFrame({"smiles": ""}, index=pd.Index(["d"], name="drug_id")),
    )
    learner = GaussianRidge(features=400).fit(pairs, 2.0 * calls[:, 2] + calls[:, 0] + rng.normal(0, 0.1, 120))
    encoder = learner.sample_encoder_
    at = {token: number for number, token in enumerate(encoder.tokens_["token"])}
    columns = learner._unequal_tokens().toarray()
    assert columns.shape == (8, 7)
    tokens = encoder.transform(pairs.genotypes, pairs.covariates)
    np.testing.assert_allclose(tokens @ columns[:, columns[at["w"]] > 0], tokens[:, [at["w"]]], atol=1e-12)
    bearer = np.zeros((2, 8))
    bearer[1, at["b (class)"]] = encoder.scale_[at["b (class)"]]
    shift = np.diff(learner.map_tokens(bearer)[:, 0])
    assert 0.4 < shift[0] < 1.6
