from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.metrics import METRICS, score_levels
from drugresponse.errors import InputError
from drugresponse.evaluation._scores import score_evaluation
from drugresponse.evaluation.bootstrap import draw_counts, group_of_row, percentile_interval
from drugresponse.model.held_out import METRIC_COLUMNS
from tests.evaluation.made_evaluations import fitted_evaluation, made_evaluation


@pytest.fixture(scope="module")
def evaluation():
    return fitted_evaluation(n_samples=60, n_folds=2, n_repeats=2)


@pytest.fixture(scope="module")
def table(evaluation):
    return score_evaluation(evaluation, n_draws=50)


def _independent(evaluation):
    pairs, made = evaluation.rows.pairs, []
    for name in evaluation.names:
        for repeat, fold in np.ndindex(len(evaluation.fold), evaluation.fold.max() + 1):
            at = np.flatnonzero(evaluation.fold[repeat] == fold)
            rows = pd.DataFrame(
                {"sample_id": pairs.sample_ids[at], "drug_id": pairs.drug_ids[at], "response": evaluation.rows.y[at]}
            )
            naive = {each: evaluation.of(each)[repeat, at] for each in evaluation.naive}
            scores = score_levels(rows, evaluation.of(name)[repeat, at], naive, evaluation.reference)
            made.append(scores.assign(learner=name, repeat=str(repeat), fold=str(fold)))
    return pd.concat(made)


def test_score_evaluation__values_are_those_of_score_levels(evaluation, table):
    keys = ["learner", "level", "id", "metric"]
    expected = _independent(evaluation)
    average = table[table["fold"] == "all"].set_index(keys)["value"]
    pd.testing.assert_series_equal(
        average.sort_index(), expected.groupby(keys)["value"].mean().sort_index(), check_exact=False, rtol=1e-12
    )
    by_fold = table[table["fold"] != "all"].set_index(["repeat", "fold", *keys])["value"].sort_index()
    same = expected.set_index(["repeat", "fold", *keys])["value"].loc[by_fold.index]
    pd.testing.assert_series_equal(by_fold, same, check_exact=True)


def test_score_evaluation__rows_that_are_kept(evaluation, table):
    assert tuple(table.columns) == METRIC_COLUMNS
    assert set(table["scheme"]) == {"new-samples"}
    assert list(table["learner"].unique()) == list(evaluation.names)
    single = table[table["fold"] != "all"]
    assert set(zip(single["level"], single["id"], strict=True)) == {
        ("global", "all"),
        ("drug", "mean"),
        ("sample", "mean"),
    }
    assert single[["lower", "upper"]].isna().all(axis=None)
    assert len(single) == len(evaluation.names) * 2 * 2 * 3 * len(METRICS)
    assert set(table[table["fold"] == "all"]["repeat"]) == {"all"}
    assert not table.duplicated(["learner", "repeat", "fold", "level", "id", "metric"]).any()


def test_score_evaluation__intervals_where_groups_can_be_resampled(table):
    average = table[table["fold"] == "all"]
    by_sample = (average["level"] == "sample") & (average["id"] != "mean")
    assert average[by_sample][["lower", "upper"]].isna().all(axis=None)
    rest = average[~by_sample & average["value"].notna()]
    assert rest[["lower", "upper"]].notna().all(axis=None)
    assert ((rest["lower"] <= rest["value"]) & (rest["value"] <= rest["upper"])).all()
    assert average[average["value"].isna()][["lower", "upper"]].isna().all(axis=None)
    assert (rest["upper"] > rest["lower"]).mean() > 0.9


def test_score_evaluation__interval_of_the_mean_over_samples_weighs_whole_samples(evaluation, table):
    scores = _independent(evaluation)
    counts = draw_counts(60, 50, 0)
    samples = evaluation.rows.pairs.genotypes.sample_ids
    group = pd.Series(group_of_row(evaluation.rows, evaluation.scheme), evaluation.rows.pairs.sample_ids)
    group = group[~group.index.duplicated()].reindex(samples)
    wanted = scores.query("learner == 'ridge' and level == 'sample' and metric == 'rmse' and id != 'mean'")
    folds = []
    for _, fold in wanted.groupby(["repeat", "fold"]):
        weights = counts[:, group[fold["id"]].to_numpy()].astype(float)
        folds.append(weights @ fold["value"].to_numpy() / weights.sum(axis=1))
    row = table.query(
        "learner == 'ridge' and fold == 'all' and level == 'sample' and id == 'mean' and metric == 'rmse'"
    )
    expected = percentile_interval(np.mean(folds, axis=0), row["value"].iloc[0], "rmse")
    assert row[["lower", "upper"]].iloc[0].tolist() == pytest.approx([float(each) for each in expected])


