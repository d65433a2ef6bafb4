from __future__ import annotations

import io
import logging
import random
import zipfile

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.star_alleles._tables import looks_like_star_alleles, read_star_allele_calls
from drugresponse.readers.star_alleles.reader import read_star_alleles

PHARMCAT = [
    ["Gene", "Source Diplotype", "Phenotype", "Activity Score", "Haplotype 1", "Outside Call",
     "Recommendation Lookup Phenotype", "Recommendation Lookup Activity Score"],
    ["CYP2C19", "*2/*17", "Intermediate Metabolizer", "", "*2", "no", "Intermediate Metabolizer", ""],
    ["CYP2D6", "*1/*1x2", "Ultrarapid Metabolizer", "3.0", "*1", "yes", "Ultrarapid Metabolizer", "3.0"],
    ["DPYD", "c.85T>C (*9A) AND c.1905+1G>A (*2A)", "", "", "", "no", "Intermediate Metabolizer", "1.0"],
    ["TPMT", "*1/*1", "Normal Metabolizer", "", "*1", "no", "Normal Metabolizer", ""],
    ["UGT1A1", "no call", "", "", "", "no", "", ""],
]  # fmt: skip
PYPGX = [
    ["", "Genotype", "Phenotype", "Haplotype1", "Haplotype2", "AlternativePhase", "VariantData", "CNV"],
    ["NA1", "*1/*4", "Intermediate Metabolizer", "*1;", "*4;*10;", ";", "*4:22-1-G-A", "Normal"],
    ["NA2", "*5/*68+*4", "Poor Metabolizer", "*4;", "*4;", ";", "", "DeletionHet,Tandem1"],
    ["NA3", "Indeterminate", "Indeterminate", "*1;", "*2;", ";", "", "Unknown"],
    ["NA4", "*1/*1", "Normal Metabolizer", "*1;", "*1;", ";", "", "Normal"],
]


def tabs(rows):
    return "".join("\t".join(row) + "\n" for row in rows)


