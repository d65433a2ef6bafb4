from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.explanation._part_values import PartValues, feature_values
from tests.explanation.made_contributions import made_pairs, made_parts

CALLS = np.array([[0.0, 2.0], [1.0, np.nan], [0.0, 2.0], [1.0, 0.0]])


def test_part_values__parts_that_are_no_tokens_have_none():
    values = PartValues.of(made_parts(2), made_pairs(CALLS))
    assert np.isnan(values.shown[:, 0]).all()
    assert not values.carried[:, 0].any()
    np.testing.assert_array_equal(values.shown[:, 1:], CALLS)


def test_part_values__a_carrier_differs_from_the_most_common_value_and_is_known():
    values = PartValues.of(made_parts(2), made_pairs(CALLS))
    assert values.carried[:, 1].tolist() == [False, True, False, True]
    assert values.carried[:, 2].tolist() == [False, False, False, True]


def test_part_values__covariates_are_numbers_or_levels():
    covariates = {"age": [30.0, np.nan, 50.0, 40.0], "site=x": pd.Series(["=a", "b", "", "b"], dtype=object).tolist()}
    parts = made_parts(0, ["age", "site=x=b", "site=x==a", "height"])
    values = PartValues.of(parts, made_pairs(CALLS, covariates=covariates)).shown[:, 1:]
    np.testing.assert_array_equal(values[:, 0], covariates["age"])
    np.testing.assert_array_equal(values[:, 1], [0, 1, np.nan, 1])
    np.testing.assert_array_equal(values[:, 2], [1, 0, np.nan, 0])
    assert np.isnan(values[:, 3]).all()


def test_part_values__an_interaction_is_compared_with_the_product_of_feature_and_arm():
    pairs = made_pairs(CALLS[:, :1], covariates={"arm": ["a", "b", "b", "b"]})
    values = PartValues.of(made_parts(1, arm="arm=b"), pairs)
    np.testing.assert_array_equal(values.shown[:, 2], CALLS[:, 0])
    arm = np.array([0, 1, 1, 1]) - 0.75
    np.testing.assert_allclose(values.compared[:, 2], (CALLS[:, 0] - 0.5) * arm)
    assert values.carried[:, 2].tolist() == [False, True, False, True]


def test_feature_values__a_named_block_decides_and_the_id_alone_where_none_is_named():
    features = pd.DataFrame({"block": ["rna", "cnv", "rna"], "kind": "score"}, index=["A", "A", "B"])
    genotypes = Genotypes.build(np.array([[1.0, 2.0, 3.0]]), ["s"], features)
    wanted = pd.DataFrame({"block": ["cnv", "rna", "other", "other", "rna"], "feature_id": ["A", "A", "A", "B", "C"]})
    found = feature_values(wanted, genotypes)
    np.testing.assert_array_equal(found, [[2.0, 1.0, np.nan, np.nan, np.nan]])
    assert feature_values(pd.DataFrame({"block": ["score"], "feature_id": ["B"]}), genotypes).tolist() == [[3.0]]


def test_part_values__heterozygotes_carry_the_rarer_allele_also_where_they_are_most():
    genotypes = Genotypes.from_dense([[0, 2], [1, 1], [1, 1], [2, np.nan]], list("abcd"), ["v", "w"], kind="dosage")
    pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    parts = pd.DataFrame({"kind": "genotype", "block": "dosage", "feature_id": ["v", "w"], "gene": "", "arm": ""})
    assert PartValues.of(parts, pairs).carried.T.tolist() == [[False, True, True, True], [False, True, True, False]]
