"""The audit says of genotypes that stay where they are stored what it says of those in memory, in one pass."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.audit.duplicates import twins_together
from drugresponse.audit.inputs import audit
from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import as_responses
from tests.stored_genotypes import passes, stored

N = 60


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 700)


def cohort(*, binary: bool) -> tuple[Genotypes, pd.DataFrame]:
    """Twins, near twins, features that are constant, mostly missing, the response itself, or decide it."""
    rng = np.random.default_rng(3)
    y = (rng.random(N) < 0.4).astype(float) if binary else rng.normal(size=N)
    y[9] = y[4]
    calls = rng.binomial(2, rng.uniform(0.2, 0.5, 300), (N, 300)).astype(np.float32)
    calls[9] = calls[4]
    calls[31] = calls[30]
    calls[31, :6] = (calls[31, :6] + 1) % 3
    calls[:, 10] = 1.0
    calls[: N - 5, 11] = np.nan
    calls[rng.random(calls.shape) < 0.01] = np.nan
    calls[9] = calls[4]
    scores = rng.normal(8, 1, (N, 30)).astype(np.float32)
    scores[:, 3] = 2 - 3 * y
    scores[9] = scores[4]
    calls[:, 12] = np.where((y == y.max()) & (rng.random(N) < 0.8) if binary else y > np.quantile(y, 0.8), 1, 0)
    ids = [f"s{number:02d}" for number in range(N)]
    genotypes = Genotypes.join(
        [
            Genotypes.from_dense(calls, ids, [f"rs{number}" for number in range(300)], kind="dosage"),
            Genotypes.from_dense(scores, ids, [f"g{number}" for number in range(30)], kind="score"),
        ]
    )
    return genotypes, pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": y})


def joined(genotypes: Genotypes, table: pd.DataFrame, *, binary: bool) -> TrainingRows:
    responses = as_responses(table, "binary" if binary else "continuous")
    return join_training_rows(genotypes, responses, None, None)


@pytest.mark.parametrize("binary", [False, True])
def test_audit__of_stored_genotypes_is_that_in_memory(binary):
    genotypes, table = cohort(binary=binary)
    there = stored(genotypes)
    told = []
    for source in (genotypes, there):
        rows = joined(source, table, binary=binary)
        together = twins_together(rows.pairs)
        findings = audit(
            rows,
            genotypes=source,
            responses=as_responses(table, "binary" if binary else "continuous"),
            scheme="new-samples",
            together=together.subjects,
        )
        told.append((together.subjects.tolist(), findings))
    assert told[0] == told[1]
    checks = {finding.check for finding in told[0][1]}
    assert {"identical genotypes", "constant features", "features mostly missing"} <= checks
    assert ("separation" if binary else "features that are the response") in checks


def test_audit__of_many_stored_genotypes_is_one_pass_and_a_few_features(monkeypatch):
    monkeypatch.setattr("drugresponse.audit._twins._MOST_FEATURES", 15)
    monkeypatch.setattr("drugresponse.audit._relatives._MOST_FEATURES", 15)
    genotypes, table = cohort(binary=False)
    there = stored(genotypes)
    rows = joined(there, table, binary=False)
    together = twins_together(rows.pairs)
    # rows are equal over all features, which no choice of a few can tell
    assert together.subjects[9] == together.subjects[4]
    audit(
        rows,
        genotypes=there,
        responses=as_responses(table),
        scheme="new-samples",
        together=together.subjects,
    )
    # one pass, what twins (once for folds and audit) and relatives are compared by, and what may be the response
    assert passes(there) < 1 + 2 * 45 / genotypes.shape[1]
