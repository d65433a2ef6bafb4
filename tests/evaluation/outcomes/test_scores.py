from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.scores.levels import score_outcome
from drugresponse.evaluation._scores import score_evaluation
from drugresponse.evaluation.comparison import compare_learners, rank_stability
from drugresponse.evaluation.drug_verdicts import (
    FEW_EVENTS_WORDS,
    HELPS,
    NO_GAIN,
    TOO_FEW_EVENTS,
    drug_verdicts,
)
from drugresponse.model.held_out import METRIC_COLUMNS
from tests.evaluation.made_outcomes import YES, binary_rows, outcome_evaluation, outcome_rows


def _pooled(table: pd.DataFrame) -> pd.DataFrame:
    return table[table["fold"] == "all"].set_index(["learner", "level", "id", "metric"])


def test_table__is_that_of_the_scores_of_all_folds_together() -> None:
    rows, odds = binary_rows()
    evaluation = outcome_evaluation(rows, {"ridge": odds})
    table = score_evaluation(evaluation, n_draws=50)
    assert tuple(table.columns) == METRIC_COLUMNS
    layer = evaluation.layers[0]
    naive = {name: layer.said[name] for name in evaluation.naive}
    expected = score_outcome(layer.truth, layer.said["drug mean"], naive).set_index(["level", "id", "metric"])["value"]
    found = _pooled(table)["value"]["drug mean"]
    common = expected.index.intersection(found.index)
    assert len(common) == len(expected)
    assert found[common].to_numpy() == pytest.approx(expected[common].to_numpy(), nan_ok=True)
    assert set(table.loc[table["fold"] != "all", "level"]) == {"global"}


def test_intervals__hold_the_value_and_shrink_with_rows() -> None:
    widths = []
    for n in (150, 1200):
        rows, odds = binary_rows(n)
        table = _pooled(score_evaluation(outcome_evaluation(rows, {"ridge": odds}), n_draws=200))
        own = table.loc["ridge"].dropna()
        assert (own["lower"] <= own["value"]).all()
        assert (own["value"] <= own["upper"]).all()
        bounds = table.loc["ridge", "global", "all", "auroc"]
        widths.append(bounds["upper"] - bounds["lower"])
    assert widths[1] < 0.6 * widths[0]
    assert widths[0] < 0.2


def test_interval_of_brier__that_of_the_mean_of_a_sample() -> None:
    rows, odds = binary_rows(400, drugs=1)
    evaluation = outcome_evaluation(rows, {"ridge": odds})
    bounds = _pooled(score_evaluation(evaluation, n_draws=1000)).loc["ridge", "global", "all", "brier"]
    losses = evaluation.losses("ridge")[0]
    assert bounds["upper"] - bounds["lower"] == pytest.approx(2 * 1.96 * losses.std() / np.sqrt(400), rel=0.15)


def test_useless_scores__show_no_gain() -> None:
    rows, odds = binary_rows(400)
    useless = np.random.default_rng(1).normal(size=len(odds))
    evaluation = outcome_evaluation(rows, {"covariates": np.zeros(len(odds)), "ridge": useless})
    table = _pooled(score_evaluation(evaluation, n_draws=200))
    skill = table.loc["ridge", "global", "all", "skill"]
    assert skill["lower"] <= 0.005
    assert table.loc["ridge", "drug", "mean", "auroc"]["value"] == pytest.approx(0.5, abs=0.06)
    assert set(drug_verdicts(evaluation, n_draws=100)["verdict"]) == {NO_GAIN}


def test_true_scores__help_every_drug_and_win_every_fold() -> None:
    rows, odds = binary_rows(400)
    evaluation = outcome_evaluation(rows, {"covariates": np.zeros(len(odds)), "ridge": odds})
    verdicts = drug_verdicts(evaluation, n_draws=100)
    assert set(verdicts["verdict"]) == {HELPS}
    assert (verdicts["genotype_loss"] < verdicts["covariates_loss"]).all()
    assert verdicts["gain"].to_numpy() == pytest.approx(
        1 - verdicts["genotype_loss"].to_numpy() / verdicts["covariates_loss"].to_numpy()
    )
    ranks = rank_stability(evaluation, n_draws=100)
    assert (ranks.best, ranks.kendall_w) == ("ridge", 1.0)
    pair = compare_learners(evaluation, n_draws=100).iloc[0]
    assert pair["difference"] == pytest.approx(
        np.nanmean(evaluation.losses("covariates")) - np.nanmean(evaluation.losses("ridge"))
    )
    assert pair["q"] < 0.001


def test_few_events__named_scored_with_an_interval_and_judged() -> None:
    rng = np.random.default_rng(3)
    odds = rng.normal(0, 1.5, (500, 3))
    y = np.zeros((500, 3))
    for drug, n_events in enumerate((8, 20, 150)):
        events = rng.choice(500, n_events, replace=False, p=expit(odds[:, drug]) / expit(odds[:, drug]).sum())
        y[events, drug] = 1
    rows = outcome_rows(Observed(YES), y.ravel(), drugs=3)
    evaluation = outcome_evaluation(rows, {"covariates": np.zeros(1500), "ridge": odds.ravel()})
    verdicts = drug_verdicts(evaluation, n_draws=100).set_index("drug_id")
    assert verdicts["events"][["d0", "d1", "d2"]].tolist() == [8, 20, 150]
    assert verdicts.loc["d0", "verdict"] == TOO_FEW_EVENTS
    assert np.isnan(verdicts.loc["d0", "gain"])
    assert verdicts.loc["d1", "verdict"] == FEW_EVENTS_WORDS
    assert np.isfinite(verdicts.loc["d1", ["gain", "lower", "upper"]].to_numpy(dtype=float)).all()
    assert np.isnan(verdicts.loc["d1", "q"])
    assert verdicts.loc["d2", "verdict"] == HELPS
    drugs = score_evaluation(evaluation, n_draws=20).query("level == 'drug' and learner == 'ridge'")
    assert set(drugs["id"]) == {"d1", "d2", "mean"}