def test_score_evaluation__interval_of_a_drug_resamples_it_in_each_fold(evaluation, table):
    drug = evaluation.rows.pairs.drugs.index[2]
    counts, folds = draw_counts(60, 50, 0), []
    group = group_of_row(evaluation.rows, evaluation.scheme)
    for repeat, fold in np.ndindex(2, 2):
        at = np.flatnonzero((evaluation.fold[repeat] == fold) & (evaluation.rows.pairs.drug_ids == drug))
        weights = counts[:, group[at]].astype(float)
        errors = np.abs(evaluation.of("ridge")[repeat, at] - evaluation.rows.y[at])
        folds.append(weights @ errors / weights.sum(axis=1))
    row = table.query(f"learner == 'ridge' and fold == 'all' and id == '{drug}' and metric == 'mae'")
    expected = percentile_interval(np.mean(folds, axis=0), row["value"].iloc[0], "mae")
    assert row[["lower", "upper"]].iloc[0].tolist() == pytest.approx([float(each) for each in expected])


def test_score_evaluation__seed_decides_and_no_draws_give_no_intervals(evaluation):
    once = replace(evaluation, fold=evaluation.fold[:1], predicted=evaluation.predicted[:, :1])
    one, again, other, none = (
        score_evaluation(once, n_draws=n_draws, random_state=seed) for n_draws, seed in ((9, 0), (9, 0), (9, 1), (0, 0))
    )
    pd.testing.assert_frame_equal(one, again, check_exact=True)
    pd.testing.assert_series_equal(one["value"], other["value"], check_exact=True)
    assert (one["lower"] - other["lower"]).abs().max() > 0
    assert none[["lower", "upper"]].isna().all(axis=None)


@pytest.mark.parametrize("scheme", ["random-pairs", "new-drugs", "new-tissues", "new-samples-and-drugs"])
def test_score_evaluation__every_scheme_has_global_scores_with_intervals(scheme):
    made = fitted_evaluation(scheme, ["covariates"], n_drugs=6)
    table = score_evaluation(made, n_draws=30).query("fold == 'all' and id == 'all' and learner == 'covariates'")
    assert list(table["metric"]) == list(METRICS)
    assert table[["value", "lower", "upper"]].notna().all(axis=None)


def test_score_evaluation__few_tissues_have_no_interval():
    rng = np.random.default_rng(0)
    measured = rng.normal(size=(40, 3))
    made = made_evaluation(
        measured,
        {"mine": measured + rng.normal(size=(40, 3))},
        {"drug mean": np.zeros((40, 3))},
        scheme="new-tissues",
        covariates={"tissue": list("abcd") * 10},
    )
    assert score_evaluation(made)[["lower", "upper"]].isna().all(axis=None)


def test_score_evaluation__missing_prediction_is_an_error(evaluation):
    predicted = evaluation.predicted.copy()
    predicted[1, 1, 5] = np.nan
    with pytest.raises(InputError, match="evaluate, ridge: found 1 missing prediction"):
        score_evaluation(replace(evaluation, predicted=predicted))


def test_score_evaluation__drug_that_few_subjects_measure_has_a_value_and_no_interval():
    rng = np.random.default_rng(1)
    measured = rng.normal(size=(60, 2))
    measured[12:, 0] = np.nan
    made = made_evaluation(
        measured,
        {"mine": rng.normal(size=(60, 2))},
        {"drug mean": np.zeros((60, 2))},
        scheme="random-pairs",
        subjects=[f"p{i // 4}" for i in range(60)],
    )
    made = replace(made, fold=np.zeros_like(made.fold))
    table = score_evaluation(made, n_draws=20).query("level == 'drug' and fold == 'all' and metric == 'rmse'")
    row = table.query("learner == 'mine'").set_index("id")
    assert row["value"].notna().all()
    assert row["lower"].isna().to_dict() == {"d000": True, "d001": False, "mean": False}


def test_score_evaluation__drug_with_too_few_rows_does_not_enter_the_draws():
    rng = np.random.default_rng(2)
    measured = rng.normal(size=(60, 3))
    measured[9:, 0] = np.nan
    wild = np.column_stack([1e6 * rng.normal(size=60), np.zeros((60, 2))])
    made = made_evaluation(measured, {"mine": wild}, {"drug mean": np.zeros((60, 3))}, n_folds=2)
    row = score_evaluation(made, n_draws=20).query(
        "learner == 'mine' and level == 'drug' and id == 'mean' and fold == 'all' and metric == 'rmse'"
    )
    assert (row["upper"] < 2).all()
