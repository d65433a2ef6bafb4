"""Folds hold out whole studies, and nothing of a tested sample or study is trained on."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds
from drugresponse.errors import InputError


def pairs_of(sample_study: list[tuple[int, str]], n_drugs: int = 2) -> Pairs:
    """Every drug for each (sample, study)."""
    samples = max(sample for sample, _ in sample_study) + 1
    genotypes = Genotypes.from_dense(np.zeros((samples, 1)), [f"s{at:03}" for at in range(samples)], ["TP53"])
    drugs = pd.DataFrame(index=pd.Index([f"d{at}" for at in range(n_drugs)]))
    grid = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs)
    rows = np.concatenate([np.arange(n_drugs) + sample * n_drugs for sample, _ in sample_study])
    return replace(grid[rows], studies=np.repeat([study for _, study in sample_study], n_drugs).astype(object))


def overlapping() -> Pairs:
    return pairs_of([(at, "ABC"[at % 3]) for at in range(60)] + [(at, "ABC"[(at + 1) % 3]) for at in range(12)])


@pytest.mark.parametrize("panel", [overlapping(), pairs_of([(at, name) for at in range(30) for name in "AB"])])
def test_folds__share_neither_study_nor_sample_with_their_training(panel: Pairs) -> None:
    folds = make_folds(panel, "new-studies", 5, 0)
    for train, test in folds:
        assert len(train) and len(test)
        assert len(set(panel.studies[test])) == 1
        assert not set(panel.studies[train]) & set(panel.studies[test])
        assert not set(panel.sample_index[train]) & set(panel.sample_index[test])
    assert np.sort(np.concatenate([test for _, test in folds])).tolist() == list(range(len(panel)))


def test_folds__are_the_studies_where_these_share_few_samples() -> None:
    assert len(make_folds(overlapping(), "new-studies", 5, 0)) == 3


def test_folds__of_one_panel_measured_twice_keep_most_of_the_other_study() -> None:
    panel = pairs_of([(at, name) for at in range(30) for name in "AB"])
    folds = make_folds(panel, "new-studies", 5, 0)
    assert len(folds) == 6
    assert min(len(train) for train, _ in folds) >= 0.6 * 60


def test_folds__keep_samples_of_one_subject_on_one_side() -> None:
    panel = replace(overlapping(), subjects=np.array([f"p{at % 20}" for at in range(60)], dtype=object))
    for train, test in make_folds(panel, "new-studies", 3, 0):
        assert not set(panel.subjects[panel.sample_index[train]]) & set(panel.subjects[panel.sample_index[test]])


def test_folds__of_more_studies_than_folds_hold_out_several_at_once() -> None:
    panel = pairs_of([(at, f"study {at % 7}") for at in range(70)])
    assert len(make_folds(panel, "new-studies", 3, 0)) == 3


def test_folds__need_two_studies() -> None:
    with pytest.raises(TooFewGroupsError, match="found 1 study to hold out"):
        make_folds(pairs_of([(at, "A") for at in range(20)]), "new-studies", 3, 0)
    with pytest.raises(InputError, match="no studies are known"):
        make_folds(replace(overlapping(), studies=None), "new-studies", 3, 0)
