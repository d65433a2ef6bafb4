from __future__ import annotations

import gzip
import logging

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_variants

HEADER = [
    "##fileformat=VCFv4.2",
    "##contig=<ID=1>",
    "##contig=<ID=chr2>",
    '##INFO=<ID=GENEINFO,Number=1,Type=String,Description="Gene">',
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
    '##FORMAT=<ID=DS,Number=A,Type=Float,Description="Dosage">',
    '##FORMAT=<ID=DP,Number=1,Type=Integer,Description="Depth">',
]
MISSING = np.nan


def write(tmp_path, *records, samples="s1 s2", name="variants.dat"):
    columns = f"#CHROM POS ID REF ALT QUAL FILTER INFO FORMAT {samples}".strip()
    lines = [*HEADER, *(line.replace(" ", "\t") for line in (columns, *records))]
    file = tmp_path / name
    file.write_text("\n".join(lines) + "\n")
    return file


def calls(genotypes):
    dense = genotypes.dense()
    return {name: dense[:, at].tolist() for at, name in enumerate(genotypes.features.index)}


@pytest.mark.parametrize(
    ("call", "dosage"),
    [
        ("0/0", 0),
        ("0/1", 1),
        ("1|0", 1),
        ("1/1", 2),
        ("./.", MISSING),
        (".", MISSING),
        ("./1", MISSING),
        ("0/.", MISSING),
        ("0", 0),
        ("1", 1),
    ],
)
def test_read_variants__calls(tmp_path, call, dosage):
    genotypes = read_variants(write(tmp_path, f"1 7 . A C . . . GT {call} 0/1"))
    np.testing.assert_array_equal(genotypes.dense(), [[dosage], [1]])


def test_read_variants__feature_rows(tmp_path):
    genotypes = read_variants(
        write(tmp_path, "chr2 9 rs1 G GT . . GENEINFO=DPYD:1806|X:2 GT:DP 0/1:3 0/0:4", "1 10 . A C . . . GT 0/0 0/1")
    )
    assert genotypes.features.index.tolist() == ["1:10:A:C", "2:9:G:GT"]
    assert genotypes.features.loc["2:9:G:GT"].to_dict() == {
        "block": "dosage",
        "kind": "dosage",
        "gene": "DPYD",
        "chromosome": "2",
        "position": 9,
        "ref": "G",
        "alt": "GT",
        "effect": "",
    }
    assert genotypes.sample_ids.tolist() == ["s1", "s2"]


def test_read_variants__multiallelic_sites_are_split(tmp_path):
    genotypes = read_variants(write(tmp_path, "1 7 . A C,G . . . GT 1/2 2/2"))
    assert calls(genotypes) == {"1:7:A:C": [1, 0], "1:7:A:G": [1, 2]}


def test_read_variants__spanning_deletions_and_sites_without_alternate_are_passed_over(tmp_path):
    genotypes = read_variants(
        write(tmp_path, "1 7 . A *,G . . . GT 1/2 0/1", "1 8 . A . . . . GT 0/0 0/0", "1 9 . A <DEL> . . . GT 0/1 0/0")
    )
    assert calls(genotypes) == {"1:7:A:G": [1, 0], "1:9:A:<DEL>": [1, 0]}


def test_read_variants__dosage_only_where_calls_are_absent(tmp_path):
    genotypes = read_variants(
        write(tmp_path, "1 7 . A C,G . . . DS 0.25,1.5 .,.", "1 8 . A C . . . GT:DS 0/1:1.9 0/0:0.1")
    )
    np.testing.assert_array_equal(genotypes.dense(), [[0.25, 1.5, 1], [MISSING, MISSING, 0]])


def test_read_variants__absent_means_reference_spares_half_calls(tmp_path):
    file = write(tmp_path, "1 7 . A C . . . GT ./. 0/1", "1 8 . A C . . . GT ./1 1/1")
    np.testing.assert_array_equal(read_variants(file).dense(), [[MISSING, MISSING], [1, 2]])
    np.testing.assert_array_equal(read_variants(file, absent_means="reference").dense(), [[0, MISSING], [1, 2]])


def test_read_variants__repeated_allele_first_call_wins_and_conflicts_are_missing(tmp_path, caplog):
    file = write(
        tmp_path,
        "1 7 . A C . . . GT ./. 0/1 1/1 ./1",
        "1 7 . A C . . . GT 0/1 0/1 0/1 ./.",
        "1 7 . A C . . . GT ./. ./. 1/1 ./.",
        samples="late same conflict half",
    )
    for absent_means in ("missing", "reference"):
        genotypes = read_variants(file, absent_means=absent_means)
        np.testing.assert_array_equal(genotypes.dense()[:, 0], [1, 1, MISSING, MISSING])
    assert "1 calls contradict an earlier record" in caplog.text


def test_read_variants__mostly_missing_suggests_the_option(tmp_path, caplog):
    file = write(tmp_path, "1 7 . A C . . . GT ./. 0/1", "1 8 . A C . . . GT ./. ./.")
    read_variants(file, absent_means="reference")
    assert not caplog.records
    read_variants(file)
    assert caplog.records[0].levelno == logging.WARNING
    assert "75 % of the calls are missing" in caplog.text
    assert "--absent-means reference" in caplog.text


def test_read_variants__records_without_calls_are_counted(tmp_path, caplog):
    assert read_variants(write(tmp_path, "1 7 . A C . . . DP 3 4", "1 8 . A C . . . GT 0/1 0/0")).shape == (2, 1)
    assert "1 records hold neither GT nor DS" in caplog.text


@pytest.mark.parametrize(
    ("records", "samples", "message"),
    [
        (["1 7 . A C . . . DP 3 4"], "s1 s2", "none of its 1 records holds genotypes .expected GT or DS"),
        (["1 7 . A C . . ."], "", "found no samples|cannot be read"),
        (["1 7 . A . . . . GT 0/0 0/0"], "s1 s2", "found no variant in 1 records"),
        ([], "s1 s2", "found no variant in 0 records"),
        (["1 7 . A C . . . DS 0.5 -1"], "s1 s2", r"record 1 \(1:7\): found a DS that is negative"),
        (["1 7 . A C . . . GT 0/1 0/0", "1 8 . A C"], "s1 s2", "the record after record 1 cannot be read"),
        (["1 7 . A C . . . GT 0/1 0/0"], "s1 s1", "the header of this VCF or BCF file cannot be read"),
    ],
)
def test_read_variants__broken_files_end_in_one_line(tmp_path, capfd, records, samples, message):
    with pytest.raises(InputError, match=f"^variants.dat[:,] .*({message})") as caught:
        read_variants(write(tmp_path, *records, samples=samples))
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def test_read_variants__not_variants_and_truncated(tmp_path):
    (tmp_path / "table.dat").write_text("sample_id\tTP53\ns1\t1\n")
    with pytest.raises(InputError, match=r"table.dat: this is neither VCF nor BCF"):
        read_variants(tmp_path / "table.dat")
    whole = gzip.compress(write(tmp_path, "1 7 . A C . . . GT 0/1 0/0").read_bytes())
    (tmp_path / "cut.dat").write_bytes(whole[:-4])
    with pytest.raises(InputError, match=r"cut.dat: the gzip file is truncated or damaged"):
        read_variants(tmp_path / "cut.dat")
