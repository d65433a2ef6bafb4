from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.exceptions import NotFittedError

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import with_parents
from drugresponse.features.samples import SampleEncoder

NAN = float("nan")
SAMPLES = ["s1", "s2", "s3", "s4"]


def two_blocks(values: np.ndarray, samples: list[str] = SAMPLES) -> Genotypes:
    features = pd.DataFrame(
        {
            "block": ["copies", "copies", "mutation", "mutation"],
            "kind": ["copy_number"] * 2 + ["altered"] * 2,
            "gene": list("ABCD"),
        },
        index=["a", "b", "c", "d"],
    )
    return Genotypes.build(values, samples, features)


@pytest.fixture
def genotypes() -> Genotypes:
    return two_blocks(np.array([[2.0, -1, 1, 0], [0, 3, 0, 0], [NAN, 1, 1, 0], [4, 1, NAN, 0]]))


@pytest.fixture
def covariates() -> pd.DataFrame:
    return pd.DataFrame({"tissue": ["lung", "skin", "", "lung"], "age": [30.0, 50.0, NAN, 70.0]}, index=SAMPLES)


def test_sample_encoder__tokens_are_levels_numbers_and_varying_features(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    assert encoder.get_feature_names_out().tolist() == ["tissue=lung", "tissue=skin", "age", "a", "b", "c"]
    assert encoder.tokens_["gene"].tolist() == ["", "", "", "A", "B", "C"]
    assert {name: at.tolist() for name, at in encoder.block_columns().items()} == {
        "covariates": [0, 1, 2],
        "copies": [3, 4],
        "mutation": [5],
    }


def test_sample_encoder__centred_on_what_was_called_and_each_block_of_norm_1(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    tokens = encoder.transform(genotypes, covariates)
    np.testing.assert_allclose(encoder.center_, [2 / 3, 1 / 3, 50, 2, 1, 2 / 3])
    for columns in encoder.block_columns().values():
        assert (tokens[:, columns] ** 2).sum(axis=1).mean() == pytest.approx(1)
    # within a block nothing is scaled: a wide feature stays wide
    np.testing.assert_allclose(encoder.scale_[3], encoder.scale_[4])
    np.testing.assert_allclose(tokens[[0, 1, 3], 3] / encoder.scale_[3], [0, -2, 2])


def test_sample_encoder__missing_is_the_training_mean(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    tokens, called = encoder.transform(genotypes, covariates), encoder.called(genotypes, covariates)
    assert np.argwhere(~called).tolist() == [[2, 0], [2, 1], [2, 2], [2, 3], [3, 5]]
    np.testing.assert_array_equal(tokens[~called], 0)


def test_sample_encoder__unknown_level_absent_feature_and_absent_covariate_say_nothing(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    new = Genotypes.from_dense([[1.0, 5.0]], ["n"], ["c", "unheard of"], block="mutation")
    tokens = encoder.transform(new, pd.DataFrame({"tissue": ["brain"]}, index=["n"]))
    np.testing.assert_array_equal(tokens[0, :5], 0)
    assert tokens[0, 5] > 0


def test_sample_encoder__covariates_are_joined_by_id(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    np.testing.assert_array_equal(
        encoder.transform(genotypes, covariates.iloc[::-1]), encoder.transform(genotypes, covariates)
    )


def test_sample_encoder__infinite_covariate_is_missing(genotypes, covariates):
    odd = covariates.assign(age=[30.0, np.inf, NAN, 70.0])
    encoder = SampleEncoder().fit(genotypes, odd)
    assert encoder.center_[2] == 50
    assert np.isfinite(encoder.transform(genotypes, odd)).all()


def test_sample_encoder__swapped_alleles_are_turned_before_they_become_tokens():
    sites = {"kind": "dosage", "chromosome": ["1", "2"], "position": [7, 9], "ref": "A", "alt": "C"}
    table = pd.DataFrame(sites, index=["1:7:A:C", "2:9:A:C"])
    calls = np.array([[0.0, 1.5], [1, 2], [2, NAN], [1, 0]])
    nothing = pd.DataFrame(index=SAMPLES)
    encoder = SampleEncoder().fit(Genotypes.build(calls, SAMPLES, table), nothing)
    swapped = table.assign(ref=["A", "C"], alt=["C", "A"]).set_axis(["1:7:A:C", "2:9:C:A"])
    new = Genotypes.build(np.column_stack([calls[:, 0], 2 - calls[:, 1]]), SAMPLES, swapped)
    expected = Genotypes.build(calls, SAMPLES, table)
    np.testing.assert_array_equal(encoder.transform(new, nothing), encoder.transform(expected, nothing))
    np.testing.assert_array_equal(encoder.called(new, nothing), encoder.called(expected, nothing))


def test_sample_encoder__alleles_in_conflict_are_not_called():
    table = pd.DataFrame({"kind": "dosage", "ref": "A", "alt": ["C", "G"]}, index=["rs1", "rs2"])
    calls = np.array([[0.0, 1.0], [1, 2], [2, 0], [1, 0]])
    nothing = pd.DataFrame(index=SAMPLES)
    encoder = SampleEncoder().fit(Genotypes.build(calls, SAMPLES, table), nothing)
    new = Genotypes.build(calls, SAMPLES, table.assign(alt=["C", "C"]))
    assert encoder.called(new, nothing).tolist() == [[True, False]] * 4
    np.testing.assert_array_equal(encoder.transform(new, nothing)[:, 1], 0)


def test_sample_encoder__rows_do_not_depend_on_each_other(genotypes, covariates):
    encoder = SampleEncoder().fit(genotypes, covariates)
    whole = encoder.transform(genotypes, covariates)
    for row in range(4):
        alone = genotypes.take(np.array([row]))
        np.testing.assert_array_equal(encoder.transform(alone, covariates)[0], whole[row])


def test_sample_encoder__nothing_varies():
    same = Genotypes.from_dense(np.ones((4, 2)), SAMPLES, ["a", "b"])
    nothing = pd.DataFrame(index=SAMPLES)
    encoder = SampleEncoder().fit(same, nothing)
    assert encoder.transform(same, nothing).shape == (4, 0)
    assert encoder.block_columns() == {}


def test_sample_encoder__not_fitted(genotypes, covariates):
    for ask in (SampleEncoder().transform, SampleEncoder().called):
        with pytest.raises(NotFittedError):
            ask(genotypes, covariates)
    with pytest.raises(NotFittedError):
        SampleEncoder().get_feature_names_out()


def test_sample_encoder__does_not_change_its_input(genotypes, covariates):
    values, before = genotypes.dense(), covariates.copy()
    SampleEncoder().fit(genotypes, covariates).transform(genotypes, covariates)
    np.testing.assert_array_equal(genotypes.dense(), values)
    pd.testing.assert_frame_equal(covariates, before)


def armed(genotypes: Genotypes, arms: list, **others: list) -> tuple[SampleEncoder, pd.DataFrame]:
    side = pd.DataFrame({"arm": arms, **others}, index=genotypes.sample_ids)
    return SampleEncoder("arm").fit(genotypes, side), side


def test_interactions__centred_token_times_centred_arm_in_a_block_of_its_own(genotypes):
    encoder, side = armed(genotypes, ["B", "A", "A", "B"], age=[30.0, 50.0, 20.0, 70.0])
    assert list(encoder.block_columns()) == ["covariates", "copies x arm=B", "mutation x arm=B", "copies", "mutation"]
    rows = encoder.tokens_[encoder.tokens_["arm"] != ""]
    assert rows["token"].tolist() == ["a", "b", "c"]
    assert rows["gene"].tolist() == ["A", "B", "C"]
    assert (rows["arm"] == "arm=B").all()
    tokens, (at, feature, arm) = encoder.transform(genotypes, side), encoder.interactions()
    plain = tokens / encoder.scale_
    np.testing.assert_allclose(plain[:, at], plain[:, feature] * plain[:, arm])
    # a of 4 in an arm that half of the samples have: (4 - 2) * (1 - 1/2)
    assert plain[3, at[0]] == pytest.approx(1)
    for columns in encoder.block_columns().values():
        assert (tokens[:, columns] ** 2).sum(axis=1).mean() == pytest.approx(1)


def test_interactions__leave_the_other_tokens_as_they_are(genotypes):
    encoder, side = armed(genotypes, ["B", "A", "A", "B"])
    plain = (encoder.tokens_["arm"] == "").to_numpy()
    without = SampleEncoder().fit(genotypes, side)
    np.testing.assert_array_equal(encoder.transform(genotypes, side)[:, plain], without.transform(genotypes, side))


def test_interactions__a_block_for_each_level_but_the_first_and_one_for_a_dose(genotypes):
    encoder, _ = armed(genotypes, ["C", "A", "B", "C"])
    assert [name for name in encoder.block_columns() if "mutation" in name] == [
        "mutation x arm=B",
        "mutation x arm=C",
        "mutation",
    ]
    encoder, side = armed(genotypes, [10.0, 20.0, 0.0, 10.0])
    assert [name for name in encoder.block_columns() if "copies" in name] == ["copies x arm", "copies"]
    at, feature, _ = encoder.interactions()
    plain = encoder.transform(genotypes, side) / encoder.scale_
    np.testing.assert_allclose(plain[:, at], plain[:, feature] * (side[["arm"]].to_numpy() - 10))


@pytest.mark.parametrize("unknown", ["", "C", None])
def test_interactions__missing_or_unknown_arm_is_0_and_not_called(genotypes, unknown):
    encoder, side = armed(genotypes, ["B", "A", "A", "B"])
    other = side.assign(arm=["B", unknown, "A", "B"])
    at, feature, _ = encoder.interactions()
    tokens, called = encoder.transform(genotypes, other), encoder.called(genotypes, other)
    assert not called[1, at].any()
    np.testing.assert_array_equal(tokens[1, at], 0)
    np.testing.assert_array_equal(tokens[1, feature], encoder.transform(genotypes, side)[1, feature])
    assert called[0, at].all()
    # a missing call beside a known arm
    assert not called[2, at[0]]


def test_interactions__features_in_another_order_and_absent_ones(genotypes):
    encoder, side = armed(genotypes, ["B", "A", "A", "B"])
    turned = Genotypes.from_dense(genotypes.dense()[:, [2, 0]], SAMPLES, ["c", "a"])
    at, _, _ = encoder.interactions()
    expected = encoder.transform(genotypes, side)[:, at]
    expected[:, 1] = 0
    np.testing.assert_array_equal(encoder.transform(turned, side)[:, at], expected)


def test_interactions__none_where_training_has_one_arm_or_no_genotype(genotypes):
    for encoder in (armed(genotypes, ["A"] * 4)[0], armed(genotypes, [5.0] * 4)[0]):
        assert [len(each) for each in encoder.interactions()] == [0, 0, 0]
    nothing = Genotypes.from_dense(np.zeros((4, 0)), SAMPLES, [])
    encoder, side = armed(nothing, ["B", "A", "A", "B"])
    assert encoder.transform(nothing, side).shape == (4, 2)


def test_interactions__a_constant_feature_has_none_however_large_the_dose():
    # the mean of three times 1000.3 is not 1000.3
    genotypes = Genotypes.from_dense([[1000.3, 0.0], [1000.3, 1.0], [1000.3, 0.0]], ["s1", "s2", "s3"], ["a", "b"])
    encoder, _ = armed(genotypes, [1e9, 2e9, 4e9])
    assert encoder.tokens_["token"].tolist() == ["arm", "b", "b"]


def test_children__are_told_token_by_token_and_without_arms():
    table = pd.DataFrame({"kind": "altered", "parent": ["f;C", "f;C", "C", ""]}, index=["fa", "fb", "g", "h"])
    values = np.array([[0, 1, 1, 0], [1, 0, 1, 1], [1, 1, 0, 0], [0, 0, 0, 1]])
    genotypes = with_parents(Genotypes.build(values, list("abcd"), table))
    covariates = pd.DataFrame({"drug": ["x", "y", "x", "y"]}, index=list("abcd"), dtype=object)
    encoder = SampleEncoder("drug").fit(genotypes, covariates)
    children = encoder.children().toarray()
    tokens = encoder.tokens_
    named = {(tokens["token"][row], tokens["token"][at]) for row, at in zip(*np.nonzero(children), strict=True)}
    assert named == {("fa", "f (family)"), ("fb", "f (family)"), *((child, "C (class)") for child in ("fa", "fb", "g"))}
    assert (tokens["arm"][np.unique(np.nonzero(children))] == "").all()
