from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

import drugresponse as dr
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.errors import InputError
from drugresponse.explanation._attributions import PartEffects
from drugresponse.explanation._refits import Recipe, effects_of, refit_without_groups, spread_over_refits
from drugresponse.learners.registry import make_learner
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.stack.stack import AutoLearner
from tests.learners.cohorts import draw_calls, made_pairs

RIDGE = Recipe("ridge", {"scheme": "new-samples", "rank": 4}, {})


def planted(n_samples: int = 80, seed: int = 0, n_features: int = 30, n_drugs: int = 3, **settings) -> TrainingRows:
    """Feature 0 acts on all drugs, feature 1 on the first alone; all others on none."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(n_samples, n_features, rng)
    pairs = made_pairs(calls, n_drugs, **settings)
    effects = np.zeros((n_features, n_drugs))
    effects[0], effects[1, 0] = 2.0, 2.0
    y = (calls @ effects)[pairs.sample_index, pairs.drug_index] + rng.normal(0, 0.5, len(pairs))
    return TrainingRows(pairs, y, np.ones(len(y)), None)


def made_effects(effect, names=("a", "b"), kind="genotype", importance=None) -> PartEffects:
    effect = np.asarray(effect, dtype=float)
    parts = pd.DataFrame({"kind": kind, "block": "m", "feature_id": list(names), "gene": "", "arm": ""})
    drugs = pd.Index([f"d{j}" for j in range(len(effect))], name="drug_id")
    size = np.abs(effect) if importance is None else np.asarray(importance, dtype=float)
    return PartEffects(drugs, parts, effect, size, np.zeros(effect.shape, dtype=np.int32))


def test_refits__each_leaves_a_part_of_the_subjects_out_and_none_is_the_same():
    subjects = [f"p{i // 2}" for i in range(80)]
    rows = planted(subjects=subjects)
    found = refit_without_groups(RIDGE, rows, rows.pairs, n_groups=4)
    assert len(found) == 4
    effects = np.array([each.effect[0, 0] for each in found])
    assert len(np.unique(effects.round(12))) == 4
    again = refit_without_groups(RIDGE, rows, rows.pairs, n_groups=4)
    np.testing.assert_array_equal([each.effect for each in found], [each.effect for each in again])


def test_refits__subjects_are_left_out_whole():
    subjects = np.array([f"p{i // 4}" for i in range(80)])
    rows = planted(subjects=subjects)
    seen: list[set[str]] = []
    seeds: set[int] = set()

    class Watched(Recipe):
        def fit(self, pairs, y, weights, seed):
            seen.append(set(subjects[np.unique(pairs.sample_index)]))
            seeds.add(seed)
            assert len(y) == len(pairs) == sum(np.isin(subjects[rows.pairs.sample_index], list(seen[-1])))
            return super().fit(pairs, y, weights, seed)

    refit_without_groups(Watched(RIDGE.learner, RIDGE.settings, {}), rows, rows.pairs, n_groups=5)
    assert len(seeds) == 5
    everybody = set(subjects)
    left_out = [everybody - each for each in seen]
    assert [len(each) for each in left_out] == [4] * 5
    assert set.union(*left_out) == everybody


def test_refits__lineages_are_left_out_whole_where_they_are_new():
    rows = planted()
    lineages, kept = rows.pairs.lineages, []

    class Watched(Recipe):
        def fit(self, pairs, y, weights, seed):
            kept.append(set(lineages[np.unique(pairs.sample_index)]))
            return super().fit(pairs, y, weights, seed)

    recipe = Watched("ridge", {"scheme": "new-lineages", "rank": 4}, {})
    refit_without_groups(recipe, rows, rows.pairs, n_groups=4)
    left_out = [set(lineages) - lineages_kept for lineages_kept in kept]
    assert sorted(lineage for part in left_out for lineage in part) == sorted(set(lineages))


def test_refits__one_subject_is_refused():
    rows = planted(subjects=["p"] * 80)
    with pytest.raises(InputError, match="1 groups of 1 subjects to leave out"):
        refit_without_groups(RIDGE, rows, rows.pairs)


def test_spread__planted_features_are_stable_and_their_interval_leaves_0_out():
    rows = planted()
    effects = effects_of(make_learner("ridge", RIDGE.settings).fit(rows.pairs, rows.y), rows.pairs)
    spread = spread_over_refits(effects, refit_without_groups(RIDGE, rows, rows.pairs))
    assert spread.n_refits == 5
    assert (spread.stability[:, 0] == 1).all()
    assert (spread.lower[:, 0] > 0).all()
    others = np.arange(2, 30)
    crosses = (spread.lower[:, others] < 0) & (spread.upper[:, others] > 0)
    assert crosses.mean() > 0.8


def test_spread__is_the_delete_a_group_jackknife():
    values = np.array([1.0, 2.0, 4.0])
    spread = spread_over_refits(made_effects([[2.5]], "a"), [made_effects([[value]], "a") for value in values])
    half = stats.t.ppf(0.975, 2) * np.sqrt(2 / 3 * ((values - values.mean()) ** 2).sum())
    assert spread.lower[0, 0] == pytest.approx(2.5 - half)
    assert spread.upper[0, 0] == pytest.approx(2.5 + half)


def test_spread__interval_of_the_slope_has_its_coverage():
    """Of plain least squares, whose effect is not shrunken, the interval must hold the truth in 95 of 100 cohorts."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(400, 100))
    y = 0.7 * x + rng.normal(size=x.shape)
    group = np.arange(100) % 5

    def slopes(kept):
        dx = x[:, kept] - x[:, kept].mean(axis=1, keepdims=True)
        return made_effects(((dx * y[:, kept]).sum(axis=1) / (dx**2).sum(axis=1))[:, None], "a")

    spread = spread_over_refits(slopes(group >= 0), [slopes(group != number) for number in range(5)])
    held = (spread.lower <= 0.7) & (spread.upper >= 0.7)
    assert 0.92 <= held.mean() <= 0.98


