from __future__ import annotations

import gzip
import logging

import anndata
import numpy as np
import pandas as pd
import pytest
from cyvcf2 import VCF, Writer
from scipy import sparse

from drugresponse.errors import InputError
from drugresponse.readers import as_genotypes, read_genotypes

SAMPLES = ["p1", "p2", "p3", "p10"]
SITES = [
    ("10", 5, "A", "T", "CYP2C19"),
    ("2", 700, "G", "GA", "UGT1A1"),
    ("2", 80, "C", "T", ""),
    ("X", 3, "G", "C", "F9"),
]
IDS = [":".join(map(str, site[:4])) for site in SITES]
DOSAGES = np.array([[0, 1, 2, np.nan], [2, 0, 0, 1], [np.nan, np.nan, 1, 0], [0, 0, 0, 1]], dtype=np.float32)
CALLS = {0.0: "0/0", 1.0: "0/1", 2.0: "1/1"}


def vcf_text() -> str:
    lines = ["##fileformat=VCFv4.2"]
    lines += [f"##contig=<ID=chr{name}>" for name in ("10", "2", "X")]
    lines += ['##INFO=<ID=GENEINFO,Number=1,Type=String,Description="Gene">']
    lines += ['##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">']
    lines += ["\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *SAMPLES])]
    for (chromosome, position, ref, alt, gene), column in zip(SITES, DOSAGES.T, strict=True):
        info = f"GENEINFO={gene}:1" if gene else "."
        calls = [CALLS.get(float(each), "./.") for each in column]
        lines.append("\t".join([f"chr{chromosome}", str(position), ".", ref, alt, ".", ".", info, "GT", *calls]))
    return "\n".join(lines) + "\n"


def frame() -> pd.DataFrame:
    return pd.DataFrame(DOSAGES, index=pd.Index(SAMPLES, name="sample_id"), columns=IDS)


def features() -> pd.DataFrame:
    table = pd.DataFrame(SITES, columns=["chromosome", "position", "ref", "alt", "gene"], index=pd.Index(IDS))
    return table.rename_axis("feature_id").assign(kind="dosage")


@pytest.fixture
def cohort(tmp_path):
    """The same cohort in every format; no file has an extension that tells."""
    (tmp_path / "vcf").write_text(vcf_text())
    (tmp_path / "vcf_gzip").write_bytes(gzip.compress(vcf_text().encode()))
    records = VCF(str(tmp_path / "vcf"))
    for name, mode in (("bcf", "wb"), ("vcf_bgzip", "wz")):
        writer = Writer(str(tmp_path / name), records, mode)
        for record in VCF(str(tmp_path / "vcf")):
            writer.write_record(record)
        writer.close()
    frame().to_csv(tmp_path / "matrix", sep="\t")
    frame().T.to_csv(tmp_path / "transposed", index_label="variant")
    frame().astype("Int8").to_parquet(tmp_path / "parquet")
    features().iloc[::-1].to_csv(tmp_path / "features", sep="\t")
    return tmp_path


def test_read_genotypes__every_format_gives_equal_genotypes(cohort):
    expected = read_genotypes(cohort / "vcf")
    assert expected.features.index.tolist() == ["2:80:C:T", "2:700:G:GA", "10:5:A:T", "X:3:G:C"]
    np.testing.assert_array_equal(expected.dense(), DOSAGES[:, [2, 1, 0, 3]])
    for name in ("vcf_gzip", "vcf_bgzip", "bcf"):
        assert read_genotypes(cohort / name).equals(expected), name
    for name in ("matrix", "transposed", "parquet"):
        read = read_genotypes([cohort / name], features=cohort / "features", known_samples=SAMPLES)
        assert read.equals(expected), name


def test_as_genotypes__in_memory_equals_the_files(cohort):
    expected = read_genotypes(cohort / "vcf")
    dense = anndata.AnnData(DOSAGES.copy(), obs=pd.DataFrame(index=SAMPLES), var=features())
    thin = anndata.AnnData(sparse.csr_matrix(DOSAGES), obs=pd.DataFrame(index=SAMPLES), var=features())
    layered = anndata.AnnData(np.zeros_like(DOSAGES), obs=dense.obs, var=dense.var, layers={"calls": DOSAGES.copy()})
    assert as_genotypes(expected) is expected
    assert as_genotypes(dense).equals(expected)
    assert as_genotypes(thin).equals(expected)
    assert as_genotypes(layered, layer="calls").equals(expected)
    np.testing.assert_array_equal(dense.X, DOSAGES)


def test_as_genotypes__frame_with_ids_in_index_or_column():
    indexed = as_genotypes(frame(), kind="dosage")
    assert indexed.sample_ids.tolist() == SAMPLES
    assert as_genotypes(frame().reset_index(), kind="dosage").equals(indexed)
    assert as_genotypes(frame().astype("Int8"), kind="dosage").equals(indexed)


def test_as_genotypes__what_is_not_genotypes():
    with pytest.raises(InputError, match=r"found ndarray \(expected Genotypes, a DataFrame or AnnData\)"):
        as_genotypes(DOSAGES)
    with pytest.raises(InputError, match='column "tissue": "lung" is not a number'):
        as_genotypes(pd.DataFrame({"tissue": ["lung"]}, index=["s1"]))
    with pytest.raises(InputError, match=r'found no layer "call". Did you mean "calls"'):
        as_genotypes(anndata.AnnData(DOSAGES, layers={"calls": DOSAGES}), layer="call")
    with pytest.raises(InputError, match="has no X"):
        as_genotypes(anndata.AnnData(obs=pd.DataFrame(index=SAMPLES)))


def test_read_genotypes__several_sources_side_by_side(cohort, caplog):
    caplog.set_level(logging.INFO)
    (cohort / "mutations").write_text("sample_id\tTP53\np2\t1\nother\t0\n")
    joined = read_genotypes([cohort / "vcf", cohort / "mutations"], kind="altered")
    assert joined.shape == (5, 5)
    assert joined.sample_ids.tolist() == [*SAMPLES, "other"]
    assert "1 samples are in all 2 sources, 4 in only some of them" in caplog.text


def test_read_genotypes__the_same_variants_of_other_samples_are_not_side_by_side(cohort):
    (cohort / "others").write_text(vcf_text().replace("p1\tp2\tp3\tp10", "q1\tq2\tq3\tq4"))
    with pytest.raises(InputError, match=r"none of its samples .*Merge such files first"):
        read_genotypes([cohort / "vcf", cohort / "others"])


def test_read_genotypes__absent_means_reaches_the_vcf(cohort):
    assert read_genotypes(cohort / "vcf", absent_means="reference").missing().nnz == 0


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "given.dat: the file is empty"),
        (b"\x6c\x1b\x01\xff", "this is a PLINK file, which is not read yet"),
        (b"\x89HDF\r\n\x1a\n", "this is an HDF5 file"),
        (b"Hugo_Symbol\tTumor_Sample_Barcode\nTP53\ts1\n", "this is a Mutation Annotation Format table"),
        (b"\x01\x02\x03\x04\n\x01\x02\x03", "given.dat: the file is binary"),
    ],
)
def test_read_genotypes__formats_that_are_not_read(tmp_path, content, message):
    (tmp_path / "given.dat").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_genotypes(tmp_path / "given.dat")


def test_read_genotypes__options(cohort):
    with pytest.raises(InputError, match=r'"matrx" is unknown. Did you mean "matrix"'):
        read_genotypes(cohort / "matrix", genotype_format="matrx")
    with pytest.raises(InputError, match='--absent-means: "ref" is unknown'):
        read_genotypes(cohort / "vcf", absent_means="ref")
    with pytest.raises(InputError, match=r"this is BCF \(expected a matrix\)"):
        read_genotypes(cohort / "bcf", genotype_format="matrix")
    with pytest.raises(InputError, match="this is neither VCF nor BCF"):
        read_genotypes(cohort / "matrix", genotype_format="vcf")
    with pytest.raises(InputError, match="no source was given"):
        read_genotypes([])
