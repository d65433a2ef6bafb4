from __future__ import annotations

import gzip
import logging

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.features.alignment import align
from drugresponse.readers import read_genotypes

NAN = np.nan
RAW = "FID IID PAT MAT SEX PHENOTYPE rs1_A rs2_T(/C) rs2_HET\nf s1 0 0 1 22.5 2 0 0\nf s2 0 0 2 -9 NA 1 1\n"
TRAW = "CHR\tSNP\t(C)M\tPOS\tCOUNTED\tALT\tf_s1\tf_s2\n1\trs1\t0\t7\tA\tG\t2\tNA\n23\trs2\t0\t9\tT\tC\t0\t1\n"
FEATURES = "feature_id\tchromosome\tposition\tref\talt\nrs1\tchr1\t7\tG\tA\nrs2_T(/C)\t23\t9\tC\tT\n"
VCF = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\ts2\n"
VCF += "1\t7\t.\tG\tA\t.\t.\t.\tGT\t1/1\t./.\nX\t9\t.\tC\tT\t.\t.\t.\tGT\t0\t0/1\n"


def write(folder, content, name="cohort.dat"):
    file = folder / name
    file.write_text(content)
    return file


@pytest.fixture
def expected(tmp_path):
    return read_genotypes(write(tmp_path, VCF, "vcf"))


def test_read_traw__equals_the_vcf_and_the_bed_of_the_cohort(tmp_path, expected):
    (tmp_path / "one.fam").write_text("f s1 0 0 1 -9\nf s2 0 0 2 -9\n")
    (tmp_path / "one.bim").write_text("1 rs1 0 7 A G\n23 rs2 0 9 T C\n")
    (tmp_path / "one.bed").write_bytes(bytes.fromhex("6c1b01040b"))
    assert read_genotypes(tmp_path / "one.bed").equals(expected)
    assert read_genotypes(write(tmp_path, TRAW)).equals(expected)
    assert read_genotypes(write(tmp_path, TRAW), genotype_format="plink-traw").equals(expected)


def test_read_raw__equals_the_vcf_where_the_places_are_told(tmp_path, expected):
    file, table = write(tmp_path, RAW), write(tmp_path, FEATURES, "features")
    assert read_genotypes(file, features=table).equals(expected)
    named = RAW.replace("rs1_A", "chr1:7:G:A_A").replace("rs2_T(/C)", "X:9:C:T_T")
    assert read_genotypes(write(tmp_path, named)).equals(expected)
    reference = RAW.replace("rs1_A", "1:7:G:A_G").replace("rs2_T(/C)", "X:9:C:T_T").replace("22.5 2", "22.5 0")
    assert read_genotypes(write(tmp_path, reference)).equals(expected)


@pytest.mark.parametrize("change", [str, lambda text: text.replace(" ", "\t"), lambda text: text.replace(" ", ",")])
def test_read_raw__nothing_but_genotypes(tmp_path, caplog, change):
    caplog.set_level(logging.INFO)
    found = read_genotypes(write(tmp_path, change(RAW)))
    assert found.features[["ref", "alt"]].to_dict("index") == {
        "rs1": {"ref": "", "alt": "A"},
        "rs2": {"ref": "C", "alt": "T"},
    }
    assert found.sample_ids.tolist() == ["s1", "s2"]
    np.testing.assert_array_equal(found.dense(), [[2, 0], [NAN, 1]])
    assert set(found.features["kind"]) == {"dosage"}
    assert "columns of heterozygotes are left out: 1" in caplog.text


def test_read_raw__packed_and_written_by_r(tmp_path):
    expected = read_genotypes(write(tmp_path, RAW))
    (tmp_path / "packed").write_bytes(gzip.compress(RAW.encode()))
    assert read_genotypes(tmp_path / "packed").equals(expected)
    rows = RAW.strip().split("\n")
    quoted = [
        '"' + rows[0].replace(" ", '","') + '"',
        *(f'"{at}",' + row.replace(" ", ",") for at, row in enumerate(rows[1:])),
    ]
    assert read_genotypes(write(tmp_path, '"",' + "\n".join(quoted) + "\n")).equals(expected)


def test_read_raw__samples_of_one_name(tmp_path):
    assert read_genotypes(write(tmp_path, RAW.replace("f s2", "g s1"))).sample_ids.tolist() == ["f_s1", "g_s1"]


