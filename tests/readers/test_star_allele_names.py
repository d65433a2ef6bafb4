from __future__ import annotations

import math

import pytest

from drugresponse.readers.star_allele_names import UNCERTAIN, copies_of_alleles, one_activity, one_phenotype


@pytest.mark.parametrize(
    ("diplotype", "gene", "expected"),
    [
        ("*1/*1", "CYP2D6", {}),
        ("*1/*4", "CYP2D6", {"*4": 1}),
        ("*4/*4", "CYP2D6", {"*4": 2}),
        ("*4|*10", "CYP2D6", {"*4": 1, "*10": 1}),
        ("CYP2D6*2/CYP2D6*41", "CYP2D6", {"*2": 1, "*41": 1}),
        ("*4.013/*1.001", "CYP2D6", {"*4": 1}),
        ("*1/*1x2", "CYP2D6", {"*1x2": 1}),
        ("*2x3/*2x5", "CYP2D6", {"*2≥3": 2}),
        ("*1≥3/*1", "CYP2D6", {"*1≥3": 1}),
        ("*2xN/*1", "CYP2D6", {"*2xN": 1}),
        ("*5/*68+*4", "CYP2D6", {"*5": 1, "*68": 1, "*4": 1}),
        ("*36x2+*10/*36+*10", "CYP2D6", {"*36x2": 1, "*36": 1, "*10": 2}),
        ("*1/[*6 + *8]", "UGT1A1", {"*6": 1, "*8": 1}),
        ("*1/[*1 + g.233760973C>A]", "UGT1A1", {"g.233760973C>A": 1}),
        ("*15:02/*57:01", "HLA-B", {"*15:02": 1, "*57:01": 1}),
        ("HLA-B*57:01/*57:01", "HLA-B", {"*57:01": 2}),
        ("1555A>G", "MT-RNR1", {"1555A>G": 1}),
        ("Reference", "MT-RNR1", {}),
        ("B (reference)", "G6PD", {}),
        ("B (wildtype)/A- 202A_376G", "G6PD", {"A- 202A_376G": 1}),
        ("Reference/c.1905+1G>A (*2A)", "DPYD", {"c.1905+1G>A (*2A)": 1}),
        ("c.85T>C (*9A)/c.85T>C (*9A) AND c.1627A>G (*5)", "DPYD", {"c.85T>C (*9A)": 2, "c.1627A>G (*5)": 1}),
        ("c.1905+1G>A (*2A)", "DPYD", {"c.1905+1G>A (*2A)": 1}),
        ("rs9923231 reference (C)/rs9923231 variant (T)", "VKORC1", {"rs9923231 variant (T)": 1}),
        ("*0/*A", "GSTM1", {"*0": 1, "*A": 1}),
        ("*K432Q/*S1", "SLC22A2", {"*K432Q": 1, "*S1": 1}),
        ("*1/*4 OR *1/*4x2", "CYP2D6", {"*4": math.nan, "*4x2": math.nan}),
        ("*1/*2 OR *2/*3", "CYP2C19", {"*2": 1, "*3": math.nan}),
    ],
)
def test_copies_of_alleles__ways_to_write_a_diplotype(diplotype, gene, expected):
    assert copies_of_alleles(diplotype, gene) == pytest.approx(expected, nan_ok=True)


@pytest.mark.parametrize(
    "diplotype",
    ["", " ", "no call", "Unknown/Unknown", "n/a", "NA", "Indeterminate", "?/?", "*1/Unknown", "*4", "*1/*2/*3", "*1/",
     "*1/*4 OR Unknown/Unknown", "."],
)  # fmt: skip
def test_copies_of_alleles__what_is_not_called_is_not_guessed(diplotype):
    assert copies_of_alleles(diplotype, "CYP2D6") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Poor Metabolizer", "Poor Metabolizer"),
        ("poor metaboliser", "Poor Metabolizer"),
        ("Extensive Metabolizer", "Normal Metabolizer"),
        ("UM", "Ultrarapid Metabolizer"),
        ("Likely Intermediate Metabolizer", "Likely Intermediate Metabolizer"),
        ("Decreased function", "Decreased Function"),
        ("Normal Metabolizer / Normal Metabolizer", "Normal Metabolizer"),
        ("-1639 GG", "-1639 GG"),
        ("Uncertain Susceptibility", "Uncertain Susceptibility"),
        ("", ""),
        ("n/a", ""),
        ("No Result", ""),
        ("Indeterminate", UNCERTAIN),
        ("Normal Metabolizer / Poor Metabolizer", UNCERTAIN),
        ("/ Poor Metabolizer", UNCERTAIN),
    ],
)
def test_one_phenotype__words(text, expected):
    assert one_phenotype(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [("2.0", 2.0), ("0", 0.0), ("0,25", 0.25), ("≥6.0", 6.0), (">=3", 3.0), ("1.0 / 1.0", 1.0), ("", ""), ("n/a", ""),
     ("1.0 / 2.0", UNCERTAIN), ("one", UNCERTAIN), ("*1/*1", UNCERTAIN), ("-1", UNCERTAIN)],
)  # fmt: skip
def test_one_activity__numbers(text, expected):
    assert one_activity(text) == expected
