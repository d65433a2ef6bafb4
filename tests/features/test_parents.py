from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.features.parents import borne_by_parent_alone, has_known_parent, with_parents_of
from drugresponse.features.unseen_alleles import without_unseen_alleles

FAMILIES = ["blaAAA", "blaBBB", "blaCCC", "blaDDD", "blaEEE", "blaFFF"]
ALLELES = [f"{family}-{number}" for family in FAMILIES for number in range(1, 7)]
NEVER, ONCE = [0, 7], 14
"""Alleles of the simulated cohort that the training never saw, and one that one of its samples bears."""
N_DRUGS, N_TRAINED, N_NEW = 4, 160, 80
DRUGS = [f"d{at}" for at in range(N_DRUGS)]


def table(ids, parents):
    return pd.DataFrame({"kind": "altered", "parent": parents}, index=ids)


def genotypes(calls, ids, parents, prefix="s"):
    return Genotypes.build(calls, [f"{prefix}{at}" for at in range(len(calls))], table(ids, parents))


def of_families(calls, columns, with_parents, prefix):
    ids = [ALLELES[at] for at in columns]
    return genotypes(calls[:, columns], ids, [name[:6] if with_parents else "" for name in ids], prefix)


class Cohort:
    """Families of alleles with an effect of their own on every drug, and of each allele beside it."""

    def __init__(self, of_family: float, of_allele: float) -> None:
        rng = np.random.default_rng(0)
        self.calls = (rng.random((N_TRAINED + N_NEW, len(ALLELES))) < 0.05).astype(float)
        self.calls[:N_TRAINED, NEVER] = 0.0
        self.calls[:N_TRAINED, ONCE] = np.arange(N_TRAINED) == 3
        family = of_family * rng.choice([-1, 1], (len(FAMILIES), 1)) * rng.uniform(0.7, 1.3, (len(FAMILIES), N_DRUGS))
        self.effects = np.repeat(family, 6, axis=0) + of_allele * rng.normal(size=(len(ALLELES), N_DRUGS))
        self.truth = self.calls @ self.effects
        self.measured = self.truth + rng.normal(0, 0.5, self.truth.shape)

    def fitted(self, learner: str, *, with_parents: bool) -> dr.DrugResponseModel:
        """A model of the samples and alleles of the training."""
        seen = [at for at in range(len(ALLELES)) if at not in NEVER]
        trained = of_families(self.calls[:N_TRAINED], seen, with_parents, "s")
        responses = pd.DataFrame(self.measured[:N_TRAINED], trained.sample_ids, DRUGS).rename_axis("sample_id")
        long = responses.reset_index().melt("sample_id", var_name="drug_id", value_name="response")
        structures = pd.DataFrame({"drug_id": DRUGS, "smiles": ["CCO", "CCN", "c1ccccc1", "CC(=O)O"]})
        return dr.DrugResponseModel(learner, folds=0, epochs=20, trees=100).fit(trained, long, drugs=structures)

    def asked(self, *, with_parents: bool) -> Genotypes:
        """Bearers of the alleles never seen and seen once, nobody, and new samples."""
        bearers = np.vstack([np.eye(len(ALLELES))[[*NEVER, ONCE]], np.zeros((1, len(ALLELES))), self.calls[N_TRAINED:]])
        return of_families(bearers, list(range(len(ALLELES))), with_parents, "n")

    def predicted(self, learner: str, *, with_parents: bool) -> np.ndarray:
        """`(2 + 2 + N_NEW, N_DRUGS)` for those who are asked for."""
        new = self.asked(with_parents=with_parents)
        told = self.fitted(learner, with_parents=with_parents).predict(new)
        return (
            told.pivot(index="sample_id", columns="drug_id", values="prediction").loc[new.sample_ids, DRUGS].to_numpy()
        )

    def error(self, predicted: np.ndarray) -> float:
        """Mean squared error of new samples."""
        return float(((predicted[4:] - self.truth[N_TRAINED:]) ** 2).mean())


@pytest.fixture(scope="module")
def by_family() -> Cohort:
    return Cohort(of_family=1.5, of_allele=0.2)


@pytest.mark.parametrize("learner", ["ridge", "gaussian", "pair-ridge", "boosted-trees", "random-forest", "neural"])
def test_parents__an_allele_seen_once_or_never_is_predicted_by_its_family(by_family, learner):
    predicted = by_family.predicted(learner, with_parents=True)
    effects = by_family.effects[NEVER]
    shares = ((predicted[:2] - predicted[3]) * effects).sum(axis=1) / (effects**2).sum(axis=1)
    assert (shares > 0.4).all() and (shares < 1.3).all()
    alone = by_family.predicted(learner, with_parents=False)
    np.testing.assert_allclose(alone[:2], alone[[3, 3]], atol=1e-9)
    once = [np.abs(table[2] - table[3] - by_family.effects[ONCE]).mean() for table in (predicted, alone)]
    assert once[0] < 0.9 * once[1]
    assert by_family.error(predicted) < 0.8 * by_family.error(alone)


