from __future__ import annotations

import gzip
import logging
import random
from collections import defaultdict

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.alterations._rows import looks_like_alterations, read_alteration_rows
from drugresponse.readers.alterations.reader import read_alterations
from drugresponse.readers.genes.names import GeneNames

HEADER = "sample_id\tgene\talteration\n"


def write(tmp_path, content, name="alterations.dat"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def long_table(*rows):
    return HEADER + "".join("\t".join(row) + "\n" for row in rows)


def calls(genotypes, feature_id):
    column = genotypes.dense()[:, genotypes.features.index.get_loc(feature_id)]
    return dict(zip(genotypes.sample_ids, column.tolist(), strict=True))


MAF = "\n".join(
    "\t".join(row)
    for row in [
        ["#version 2.4"],
        ["Hugo_Symbol", "Chromosome", "Variant_Classification", "Tumor_Sample_Barcode", "HGVSp_Short"],
        ["TP53", "17", "Missense_Mutation", "s1", "p.R175H"],
        ["TP53", "17", "Frame_Shift_Del", "s2", "p.L14fs*8"],
        ["TP53", "17", "Silent", "s3", "p.P36P"],
        ["Unknown", "2", "IGR", "s4", ""],
        ["NRAS", "1", "Missense_Mutation", "s2", "p.Q61K"],
    ]
)


def test_read_alterations__blanks_around_ids_and_genes_are_no_part_of_them(tmp_path):
    rows = (("s1", "TP53", "missense"), (" s1", " TP53", "lof"), ("s2 ", "TP53 ", " missense "))
    read = read_alteration_rows(write(tmp_path, long_table(*rows)))
    assert read.samples == ["s1", "s2"]
    expected = [["s1", "TP53", "missense", ""], ["s1", "TP53", "lof", ""], ["s2", "TP53", "missense", ""]]
    assert read.altered.to_numpy().tolist() == expected


def test_read_alterations__maf(tmp_path):
    genotypes = read_alterations(write(tmp_path, MAF + "\n"))
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3", "s4"]
    assert genotypes.features.index.tolist() == ["NRAS_missense", "TP53_lof", "TP53_missense", "TP53_mutation"]
    np.testing.assert_array_equal(genotypes.dense(), [[0, 0, 1, 1], [1, 1, 0, 1], [0, 0, 0, 0], [0, 0, 0, 0]])
    assert set(genotypes.features["kind"]) == {"altered"}
    assert set(genotypes.features["block"]) == {"alterations"}
    assert genotypes.features["gene"].tolist() == ["NRAS", "TP53", "TP53", "TP53"]
    assert genotypes.features["effect"].tolist() == ["missense", "lof", "missense", "mutation"]


@pytest.mark.parametrize(
    "content",
    [
        MAF.replace("\n", "\r\n"),
        "\ufeff" + MAF,
        gzip.compress(MAF.encode(), mtime=0),
        MAF.encode("utf-16"),
        MAF.replace("#version 2.4\n", ""),
        MAF.replace("#version 2.4\n", "").replace("\t", ","),
        MAF.replace("#version 2.4\n", "").replace("\t", ";"),
        MAF.replace("Hugo_Symbol", "gene").replace("Tumor_Sample_Barcode", "Sample ID"),
        MAF.replace("HGVSp_Short", "Protein_Change") + "\n\n",
        MAF + "\n" + MAF.splitlines()[2],
    ],
    ids=["windows", "mark", "gzip", "utf-16", "no-comment", "commas", "semicolons", "names", "protein", "repeated-row"],
)
def test_read_alterations__the_same_table_however_it_is_written(tmp_path, content):
    expected = read_alterations(write(tmp_path, MAF, "expected.maf"))
    assert read_alterations(write(tmp_path, content)).equals(expected)


def test_read_alterations__long_table_of_classes_and_protein_changes(tmp_path):
    table = long_table(
        ("s1", "BRAF", "p.V600E"),
        ("s1", "CDKN2A", "homdel"),
        ("s2", "ERBB2", "amplification"),
        ("s2", "EGFR", "E746_A750del"),
        ("s3", "ALK", "fusion"),
        ("s3", "MET", "splice"),
        ("s3", "PTEN", "R130*"),
    )
    genotypes = read_alterations(write(tmp_path, table))
    assert genotypes.features.index.tolist() == [
        "ALK_fusion",
        "BRAF_missense",
        "CDKN2A_deletion",
        "EGFR_inframe",
        "ERBB2_amplification",
        "MET_splice",
        "PTEN_lof",
    ]
    assert genotypes.dense().sum(axis=1).tolist() == [2, 2, 3]


def test_read_alterations__hotspot_beside_its_class_from_so_many_samples_on(tmp_path):
    rows = [(f"s{i}", "BRAF", "V600E" if i < 3 else "G469A") for i in range(4)]
    file = write(tmp_path, long_table(*rows))
    genotypes = read_alterations(file, minimum_hotspot_samples=3)
    assert genotypes.features["effect"].to_dict() == {"BRAF_V600E": "hotspot", "BRAF_missense": "missense"}
    assert calls(genotypes, "BRAF_V600E") == {"s0": 1, "s1": 1, "s2": 1, "s3": 0}
    assert read_alterations(file, minimum_hotspot_samples=4).features.index.tolist() == ["BRAF_missense"]


def test_read_alterations__no_feature_repeats_another(tmp_path):
    # all missense mutations are V600E, and all mutations are missense: one column says it
    rows = [(f"s{i}", "BRAF", "V600E") for i in range(6)]
    assert read_alterations(write(tmp_path, long_table(*rows))).features.index.tolist() == ["BRAF_missense"]
    # a sample with both classes: the gene as a whole still differs from each
    rows = [("s1", "TP53", "lof"), ("s1", "TP53", "missense"), ("s2", "TP53", "missense"), ("s3", "TP53", "lof")]
    genotypes = read_alterations(write(tmp_path, long_table(*rows)))
    assert genotypes.features.index.tolist() == ["TP53_lof", "TP53_missense", "TP53_mutation"]
    rows = [("s1", "TP53", "lof"), ("s1", "TP53", "missense"), ("s2", "TP53", "missense")]
    assert "TP53_mutation" not in read_alterations(write(tmp_path, long_table(*rows))).features.index


def test_read_alterations__copy_number_is_no_mutation_of_the_gene(tmp_path):
    rows = [("s1", "MYC", "amplification"), ("s2", "MYC", "missense"), ("s3", "MYC", "deletion")]
    genotypes = read_alterations(write(tmp_path, long_table(*rows)))
    assert genotypes.features.index.tolist() == ["MYC_amplification", "MYC_deletion", "MYC_missense"]


def test_read_alterations__unspecific_mutations(tmp_path):
    genotypes = read_alterations(write(tmp_path, "sample,gene\ns1,TP53\ns2,KRAS\n"))
    assert genotypes.features.index.tolist() == ["KRAS_mutation", "TP53_mutation"]
    table = long_table(("s1", "TP53", "mutated"), ("s2", "TP53", "lof"), ("s3", "TP53", "0"))
    genotypes = read_alterations(write(tmp_path, table))
    assert calls(genotypes, "TP53_mutation") == {"s1": 1, "s2": 1, "s3": 0}
    lof = calls(genotypes, "TP53_lof")
    assert np.isnan(lof.pop("s1")) and lof == {"s2": 1, "s3": 0}


def test_read_alterations__class_from_the_protein_change_where_the_term_is_vague(tmp_path):
    table = "sample\tgene\teffect\tprotein_change\ns1\tTP53\tmutated\tp.R213*\ns2\tTP53\t\tp.R175H\n"
    rows = read_alteration_rows(write(tmp_path, table))
    assert rows.altered[["effect", "change"]].to_numpy().tolist() == [["lof", "R213*"], ["missense", "R175H"]]


def test_read_alterations__known_samples_without_a_row_are_reference_or_not_there(tmp_path, caplog):
    file = write(tmp_path, long_table(("s1", "TP53", "lof"), ("s2", "KRAS", "missense"), ("s3", "TP53", "wild type")))
    with caplog.at_level(logging.WARNING):
        genotypes = read_alterations(file, known_samples={"s1", "s2", "s9", "s8"})
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3", "s8", "s9"]
    assert calls(genotypes, "TP53_lof") == {"s1": 1, "s2": 0, "s3": 0, "s8": 0, "s9": 0}
    assert (
        'samples of the other tables without a row count as assayed, without alterations: 2 ("s8", "s9")' in caplog.text
    )
    genotypes = read_alterations(file, known_samples={"s1", "s9"}, absent_means="missing")
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3"]
    np.testing.assert_array_equal(genotypes.dense(), [[np.nan, 1], [1, np.nan], [np.nan, 0]])


def test_read_alterations__a_sample_alone_says_that_it_was_assayed(tmp_path):
    genotypes = read_alterations(write(tmp_path, long_table(("s1", "TP53", "lof"), ("s2", "", ""), ("s3", "NA", "."))))
    assert calls(genotypes, "TP53_lof") == {"s1": 1, "s2": 0, "s3": 0}


def test_read_alterations__features_that_a_model_knows(tmp_path):
    known = pd.DataFrame(
        {"block": ["alterations"] * 3 + ["expression"], "gene": ["BRAF", "TP53", "", "MYC"]},
        index=["BRAF_V600E", "TP53_lof", "KRAS_missense", "MYC_expression"],
    )
    file = write(tmp_path, long_table(("s1", "BRAF", "V600E"), ("s2", "PTEN", "lof")))
    genotypes = read_alterations(file, known_features=known)
    assert genotypes.features["gene"].to_dict() == {
        "BRAF_V600E": "BRAF",
        "BRAF_missense": "BRAF",
        "KRAS_missense": "KRAS",
        "PTEN_lof": "PTEN",
        "TP53_lof": "TP53",
    }
    assert calls(genotypes, "BRAF_V600E") == {"s1": 1, "s2": 0}
    assert calls(genotypes, "TP53_lof") == {"s1": 0, "s2": 0}
    # what was not assayed cannot be reference
    missing = read_alterations(file, known_features=known, absent_means="missing")
    assert missing.features.index.tolist() == ["BRAF_V600E", "BRAF_missense", "PTEN_lof"]


def test_read_alterations__one_sample_alone_reads_as_it_did_among_many(tmp_path):
    draw = random.Random(5)
    words = ["missense", "lof", "splice", "V600E", "R175H", "amplification", "ITD"]
    rows = [(f"s{i % 30}", draw.choice(["TP53", "BRAF", "KIT", "NKX2_1"]), draw.choice(words)) for i in range(200)]
    whole = read_alterations(write(tmp_path, long_table(*rows)))
    assert {"hotspot", "mutation", "lof", "ITD"} <= set(whole.features["effect"])
    for sample in ("s0", "s17"):
        alone = write(tmp_path, long_table(*(row for row in rows if row[0] == sample)), "alone.tsv")
        genotypes = read_alterations(alone, known_features=whole.features)
        at = genotypes.features.index.get_indexer(whole.features.index)
        assert genotypes.features["effect"].iloc[at].equals(whole.features["effect"])
        np.testing.assert_array_equal(genotypes.dense()[0, at], whole.reindex(pd.Index([sample])).dense()[0])


def test_read_alterations__aliases_before_counting(tmp_path, caplog):
    names = GeneNames({"MLL2": "KMT2D"}, {"CAP": ("CAP1", "SERPINB6")}, "aliases.tsv")
    file = write(tmp_path, long_table(("s1", "MLL2", "lof"), ("s2", "KMT2D", "lof"), ("s2", "CAP", "lof")))
    with caplog.at_level(logging.INFO):
        genotypes = read_alterations(file, aliases=names)
    assert calls(genotypes, "KMT2D_lof") == {"s1": 1, "s2": 1}
    assert "gene names renamed after aliases.tsv: 1 of 3" in caplog.text
    assert '(such as "CAP", which may be CAP1 or SERPINB6)' in caplog.text


def test_read_alterations__several_files_are_one_table(tmp_path):
    first = write(tmp_path, long_table(("s1", "TP53", "lof"), ("s2", "KRAS", "G12D")), "a.tsv")
    second = write(tmp_path, "gene,sample,alteration\nTP53,s3,lof\nTP53,s1,lof\nNF1,s2,wt\n", "b.csv")
    genotypes = read_alterations([first, second])
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3"]
    assert calls(genotypes, "TP53_lof") == {"s1": 1, "s2": 0, "s3": 1}


def test_read_alterations__rare_features_left_out(tmp_path):
    file = write(tmp_path, long_table(("s1", "TP53", "lof"), ("s2", "TP53", "missense"), ("s3", "KRAS", "missense")))
    assert read_alterations(file, minimum_carriers=2).features.index.tolist() == ["TP53_mutation"]
    with pytest.raises(InputError, match=r"no alteration that changes a protein in 3 or more samples \(expected"):
        read_alterations(file, minimum_carriers=3)


def test_read_alterations__says_what_it_left_out(tmp_path, caplog):
    with caplog.at_level(logging.INFO):
        read_alterations(write(tmp_path, MAF))
    assert "rows left out, since they change no protein: 2 (Silent 1, (no gene) 1)" in caplog.text
    assert "samples without other rows count as assayed, without alterations: 2." in caplog.text


def test_read_alterations__a_term_of_no_class_is_a_feature_of_its_own(tmp_path, caplog):
    genotypes = read_alterations(write(tmp_path, long_table(("s1", "FLT3", "ITD"), ("s2", "FLT3", "D835Y"))))
    assert genotypes.features.index.tolist() == ["FLT3_ITD", "FLT3_missense"]
    assert 'alterations of no known class become features of their own: "ITD".' in caplog.text


SANGER = """gene_symbol,model_id,protein_mutation,effect,coding
BRAF,m1,p.V600E,missense,t
TP53,m2,-,ess_splice,t
KRAS,m3,p.G12_G13>A,complex_sub,t
ATM,m3,p.?,non_coding,f
"""
DEPMAP = """HugoSymbol,ModelID,ProteinChange,VariantInfo
BRAF,m1,p.V600E,missense_variant
TP53,m2,,splice_acceptor_variant
KRAS,m3,p.G12_G13delinsA,inframe_deletion
ATM,m3,,non_coding_transcript_exon_variant
"""


@pytest.mark.parametrize("content", [SANGER, DEPMAP])
def test_read_alterations__tables_of_cell_line_projects(tmp_path, caplog, content):
    genotypes = read_alterations(write(tmp_path, content))
    assert genotypes.features.index.tolist() == ["BRAF_missense", "KRAS_inframe", "TP53_splice"]
    assert genotypes.sample_ids.tolist() == ["m1", "m2", "m3"]
    assert "no known class" not in caplog.text


def test_read_alterations__genes_that_a_spreadsheet_made_dates(tmp_path, caplog):
    read_alterations(write(tmp_path, long_table(("s1", "1-Mar", "lof"))))
    assert 'a spreadsheet seems to have turned names of genes into dates: "1-Mar" (MARCHF1 or MTARC1).' in caplog.text


def test_read_alterations__counts_equal_a_plain_count(tmp_path):
    draw = random.Random(3)
    terms = ["Missense_Mutation", "Nonsense_Mutation", "Splice_Site", "Silent", "In_Frame_Ins"]
    rows = [(f"s{draw.randrange(40)}", f"G{draw.randrange(8)}", draw.choice(terms)) for _ in range(600)]
    genotypes = read_alterations(write(tmp_path, long_table(*rows)))
    expected = defaultdict(set)
    names = {
        "Missense_Mutation": "missense",
        "Nonsense_Mutation": "lof",
        "Splice_Site": "splice",
        "In_Frame_Ins": "inframe",
    }
    for sample, gene, term in rows:
        if term in names:
            expected[f"{gene}_{names[term]}"].add(sample)
            expected[f"{gene}_mutation"].add(sample)
    counts = dict(zip(genotypes.features.index, genotypes.dense().sum(axis=0).astype(int).tolist(), strict=True))
    assert counts == {name: len(members) for name, members in expected.items()}


def test_read_alterations__order_of_rows_has_no_part(tmp_path):
    lines = MAF.splitlines()
    shuffled = "\n".join([*lines[:2], *reversed(lines[2:])])
    one, other = (read_alterations(write(tmp_path, text)) for text in (MAF, shuffled))
    assert other.reindex(one.sample_ids).equals(one)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"^alterations\.dat: the file is empty"),
        ("\n \n", r"^alterations\.dat: the file holds no rows"),
        (HEADER, r"^alterations\.dat: found a header and no rows below it"),
        ("#only\n#comments\n", r"the file holds no rows"),
        ("id\tgene\talteration\ns1\tTP53\tlof\n", r"found no column for the sample \(its columns are \"id\", \"gene\""),
        ("sample_id\tTP53\ns1\t1\n", r"found no column for the gene"),
        (HEADER + "s1\tTP53\n", r"^alterations\.dat, line 2: found 2 values \(expected 3"),
        (HEADER + "\tTP53\tlof\n", r"line 2: found no sample \(expected an id\)\. Fill it or remove the line\.$"),
        (HEADER + "s1\tTP53\t\n", r'line 2: found no alteration for the gene "TP53" \(expected one, such as missense'),
        (HEADER + "s1\tTP53\t-2\n", r"line 2: found the number -2 as alteration \(expected words\)\. Write deletion"),
        (HEADER + "s1\tTP53\tsilent\n", r"found no alteration that changes a protein \(expected at least one\)"),
        ("gene\tgene\tsample\ta\n1\t2\t3\t4\n", r'line 1: found column "gene" more than once'),
        ("sample_id\tgene\t\tx\ns\tg\ta\tb\n", r"line 1: column 3 has no name"),
        (b"sample_id\tgene\talteration\ns1\tTP53\t\x01\n", r"line 2: the file is binary"),
        (b"sample_id\tgene\talteration\ns\xff\tTP53\tlof\n", r"near line \d: found bytes that are not UTF-8 text"),
        (gzip.compress(MAF.encode() * 50, mtime=0)[:-20], r"the gzip file is truncated or damaged"),
        (b"PK\x03\x04" + bytes(50), r"this is a zip archive"),
        (b"##fileformat=VCFv4.2\n", r"this is a VCF file"),
        ('sample,gene,alteration\ns1,"TP53,lof\n', r"line 2: found a quotation mark that is not closed"),
    ],
)
def test_read_alterations__broken_files(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_alterations(write(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_read_alterations__free_text_is_refused(tmp_path):
    rows = [("s1", "TP53", f"c.{i}A>G") for i in range(100, 160)]
    with pytest.raises(
        InputError, match=r"line 52: found more than 50 alterations of no known class, such as \"c\.100A"
    ):
        read_alterations(write(tmp_path, long_table(*rows)))


@pytest.mark.parametrize(
    ("known", "message"),
    [
        (
            ["p1", "p2"],
            'none of its 1 samples .* For example "TCGA-AB-2802-03A" here and "p1", "p2" there',
        ),
        (["TCGA-AB-2802"], '"TCGA-AB-2802-03A" may be "TCGA-AB-2802": write them alike'),
        (["tcga_ab_2802_03a"], r'"TCGA-AB-2802-03A" may be "tcga_ab_2802_03a": write them alike'),
    ],
)
def test_read_alterations__ids_that_do_not_match_are_never_taken_for_reference(tmp_path, known, message):
    file = write(tmp_path, long_table(("TCGA-AB-2802-03A", "TP53", "lof")))
    with pytest.raises(InputError, match=message):
        read_alterations(file, known_samples=known)


BARCODES = [f"TCGA-ZZ-{patient:04}-01A-11D-A152-09" for patient in range(6)]


@pytest.mark.parametrize("length", [12, 15, 16])
def test_read_alterations__one_match_does_not_make_the_others_wild_type(tmp_path, length):
    file = write(tmp_path, long_table(*((barcode, "TP53", "lof") for barcode in BARCODES)))
    known = [BARCODES[0], *(barcode[:length] for barcode in BARCODES[1:])]
    with pytest.raises(InputError, match=f'1 of its 6 samples .*"{BARCODES[1]}" may be "{known[1]}"') as error:
        read_alterations(file, known_samples=known)
    assert "`absent_means` missing" in str(error.value)


def test_read_alterations__most_ids_of_both_sides_without_a_match_are_refused(tmp_path):
    file = write(tmp_path, long_table(*((f"a{at}", "TP53", "lof") for at in range(5))))
    with pytest.raises(InputError, match="1 of its 5 samples are among those of the other tables, where 3 have no row"):
        read_alterations(file, known_samples=["a0", "x", "y", "z"])


def test_read_alterations__normal_tissue_of_a_patient_is_not_its_tumour(tmp_path):
    file = write(tmp_path, long_table(*((barcode, "TP53", "lof") for barcode in BARCODES)))
    known = [*BARCODES[1:], "TCGA-ZZ-0000-11A"]
    genotypes = read_alterations(file, known_samples=known)
    assert calls(genotypes, "TP53_lof") == {**dict.fromkeys(BARCODES, 1), "TCGA-ZZ-0000-11A": 0}


def test_read_alterations__a_cohort_with_many_unaltered_samples_is_read(tmp_path):
    file = write(tmp_path, long_table(("s0", "TP53", "lof"), ("s1", "TP53", "lof")))
    genotypes = read_alterations(file, known_samples=[f"s{at}" for at in range(40)])
    assert genotypes.dense()[:, 0].sum() == 2


@pytest.mark.parametrize("missing", ["NA", "NaN", "__UNKNOWN__", " "])
def test_read_alterations__a_word_for_missing_is_no_sample(tmp_path, missing):
    with pytest.raises(InputError, match="line 3: found no sample"):
        read_alterations(write(tmp_path, long_table(("s1", "TP53", "lof"), (missing, "TP53", "lof"))))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (["Hugo_Symbol", "Tumor_Sample_Barcode", "Variant_Classification"], True),
        (["gene", "sample", "HGVSp_Short"], True),
        (["sample_id", "gene", "alteration"], True),
        (["sample_id", "gene"], False),
        (["feature_id", "gene", "effect"], False),
        (["gene", "s1", "s2"], False),
        ([""], False),
    ],
)
def test_looks_like_alterations__by_its_columns(header, expected):
    assert looks_like_alterations(header) is expected


@pytest.mark.parametrize("seed", range(12))
def test_read_alterations__damaged_bytes_are_an_error_or_an_answer(tmp_path, seed):
    draw = random.Random(seed)
    content = bytearray(gzip.compress(MAF.encode(), mtime=0) if seed % 2 else MAF.encode())
    for _ in range(4):
        content[draw.randrange(len(content))] = draw.randrange(256)
    try:
        genotypes = read_alterations(write(tmp_path, bytes(content[: draw.randrange(1, len(content) + 1)])))
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert genotypes.shape[1]


def test_read_alterations__somatic_mutations_of_depmap(tmp_path):
    (tmp_path / "OmicsSomaticMutations.csv").write_text(
        "Chrom,Pos,Ref,Alt,VariantType,VariantInfo,ProteinChange,HugoSymbol,ModelID\n"
        "chr7,140753336,A,T,SNP,MISSENSE,p.V600E,BRAF,ACH-1\n"
        "chr17,7675088,C,T,SNP,NONSENSE,p.R213*,TP53,ACH-2\n"
        "chr17,7676000,C,T,SNP,INTRON,,TP53,ACH-1\n"
        "chr17,7676001,C,T,SNP,FIVE_PRIME_FLANK,,TP53,ACH-3\n"
        "chr5,112839514,A,,DEL,FRAME_SHIFT_DEL,p.I1307fs,APC,ACH-3\n"
    )
    found = read_genotypes(tmp_path / "OmicsSomaticMutations.csv")
    assert found.sample_ids.tolist() == ["ACH-1", "ACH-2", "ACH-3"]
    assert found.features.index.tolist() == ["APC_lof", "BRAF_missense", "TP53_lof"]
    assert found.dense().tolist() == [[0, 1, 0], [0, 0, 1], [1, 0, 0]]


def test_read_alterations__what_is_advised_for_icgc_and_annovar(tmp_path):
    (tmp_path / "ssm.tsv").write_text(
        "sample_id\tgene\talteration\tprotein_change\nDO1\tENSG1\tmissense_variant\tV600E\nDO2\tENSG2\tstop_gained\tR2*\n"
    )
    assert read_genotypes(tmp_path / "ssm.tsv").features["effect"].tolist() == ["missense", "lof"]
    (tmp_path / "multianno.txt").write_text(
        "Chr\tStart\tEnd\tRef\tAlt\tgene\talteration\tsample_id\n7\t5\t5\tA\tT\tBRAF\tnonsynonymous SNV\ts1\n"
    )
    assert read_genotypes(tmp_path / "multianno.txt").features.index.tolist() == ["BRAF_missense"]


@pytest.mark.parametrize("word", ["no mutation", "unmutated", "Not mutated", "p.=", "p.(=)", "NP_000537.3:p.="])
def test_read_alterations__no_mutation_is_none(tmp_path, word):
    file = write(tmp_path, f"sample_id\tgene\talteration\ns1\tTP53\tmissense\ns2\tTP53\t{word}\n")
    genotypes = read_alterations([file])
    assert (genotypes.features.index.tolist(), genotypes.dense().tolist()) == (["TP53_missense"], [[1.0], [0.0]])


def test_read_alterations__a_protein_that_is_not_changed(tmp_path):
    file = write(tmp_path, "sample_id\tgene\tprotein_change\ns1\tTP53\tp.R175H\ns2\tTP53\tp.=\n")
    assert read_alterations([file]).dense().tolist() == [[1.0], [0.0]]


def test_read_alterations__promoters_and_skipped_exons_that_maf_calls_silent(tmp_path, caplog):
    rows = [
        ("TERT", "s1", "5'Flank", ""),
        ("MYC", "s1", "5'Flank", ""),
        ("MET", "s2", "Splice_Region", "p.X1010_splice"),
        ("MET", "s3", "Splice_Region", ""),
        ("TP53", "s3", "Missense_Mutation", "p.R175H"),
        ("TP53", "s2", "promoter", ""),
    ]
    header = "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
    (tmp_path / "a.maf").write_text(header + "".join("\t".join(row) + "\n" for row in rows))
    with caplog.at_level("INFO"):
        genotypes = read_genotypes(tmp_path / "a.maf")
    values = pd.DataFrame(genotypes.dense(), genotypes.sample_ids, genotypes.features.index)
    assert values["TERT_promoter"].tolist() == [1, 0, 0]
    assert values["MET_splice"].tolist() == [0, 1, 0]
    assert values["TP53_promoter"].tolist() == [0, 1, 0]
    assert not values.columns.str.startswith("MYC").any()
    assert "rows left out, since they change no protein: 2" in caplog.text
    alone = tmp_path / "b.maf"
    alone.write_text(header + "TERT\ts9\t5'Flank\t\n")
    known = read_genotypes(alone, known_features=genotypes.features)
    assert known.features.index[known.dense()[0] == 1].tolist() == ["TERT_promoter"]


@pytest.mark.parametrize(
    ("cell", "features"),
    [
        ("T790M;L858R", {"EGFR_missense"}),
        ("p.T790M and p.R110*", {"EGFR_missense", "EGFR_lof"}),
        ("T790M, not detected", {"EGFR_T790M, not detected"}),
        ("EML4-ALK fusion", {"EGFR_fusion"}),
        ("p.M1?", {"EGFR_lof"}),
        ("p.*1211Qext*?", {"EGFR_lof"}),
    ],
)
def test_read_alterations__several_changes_in_a_cell(tmp_path, cell, features):
    rows = long_table(("s1", "EGFR", cell), ("s2", "KRAS", "G12D"), ("s3", "KRAS", "not detected"))
    genotypes = read_alterations(write(tmp_path, rows))
    values = pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)
    assert set(values.columns[values.loc["s1"] == 1]) == features
    assert (values.loc["s3"] == 0).all()


