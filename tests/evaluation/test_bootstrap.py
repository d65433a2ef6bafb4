from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from drugresponse.data.metrics import METRICS, score
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.evaluation.bootstrap import (
    ResampledScores,
    draw_counts,
    group_of_row,
    held_out_errors,
    percentile_interval,
    resampled_sums,
    sums_by_group,
)
from tests.evaluation.made_evaluations import made_evaluation, made_rows


def test_draw_counts__multinomial_and_seeded():
    counts = draw_counts(50, 2000, 3)
    assert (counts.sum(axis=1) == 50).all()
    assert counts.mean(axis=0) == pytest.approx(np.ones(50), abs=0.1)
    assert counts.var() == pytest.approx(1 - 1 / 50, rel=0.02)
    np.testing.assert_array_equal(counts, draw_counts(50, 2000, 3))
    assert (counts != draw_counts(50, 2000, 4)).any()


def test_resampled_sums__equal_sums_over_the_repeated_rows():
    rng = np.random.default_rng(0)
    values, group, unit = rng.normal(size=300), rng.integers(12, size=300), rng.integers(4, size=300)
    counts = draw_counts(12, 130, 1)  # more than one block
    found = resampled_sums(counts, sums_by_group(values, group, 12, unit, 4))
    for draw in (0, 99, 100, 129):
        expected = [sum(values[i] * counts[draw, group[i]] for i in np.flatnonzero(unit == u)) for u in range(4)]
        assert found[draw] == pytest.approx(expected)


@pytest.mark.parametrize("offset", [0.0, 1e6])
def test_resampled_scores__equal_the_scores_of_the_repeated_rows(offset):
    rng = np.random.default_rng(1)
    n, n_groups, n_units = 240, 15, 3
    group, unit = rng.integers(n_groups, size=n), rng.integers(n_units, size=n)
    measured = offset + rng.normal(0, 2, n).round(1)
    predicted, reference = measured + rng.normal(0, 1, n), offset + rng.normal(size=n)
    naive = np.stack([reference, np.full(n, offset + 0.5)])
    counts = draw_counts(n_groups, 20, 2)
    found = ResampledScores(counts, group, unit, n_units, measured, reference, naive).of(predicted)
    assert found.shape == (len(METRICS), 20, n_units)
    ranks = {name: np.zeros(n) for name in ("measured", "predicted")}
    for u in range(n_units):
        ranks["measured"][unit == u] = stats.rankdata(measured[unit == u])
        ranks["predicted"][unit == u] = stats.rankdata(predicted[unit == u])
    for draw in range(20):
        for u in range(n_units):
            at = np.repeat(np.arange(n), counts[draw, group] * (unit == u))
            expected = score(measured[at], predicted[at], reference[at], {"a": naive[0, at], "b": naive[1, at]})
            expected["spearman"] = stats.pearsonr(ranks["measured"][at], ranks["predicted"][at]).statistic
            assert dict(zip(METRICS, found[:, draw, u], strict=True)) == pytest.approx(expected, rel=1e-6)


def test_resampled_scores__constant_has_no_correlation():
    rng = np.random.default_rng(2)
    measured, group = rng.normal(5, 1, 60), np.repeat(np.arange(10), 6)
    constant = np.full(60, 5.1)
    resampled = ResampledScores(draw_counts(10, 30, 0), group, np.zeros(60, int), 1, measured, constant, constant[None])
    scores = dict(zip(METRICS, resampled.of(constant), strict=True))
    for name in ("pearson", "spearman", "normalised_pearson"):
        assert np.isnan(scores[name]).all()
    assert scores["skill"] == pytest.approx(np.zeros((30, 1)))


def test_percentile_interval__numpys_percentiles_moved_to_the_value():
    rng = np.random.default_rng(3)
    draws, value = rng.gamma(2, size=(999, 4)), np.array([1.0, 2.0, 3.0, np.nan])
    draws[:300, 1] = np.nan
    draws[:600, 2] = np.nan
    lower, upper = percentile_interval(draws, value)
    for i in (0, 1):
        low, middle, high = np.nanpercentile(draws[:, i], [2.5, 50, 97.5])
        assert (lower[i], upper[i]) == pytest.approx((value[i] + low - middle, value[i] + high - middle))
    assert np.isnan(lower[2:]).all()
    assert np.isnan(upper[2:]).all()


def test_percentile_interval__stays_within_what_the_metric_can_be():
    draws = np.array([[-2.0], [0.0], [2.0]])
    assert [float(each[0]) for each in percentile_interval(draws, np.array([0.9]), "pearson")] == pytest.approx([-1, 1])
    assert percentile_interval(draws, np.array([0.1]), "rmse")[0] == 0
    assert percentile_interval(draws, np.array([0.9]), "skill")[1] == 1
    assert percentile_interval(draws, np.array([0.9]))[1] > 2
    assert np.isnan(percentile_interval(draws[:0], np.array([0.9]))).all()


@pytest.mark.parametrize(
    ("scheme", "expected"),
    [
        ("random-pairs", "aaaabbcc"),
        ("new-samples", "aaaabbcc"),
        ("new-samples-and-drugs", "aaaabbcc"),
        ("new-drugs", "abababab"),
        ("new-tissues", "aaaaaabb"),
    ],
)
def test_group_of_row__what_the_scheme_holds_out(scheme, expected):
    covariates = {"tissue": ["skin", "skin", "skin", "lung"]}
    rows = made_rows(np.zeros((4, 2)), subjects=["p", "p", "q", "r"], covariates=covariates)
    found = group_of_row(rows, find_scheme(scheme))
    assert sorted(set(found)) == list(range(len(set(expected))))
    assert len(set(zip(found, expected, strict=True))) == len(set(expected))  # the same partition


