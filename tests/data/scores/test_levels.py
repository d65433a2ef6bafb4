from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.labels import LOSS_METRICS, OUTCOME_METRIC_LABELS, metric_limits, metrics_of, skill
from drugresponse.data.scores.levels import drugs_scored, score_outcome
from drugresponse.data.scores.truth import count_events
from tests.data.scores.made_truths import YES, made_yes_no, probabilities, truth_of


def test_levels__pooled_drugs_and_samples() -> None:
    truth, odds = made_yes_no(600, drugs=12, folds=2)
    mean = probabilities(np.full(600, truth.y.mean()))
    table = score_outcome(truth, probabilities(expit(odds)), {"drug mean": mean})
    assert set(table["level"]) == {"global", "drug", "sample"}
    value = table.set_index(["level", "id", "metric"])["value"]
    drugs = [value["drug", f"d{i}", "auroc"] for i in range(12)]
    assert value["drug", "mean", "auroc"] == pytest.approx(np.mean(drugs))
    assert value["global", "all", "skill"] == pytest.approx(
        1 - value["global", "all", "brier"] / np.mean((truth.y - truth.y.mean()) ** 2)
    )
    assert set(table.loc[table["level"] == "sample", "metric"]) == {"brier", "skill"}


def test_few_events__a_drug_is_not_scored() -> None:
    y = np.zeros(60)
    y[[0, 2, 4, 6, 8, 10, 12, 14, 16, 18]] = 1
    y[[1, 3, 5, 7, 9, 11, 13, 15, 17]] = 1
    truth = truth_of(Observed(YES), y, drugs=2)
    assert list(drugs_scored(truth)) == ["d0"]


def test_count_events__of_every_kind() -> None:
    classes = Observed(Outcome("ordinal", ("a", "b", "c")))
    assert count_events(classes, np.array([0, 0, 0, 1, 2.0])) == 2
    times = Observed(Outcome("time-to-event"), happened=np.array([True, False]), entry=np.zeros(2))
    assert count_events(times, np.ones(2)) == 1
    limits = Observed(
        Outcome("interval"), lower=np.array([-np.inf, -np.inf, -np.inf, 1.0]), upper=np.array([0.0, 0.0, 1.0, 1.0])
    )
    assert count_events(limits, np.zeros(4)) == 2


def test_skill__of_log_losses_as_of_squared_errors() -> None:
    rng = np.random.default_rng(0)
    y, spread, naive = rng.normal(0, 1, 5000), 0.5, 1.0
    # normal distributions of the right spread around predictions that are off by it
    loss = 0.5 * np.log(2 * np.pi * spread**2) + 0.5
    of_naive = np.mean(0.5 * np.log(2 * np.pi * naive**2) + y**2 / (2 * naive**2))
    assert float(skill("interval", loss, of_naive)) == pytest.approx(1 - 0.25, abs=0.02)
    assert np.isnan(skill("binary", 0.0, 0.0))


def test_labels__every_metric_has_one_and_limits() -> None:
    outcomes = [
        Outcome("binary", ("S", "R")),
        Outcome("ordinal", ("S", "I", "R")),
        Outcome("interval", logarithm=2),
        Outcome("time-to-event"),
    ]
    for outcome in outcomes:
        names = metrics_of(outcome, cost_of_miss=2.0)
        assert names[0] == LOSS_METRICS[outcome.kind]
        assert set(names) <= set(OUTCOME_METRIC_LABELS)
        assert all(metric_limits(name)[0] < metric_limits(name)[1] for name in names)