def test_spread__a_part_or_drug_that_a_refit_lacks_counts_as_0():
    whole = made_effects([[1.0, 3.0], [1.0, 1.0]])
    less = made_effects([[1.0]], "a")
    spread = spread_over_refits(whole, [whole, less])
    assert spread.stability.tolist() == [[1.0, 0.5], [0.5, 0.5]]
    assert spread.lower[0, 0] == spread.upper[0, 0] == 1.0
    assert spread.lower[0, 1] < 3.0


def test_spread__only_genotype_features_have_a_stability():
    effects = made_effects([[1.0, 3.0]], kind=["genotype", "covariate"])
    assert np.isnan(spread_over_refits(effects, [effects, effects]).stability).tolist() == [[False, True]]


def test_spread__on_top_are_the_20_most_important():
    names = [f"f{j:02d}" for j in range(30)]
    effects = made_effects([np.arange(30, 0, -1.0)], names)
    turned = made_effects([np.arange(1.0, 31)], names)
    idle = made_effects([np.zeros(30)], names)
    stability = spread_over_refits(effects, [effects, effects, turned, idle]).stability[0]
    assert stability[0] == 0.5
    assert stability[15] == 0.75
    assert stability[29] == 0.25


def test_recipe__auto_keeps_its_weights_and_weighs_nothing_anew():
    model = dr.DrugResponseModel(learner="auto", n_jobs=1, rank=4)
    auto = AutoLearner()
    auto.weights_ = {"covariates": 0.25, "ridge": 0.5}
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    ridge = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    model.parts_ = replace(ridge.parts_, regressor=auto)
    recipe = Recipe.of(model)
    assert recipe.n_fits() == 3
    rows = planted()
    fitted = recipe.fit(rows.pairs, rows.y, rows.weights, 7)
    own = {"scheme": "new-samples", "rank": 4, "random_state": 7}
    each = {name: make_learner(name, own).fit(rows.pairs, rows.y) for name in ("additive-mean", "covariates", "ridge")}
    naive, covariates, ridge = (learner.predict(rows.pairs) for learner in each.values())
    expected = 0.25 * naive + 0.25 * covariates + 0.5 * ridge
    np.testing.assert_allclose(fitted.predict(rows.pairs), expected, rtol=1e-10)


def test_recipe__of_a_restored_model_fits_as_the_model_did(tmp_path):
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel(learner="ridge", folds=0, rank=3, random_state=5, n_jobs=1)
    model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    model.save(tmp_path / "model.safetensors")
    recipe = Recipe.of(dr.load_model(tmp_path / "model.safetensors"))
    rows = join_training_rows(cohort.genotypes, cohort.responses, None, cohort.samples)
    fitted = recipe.fit(rows.pairs, rows.y, rows.weights, 5)
    np.testing.assert_allclose(fitted.predict(rows.pairs), model.regressor_.predict(rows.pairs), rtol=1e-9, atol=1e-10)
    assert replace(recipe, learner="covariates").n_fits() == 1


def test_recipe__an_estimator_has_its_own_parameters_in_every_refit():
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=20)
    model = dr.DrugResponseModel(FactorRidge(rank=1), folds=0, rank=8, n_jobs=1)
    model.fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    rows = join_training_rows(cohort.genotypes, cohort.responses, None, cohort.samples)
    fitted = Recipe.of(model).fit(rows.pairs, rows.y, rows.weights, 0)
    assert fitted is not model.learner
    assert (fitted.rank, Recipe.of(model, "ridge").fit(rows.pairs, rows.y, rows.weights, 0).rank) == (1, 8)
    np.testing.assert_allclose(fitted.predict(rows.pairs), model.regressor_.predict(rows.pairs), rtol=1e-9, atol=1e-10)
