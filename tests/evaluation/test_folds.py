"""Folds as a table: dealt, written, given again, and proved free of leaks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.joining import join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, make_folds
from drugresponse.errors import InputError
from drugresponse.evaluation.folds import as_splits, folds_of_table, plan_folds, prove_free_of_leaks
from drugresponse.outputs import write_table
from drugresponse.readers import read_splits
from drugresponse.simulation.cohort import simulate_cohort

SEEN_BY_LEARNERS = [scheme for scheme in SCHEMES if scheme != "new-studies"]


@pytest.fixture(scope="module")
def pairs() -> Pairs:
    cohort = simulate_cohort(n_samples=80, n_drugs=10, n_features=20)
    # every subject has two samples, of one tissue
    order = cohort.samples["tissue"].argsort(kind="stable").argsort(kind="stable")
    samples = cohort.samples.assign(subject_id=[f"P{place // 2}" for place in order])
    samples["tissue"] = samples.groupby("subject_id")["tissue"].transform("first")
    samples["lineage"] = [f"L{place // 4}" for place in order]
    return join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, samples).pairs


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_plan__table_gives_the_folds_that_were_dealt(pairs: Pairs, scheme: str) -> None:
    planned = folds_of_table(pairs, plan_folds(pairs, scheme, 4, 1, 7))
    dealt = [fold for fold in make_folds(pairs, scheme, 4, 7) if len(fold[1])]
    assert len(planned) == len(dealt)
    for mine, (train, test) in zip(planned, dealt, strict=True):
        assert np.array_equal(mine.train, train)
        assert np.array_equal(mine.test, test)
    prove_free_of_leaks(pairs, scheme, planned)


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_plan__written_and_read_gives_the_same_rows(pairs: Pairs, scheme: str, tmp_path) -> None:
    plan = plan_folds(pairs, scheme, 3, 2, 0)
    write_table(plan, tmp_path / "splits")
    again = folds_of_table(pairs, read_splits(tmp_path / "splits"))
    for mine, theirs in zip(folds_of_table(pairs, plan), again, strict=True):
        assert (mine.repeat, mine.fold) == (theirs.repeat, theirs.fold)
        assert np.array_equal(mine.train, theirs.train)
        assert np.array_equal(mine.test, theirs.test)


def test_plan__repeats_differ(pairs: Pairs) -> None:
    first, second = (
        [
            tuple(each.test)
            for each in folds_of_table(pairs, plan_folds(pairs, "new-samples", 3, 2, 0))
            if each.repeat == i
        ]
        for i in (0, 1)
    )
    assert set(first).isdisjoint(second)


def test_given__train_validation_test_is_one_fold(pairs: Pairs) -> None:
    ids = pairs.genotypes.sample_ids
    table = pd.DataFrame({"repeat": 0, "fold": [0] * 20 + [-1] * 60, "sample_id": ids, "drug_id": ""})
    (only,) = folds_of_table(pairs, table)
    assert set(pairs.sample_ids[only.test]) == set(ids[:20])
    assert set(pairs.sample_ids[only.train]) == set(ids[20:])


LEAKS = {
    "new-samples": ("random-pairs", "trains on the subject of"),
    "new-drugs": ("new-samples", "trains on the structure of"),
    "new-tissues": ("new-samples", "trains on the tissue of"),
    "new-lineages": ("new-samples", "trains on the lineage of"),
    "new-samples-and-drugs": ("new-drugs", "trains on the subject of"),
}


@pytest.mark.parametrize("scheme", LEAKS)
def test_prove__leaky_folds_are_caught(pairs: Pairs, scheme: str) -> None:
    leaky, message = LEAKS[scheme]
    with pytest.raises(InputError, match=message):
        prove_free_of_leaks(pairs, scheme, folds_of_table(pairs, plan_folds(pairs, leaky, 3, 1, 0)))


def test_prove__a_subject_with_two_samples_on_both_sides_is_caught(pairs: Pairs) -> None:
    ids = pairs.genotypes.sample_ids
    table = pd.DataFrame({"repeat": 0, "fold": np.arange(80) % 2, "sample_id": ids, "drug_id": ""})
    with pytest.raises(InputError, match=r"trains on the subject of .* which it also tests"):
        prove_free_of_leaks(pairs, "new-samples", folds_of_table(pairs, table))


def test_given__numbers_may_have_gaps(pairs: Pairs) -> None:
    plan = plan_folds(pairs, "new-samples", 3, 2, 0)
    strange = plan.assign(repeat=plan["repeat"] * 4 + 3, fold=plan["fold"] * 300_000_000 + 7)
    for mine, theirs in zip(folds_of_table(pairs, plan), folds_of_table(pairs, strange), strict=True):
        assert (mine.repeat, mine.fold) == (theirs.repeat, theirs.fold)
        assert np.array_equal(mine.test, theirs.test)


def test_given__an_id_in_two_folds_is_refused(pairs: Pairs) -> None:
    identity = pairs.genotypes.sample_ids[0]
    table = pd.DataFrame({"repeat": 0, "fold": [0, 1], "sample_id": identity, "drug_id": ""})
    with pytest.raises(InputError, match="stands in two folds of one repeat"):
        folds_of_table(pairs, table)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample_id\nS1\n", 'found no column "fold"'),
        ("fold\tsample_id\nsecond\tS1\n", 'line 2: found fold "second"'),
        ("fold\tsample_id\n0\tS1\ntest\tS2\n", "found numbered folds beside"),
        ("fold\tsample_id\trepeat\n0\tS1\tfirst\n", "line 2: found a repeat that is no whole number"),
        ("fold\tsample_id\n0\t\n", "line 2: found neither a sample nor a drug"),
    ],
)
def test_read_splits__names_the_mistake(tmp_path, text: str, message: str) -> None:
    (tmp_path / "splits.tsv").write_text(text)
    with pytest.raises(InputError, match=message):
        read_splits(tmp_path / "splits.tsv")


def test_as_splits__samples_and_folds_are_enough(pairs: Pairs) -> None:
    plan = plan_folds(pairs, "new-samples", 3, 1, 0)
    few = plan[["sample_id", "fold"]].astype({"fold": float})
    for table in (few, few.set_index("sample_id"), few.astype({"sample_id": "category"})):
        pd.testing.assert_frame_equal(as_splits(table), plan, check_dtype=False)
    pd.testing.assert_frame_equal(as_splits(plan), plan)
