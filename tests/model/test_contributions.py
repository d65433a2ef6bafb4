"""The parts of a prediction: they add up to it, they are named right, and a planted cause leads."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.baselines import AdditiveMean
from drugresponse.learners.contributions import PART_COLUMNS, Contributions, rows_by_drug
from drugresponse.learners.kernel.gaussian import GaussianRidge
from drugresponse.learners.registry import CANDIDATES, LEARNERS, learner_class, make_learner
from drugresponse.learners.stack.stack import AutoLearner
from drugresponse.model.loading import load_model
from drugresponse.readers import read_genotypes, read_samples
from drugresponse.threads import one_thread
from tests.learners.cohorts import STRUCTURES, draw_calls, made_pairs

FAST = {"rank": 4, "trees": 12, "epochs": 2}
ADDITIVE = ("additive-mean", "covariates", "ridge")
FEATURES = [*(f"g{j:03d}" for j in range(9)), "RT_5A", "RT_5C", "RT_9K"]
"""The last but one share a site."""
TISSUES = ["lung", "skin", "colon"] * 30
AUTO_SCHEMES = ("new-samples", "random-pairs")
SEEN = [scheme for scheme in SCHEMES if scheme != "new-studies"]
SUMS = [(name, scheme) for name in LEARNERS for scheme in (AUTO_SCHEMES if name == "auto" else SEEN)]
PROMISED = sorted((Path(__file__).resolve().parents[2] / "test-data" / "models").glob("format-*/*.safetensors"))


@dataclass(frozen=True, eq=False)
class Cohort:
    """Pairs of training, and the same samples with drugs that training has not seen."""

    pairs: Pairs
    y: np.ndarray
    asked: Pairs


def cohort(n_drugs: int, *, arm: bool = False, n_samples: int = 90) -> Cohort:
    """Drug 1 acts by gene 3, which is missing in some samples; a tissue and another gene act on every drug."""
    rng = np.random.default_rng(0)
    calls = draw_calls(n_samples, 12, rng)
    truth = calls.copy()
    calls[rng.random(calls.shape) < 0.1] = np.nan
    keep = rng.random((n_samples, n_drugs)) < 0.9
    smiles = [*STRUCTURES[: max(3, n_drugs - 1)], ""]
    pairs = made_pairs(calls, n_drugs, keep=keep, tissues=TISSUES[:n_samples], smiles=smiles, features=FEATURES)
    at, drug = pairs.sample_index, pairs.drug_index
    y = 2.0 * truth[at, 3] * (drug == 1) + 0.5 * truth[at, 7] + 0.8 * (at % 3 == 0) + 0.4 * drug
    y = y + rng.normal(0, 0.4, len(pairs))
    asked = made_pairs(calls, n_drugs + 3, tissues=TISSUES[:n_samples], smiles=["C1CCCC1", *smiles], features=FEATURES)
    if arm:
        arms = pd.Series(["a", "b"] * n_samples)[:n_samples].to_numpy(dtype=object)
        y = y + 1.5 * (truth[:, 5] * (arms == "b"))[at]
        pairs, asked = (
            replace(each, covariates=each.covariates.assign(arm=arms), arm="arm") for each in (pairs, asked)
        )
    return Cohort(pairs, y, asked)


COHORTS = {"few drugs": cohort(4), "many drugs": cohort(22), "trial": cohort(1, arm=True)}
FEW, MANY, TRIAL = COHORTS.values()


@cache
def fitted(name: str, cohort_name: str, scheme: str = "new-samples", **settings: Any) -> PairRegressor:
    """A learner fitted once for all tests; auto is the sum of the others, each with a weight."""
    settings = {**FAST, "scheme": scheme, **settings}
    if name == "auto":
        members = {each: fitted(each, cohort_name, scheme).get_state() for each in ("additive-mean", *CANDIDATES)}
        weights = dict(zip(CANDIDATES, np.linspace(0.1, 0.25, len(CANDIDATES)), strict=True))
        return AutoLearner.from_state(
            {"members": members, "weights": weights, "errors": {}, "not_tried": []}, **settings
        )
    made = COHORTS[cohort_name]
    with one_thread():
        learner = make_learner(name, settings).fit(made.pairs, made.y)
    if name == "neural":
        # what training was too short to say
        rng, network = np.random.default_rng(0), learner.second_
        moved = {name: array + rng.normal(0, 0.03, array.shape) for name, array in network.arrays.items()}
        learner.second_ = replace(network, arrays=moved)
    return learner


def summed(learner: PairRegressor, pairs: Pairs) -> np.ndarray:
    """`(n_pairs,)` sums of the parts."""
    found, n_parts = np.full(len(pairs), np.nan), len(learner.contribution_parts())
    for each in learner.contributions(pairs):
        assert each.values.shape == (len(each.rows), n_parts)
        assert np.isfinite(each.values).all()
        found[each.rows] = each.values.sum(axis=1)
    return found


@pytest.mark.parametrize(("name", "scheme"), SUMS)
def test_contributions__add_up_to_the_prediction(name, scheme):
    learner = fitted(name, "few drugs", scheme)
    error = np.abs(summed(learner, FEW.asked) - learner.predict(FEW.asked)).max()
    assert error < (1e-10 if name in (*ADDITIVE, "gaussian") else 2e-6) * FEW.y.std()


@pytest.mark.parametrize("name", ["boosted-trees", "random-forest"])
@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-samples-and-drugs"])
def test_contributions__add_up_where_drugs_are_many(name, scheme):
    learner = fitted(name, "many drugs", scheme)
    predicted = learner.predict(MANY.asked)
    assert np.abs(summed(learner, MANY.asked) - predicted).max() < 2e-6 * MANY.y.std()


@pytest.mark.parametrize("name", LEARNERS)
def test_contributions__add_up_with_a_treatment_arm_and_one_drug(name):
    learner = fitted(name, "trial")
    assert np.abs(summed(learner, TRIAL.asked) - learner.predict(TRIAL.asked)).max() < 2e-6 * TRIAL.y.std()


def test_contributions__of_the_arm_are_parts_of_their_own():
    learner = fitted("ridge", "trial")
    parts = learner.contribution_parts()
    crossed = parts[parts["arm"] != ""]
    assert set(crossed["arm"]) == {"arm=b"}
    assert set(crossed["feature_id"]) <= set(TRIAL.pairs.genotypes.features.index)
    assert set(crossed["kind"]) == {"genotype"}
    spread = next(learner.contributions(TRIAL.asked)).values.std(axis=0)[crossed.index]
    assert crossed["feature_id"].iloc[spread.argmax()] == "g005"


@pytest.mark.parametrize("name", LEARNERS)
def test_contributions__parts_are_named(name):
    learner = fitted(name, "few drugs")
    parts = learner.contribution_parts()
    assert tuple(parts.columns) == PART_COLUMNS
    assert not parts.duplicated().any()
    assert parts["feature_id"].iloc[0] == "mean effects"
    assert set(parts["kind"]) <= {"mean", "structure", "measured", "covariate", "genotype"}
    if name == "ridge":
        assert list(parts["feature_id"][parts["kind"] == "genotype"]) == list(FEW.pairs.genotypes.features.index)
        assert set(parts["feature_id"][parts["kind"] == "covariate"]) == {f"tissue={each}" for each in set(TISSUES)}


@pytest.mark.parametrize("name", ["ridge", "gaussian", "boosted-trees", "random-forest", "neural", "auto"])
@pytest.mark.parametrize("cohort_name", ["few drugs", "many drugs"])
def test_contributions__planted_cause_leads(name, cohort_name):
    learner, made = fitted(name, cohort_name), COHORTS[cohort_name]
    parts = learner.contribution_parts()
    genotype = (parts["kind"] == "genotype").to_numpy()
    found = {each.drug_id: each.values[:, genotype].std(axis=0) for each in learner.contributions(made.pairs)}
    leading = parts["feature_id"][genotype].to_numpy()[found["d01"].argmax()]
    assert leading == "g003"


@pytest.mark.parametrize("name", ["ridge", "gaussian", "neural"])
def test_contributions__a_missing_call_adds_nothing(name):
    learner = fitted(name, "few drugs")
    parts = learner.contribution_parts()
    missing = np.isnan(FEW.asked.genotypes.dense())
    genotype = (parts["kind"] == "genotype").to_numpy()
    for each in learner.contributions(FEW.asked):
        values = each.values[:, genotype]
        assert (values[missing[FEW.asked.sample_index[each.rows]]] == 0).all()
        assert (values != 0).mean() > 0.8


@pytest.mark.parametrize("name", LEARNERS)
def test_contributions__of_a_sample_of_which_nothing_is_known(name):
    learner = fitted(name, "many drugs")
    blank = type(FEW.asked.genotypes).from_dense(np.full((1, 1), np.nan), ["x"], ["unheard of"], kind="altered")
    pairs = Pairs.grid(blank, MANY.asked.covariates.iloc[:0].reindex(["x"]), MANY.asked.drugs)
    assert np.abs(summed(learner, pairs) - learner.predict(pairs)).max() < 2e-6 * MANY.y.std()
    if name in ("covariates", "ridge", "gaussian", "neural"):
        tokens = learner.contribution_parts()["kind"].isin(["covariate", "genotype"]).to_numpy()
        assert not any(each.values[:, tokens].any() for each in learner.contributions(pairs))


def test_contributions__what_a_structure_and_a_seen_sample_add():
    learner = fitted("ridge", "few drugs", "random-pairs")
    parts, found = learner.contribution_parts(), {each.drug_id: each for each in learner.contributions(FEW.asked)}
    structure, measured = (int(np.flatnonzero(parts["kind"] == kind)[0]) for kind in ("structure", "measured"))
    known = set(FEW.pairs.drugs.index)
    without = set(FEW.asked.drugs.index[FEW.asked.drugs["smiles"] == ""])
    assert len(set(found) - known - without) > 0
    assert all(bool(each.values[:, structure].any()) == (drug not in known | without) for drug, each in found.items())
    assert all(each.values[:, measured].any() for drug, each in found.items() if drug in known)
    new = FEW.asked.genotypes.sample_ids.to_series().add("-new").to_numpy()
    genotypes = type(FEW.asked.genotypes).build(FEW.asked.genotypes.dense(), list(new), FEW.asked.genotypes.features)
    strangers = replace(FEW.asked, genotypes=genotypes, covariates=FEW.asked.covariates.set_axis(new))
    assert not any(each.values[:, measured].any() for each in learner.contributions(strangers))


def test_contributions__of_means_are_the_effects():
    learner = AdditiveMean("random-pairs").fit(FEW.pairs, FEW.y)
    first = next(learner.contributions(FEW.pairs))
    effects = learner.effects_
    assert first.values[0, 0] == pytest.approx(effects.overall + effects.drug_effects["d00"])
    ids = FEW.pairs.sample_ids[first.rows]
    np.testing.assert_allclose(first.values[:, 1], effects.sample_effects[ids])


@pytest.mark.parametrize("name", LEARNERS)
def test_contributions__come_drug_by_drug_for_the_rows_asked(name):
    learner = fitted(name, "few drugs")
    order = np.random.default_rng(1).permutation(len(FEW.asked))[:40]
    some = FEW.asked[order[FEW.asked.drug_index[order] != 2]]
    whole = {each.drug_id: each for each in learner.contributions(FEW.asked)}
    found = list(learner.contributions(some))
    assert [each.drug_id for each in found] == [d for d in FEW.asked.drugs.index if d in set(some.drug_ids)]
    for each in found:
        np.testing.assert_array_equal(each.rows, np.flatnonzero(some.drug_ids == each.drug_id))
        at = np.searchsorted(whole[each.drug_id].rows, order[FEW.asked.drug_index[order] != 2][each.rows])
        np.testing.assert_allclose(each.values, whole[each.drug_id].values[at], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("name", LEARNERS)
def test_contributions__of_a_restored_learner_are_the_same(name):
    learner = fitted(name, "many drugs")
    restored = learner_class(name).from_state(learner.get_state(), **learner.get_params())
    assert restored.contribution_parts().equals(learner.contribution_parts())
    for one, other in zip(learner.contributions(MANY.asked), restored.contributions(MANY.asked), strict=True):
        np.testing.assert_allclose(other.values, one.values, rtol=1e-5, atol=1e-6)


def test_contributions__waves_are_integrated_gradients():
    """The closed form beside the slopes of the prediction at many points of the way."""
    learner = GaussianRidge(rank=3, features=40).fit(FEW.pairs, FEW.y)
    rng = np.random.default_rng(0)
    tokens, loadings, step = rng.normal(size=(3, 15)), rng.normal(size=1 + learner.rank_), 1e-5
    tokens = tokens[:, : len(learner.sample_encoder_.tokens_)]
    nodes, weights = np.polynomial.legendre.leggauss(30)
    slopes = np.zeros_like(tokens)
    for node, weight in zip((nodes + 1) / 2, weights / 2, strict=True):
        for j, unit in enumerate(np.eye(tokens.shape[1]) * step):
            ahead, behind = (learner.map_tokens(node * tokens + side) @ loadings for side in (unit, -unit))
            slopes[:, j] += weight * (ahead - behind) / (2 * step)
    np.testing.assert_allclose(learner._map_parts(tokens)(loadings), tokens * slopes, atol=1e-7)


def test_rows_by_drug__drugs_without_a_row_are_left_out():
    pairs = FEW.pairs[np.array([5, 3, 0, 4])]
    found = {drug: rows.tolist() for drug, rows in rows_by_drug(pairs)}
    assert found == {d: np.flatnonzero(pairs.drug_index == d).tolist() for d in sorted(set(pairs.drug_index))}


def test_contributions__learner_that_has_none():
    class Silent(AdditiveMean):
        contribution_parts, contributions = PairRegressor.contribution_parts, PairRegressor.contributions

    for ask in (Silent().contribution_parts, lambda: Silent().contributions(FEW.pairs)):
        with pytest.raises(InputError, match="Silent: its predictions have no parts"):
            ask()


@pytest.fixture(scope="module")
def model() -> tuple[dr.DrugResponseModel, dr.Cohort]:
    made = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    model = dr.DrugResponseModel("ridge", folds=0, n_jobs=1)
    return model.fit(made.genotypes, made.responses, drugs=made.drugs, samples=made.samples), made


def test_model__parts_of_rows_asked_for_are_joined_by_id(model):
    fitted, made = model
    rows = made.responses.table[["sample_id", "drug_id"]].sample(50, random_state=0)
    samples = made.samples.sample(frac=1, random_state=1)
    told = fitted.contributions(made.genotypes, samples=samples, pairs=rows)
    predicted = fitted.predict(made.genotypes, samples=samples, pairs=rows)["prediction"].to_numpy()
    found = np.full(len(rows), np.nan)
    for each in told.by_drug:
        assert isinstance(each, Contributions)
        assert set(told.pairs.drug_ids[each.rows]) == {each.drug_id}
        found[each.rows] = each.values.sum(axis=1)
    np.testing.assert_allclose(found, predicted, rtol=1e-9)
    assert list(told.pairs.sample_ids) == list(rows["sample_id"])
    assert told.parts.equals(fitted.regressor_.contribution_parts())


@pytest.mark.parametrize("path", PROMISED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_model__parts_of_promised_files_add_up(path):
    genotypes = read_genotypes(path.parent / "genotypes.tsv", features=path.parent / "features.tsv")
    samples, promised = read_samples(path.parent / "samples.tsv"), load_model(path)
    contributions = promised.contributions(genotypes, samples=samples)
    predicted = promised.predict(genotypes, samples=samples)["prediction"].to_numpy()
    if promised.parts_.head is not None:
        # of other outcomes it is the scores that have parts
        predicted = promised.parts_.regressor.predict(contributions.pairs)
    for each in contributions.by_drug:
        known = np.isfinite(predicted[each.rows])
        sums = each.values.sum(axis=1)
        np.testing.assert_allclose(sums[known], predicted[each.rows][known], atol=1e-5 * np.nanstd(predicted))
