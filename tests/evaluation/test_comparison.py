from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from drugresponse.errors import InputError
from drugresponse.evaluation.comparison import compare_learners, group_test, holm, rank_stability
from tests.evaluation.made_evaluations import made_evaluation


def _made(errors, naive=None, **settings):
    """Learners whose errors are given as `(n_samples, n_drugs)` grids."""
    shape = next(iter(errors.values())).shape
    return made_evaluation(
        np.zeros(shape), errors, {"drug mean": np.full(shape, 3.0) if naive is None else naive}, **settings
    )


def test_compare_learners__equals_scipys_paired_test_on_subjects():
    rng = np.random.default_rng(0)
    errors = {name: rng.normal(0, scale, (40, 6)) for name, scale in (("a", 1.0), ("b", 1.1), ("c", 1.5))}
    subjects = [f"p{i // 2}" for i in range(40)]
    table = compare_learners(_made(errors, subjects=subjects, n_repeats=2))
    assert list(table.columns) == ["learner", "other", "difference", "lower", "upper", "p", "q"]
    assert table[["learner", "other"]].to_numpy().tolist() == [
        ["a", "b"],
        ["a", "c"],
        ["a", "drug mean"],
        ["b", "c"],
        ["b", "drug mean"],
        ["c", "drug mean"],
    ]
    losses = {name: (each**2).reshape(20, 2 * 6).sum(axis=1) for name, each in errors.items()}
    for row in table[table["other"] != "drug mean"].itertuples():
        assert row.difference == pytest.approx(np.mean(errors[row.learner] ** 2) - np.mean(errors[row.other] ** 2))
        plain = stats.ttest_rel(losses[row.learner], losses[row.other])
        assert row.p == pytest.approx(2 * stats.t.sf(abs(plain.statistic) / np.sqrt(2), 19))
        assert row.lower < row.difference < row.upper
    np.testing.assert_allclose(table["q"], holm(table["p"].to_numpy()))


def test_compare_learners__finds_the_better_and_its_margin():
    rng = np.random.default_rng(1)
    errors = {"good": rng.normal(0, 1, (150, 5)), "bad": rng.normal(0, 1.5, (150, 5))}
    row = compare_learners(_made(errors)).iloc[0]
    assert row["lower"] < 1 - 1.5**2 < row["upper"] < 0
    assert row["q"] < 1e-6


def test_compare_learners__predictions_equal_up_to_rounding_do_not_differ():
    error = np.random.default_rng(2).normal(size=(30, 4))
    row = compare_learners(_made({"a": error, "b": error * (1 + 1e-12)})).iloc[0]
    assert row["p"] == 1
    assert row["q"] == 1


def test_compare_learners__few_groups_give_no_p():
    error = np.random.default_rng(3).normal(size=(30, 4))
    made = _made({"a": error}, scheme="new-drugs", n_folds=2)
    assert compare_learners(made)[["lower", "upper", "p", "q"]].isna().all(axis=None)


def test_compare_learners__missing_prediction_is_an_error():
    made = _made({"a": np.ones((20, 2))})
    predicted = made.predicted.copy()
    predicted[1, 0, 3] = np.inf
    with pytest.raises(InputError, match="evaluate, drug mean: found 1 missing"):
        compare_learners(replace(made, predicted=predicted))


def test_group_test__holds_its_rate_where_a_test_on_rows_does_not():
    """Two learners alike, whose errors are shared by the rows of a subject."""
    rng = np.random.default_rng(4)
    n_cohorts, n_subjects, n_rows = 2000, 30, 8
    a, b = (
        rng.normal(size=(n_cohorts, n_subjects, 1)) + 0.5 * rng.normal(size=(n_cohorts, n_subjects, n_rows))
        for _ in "ab"
    )
    difference = a**2 - b**2
    sums, scale = difference.sum(axis=2).T, (a**2).sum(axis=2).T
    t, df = group_test(sums, np.ones(sums.shape, dtype=bool), scale)
    assert 0.03 <= np.mean(2 * stats.t.sf(np.abs(t), df) <= 0.05) <= 0.06
    rows = stats.ttest_1samp(difference.reshape(n_cohorts, -1), 0, axis=1).pvalue
    assert np.mean(rows <= 0.05) > 0.2


