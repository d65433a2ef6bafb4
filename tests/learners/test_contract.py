"""What every learner of the registry owes: scikit-learn's manners, joins by id, the same bytes for the same seed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from threadpoolctl import threadpool_limits

from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, make_folds
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import LEARNERS, find_learner, learner_class, make_learner
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.threads import one_thread
from tests.learners.cohorts import arrays_of

SEEN_BY_LEARNERS = [scheme for scheme in SCHEMES if scheme != "new-studies"]

FAST = {"rank": 3, "trees": 6, "epochs": 2}
EVERY = pytest.mark.parametrize("name", LEARNERS)


@pytest.fixture(scope="module")
def rows() -> TrainingRows:
    cohort = simulate_cohort(n_samples=60, n_drugs=6, n_features=20)
    calls = cohort.genotypes.dense()
    calls[::7, ::3] = np.nan
    genotypes = type(cohort.genotypes).build(calls, list(cohort.genotypes.sample_ids), cohort.genotypes.features)
    samples = cohort.samples.assign(clone=[f"c{place // 3}" for place in range(60)])
    return join_training_rows(genotypes, cohort.responses, cohort.drugs, samples)


_fitted: dict[str, PairRegressor] = {}


@pytest.fixture
def fitted(name: str, rows: TrainingRows) -> PairRegressor:
    """Each learner fitted once for all tests that only look at it."""
    if name not in _fitted:
        _fitted[name] = fit(name, rows)
    return _fitted[name]


def fit(name: str, rows: TrainingRows, **settings: Any) -> PairRegressor:
    with one_thread():
        return make_learner(name, {**FAST, **settings}).fit(rows.pairs, rows.y, rows.weights)


@EVERY
def test_learner__is_cloned_and_set_like_any_estimator(name):
    learner = make_learner(name, {**FAST, "scheme": "new-drugs"})
    copy = clone(learner)
    assert copy is not learner
    assert copy.get_params() == learner.get_params()
    assert copy.set_params(scheme="new-tissues").scheme == "new-tissues"
    assert learner.scheme == "new-drugs"
    kept = {key: value for key, value in vars(learner).items() if not key.endswith("_")}
    assert kept == learner.get_params()


@EVERY
def test_learner__not_fitted(name, rows):
    with pytest.raises(NotFittedError):
        make_learner(name, FAST).predict(rows.pairs)


@EVERY
def test_learner__fit_returns_itself_and_learns_attributes_that_end_in_an_underscore(name, rows):
    learner = make_learner(name, FAST)
    before = set(vars(learner))
    assert learner.fit(rows.pairs, rows.y, rows.weights) is learner
    assert all(name.endswith("_") for name in set(vars(learner)) - before)
    assert learner.get_params() == make_learner(name, FAST).get_params()


@EVERY
def test_learner__fitting_again_gives_the_same(name, fitted, rows):
    predicted = fitted.predict(rows.pairs)
    again = clone(fitted)
    with one_thread():
        some = np.arange(0, len(rows.y), 2)
        again.fit(rows.pairs[some], rows.y[some] + 1).fit(rows.pairs, rows.y, rows.weights)
    np.testing.assert_array_equal(again.predict(rows.pairs), predicted)


@EVERY
def test_learner__does_not_change_its_inputs(name, rows):
    pairs = rows.pairs
    before = [
        pairs.genotypes.dense(),
        pairs.covariates.copy(),
        pairs.drugs.copy(),
        pairs.sample_index.copy(),
        pairs.drug_index.copy(),
        pairs.subjects.copy(),
        rows.y.copy(),
        rows.weights.copy(),
    ]
    fit(name, rows).predict(pairs)
    np.testing.assert_array_equal(pairs.genotypes.dense(), before[0])
    assert pairs.covariates.equals(before[1])
    assert pairs.drugs.equals(before[2])
    after = (pairs.sample_index, pairs.drug_index, pairs.subjects, rows.y, rows.weights)
    for now, then in zip(after, before[3:], strict=True):
        np.testing.assert_array_equal(now, then)


@EVERY
def test_learner__predicts_in_the_order_asked(name, fitted, rows):
    order = np.random.default_rng(0).permutation(len(rows.pairs))[:50]
    predicted = fitted.predict(rows.pairs)
    assert predicted.shape == (len(rows.pairs),)
    assert predicted.dtype == np.float64
    assert np.isfinite(predicted).all()
    assert np.ptp(predicted) > 0
    np.testing.assert_allclose(fitted.predict(rows.pairs[order]), predicted[order], rtol=1e-10)
    np.testing.assert_allclose(fitted.predict(rows.pairs[order].compact()), predicted[order], rtol=1e-10)


@pytest.mark.parametrize("name", ["additive-mean", "covariates", "ridge", "gaussian"])
def test_learner__order_of_training_rows_does_not_matter(name, fitted, rows):
    order = np.random.default_rng(0).permutation(len(rows.pairs))
    shuffled = TrainingRows(rows.pairs[order], rows.y[order], rows.weights[order], rows.loss)
    np.testing.assert_allclose(fit(name, shuffled).predict(rows.pairs), fitted.predict(rows.pairs), rtol=1e-8)


@EVERY
def test_learner__weights_of_features(name, fitted, rows):
    features, weights = fitted.feature_weights()
    assert len(features) == len(weights) == len(set(features))
    assert (weights >= 0).all()
    assert weights.sum() == pytest.approx(1) or not weights.any()
    assert bool(weights.any()) == LEARNERS[name].uses_genotype or name == "auto"
    known = set(zip(rows.pairs.genotypes.features["block"], rows.pairs.genotypes.features.index, strict=True))
    assert set(features) <= known


@EVERY
def test_learner__state_goes_through_a_file(name, fitted, rows, tmp_path):
    file = tmp_path / "state.safetensors"
    write_model_file(file, fitted.get_state(), {"notes": fitted.notes()})
    state, manifest = read_model_file(file)
    loaded = learner_class(name).from_state(state, **fitted.get_params())
    np.testing.assert_allclose(loaded.predict(rows.pairs), fitted.predict(rows.pairs), rtol=1e-5, atol=1e-6)
    assert loaded.get_params() == fitted.get_params()
    np.testing.assert_allclose(loaded.feature_weights()[1], fitted.feature_weights()[1], rtol=1e-5, atol=1e-6)
    write_model_file(tmp_path / "again", loaded.get_state(), {"notes": manifest["notes"]})
    assert (tmp_path / "again").read_bytes() == file.read_bytes()


def written(learner: PairRegressor, file: Path) -> bytes:
    write_model_file(file, learner.get_state(), {"notes": learner.notes()})
    return file.read_bytes()


@EVERY
def test_learner__same_seed_same_bytes(name, fitted, rows, tmp_path):
    assert written(fit(name, rows), tmp_path / "model") == written(fitted, tmp_path / "again")


@EVERY
def test_learner__number_of_threads_does_not_matter(name, fitted, rows, tmp_path):
    with threadpool_limits(limits=2):
        two = fit(name, rows, n_jobs=2)
    assert written(two, tmp_path / "model") == written(fitted, tmp_path / "again")


@pytest.mark.parametrize("name", ["gaussian", "boosted-trees", "random-forest", "neural"])
def test_learner__another_seed_is_heard(name, fitted, rows):
    assert (fit(name, rows, random_state=5).predict(rows.pairs) != fitted.predict(rows.pairs)).any()


@EVERY
@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_learner__serves_every_scheme(name, scheme, rows):
    pairs = rows.pairs
    known = (pairs.sample_index < 45) & (pairs.drug_index < 5)
    learner = make_learner(name, {**FAST, "trees": 3, "epochs": 1, "scheme": scheme})
    with one_thread():
        learner.fit(pairs[known], rows.y[known])
    predicted = learner.predict(pairs)
    assert np.isfinite(predicted).all()
    assert np.abs(predicted).max() < 10 * np.abs(rows.y).max()
    state = learner.get_state()
    has_samples = str(pairs.genotypes.sample_ids[0]) in str(state)
    assert has_samples == (scheme in ("random-pairs", "new-drugs"))


@EVERY
def test_learner__drug_without_structure_and_sample_without_anything(name, fitted, rows):
    genotypes = type(rows.pairs.genotypes).from_dense(
        np.full((2, 1), np.nan), ["x", "y"], ["unheard of"], kind="altered"
    )
    covariates = rows.pairs.covariates.iloc[:0].reindex(["x", "y"])
    blank = Pairs.grid(genotypes, covariates, rows.pairs.drugs.assign(smiles="").iloc[:2].rename(index={"D001": "new"}))
    predicted = fitted.predict(blank)
    assert np.isfinite(predicted).all()
    np.testing.assert_allclose(predicted[:2], predicted[2:], rtol=1e-5, atol=1e-6)


@EVERY
def test_learner__holds_out_rows_and_is_fitted_to_all(name, fitted, rows):
    folds = make_folds(rows.pairs, "new-samples", 4, 0)[:3]
    learner = make_learner(name, FAST)
    with one_thread():
        held_out = learner.fit_holding_out(rows.pairs, rows.y, rows.weights, folds)
    tested = np.concatenate([test for _, test in folds])
    assert np.isfinite(held_out[tested]).all()
    assert np.isnan(np.delete(held_out, tested)).all()
    if name != "auto":  # whose weights come from these folds
        np.testing.assert_allclose(learner.predict(rows.pairs), fitted.predict(rows.pairs), rtol=1e-5, atol=1e-6)
        train, test = folds[1]
        with one_thread():
            alone = make_learner(name, FAST).fit(rows.pairs[train], rows.y[train], rows.weights[train])
        np.testing.assert_allclose(held_out[test], alone.predict(rows.pairs[test]), rtol=1e-5, atol=1e-6)


@EVERY
def test_learner__held_out_rows_do_not_hang_on_the_number_of_jobs(name, rows):
    folds = make_folds(rows.pairs, "new-samples", 3, 0)
    with one_thread():
        one, two = (
            make_learner(name, {**FAST, "n_jobs": jobs}).fit_holding_out(rows.pairs, rows.y, None, folds, jobs)
            for jobs in (1, 2)
        )
    np.testing.assert_array_equal(one, two)


@pytest.fixture(scope="module")
def many_drugs() -> TrainingRows:
    """More drugs than have boosters of their own."""
    cohort = simulate_cohort(n_samples=43, n_drugs=24, n_features=20)
    return join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, cohort.samples)


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-drugs"])
@pytest.mark.parametrize("name", ["boosted-trees", "random-forest"])
def test_trees_of_many_drugs__same_bytes_for_any_number_of_jobs_and_through_a_file(name, scheme, many_drugs, tmp_path):
    one, two = (fit(name, many_drugs, n_jobs=jobs, scheme=scheme) for jobs in (1, 2))
    assert one.notes()["trees_on_samples"] == (scheme == "new-samples")
    assert written(one, tmp_path / "one") == written(two, tmp_path / "two")
    state, _ = read_model_file(tmp_path / "one")
    loaded = learner_class(name).from_state(state, **one.get_params())
    np.testing.assert_allclose(loaded.predict(many_drugs.pairs), one.predict(many_drugs.pairs), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(loaded.feature_weights()[1], one.feature_weights()[1], rtol=1e-5, atol=1e-6)
    held = str(many_drugs.pairs.genotypes.sample_ids[0]) in str(state)
    assert held == (scheme != "new-samples")
    if scheme == "new-samples":
        assert 43 not in {size for array in arrays_of(state) for size in array.shape}


def test_find_learner__misspelt():
    with pytest.raises(InputError, match=r'^`learner`: "boosted_trees" is unknown\. Did you mean "boosted-trees"\?'):
        find_learner("boosted_trees")


def test_learners__are_described():
    for name, learner in LEARNERS.items():
        assert name == learner.name
        assert issubclass(learner_class(name), PairRegressor)
        assert learner.description
        assert learner_class(name).__doc__
