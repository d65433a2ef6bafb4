"""What is explained and tested needs all calls: stored ones are brought into memory where they fit, else refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data import stored_values
from drugresponse.errors import MemoryLimitError
from drugresponse.learners import genotypes_in_memory
from tests.stored_genotypes import passes, stored


def test_explain__of_stored_genotypes_is_that_in_memory_or_refused(monkeypatch):
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0, n_jobs=1).fit(cohort.genotypes, cohort.responses)
    there = stored(cohort.genotypes)
    told, expected = (
        dr.explain(model, source, cohort.responses, refits=0, n_jobs=1).attributions
        for source in (there, cohort.genotypes)
    )
    pd.testing.assert_frame_equal(told, expected)
    assert passes(there) == 1
    np.testing.assert_allclose(
        dr.associate(there, cohort.responses, n_jobs=1).table["p"],
        dr.associate(cohort.genotypes, cohort.responses, n_jobs=1).table["p"],
    )
    monkeypatch.setattr(genotypes_in_memory, "_MOST", 1000)
    for refused in (lambda: dr.explain(model, there, cohort.responses), lambda: dr.associate(there, cohort.responses)):
        with pytest.raises(MemoryLimitError, match="40 samples x"):
            refused()


def test_explain__of_a_model_without_genotype_tests_many_calls_too(monkeypatch):
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("additive-mean", folds=0, n_jobs=1).fit(cohort.genotypes, cohort.responses)
    expected = dr.explain(model, cohort.genotypes, cohort.responses, refits=0, n_jobs=1).associations.table
    # from here on a training would read them in blocks
    monkeypatch.setattr(stored_values, "STORED_CELLS", 500)
    told = dr.explain(model, cohort.genotypes, cohort.responses, refits=0, n_jobs=1).associations.table
    pd.testing.assert_frame_equal(told, expected)
