from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.evaluation.drug_verdicts import HELPS, NO_GAIN, TOO_FEW, drug_verdicts, genotype_errors
from drugresponse.evaluation.held_out.evaluation import Evaluation
from tests.evaluation.made_evaluations import fitted_evaluation, made_evaluation

COLUMNS = [
    "drug_id",
    "n",
    "naive_rmse",
    "covariates_rmse",
    "genotype_rmse",
    "gain",
    "lower",
    "upper",
    "p",
    "q",
    "verdict",
]


def _made(covariates, genotype, naive=4.0, **settings):
    learners = {"covariates": covariates} if covariates is not None else {}
    zeros = np.zeros_like(genotype)
    return made_evaluation(zeros, learners | {"ridge": genotype}, {"drug mean": zeros + naive}, **settings)


def test_drug_verdicts__equals_an_independent_computation():
    rng = np.random.default_rng(0)
    scales = np.array([1.0, 0.8, 0.6, 1.2])
    covariates, genotype = rng.normal(size=(50, 4)), rng.normal(size=(50, 4)) * scales
    table = drug_verdicts(_made(covariates, genotype, n_repeats=2))
    assert list(table.columns) == COLUMNS
    assert table["gain"].is_monotonic_decreasing
    table = table.sort_values("drug_id")
    sse = [(each**2).sum(axis=0) for each in (covariates, genotype)]
    p = stats.t.sf(stats.ttest_rel(covariates**2, genotype**2).statistic / np.sqrt(2), 49)
    np.testing.assert_allclose(table["p"], p)
    np.testing.assert_allclose(table["q"], stats.false_discovery_control(p))
    np.testing.assert_allclose(table["gain"], 1 - sse[1] / sse[0])
    np.testing.assert_allclose(table["covariates_rmse"], np.sqrt(sse[0] / 50))
    np.testing.assert_allclose(table["genotype_rmse"], np.sqrt(sse[1] / 50))
    np.testing.assert_allclose(table["naive_rmse"], 4)
    assert ((table["lower"] < table["gain"]) & (table["gain"] < table["upper"])).all()
    helped = (table["q"] <= 0.05) & (table["gain"] > 0)
    assert table["verdict"].tolist() == np.where(helped, HELPS, NO_GAIN).tolist()
    assert set(table["n"]) == {50}


def test_drug_verdicts__subjects_are_the_observations():
    rng = np.random.default_rng(1)
    covariates, genotype = rng.normal(size=(40, 1)), 0.7 * rng.normal(size=(40, 1))
    table = drug_verdicts(_made(covariates, genotype, subjects=[f"p{i // 4}" for i in range(40)]))
    sums = [(each**2).reshape(10, 4).sum(axis=1) for each in (covariates, genotype)]
    assert table["p"].iloc[0] == pytest.approx(stats.t.sf(stats.ttest_rel(*sums).statistic / np.sqrt(2), 9))


def test_drug_verdicts__finds_the_drugs_where_genotype_helps():
    rng = np.random.default_rng(2)
    helped = np.arange(30) < 8
    genotype = rng.normal(0, np.where(helped, 0.5, 1.05), (100, 30))
    table = drug_verdicts(_made(rng.normal(size=(100, 30)), genotype), n_draws=50)
    assert sorted(table.loc[table["verdict"] == HELPS, "drug_id"]) == [f"d{j:03d}" for j in range(8)]


def _ridge_of_noise(rng, n=60, n_drugs=20, n_features=20, n_folds=5):
    """Drug means and noise, the fold of each sample, and held-out predictions of the drug mean and of a ridge on genes
    that do nothing, so strong that it costs little; the noise of a sample is shared by its drugs."""
    y = rng.normal(0, 3, n_drugs) + rng.normal(0, 0.7, (n, 1)) + rng.normal(size=(n, n_drugs))
    genes, fold = rng.normal(size=(n, n_features)), np.arange(n) % n_folds
    mean, ridge = np.zeros_like(y), np.zeros_like(y)
    for i in range(n_folds):
        train, test = fold != i, fold == i
        mean[test] = y[train].mean(axis=0)
        gram = genes[train].T @ genes[train] + 2000 * np.eye(n_features)
        weights = np.linalg.solve(gram, genes[train].T @ (y[train] - mean[test][0]))
        ridge[test] = mean[test] + genes[test] @ weights
    return y, fold, mean, ridge


def test_drug_verdicts__additive_data_give_no_more_discoveries_than_the_rate():
    """A plain paired t test finds a drug in about one null of six here, because rows that are tested also train."""
    rng = np.random.default_rng(3)
    rows = made_evaluation(np.zeros((60, 20)), {}, {"drug mean": np.zeros((60, 20))}).rows
    at = rows.pairs.sample_index, rows.pairs.drug_index
    found, plain, p = [], [], []
    for _ in range(110):
        y, fold, mean, ridge = _ridge_of_noise(rng)
        predicted = np.stack([mean[at], ridge[at], mean[at]])[:, None]
        names = ("covariates", "ridge"), ("drug mean",), "drug mean"
        made = Evaluation(replace(rows, y=y[at]), find_scheme("new-samples"), *names, fold[at[0]][None], predicted)
        table = drug_verdicts(made, n_draws=1)
        found.append((table["verdict"] == HELPS).any())
        p.extend(table["p"])
        test = stats.ttest_rel((y - mean) ** 2, (y - ridge) ** 2, alternative="greater")
        plain.append((stats.false_discovery_control(test.pvalue) <= 0.05).any())
    assert np.mean(found) <= 0.05
    assert np.mean(np.array(p) <= 0.05) <= 0.06
    assert np.mean(plain) > 0.1