def test_read_alterations__several_protein_changes_beside_a_class(tmp_path):
    content = "sample_id,gene,effect,protein_change\ns1,EGFR,missense,T790M|L858R\ns2,EGFR,,R110* + T790M\n"
    rows = read_alteration_rows(write(tmp_path, content))
    assert rows.altered[["sample", "effect", "change"]].to_numpy().tolist() == [
        ["s1", "missense", "T790M"],
        ["s1", "missense", "L858R"],
        ["s2", "lof", "R110*"],
        ["s2", "missense", "T790M"],
    ]


def by_sample(genotypes):
    return pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)


def test_read_alterations__what_is_not_told_of_a_mutation_is_missing(tmp_path):
    known = [("t1", "BRAF", "V600E"), ("t2", "BRAF", "K601E"), ("t3", "BRAF", "R213*"), ("t4", "NRAS", "Q61K")]
    trained = read_alterations(write(tmp_path, long_table(*known)), minimum_hotspot_samples=1).features
    assert {"BRAF_missense", "BRAF_lof", "BRAF_V600E", "BRAF_K601E"} <= set(trained.index)
    new = [("n1", "BRAF", "missense"), ("n2", "BRAF", "mutated"), ("n3", "BRAF", "K601E"), ("n4", "NRAS", "mutated")]
    values = by_sample(read_alterations(write(tmp_path, long_table(*new)), known_features=trained))
    wanted = ["BRAF_mutation", "BRAF_missense", "BRAF_lof", "BRAF_V600E", "BRAF_K601E", "NRAS_missense"]
    expected = [
        [1, 1, 0, np.nan, np.nan, 0],
        [1, np.nan, np.nan, np.nan, np.nan, 0],
        [1, 1, 0, 0, 1, 0],
        [0, 0, 0, 0, 0, np.nan],
    ]
    np.testing.assert_array_equal(values[wanted], expected)


