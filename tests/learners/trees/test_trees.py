from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.trees import _drug_trees
from drugresponse.learners.trees._drug_trees import DrugTrees
from drugresponse.learners.trees._pair_inputs import PairInputs
from drugresponse.learners.trees._pair_trees import PairTrees
from drugresponse.learners.trees._sample_trees import SampleTrees
from drugresponse.learners.trees.trees import BoostedTrees, RandomForest
from tests.learners.cohorts import draw_calls, held_out, made_pairs, rmse

KINDS = [BoostedTrees, RandomForest]


def stepwise(n_drugs: int, seed: int = 0, n_samples: int = 150) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """An effect that only shows where another gene is altered too, and the noise-free truth."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(n_samples, 8, rng, share=0.5)
    pairs = made_pairs(calls, n_drugs)
    both = (calls[:, 1] > 0) & (calls[:, 5] > 0)
    truth = 4.0 * both[pairs.sample_index] + rng.normal(0, 1, n_drugs)[pairs.drug_index]
    return pairs, truth + rng.normal(0, 0.3, len(pairs)), truth


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_drugs", [1, 3, 25])
def test_trees__beat_the_ridge_where_genes_act_together(kind, n_drugs):
    pairs, y, truth = stepwise(n_drugs)
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = kind(trees=60 if n_drugs <= 20 else 300).fit(pairs[train], y[train])
    ridge = FactorRidge().fit(pairs[train], y[train])
    few = n_drugs <= 20
    assert isinstance(learner.second_, DrugTrees if few else SampleTrees)
    if few:
        assert set(learner.second_.boosters.by_name) == {f"d{i:02d}" for i in range(n_drugs)}
    notes = learner.notes()
    assert (notes["boosters"], notes["one_booster_per_drug"]) == (n_drugs if few else 0, few)
    assert notes["trees_on_samples"] == (not few)
    error, start = (rmse(fitted.predict(pairs[test]), truth[test]) for fitted in (learner, ridge))
    assert error < 0.8 * start


@pytest.mark.parametrize("kind", KINDS)
def test_trees__missing_calls_and_absent_features_are_predicted(kind):
    pairs, y, _ = stepwise(3)
    rng = np.random.default_rng(1)
    holes = pairs.genotypes.dense()
    holes[rng.random(holes.shape) < 0.3] = np.nan
    table = type(pairs.genotypes).from_dense(
        holes, list(pairs.genotypes.sample_ids), list(pairs.genotypes.features.index), block="mutation"
    )
    with_holes = Pairs.grid(table, pairs.covariates, pairs.drugs)
    learner = kind(trees=20).fit(with_holes, y)
    assert np.isfinite(learner.predict(with_holes)).all()
    nothing = Pairs.grid(
        type(table).from_dense(np.full((2, 1), np.nan), ["a", "b"], ["other"], kind="altered"),
        pairs.covariates.iloc[:0].reindex(["a", "b"]),
        pairs.drugs,
    )
    blank = learner.predict(nothing).reshape(2, 3)
    assert np.isfinite(blank).all()
    np.testing.assert_allclose(blank[0], blank[1], rtol=1e-5, atol=1e-6)


def test_trees__missing_is_not_taken_for_the_training_mean():
    # where the call is missing the response is high, and one copy is the mean: a token of 0 could not tell them apart
    calls = np.tile([[0.0], [1], [2], [np.nan]], (50, 1))
    pairs = made_pairs(calls, 1)
    y = np.where(np.isnan(calls[:, 0]), 5.0, 0.0) + np.random.default_rng(0).normal(0, 0.1, 200)
    learner = BoostedTrees(trees=100).fit(pairs, y)
    assert learner.stage_.sample_encoder_.center_.tolist() == [1.0]
    predicted = learner.predict(pairs)
    assert predicted[3::4].mean() - predicted[1::4].mean() > 1


@pytest.mark.parametrize("kind", KINDS)
def test_trees__drug_with_few_rows_is_left_to_the_ridge(kind):
    rng = np.random.default_rng(0)
    keep = np.ones((60, 3), dtype=bool)
    keep[_drug_trees._FEWEST_ROWS - 1 :, 1] = False
    keep[_drug_trees._FEWEST_ROWS :, 2] = False
    pairs = made_pairs(draw_calls(60, 5, rng), 3, keep=keep)
    learner = kind(trees=5).fit(pairs, rng.normal(size=len(pairs)))
    assert set(learner.second_.boosters.by_name) == {"d00", "d02"}
    predicted, ridge = learner.predict(pairs), learner.stage_.predict(pairs)
    few = pairs.drug_index == 1
    if learner.second_.shared is None:
        np.testing.assert_allclose(predicted[few], ridge[few], rtol=1e-9, atol=1e-10)
    else:
        # which shares a booster with the others, and the ridge is the other half
        assert 0 < rmse(predicted[few], ridge[few]) < 0.3
    assert (predicted[pairs.drug_index == 0] != ridge[pairs.drug_index == 0]).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["new-samples", "new-drugs"])
def test_trees__drug_never_seen_is_predicted(kind, scheme):
    pairs, y, _ = stepwise(6)
    known = np.flatnonzero(pairs.drug_index < 5)
    learner = kind(scheme, trees=10).fit(pairs[known], y[known])
    new = np.flatnonzero(pairs.drug_index == 5)
    assert np.isfinite(learner.predict(pairs[new])).all()
    assert isinstance(learner.second_, DrugTrees if scheme == "new-samples" else PairTrees)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("unit", "shift"), [(2.0**-26, 0.0), (1.0, 1e6)])
@pytest.mark.parametrize("n_drugs", [2, 21])
def test_trees__unit_of_the_response_does_not_matter(kind, unit, shift, n_drugs):
    pairs, y, _ = stepwise(n_drugs, n_samples=60)
    plain = kind(trees=20).fit(pairs, y).predict(pairs)
    other = kind(trees=20).fit(pairs, y * unit + shift).predict(pairs)
    np.testing.assert_allclose((other - shift) / unit, plain, atol=1e-3)


@pytest.mark.parametrize("kind", KINDS)
def test_trees__scale_of_the_weights_does_not_matter(kind):
    pairs, y, _ = stepwise(2)
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    a, b = (kind(trees=10).fit(pairs, y, weights * unit).predict(pairs) for unit in (1.0, 1e-4))
    np.testing.assert_allclose(a, b, atol=1e-4)


@pytest.mark.parametrize("scheme", ["random-pairs", "new-drugs"])
def test_trees__see_a_training_row_as_they_will_see_a_new_one(scheme):
    # a sample's own effect must not carry the very response that is to be predicted
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(80, 4, rng), 3)
    y = rng.normal(size=len(pairs))
    learner = BoostedTrees(scheme, trees=5).fit(pairs, y)
    stage = learner.stage_
    left_out = stage.predict_left_out(pairs)
    inputs, n_tokens = learner.second_.inputs.training_table(pairs), learner.second_.inputs.n_tokens
    np.testing.assert_allclose(inputs[:, n_tokens], left_out - stage.overall_, rtol=1e-5, atol=1e-6)
    beyond = y - stage.overall_ - stage.drugs_.own[pairs.drug_index, 0]
    correlation = max(
        abs(np.corrcoef(column, beyond)[0, 1]) for column in inputs[:, n_tokens:].T if np.ptp(column) > 1e-6
    )
    assert correlation < 0.3
    # which is what leaks without leaving out
    assert np.corrcoef(stage.predict(pairs), y)[0, 1] > correlation + 0.15


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["new-samples", "new-drugs"])
def test_trees__booster_of_other_inputs_is_refused(kind, scheme):
    pairs, y, _ = stepwise(6, n_samples=60)
    state = kind(scheme, trees=2).fit(pairs, y).get_state()
    state["columns"] = state["columns"][:-1]
    with pytest.raises(ModelFileError, match=r"it takes \d+ inputs"):
        kind.from_state(state)
    state["columns"] = np.append(state["columns"], 10**6)
    with pytest.raises(ModelFileError, match="a tree input lies outside the tokens"):
        kind.from_state(state)


def test_trees__booster_that_is_none_is_refused():
    pairs, y, _ = stepwise(1)
    state = BoostedTrees(trees=2).fit(pairs, y).get_state()
    state["boosters"]["0"] = np.frombuffer(b"not a booster", np.uint8)
    with pytest.raises(ModelFileError, match="a booster cannot be read"):
        BoostedTrees.from_state(state)


@pytest.mark.parametrize("kind", KINDS)
def test_trees__jobs_do_not_matter(kind):
    pairs, y, _ = stepwise(4)
    a, b = (kind(trees=10, n_jobs=jobs).fit(pairs, y).predict(pairs) for jobs in (1, 3))
    np.testing.assert_array_equal(a, b)


def test_trees__weights_of_the_genes_that_act():
    pairs, y, _ = stepwise(3)
    names, weights = BoostedTrees(trees=40).fit(pairs, y).feature_weights()
    assert {names[i][1] for i in np.argsort(weights)[-2:]} == {"g001", "g005"}
    assert weights.sum() == pytest.approx(1)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n_drugs", [3, 25])
def test_trees__learn_what_only_acts_together(kind, n_drugs):
    # no gene has an effect of its own, and the ridge's left-out mean of the other rows is each row's value mirrored
    rng = np.random.default_rng(0)
    calls = draw_calls(200, 8, rng, share=0.5)
    pairs = made_pairs(calls, n_drugs)
    either = calls[:, 1] != calls[:, 4]
    truth = 3.0 * either[pairs.sample_index] + rng.normal(0, 1, n_drugs)[pairs.drug_index]
    y = truth + rng.normal(0, 0.5, len(pairs))
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = kind(trees=150).fit(pairs[train], y[train])
    start = rmse(learner.stage_.predict(pairs[test]), truth[test])
    assert start > 1.4
    assert rmse(learner.predict(pairs[test]), truth[test]) < 0.9 * start


@pytest.mark.parametrize("kind", KINDS)
def test_trees__of_pairs_where_samples_are_seen(kind):
    pairs, y, truth = stepwise(25, n_samples=80)
    own = np.random.default_rng(5).normal(0, 2, 80)[pairs.sample_index]
    train, test = make_folds(pairs, "random-pairs", 4, 0)[0]
    learner = kind("random-pairs", trees=30).fit(pairs[train], (y + own)[train])
    assert isinstance(learner.second_, PairTrees)
    assert learner.notes()["boosters"] == 1
    assert rmse(learner.predict(pairs[test]), (truth + own)[test]) < 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_trees__rare_substitutions_learn_from_their_site(kind, site_cohort):
    near, apart, y, truth = site_cohort
    together, alone = (rmse(held_out(kind(trees=100), pairs, y), truth) for pairs in (near, apart))
    assert together < 0.8 * alone


def test_trees__sites_of_a_file_are_proved(site_cohort):
    near, _, y, _ = site_cohort
    state = BoostedTrees(trees=4).fit(near, y).get_state()
    with pytest.raises(ModelFileError, match="more sites than tokens"):
        BoostedTrees.from_state({**state, "sites": state["sites"] + 1000})
    with pytest.raises(ModelFileError, match=r"it takes \d+ inputs"):
        BoostedTrees.from_state({**state, "sites": np.full_like(state["sites"], -1)})


def test_pair_inputs__tokens_of_a_site_share_its_gain_equally(site_cohort):
    near, _, y, _ = site_cohort
    stage = FactorRidge(rank=2).fit(near, y)
    inputs = PairInputs(stage, np.array([0, 2]), np.array([-1, 0, 0]), shows_drugs=False)
    assert [inputs._shares(number).tolist() for number in range(3)] == [[1, 0, 0], [0, 0, 1], [0, 0.5, 0.5]]


def test_trees__weights_of_a_site_go_to_its_features(site_cohort):
    near, _, y, _ = site_cohort
    names, weights = BoostedTrees(trees=40).fit(near, y).feature_weights()
    acting = [name.startswith(("RT_41", "RT_67")) for _, name in names]
    assert weights.sum() == pytest.approx(1)
    assert weights[acting].sum() > 0.8


@pytest.mark.parametrize("kind", KINDS)
def test_trees__seed_draws_the_trees_themselves(kind):
    # of one drug the ridge draws nothing
    pairs, y, _ = stepwise(1)
    one, other = (kind(trees=10, random_state=seed).fit(pairs, y) for seed in (0, 1))
    np.testing.assert_array_equal(one.stage_.predict(pairs), other.stage_.predict(pairs))
    assert (one.predict(pairs) != other.predict(pairs)).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("scheme", ["new-samples", "new-drugs"])
def test_trees__loaded_ones_have_the_same_contributions(kind, scheme):
    pairs, y, _ = stepwise(3, n_samples=60)
    fitted = kind(scheme, trees=10).fit(pairs, y)
    loaded = kind.from_state(fitted.get_state(), scheme=scheme)
    for drug, again in zip(fitted.contributions(pairs), loaded.contributions(pairs), strict=True):
        np.testing.assert_allclose(again.values, drug.values, rtol=1e-4, atol=1e-5)