def test_drug_verdicts__one_fold_needs_no_wider_error():
    """At the edge of the null, where both are wrong by as much; nothing that is tested here has trained."""
    rng = np.random.default_rng(4)
    found, p = [], []
    one = _made(np.zeros((40, 20)), np.zeros((40, 20)))
    one = replace(one, fold=np.zeros_like(one.fold))
    for _ in range(80):
        errors = rng.normal(size=(2, 1, len(one.rows.y)))
        table = drug_verdicts(replace(one, predicted=np.concatenate([errors, one.predicted[2:]])), n_draws=1)
        found.append((table["verdict"] == HELPS).any())
        p.extend(table["p"])
    assert np.mean(found) <= 0.1
    assert 0.035 <= np.mean(np.array(p) <= 0.05) <= 0.065


def test_drug_verdicts__a_bad_covariate_model_makes_no_genotype_look_good():
    rng = np.random.default_rng(5)
    covariates, genotype = 2 * rng.normal(size=(60, 5)), rng.normal(size=(60, 5))
    assert set(drug_verdicts(_made(covariates, genotype, naive=1.0))["verdict"]) == {NO_GAIN}
    assert set(drug_verdicts(_made(covariates, genotype, naive=2.0))["verdict"]) == {HELPS}


def test_drug_verdicts__without_covariates_the_naive_prediction_is_the_measure():
    genotype = np.random.default_rng(6).normal(size=(60, 2))
    table = drug_verdicts(_made(None, genotype, naive=2.0))
    assert table["covariates_rmse"].isna().all()
    np.testing.assert_allclose(table["gain"], 1 - (table["genotype_rmse"] / 2) ** 2)
    assert set(table["verdict"]) == {HELPS}


def test_drug_verdicts__without_a_genotype_learner_there_is_nothing_to_say():
    error = np.random.default_rng(7).normal(size=(30, 2))
    made = made_evaluation(np.zeros((30, 2)), {"covariates": error, "additive-mean": error}, {"drug mean": error})
    table = drug_verdicts(made)
    assert list(table.columns) == COLUMNS
    assert table.empty


def test_drug_verdicts__predictions_equal_up_to_rounding_are_no_gain():
    error = np.random.default_rng(8).normal(size=(40, 3))
    table = drug_verdicts(_made(error, error * (1 - 1e-12)))
    assert set(table["verdict"]) == {NO_GAIN}
    assert set(table["p"]) == {1.0}


@pytest.mark.parametrize("n_measured", [9, 10])
def test_drug_verdicts__drug_with_too_few_rows_comes_last(n_measured):
    rng = np.random.default_rng(9)
    measured = np.zeros((40, 3))
    measured[n_measured:, 0] = np.nan
    errors = {"covariates": rng.normal(size=(40, 3)), "ridge": 0.1 * rng.normal(size=(40, 3))}
    table = drug_verdicts(made_evaluation(measured, errors, {"drug mean": np.full((40, 3), 4.0)}, n_folds=2))
    row = table[table["drug_id"] == "d000"].iloc[0]
    assert row["n"] == n_measured
    assert row["verdict"] == (TOO_FEW if n_measured < 10 else HELPS)
    if n_measured < 10:
        assert table["drug_id"].iloc[-1] == "d000"
        assert row[["gain", "lower", "upper", "p", "q"]].isna().all()
        assert np.isfinite(row["genotype_rmse"])


def test_genotype_errors__the_other_folds_choose():
    """The learner that is best over all by its luck in one fold is not the one that is scored on that fold."""
    made = _made(np.ones((30, 2)), np.full((30, 2), 2.0), n_folds=3)
    lucky = np.where(made.fold == 1, 0.0, np.sqrt(5.0))
    predicted = np.concatenate([made.predicted[:2], lucky[None], made.predicted[2:]])
    made = replace(made, learners=("covariates", "ridge", "neural"), predicted=predicted)
    np.testing.assert_allclose(genotype_errors(made), np.where(made.fold[0] == 1, 4.0, 5.0))
    single = replace(made, fold=np.zeros_like(made.fold))
    np.testing.assert_allclose(genotype_errors(single), lucky[0] ** 2)


def test_drug_verdicts__missing_prediction_is_an_error():
    made = _made(np.ones((30, 2)), np.ones((30, 2)))
    predicted = made.predicted.copy()
    predicted[1, 0, 3] = np.nan
    with pytest.raises(InputError, match="evaluate, ridge: found 1 missing"):
        drug_verdicts(replace(made, predicted=predicted))


@pytest.mark.parametrize("scheme", ["new-samples", "new-drugs"])
def test_drug_verdicts__fitted_learners_of_a_cohort_with_genotype_effects(scheme):
    table = drug_verdicts(fitted_evaluation(scheme, n_drugs=6, n_samples=150), n_draws=100)
    assert len(table) == 6
    assert table.drop(columns="verdict").notna().all(axis=None)
    if scheme == "new-samples":
        assert (table["verdict"] == HELPS).all()


def test_drug_verdicts__intervals_are_wider_where_tested_rows_also_train():
    rng = np.random.default_rng(10)
    made = _made(rng.normal(size=(50, 3)), rng.normal(size=(50, 3)))
    several, one = (
        drug_verdicts(each, n_draws=99).set_index("drug_id") for each in (made, replace(made, fold=0 * made.fold))
    )
    np.testing.assert_allclose(several["gain"], one["gain"])
    np.testing.assert_allclose(several["gain"] - several["lower"], np.sqrt(2) * (one["gain"] - one["lower"]))
    np.testing.assert_allclose(several["upper"] - several["gain"], np.sqrt(2) * (one["upper"] - one["gain"]))
