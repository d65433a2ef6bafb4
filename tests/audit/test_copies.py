from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from drugresponse.audit._copies import copies_of_response
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import Responses
from drugresponse.simulation.cohort import simulate_cohort

N = 60
RNG = np.random.default_rng(4)
MARKER = (RNG.random(N) < 0.4).astype(float)
TISSUE = np.array(["lung", "skin"], dtype=object)[np.arange(N) % 2]
Y = RNG.normal(size=(N, 3)) + 3.0 * MARKER[:, None] + np.array([0.0, 4.0, 9.0]) + 5.0 * (TISSUE == "skin")[:, None]


def joined(column, where: str = "feature", y=Y) -> TrainingRows:
    """Twelve mutations and a column, which is a feature or a covariate, of samples with responses to some drugs."""
    ids = [f"s{i:02d}" for i in range(N)]
    calls = (np.random.default_rng(0).random((N, 12)) < 0.3).astype(float)
    calls = np.column_stack([calls, column]) if where == "feature" else calls
    genotypes = Genotypes.from_dense(calls, ids, [f"g{j:02d}" for j in range(calls.shape[1])], kind="score")
    name = "age" if where in ("feature", "covariate") else where
    samples = pd.DataFrame({"tissue": TISSUE, name: 0.0 if where == "feature" else column}, index=ids)
    table = pd.DataFrame(y, index=ids).stack().rename_axis(["sample_id", "drug_id"]).rename("response").reset_index()
    return join_training_rows(
        genotypes, Responses.build(table), None, samples, None if samples is None else list(samples)
    )


def half_missing(values):
    return np.where(np.arange(N) % 3 == 0, np.nan, values)


COPIES = {
    "equal": Y[:, 1],
    "in another unit": 1000.0 * Y[:, 1] + 7.0,
    "in another sign": -Y[:, 1],
    "its exponential": np.exp(Y[:, 2]),
    "its rank": stats.rankdata(Y[:, 0]),
    "rounded": np.round(Y[:, 0], 1),
    "cut into nine parts": np.digitize(Y[:, 0], np.quantile(Y[:, 0], np.arange(1, 9) / 9)) / 4.0,
    "cut into four classes": np.digitize(Y[:, 2], np.quantile(Y[:, 2], [0.25, 0.5, 0.75])).astype(float),
    "nearly": Y[:, 0] + 0.01 * np.random.default_rng(1).normal(size=N),
    "of a part of the samples": half_missing(Y[:, 2]),
    "the mean of the drugs": Y.mean(axis=1),
    "beside its tissue": Y[:, 1]
    - np.where(TISSUE == "skin", Y[TISSUE == "skin", 1].mean(), Y[TISSUE == "lung", 1].mean()),
}


@pytest.mark.parametrize("where", ["feature", "covariate"])
@pytest.mark.parametrize("column", COPIES.values(), ids=COPIES)
def test_copies_of_response__column_that_orders_samples_as_the_response(column, where):
    (found,) = copies_of_response(joined(column, where))
    assert (found.severity, found.count) == ("leak", 1)
    assert ('"g12"' if where == "feature" else '"age"') in found.message


def test_copies_of_response__of_drugs_that_few_samples_have():
    y = Y.copy()
    y[np.arange(N) % 2 == 0, 0] = np.nan
    assert len(copies_of_response(joined(Y[:, 0], y=y))) == 1


@pytest.mark.parametrize("where", ["feature", "covariate"])
def test_copies_of_response__the_first_drug_that_a_column_copies_is_named(where):
    y = np.column_stack([Y[:, 0], Y[:, 1], 2.0 * Y[:, 1] + 1.0])
    (found,) = copies_of_response(joined(Y[:, 1], where, y=y))
    assert "orders the samples as the response to 1 does: it is" in found.message


CUTS = {
    "words": np.array(["none", "weak", "good", "best"], dtype=object)[
        np.digitize(Y[:, 0], np.quantile(Y[:, 0], [0.2, 0.5, 0.8]))
    ],
    "two words": np.where(Y[:, 2] > np.quantile(Y[:, 2], 0.6), "yes", "no"),
    "two numbers": (Y[:, 2] > np.quantile(Y[:, 2], 0.6)).astype(float),
}


@pytest.mark.parametrize("column", CUTS.values(), ids=CUTS)
def test_copies_of_response__covariates_that_are_the_response_cut_into_parts(column):
    (found,) = copies_of_response(joined(column, "comedication"))
    assert (found.severity, found.count) == ("leak", 1)
    assert '"comedication" orders the samples as the response to' in found.message
    assert "cut into parts, does" in found.message


def test_copies_of_response__two_words_that_decide_are_apart():
    y = Y + 12.0 * MARKER[:, None]
    assert not copies_of_response(joined(np.where(MARKER > 0, "poor", "normal"), "metabolizer", y=y))


