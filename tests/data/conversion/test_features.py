from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data.conversion.features import describe_features
from drugresponse.errors import InputError

VALUES = np.array([[0, 2, -1, 0.3], [1, np.nan, 1, 2.7]])
IDS = ["m", "d", "c", "s"]


def test_describe_features__known_kinds_are_kept():
    table = pd.DataFrame({"kind": ["dosage", "copy_number", "score", "altered"], "gene": list("abcd")}, index=IDS)
    features = describe_features(IDS, VALUES, table=table)
    assert features["kind"].tolist() == table["kind"].tolist()
    assert features["gene"].tolist() == list("abcd")


@pytest.mark.parametrize(("kind", "highest"), [("dosage", 2), ("altered", 1)])
@pytest.mark.parametrize("kept", [np.asarray, sparse.csc_array])
def test_describe_features__a_kind_given_for_all_fits_the_numbers(kind, highest, kept):
    values = np.array([[0.0, highest], [highest / 2, np.nan]])
    assert describe_features(["a", "b"], kept(values), kind=kind)["kind"].tolist() == [kind, kind]
    with pytest.raises(InputError, match=rf"found 0 to {highest + 1} \(expected 0 to {highest} of `kind` {kind}\)"):
        describe_features(["a", "b"], kept(values + (values == highest)), kind=kind)
    copies = pd.DataFrame({"kind": [kind, kind]}, index=["a", "b"])
    assert len(describe_features(["a", "b"], kept(values + (values == highest)), table=copies)) == 2


def test_describe_features__other_texts_become_blocks_with_guessed_kinds(caplog):
    caplog.set_level(logging.INFO)
    table = pd.DataFrame({"kind": ["mut", "gain", "cn", "expression"]}, index=IDS)
    features = describe_features(IDS, VALUES, table=table)
    assert features["block"].tolist() == ["mut", "gain", "cn", "expression"]
    assert features["kind"].tolist() == ["altered", "dosage", "copy_number", "score"]
    assert 'block "expression" was not told; guessed score' in caplog.text


def test_describe_features__ids_outside_the_table(caplog):
    caplog.set_level(logging.INFO)
    features = describe_features(IDS, VALUES, table=pd.DataFrame({"kind": ["mut"]}, index=["m"]), kind="score")
    assert features["kind"].tolist() == ["score"] * 4
    assert features["block"].tolist() == ["mut", "", "", ""]
    assert "3 of 4 features are not in the features table" in caplog.text


def test_describe_features__sparse_guesses_like_dense():
    for dense in (np.eye(6), np.eye(6) * 2, np.eye(6) * 0.5, np.eye(6) - 0.25, np.eye(6) * -1):
        guessed = describe_features(list("abcdef"), dense)["kind"].tolist()
        assert describe_features(list("abcdef"), sparse.csr_matrix(dense))["kind"].tolist() == guessed


def test_describe_features__chromosome_without_prefix():
    table = pd.DataFrame({"kind": "dosage", "chromosome": ["chr1", "X", "", None]}, index=IDS)
    assert describe_features(IDS, VALUES, table=table)["chromosome"].tolist() == ["1", "X", "", ""]


def test_describe_features__foreign_table_and_unknown_kind():
    with pytest.raises(InputError, match=r'none of its features .such as "m". stands in the features table'):
        describe_features(IDS, VALUES, table=pd.DataFrame({"kind": ["mut"]}, index=["other"]))
    with pytest.raises(InputError, match=r'"dosages" is unknown. Did you mean "dosage"'):
        describe_features(IDS, VALUES, kind="dosages")
