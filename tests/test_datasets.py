"""Cohorts to try things with: each of its kind, the same every time, with a truth that is about it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr

KINDS = {
    "load_cell_lines": "continuous",
    "load_patients": "continuous",
    "load_antibiogram": "binary",
    "load_dilutions": "interval",
    "load_survival": "time-to-event",
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items())
def test_datasets__kind_ids_and_truth_belong_together(name, kind):
    cohort = getattr(dr.datasets, name)()
    assert cohort.responses.outcome.kind == kind
    assert list(cohort.samples.index) == list(cohort.genotypes.sample_ids)
    assert set(cohort.responses.table["sample_id"]) <= set(cohort.samples.index)
    assert set(cohort.responses.table["drug_id"]) == set(cohort.drugs.index)
    assert set(cohort.truth["feature_id"]) <= set(cohort.genotypes.features.index)
    assert set(cohort.truth["drug_id"]) <= {"", *cohort.drugs.index}
    again = getattr(dr.datasets, name)()
    assert again.genotypes.equals(cohort.genotypes)
    pd.testing.assert_frame_equal(again.responses.table, cohort.responses.table)


def test_load_antibiogram__what_was_planted_acts():
    cohort = dr.datasets.load_antibiogram()
    effects = dr.associate(cohort.genotypes, cohort.responses, covariates=cohort.samples[[]]).table
    planted = set(cohort.truth.loc[cohort.truth["partner"] == "", "feature_id"])
    assert set(effects.nsmallest(4, "p")["feature_id"]) <= planted


def test_load_doses__curves_find_the_ic50():
    fits = dr.fit_curves(dr.datasets.load_doses()).table
    table = dr.datasets.load_cell_lines().responses.table
    joined = fits[fits["ic50_censor"] == "none"].merge(table, on=["sample_id", "drug_id"])
    error = np.log(joined["ic50"]) - joined["response"]
    assert len(joined) > 80
    assert error.abs().median() < 0.2
