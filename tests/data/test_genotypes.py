from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes
from drugresponse.data.stored.number_kinds import guess_kind
from drugresponse.errors import InputError

NAN = float("nan")


def features(*ids: str, **columns) -> pd.DataFrame:
    return pd.DataFrame({"kind": "dosage", **columns}, index=pd.Index(ids, name="feature_id"))


@pytest.fixture
def genotypes() -> Genotypes:
    return Genotypes.from_dense([[0, 2, NAN], [1, NAN, 0], [2, 2, 2]], ["a", "b", "c"], ["x", "y", "z"], kind="dosage")


def test_build__missing_reference_and_carrier_stay_apart(genotypes):
    np.testing.assert_array_equal(genotypes.dense(), [[0, 2, NAN], [1, NAN, 0], [2, 2, 2]])
    assert genotypes.values.nnz == 7  # the two missing calls are stored, the two zeros are not
    assert genotypes.values.dtype == np.float32


def test_build__completes_the_feature_table():
    built = Genotypes.build([[1.0]], ["s"], features("f", gene=[None], position=["17"]))
    assert tuple(built.features.columns) == FEATURE_COLUMNS
    assert built.features.loc["f"].to_dict() == {
        "block": "dosage",
        "kind": "dosage",
        "gene": "",
        "chromosome": "",
        "position": 17,
        "ref": "",
        "alt": "",
        "effect": "",
        "parent": "",
    }
    assert built.features["position"].dtype == "Int64"


def test_build__orders_features_as_people_count_chromosomes():
    table = features(
        "e",
        "d",
        "c",
        "b",
        "a",
        chromosome=["X", "10", "chr2", "2", "2"],
        position=[1, 1, 5, 40, 5],
        alt=["", "", *"TAA"],
    )
    built = Genotypes.build(np.arange(5.0)[None, :] % 3, ["s"], table)
    assert list(built.features.index) == ["a", "c", "b", "d", "e"]
    np.testing.assert_array_equal(built.dense(), [[1, 2, 0, 1, 0]])


def test_build__order_of_the_file_does_not_matter():
    rng = np.random.default_rng(3)
    values = rng.integers(0, 3, (6, 9)).astype(float)
    table = features(*(f"f{i}" for i in range(9)), position=rng.permutation(9))
    order = rng.permutation(9)
    one = Genotypes.build(values, list("abcdef"), table)
    assert one.equals(Genotypes.build(values[:, order], list("abcdef"), table.iloc[order]))
    assert one.equals(Genotypes.build(sparse.coo_array(values), list("abcdef"), table))


def test_build__does_not_change_the_matrix_it_is_given():
    values = sparse.csr_array((np.array([0, 1, 2], np.float32), np.array([2, 0, 1]), np.array([0, 2, 3])), shape=(2, 3))
    Genotypes.build(values, ["a", "b"], features("x", "y", "z"))
    assert values.nnz == 3
    np.testing.assert_array_equal(values.indices, [2, 0, 1])
    np.testing.assert_array_equal(values.indptr, [0, 2, 3])


def test_missing__marks_missing_and_leaves_the_calls_alone(genotypes):
    before = genotypes.dense()
    np.testing.assert_array_equal(genotypes.missing().toarray(), np.isnan(before))
    np.testing.assert_array_equal(genotypes.dense(), before)


@pytest.mark.parametrize(
    ("values", "samples", "table", "message"),
    [
        ([[1, 1]], ["s"], features("f", "f"), r'feature "f" occurs more than once in its block'),
        ([[1], [1]], ["s", "s"], features("f"), r'"s" stands in more than one row'),
        ([[1, 1]], ["s"], features("f"), r"the matrix is 1 x 2, its labels are 1 samples x 1 features"),
        ([[np.inf]], ["s"], features("f"), r"found an infinite value \(expected a number or missing\)"),
        ([[1]], ["s"], features("f", kind="dose"), r'found kind "dose" \(expected one of dosage, altered'),
    ],
)
def test_build__bad_input(values, samples, table, message):
    with pytest.raises(InputError, match=message):
        Genotypes.build(np.array(values, dtype=float), samples, table)


def test_build__one_id_may_stand_in_two_blocks():
    built = Genotypes.build([[1, 2]], ["s"], features("TP53", "TP53", block=["mutation", "copies"]))
    assert built.features["block"].tolist() == ["copies", "mutation"]
    np.testing.assert_array_equal(built.dense(), [[2, 1]])


def test_join__sample_that_a_source_lacks_is_missing_there():
    one = Genotypes.from_dense([[1], [0]], ["a", "b"], ["m"], kind="altered")
    two = Genotypes.from_dense([[-1.0], [2.5]], ["b", "c"], ["c"], kind="score")
    joined = Genotypes.join([one, two])
    assert joined.sample_ids.tolist() == ["a", "b", "c"]
    assert joined.features["block"].tolist() == ["altered", "score"]
    np.testing.assert_array_equal(joined.dense(), [[1, NAN], [0, -1], [NAN, 2.5]])


def test_join__same_feature_of_one_block_twice(genotypes):
    with pytest.raises(InputError, match=r'feature "x", "y", "z" occurs more than once'):
        Genotypes.join([genotypes, genotypes])


def test_join__nothing_given():
    with pytest.raises(InputError, match="no source was given"):
        Genotypes.join([])


def test_take_and_reindex__rows_follow_their_ids(genotypes):
    np.testing.assert_array_equal(genotypes.take(np.array([2, 0])).dense(), [[2, 2, 2], [0, 2, NAN]])
    moved = genotypes.reindex(pd.Index(["c", "new", "a"]))
    assert moved.sample_ids.tolist() == ["c", "new", "a"]
    np.testing.assert_array_equal(moved.dense(), [[2, 2, 2], [NAN, NAN, NAN], [0, 2, NAN]])
    assert genotypes.reindex(genotypes.sample_ids).equals(genotypes)


def test_equals__sees_each_difference(genotypes):
    def changed(values=((0, 2, NAN), (1, NAN, 0), (2, 2, 2)), samples=("a", "b", "c"), names=("x", "y", "z")):
        return Genotypes.from_dense(np.array(values), list(samples), list(names), kind="dosage")

    assert genotypes.equals(changed())
    assert not genotypes.equals(changed(values=((0, 2, 0), (1, NAN, 0), (2, 2, 2))))
    assert not genotypes.equals(changed(values=((1, 2, NAN), (1, NAN, 0), (2, 2, 2))))
    assert not genotypes.equals(changed(samples=("a", "b", "d")))
    assert not genotypes.equals(changed(names=("x", "y", "zz")))


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ([[0, 1, NAN]], "altered"),
        ([[NAN]], "altered"),
        ([[0, 1, 2]], "dosage"),
        ([[0, 1, 1.97, 2]], "dosage"),
        ([[-2, 0, 1]], "copy_number"),
        ([[0, 3]], "copy_number"),
        ([[0.1, 0.7, 1.2]], "score"),
        ([[-0.5, 12.0]], "score"),
        ([[0, 250]], "score"),
    ],
)
def test_guess_kind__reads_the_whole_block(values, kind):
    assert guess_kind(values) == kind
