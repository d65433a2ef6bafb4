"""The references do what their names say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.columns import SampleColumns
from benchmarks.references import REFERENCES, FactorKernelRidge, GaussianKernelRidge
from tests.learners.cohorts import draw_calls, made_pairs

NAMES = [name for name in REFERENCES if "forest" not in name]


def planted(n_samples: int = 120, n_drugs: int = 6):
    rng = np.random.default_rng(0)
    calls = draw_calls(n_samples, 10, rng)
    pairs = made_pairs(calls, n_drugs, tissues=[f"t{i % 3}" for i in range(n_samples)])
    effects = rng.normal(size=(10, 1)) * rng.normal(size=(1, n_drugs))
    grid = np.arange(n_drugs) + calls @ effects
    return pairs, grid[pairs.sample_index, pairs.drug_index] + 0.2 * rng.normal(size=len(pairs))


@pytest.mark.parametrize("name", NAMES)
def test_reference__predicts_new_samples_better_than_the_drug_mean(name):
    pairs, y = planted()
    test = pairs.sample_index >= 90
    train = np.flatnonzero(~test)
    predicted = REFERENCES[name].make().fit(pairs[train], y[train]).predict(pairs[np.flatnonzero(test)])
    means = np.bincount(pairs.drug_index[train], y[train]) / np.bincount(pairs.drug_index[train])
    naive = np.mean((y[test] - means[pairs.drug_index[test]]) ** 2)
    assert np.mean((y[test] - predicted) ** 2) < 0.6 * naive


@pytest.mark.parametrize("name", NAMES)
def test_reference__finite_where_drugs_and_calls_are_missing(name):
    pairs, y = planted(60, 4)
    missing = pairs.genotypes.dense()
    missing[::5, 0] = np.nan
    again = made_pairs(missing, 4, tissues=["", *(["t0", "t1"] * 30)][:60])
    train = np.flatnonzero((again.drug_index < 3) & (again.sample_index < 40))
    assert np.isfinite(REFERENCES[name].make().fit(again[train], y[train]).predict(again)).all()


def test_factor_kernel_ridge__penalty_leaves_least_error_when_a_sample_is_left_out():
    rng = np.random.default_rng(1)
    tokens, target = rng.normal(size=(25, 4)), rng.normal(size=(25, 1))
    target += tokens[:, :1]
    kernel = tokens @ tokens.T
    dual = FactorKernelRidge()._ridge(kernel, target)

    def left_out(penalty: float) -> float:
        errors = []
        for i in range(25):
            rest = np.arange(25) != i
            fitted = np.linalg.solve(kernel[np.ix_(rest, rest)] + penalty * np.eye(24), target[rest])
            errors.append(float((target[i] - kernel[i, rest] @ fitted)[0] ** 2))
        return float(np.mean(errors))

    best = min(FactorKernelRidge.penalties, key=left_out)
    np.testing.assert_allclose(dual, np.linalg.solve(kernel + best * np.eye(25), target), rtol=1e-6)


def test_factor_kernel_ridge__drug_without_training_rows_gets_the_overall_mean():
    pairs, y = planted(60, 4)
    train = np.flatnonzero(pairs.drug_index < 3)
    predicted = FactorKernelRidge().fit(pairs[train], y[train]).predict(pairs)
    np.testing.assert_allclose(predicted[pairs.drug_index == 3], y[train].mean())


def test_gaussian_kernel_ridge__learns_what_no_line_can():
    X = np.linspace(-3, 3, 80)[:, None]
    fitted = GaussianKernelRidge().fit(X, X[:, 0] ** 2)
    assert np.abs(fitted.predict(X[5:-5]) - X[5:-5, 0] ** 2).max() < 0.3


def test_sample_columns__levels_and_means_come_from_training_samples():
    calls = np.array([[0.0, 1], [1, 1], [np.nan, 1], [1, 0]])
    pairs = made_pairs(calls, 1, tissues=["a", "b", "", "c"])
    blocks = SampleColumns().fit(pairs[np.array([0, 1])]).blocks(pairs)
    assert blocks["tissue"].tolist() == [[1, 0], [0, 1], [0, 0], [0, 0]]
    assert blocks["genotype mutation"].tolist() == [[0], [1], [0.5], [1]]


def test_sample_columns__numeric_covariates_are_standardised():
    pairs = made_pairs(np.eye(3), 1)
    table = pd.DataFrame({"age": [1.0, 3.0, np.nan], "site": [2.0, 2.0, 2.0]}, index=pairs.genotypes.sample_ids)
    blocks = SampleColumns().fit(with_covariates(pairs, table)).blocks(with_covariates(pairs, table))
    np.testing.assert_allclose(blocks["age"][:, 0], [-(0.5**0.5), 0.5**0.5, 0])
    assert "site" not in blocks


def with_covariates(pairs, table):
    from dataclasses import replace

    return replace(pairs, covariates=table)
