from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, find_scheme, groups_of_samples, make_folds, units_of_error
from drugresponse.errors import InputError

N_SAMPLES, N_DRUGS = 30, 12


def made(keep: float = 0.7, seed: int = 0) -> Pairs:
    """Two samples for each of 15 subjects, two salts for each of 6 drug structures, five tissues, eight lineages."""
    samples = [f"s{i}" for i in range(N_SAMPLES)]
    genotypes = Genotypes.from_dense(np.eye(N_SAMPLES), samples, samples)
    subject = pd.Series([f"patient {i // 2}" for i in range(N_SAMPLES)], index=samples)
    covariates = pd.DataFrame({"tissue": [f"tissue {i // 2 % 5}" for i in range(N_SAMPLES)]}, index=samples)
    drugs = pd.DataFrame(
        {"smiles": "", "inchikey": [f"SKELETONSKELE{'ABCDEF'[i % 6]}-SALT{i}-N" for i in range(N_DRUGS)]},
        index=pd.Index([f"d{i}" for i in range(N_DRUGS)]),
    )
    grid = pd.MultiIndex.from_product([samples, drugs.index], names=["sample_id", "drug_id"]).to_frame(index=False)
    kept = np.random.default_rng(seed).random(len(grid)) < keep
    pairs = Pairs.build(genotypes, covariates, drugs, grid[kept], subject)
    return replace(pairs, lineages=np.arange(N_SAMPLES) // 4)


def asked(pairs: Pairs, scheme: str) -> Pairs:
    """The same with the study of each pair, where studies are held out: that of the subject."""
    if scheme != "new-studies":
        return pairs
    return replace(pairs, studies=np.array([f"study {at // 2 % 6}" for at in pairs.sample_index], dtype=object))


def of(pairs: Pairs, what: str) -> np.ndarray:
    return {
        "subject": lambda: pairs.subjects[pairs.sample_index],
        "sample": lambda: pairs.sample_ids,
        "drug": lambda: pairs.drug_ids,
        "skeleton": lambda: pairs.drugs["inchikey"].str.split("-").str[0].to_numpy()[pairs.drug_index],
        "lineage": lambda: pairs.lineages[pairs.sample_index],
        "study": lambda: pairs.studies,
        "tissue": lambda: pairs.covariates["tissue"].to_numpy()[pairs.sample_index],
    }[what]()


NEW = {
    "random-pairs": [],
    "new-samples": ["sample", "subject"],
    "new-drugs": ["drug", "skeleton"],
    "new-tissues": ["tissue", "sample", "subject"],
    "new-lineages": ["lineage", "sample", "subject"],
    "new-studies": ["study", "sample", "subject"],
    "new-samples-and-drugs": ["sample", "subject", "drug", "skeleton"],
}


@pytest.mark.parametrize("scheme", SCHEMES)
def test_make_folds__nothing_that_is_new_was_seen(scheme):
    pairs = asked(made(), scheme)
    folds = make_folds(pairs, scheme, 3, 0)
    assert len(folds) == 3
    for train, test in folds:
        assert len(train)
        assert len(test)
        assert set(train).isdisjoint(test)
        for what in NEW[scheme]:
            values = of(pairs, what)
            assert set(values[train]).isdisjoint(values[test]), what


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"new-samples-and-drugs"}))
def test_make_folds__every_pair_is_tested_once(scheme):
    pairs = asked(made(), scheme)
    folds = make_folds(pairs, scheme, 4, 1)
    np.testing.assert_array_equal(np.sort(np.concatenate([test for _, test in folds])), np.arange(len(pairs)))
    for train, test in folds:
        assert len(train) + len(test) == len(pairs)
        assert (np.diff(train) > 0).all()
        assert (np.diff(test) > 0).all()


def test_make_folds__both_new_leaves_out_rows_that_share_one_side():
    pairs = made(keep=1.0)
    for train, test in make_folds(pairs, "new-samples-and-drugs", 3, 0):
        assert len(train) + len(test) < len(pairs)
        assert len(test) == pytest.approx(len(pairs) / 9, rel=0.01)
        assert len(train) == pytest.approx(len(pairs) * 4 / 9, rel=0.01)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_make_folds__same_seed_same_folds(scheme):
    # groups of one size: those of different sizes are dealt by size, whatever the seed
    pairs = asked(made(keep=1.0), scheme)
    first, again, other = (make_folds(pairs, scheme, 3, seed) for seed in (7, 7, 8))
    for (train, test), (train_again, test_again) in zip(first, again, strict=True):
        np.testing.assert_array_equal(train, train_again)
        np.testing.assert_array_equal(test, test_again)
    assert any(not np.array_equal(a[1], b[1]) for a, b in zip(first, other, strict=True))


def test_make_folds__seed_of_the_process_has_no_part():
    np.random.seed(1)  # noqa: NPY002
    first = make_folds(made(), "new-samples", 3, 0)
    np.random.seed(2)  # noqa: NPY002
    again = make_folds(made(), "new-samples", 3, 0)
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(first, again, strict=True))


@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples", "new-drugs"])
def test_make_folds__are_of_about_one_size(scheme):
    sizes = [len(test) for _, test in make_folds(made(keep=1.0), scheme, 3, 0)]
    assert max(sizes) - min(sizes) <= 1