def write(tmp_path, content, name="calls.dat"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def archive(metadata="Gene=CYP2D6\nAssembly=GRCh38\nSemanticType=SampleTable[Results]\n", data=None, folder="tmp1/"):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as stream:
        stream.writestr(f"{folder}metadata.txt", metadata)
        stream.writestr(f"{folder}data.tsv", tabs(PYPGX) if data is None else data)
    return packed.getvalue()


def cells(genotypes, sample):
    return dict(zip(genotypes.features.index, genotypes.dense()[genotypes.sample_ids.get_loc(sample)], strict=True))


def test_read_star_alleles__pharmcat_of_one_sample(tmp_path, caplog):
    text = "PharmCAT v3.1.0\n" + tabs(PHARMCAT)
    with caplog.at_level(logging.INFO):
        genotypes = read_star_alleles(write(tmp_path, text, "P7.report.tsv"))
    assert genotypes.sample_ids.tolist() == ["P7"]
    assert cells(genotypes, "P7") == {
        "CYP2C19*17": 1,
        "CYP2C19*2": 1,
        "CYP2C19_phenotype:Intermediate Metabolizer": 1,
        "CYP2D6*1x2": 1,
        "CYP2D6_activity": 3,
        "CYP2D6_phenotype:Ultrarapid Metabolizer": 1,
        "DPYD:c.1905+1G>A (*2A)": 1,
        "DPYD:c.85T>C (*9A)": 1,
        "DPYD_activity": 1,
        "DPYD_phenotype:Intermediate Metabolizer": 1,
    }
    assert set(genotypes.features["block"]) == {"star alleles"}
    kinds = genotypes.features["kind"]
    assert (kinds["CYP2D6*1x2"], kinds["CYP2D6_activity"]) == ("dosage", "score")
    assert kinds["CYP2C19_phenotype:Intermediate Metabolizer"] == "altered"
    assert genotypes.features["gene"]["DPYD_activity"] == "DPYD"
    assert 'P7.report.tsv: has no column of samples; taken as those of "P7", after the file.' in caplog.text
    assert 'uncertain or contradictory, and therefore missing: diplotype 1 (such as "UGT1A1 no call").' in caplog.text


def test_read_star_alleles__pharmcat_of_many_samples(tmp_path):
    rows = [["Sample ID", *PHARMCAT[0]], ["s1", *PHARMCAT[1]], ["s2", *PHARMCAT[4]], ["s3", *PHARMCAT[2]]]
    rows.append(["s2", "CYP2C19", "*1/*2 OR *2/*3", "Normal Metabolizer / Poor Metabolizer", "", "", "no", "", ""])
    genotypes = read_star_alleles(write(tmp_path, tabs(rows)))
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3"]
    assert cells(genotypes, "s2")["CYP2C19*2"] == 1
    assert cells(genotypes, "s2")["CYP2C19*17"] == 0
    assert np.isnan(cells(genotypes, "s2")["CYP2C19*3"])
    assert np.isnan(cells(genotypes, "s2")["CYP2C19_phenotype:Intermediate Metabolizer"])
    # no row for the gene is not the reference
    assert np.isnan(cells(genotypes, "s3")["CYP2C19*2"])


def test_read_star_alleles__pypgx_archive_and_table(tmp_path, caplog):
    genotypes = read_star_alleles(write(tmp_path, archive(), "results.dat"))
    nan = np.nan
    expected = pd.DataFrame(
        {
            "CYP2D6*4": [1, 1, nan, 0],
            "CYP2D6*5": [0, 1, nan, 0],
            "CYP2D6*68": [0, 1, nan, 0],
            "CYP2D6_phenotype:Intermediate Metabolizer": [1, 0, nan, 0],
            "CYP2D6_phenotype:Poor Metabolizer": [0, 1, nan, 0],
        },
        index=["NA1", "NA2", "NA3", "NA4"],
    )
    assert genotypes.sample_ids.tolist() == expected.index.tolist()
    assert genotypes.features.index.tolist() == expected.columns.tolist()
    np.testing.assert_array_equal(genotypes.dense(), expected.to_numpy())
    assert 'phenotype 1 (such as "CYP2D6 Indeterminate").' in caplog.text
    table = [["Symbol", "SampleName", *PYPGX[0][1:]], *(["CYP2D6", *row] for row in PYPGX[1:])]
    assert read_star_alleles(write(tmp_path, tabs(table))).equals(genotypes)
    assert read_star_alleles(write(tmp_path, tabs(PYPGX)), gene="CYP2D6").equals(genotypes)


def test_read_star_alleles__outside_calls(tmp_path):
    text = "#made by hand\nCYP2D6\t*1/*3\nCYP2C9\t\t\t2.0\nHLA-B\t\t*57:01 positive\n#and\nMT-RNR1\t1555A>G\n"
    genotypes = read_star_alleles(write(tmp_path, text), sample_id="s1")
    assert cells(genotypes, "s1") == {
        "CYP2C9_activity": 2,
        "CYP2D6*3": 1,
        "HLA-B_phenotype:*57:01 positive": 1,
        "MT-RNR1:1555A>G": 1,
    }


def test_read_star_alleles__plain_table_with_commas(tmp_path):
    genotypes = read_star_alleles(write(tmp_path, "sample_id,gene,diplotype\ns1,CYP2C9,*2/*3\ns2,CYP2C9,*1/*1\n"))
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1], [0, 0]])


def test_read_star_alleles__one_column_a_gene(tmp_path):
    text = "SAMPLE_ID\tCYP2C19\tHLA-B\ns1\t*1/*2\tNA\ns2\tno call\t*57:01/*07:02\n"
    genotypes = read_star_alleles(write(tmp_path, text))
    nan = np.nan
    assert genotypes.features.index.tolist() == ["CYP2C19*2", "HLA-B*07:02", "HLA-B*57:01"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, nan, nan], [nan, 1, 1]])


def test_read_star_alleles__several_files_of_one_sample_each(tmp_path):
    files = [write(tmp_path, tabs(PHARMCAT[:3]), f"{name}.report.tsv") for name in ("a", "b")]
    assert read_star_alleles(files, known_samples=["a", "b"]).sample_ids.tolist() == ["a", "b"]


