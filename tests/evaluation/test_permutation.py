from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.splits import make_folds
from drugresponse.data.tables import Responses, as_responses
from drugresponse.errors import InputError
from drugresponse.evaluation._permutation import permutation_check, shuffle_genotypes
from drugresponse.learners.registry import make_learner
from drugresponse.simulation.cohort import simulate_cohort
from tests.made_clones import made_clones


def one_drug(effect: float, seed: int, *, n: int = 60, by_tissue: float = 0.0, tissue: bool = True) -> TrainingRows:
    """One drug, 8 features of which the first has an effect, two tissues that may differ in the second feature."""
    rng = np.random.default_rng(seed)
    calls = (rng.random((n, 8)) < 0.4).astype(float)
    lung = np.arange(n) % 2
    calls[:, 1] = np.where(rng.random(n) < 0.8, lung, 1 - lung)
    ids = [f"s{i:02d}" for i in range(n)]
    y = effect * calls[:, 0] + by_tissue * lung + rng.normal(0, 1, n)
    samples = pd.DataFrame({"tissue": np.array(["skin", "lung"], dtype=object)[lung]}, index=pd.Index(ids))
    genotypes = Genotypes.from_dense(calls, ids, [f"g{j}" for j in range(8)])
    responses = Responses.build(pd.DataFrame({"sample_id": ids, "response": y}))
    return join_training_rows(genotypes, responses, None, samples, ["tissue"] if tissue else [])


def check(rows: TrainingRows, **settings):
    return permutation_check(rows, make_folds(rows.pairs, "new-samples", 2, 0), "new-samples", **settings)


def test_permutation_check__planted_effects_beat_every_shuffle():
    cohort = simulate_cohort(n_samples=80, n_drugs=4, n_features=20)
    rows = join_training_rows(cohort.genotypes, cohort.responses, None, cohort.samples)
    found = check(rows)
    assert found.learner == "ridge"
    assert len(found.shuffled) == 20
    assert found.observed > 0.1 > max(found.shuffled)
    assert found.p == pytest.approx(1 / 21)


def test_permutation_check__p_of_genotypes_that_tell_nothing_is_even():
    p = np.array([check(one_drug(0.0, seed, n=40), n_folds=1).p for seed in range(8)])
    assert (p <= 0.05).sum() <= 2
    assert 0.25 < p.mean() < 0.8


def test_permutation_check__a_feature_that_only_tells_the_tissue_gains_nothing_that_shows():
    p = [check(one_drug(0.0, seed, by_tissue=3.0)).p for seed in range(3)]
    assert np.median(p) > 0.2


def test_permutation_check__gain_is_over_covariates_on_the_same_folds():
    rows = one_drug(1.0, 0)
    folds = make_folds(rows.pairs, "new-samples", 3, 0)
    errors = {"covariates": 0.0, "ridge": 0.0}
    for name in errors:
        for train, test in folds[:2]:
            learner = make_learner(name, {"scheme": "new-samples"}).fit(rows.pairs[train], rows.y[train])
            errors[name] += ((rows.y[test] - learner.predict(rows.pairs[test])) ** 2).sum()
    found = permutation_check(rows, folds, "new-samples", n_folds=2)
    assert found.observed == pytest.approx(1 - errors["ridge"] / errors["covariates"], abs=1e-9)
    assert found.observed != pytest.approx(permutation_check(rows, folds, "new-samples").observed)


def test_permutation_check__same_seed_same_result_for_any_number_of_jobs():
    rows = one_drug(1.0, 0)
    one = check(rows, n_folds=1, random_state=3)
    assert one == check(rows, n_folds=1, random_state=3, n_jobs=2)
    assert one.shuffled != check(rows, n_folds=1, random_state=4).shuffled
    assert one.shuffled == check(rows, n_folds=1, random_state=3, n_shuffles=22).shuffled[:20]


def test_permutation_check__a_learner_without_genotype_gains_nothing():
    found = check(one_drug(1.0, 0), learner="covariates")
    assert (found.observed, found.p) == (0.0, 1.0)


def test_permutation_check__without_covariates():
    found = check(one_drug(2.0, 0, tissue=False))
    assert found.observed > max(found.shuffled)


def test_permutation_check__perfect_covariates_leave_nothing_to_gain():
    rows = one_drug(0.0, 0)
    flat = replace(rows, y=np.zeros(len(rows.y)))
    found = check(flat)
    assert np.isnan(found.observed)
    assert found.p == 1


