from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.evaluation._groups import best_learner, group_errors
from tests.evaluation.made_evaluations import made_evaluation

COLUMNS = ["column", "group", "n_samples", "n_rows", "rmse", "lower", "upper", "best_naive_rmse", "skill"]


@pytest.fixture
def evaluation():
    rng = np.random.default_rng(0)
    sex = np.array(["female", "male"] * 30, dtype=object)
    tissue = np.array(["skin"] * 40 + [""] * 16 + ["lung"] * 4, dtype=object)
    scale = np.where(sex == "male", 2.0, 1.0)[:, None]
    measured = rng.normal(size=(60, 4)) * scale
    measured[0, 0] = np.nan
    naive = {"drug mean": np.zeros((60, 4)), "tissue-drug mean": 0.3 * measured}
    learners = {"worse": np.zeros((60, 4)) + 3.0, "better": 0.5 * np.nan_to_num(measured)}
    # for lung the drug mean is the better naive prediction
    naive["tissue-drug mean"] = np.where((tissue == "lung")[:, None], measured + 5, naive["tissue-drug mean"])
    naive = {name: np.nan_to_num(each) for name, each in naive.items()}
    return made_evaluation(measured, learners, naive, n_repeats=2, covariates={"sex": sex, "tissue": tissue})


def test_group_errors__equal_an_independent_computation(evaluation):
    table = group_errors(evaluation)
    assert list(table.columns) == COLUMNS
    pairs = evaluation.rows.pairs
    rows = pairs.covariates.loc[pairs.sample_ids].reset_index()
    for name in evaluation.names:
        rows[name] = (evaluation.of(name)[0] - evaluation.rows.y) ** 2
    assert len(table) == 5
    for each in table.itertuples():
        some = rows[rows[each.column] == each.group]
        naive = min(some["drug mean"].mean(), some["tissue-drug mean"].mean())
        assert (each.n_samples, each.n_rows) == (some["sample_id"].nunique(), len(some))
        assert each.rmse == pytest.approx(np.sqrt(some["better"].mean()))
        assert each.best_naive_rmse == pytest.approx(np.sqrt(naive))
        assert each.skill == pytest.approx(1 - some["better"].mean() / naive)


def test_group_errors__columns_in_order_and_the_worst_served_first(evaluation):
    table = group_errors(evaluation)
    assert table["column"].tolist() == ["sex"] * 2 + ["tissue"] * 3
    for _, column in table.groupby("column"):
        assert column["skill"].is_monotonic_increasing
    assert set(table.loc[table["column"] == "tissue", "group"]) == {"skin", "lung", ""}


def test_group_errors__interval_over_subjects_where_there_are_enough(evaluation):
    table = group_errors(evaluation).set_index("group")
    assert table.loc["lung", ["lower", "upper"]].isna().all()
    rest = table.drop(index="lung")
    assert ((rest["lower"] < rest["rmse"]) & (rest["rmse"] < rest["upper"])).all()


def test_group_errors__intervals_cover_the_truth():
    rng = np.random.default_rng(1)
    inside = []
    for cohort in range(25):
        truth = np.array([1.0, 2.0])
        error = (rng.normal(size=(80, 1)) + rng.normal(size=(80, 5))) * np.repeat(truth, 40)[:, None]
        made = made_evaluation(
            error, {"mine": 0 * error}, {"drug mean": 0 * error}, covariates={"sex": ["f"] * 40 + ["m"] * 40}
        )
        table = group_errors(made, n_draws=100, random_state=cohort).sort_values("group")
        inside.extend((table["lower"] <= truth * np.sqrt(2)) & (truth * np.sqrt(2) <= table["upper"]))
    assert 0.85 <= np.mean(inside) <= 0.99


def test_group_errors__without_text_covariates_the_table_is_empty():
    error = np.random.default_rng(2).normal(size=(20, 2))
    made = made_evaluation(error, {"mine": error}, {"drug mean": 0 * error})
    table = group_errors(made)
    assert list(table.columns) == COLUMNS
    assert table.empty


def test_best_learner__least_squared_error(evaluation):
    assert best_learner(evaluation) == "better"
    assert isinstance(group_errors(evaluation), pd.DataFrame)
