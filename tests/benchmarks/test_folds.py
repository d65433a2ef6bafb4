"""Which rows a benchmark trains on and tests."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.cohorts import PUBLISHED, cohort_names, read_cohort
from benchmarks.folds import folds_of
from drugresponse.errors import InputError
from tests.benchmarks.cohort_folder import write_cohort, write_split


def test_cohort_names__folders_with_responses_and_genotypes(tmp_path):
    write_cohort(tmp_path / "b")
    write_cohort(tmp_path / "a")
    (tmp_path / "formats").mkdir()
    assert cohort_names(tmp_path) == ["a", "b"]


def test_cohort_names__none_is_an_error(tmp_path):
    with pytest.raises(InputError, match="found no cohort"):
        cohort_names(tmp_path)


def test_read_cohort__drugs_without_structure_are_left_out(tmp_path):
    drugs = write_cohort(tmp_path / "made").drugs.index
    assert list(read_cohort(tmp_path / "made").pairs.drugs.index) == sorted(drugs[:-1])


def test_schemes__as_many_as_the_cohort_can_answer(tmp_path):
    write_cohort(tmp_path / "made")
    assert read_cohort(tmp_path / "made").schemes() == ["new-samples", "random-pairs"]


def test_schemes__the_published_split_alone(tmp_path):
    write_cohort(tmp_path / "made", split=True)
    assert read_cohort(tmp_path / "made").schemes() == [PUBLISHED]


def test_folds_of__published_split_without_pairs_on_both_sides(tmp_path):
    write_cohort(tmp_path / "made", split=True)
    cohort = read_cohort(tmp_path / "made")
    (fold,) = folds_of(cohort, PUBLISHED, 5)
    written = pd.read_csv(tmp_path / "made" / "responses.tsv", sep="\t")
    twice = written.iloc[0]
    tested = written[(written["split"] == "test") & written["drug_id"].isin(cohort.pairs.drugs.index)].iloc[1:]
    held = cohort.pairs[fold.test]
    assert sorted(zip(held.sample_ids, held.drug_ids, strict=True)) == sorted(
        zip(tested["sample_id"], tested["drug_id"], strict=True)
    )
    everywhere = set(zip(cohort.pairs.sample_ids, cohort.pairs.drug_ids, strict=True))
    assert (twice["sample_id"], twice["drug_id"]) not in everywhere


def test_folds_of__published_split_that_is_not_there(tmp_path):
    write_cohort(tmp_path / "made")
    with pytest.raises(InputError, match="made: found no published split"):
        folds_of(read_cohort(tmp_path / "made"), PUBLISHED, 5)


def test_folds_of__the_file_beside_the_data_decides(tmp_path):
    samples = write_cohort(tmp_path / "made").genotypes.sample_ids
    named = samples[:60]
    write_split(tmp_path / "made", pd.DataFrame({"sample_id": named, "fold": np.arange(60) % 3}), "new-samples")
    cohort = read_cohort(tmp_path / "made")
    folds = folds_of(cohort, "new-samples", 5)
    assert len(folds) == 3
    assert set(cohort.pairs.sample_ids[folds[1].test]) == set(named[1::3])
    assert set(cohort.pairs.sample_ids[folds[1].train]) == set(named[0::3]) | set(named[2::3])


def test_folds_of__new_drugs_are_dealt_three_times(tmp_path):
    write_cohort(tmp_path / "made")
    folds = folds_of(read_cohort(tmp_path / "made"), "new-drugs", 2)
    assert [(fold.repeat, fold.number) for fold in folds] == [(r, n) for r in range(3) for n in range(2)]


def test_data_hash__of_content_not_of_place(tmp_path):
    write_cohort(tmp_path / "here")
    write_cohort(tmp_path / "there")
    hashes = [folds_of(read_cohort(tmp_path / name), "new-samples", 5)[0].data_hash for name in ("here", "there")]
    assert hashes[0] == hashes[1]


@pytest.mark.parametrize("name", ["responses", "samples", "drugs"])
def test_data_hash__changes_with_each_table(tmp_path, name):
    write_cohort(tmp_path / "made")
    before = folds_of(read_cohort(tmp_path / "made"), "new-samples", 5)[0].data_hash
    file = tmp_path / "made" / f"{name}.tsv"
    table = pd.read_csv(file, sep="\t")
    column, value = {"responses": ("response", 9.0), "samples": ("tissue", "skin"), "drugs": ("smiles", "CCO")}[name]
    at = int(np.flatnonzero(table[column] != value)[0])
    table.loc[at, column] = value
    table.to_csv(file, sep="\t", index=False)
    assert folds_of(read_cohort(tmp_path / "made"), "new-samples", 5)[0].data_hash != before
