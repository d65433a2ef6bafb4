from __future__ import annotations

import numpy as np

from drugresponse.learners.factors import token_columns
from drugresponse.learners.factors.screening import ColumnLooks, leading_columns
from drugresponse.learners.factors.token_columns import DenseColumns


def test_scores__are_those_of_each_set_of_rows_and_of_any_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    tokens, targets = rng.normal(size=(60, 17)) + 3, rng.normal(size=(60, 2))
    weights = np.ones((2, 60))
    weights[1, :20] = 0
    weights[1, 20:] = rng.random(40)
    centred = np.stack([targets - np.average(targets, axis=0, weights=row) for row in weights])
    monkeypatch.setattr(token_columns, "_BLOCK", 5)
    looks = ColumnLooks(DenseColumns(tokens, {}), weights)
    scores = looks.scores(centred)
    np.testing.assert_array_equal(looks.scores(centred), scores)
    whole = np.abs([[np.corrcoef(column, target)[0, 1] for column in tokens.T] for target in targets.T])
    np.testing.assert_allclose(scores[0], whole * np.sqrt(60), rtol=1e-5)
    covariance = np.cov(tokens[20:, 4], targets[20:, 1], aweights=weights[1, 20:])
    part = abs(covariance[0, 1]) / np.sqrt(covariance[0, 0] * covariance[1, 1]) * np.sqrt(weights[1].sum())
    np.testing.assert_allclose(scores[1, 1, 4], part, rtol=1e-5)


def test_scores__of_a_constant_column_are_0():
    tokens, targets = np.ones((10, 1)), np.arange(10.0)[None, :, None] - 4.5
    weights = np.ones((1, 10))
    assert ColumnLooks(DenseColumns(tokens, {}), weights).scores(targets).tolist() == [[[0.0]]]


def test_leading_columns__every_target_has_its_best():
    scores = np.random.default_rng(0).random((4, 100)) * np.array([[1.0], [1.0], [1.0], [9.0]])
    taken = leading_columns(scores, 8)
    assert len(taken) == 8
    assert set(scores.argmax(axis=1)) <= set(taken)
    assert len(leading_columns(np.array([[0.0, 1.0]]), 5)) == 1