def test_held_out_errors__average_over_the_repeats_that_held_a_row_out():
    made = made_evaluation(
        np.arange(12.0).reshape(6, 2), {"mine": np.zeros((6, 2))}, {"drug mean": np.ones((6, 2))}, n_repeats=2
    )
    fold, predicted = made.fold.copy(), made.predicted.copy()
    fold[0, 3], fold[:, 4] = -1, -1
    predicted[0, 1] = 1.0
    predicted[:, fold < 0] = np.nan
    errors = held_out_errors(replace(made, fold=fold, predicted=predicted))
    y = made.rows.y
    assert errors[0, 3] == pytest.approx((y[3] - predicted[0, 1, 3]) ** 2)
    assert errors[0, 5] == pytest.approx(((y[5] - 1) ** 2 + y[5] ** 2) / 2)
    assert np.isnan(errors[:, 4]).all()
    assert np.isfinite(np.delete(errors, 4, axis=1)).all()


def test_held_out_errors__missing_prediction_is_an_error_that_names_the_model():
    made = made_evaluation(np.ones((6, 2)), {"mine": np.zeros((6, 2))}, {"drug mean": np.ones((6, 2))})
    predicted = made.predicted.copy()
    predicted[0, 0, [2, 7]] = np.nan
    with pytest.raises(InputError, match=r"evaluate, mine: found 2 missing predictions among the 12 held-out rows"):
        held_out_errors(replace(made, predicted=predicted))


def _coverage(by_subject: bool, n_cohorts: int = 100) -> float:
    """How often the interval of the RMSE holds the true one, when the rows of a subject err together."""
    rng = np.random.default_rng(5)
    inside = 0
    for cohort in range(n_cohorts):
        error = rng.normal(0, 1, (60, 1)) + rng.normal(0, 1, (60, 8))
        group = np.repeat(np.arange(60), 8) if by_subject else np.arange(480)
        counts = draw_counts(group.max() + 1, 200, cohort)
        sums = sums_by_group(error.ravel() ** 2, group, group.max() + 1)
        sizes = np.bincount(group).astype(float)[:, None]
        drawn = np.sqrt(resampled_sums(counts, sums) / resampled_sums(counts, sizes))[:, 0]
        lower, upper = percentile_interval(drawn, np.sqrt(np.mean(error**2)), "rmse")
        inside += bool(lower <= np.sqrt(2) <= upper)
    return inside / n_cohorts


def test_bootstrap__covers_the_truth_over_subjects_and_not_over_rows():
    assert 0.88 <= _coverage(by_subject=True) <= 0.99
    assert _coverage(by_subject=False) < 0.85


def test_percentile_interval__covers_a_mean_over_many_small_drugs():
    """Rows that a draw repeats make each drug's error look small; unmoved percentiles miss the truth often."""
    rng = np.random.default_rng(5)
    n_groups, n_drugs = 15, 200
    truth = np.mean(np.sqrt(rng.chisquare(n_groups, 200_000) / n_groups))
    group, drug = np.repeat(np.arange(n_groups), n_drugs), np.tile(np.arange(n_drugs), n_groups)
    inside = np.zeros(2)
    for cohort in range(60):
        sums = sums_by_group(rng.normal(size=len(group)) ** 2, group, n_groups, drug, n_drugs)
        drawn = np.sqrt(resampled_sums(draw_counts(n_groups, 100, cohort), sums) / n_groups).mean(axis=1)
        moved = percentile_interval(drawn, np.sqrt(sums.sum(axis=0) / n_groups).mean(), "rmse")
        for i, (lower, upper) in enumerate((moved, np.percentile(drawn, [2.5, 97.5]))):
            inside[i] += lower <= truth <= upper
    assert inside[0] / 60 >= 0.85
    assert inside[1] / 60 < 0.8


def test_resampled_scores__responses_that_differ_by_rounding_are_not_defined():
    rng = np.random.default_rng(3)
    unit = np.arange(80) % 2
    measured = np.where(unit == 0, 0.3, rng.normal(size=80)) + np.where(np.arange(80) % 3 == 0, 2.0**-54, 0.0)
    naive = np.where(unit == 0, 0.3, 0.0)
    counts = draw_counts(10, 20, 0)
    resampled = ResampledScores(counts, np.arange(80) // 8, unit, 2, measured, naive, naive[None])
    found = dict(zip(METRICS, resampled.of(naive + rng.normal(size=80)), strict=True))
    for name in ("r2", "pearson", "normalised_pearson", "skill"):
        assert np.isnan(found[name][:, 0]).all()
        assert np.isfinite(found[name][:, 1]).all()


def test_held_out_errors__rounding_is_no_error():
    rng = np.random.default_rng(0)
    measured = np.column_stack([np.full(20, 0.3), rng.normal(size=20)])
    made = made_evaluation(measured, {"ridge": measured + np.array([1e-16, 1e-3])}, {"drug mean": measured})
    errors = held_out_errors(made)[0].reshape(20, 2)
    assert (errors[:, 0] == 0).all()
    assert errors[:, 1] == pytest.approx(1e-6)
