"""The figures are those of scikit-learn where it has them, and of hand-made rows."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import average_precision_score, brier_score_loss, cohen_kappa_score, roc_auc_score

from benchmarks.outcomes.measures import FIGURES, Held, auroc_of_drugs
from benchmarks.outcomes.running import called_by_others
from benchmarks.outcomes.said import Said
from drugresponse.evaluation.bootstrap import draw_counts
from drugresponse.model.training import join_tables
from drugresponse.simulation.cohort import simulate_cohort


def held_of(outcome: str, n_samples: int = 120, n_drugs: int = 3) -> Held:
    cohort = simulate_cohort(n_samples=n_samples, n_drugs=n_drugs, n_features=20, outcome=outcome)
    rows = join_tables(cohort.genotypes, cohort.responses, None, cohort.samples, [], None, None, "new-samples")[1]
    sample = rows.pairs.sample_index
    times = np.quantile(rows.y, [0.25, 0.5, 0.75]) if outcome == "time-to-event" else np.zeros(0)
    return Held(rows, sample % 5, sample, times)


def once(held: Held):
    return np.ones((1, int(held.groups.max()) + 1), dtype=np.int16)


def test_binary__means_over_drugs_are_those_of_scikit_learn():
    held = held_of("binary")
    probability = np.random.default_rng(0).uniform(size=len(held.rows.y))
    figures = FIGURES["binary"](held, Said(shares=np.column_stack([1 - probability, probability])), once(held))
    for name, score in (("AUROC", roc_auc_score), ("average precision", average_precision_score)):
        by_drug = [score(held.rows.y[at], probability[at]) for at in held.drugs.values()]
        assert figures[name][0] == pytest.approx(np.mean(by_drug))
    brier = [brier_score_loss(held.rows.y[at], probability[at]) for at in held.drugs.values()]
    assert figures["Brier"][0] == pytest.approx(np.mean(brier))
    resistant = held.judged & (held.rows.y == 1)
    assert figures["very major error at 0.5"][0] == pytest.approx(np.mean(probability[resistant] < 0.5))
    assert 0 < figures["major error at 0.5"][0] < 1


def test_binary__calibration_error_is_pooled_over_drugs():
    held = held_of("binary")
    share = float(held.rows.y.mean())
    shares = np.tile([1 - share, share], (len(held.rows.y), 1))
    assert FIGURES["binary"](held, Said(shares=shares), once(held))["calibration error"][0] == pytest.approx(0)
    off = np.tile([0.9 - share, 0.1 + share], (len(held.rows.y), 1))
    assert FIGURES["binary"](held, Said(shares=off), once(held))["calibration error"][0] == pytest.approx(0.1)


def test_binary__drugs_with_few_rows_of_a_class_are_not_judged():
    held = held_of("binary")
    drug = held.rows.pairs.drug_index == 0
    held.rows.y[drug] = 0
    held.rows.y[np.flatnonzero(drug)[:9]] = 1
    assert len(held.drugs) == 2
    assert not held.judged[drug].any()


def test_binary__draws_of_equal_models_never_differ_and_of_a_better_one_do():
    held = held_of("binary", 200)
    noise = np.random.default_rng(1).normal(size=len(held.rows.y))
    counts = draw_counts(int(held.groups.max()) + 1, 50, 0)

    def auroc(scores):
        share = 1 / (1 + np.exp(-scores))
        return auroc_of_drugs(held, Said(shares=np.column_stack([1 - share, share])), counts)

    better, worse = auroc(held.rows.y + 0.1 * noise), auroc(held.rows.y + 5 * noise)
    assert better
    assert all((better[drug] > worse[drug]).all() for drug in better)


def test_called_by_others__major_errors_are_those_that_other_folds_allow():
    held = held_of("binary", 400)
    probability = np.random.default_rng(2).uniform(size=len(held.rows.y))
    called = called_by_others(held, probability)
    assert called[held.judged & (held.rows.y == 0)].mean() == pytest.approx(0.03, abs=0.015)


def test_ordinal__kappa_is_that_of_scikit_learn():
    held = held_of("ordinal")
    shares = np.random.default_rng(3).dirichlet(np.ones(3), size=len(held.rows.y))
    figures = FIGURES["ordinal"](held, Said(shares=shares), once(held))
    y, call = held.rows.y, shares.argmax(axis=1)
    by_drug = [cohen_kappa_score(y[at], call[at], weights="quadratic") for at in held.drugs.values()]
    assert figures["weighted kappa"][0] == pytest.approx(np.mean(by_drug))


def test_interval__a_prediction_of_what_was_written_is_right_and_two_dilutions_off_is_not():
    held = held_of("interval")
    upper = held.observed.upper
    written = np.where(np.isfinite(upper), upper, 0.0)
    assert FIGURES["interval"](held, Said(values=written), once(held))["RMSE"][0] == pytest.approx(0, abs=1e-12)
    off = FIGURES["interval"](held, Said(values=written + 2), once(held))
    assert (off["RMSE"][0], off["agreement"][0], off["bias"][0]) == pytest.approx((2, 0, 2))


def test_times__without_censoring_brier_is_the_plain_one_and_true_order_has_c_1():
    held = held_of("time-to-event", n_drugs=1)
    held.observed.happened[:] = True
    survival = np.random.default_rng(4).uniform(size=(len(held.rows.y), 3))
    figures = FIGURES["time-to-event"](held, Said(ranks=-held.rows.y, survival=survival), once(held))
    assert figures["Harrell's C"][0] == pytest.approx(1)
    plain = ((held.rows.y > held.times[1]) - survival[:, 1]) ** 2
    assert figures["Brier at half"][0] == pytest.approx(plain.mean())
