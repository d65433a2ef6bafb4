from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit

from drugresponse.data.splits import make_folds
from drugresponse.errors import InputError
from drugresponse.evaluation.held_out.outcome_layer import called_classes, naive_layers, outcome_layer
from tests.evaluation.made_outcomes import binary_rows, outcome_evaluation


def test_scores_of_any_scale__become_probabilities() -> None:
    rows, odds = binary_rows(1500)
    # far too sure, and shifted: a head need not believe the scores
    evaluation = outcome_evaluation(rows, {"ridge": 3 * odds + 2})
    layer = evaluation.layers[0]
    shares = layer.said["ridge"].shares
    assert shares is not None
    assert np.abs(shares[:, 1] - expit(odds)[layer.rows]).mean() < 0.03


def test_test_rows__have_no_part_in_what_is_said_of_them() -> None:
    rows, odds = binary_rows(200)
    folds = make_folds(rows.pairs, "new-samples", 4, 0)
    test = folds[2][1]
    # a planted leak: were the rows of the fold seen, exchanging their outcomes would show
    flipped = rows.y.copy()
    flipped[test] = 1 - flipped[test]
    said = []
    for y in (rows.y, flipped):
        made = replace(rows, y=y)
        naive = naive_layers(made, folds, "new-samples")
        layer = outcome_layer(made, folds, {"ridge": odds}, scheme="new-samples", reference="drug mean", naive=naive)
        at = np.searchsorted(layer.rows, test)
        called = called_classes(layer.told["ridge"], layer.rows)
        assert called is not None
        said.append(
            (called[at], *(layer.said[name].shares[at] for name in ("ridge", "drug mean")))  # type: ignore[index]
        )
        others = np.setdiff1d(np.arange(len(layer.rows)), at)
        said[-1] += (layer.said["ridge"].shares[others],)  # type: ignore[index]
    for one, other in zip(said[0][:3], said[1][:3], strict=True):
        assert one.tolist() == other.tolist()
    # and it does show in the other folds, which train on these rows
    assert (said[0][3] != said[1][3]).any()


def test_cost_of_miss__calls_more_events() -> None:
    rows, odds = binary_rows(300)
    called = []
    for cost in (0.2, 5.0):
        layer = outcome_evaluation(rows, {"ridge": odds}, cost_of_miss=cost).layers[0]
        shares, calls = layer.said["ridge"].shares, called_classes(layer.told["ridge"], layer.rows)
        assert shares is not None
        assert calls is not None
        assert calls.tolist() == (shares[:, 1] >= 1 / (1 + cost)).astype(int).tolist()
        assert "net_benefit" in layer.scores["ridge"].names
        called.append(int(calls.sum()))
    assert called[0] < called[1]


def test_missing_scores__a_learner_may_not_decline() -> None:
    rows, odds = binary_rows(50)
    odds[7] = np.nan
    with pytest.raises(InputError, match="ridge: found 1 missing"):
        outcome_evaluation(rows, {"ridge": odds})
