from __future__ import annotations

import math

import pytest

from drugresponse.readers.star_alleles._names import UNCERTAIN, copies_of_alleles, one_activity, one_phenotype


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
        ("B", "G6PD", {}),
        ("B/A- 202A_376G", "G6PD", {"A- 202A_376G": 1}),
        ("A- 202A_376G", "G6PD", {"A- 202A_376G": 2}),
        ("A- 202A_376G OR Mediterranean", "G6PD", {"A- 202A_376G": math.nan, "Mediterranean": math.nan}),
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
    ("gene", "expected", "spellings"),
    [
        ("CYP2D6", {"*4": 2}, ["4/4", "*4A/*4D", "*4a/*4", "*4.001/*4.013", "CYP2D6*4/*4", "CYP2D6 *4/CYP2D6 *4",
                               "*04/*04", "* 4/* 4", "*4|*4", "\uff0a4/\uff0a4", "*4\u00a0/ *4"]),
        ("CYP2D6", {"*1x2": 1}, ["*1/*1X2", "*1/*1 x2", "*1/*1\u00d72", "(*1/*1)x2", "(*1|*1) X2", "1/1x2",
                                 "*1x2/*1A", "[*1x2]/*1"]),
        ("CYP2D6", {"*1≥3": 1}, ["*1/*1x≥3", "*1/*1x>=3", "*1/*1≥3", "*1/*1x3+", "*1/*1X4"]),
        ("CYP2D6", {"*2xN": 1}, ["*1/*2XN", "*1/*2xn", "*1/*2x≥2", "*1/*2x2+"]),
        ("CYP2D6", {"*1x2": 1, "*4": 1}, ["*1X2/*4", "*4/*1x2"]),
        ("CYP2D6", {"*36": 1, "*10": 1}, ["*1/*36+*10", "*1/[*36 + *10]", "*36+*10/*1"]),
        ("CYP2D6", {"*10C": 1, "*14A": 1}, ["*10C/*14A"]),
        ("TPMT", {"*3A": 1, "*3C": 1}, ["*3A/*3C", "3A/3c", "*3a/*3C"]),
        ("SLCO1B1", {"*1B": 1}, ["*1A/*1B"]),
        ("CYP2C19", {}, ["Reference/Reference", "*1/WT"]),
        ("HLA-B", {"*57:01": 1, "*07:02": 1}, ["*57:01:01/*07:02:01", "*57:01:01:01/*07:02", "HLA-B*57:01/HLA-B*07:02",
                                               "B*57:01/B*07:02", "hla-b*57:01/*7:02", "*5701/*0702", "57:01/07:02",
                                               "*57:01:01G/*07:02P"]),
        ("HLA-B", {"*15:01N": 1, "*57:01": 1}, ["*15:01:01:02N/*57:01", "*15:01n/*57:01:01"]),
        ("VKORC1", {"rs9923231 variant (T)": 1}, ["-1639A/-1639G", "VKORC1 -1639G/-1639A",
                                                  "rs9923231 reference (C)/rs9923231 variant (T)"]),
        ("DPYD", {"c.1905+1G>A (*2A)": 1}, ["c.1905+1G>A (*2A)/Reference", "*1/*2A", "c.1905+1G>A/Reference",
                                            "Reference/DPYD*2A"]),
        ("UGT1A1", {"*28": 2}, ["28/28", "*28/*28"]),
    ],
)  # fmt: skip
def test_copies_of_alleles__one_call_in_many_spellings(gene, expected, spellings):
    assert {each: copies_of_alleles(each, gene) for each in spellings} == dict.fromkeys(spellings, expected)


@pytest.mark.parametrize(
    ("diplotype", "gene"),
    [
        ("*1/*4 (partial)", "CYP2D6"),
        ("*1/foo", "CYP2D6"),
        ("A/G", "CYP2D6"),
        ("0/0", "CYP2D6"),
        ("0/1", "CYP2C19"),
        ("*1/*4x0", "CYP2D6"),
        ("*1,*4", "CYP2D6"),
        ("6/7", "UGT1A1"),
        ("57:01/foo", "HLA-B"),
        ("*1/*?", "CYP2D6"),
        ("rs3918290 C/T", "DPYD"),
        ("c.1905+1G>A: G/G", "DPYD"),
        ("Undetermined", "CYP2D6"),
    ],
)
def test_copies_of_alleles__what_is_not_readable_is_no_allele(diplotype, gene):
    assert copies_of_alleles(diplotype, gene) is None


def test_copies_of_alleles__which_allele_is_doubled_is_not_told():
    expected = {"*1x2": math.nan, "*4": math.nan, "*4x2": math.nan}
    assert copies_of_alleles("(*1/*4)x2", "CYP2D6") == pytest.approx(expected, nan_ok=True)


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
        ("Ultra-rapid metaboliser", "Ultrarapid Metabolizer"),
        ("Poor metabolizer (PM)", "Poor Metabolizer"),
        ("poor_metabolizer", "Poor Metabolizer"),
        ("Intermediate", "Intermediate Metabolizer"),
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
