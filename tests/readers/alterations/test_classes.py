from __future__ import annotations

import pytest

from drugresponse.readers.alterations.classes import EFFECTS, SILENT, WILD_TYPE, classify, parse_protein_change

MAF = {
    "Frame_Shift_Del": "lof",
    "Frame_Shift_Ins": "lof",
    "Nonsense_Mutation": "lof",
    "Nonstop_Mutation": "lof",
    "Translation_Start_Site": "lof",
    "Splice_Site": "splice",
    "In_Frame_Del": "inframe",
    "In_Frame_Ins": "inframe",
    "Missense_Mutation": "missense",
    "Silent": SILENT,
    "Intron": SILENT,
    "3'UTR": SILENT,
    "5'UTR": SILENT,
    "3'Flank": SILENT,
    "5'Flank": SILENT,
    "IGR": SILENT,
    "RNA": SILENT,
    "Splice_Region": SILENT,
    "Targeted_Region": SILENT,
}


@pytest.mark.parametrize(("term", "expected"), MAF.items())
def test_classify__words_of_maf(term, expected):
    assert classify(term) == expected


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("stop_gained", "lof"),
        ("splice_acceptor_variant", "splice"),
        ("inframe_insertion", "inframe"),
        ("missense_variant&splice_region_variant", "missense"),
        ("splice_region_variant,synonymous_variant", SILENT),
        ("5_prime_UTR_variant", SILENT),
        ("nonsynonymous SNV", "missense"),
        ("nonframeshift deletion", "inframe"),
        ("exonic;splicing", "splice"),
        ("homdel", "deletion"),
        ("Deep Deletion", "deletion"),
        ("Shallow deletion", "loss"),
        ("AMP", "amplification"),
        ("gain", "gain"),
        ("Fusion", "fusion"),
        ("Wild-Type", WILD_TYPE),
        ("mutated", "mutation"),
    ],
)
def test_classify__words_of_other_annotators(term, expected):
    assert classify(term) == expected


@pytest.mark.parametrize(
    ("effect", "terms"),
    [
        ("lof", ["nonsense", "frameshift", "stop_lost", "start_lost", "DE_NOVO_START_OUT_FRAME", "Nonstop extension",
                 "Truncating Mutations", "Likely Loss-of-function", "Deletion - Frameshift", "frameshift_truncation"]),
        ("splice", ["ess_splice", "essential_splice", "5prime_UTR_ess_splice", "SPLICE_SITE"]),
        ("inframe", ["inframe", "inframe_codon_loss", "Insertion - In frame", "protein_altering_variant"]),
        ("missense", ["missense", "MISSENSE", "non_synonymous_codon", "Substitution - Missense"]),
        ("deletion", ["Homozygous loss", "DEEP_DEL"]),
        ("loss", ["shallow loss", "Hemizygous loss"]),
        ("mutation", ["complex_sub", "Gain-of-function", "Inconclusive"]),
        (SILENT, ["silent", "non_coding", "nc_ess_splice", "upstream", "intronic", "5_prime_utr", "FIVE_PRIME_FLANK",
                  "THREE_PRIME_UTR", "2KB_upstream_variant", "synonymous_codon", "splice_region", "COULD_NOT_DETERMINE",
                  "Substitution - coding silent", "SPLICE_SITE_REGION", "UTR_3_PRIME", "startgain",
                   "non_coding_transcript_exon_variant"]),
    ],
)  # fmt: skip
def test_classify__words_of_cell_line_projects(effect, terms):
    assert {term: classify(term) for term in terms} == dict.fromkeys(terms, effect)


def test_classify__a_term_without_effect_does_not_hide_an_unknown_one():
    assert classify("weird&intron_variant") is None
    assert classify("weird&missense_variant") == "missense"


@pytest.mark.parametrize("term", ["ITD", "exon 19", "", "-1", "-2", "2", "c.35G>A"])
def test_classify__unknown_terms_are_not_guessed(term):
    assert classify(term) is None


def test_effects__are_all_reached():
    assert {classify(word) for word in (*EFFECTS, "silent", "wt")} == {*EFFECTS, SILENT, WILD_TYPE}


@pytest.mark.parametrize(
    ("text", "change", "effect"),
    [
        ("V600E", "V600E", "missense"),
        ("p.V600E", "V600E", "missense"),
        ("p.(Val600Glu)", "V600E", "missense"),
        ("ENSP00000288602.6:p.Val600Glu", "V600E", "missense"),
        ("R213X", "R213*", "lof"),
        ("p.Arg213Ter", "R213*", "lof"),
        ("p.*394R", "*394R", "lof"),
        ("p.M1I", "M1I", "lof"),
        ("p.L12L", "L12L", SILENT),
        ("p.Leu12=", "L12=", SILENT),
        ("p.L14Sfs*15", "L14fs", "lof"),
        ("p.WQ288fs", "WQ288fs", "lof"),
        ("p.Leu14SerfsTer15", "L14fs", "lof"),
        ("p.E746_A750del", "E746_A750del", "inframe"),
        ("p.Glu746_Ala750delinsAla", "E746_A750delinsA", "inframe"),
        ("p.304_305KQ>KLQ", "304_305KQ>KLQ", "inframe"),
        ("p.X125_splice", "X125_splice", "splice"),
    ],
)
def test_parse_protein_change__spellings(text, change, effect):
    assert parse_protein_change(text) == (change, effect)


@pytest.mark.parametrize("text", ["", "p.?", "AMP", "EGFRvIII", "amplified", "c.1799T>A", "1-2", "."])
def test_parse_protein_change__what_is_none(text):
    assert parse_protein_change(text) is None
