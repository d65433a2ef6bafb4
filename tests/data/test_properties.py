"""What holds of ids, joins, folds and scores whatever they are given: hypothesis looks for what breaks it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy import stats
from sklearn.metrics import mean_absolute_error, r2_score, root_mean_squared_error

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import clean_ids, is_missing_id, spellings_alike
from drugresponse.data.joining import join_training_rows
from drugresponse.data.metrics import score
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, TooFewGroupsError, groups_of_samples, make_folds
from drugresponse.data.tables import Responses

phases = [Phase.generate, Phase.shrink]
tried = settings(max_examples=50, derandomize=True, deadline=None, database=None, phases=phases)
IDS = st.lists(st.text(st.characters(codec="utf-8"), max_size=8), min_size=1, max_size=8)


@tried
@given(IDS)
def test_clean_ids__once_is_enough_and_none_is_a_word_for_missing(ids):
    once = clean_ids(pd.Series(ids, dtype=object), "samples")
    assert clean_ids(once, "samples").tolist() == once.tolist()
    assert [text == "" for text in once] == [is_missing_id(text) for text in ids]


@tried
@given(IDS, IDS)
def test_spellings_alike__leads_from_one_side_to_the_other(missing, known):
    alike = spellings_alike(missing, known)
    assert set(alike) <= set(missing)
    assert set(alike.values()) <= set(known)
    assert all(text in spellings_alike([text], [text]) for text in missing)


@st.composite
def pairs_of_a_grid(draw):
    n_samples, n_drugs = draw(st.integers(2, 9)), draw(st.integers(1, 5))
    samples = [f"s{at}" for at in range(n_samples)]
    levels = st.lists(st.integers(0, 4), min_size=n_samples, max_size=n_samples)
    subject = pd.Series([f"p{each}" for each in draw(levels)], index=samples)
    covariates = pd.DataFrame({"tissue": [f"t{each}" for each in draw(levels)]}, index=samples)
    drugs = pd.DataFrame({"smiles": "", "inchikey": ""}, index=pd.Index([f"d{at}" for at in range(n_drugs)]))
    grid = pd.MultiIndex.from_product([samples, drugs.index], names=["sample_id", "drug_id"]).to_frame(index=False)
    kept = draw(st.lists(st.booleans(), min_size=len(grid), max_size=len(grid)).filter(lambda each: sum(each) > 1))
    genotypes = Genotypes.from_dense(np.eye(n_samples), samples, samples)
    return Pairs.build(genotypes, covariates, drugs, grid[kept], subject)


@tried
@given(
    pairs_of_a_grid(),
    st.sampled_from([each for each in SCHEMES if each not in ("new-lineages", "new-studies")]),
    st.integers(2, 4),
)
def test_make_folds__groups_are_never_split_and_every_row_is_tested_once(pairs, scheme, n_folds):
    try:
        folds = make_folds(pairs, scheme, n_folds, 0)
    except TooFewGroupsError:
        return
    tested = np.concatenate([test for _, test in folds])
    assert len(set(tested)) == len(tested)
    if scheme != "new-samples-and-drugs":
        assert sorted(tested) == list(range(len(pairs)))
    subjects = pairs.subjects[pairs.sample_index]
    groups = groups_of_samples(pairs, scheme)[pairs.sample_index]
    for train, test in folds:
        assert not set(train) & set(test)
        if scheme.startswith(("new-samples", "new-tissues")):
            assert not set(subjects[train]) & set(subjects[test])
            assert not set(groups[train]) & set(groups[test])
        if scheme in ("new-drugs", "new-samples-and-drugs"):
            assert not set(pairs.drug_index[train]) & set(pairs.drug_index[test])


@settings(tried, max_examples=20)
@given(st.lists(st.tuples(st.integers(0, 13), st.integers(0, 2)), max_size=30), st.permutations(range(12)))
def test_join_training_rows__the_mean_of_every_pair_that_has_a_genotype(cells, order):
    """Samples 12 and 13 have no genotype; rows of one pair are averaged."""
    table = pd.DataFrame([*((at, 0) for at in range(12)), *cells], columns=["sample_id", "drug_id"]).astype(str)
    table["response"] = np.arange(len(table), dtype=float)
    samples = [str(at) for at in order]
    expected = table[table["sample_id"].isin(samples)].groupby(["sample_id", "drug_id"])["response"].mean()
    genotypes = Genotypes.from_dense(np.eye(12), samples, [f"of {sample}" for sample in samples])
    rows = join_training_rows(genotypes, Responses.build(table, outcome="continuous"), None, None)
    joined = dict(zip(zip(rows.pairs.sample_ids, rows.pairs.drug_ids, strict=True), rows.y, strict=True))
    assert joined == pytest.approx(expected.to_dict())
    # each row has the genotype of its sample: the only feature that is 1
    column = rows.pairs.genotypes.dense().argmax(axis=1)[rows.pairs.sample_index]
    assert rows.pairs.genotypes.features.index[column].str.removeprefix("of ").tolist() == list(rows.pairs.sample_ids)


NUMBERS = arrays.arrays(
    np.float64, st.shared(st.integers(3, 30), key="n"), elements=st.floats(-1e6, 1e6, allow_subnormal=False)
)


@tried
@given(NUMBERS, NUMBERS)
def test_score__is_that_of_other_libraries_where_it_is_defined(measured, predicted):
    scores = score(measured, predicted)
    assert scores["rmse"] == pytest.approx(root_mean_squared_error(measured, predicted))
    assert scores["mae"] == pytest.approx(mean_absolute_error(measured, predicted))
    if np.isfinite(scores["r2"]):
        assert scores["r2"] == pytest.approx(r2_score(measured, predicted), rel=1e-6, abs=1e-6)
    if np.isfinite(scores["pearson"]):
        assert scores["pearson"] == pytest.approx(stats.pearsonr(measured, predicted).statistic, abs=1e-6)
        assert scores["spearman"] == pytest.approx(stats.spearmanr(measured, predicted).statistic, abs=1e-6)
    else:
        assert min(np.ptp(measured), np.ptp(predicted)) <= 1e-6 * max(np.abs([measured, predicted]).max(), 1e-300)
