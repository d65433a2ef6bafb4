from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes
from drugresponse.features.samples import SampleEncoder
from drugresponse.features.sites import number_sites, site_sums


def features_of(*ids: str, **columns: list) -> pd.DataFrame:
    table = pd.DataFrame("", index=pd.Index(ids, name="feature_id", dtype=object), columns=list(FEATURE_COLUMNS))
    table["position"] = pd.array([pd.NA] * len(ids), dtype="Int64")
    table["block"] = "mutation"
    for name, values in columns.items():
        table[name] = values if name != "position" else pd.array(values, dtype="Int64")
    return table


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RT_184V", "RT_184I"),
        ("M184V", "M184I"),
        ("RT:M184V", "RT:M184I"),
        ("p.V600E", "p.V600K"),
        ("BRAF p.V600E", "BRAF p.V600K"),
        ("RT_69ins", "RT_69D"),
        ("TP53_R213*", "TP53_R213Q"),
    ],
)
def test_sites__substitutions_at_one_position_share_a_site(one, other):
    assert number_sites(features_of(one, "g", other)).tolist() == [0, -1, 0]


def test_sites__none_where_the_site_is_a_parent():
    parents = ["RT_184 (site)", "RT_184;NRTI", "drug", ""]
    features = features_of("RT_184V", "RT_184I", "RT_41L", "RT_41E", parent=parents)
    assert number_sites(features).tolist() == [-1, -1, 0, 0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("RT_184V", "RT_18V"),
        ("RT_184V", "PR_184V"),
        ("TP53", "TP63"),
        ("CYP2D6*4", "CYP2D6*5"),
        ("rs123", "rs124"),
        ("gain_cnaPANCAN301", "gain_cnaPANCAN302"),
        ("EGFR_mut", "EGFR_amp"),
        ("g1", "g2"),
    ],
)
def test_sites__other_names_do_not(one, other):
    assert number_sites(features_of(one, other)).tolist() == [-1, -1]


def test_sites__alternates_of_a_position_share_a_site_unless_the_chromosome_is_unknown():
    table = features_of("a", "b", "c", "d", "e", chromosome=["7", "7", "8", "", ""], position=[5, 5, 5, 5, 5])
    assert number_sites(table).tolist() == [0, 0, -1, -1, -1]


def test_sites__genes_and_blocks_keep_sites_apart():
    assert number_sites(features_of("M1V", "M1I", gene=["A", "B"])).tolist() == [-1, -1]
    assert number_sites(features_of("M1V", "M1I", block=["mutation", "other"])).tolist() == [-1, -1]


def test_sites__nothing_shares_in_an_empty_table():
    assert number_sites(features_of()).tolist() == []
    assert site_sums(np.full(3, -1)).shape == (3, 0)


def test_encoder_sites__are_told_for_tokens_that_vary():
    calls = np.array([[1.0, 0, 0, 1], [0, 1, 0, 0], [0, 0, 0, 1]])
    genotypes = Genotypes.from_dense(calls, ["a", "b", "c"], ["RT_5A", "RT_5C", "RT_5D", "RT_6A"])
    covariates = pd.DataFrame({"tissue": ["x", "y", "y"]}, index=genotypes.sample_ids, dtype=object)
    encoder = SampleEncoder().fit(genotypes, covariates)
    assert encoder.tokens_["token"].tolist() == ["tissue=x", "tissue=y", "RT_5A", "RT_5C", "RT_6A"]
    assert encoder.sites().tolist() == [-1, -1, 0, 0, -1]
