from __future__ import annotations

import numpy as np
import pytest
from sklearn import metrics

from drugresponse.data.scores.ranking import area_under_curve, average_precision, concordance


def test_area_under_curve__weighted_rows_and_ties() -> None:
    rng = np.random.default_rng(0)
    positive, scores = rng.random(200) < 0.3, rng.normal(size=200).round(1)
    weights = rng.integers(0, 4, (3, 200)).astype(float)
    theirs = [metrics.roc_auc_score(positive, scores, sample_weight=w) for w in weights]
    assert area_under_curve(positive, scores, weights).tolist() == pytest.approx(theirs)
    theirs = [metrics.average_precision_score(positive, scores, sample_weight=w) for w in weights]
    assert average_precision(positive, scores, weights).tolist() == pytest.approx(theirs)


def test_area_under_curve__strata() -> None:
    positive = np.array([True, False, True, False])
    scores = np.array([2.0, 1.0, 0.0, 5.0])
    stratum = np.array([0, 0, 1, 1])
    assert area_under_curve(positive, scores, np.ones((1, 4)), stratum).tolist() == [0.5]
    assert area_under_curve(positive, scores, np.ones((1, 4))).tolist() == [0.25]


def test_concordance__more_rows_than_are_compared_at_once() -> None:
    rng = np.random.default_rng(1)
    time, scores = rng.random(1100), rng.normal(size=1100).round(2)
    totals = concordance(np.ones(1100), time[:, None] < time, scores, np.ones((1, 1100)))
    i, j = np.nonzero(time[:, None] < time)
    assert totals[1] == len(i)
    assert totals[0] == np.sum(scores[i] > scores[j]) + 0.5 * np.sum(scores[i] == scores[j])