@pytest.mark.parametrize(
    ("names", "known", "expected"),
    [
        ("0_s1 0_s_2", None, ["s1", "s_2"]),
        ("s_1_s_1 s_2_s_2", None, ["s_1", "s_2"]),
        ("f_s1 g_s2", None, ["s1", "s2"]),
        ("f_s1 g_s2", ["g_s2", "f_s1"], ["f_s1", "g_s2"]),
        ("f_s1 g_s1", None, ["f_s1", "g_s1"]),
        ("f_a_s1 g_s2", None, ["f_a_s1", "g_s2"]),
    ],
)
def test_read_traw__names_of_samples(tmp_path, names, known, expected):
    file = write(tmp_path, TRAW.replace("f_s1\tf_s2", names.replace(" ", "\t")))
    assert read_genotypes(file, known_samples=known).sample_ids.tolist() == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (RAW.replace("-9 NA", "-9 -9"), 'line 3, column "rs1_A": found -9 .expected 0 to 2 copies'),
        (RAW.replace("-9 NA", "-9 A"), "found a cell that is no number"),
        (RAW.replace(" NA 1 1", " NA 1"), "line 3: found 8 values .expected 9"),
        (RAW.split("\n")[0] + "\n", "found a header and no rows"),
        ("FID IID PAT MAT SEX PHENOTYPE\nf s1 0 0 1 1\n", "found no variant"),
        (TRAW.replace("\tNA", "\t3"), 'column "f_s2": found 3'),
    ],
)
def test_read_plink_text__broken_files_end_in_one_line(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write(tmp_path, content))


def test_read_raw__a_table_that_contradicts_the_counted_allele(tmp_path):
    table = write(tmp_path, FEATURES.replace("7\tG\tA", "7\tG\tC"), "features")
    with pytest.raises(InputError, match='"rs1_A": its counted allele is neither the reference nor the alternate'):
        read_genotypes(write(tmp_path, RAW), features=table)


def test_read_raw__another_allele_counted_in_new_samples(tmp_path):
    """PLINK 1 counts the rarer allele of each cohort: what was counted at the training must not be mistaken for it."""
    trained = read_genotypes(write(tmp_path, RAW))
    new = read_genotypes(write(tmp_path, RAW.replace("rs1_A", "rs1_G").replace("rs2_T(/C)", "rs2_C(/T)")))
    found = align(new.features, trained.features)
    assert found.conflict.tolist() == [True, False]
    assert found.turned.tolist() == [False, True]


def test_read_raw__alternates_nobody_has_and_the_reference_of_missing_calls(tmp_path):
    found = read_genotypes(write(tmp_path, RAW.replace("rs2_T(/C)", "rs2_0(/C)")), absent_means="reference")
    assert found.features.index.tolist() == ["rs1"]
    assert found.dense().ravel().tolist() == [2, 0]


def test_predict__traw_of_patients_to_a_model_of_a_vcf(tmp_path):
    random = np.random.default_rng(1)
    copies = random.integers(0, 3, (40, 6))
    table = pd.DataFrame(
        {"kind": "dosage", "chromosome": "1", "position": np.arange(10, 16), "ref": "A", "alt": "G"},
        index=list("abcdef"),
    )
    samples = [f"s{at}" for at in range(40)]
    genotypes = Genotypes.build(copies.astype(float), samples, table)
    responses = pd.DataFrame({"sample_id": samples, "drug_id": "D", "response": copies @ np.arange(6.0)})
    model = dr.DrugResponseModel("ridge", folds=0).fit(genotypes, responses)
    # the other allele is counted, as PLINK 2 does
    lines = ["\t".join(["CHR", "SNP", "(C)M", "POS", "COUNTED", "ALT", *(f"0_{each}" for each in samples)])]
    lines += ["\t".join(["1", f"rs{at}", "0", str(10 + at), "A", "G", *map(str, 2 - copies[:, at])]) for at in range(6)]
    read = read_genotypes(write(tmp_path, "\n".join(lines) + "\n"))
    expected = model.predict(genotypes)["prediction"].to_numpy()
    np.testing.assert_allclose(model.predict(read)["prediction"].to_numpy(), expected, rtol=1e-6)


def test_read_genotypes__the_one_copy_of_a_man_in_text_of_plink(tmp_path):
    traw = write(tmp_path, "CHR SNP (C)M POS COUNTED ALT f_s1 f_s2\n23 rs1 0 20000000 G A 1 1\n")
    assert read_genotypes(traw, men=["s1"]).dense().tolist() == [[2.0], [1.0]]
    raw = write(tmp_path, "FID IID PAT MAT SEX PHENOTYPE X:20000000:A:G_G\nf s1 0 0 1 1 1\nf s2 0 0 2 1 1\n")
    assert read_genotypes(raw, men=["s1"]).dense().tolist() == [[2.0], [1.0]]