def test_read_star_alleles__features_that_a_model_knows(tmp_path):
    known = pd.DataFrame(
        {"block": "star alleles", "gene": ["CYP2D6", "CYP2D6", "CYP2D6", "NUDT15"]},
        index=["CYP2D6*10", "CYP2D6_phenotype:Rapid Metabolizer", "CYP2D6_activity", "NUDT15*3"],
    )
    text = "sample_id\tgene\tdiplotype\tphenotype\ns1\tCYP2D6\t*1/*4\tPM\ns2\tCYP2D6\tno call\t\n"
    genotypes = read_star_alleles(write(tmp_path, text), known_features=known)
    assert genotypes.features["kind"].to_dict() == {
        "CYP2D6*10": "dosage",
        "CYP2D6*4": "dosage",
        "CYP2D6_activity": "score",
        "CYP2D6_phenotype:Poor Metabolizer": "altered",
        "CYP2D6_phenotype:Rapid Metabolizer": "altered",
    }
    np.testing.assert_array_equal(genotypes.dense()[0], [0, 1, np.nan, 1, 0])
    assert np.isnan(genotypes.dense()[1]).all()


def test_read_star_alleles__one_sample_alone_reads_as_it_did_among_many(tmp_path):
    draw = random.Random(2)
    stars = ["*1", "*2", "*4", "*4x2", "*68+*4", "*10"]
    rows = [
        [
            f"s{i}",
            gene,
            f"{draw.choice(stars)}/{draw.choice(stars)}",
            draw.choice(["NM", "PM", "IM"]),
            draw.choice("012"),
        ]
        for i in range(20)
        for gene in ("CYP2D6", "CYP2C19")
    ]
    header = ["sample_id", "gene", "diplotype", "phenotype", "activity score"]
    whole = read_star_alleles(write(tmp_path, tabs([header, *rows])))
    for sample in ("s0", "s11"):
        alone = write(tmp_path, tabs([header, *(row for row in rows if row[0] == sample)]), "alone.tsv")
        genotypes = read_star_alleles(alone, known_features=whole.features)
        assert genotypes.equals(whole.reindex(pd.Index([sample], name="sample_id")))


def test_read_star_alleles__repeated_calls_agree_or_are_missing(tmp_path, caplog):
    header = "sample_id\tgene\tdiplotype\tactivity score\n"
    rows = "s1\tCYP2D6\t*1/*4\t1\ns1\tCYP2D6\t*4/*1\t1\ns2\tCYP2D6\t*1/*4\t\ns2\tCYP2D6\t*4/*4\t0\n"
    genotypes = read_star_alleles(write(tmp_path, header + rows))
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1], [np.nan, 0]])
    assert 'repeated call 1 (such as "CYP2D6 of s2").' in caplog.text


