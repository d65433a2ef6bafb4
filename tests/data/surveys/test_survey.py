"""One pass over stored genotypes tells what is known of those in memory."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.identical_rows import identical_rows
from drugresponse.data.parents.sums import with_parents
from drugresponse.data.surveys.survey import survey_of
from tests.stored_genotypes import stored


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 120)


def cohort(n_samples=12, n_features=40, seed=0):
    rng = np.random.default_rng(seed)
    copies = rng.binomial(2, rng.uniform(0.05, 0.5, n_features), (n_samples, n_features)).astype(np.float32)
    copies[rng.uniform(size=copies.shape) < 0.1] = np.nan
    copies[:, 2], copies[:, 3] = np.nan, 0.0
    copies[7] = copies[4]
    scores = rng.normal(5, 2, (n_samples, 25)).astype(np.float32)
    scores[7] = scores[4]
    scores[1, 3] = np.nan
    ids = [f"s{number}" for number in range(n_samples)]
    return Genotypes.join(
        [
            Genotypes.from_dense(copies, ids, [f"rs{number}" for number in range(n_features)], kind="dosage"),
            Genotypes.from_dense(scores, ids, [f"g{number}" for number in range(25)], kind="score"),
        ]
    )


def test_survey__is_that_of_the_calls():
    genotypes = cohort()
    survey, calls = survey_of(stored(genotypes)), genotypes.dense()
    assert survey.n_missing.tolist() == genotypes.n_missing().tolist()
    assert survey.n_other.tolist() == (np.nan_to_num(calls) != 0).sum(axis=0).tolist()
    known = np.nan_to_num(calls)
    assert survey.n_fine.tolist() == ((known != np.rint(known)) | (np.abs(known) > 2)).sum(axis=0).tolist()
    mean, variance = genotypes.moments()
    np.testing.assert_allclose(survey.centre, mean, rtol=1e-6)
    np.testing.assert_allclose(survey.variance, variance, atol=1e-5)
    np.testing.assert_array_equal(survey.low, np.fmin.reduce(calls))
    np.testing.assert_array_equal(survey.high, np.fmax.reduce(calls))
    size = np.sqrt((known.astype(np.float64) ** 2).sum(axis=0) / np.maximum((known != 0).sum(axis=0), 1))
    size[np.isnan(calls).all(axis=0)] = np.nan
    np.testing.assert_allclose(survey.size, size, rtol=1e-6)


def test_survey__keys_are_equal_where_rows_are():
    genotypes = cohort()
    keys = survey_of(stored(genotypes)).row_keys
    assert pd.factorize(keys)[0].tolist() == identical_rows(genotypes.values).tolist()
    # a missing call is equal to no other
    one = genotypes.dense()
    one[7, np.flatnonzero(np.isfinite(one[7]))[0]] = np.nan
    keys = survey_of(stored(Genotypes(sparse.csr_array(one), genotypes.sample_ids, genotypes.features))).row_keys
    assert len(np.unique(keys)) == len(one)


@pytest.mark.parametrize("cell", [7.0, 6.0, -1.0, 0.25, 300.0])
def test_survey__counts_calls_of_any_size(cell):
    genotypes = cohort()
    values = genotypes.dense()
    at = list(genotypes.features.index).index("rs5")
    values[3, at] = cell
    changed = Genotypes(sparse.csr_array(values), genotypes.sample_ids, genotypes.features)
    survey = survey_of(stored(changed))
    assert survey.low[at] == np.nanmin(values[:, at]) and survey.high[at] == np.nanmax(values[:, at])
    assert survey.n_missing.tolist() == changed.n_missing().tolist()
    assert len(np.unique(survey.row_keys)) == len(values) - 1


def test_survey__rises_of_a_kind_and_block():
    genotypes = cohort()
    survey = survey_of(stored(genotypes))
    assert set(survey.rises) == {("dosage", "dosage"), ("score", "score")}
    columns = np.flatnonzero(genotypes.features["kind"] == "dosage")
    calls, centre = genotypes.dense()[:, columns].astype(np.float64), survey.centre[columns].astype(np.float64)
    steps = np.nan_to_num(centre - np.nanmean(centre))
    expected = np.where(np.isnan(calls), np.nan_to_num(centre), calls) @ steps / (steps**2).sum()
    np.testing.assert_allclose(survey.rises["dosage", "dosage"], expected, rtol=1e-5)


def test_survey__leaves_parents_out_of_rises():
    table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=[f"qnrS{number}" for number in range(6)])
    calls = np.random.default_rng(0).integers(0, 2, (8, 6))
    family = with_parents(Genotypes.build(calls, [f"s{number}" for number in range(8)], table))
    assert set(survey_of(stored(family)).rises) == {("altered", "altered")}


def test_survey__reads_every_cell_once_and_for_all():
    genotypes = stored(cohort())
    first = survey_of(genotypes)
    assert (genotypes.values.source.n_read == 1).all()
    assert survey_of(genotypes) is first
    assert (genotypes.values.source.n_read == 1).all()
    # what was learned of all samples is not true of some
    some = genotypes.take(np.arange(5))
    assert survey_of(some).n_missing.tolist() == some.n_missing().tolist()