def test_group_test__groups_that_are_absent_do_not_count():
    values = np.random.default_rng(5).normal(0.3, 1, (12, 2))
    present = np.ones((12, 2), dtype=bool)
    present[7:, 0], present[4:, 1] = False, False
    t, df = group_test(np.where(present, values, 0.0), present, np.ones((12, 2)))
    assert t[0] == pytest.approx(stats.ttest_1samp(values[:7, 0], 0).statistic)
    assert df[0] == 6
    assert np.isnan(t[1])


def test_holm__rejects_what_the_step_down_rule_rejects():
    rng = np.random.default_rng(6)
    for _ in range(50):
        p = rng.uniform(size=6) ** 3
        ordered = np.sort(p)
        passed = [ordered[i] <= 0.05 / (6 - i) for i in range(6)]
        n_rejected = passed.index(False) if False in passed else 6
        assert (holm(p) <= 0.05).sum() == n_rejected


def test_rank_stability__equals_scipys_friedman_test():
    rng = np.random.default_rng(7)
    errors = {name: rng.normal(0, scale, (60, 5)) for name, scale in (("a", 1.0), ("b", 1.02), ("c", 1.05))}
    made = _made(errors, n_folds=6)
    found = rank_stability(made)
    scores = [[np.mean(made.of(name)[0, made.fold[0] == i] ** 2) for i in range(6)] for name in errors]
    expected = stats.friedmanchisquare(*scores)
    assert found.p == pytest.approx(expected.pvalue)
    assert found.kendall_w == pytest.approx(expected.statistic / (6 * 2))
    assert found.best == min(errors, key=lambda name: float(np.mean(errors[name] ** 2)))


def test_rank_stability__clear_order_is_stable_and_noise_is_not():
    rng = np.random.default_rng(12)
    scales = {"a": 1.4, "b": 1.0, "c": 1.9}
    clear = rank_stability(_made({name: rng.normal(0, scale, (100, 8)) for name, scale in scales.items()}))
    assert (clear.best, clear.kendall_w, clear.share_best) == ("b", 1, 1)
    assert clear.p < 0.01
    noise = rank_stability(_made({name: rng.normal(size=(100, 8)) for name in scales}))
    assert noise.share_best < 0.95
    assert noise.p > 0.05


def test_rank_stability__repeats_of_the_same_rows_are_no_new_evidence():
    rng = np.random.default_rng(9)
    p = []
    for _ in range(40):
        errors = {name: rng.normal(size=(30, 2)) for name in "abcd"}
        p.append(rank_stability(_made(errors, n_repeats=5), n_draws=2).p)
    assert np.mean(np.array(p) <= 0.05) <= 0.1


def test_rank_stability__learners_that_tie_share_the_draws():
    error = np.random.default_rng(10).normal(size=(40, 4))
    found = rank_stability(_made({"a": error, "b": error * (1 + 1e-13)}))
    assert (found.kendall_w, found.p, found.share_best) == (0, 1, 0.5)


def test_rank_stability__one_learner_has_no_order():
    found = rank_stability(_made({"a": np.ones((20, 2))}))
    assert (found.best, found.share_best) == ("a", 1)
    assert np.isnan([found.kendall_w, found.p]).all()


def test_compare_learners__same_seed_same_table():
    rng = np.random.default_rng(11)
    made = _made({"a": rng.normal(size=(30, 3)), "b": rng.normal(size=(30, 3))})
    pd.testing.assert_frame_equal(compare_learners(made), compare_learners(made), check_exact=True)
    assert compare_learners(made, random_state=1)["lower"].iloc[0] != compare_learners(made)["lower"].iloc[0]


def test_compare_learners__intervals_are_wider_where_tested_rows_also_train():
    rng = np.random.default_rng(13)
    made = _made({"a": rng.normal(size=(30, 3)), "b": rng.normal(size=(30, 3))})
    several, one = compare_learners(made), compare_learners(replace(made, fold=0 * made.fold))
    np.testing.assert_allclose(several["upper"] - several["lower"], np.sqrt(2) * (one["upper"] - one["lower"]))
    assert (several["p"] > one["p"]).all()