def test_read_alterations__two_rows_of_one_mutation_tell_it_once(tmp_path):
    """Two sources may tell one mutation in their own ways."""
    rows = [("s1", "BRAF", "V600E"), ("s1", "BRAF", "mutated"), ("s2", "BRAF", "R213*")]
    values = by_sample(read_alterations(write(tmp_path, long_table(*rows))))
    np.testing.assert_array_equal(values.loc["s1", ["BRAF_missense", "BRAF_lof"]], [1, 0])


def test_read_alterations__a_term_that_a_model_does_not_know_is_not_wild_type(tmp_path, caplog):
    known = long_table(("t1", "EGFR", "L858R"), ("t2", "EGFR", "amp"), ("t3", "FLT3", "ITD"))
    trained = read_alterations(write(tmp_path, known)).features
    new = [("n1", "EGFR", "exon 19 deletion"), ("n2", "EGFR", "L858R"), ("n2", "EGFR", "vIII"), ("n3", "FLT3", "ITD")]
    caplog.clear()
    values = by_sample(read_alterations(write(tmp_path, long_table(*new)), known_features=trained))
    expected = [[np.nan, np.nan, 0], [1, np.nan, 0], [0, 0, 1]]
    np.testing.assert_array_equal(values[["EGFR_missense", "EGFR_amplification", "FLT3_ITD"]], expected)
    assert 'does not know "EGFR exon 19 deletion", "EGFR vIII"; in 2 samples the gene is missing' in caplog.text


def test_read_alterations__letter_case_makes_no_other_gene(tmp_path, caplog):
    rows = ["s1\tbraf\tV600E", "s2\tBRAF\tV600E", "s3\tBRAF\tE586*", "s3\tbraf\twild type", "s4\tKras\tG12D"]
    file = tmp_path / "alterations.tsv"
    file.write_text("\n".join(["sample_id\tgene\talteration", *rows]) + "\n")
    genotypes = read_alterations(file)
    assert genotypes.features.index.tolist() == ["BRAF_lof", "BRAF_missense", "BRAF_mutation", "Kras_missense"]
    assert genotypes.dense()[:2, 1].tolist() == [1.0, 1.0]
    assert '1 name is read as the other ("braf" as "BRAF")' in caplog.text
    patient = tmp_path / "patient.tsv"
    patient.write_text("sample_id\tgene\talteration\nn1\tbraf\tV600E\n")
    new = read_alterations(patient, known_features=genotypes.features)
    assert new.features["gene"].unique().tolist() == ["BRAF", "Kras"]
    assert new.dense()[0, new.features.index.get_loc("BRAF_missense")] == 1.0
