from __future__ import annotations

import numpy as np

from drugresponse.data.genotypes import Genotypes
from drugresponse.features.unseen_alleles import without_unseen_alleles

TRAINED = ["CYP2D6*2", "CYP2D6*4", "CYP2D6_phenotype:Poor Metabolizer", "CYP2D6_activity", "TPMT*2"]


def calls(values, feature_ids, block="star alleles"):
    return Genotypes.from_dense(
        values, [f"n{at}" for at in range(len(values))], feature_ids, kind="dosage", block=block
    )


def known(genotypes):
    at = [genotypes.features.index.get_loc(each) for each in TRAINED]
    return genotypes.dense()[:, at]


def test_without_unseen_alleles__what_is_known_of_the_call_stays(caplog):
    new = calls([[0, 1, 0, 1, 1, 1], [0, 0, 0, 1, 0, 2], [0, 1, 0, 2, 0, 0]], [*TRAINED, "CYP2D6*99"])
    found = without_unseen_alleles(new, calls([[0] * 5], TRAINED).features)
    nan = np.nan
    np.testing.assert_array_equal(known(found), [[nan, 1, 0, 1, 1], [nan, nan, 0, 1, 0], [0, 1, 0, 2, 0]])
    assert 'the training never saw "CYP2D6*99"; in 2 samples the gene is missing' in caplog.text


def test_without_unseen_alleles__a_phenotype_is_not_normal_where_it_is_new():
    new = calls([[0, 1, 0, 1, 0, 1]], [*TRAINED, "CYP2D6_phenotype:Likely Poor Metabolizer"])
    found = without_unseen_alleles(new, calls([[0] * 5], TRAINED).features)
    np.testing.assert_array_equal(known(found), [[0, 1, np.nan, 1, 0]])


def test_without_unseen_alleles__told_once(caplog):
    new, trained = calls([[0, 0, 0, 0, 0, 2]], [*TRAINED, "CYP2D6*99"]), calls([[0] * 5], TRAINED).features
    once = without_unseen_alleles(new, trained)
    caplog.clear()
    assert without_unseen_alleles(once, trained) is once
    assert caplog.text == ""


def test_without_unseen_alleles__genes_and_blocks_that_the_training_lacks():
    trained = calls([[0] * 5], TRAINED).features
    for new in (calls([[2]], ["CYP2C19*2"]), calls([[1, 0]], ["CYP2D6*99", "CYP2D6*4"], block="altered")):
        assert without_unseen_alleles(new, trained) is new
