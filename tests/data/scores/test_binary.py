from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit
from sklearn import metrics

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.binary import BinaryScores
from drugresponse.data.scores.labels import metrics_of
from drugresponse.data.scores.truth import Truth
from tests.data.scores.made_truths import made_yes_no, probabilities


def _scores(truth: Truth, p: np.ndarray, **words: object) -> dict[str, float]:
    made = BinaryScores(truth, probabilities(p), **words)  # type: ignore[arg-type]
    return dict(zip(made.names, made.of(np.arange(len(truth)))[:, 0], strict=True))


def test_scores__those_of_scikit_learn() -> None:
    truth, odds = made_yes_no()
    p = expit(odds + np.random.default_rng(1).normal(0, 1, len(odds))).round(2)
    ours = _scores(truth, np.clip(p, 0.01, 0.99))
    p = np.clip(p, 0.01, 0.99)
    theirs = {
        "brier": metrics.brier_score_loss(truth.y, p),
        "log_loss": metrics.log_loss(truth.y, p),
        "auroc": metrics.roc_auc_score(truth.y, p),
        "average_precision": metrics.average_precision_score(truth.y, p),
        "sensitivity": metrics.recall_score(truth.y, p >= 0.5),
        "specificity": metrics.recall_score(1 - truth.y, p < 0.5),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth.y, p >= 0.5),
    }
    assert {name: ours[name] for name in theirs} == pytest.approx(theirs, rel=1e-9)


def test_calibration__the_true_probabilities() -> None:
    truth, odds = made_yes_no(20000)
    scores = _scores(truth, expit(odds))
    assert scores["calibration_slope"] == pytest.approx(1.0, abs=0.05)
    assert scores["calibration_intercept"] == pytest.approx(0.0, abs=0.05)
    assert scores["calibration_error"] < 0.01


def test_calibration__too_sure_and_too_high() -> None:
    truth, odds = made_yes_no(20000)
    assert _scores(truth, expit(2 * odds))["calibration_slope"] == pytest.approx(0.5, abs=0.03)
    high = _scores(truth, expit(odds + 1))
    assert high["calibration_intercept"] == pytest.approx(-1.0, abs=0.05)
    assert high["calibration_error"] > 0.05
    assert high["auroc"] == pytest.approx(_scores(truth, expit(odds))["auroc"])


def test_weights__as_if_rows_stood_there_as_often() -> None:
    truth, odds = made_yes_no(300, folds=3)
    p = expit(odds).round(1).clip(0.05, 0.95)
    counts = np.random.default_rng(2).integers(0, 4, 300)
    repeated = np.repeat(np.arange(300), counts)
    drawn = BinaryScores(truth, probabilities(p)).of(np.arange(300), counts[None].astype(float))[:, 0]
    again = BinaryScores(truth[repeated], probabilities(p[repeated])).of(np.arange(len(repeated)))[:, 0]
    names = BinaryScores(truth, probabilities(p)).names
    for name, one, other in zip(names, drawn, again, strict=True):
        # the line of a draw is one step from that of all rows
        assert one == pytest.approx(other, rel=0.1 if name.startswith("calibration_") else 1e-9), name


def test_folds__ranking_compares_rows_of_one_fold_only() -> None:
    truth, _ = made_yes_no(400, folds=4)
    held_out_share = np.array([truth.y[truth.fold != fold].mean() for fold in range(4)])[truth.fold]
    scores = _scores(truth, held_out_share)
    assert scores["auroc"] == 0.5
    assert np.isnan(scores["calibration_slope"])


def test_folds__a_slope_does_not_count_what_levels_of_folds_owe_to_what_was_held_out() -> None:
    truth, odds = made_yes_no(4000, folds=4)
    # a fold with more events has training rows with fewer
    drift = np.array([2.0, 0.7, -0.7, -2.0])[
        np.argsort(np.argsort([truth.y[truth.fold == at].mean() for at in range(4)]))
    ]
    assert _scores(truth, expit(odds + drift[truth.fold]))["calibration_slope"] == pytest.approx(1.0, abs=0.1)


def test_resistance__errors_of_the_laboratory() -> None:
    truth, _ = made_yes_no(8)
    words = Outcome("binary", ("S", "R"))
    y = np.array([0, 0, 0, 0, 1, 1, 1, 1.0])
    truth = Truth(Observed(words), y, truth.sample_ids, truth.drug_ids, truth.fold)
    scores = _scores(truth, np.array([0.1, 0.1, 0.1, 0.9, 0.1, 0.9, 0.9, 0.9]), cost_of_miss=4.0)
    assert scores["very_major_error"] == 0.25
    assert scores["major_error"] == 0.25
    assert scores["categorical_agreement"] == 0.75
    assert scores["net_benefit"] == pytest.approx((3 - 1 / 4) / 8)


def test_classes_called__those_given() -> None:
    truth, odds = made_yes_no(100)
    scores = _scores(truth, expit(odds), called=np.ones(100, dtype=np.intp))
    assert (scores["sensitivity"], scores["specificity"]) == (1.0, 0.0)


def test_one_class__what_is_not_defined_is_not_told() -> None:
    truth, odds = made_yes_no(50)
    none = Truth(truth.observed, np.zeros(50), truth.sample_ids, truth.drug_ids, truth.fold)
    scores = _scores(none, expit(odds))
    assert np.isnan([scores[name] for name in ("auroc", "average_precision", "sensitivity", "calibration_slope")]).all()
    assert np.isfinite([scores[name] for name in ("brier", "specificity", "calibration_error")]).all()


def test_separated__a_perfect_model_has_no_line() -> None:
    truth, _ = made_yes_no(200)
    scores = _scores(truth, np.where(truth.y > 0, 0.99, 0.01))
    assert scores["auroc"] == scores["average_precision"] == 1.0
    assert np.isnan(scores["calibration_slope"])


@pytest.mark.parametrize("classes", [("S", "I=R"), ("S=I", "R"), ("Susceptible", "Non-Susceptible"), ("S", "NS")])
def test_metrics_of__classes_of_a_laboratory_that_are_joined_have_its_errors(classes: tuple[str, ...]) -> None:
    assert {"very_major_error", "major_error"} <= set(metrics_of(Outcome("binary", classes)))
    assert "very_major_error" not in metrics_of(Outcome("binary", ("NR", "R")))