@pytest.mark.parametrize("learner", ["ridge", "gaussian", "boosted-trees", "neural"])
def test_parents__are_parts_that_add_up_and_bear_weight(by_family, learner):
    model, new = by_family.fitted(learner, with_parents=True), by_family.asked(with_parents=True)
    told = model.contributions(new)
    first = next(told.by_drug)
    predicted = model.predict(new)
    predicted = predicted[predicted["drug_id"] == first.drug_id]["prediction"].to_numpy()
    np.testing.assert_allclose(first.values.sum(axis=1) + first.gaps, predicted, rtol=1e-6)
    assert np.abs(first.gaps).max() < 1e-4
    parts = told.parts["feature_id"]
    apart = np.abs(first.values[0] - first.values[3])
    assert parts[int(apart.argmax())] == "blaAAA (family)"
    weights = pd.Series(model.parts_.feature_weights, model.parts_.features.index)
    assert weights[[f"{family} (family)" for family in FAMILIES]].sum() > 0.4
    assert (model.features_found(new) > 0.999).all()


@pytest.mark.parametrize("learner", ["ridge", "gaussian", "boosted-trees"])
def test_parents__cost_next_to_nothing_where_every_allele_acts_for_itself(learner):
    cohort = Cohort(of_family=0.0, of_allele=1.5)
    with_families, without = (cohort.predicted(learner, with_parents=told) for told in (True, False))
    assert cohort.error(with_families) < 1.15 * cohort.error(without)


TRAINED = genotypes(np.eye(3), ["qnrS1", "qnrS2", "tet(A)"], ["qnrS;QUINOLONE", "qnrS;QUINOLONE", "tet"])
FAMILY, CLASS = "qnrS (family)", "QUINOLONE (class)"


def known(found, name):
    return found.dense()[:, found.features.index.get_loc(name)].tolist()


def test_with_parents_of__a_new_allele_counts_to_what_the_training_knows_of_it(caplog):
    ids, parents = ["qnrS1", "qnrS2", "qnrB4", "tet(A)"], ["", "", "qnrB;QUINOLONE", ""]
    new = genotypes([[1, 0, 1, 0], [0, 0, 1, 0], [0, 0, 0, 1]], ids, parents)
    found = with_parents_of(new, TRAINED.features)
    assert known(found, FAMILY) == [1, 0, 0] and known(found, CLASS) == [2, 1, 0]
    assert known(found, "tet (family)") == [0, 0, 1]
    assert "qnrB (family)" not in found.features.index
    assert 'the training never saw "qnrB4"; in 2 samples it counts by the family or another parent alone' in caplog.text
    assert borne_by_parent_alone(found, TRAINED.features) == (["qnrB4"], 2)


def test_with_parents_of__the_parents_of_the_training_hold_for_its_own_features():
    new = genotypes([[1, 0, 0]], ["qnrS1", "qnrS2", "tet(A)"], ["tet", "tet", "qnrS"])
    found = with_parents_of(new, TRAINED.features)
    assert known(found, FAMILY) == [1] and known(found, "tet (family)") == [0]


def test_with_parents_of__is_done_once_and_told_once(caplog):
    found = with_parents_of(genotypes([[1, 0, 1, 0]], ["qnrS1", "qnrS2", "qnrS9", "tet(A)"], ""), TRAINED.features)
    assert known(found, FAMILY) == [2]
    caplog.clear()
    assert with_parents_of(found, TRAINED.features) is found and not caplog.text


def test_with_parents_of__is_nothing_without_parents():
    plain = genotypes([[1, 0]], ["qnrS1", "qnrS2"], "")
    assert with_parents_of(plain, plain.features) is plain


def test_with_parents_of__too_few_children_are_known():
    new = genotypes([[0, 0], [0, 1]], ["qnrS2", "tet(A)"], "")
    assert known(with_parents_of(new, TRAINED.features), FAMILY) == [0, 0]  # half of the children tell
    none = genotypes([[0], [1]], ["tet(A)"], "")
    assert np.isnan(known(with_parents_of(none, TRAINED.features), FAMILY)).all()
    assert known(with_parents_of(none, TRAINED.features, absent_as_reference=True), FAMILY) == [0, 0]


def test_with_parents_of__counts_the_training_s_allele():
    variants = pd.DataFrame(
        {"kind": "dosage", "chromosome": "1", "position": [5, 9], "ref": "A", "alt": "C", "parent": "TPMT (gene)"},
        index=["rs1", "rs2"],
    )
    trained = Genotypes.build([[0, 1], [2, 0]], ["s1", "s2"], variants).features
    swapped = variants.assign(parent="", ref=["C", "A"], alt=["A", "C"])
    found = with_parents_of(Genotypes.build([[2, 1], [0, 1]], ["n1", "n2"], swapped), trained)
    assert known(found, "TPMT (gene)") == [1, 3]


def test_has_known_parent__a_star_allele_of_known_function_leaves_the_gene_known():
    ids = ["TPMT*2", "TPMT*3A"]
    described = pd.DataFrame({"kind": "dosage", "block": "star alleles", "parent": "TPMT no function"}, index=ids)
    trained = Genotypes.build([[1, 0], [0, 1]], ["s1", "s2"], described).features
    more = pd.concat([described, described.iloc[:1].set_axis(["TPMT*99"])])
    new = Genotypes.build([[1, 0, 1]], ["n1"], more)
    assert has_known_parent(new.features, trained).tolist() == [False, False, True]
    completed = without_unseen_alleles(with_parents_of(new, trained), trained)
    assert known(completed, "TPMT*3A") == [0] and known(completed, "TPMT no function (class)") == [2]
    unknown = Genotypes.build([[1, 0, 1]], ["n1"], more.assign(parent=["TPMT no function"] * 2 + ["TPMT increased"]))
    assert np.isnan(known(without_unseen_alleles(unknown, trained), "TPMT*3A"))
