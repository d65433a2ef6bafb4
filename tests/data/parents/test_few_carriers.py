"""What a model must not name: features of few carriers, whose parents keep what they do."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.few_carriers import count_carriers, without_few_carriers
from drugresponse.data.parents.sums import Parents, is_parent, with_parents
from drugresponse.errors import InputError
from tests.stored_genotypes import stored

N = 60
ALLELES = [f"bla{number}" for number in range(1, 16)]
"""Each has two carriers, and all of them one family; no other allele of it is known."""


def family_genotypes(prefix: str, alleles: list[str]) -> Genotypes:
    """Half of the samples bear one of some alleles of the family, and all of them draw two common genes."""
    rng = np.random.default_rng(1)
    values = np.zeros((N, len(alleles) + 2))
    values[np.arange(N // 2), np.arange(N // 2) % len(alleles)] = 1
    values[:, -2:] = rng.random((N, 2)) < 0.4
    table = pd.DataFrame({"kind": "altered", "parent": ["bla (family)"] * len(alleles) + ["", ""]})
    table.index = pd.Index([*alleles, "gyrA", "parC"])
    return Genotypes.build(values, [f"{prefix}{number}" for number in range(N)], table)


@pytest.fixture(scope="module")
def trained() -> dr.DrugResponseModel:
    genotypes = family_genotypes("s", ALLELES)
    effect = 2.0 * (np.arange(N) < N // 2) + np.random.default_rng(2).normal(0, 0.3, N)
    responses = pd.DataFrame({"sample_id": genotypes.sample_ids, "drug_id": "d", "response": effect})
    return dr.DrugResponseModel("ridge", folds=0, minimum_carriers=3, n_jobs=1).fit(genotypes, responses)


def test_count_carriers__differ_from_what_most_have_in_memory_and_stored():
    values = np.array([[2, 0, np.nan, 1.5], [2, 0, np.nan, 2.5], [2, 1, np.nan, 3.5], [1, np.nan, np.nan, 4.5]])
    genotypes = Genotypes.from_dense(values, list("abcd"), ["f1", "f2", "f3", "f4"], kind="dosage")
    assert count_carriers(genotypes).tolist() == [1, 1, 0, 3]
    assert count_carriers(stored(genotypes)).tolist() == [1, 1, 0, 3]


def test_without_few_carriers__a_family_stays_without_its_rare_alleles(caplog):
    genotypes = with_parents(family_genotypes("s", ALLELES))
    with caplog.at_level(logging.INFO, "drugresponse.progress"):
        common = without_few_carriers(genotypes, 3)
    assert common.features.index.tolist() == ["gyrA", "parC", "bla (family)"]
    assert "15 of 18 features are carried by fewer than 3 samples" in caplog.text
    assert "and 15 of them count by a parent" in caplog.text
    assert is_parent(common.features).tolist() == [False, False, True]
    assert Parents.of(common.features).names.tolist() == ["bla"]
    assert with_parents(common) is common
    assert without_few_carriers(genotypes, 1) is genotypes


def test_without_few_carriers__none_is_left():
    with pytest.raises(InputError, match="no feature that 55 or more of 60 samples carry"):
        without_few_carriers(family_genotypes("s", ALLELES), 55)


def test_fit__a_model_does_not_name_what_few_carry(trained, tmp_path):
    trained.save(tmp_path / "m.safetensors")
    content = (tmp_path / "m.safetensors").read_bytes()
    assert b"gyrA" in content and b"bla (family)" in content
    assert not any(allele.encode() in content for allele in ALLELES)
    assert trained.manifest_["parameters"]["minimum_carriers"] == 3


def test_predict__alleles_without_a_name_count_by_their_family(trained, tmp_path):
    trained.save(tmp_path / "m.safetensors")
    for alleles in (ALLELES, ["bla77", "bla78"]):  # those that were left out, and those never seen
        told = dr.load_model(tmp_path / "m.safetensors").predict(family_genotypes("n", alleles))
        bear = np.arange(N) < N // 2
        assert told["prediction"][bear].mean() - told["prediction"][~bear].mean() > 1.2
        assert (told["features_found"] == 1).all() and (told["flag"] == "").all()


def test_predict__a_family_of_which_nothing_is_called_is_not_known(trained):
    new = family_genotypes("n", ALLELES)
    told = trained.predict(new.select(np.flatnonzero(new.features.index.isin(["gyrA", "parC"]))))
    assert (told["features_found"] < 0.5).all()


def test_evaluate__takes_the_floor_too():
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=2, n_features=30, random_state=3)
    few = count_carriers(cohort.genotypes) < 20
    assert few.any()
    plain, floor = (
        dr.evaluate(genotypes, cohort.responses, learners=["ridge"], folds=3, shuffles=0, n_jobs=1, **settings)
        for genotypes, settings in (
            (cohort.genotypes.select(np.flatnonzero(~few)), {}),
            (cohort.genotypes, {"minimum_carriers": 20}),
        )
    )
    pd.testing.assert_frame_equal(plain.metrics, floor.metrics, rtol=1e-6)
