from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.ordinal import OrdinalScores
from tests.data.scores.made_truths import truth_of

CLASSES = Outcome("ordinal", ("S", "I", "R"))


def test_scores__by_hand_and_by_scikit_learn() -> None:
    y = np.array([0, 0, 0, 1, 1, 2, 2, 2.0])
    called = np.array([0, 2, 1, 1, 0, 2, 0, 2])
    shares = np.full((8, 3), 0.2)
    shares[np.arange(8), called] = 0.6
    made = OrdinalScores(truth_of(Observed(CLASSES), y), Distribution(CLASSES, np.zeros(8), shares))
    scores = dict(zip(made.names, made.of(np.arange(8))[:, 0], strict=True))
    assert scores["weighted_kappa"] == pytest.approx(cohen_kappa_score(y.astype(int), called, weights="quadratic"))
    assert scores["accuracy"] == scores["categorical_agreement"] == 4 / 8
    assert scores["accuracy_within_one"] == 6 / 8
    assert (scores["very_major_error"], scores["major_error"]) == pytest.approx((1 / 3, 1 / 3))
    assert scores["minor_error"] == 2 / 8
    assert scores["log_loss"] == pytest.approx(-(4 * np.log(0.6) + 4 * np.log(0.2)) / 8)


def test_cumulative_log_loss__mean_over_cuts() -> None:
    truth = truth_of(Observed(CLASSES), np.array([1.0, 2.0]))
    shares = np.array([[0.2, 0.5, 0.3], [0.2, 0.5, 0.3]])
    made = OrdinalScores(truth, Distribution(CLASSES, np.zeros(2), shares))
    scores = dict(zip(made.names, made.of(np.arange(2))[:, 0], strict=True))
    assert scores["cumulative_log_loss"] == pytest.approx(-np.log([0.8, 0.7, 0.8, 0.3]).mean())
