from __future__ import annotations

import pytest

from drugresponse.readers.vcf._effects import alleles_of_vep, find_annotation, genes_without_effect
from drugresponse.readers.vcf._sites import Site

VEP = (
    "Consequence annotations from Ensembl VEP. Format: "
    "Allele|Consequence|IMPACT|SYMBOL|Gene|Feature|PICK|CANONICAL|MANE_SELECT|ALLELE_NUM"
)
SNPEFF = "Functional annotations: 'Allele | Annotation | Annotation_Impact | Gene_Name | Gene_ID | Feature_Type'"
BCFTOOLS = (
    "Haplotype-aware consequence annotation from BCFtools/csq. Format: "
    "'[*]consequence|gene|transcript|biotype[|strand|amino_acid_change|dna_change]'"
)


def effects(description, text, reference="C", alternates="T", genes=None, name="CSQ"):
    annotation = find_annotation({name: description}, None if genes is None else frozenset(genes))
    return annotation.effects(Site(1, "1", 9, reference, tuple(alternates.split(",")), {name: text}.get, (b"", b"")))


def entry(allele, terms, gene, pick="", canonical="", mane="", number=""):
    return f"{allele}|{terms}|LOW|{gene}|ENSG1|ENST1|{pick}|{canonical}|{mane}|{number}"


@pytest.mark.parametrize(
    ("reference", "alternates", "expected"),
    [
        ("C", ["T"], ["T"]),
        ("CA", ["C"], ["-"]),
        ("C", ["CAT"], ["AT"]),
        ("CAG", ["C", "CAGAG", "TAG"], ["C", "CAGAG", "TAG"]),
        ("CAG", ["C", "CAGAG", "CTG"], ["-", "AGAG", "TG"]),
        ("CAG", ["C", "*"], ["-", "*"]),
        ("CA", ["TG"], ["TG"]),
        ("CA", ["CG"], ["CG"]),
        ("C", ["<DEL>"], ["<DEL>"]),
    ],
)
def test_alleles_of_vep__first_base_that_all_share(reference, alternates, expected):
    assert alleles_of_vep(reference, alternates) == expected


@pytest.mark.parametrize(
    ("terms", "expected"),
    [
        ("stop_gained&splice_region_variant", "lof"),
        ("frameshift_variant", "lof"),
        ("splice_donor_variant&intron_variant", "splice"),
        ("inframe_deletion", "inframe"),
        ("missense_variant&splice_region_variant", "missense"),
        ("synonymous_variant", "silent"),
        ("intron_variant", "silent"),
        ("transcript_ablation", "deletion"),
        ("a_term_of_tomorrow", ""),
    ],
)
def test_effects__terms_of_the_sequence_ontology(terms, expected):
    assert effects(VEP, entry("T", terms, "TPMT")) == [("TPMT", expected)]


def test_effects__each_allele_has_its_own():
    text = ",".join([entry("-", "frameshift_variant", "A1"), entry("T", "missense_variant", "B1")])
    assert effects(VEP, text, "CA", "C,CT") == [("A1", "lof"), ("B1", "missense")]
    assert effects(VEP, text, "CA", "C,CTT") == [("A1", "lof"), ("", "")]


def test_effects__numbers_of_alleles_come_before_their_names():
    text = ",".join([entry("T", "missense_variant", "A1", number="2"), entry("T", "stop_gained", "B1", number="1")])
    assert effects(VEP, text, "C", "T,G") == [("B1", "lof"), ("A1", "missense")]


def test_effects__a_single_allele_under_another_name():
    assert effects(VEP, entry("deletion", "stop_gained", "A1"), "C", "<DEL>") == [("A1", "lof")]


@pytest.mark.parametrize("how", [{"pick": "1"}, {"canonical": "YES"}, {"mane": "NM_1.2"}])
def test_effects__picked_transcript_of_a_gene_counts(how):
    text = ",".join([entry("T", "stop_gained", "A1"), entry("T", "intron_variant", "A1", **how)])
    assert effects(VEP, text) == [("A1", "silent")]


def test_effects__pick_before_mane_before_canonical():
    text = ",".join([entry("T", "stop_gained", "A1", canonical="YES"), entry("T", "inframe_deletion", "A1", mane="N")])
    assert effects(VEP, text) == [("A1", "inframe")]
    assert effects(VEP, f"{text},{entry('T', 'synonymous_variant', 'A1', pick='1')}") == [("A1", "silent")]


def test_effects__the_gene_that_is_hit_worst():
    text = ",".join(
        [
            entry("T", "upstream_gene_variant", "NEAR"),
            entry("T", "intron_variant", "INSIDE", pick="1"),
            entry("T", "intron_variant", "SECOND", pick="1"),
            entry("T", "missense_variant", "WORST"),
        ]
    )
    assert effects(VEP, text) == [("WORST", "missense")]
    assert effects(VEP, ",".join(text.split(",")[:3])) == [("INSIDE", "silent")]
    assert effects(VEP, text, genes={"NEAR", "SECOND"}) == [("SECOND", "silent")]
    assert effects(VEP, text, genes={"OTHER"}) == [("", "")]


def test_effects__without_symbol_the_accession():
    assert effects(VEP, entry("T", "missense_variant", "")) == [("ENSG1", "missense")]


def test_effects__snpeff():
    text = "T|splice_acceptor_variant&intron_variant|HIGH|DPYD|ENSG2|transcript,CA|synonymous_variant|LOW|DPYD|ENSG2|t"
    assert effects(SNPEFF, text, "C", "T,CA", name="ANN") == [("DPYD", "splice"), ("DPYD", "silent")]


def test_effects__bcftools():
    told = (
        "*missense|TPMT|ENST3|protein_coding|-|80A>80P|9C>T,stop_gained|TPMT|ENST3|protein_coding|-|80A>80*|9C>G+12A>C"
    )
    assert effects(BCFTOOLS, told, "C", "T,G", name="BCSQ") == [("TPMT", "missense"), ("TPMT", "lof")]
    assert effects(BCFTOOLS, "@12", name="BCSQ") == [("", "")]
    assert (
        effects(BCFTOOLS, "3_prime_utr|TPMT|ENST3|protein_coding", "C", "T,G", name="BCSQ") == [("TPMT", "silent")] * 2
    )
    assert effects(BCFTOOLS, "splice_donor|TPMT|ENST3|protein_coding", name="BCSQ") == [("TPMT", "splice")]


def test_effects__entries_that_are_cut_short():
    assert effects(VEP, "T,T|missense_variant,|||") == [("", "missense")]
    assert effects(VEP, None) == [("", "")]


def test_find_annotation__which_header_describes_one():
    assert find_annotation({}) is None
    assert find_annotation({"CSQ": "free text of another tool"}) is None
    assert find_annotation({"ANN": "VEP told to. Format: Consequence|SYMBOL"}).place == {"Consequence": 0, "SYMBOL": 1}
    assert find_annotation({"ANN": SNPEFF, "CSQ": VEP}).name == "CSQ"


@pytest.mark.parametrize(
    ("info", "genes"),
    [
        ({"GENEINFO": "TPMT:7172"}, ["TPMT"]),
        ({"GENEINFO": ".", "GENE": "DPYD,NAT2"}, ["DPYD", "NAT2"]),
        ({"Gene": "UGT1A1"}, ["UGT1A1"]),
        ({}, []),
    ],
)
def test_genes_without_effect(info, genes):
    assert genes_without_effect(Site(1, "1", 9, "C", ("T",), info.get, (b"", b""))) == genes
