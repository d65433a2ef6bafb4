from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from drugresponse.data.metrics import METRICS, score, score_levels
from drugresponse.errors import InputError


@pytest.mark.parametrize("seed", range(4))
def test_score__agrees_with_other_implementations(seed):
    rng = np.random.default_rng(seed)
    measured = rng.normal(5, 2, 50).round(1)  # rounded: ranks have ties
    predicted, reference, worse = measured + rng.normal(0, 1, 50), rng.normal(5, 1, 50), rng.normal(5, 3, 50)
    scores = score(measured, predicted, reference, {"reference": reference, "worse": worse})
    squared = {name: float(np.sum((measured - each) ** 2)) for name, each in (("r", reference), ("w", worse))}
    assert scores == pytest.approx(
        {
            "rmse": root_mean_squared_error(measured, predicted),
            "mae": mean_absolute_error(measured, predicted),
            "r2": r2_score(measured, predicted),
            "pearson": stats.pearsonr(measured, predicted).statistic,
            "spearman": stats.spearmanr(measured, predicted).statistic,
            "normalised_pearson": stats.pearsonr(measured - reference, predicted - reference).statistic,
            "skill": 1 - np.sum((measured - predicted) ** 2) / min(squared.values()),
        }
    )


def test_score__drug_means_alone_are_worth_nothing_when_normalised():
    rng = np.random.default_rng(0)
    drug = np.repeat(rng.normal(0, 3, 20), 30)
    measured = drug + rng.normal(size=600)
    scores = score(measured, drug + 1e-12 * rng.normal(size=600), drug, {"drug mean": drug})
    assert scores["pearson"] > 0.9
    assert np.isnan(scores["normalised_pearson"])
    assert scores["skill"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("side", ["measured", "predicted"])
def test_score__constant_has_no_correlation(side):
    values = {"measured": np.arange(5.0), "predicted": np.arange(5.0)} | {side: np.full(5, 0.1)}
    scores = score(values["measured"], values["predicted"])
    assert np.isnan(scores["pearson"])
    assert np.isnan(scores["spearman"])
    assert np.isfinite(scores["rmse"])
    assert np.isnan(scores["r2"]) == (side == "measured")


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_score__prediction_that_is_missing_is_an_error(bad):
    with pytest.raises(InputError, match=r"found a missing prediction \(expected one for every test row\)"):
        score(np.array([1.0, 2.0]), np.array([1.0, bad]))


def test_score_levels__each_level_is_scored_by_itself():
    rng = np.random.default_rng(1)
    rows = pd.DataFrame(
        {"sample_id": np.tile([f"s{i}" for i in range(12)], 3), "drug_id": np.repeat(["p", "q", "r"], 12)}
    ).iloc[:-5]
    rows["response"] = rng.normal(size=len(rows))
    predicted, naive = (
        rng.normal(size=len(rows)),
        {"drug mean": rng.normal(size=len(rows)), "other": np.zeros(len(rows))},
    )
    table = score_levels(rows, predicted, naive, "drug mean")
    assert list(table.columns) == ["level", "id", "metric", "value"]
    assert table[["level", "id"]].drop_duplicates().to_numpy().tolist() == [
        ["global", "all"],
        ["drug", "p"],
        ["drug", "q"],
        ["drug", "mean"],
    ]
    values = table.set_index(["level", "id", "metric"])["value"].sort_index()
    at = (rows["drug_id"] == "q").to_numpy()
    expected = score(
        rows["response"].to_numpy()[at],
        predicted[at],
        naive["drug mean"][at],
        {name: each[at] for name, each in naive.items()},
    )
    assert values["drug", "q"].to_dict() == pytest.approx(expected)
    assert set(values["global", "all"].index) == set(METRICS)
    assert values["drug", "mean", "rmse"] == pytest.approx(
        (values["drug", "p", "rmse"] + values["drug", "q", "rmse"]) / 2
    )


def test_score_levels__does_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(2)
    rows = pd.DataFrame({"sample_id": [f"s{i}" for i in range(30)], "drug_id": ["p", "q", "q"] * 10})
    rows["response"] = rng.normal(size=30)
    predicted, naive = rng.normal(size=30), rng.normal(size=30)
    order = rng.permutation(30)
    one = score_levels(rows, predicted, {"n": naive}, "n")
    two = score_levels(rows.iloc[order], predicted[order], {"n": naive[order]}, "n")
    pd.testing.assert_frame_equal(one, two)


ROUNDED = np.where(np.arange(40) % 2 == 0, 0.3, 0.1 + 0.2)


@pytest.mark.parametrize("scale", [1.0, 1e-9, 1e9])
def test_score__responses_that_differ_by_rounding_define_no_skill_r2_and_correlation(scale):
    predicted = scale * (0.3 + 0.01 * np.arange(40))
    scores = score(scale * ROUNDED, predicted, scale * np.full(40, 0.3), {"mean": scale * np.full(40, 0.31)})
    assert {name for name, value in scores.items() if np.isnan(value)} == set(METRICS) - {"rmse", "mae"}


def test_score__naive_prediction_that_is_right_up_to_rounding_defines_no_skill():
    measured = np.repeat([1.0, 2.0, 3.0], 10)
    scores = score(measured, measured + 0.1, measured * (1 + 1e-15), {"mean": measured * (1 + 1e-15)})
    assert np.isnan(scores["skill"])
    assert scores["r2"] == pytest.approx(0.985)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e9])
def test_score__unit_of_the_response_does_not_matter(scale):
    rng = np.random.default_rng(0)
    measured, error, reference = rng.normal(5, 1, 30), rng.normal(0, 1, 30), rng.normal(5, 1, 30)
    one = score(measured, measured + error, reference, {"mean": reference})
    other = score(scale * measured, scale * (measured + error), scale * reference, {"mean": scale * reference})
    for name in set(METRICS) - {"rmse", "mae"}:
        assert other[name] == pytest.approx(one[name], rel=1e-9)


def test_score_levels__drug_that_is_always_0_beside_others():
    rows = pd.DataFrame({"sample_id": [f"s{i}" for i in range(40)], "drug_id": ["a", "b"] * 20})
    rows["response"] = np.where(rows["drug_id"] == "a", 0.0, 7.0 + np.arange(40))
    naive = np.where(rows["drug_id"] == "a", 1e-16, 27.0)
    scores = (
        score_levels(rows, naive + 1e-15, {"mean": naive}, "mean")
        .query("level == 'drug'")
        .set_index(["id", "metric"])["value"]
    )
    assert all(np.isnan(scores["a", name]) for name in ("skill", "r2", "pearson", "normalised_pearson"))
    assert scores["b", "skill"] == pytest.approx(0)
