from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.evaluation._coverage import COVERAGE_COLUMNS, coverage_table, cross_conformal
from drugresponse.model.intervals.intervals import IntervalTable
from tests.evaluation.made_evaluations import fitted_evaluation, made_evaluation

N_SAMPLES = 400
NOISE = np.array([0.2, 1.0, 3.0])


def evaluated(*, n_folds: int = 5, n_repeats: int = 1, scheme: str = "new-samples", gene_known: float = 1.0):
    """Each drug has noise of its own; the learner knows a gene of size 2 in every drug, the drug mean does not."""
    rng = np.random.default_rng(0)
    gene = rng.normal(size=(N_SAMPLES, 1)) * 2
    measured = 10 * np.arange(3) + gene + NOISE * rng.normal(size=(N_SAMPLES, 3))
    mean = 10.0 * np.arange(3) * np.ones((N_SAMPLES, 1))
    tissues = [("", "lung", "skin", "lung")[i % 4] for i in range(N_SAMPLES - 4)] + ["rare"] * 4
    return made_evaluation(
        measured,
        {"ridge": mean + gene_known * gene, "covariates": mean},
        {"drug mean": mean},
        scheme=scheme,
        n_folds=n_folds,
        n_repeats=n_repeats,
        covariates={"tissue": tissues},
    )


def test_cross_conformal__covers_every_drug_and_is_narrower_where_genotype_helps():
    evaluation = evaluated()
    bounds = cross_conformal(evaluation)
    assert bounds.names == ("ridge", "covariates", "drug mean")
    assert bounds.lower.shape == bounds.upper.shape == (3, 1, N_SAMPLES * 3)
    table = coverage_table(evaluation, bounds)
    assert tuple(table.columns) == COVERAGE_COLUMNS
    drugs = table[table["level"] == "drug"].set_index(["learner", "id"])
    assert drugs["coverage"].to_numpy() == pytest.approx(np.full(9, 0.9), abs=0.025)
    widths = drugs.loc["ridge", "median_width"].to_numpy()
    assert widths == pytest.approx(2 * 1.645 * NOISE, rel=0.2)
    assert drugs.loc["ridge", "reference_width"].to_numpy() == pytest.approx(
        2 * 1.645 * np.sqrt(4 + NOISE**2), rel=0.15
    )
    assert (drugs["reference_width"] == np.tile(drugs.loc["drug mean", "median_width"], 3)).all()


def test_cross_conformal__a_fold_has_no_part_in_its_own_bounds():
    evaluation = evaluated()
    held = evaluation.fold[0] == 2
    y = evaluation.rows.y.copy()
    y[held] += 1000
    moved = replace(evaluation, rows=replace(evaluation.rows, y=y))
    before, after = cross_conformal(evaluation), cross_conformal(moved)
    np.testing.assert_allclose(before.upper[:, 0, held], after.upper[:, 0, held], rtol=1e-9)
    assert not np.array_equal(before.upper[:, 0, ~held], after.upper[:, 0, ~held])


def test_cross_conformal__is_the_table_of_the_other_folds_of_the_same_repeat():
    evaluation = evaluated(n_folds=3, n_repeats=2)
    lower, upper = cross_conformal(evaluation, coverage=0.8).of("ridge")
    others, held = evaluation.fold[1] != 0, evaluation.fold[1] == 0
    pairs, y, predicted = evaluation.rows.pairs, evaluation.rows.y, evaluation.of("ridge")[1]
    table = IntervalTable.calibrate(
        pairs[others], y[others], predicted[others], scheme="new-samples", coverage=0.8, weights=np.ones(others.sum())
    )
    expected = table.bounds(pairs[held], predicted[held])
    np.testing.assert_allclose((lower[1, held], upper[1, held]), expected, rtol=1e-9)


def test_cross_conformal__one_fold_or_no_fold_gives_no_bounds():
    evaluation = evaluated()
    single = replace(evaluation, fold=np.where(evaluation.fold == 0, 0, -1))
    bounds = cross_conformal(single)
    assert np.isnan(bounds.lower).all()
    table = coverage_table(single, bounds)
    assert (len(table), tuple(table.columns)) == (0, COVERAGE_COLUMNS)
    some = replace(evaluation, fold=np.where(evaluation.fold < 2, evaluation.fold, -1))
    assert np.array_equal(np.isfinite(cross_conformal(some).upper[0]), some.fold >= 0)


def test_coverage_table__rows_without_bounds_are_not_counted():
    evaluation = evaluated()
    bounds = cross_conformal(evaluation)
    first = evaluation.rows.pairs.drug_index == 0
    table = coverage_table(evaluation, replace(bounds, lower=np.where(first, np.nan, bounds.lower)))
    assert table[table["level"] == "all"]["n"].tolist() == [N_SAMPLES * 2] * 3
    assert table[table["level"] == "drug"]["id"].tolist() == ["d001", "d002"] * 3
    two = evaluated(scheme="new-drugs", n_folds=3)
    # two other drugs are too few to say anything of a third
    assert coverage_table(two, cross_conformal(two)).empty


def test_coverage_table__tissues_are_counted_over_repeats_and_small_ones_left_out():
    evaluation = evaluated(n_repeats=2)
    table = coverage_table(evaluation, cross_conformal(evaluation))
    tissues = table[(table["level"] == "tissue") & (table["learner"] == "ridge")].set_index("id")
    assert tissues["n"].to_dict() == {"lung": 198 * 3 * 2, "rare": 24, "skin": 99 * 3 * 2}
    once = evaluated()
    few = coverage_table(once, cross_conformal(once))
    assert few[few["id"] == "rare"]["n"].tolist() == [12] * 3
    cut = replace(once, fold=np.where(once.rows.pairs.drug_index == 0, once.fold, -1))
    assert "rare" not in coverage_table(cut, cross_conformal(cut))["id"].tolist()


def test_coverage_table__counts_the_bounds_as_within():
    evaluation = evaluated()
    bounds = cross_conformal(evaluation)
    exact = replace(bounds, lower=np.broadcast_to(evaluation.rows.y, bounds.lower.shape), upper=bounds.upper + 100)
    assert coverage_table(evaluation, exact)["coverage"].eq(1).all()
    outside = replace(exact, lower=exact.lower + 1e-9)
    assert coverage_table(evaluation, outside)["coverage"].eq(0).all()


def test_cross_conformal__of_fitted_learners_covers_new_samples():
    evaluation = fitted_evaluation(n_samples=150, n_drugs=12)
    table = coverage_table(evaluation, cross_conformal(evaluation))
    overall = table[table["level"] == "all"].set_index("learner")
    assert overall["coverage"].to_numpy() == pytest.approx(np.full(3, 0.9), abs=0.04)
    assert overall.loc["ridge", "median_width"] < overall.loc["ridge", "reference_width"]


def test_cross_conformal__missing_prediction_is_refused():
    evaluation = evaluated()
    predicted = evaluation.predicted.copy()
    predicted[0, 0, 3] = np.nan
    with pytest.raises(InputError, match="intervals: found a missing prediction"):
        cross_conformal(replace(evaluation, predicted=predicted))


def test_coverage_table__has_no_tissues_where_none_are_known():
    measured = np.random.default_rng(0).normal(size=(60, 2))
    evaluation = made_evaluation(measured, {"ridge": np.zeros((60, 2))}, {"drug mean": np.zeros((60, 2))})
    table = coverage_table(evaluation, cross_conformal(evaluation))
    assert table["level"].unique().tolist() == ["all", "drug"]
    assert isinstance(table, pd.DataFrame)
