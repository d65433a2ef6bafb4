"""Kernels and moments of stored genotypes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues
from drugresponse.features import genotype_kernels
from drugresponse.features.genotype_kernels import feature_moments, known_of_variance, sample_kernels
from tests.stored_genotypes import CodedColumns, CountedColumns, passes, stored


@pytest.fixture(params=[CountedColumns, CodedColumns])
def genotypes(monkeypatch, request) -> Genotypes:
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 30 * 4)
    monkeypatch.setattr(genotype_kernels, "_TILE", 7)
    rng = np.random.default_rng(0)
    copies = rng.binomial(2, 0.3, (30, 17)).astype(np.float64)
    copies[rng.random(copies.shape) < 0.1] = np.nan
    copies[:, 2], copies[:, 5] = 1 / 3 if request.param is CountedColumns else 1, np.nan
    made = Genotypes.from_dense(copies, [f"s{i}" for i in range(30)], [f"rs{j:02d}" for j in range(17)], kind="score")
    return stored(made, request.param)


def test_sample_kernels__are_products_of_centred_genotypes_learned_once(genotypes):
    numbers = genotypes.values.toarray().astype(np.float64)
    with np.errstate(all="ignore"):
        means = np.where(
            np.isnan(numbers).all(axis=0), 0.0, np.nansum(numbers, axis=0) / (~np.isnan(numbers)).sum(axis=0)
        )
    centred = np.where(np.isnan(numbers), 0.0, numbers - means)
    expected = centred @ centred.T
    genotypes.values.source.n_read[:] = 0
    kernel = sample_kernels(genotypes.values, genotypes.features).by_block["score"]
    assert np.allclose(kernel * np.diag(expected).mean(), expected, atol=1e-5)
    part = genotypes.take(np.array([3, 1, 8]))
    assert sample_kernels(part.values, part.features).by_block["score"] is kernel
    moments = feature_moments(genotypes)
    assert passes(genotypes) == 1
    assert np.allclose(moments.means, means, atol=1e-7)
    assert np.allclose(moments.squares, (centred**2).sum(axis=0), atol=1e-5)
    assert np.allclose(moments.row_squares["score"], (centred**2).sum(axis=1), atol=1e-5)
    lost = np.where(np.isnan(numbers), (centred**2).sum(axis=0), 0.0).sum(axis=1) / (centred**2).sum()
    assert np.allclose(moments.lost, lost, atol=1e-6)
    assert np.allclose(known_of_variance(part), 1 - lost[[3, 1, 8]], atol=1e-6)
    assert not moments.varies[[2, 5]].any() and moments.varies.sum() == 15


def test_feature_moments__of_some_samples_are_theirs(genotypes):
    some = genotypes.take(np.arange(3, 20))
    sample_kernels(genotypes.values, genotypes.features)
    alone = replace(some, values=some.values.as_root())
    for name in ("means", "squares"):
        assert np.allclose(getattr(feature_moments(some), name), getattr(feature_moments(alone), name))
    assert not np.allclose(feature_moments(some).means, feature_moments(genotypes).means)


def test_sample_kernels__blocks_without_a_feature_that_varies_have_none(genotypes):
    same = stored(Genotypes.from_dense(np.ones((30, 2)), genotypes.sample_ids, ["a", "b"]))
    assert not sample_kernels(same.values, same.features).by_block


def test_sample_kernels__have_the_same_bytes_for_any_number_of_jobs(genotypes):
    alone, together = (
        sample_kernels(StoredValues.of(genotypes.values.source), genotypes.features, n_jobs) for n_jobs in (1, 3)
    )
    assert np.array_equal(alone.by_block["score"], together.by_block["score"])