def test_make_folds__fewer_groups_than_folds():
    assert len(make_folds(made(), "new-tissues", 20, 0)) == 5


def test_make_folds__subject_with_samples_of_two_tissues_does_not_straddle():
    pairs = made()
    subjects = pairs.subjects.copy()
    subjects[pairs.covariates["tissue"].to_numpy() == "tissue 0"] = subjects[2]  # whose tissue is another
    joined = Pairs(pairs.genotypes, pairs.covariates, subjects, pairs.drugs, pairs.sample_index, pairs.drug_index)
    folds = make_folds(joined, "new-tissues", 5, 0)
    assert len(folds) == 4
    for train, test in folds:
        subject = of(joined, "subject")
        assert set(subject[train]).isdisjoint(subject[test])


def test_make_folds__drugs_without_a_key_are_grouped_by_structure():
    pairs = made(keep=1.0)
    drugs = pairs.drugs.drop(columns="inchikey").assign(smiles=["C", "CC"] * 3 + [""] * 6)
    changed = Pairs(pairs.genotypes, pairs.covariates, pairs.subjects, drugs, pairs.sample_index, pairs.drug_index)
    smiles = drugs["smiles"].to_numpy()[pairs.drug_index]
    folds = make_folds(changed, "new-drugs", 20, 0)
    assert len(folds) == 8  # two structures, and six drugs of which nothing is known
    for train, test in folds:
        assert (set(smiles[train]) & set(smiles[test])) <= {""}


@pytest.mark.parametrize("scheme", ["new-drugs", "new-samples-and-drugs"])
def test_make_folds__spellings_of_one_structure_do_not_straddle(scheme):
    """Without a key, and where only one of the twins has one."""
    pairs = made(keep=1.0)
    smiles = ["CCO", "OCC", "CCN", "NCC"] + ["C" * length for length in range(4, 12)]
    drugs = pairs.drugs.assign(smiles=smiles, inchikey=["", "", "QUSNBJAOOMFDIB-UHFFFAOYSA-N"] + [""] * 9)
    changed = Pairs(pairs.genotypes, pairs.covariates, pairs.subjects, drugs, pairs.sample_index, pairs.drug_index)
    compound = np.array([0, 0, 1, 1, *range(2, 10)])[pairs.drug_index]
    for train, test in make_folds(changed, scheme, 10, 0):
        assert set(compound[train]).isdisjoint(compound[test])


def test_make_folds__one_group_only():
    pairs = made()
    with pytest.raises(InputError, match=r"found 1 drug structure to hold out \(expected 2 or more\)"):
        make_folds(pairs[np.flatnonzero(pairs.drug_index == 0)], "new-drugs", 3, 0)


def test_make_folds__no_tissue():
    pairs = made()
    bare = Pairs(
        pairs.genotypes, pairs.covariates[[]], pairs.subjects, pairs.drugs, pairs.sample_index, pairs.drug_index
    )
    with pytest.raises(InputError, match=r'no column "tissue" serves as covariate \(the scheme new-tissues needs one'):
        make_folds(bare, "new-tissues", 3, 0)


def test_make_folds__no_lineages():
    with pytest.raises(
        InputError, match=r"^samples: no lineages are known \(the scheme new-lineages .*`lineage_column`"
    ):
        make_folds(replace(made(), lineages=None), "new-lineages", 3, 0)


def test_make_folds__subject_with_samples_of_two_lineages_joins_them():
    pairs = made(keep=1.0)
    subjects = pairs.subjects.copy()
    subjects[29] = subjects[0]
    joined = replace(pairs, subjects=subjects)
    lineages = pairs.lineages.copy()
    lineages[lineages == 7] = 0
    folds = make_folds(joined, "new-lineages", 20, 0)
    assert len(folds) == 7
    for train, test in folds:
        assert set(lineages[joined.sample_index[train]]).isdisjoint(lineages[joined.sample_index[test]])
        assert set(subjects[joined.sample_index[train]]).isdisjoint(subjects[joined.sample_index[test]])


def test_make_folds__lineages_stay_with_the_rows_that_are_cut():
    pairs = made()
    cut = pairs[np.flatnonzero(pairs.sample_index >= 6)].compact()
    np.testing.assert_array_equal(cut.lineages, np.arange(6, 30) // 4)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_units_of_error__are_those_that_are_held_out(scheme):
    """A learner chooses penalties, and counts what errs together, by lineages only where these are held out."""
    pairs = made(keep=1.0)
    by_lineage = np.arange(30) // 4
    units, groups = units_of_error(pairs, scheme), groups_of_samples(pairs, scheme)
    if scheme == "new-lineages":
        np.testing.assert_array_equal(pd.factorize(groups)[0], by_lineage)
        np.testing.assert_array_equal(pd.factorize(units)[0], by_lineage[pairs.sample_index])
    else:
        assert list(groups) == list(pairs.subjects)
        assert len(np.unique(units)) == (6 if scheme == "new-drugs" else 15)


def test_find_scheme__misspelt():
    with pytest.raises(InputError, match=r'"new-sample" is unknown\. Did you mean "new-samples"\?'):
        find_scheme("new-sample")


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes__effects_exist_where_groups_were_seen(scheme):
    assert SCHEMES[scheme].sample_effect == ("sample" not in NEW[scheme])
    assert SCHEMES[scheme].drug_effect == ("drug" not in NEW[scheme])
