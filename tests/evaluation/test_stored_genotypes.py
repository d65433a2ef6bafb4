"""Learners are evaluated on genotypes that stay where they are stored as on those in memory, in few readings."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.tables import as_responses
from drugresponse.evaluation._permutation import shuffle_genotypes
from drugresponse.evaluation.evaluate import evaluate
from drugresponse.evaluation.rules.rule import Rule
from drugresponse.evaluation.units import UnitStore
from tests.stored_genotypes import passes, stored

N = 48


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 500)


def cohort() -> tuple[Genotypes, pd.DataFrame]:
    rng = np.random.default_rng(2)
    calls = rng.binomial(2, rng.uniform(0.2, 0.5, 70), (N, 70)).astype(float)
    ids = [f"s{number:02d}" for number in range(N)]
    y = calls[:, :3].sum(axis=1) + rng.normal(size=N)
    genotypes = Genotypes.from_dense(calls, ids, [f"rs{number}" for number in range(70)], kind="dosage")
    return genotypes, pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": y})


def rows_of(genotypes: Genotypes) -> TrainingRows:
    return join_training_rows(genotypes, as_responses(cohort()[1]), None, None)


def test_evaluate__of_stored_genotypes_is_that_in_memory():
    genotypes, table = cohort()
    there = stored(genotypes)
    expected, summary = (
        evaluate(source, table, learners=["ridge"], folds=3, shuffles=20, n_jobs=1) for source in (genotypes, there)
    )
    columns = ["prediction", "features_found", "response"]
    scale = float(table["response"].std())
    np.testing.assert_allclose(summary.predictions[columns], expected.predictions[columns], atol=1e-5 * scale)
    assert summary.audit == expected.audit
    np.testing.assert_allclose(summary.permutation.shuffled, expected.permutation.shuffled, atol=1e-4)
    # the survey, the kernel, and of each of six fits the weights of features
    assert passes(there) < 12


def test_shuffle_genotypes__of_stored_values_reads_nothing():
    genotypes, _ = cohort()
    there = stored(genotypes)
    shuffled, expected = (
        shuffle_genotypes(rows_of(source).pairs, np.random.default_rng(1)).genotypes for source in (there, genotypes)
    )
    assert passes(there) == 0 and shuffled.values.root is not None
    np.testing.assert_array_equal(shuffled.dense(), expected.dense())


def test_unit_store__tells_stored_genotypes_by_their_calls(tmp_path):
    genotypes, _ = cohort()
    first, again = (UnitStore(tmp_path, rows_of(stored(genotypes)), "new-samples").data for _ in range(2))
    assert first == again
    changed = genotypes.dense()
    changed[4, 7] = 2 - changed[4, 7] if changed[4, 7] != 1 else 0
    other = Genotypes.from_dense(changed, list(genotypes.sample_ids), list(genotypes.features.index), kind="dosage")
    assert UnitStore(tmp_path, rows_of(stored(other)), "new-samples").data != first


@pytest.mark.parametrize("kind", ["score", "class"])
def test_rule__of_stored_genotypes_reads_the_features_that_it_names(kind):
    genotypes, table = cohort()
    responses = as_responses(table.assign(response=np.where(table["response"] > 2, "R", "S")), "binary", "S<R")
    there, told = stored(genotypes), {"score": [1.5, -2.0], "class": ["S", "R"]}[kind]
    spoken = pd.DataFrame({"feature_id": ["rs3", "rs11"], kind: told})
    scores = []
    for source in (genotypes, there):
        rows = join_training_rows(source, responses, None, None)
        scores.append(Rule.build(spoken, responses.outcome).scores(rows.pairs).tolist())
    assert scores[0] == scores[1] and len(set(scores[0])) > 1
    assert passes(there) <= 2 / 70
