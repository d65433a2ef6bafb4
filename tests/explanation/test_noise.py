from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.joining import TrainingRows
from drugresponse.explanation._noise import COPY, _limit, noise_of_copies, with_permuted_copies
from drugresponse.explanation._refits import Recipe, effects_of
from drugresponse.learners.registry import make_learner
from tests.learners.cohorts import draw_calls, made_pairs

RIDGE = Recipe("ridge", {"scheme": "new-samples"}, {})
N_DRUGS, N_CAUSAL = 10, 4


def cohort(seed: int, size: float) -> TrainingRows:
    """Two of the first four features act on each drug."""
    rng = np.random.default_rng(seed)
    calls = draw_calls(100, 60, rng, 0.3)
    pairs = made_pairs(calls, N_DRUGS)
    effects = np.zeros((60, N_DRUGS))
    for drug in range(N_DRUGS):
        effects[rng.choice(N_CAUSAL, 2, replace=False), drug] = size
    y = (calls @ effects)[pairs.sample_index, pairs.drug_index] + rng.normal(0, 1.0, len(pairs))
    return TrainingRows(pairs, y, np.ones(len(y)), None)


def noise_of(rows: TrainingRows, seed: int = 0, **settings):
    effects = effects_of(make_learner("ridge", RIDGE.settings).fit(rows.pairs, rows.y), rows.pairs)
    return effects, noise_of_copies(RIDGE, rows, rows.pairs, effects, random_state=seed, **settings)


def test_noise__strong_features_stand_above_and_hardly_a_feature_without_effect_does():
    found, false = [], []
    for seed in range(4):
        rows = cohort(seed, 1.5)
        effects, noise = noise_of(rows, seed)
        causal = np.isin(effects.parts["feature_id"], [f"g{j:03d}" for j in range(N_CAUSAL)])
        found.append(noise.above[:, causal].sum(axis=1).mean())
        false.append(noise.above[:, ~causal].any(axis=1).mean())
    assert np.mean(found) > 1.5
    assert np.mean(false) < 0.15


def test_noise__where_nothing_acts_hardly_a_drug_has_a_feature_above():
    above = [noise_of(cohort(seed, 0.0), seed)[1].above.any(axis=1).mean() for seed in range(5)]
    assert np.mean(above) < 0.2


@pytest.mark.parametrize("n_draws", [19, 20, 30, 39, 45])
def test_limit__one_more_draw_exceeds_it_once_in_twenty_and_not_less_often_than_it_must(n_draws):
    """Of `n + 1` draws in any order the last is equally likely to have any rank."""
    limit = _limit(np.random.default_rng(0).permutation(n_draws).astype(float))
    n_higher = n_draws - 1 - limit
    assert (n_higher + 1) / (n_draws + 1) <= 0.05 < (n_higher + 2) / (n_draws + 1)


def test_noise__limit_follows_the_spread_of_the_drugs_responses():
    rows = cohort(0, 1.0)
    larger = np.where(rows.pairs.drug_index == 3, 10.0, 1.0)
    scaled = TrainingRows(rows.pairs, rows.y * larger, rows.weights, None)
    _, noise = noise_of(scaled)
    limits = noise.table["limit"]
    assert 4 < limits[3] / limits.drop(3).median() < 25
    assert noise.n_refits == 2
    assert noise.table["drug_id"].tolist() == list(rows.pairs.drugs.index)


def test_noise__covariates_are_never_above():
    rng = np.random.default_rng(0)
    calls, tissue = draw_calls(80, 10, rng), rng.integers(0, 2, 80)
    pairs = made_pairs(calls, 2, tissues=np.array(["lung", "skin"], dtype=object)[tissue])
    y = 3.0 * tissue[pairs.sample_index] + rng.normal(0, 0.1, len(pairs))
    effects, noise = noise_of(TrainingRows(pairs, y, np.ones(len(y)), None), n_refits=1)
    covariate = (effects.parts["kind"] == "covariate").to_numpy()
    assert noise.importance[:, covariate].max() > 0.5
    assert not noise.above[:, covariate].any()


def test_copies__are_whole_genotypes_of_other_samples():
    pairs = cohort(0, 0.0).pairs
    doubled = with_permuted_copies(pairs, np.random.default_rng(0)).genotypes
    copies = doubled.features.index.str.startswith(COPY)
    own, copied = doubled.dense()[:, ~copies], doubled.dense()[:, copies]
    np.testing.assert_array_equal(own, pairs.genotypes.dense())
    assert doubled.features.index[copies].tolist() == [f"{COPY}{each}" for each in doubled.features.index[~copies]]
    assert sorted(map(tuple, own)) == sorted(map(tuple, copied))
    assert (own == copied).all(axis=1).mean() < 0.1
    np.testing.assert_array_equal(
        copied, with_permuted_copies(pairs, np.random.default_rng(0)).genotypes.dense()[:, copies]
    )
