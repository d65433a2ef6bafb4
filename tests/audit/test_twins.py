from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.audit._twins import nearly_identical
from drugresponse.audit.duplicates import twins_together
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import with_parents
from drugresponse.simulation.cohort import simulate_cohort


def found(values, kind: str) -> set[tuple[int, int]]:
    n, n_features = np.shape(values)
    genotypes = Genotypes.from_dense(
        values, [f"s{i:04d}" for i in range(n)], [f"f{j:05d}" for j in range(n_features)], kind=kind
    )
    one, other = nearly_identical(genotypes)
    return set(zip(one.tolist(), other.tolist(), strict=True))


def typed_twice(values, n_twice: int, rng, errors: float, missing: float = 0.02):
    """The last samples are the first ones, with errors and missing calls."""
    again = values[:n_twice].astype(float)
    wrong = rng.random(again.shape) < errors
    again[wrong] = rng.choice(np.unique(values), int(wrong.sum()))
    again[rng.random(again.shape) < missing] = np.nan
    return np.vstack([values, again]), {(i, len(values) + i) for i in range(n_twice)}


def dosages(n: int, n_features: int, rng):
    return rng.binomial(2, rng.uniform(0.05, 0.5, n_features), (n, n_features))


@pytest.mark.parametrize("errors", [0.001, 0.01])
@pytest.mark.parametrize(("n", "n_features"), [(60, 1000), (200, 60), (100, 40)])
def test_nearly_identical__people_typed_twice(n, n_features, errors):
    rng = np.random.default_rng(1)
    values, twice = typed_twice(dosages(n, n_features, rng), n // 20, rng, errors)
    assert found(values, "dosage") == twice


def test_nearly_identical__every_one_typed_twice():
    rng = np.random.default_rng(2)
    values, twice = typed_twice(dosages(30, 100, rng), 30, rng, 0.005)
    assert found(values, "dosage") == twice


def test_nearly_identical__tumours_with_many_and_few_alterations():
    rng = np.random.default_rng(3)
    load = rng.lognormal(0, 0.7, 300)[:, None]
    altered = (rng.random((300, 600)) < np.clip(rng.beta(0.5, 6, 600) * load, 0, 0.95)).astype(int)
    assert not found(altered, "altered")
    # not of those of whom hardly anything is altered
    often = np.argsort(-altered.sum(axis=1), kind="stable")
    values, twice = typed_twice(altered[often], 20, rng, 0.005)
    assert found(values, "altered") == twice


@pytest.mark.parametrize("other", ["dosage", "score"])
def test_nearly_identical__what_contradicts_in_one_kind_is_no_twin(other):
    rng = np.random.default_rng(7)
    calls, expression = dosages(60, 300, rng).astype(float), rng.normal(size=(60, 300))
    calls[59], expression[59] = calls[0], expression[0] + 0.05 * rng.normal(size=300)
    kinds = ["dosage"] * 300 + ["score"] * 300
    features = pd.DataFrame({"kind": kinds}, index=[f"f{at:03d}" for at in range(600)])
    ids = [f"s{at:02d}" for at in range(60)]
    pair = [
        samples.tolist() for samples in nearly_identical(Genotypes.build(np.hstack([calls, expression]), ids, features))
    ]
    assert pair == [[0], [59]]
    if other == "dosage":
        calls[59] = dosages(1, 300, rng)
    else:
        expression[59] = rng.normal(size=300)
    apart = Genotypes.build(np.hstack([calls, expression]), ids, features)
    assert not len(nearly_identical(apart)[0])


@pytest.mark.parametrize("noise", [0.05, 0.2])
def test_nearly_identical__expression_measured_twice(noise):
    rng = np.random.default_rng(4)
    tissue = rng.integers(0, 8, 150)
    shared = rng.normal(size=(150, 20)) @ rng.normal(size=(20, 700)) * 0.15
    values = 0.8 * rng.normal(size=(8, 700))[tissue] + shared + 0.6 * rng.normal(size=(150, 700))
    assert not found(values, "score")
    again = values[:6] + noise * values.std(axis=0) * rng.normal(size=(6, 700))
    assert found(np.vstack([values, again]), "score") == {(i, 150 + i) for i in range(6)}


def siblings(rng):
    parents = dosages(100, 300, rng)
    mothers, fathers = parents[:40] / 2, parents[40:80] / 2
    children = [(rng.random(mothers.shape) < mothers).astype(int) + (rng.random(mothers.shape) < fathers) for _ in "ab"]
    return np.vstack([parents, *children]), "dosage"


def clones(rng):
    lineages = rng.random((30, 80)) < 0.15
    return (lineages[rng.integers(0, 30, 300)] ^ (rng.random((300, 80)) < 0.03)).astype(int), "altered"


def segregants(rng):
    return np.repeat(rng.integers(0, 2, (200, 60)), 20, axis=1), "altered"


def few_mutations(rng):
    return (rng.random((400, 300)) < rng.beta(0.3, 20, 300)).astype(int), "altered"


def small_panel(rng):
    return dosages(400, 8, rng), "dosage"


def two_ancestries(rng):
    frequencies = rng.uniform(0.05, 0.5, 400)
    other = np.clip(frequencies + rng.normal(0, 0.2, 400), 0.01, 0.99)
    return np.vstack([rng.binomial(2, frequencies, (150, 400)), rng.binomial(2, other, (10, 400))]), "dosage"


@pytest.mark.parametrize(
    "cohort", [siblings, clones, segregants, few_mutations, small_panel, two_ancestries], ids=lambda each: each.__name__
)
def test_nearly_identical__kin_and_chance_are_no_twins(cohort):
    values, kind = cohort(np.random.default_rng(5))
    first = [np.flatnonzero((values == row).all(axis=1))[0] == i for i, row in enumerate(values)]
    assert not found(values[np.array(first)], kind)


@pytest.mark.parametrize("preset", ["cell-lines", "germline"])
def test_nearly_identical__simulated_cohorts_have_none(preset):
    assert not len(nearly_identical(simulate_cohort(preset, random_state=1).genotypes)[0])


def test_twins_together__nearly_identical_ones_are_of_one_subject():
    rng = np.random.default_rng(6)
    values, twice = typed_twice(dosages(60, 200, rng), 5, rng, 0.01)
    genotypes = Genotypes.from_dense(values, [f"s{i:02d}" for i in range(65)], [f"rs{j:03d}" for j in range(200)])
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    subjects = twins_together(pairs).subjects
    assert all(subjects[one] == subjects[other] for one, other in twice)
    assert len(set(subjects)) == 60


def test_twins_together__the_same_families_are_not_the_same_alleles():
    rng = np.random.default_rng(7)
    calls = (rng.random((60, 300)) < 0.15).astype(float)
    # another allele of 24 of the families that the first sample has, and the same of the others
    other = np.roll(calls[0].reshape(60, 5), 1, axis=1)
    calls[1] = np.where((np.arange(60) < 24)[:, None], other, calls[0].reshape(60, 5)).ravel()
    parents = [f"family {at // 5}" for at in range(300)]
    table = pd.DataFrame({"kind": "altered", "parent": parents}, index=[f"g{at:03d}" for at in range(300)])
    genotypes = with_parents(Genotypes.build(calls, [f"s{at:02d}" for at in range(60)], table))
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    assert len(set(twins_together(pairs).subjects)) == 60
