from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from drugresponse.data.scores.binary import BinaryScores
from drugresponse.data.scores.decision_curve import decision_curve
from tests.data.scores.made_truths import made_yes_no, probabilities


def test_net_benefit__at_the_threshold_of_the_cost_is_that_of_the_metrics() -> None:
    truth, odds = made_yes_no(2000)
    p, cost = expit(odds), 3.0
    table = decision_curve(truth.y > 0, {"mine": p}, cost).set_index("threshold")
    called = (p >= 1 / (1 + cost)).astype(np.intp)
    scores = BinaryScores(truth, probabilities(p), called, cost)
    value = dict(zip(scores.names, scores.of(np.arange(2000))[:, 0], strict=True))["net_benefit"]
    assert table.loc[0.25, "net_benefit"] == pytest.approx(value)


def test_true_probabilities__are_of_use_at_every_threshold() -> None:
    truth, odds = made_yes_no(20000)
    prevalence = np.full(20000, truth.y.mean())
    table = decision_curve(truth.y > 0, {"true": expit(odds), "prevalence": prevalence}, 1.0)
    true = table[table["learner"] == "true"]
    assert (true["net_benefit"] >= np.maximum(true["call_all"], 0) - 1e-3).all()
    naive = table[table["learner"] == "prevalence"]
    best = np.maximum(naive["call_all"], 0)
    assert naive["net_benefit"].to_numpy() == pytest.approx(best.to_numpy())