def test_read_star_alleles__aliases(tmp_path):
    text = "sample_id\tgene\tdiplotype\ns1\tIL28B\trs12979860 reference (C)/rs12979860 variant (T)\n"
    genotypes = read_star_alleles(write(tmp_path, text), aliases=GeneNames({"IL28B": "IFNL3"}, {}))
    assert genotypes.features.index.tolist() == ["IFNL3:rs12979860 variant (T)"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", r"^calls\.dat: the file is empty"),
        (tabs(PHARMCAT[:1]), r"found a header and no rows below it"),
        ("PharmCAT v3.1.0\n", r'found the columns "PharmCAT v3\.1\.0" \(expected a sample and a gene'),
        ("gene\tage\nTPMT\t7\n", r'found the columns "gene", "age" \(expected a sample and a gene, and a diplotype'),
        (tabs(PYPGX), r"the table does not tell its gene \(expected a column Gene\)\. Give results\.zip"),
        (tabs([PHARMCAT[0], PHARMCAT[1][:5]]), r"^calls\.dat, line 2: found 5 values \(expected 8, as in the header\)"),
        ("sample_id\tgene\tdiplotype\n\tTPMT\t*1/*2\n", r"^calls\.dat, line 2: found no sample\."),
        ("sample_id\tgene\tdiplotype\ns1\t\t*1/*2\n", r"^calls\.dat, line 2: found no gene\."),
        ("CYP2D6\t*1/*3\nCYP2C9\n", r"^calls\.dat, line 2: found 1 values \(expected a gene, a diplotype"),
        (
            "sample_id\tgene\tdiplotype\ns1\tTPMT\t*1/*1\n",
            r"found no call other than the reference \(expected star alleles",
        ),
        (b"\x00\x01\x02gene\n", r"line 1: the file is binary"),
        (b"PK\x03\x04" + bytes(30), r"^calls\.dat: the zip archive is damaged or locked"),
        (archive(metadata="SemanticType=SampleTable[Alleles]\n"), r'PyPGx\'s "SampleTable\[Alleles\]" \(expected'),
        (archive(metadata="SemanticType=SampleTable[Results]\n"), r"the table does not tell its gene"),
        (archive(data=b""), r"the file holds no rows"),
        (archive(data=b"\x00\x01"), r"the file is binary"),
        (archive()[:-30], r"the zip archive is damaged or locked"),
    ],
)
def test_read_star_alleles__broken_files(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_star_alleles(write(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_read_star_alleles__a_spreadsheet_is_no_archive_of_calls(tmp_path):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as stream:
        stream.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(InputError, match=r"begins like a workbook and cannot be read as one"):
        read_star_alleles(write(tmp_path, packed.getvalue()))


def test_read_star_alleles__a_sample_that_is_not_told_is_not_guessed(tmp_path):
    file = write(tmp_path, tabs(PHARMCAT), "dataset_12.dat")
    with pytest.raises(InputError, match=r'found no column of samples, and "dataset_12\.dat" is none of the other'):
        read_star_alleles(file, known_samples=["s1", "s2"])
    assert read_star_alleles(file, known_samples=["s1", "s2"], sample_id="s2").sample_ids.tolist() == ["s2"]


@pytest.mark.parametrize("seed", range(12))
def test_read_star_alleles__damaged_bytes_are_an_error_or_an_answer(tmp_path, seed):
    draw = random.Random(seed)
    content = bytearray(archive() if seed % 2 else tabs([["Sample ID", *PHARMCAT[0]], ["s1", *PHARMCAT[2]]]).encode())
    for _ in range(4):
        content[draw.randrange(len(content))] = draw.randrange(256)
    try:
        genotypes = read_star_alleles(write(tmp_path, bytes(content)), gene="CYP2D6", sample_id="s1")
    except InputError as error:
        assert "\n" not in str(error)
    else:
        assert genotypes.shape[1]


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (PHARMCAT[0], True),
        (PYPGX[0], True),
        (["PharmCAT v3.1.0-2-g0b250f81"], True),
        (["sample_id", "gene", "diplotype"], True),
        (["CYP2D6", "*1/*3"], True),
        (["CYP2C9", "", "", "2.0"], True),
        (["HLA-B", "", "*57:01 positive"], True),
        (["MT-RNR1", "1555A>G"], True),
        (["sample_id", "gene", "alteration"], False),
        (["sample_id", "CYP2D6"], False),
        (["S1", "1", "0"], False),
        (["TP53", "1"], False),
        (["", "s1", "s2"], False),
    ],
)
def test_looks_like_star_alleles__by_the_first_row(header, expected):
    assert looks_like_star_alleles(header) is expected


def test_read_star_allele_calls__a_repeated_phenotype_column_falls_back_to_the_lookup(tmp_path):
    calls = read_star_allele_calls(write(tmp_path, tabs(PHARMCAT)))
    assert [each.phenotype for each in calls][2:] == ["Intermediate Metabolizer", "Normal Metabolizer", ""]
    assert calls[2].activity == "1.0"


def test_read_star_alleles__a_call_to_one_field_is_not_without_the_allele(tmp_path, caplog):
    file = tmp_path / "calls"
    rows = ["s1\tHLA-B\t*57:01/*07:02", "s2\tHLA-B\t*57/*07:02", "s3\thla-b\tB*57:01:01/B*44:02"]
    file.write_text("\n".join(["sample_id\tgene\tdiplotype", *rows]) + "\n")
    genotypes = read_star_alleles(file)
    assert genotypes.features.index.tolist() == ["HLA-B*07:02", "HLA-B*44:02", "HLA-B*57:01"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 0, 1], [np.nan] * 3, [0, 1, 1]])
    assert 'calls to the first field ("HLA-B*57") are missing' in caplog.text
    file.write_text("sample_id\tgene\tdiplotype\ns1\tHLA-B\t*27/*07\ns2\tHLA-B\t*07/*44\n")
    assert read_star_alleles(file).features.index.tolist() == ["HLA-B*07", "HLA-B*27", "HLA-B*44"]
