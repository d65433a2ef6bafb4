"""Products of tokens and coefficients in blocks, and coefficients of tokens by duals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.features.samples import SampleEncoder, feature_rows
from drugresponse.features.token_products import dual_effects, token_products
from tests.stored_genotypes import CodedColumns, CountedColumns, passes, stored


@pytest.fixture
def cohort(monkeypatch) -> tuple[Genotypes, pd.DataFrame]:
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 40 * 3)
    rng = np.random.default_rng(0)
    copies = rng.binomial(2, 0.3, (40, 20)).astype(np.float64)
    copies[rng.random(copies.shape) < 0.1] = np.nan
    genotypes = Genotypes.from_dense(copies, [f"s{i}" for i in range(40)], [f"rs{j:02d}" for j in range(20)])
    blocks = np.where(np.arange(20) < 8, "gain", "dosage")
    genotypes = Genotypes.build(genotypes.values, genotypes.sample_ids, genotypes.features.assign(block=blocks))
    arms = pd.DataFrame({"arm": ["A", "B"] * 20, "age": rng.normal(size=40)}, index=genotypes.sample_ids)
    return genotypes, arms.astype({"arm": object})


@pytest.mark.parametrize("kind", [CountedColumns, CodedColumns])
@pytest.mark.parametrize("arm", [None, "arm", "age"])
def test_token_products__are_those_of_all_tokens_at_once(cohort, arm, kind):
    genotypes, covariates = cohort
    encoder = SampleEncoder(arm).fit(genotypes, covariates)
    coefficients = np.random.default_rng(1).normal(size=(len(encoder.tokens_), 2))
    expected = encoder.transform(genotypes, covariates) @ coefficients
    blocks = stored(genotypes, kind)
    assert np.allclose(token_products(encoder, blocks, covariates, coefficients), expected, atol=1e-5)
    assert passes(blocks) == 1


@pytest.mark.parametrize("arm", [None, "arm"])
def test_dual_effects__are_products_of_tokens_and_duals(cohort, arm):
    genotypes, covariates = cohort
    encoder = SampleEncoder(arm).fit(genotypes, covariates)
    blocks = encoder.block_columns()
    rng, tokens = np.random.default_rng(1), encoder.transform(genotypes, covariates)
    duals = {name: rng.normal(size=(40, 2)) for name in blocks if name != "covariates"}
    side = rng.normal(size=(len(blocks["covariates"]), 2))
    effects = dual_effects(encoder, stored(genotypes), covariates, side, duals)
    assert np.allclose(effects.coefficients[blocks["covariates"]], side)
    for name, dual in duals.items():
        assert np.allclose(effects.coefficients[blocks[name]], tokens[:, blocks[name]].T @ dual, atol=1e-5)
    assert np.allclose(effects.spread, tokens.std(axis=0), atol=1e-6)


@pytest.mark.parametrize("arm", [None, "arm"])
def test_fit__of_stored_genotypes_learns_the_same_in_one_pass(cohort, arm):
    genotypes, covariates = cohort
    expected, blocks = SampleEncoder(arm).fit(genotypes, covariates), stored(genotypes)
    encoder = SampleEncoder(arm).fit(blocks, covariates)
    assert passes(blocks) == 1
    assert encoder.tokens_.equals(expected.tokens_)
    assert np.allclose(encoder.center_, expected.center_, atol=1e-7)
    assert np.allclose(encoder.scale_, expected.scale_, rtol=1e-6)


def test_feature_rows__tells_blocks_apart_also_where_ids_repeat():
    tokens = pd.DataFrame({"block": ["b", "a", "b"], "token": ["x", "x", "y"]}, dtype=object)
    features = pd.DataFrame({"block": ["a", "b"]}, index=["x", "x"])
    assert feature_rows(tokens, features).tolist() == [1, 0, -1]
    assert feature_rows(tokens, features.iloc[1:]).tolist() == [0, -1, -1]
    assert feature_rows(tokens, features.iloc[:0]).tolist() == [-1, -1, -1]