HONEST = {
    "a mutation that decides": MARKER,
    "copies that decide": np.digitize(Y[:, 0], np.quantile(Y[:, 0], [0.4, 0.8])).astype(float),
    "a score of nine levels": np.digitize(Y[:, 0] + np.random.default_rng(2).normal(size=N), np.arange(-1, 8)) / 4.0,
    "a strong marker": Y[:, 0] + Y[:, 0].std() * np.random.default_rng(1).normal(size=N),
    "noise": np.random.default_rng(1).normal(size=N),
    "always missing": np.full(N, np.nan),
}


@pytest.mark.parametrize("where", ["feature", "covariate"])
@pytest.mark.parametrize("column", HONEST.values(), ids=HONEST)
def test_copies_of_response__honest_columns_are_not_named(column, where):
    assert not copies_of_response(joined(column, where))


@pytest.mark.parametrize("where", ["feature", "covariate"])
def test_copies_of_response__better_than_two_measurements_agree(where):
    column = Y[:, 0] + 0.3 * Y[:, 0].std() * np.random.default_rng(1).normal(size=N)
    (found,) = copies_of_response(joined(column, where))
    assert (found.check, found.severity) == ("near copies of the response", "warning")


def test_copies_of_response__mutation_that_is_the_two_valued_response():
    y = np.where(MARKER > 0, 1.0, 0.0)[:, None] + 0.0 * Y
    assert not copies_of_response(joined(MARKER, y=y))


def test_copies_of_response__chance_among_many_features_of_few_samples():
    rng = np.random.default_rng(0)
    ids = [f"s{i}" for i in range(10)]
    genotypes = Genotypes.from_dense(rng.normal(size=(10, 4000)), ids, [f"g{j}" for j in range(4000)], kind="score")
    table = pd.DataFrame(rng.normal(size=(10, 30)), index=ids).stack().rename_axis(["sample_id", "drug_id"])
    responses = Responses.build(table.rename("response").reset_index())
    assert not copies_of_response(join_training_rows(genotypes, responses, None, None))


@pytest.fixture(scope="module")
def of_classes() -> tuple[Responses, pd.DataFrame, dict[str, pd.Series]]:
    """Classes of two drugs made from concentrations, genotypes with a gene that decides, and columns of samples."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"s{i:02}" for i in range(80)], name="sample_id")
    carrier = pd.Series(np.arange(80) % 4 == 0, ids)
    amount = pd.Series(rng.normal(0, 1, 80), ids) + 5 * carrier
    other = pd.Series(rng.normal(0, 1, 80), ids)
    long = [
        pd.DataFrame({"sample_id": ids, "drug_id": "a", "response": np.where(carrier, "R", "S")}),
        pd.DataFrame({"sample_id": ids, "drug_id": "b", "response": np.where(other > 0.6, "R", "S")}),
    ]
    genotypes = pd.DataFrame({"gene": carrier.astype(float), "chance": rng.normal(0, 1, 80), "mic": other}, index=ids)
    columns = {
        "treated": pd.Series(np.where(other > 0.6, "yes", "no"), ids),
        "statin": pd.Series(np.where(rng.random(80) > 0.5, "yes", "no"), ids),
        "amount": amount,
        "age": pd.Series(rng.normal(50, 10, 80), ids),
    }
    return Responses.build(pd.concat(long)), genotypes, columns


@pytest.mark.parametrize(("name", "is_copy"), [("treated", True), ("statin", False), ("amount", True), ("age", False)])
def test_copies__covariates_that_are_the_class(of_classes, name, is_copy):
    responses, genotypes, columns = of_classes
    samples = pd.DataFrame({name: columns[name]})
    rows = join_training_rows(as_genotypes(genotypes[["chance"]]), responses, None, samples, [name])
    checks = [finding.check for finding in copies_of_response(rows)]
    assert ("covariates that are the response" in checks) == is_copy


def test_copies__a_class_among_the_usual_columns_is_not_used(of_classes, caplog):
    responses, genotypes, columns = of_classes
    samples = pd.DataFrame({name: columns[name] for name in ("treated", "statin", "age")})
    rows = join_training_rows(as_genotypes(genotypes[["chance"]]), responses, None, samples)
    assert list(rows.pairs.covariates.columns) == ["age", "statin"]
    assert 'column "treated": orders the samples as their response does' in caplog.text


def test_copies__a_feature_that_the_classes_part_is_one_and_a_gene_that_decides_is_none(of_classes):
    responses, genotypes, _ = of_classes
    rows = join_training_rows(as_genotypes(genotypes), responses, None, None)
    (finding,) = copies_of_response(rows)
    assert (finding.check, finding.count) == ("features that are the response", 1)
    assert '"mic" orders the samples as the response to b' in finding.message


def test_copies__a_covariate_that_is_the_event():
    cohort = simulate_cohort(n_samples=80, n_drugs=1, n_features=20, outcome="time-to-event")
    table = cohort.responses.table.set_index("sample_id")
    columns = {"event": table["happened"].map({True: "yes", False: "no"}), "time": table["response"]}
    for name, column in columns.items():
        samples = pd.DataFrame({"statin": column})
        rows = join_training_rows(cohort.genotypes, cohort.responses, None, samples, ["statin"])
        (finding,) = copies_of_response(rows)
        assert finding.check == "covariates that are the response", name
