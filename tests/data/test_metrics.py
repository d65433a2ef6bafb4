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
