from __future__ import annotations

import numpy as np

from drugresponse.learners.factors.token_columns import DenseColumns
from drugresponse.learners.sparse import _effects
from drugresponse.learners.sparse._effects import fit_sparse


def tokens_in_memory(tokens: np.ndarray) -> DenseColumns:
    return DenseColumns(tokens, {})


def test_fit_sparse__finds_the_columns_and_each_set_of_rows_has_its_own():
    rng = np.random.default_rng(0)
    tokens = rng.normal(size=(300, 2000))
    targets = np.column_stack([tokens[:, 7] * 2, tokens[:, 1000] - tokens[:, 7]]) + rng.normal(size=(300, 2)) + 5
    weights = np.ones((2, 300))
    weights[1, :100] = 0
    (whole, part), table = fit_sparse(tokens_in_memory(tokens), targets, weights)
    effects = np.zeros((2000, 2))
    effects[whole.columns] = whole.effects.T
    np.testing.assert_allclose(effects[[7, 1000]], [[2, -1], [0, 1]], atol=0.2)
    np.testing.assert_allclose(whole.predict(table), tokens @ effects + whole.at_zero(), atol=1e-9)
    changed = targets.copy()
    changed[:100] += 100
    (again,), of_part = fit_sparse(tokens_in_memory(tokens), changed, weights[1:])
    np.testing.assert_allclose(again.predict(of_part), part.predict(table), rtol=1e-9)
    assert len(whole.loudness(table)[0]) < 20


def test_fit_sparse__a_second_look_finds_what_a_crowd_hid(monkeypatch):
    rng = np.random.default_rng(1)
    crowd = rng.normal(size=(400, 1)) + 0.05 * rng.normal(size=(400, 30))
    tokens = np.hstack([crowd, rng.normal(size=(400, 30))])
    targets = (3 * tokens[:, 0] + 0.8 * tokens[:, 40])[:, None] + rng.normal(size=(400, 1))
    monkeypatch.setattr(_effects, "_MOST_COLUMNS", 20)
    fit = fit_sparse(tokens_in_memory(tokens), targets, np.ones((1, 400)))[0][0]
    assert 40 in fit.columns
    assert abs(fit.effects[0, list(fit.columns).index(40)] - 0.8) < 0.15


def test_fit_sparse__is_the_same_in_a_few_rows_at_a_time(monkeypatch):
    rng = np.random.default_rng(2)
    tokens = rng.normal(size=(103, 60))
    targets, weights = tokens[:, :2] + rng.normal(size=(103, 2)), rng.random((2, 103)) * (rng.random((2, 103)) < 0.8)
    expected, whole = fit_sparse(tokens_in_memory(tokens), targets, weights)
    monkeypatch.setattr(_effects, "_CELLS_AT_ONCE", 10 * 60)
    fits, table = fit_sparse(tokens_in_memory(tokens), targets, weights)
    for fit, one in zip(fits, expected, strict=True):
        np.testing.assert_allclose(fit.effects, one.effects, rtol=1e-7, atol=1e-9)
        np.testing.assert_allclose(fit.predict(table, np.arange(5, 90)), one.predict(whole)[5:90], rtol=1e-7, atol=1e-9)