def test_permutation_check__too_few_shuffles_or_no_fold():
    rows = one_drug(0.0, 0)
    with pytest.raises(InputError, match=r"^permutation check: found 1 shuffle \(expected 20 or more"):
        check(rows, n_shuffles=1)
    with pytest.raises(InputError, match=r"^permutation check: found no fold"):
        permutation_check(rows, [(np.arange(60), np.zeros(0, dtype=np.intp))], "new-samples")


def test_shuffle_genotypes__moves_whole_rows_within_tissue():
    rng = np.random.default_rng(0)
    ids = [f"s{i:02d}" for i in range(30)]
    tissue = np.array(["lung", "skin", ""], dtype=object)[np.arange(30) % 3]
    # the first feature names the tissue, the second the sample, the third is missing where the second is odd
    calls = np.column_stack([np.arange(30) % 3, np.arange(30), np.where(np.arange(30) % 2, np.nan, 1)])
    genotypes = Genotypes.from_dense(calls, ids, ["a", "b", "c"], kind="score")
    responses = Responses.build(pd.DataFrame({"sample_id": ids, "response": rng.normal(size=30)}))
    pairs = join_training_rows(
        genotypes, responses, None, pd.DataFrame({"tissue": tissue, "age": 1.0}, index=ids), ["tissue", "age"]
    ).pairs
    shuffled = shuffle_genotypes(pairs, rng)
    moved = shuffled.genotypes.dense()
    np.testing.assert_array_equal(moved[:, 0], calls[:, 0])
    np.testing.assert_array_equal(moved[:, 2], np.where(moved[:, 1] % 2, np.nan, 1))
    assert sorted(moved[:, 1]) == list(range(30))
    assert (moved[:, 1] != np.arange(30)).sum() > 20
    assert shuffled.genotypes.sample_ids.equals(pairs.genotypes.sample_ids)
    assert shuffled.covariates is pairs.covariates
    np.testing.assert_array_equal(pairs.genotypes.dense(), genotypes.dense())


def test_shuffle_genotypes__without_tissue_all_samples_exchange():
    rows = one_drug(0.0, 0, tissue=False)
    before = rows.pairs.genotypes.dense()
    after = shuffle_genotypes(rows.pairs, np.random.default_rng(0)).genotypes.dense()
    assert sorted(map(tuple, after)) == sorted(map(tuple, before))
    assert (after != before).any()


def clones(seed: int, **settings: float) -> TrainingRows:
    made = made_clones(30, seed=seed, n_features=20, n_drugs=1, **settings)
    return join_training_rows(as_genotypes(made.genotypes), as_responses(made.responses), None, made.samples)


def test_shuffle_genotypes__lineages_move_as_a_whole():
    rows = clones(0)
    lineages = rows.pairs.lineages
    named = np.column_stack([lineages, np.arange(len(lineages))]).astype(float)
    genotypes = Genotypes.from_dense(named, list(rows.pairs.genotypes.sample_ids), ["lineage", "sample"], kind="score")
    moved = shuffle_genotypes(
        replace(rows.pairs, genotypes=genotypes), np.random.default_rng(0), lineages
    ).genotypes.dense()
    sources = [set(moved[lineages == number, 0]) for number in np.unique(lineages)]
    assert all(len(source) == 1 for source in sources)
    assert sorted(source.pop() for source in sources) == list(range(30))
    # a sample occurs again only where its lineage was too small
    for number in np.unique(lineages):
        source = moved[lineages == number]
        assert len(np.unique(source[:, 1])) == min(len(source), int((lineages == source[0, 0]).sum()))


def test_permutation_check__of_lineages_is_even_where_clones_differ_by_nothing_that_features_cause():
    """Of samples shuffled one by one most p would be 1 or the least: a clone's own level goes with any gene it has."""
    p = np.zeros(14)
    for seed in range(14):
        rows = clones(seed, own_level=1.0)
        p[seed] = permutation_check(rows, make_folds(rows.pairs, "new-lineages", 2, 0), "new-lineages").p
    assert ((p <= 0.05) | (p == 1)).sum() <= 4
    assert 0.25 < p.mean() < 0.75


def test_permutation_check__of_lineages_confirms_what_a_feature_causes():
    rows = clones(0, own_level=0.3, causal=2.0)
    found = permutation_check(rows, make_folds(rows.pairs, "new-lineages", 3, 0), "new-lineages")
    assert found.p == pytest.approx(1 / 21)
