"""Samples that another study measured are an easier question, which is told apart."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.joining import join_training_rows
from drugresponse.data.splits import make_folds
from drugresponse.evaluation.evaluate import evaluate
from drugresponse.evaluation.folds import as_splits, folds_of_table, plan_folds, prove_free_of_leaks
from drugresponse.evaluation.studies.seen_samples import compare_seen_samples
from drugresponse.readers.tables.splits import read_splits
from drugresponse.simulation.cohort import simulate_cohort


def rows_of(studies: int = 3, seed: int = 0):
    cohort = simulate_cohort(n_samples=90, n_drugs=4, n_features=30, studies=studies, random_state=seed)
    return join_training_rows(cohort.genotypes, cohort.responses, None, None, scheme="new-studies")


def test_seen_samples__are_predicted_better_from_another_study_than_new_ones() -> None:
    rows = rows_of()
    beside = compare_seen_samples(rows, make_folds(rows.pairs, "new-studies", 3, 0))
    several = {sample for sample in set(rows.pairs.sample_index) if len(set(studies_of(rows, sample))) > 1}
    assert beside is not None and beside.samples == len(several)
    assert beside.new + 0.1 < beside.seen and beside.new + 0.3 < beside.copied


def studies_of(rows, sample: int) -> list[str]:
    return list(rows.pairs.studies[rows.pairs.sample_index == sample])


def test_seen_samples__are_not_told_of_where_no_study_shares_any() -> None:
    rows = rows_of()
    once = np.flatnonzero([len(set(studies_of(rows, sample))) == 1 for sample in rows.pairs.sample_index])
    pairs = rows.pairs[once]
    apart = type(rows)(pairs, rows.y[once], rows.weights[once], rows.loss)
    assert compare_seen_samples(apart, make_folds(pairs, "new-studies", 3, 0)) is None


def test_splits__of_studies_give_the_same_folds_again() -> None:
    pairs = rows_of().pairs
    table = plan_folds(pairs, "new-studies", 3, 1, 0)
    assert table.columns.tolist() == ["repeat", "fold", "sample_id", "drug_id", "study"]
    planned = folds_of_table(pairs, as_splits(table))
    prove_free_of_leaks(pairs, "new-studies", planned)
    for fold, (train, test) in zip(planned, make_folds(pairs, "new-studies", 3, 0), strict=True):
        assert fold.train.tolist() == train.tolist() and fold.test.tolist() == test.tolist()


def test_splits__may_name_studies_alone() -> None:
    pairs = rows_of().pairs
    table = plan_folds(pairs, "new-studies", 3, 1, 0)[["study", "fold"]].drop_duplicates()
    assert len(folds_of_table(pairs, as_splits(table))) == 3


def test_splits__come_back_from_their_file(tmp_path: Path) -> None:
    table = plan_folds(rows_of().pairs, "new-studies", 3, 1, 0)
    table.to_csv(tmp_path / "splits.tsv", sep="\t", index=False)
    pd.testing.assert_frame_equal(as_splits(read_splits(tmp_path / "splits.tsv")), table, check_dtype=False)


def test_reference_study__is_told_to_have_no_meaning_in_another_scheme(caplog: pytest.LogCaptureFixture) -> None:
    cohort = simulate_cohort(n_samples=40, n_drugs=2, n_features=20, studies=2)
    evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, reference_study="S1")
    assert "`reference_study`: has no meaning in the scheme new-samples (expected new-studies)." in caplog.messages
