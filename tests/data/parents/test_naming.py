from __future__ import annotations

import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.naming import named_parents, with_named_parents


@pytest.mark.parametrize(
    ("feature_id", "family"),
    [
        ("blaCTX-M-15", "blaCTX-M"),
        ("blaTEM-1", "blaTEM"),
        ("blaTEM-1B", "blaTEM"),
        ("blaTEM", "blaTEM"),
        ("OXA-48", "OXA"),
        ("qnrB19", "qnrB"),
        ("dfrA17", "dfrA"),
        ("fosA7.5", "fosA"),
        ("mcr-1.1", "mcr-1"),
        ("sul2", "sul"),
        ("tet(A)", "tet"),
        ("erm(B)", "erm"),
        ("aac(3)-IId", "aac(3)-II"),
        ("aph(3'')-Ib", "aph(3'')-I"),
        ("aph(6)-Id", "aph(6)-I"),
    ],
)
def test_named_parents__family_of_a_numbered_allele(feature_id, family):
    assert named_parents(feature_id) == (f"{family} (family)",)


def test_named_parents__alleles_that_act_on_quinolones_too_are_a_family_of_their_own():
    families = ("aac(6')-Ib-cr (family)", "aac(6')-I (family)")
    assert named_parents("aac(6')-Ib-cr5") == named_parents("aac(6')-Ib-cr") == families


@pytest.mark.parametrize(
    ("feature_id", "parent"),
    [
        ("gyrA_S83L", "gyrA (gene)"),
        ("ampC_C-42T", "ampC (gene)"),
        ("blaTEMp_C32T", "blaTEMp (gene)"),
        ("nfsA_Q67STOP", "nfsA (gene)"),
        ("23S_A2059G", "23S (gene)"),
        ("RT_184V", "RT_184 (site)"),
        ("RT:M184V", "RT_184 (site)"),
        ("PR_I50L", "PR_50 (site)"),
        ("BRAF_V600E", "BRAF_600 (site)"),
    ],
)
def test_named_parents__gene_or_site_of_a_substitution(feature_id, parent):
    assert named_parents(feature_id) == (parent,)


@pytest.mark.parametrize(
    "feature_id", ["KRAS", "TP53_lof", "floR", "mdtM", "HLA-B*57:01", "rs2187668", "CYP2D6*4", "x"]
)
def test_named_parents__none_of_other_ids(feature_id):
    assert named_parents(feature_id) == ()


def test_with_named_parents__what_has_parents_stays():
    table = pd.DataFrame(
        {"kind": "altered", "parent": ["", "own", ""], "alt": ["", "", "A"]}, index=["qnrS1", "qnrS2", "sul1"]
    )
    named = with_named_parents(Genotypes.build([[1, 0, 1]], ["s1"], table)).features["parent"]
    assert named.to_dict() == {"qnrS1": "qnrS (family)", "qnrS2": "own", "sul1": ""}


def test_with_named_parents__variants_that_change_a_protein_are_of_their_gene():
    table = pd.DataFrame(
        {"kind": "dosage", "alt": "A", "gene": ["G", "G", "", "G"], "effect": ["missense", "silent", "lof", ""]},
        index=["a", "b", "c", "sul1"],
    )
    assert with_named_parents(Genotypes.build([[1, 0, 1, 1]], ["s1"], table)).features["parent"].to_dict() == {
        "a": "G (gene)",
        "b": "",
        "c": "",
        "sul1": "",
    }
    plain = with_named_parents(Genotypes.build([[1, 0, 1, 1]], ["s1"], table.assign(effect="")))
    assert (plain.features["parent"] == "G (gene)").sum() == 3
