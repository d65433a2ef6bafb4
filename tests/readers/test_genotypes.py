from __future__ import annotations

import gzip
import logging

import anndata
import numpy as np
import pandas as pd
import pytest
from bed_reader import to_bed
from cyvcf2 import VCF, Writer
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from pgenlib import PgenWriter
from scipy import sparse

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.genotype_files import write_genotypes
from drugresponse.readers import read_genotypes

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


def write_plink(folder) -> None:
    """PLINK 1 and PLINK 2 filesets, chromosomes as those programs write them, variants in another order."""
    order = [3, 0, 2, 1]
    sites = [SITES[at] for at in order]
    calls = np.where(np.isnan(DOSAGES), -127, DOSAGES).astype(np.int8)[:, order]
    properties = {
        "iid": SAMPLES,
        "sid": [f"rs{at}" for at in order],
        "chromosome": ["23" if site[0] == "X" else site[0] for site in sites],
        "bp_position": [site[1] for site in sites],
        "allele_1": [site[3] for site in sites],
        "allele_2": [site[2] for site in sites],
    }
    to_bed(folder / "one.bed", calls, properties=properties)
    with PgenWriter(bytes(folder / "two.pgen"), len(SAMPLES), variant_ct=len(sites), nonref_flags=False) as writer:
        for column in calls.T:
            writer.append_biallelic(np.where(column < 0, -9, column).astype(np.int8))
    lines = ["##contig=<ID=chr2>", "\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "INFO"])]
    for chromosome, position, ref, alt, gene in sites:
        lines.append(
            "\t".join([chromosome, str(position), ".", ref, alt, f"AF=0.1;GENEINFO={gene}:1" if gene else "."])
        )
    (folder / "two.pvar").write_text("\n".join(lines) + "\n")
    (folder / "two.psam").write_text("#IID\tSEX\n" + "".join(f"{each}\tNA\n" for each in SAMPLES))


@pytest.fixture
def cohort(tmp_path):
    """The same cohort in every format; no file has an extension that tells, but where PLINK asks for one."""
    write_plink(tmp_path)
    for name, values in (("dense", DOSAGES), ("sparse", sparse.csc_matrix(DOSAGES))):
        written = anndata.AnnData(values.copy(), obs=pd.DataFrame(index=SAMPLES), var=features())
        written.write_h5ad(tmp_path / name)
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
    for name in ("two.pgen", "two", "dense", "sparse"):
        assert read_genotypes(cohort / name).equals(expected), name
    # a .bim file has no place for genes
    without_genes = Genotypes(expected.values, expected.sample_ids, expected.features.assign(gene=""))
    for name in ("one.bed", "one"):
        assert read_genotypes(cohort / name).equals(without_genes), name
    assert read_genotypes(cohort / "one.bed", absent_means="reference").values.nnz == 6


def test_read_genotypes__a_man_s_x_is_the_same_in_every_format(tmp_path):
    """One copy counts as two, as PLINK writes it: from haploid and diploid calls, filesets, and tables of 0 and 1."""
    head = "##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\tman\twoman\n"
    for name, call in (("haploid", "1"), ("diploid", "1/1")):
        (tmp_path / name).write_text(f"{head}X\t9000000\t.\tA\tC\t.\t.\t.\tGT\t{call}\t0/1\n")
    (tmp_path / "one.fam").write_text("f man 0 0 1 -9\nf woman 0 0 2 -9\n")
    (tmp_path / "one.bim").write_text("23\trs1\t0\t9000000\tC\tA\n")
    (tmp_path / "one.bed").write_bytes(bytes.fromhex("6c1b0108"))
    with PgenWriter(bytes(tmp_path / "two.pgen"), 2, variant_ct=1, nonref_flags=False) as writer:
        writer.append_biallelic(np.array([2, 1], dtype=np.int8))
    (tmp_path / "two.pvar").write_text("#CHROM\tPOS\tID\tREF\tALT\nX\t9000000\trs1\tA\tC\n")
    (tmp_path / "two.psam").write_text("#IID\tSEX\nman\t1\nwoman\t2\n")
    (tmp_path / "traw").write_text(
        "CHR\tSNP\t(C)M\tPOS\tCOUNTED\tALT\t0_man\t0_woman\n23\trs1\t0\t9000000\tC\tA\t2\t1\n"
    )
    told = pd.DataFrame(
        {"kind": "dosage", "chromosome": "X", "position": 9000000, "ref": "A", "alt": "C"}, index=["X:9000000:A:C"]
    )
    told.to_csv(tmp_path / "features", sep="\t", index_label="feature_id")
    (tmp_path / "matrix").write_text("sample_id\tX:9000000:A:C\nman\t1\nwoman\t1\n")
    written = anndata.AnnData(np.ones((2, 1)), obs=pd.DataFrame(index=["man", "woman"]), var=told)
    written.write_h5ad(tmp_path / "h5ad")
    expected = read_genotypes(tmp_path / "haploid")
    assert expected.dense().ravel().tolist() == [2, 1]
    for name in ("diploid", "one.bed", "two.pgen", "traw", "h5ad"):
        assert read_genotypes(tmp_path / name, men=["man"]).equals(expected), name
    assert read_genotypes(tmp_path / "matrix", features=tmp_path / "features", men=["man"]).equals(expected)


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
    with pytest.raises(InputError, match=r"found ndarray \(expected Genotypes, a DataFrame, AnnData or MuData\)"):
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


def test_read_genotypes__gene_tables_of_several_files_are_one_table(cohort):
    (cohort / "maf").write_text(
        "Hugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\nTP53\tp1\tNonsense_Mutation\n"
    )
    (cohort / "long").write_text("sample_id,gene,alteration\np2,TP53,lof\np2,KRAS,missense\n")
    (cohort / "stars").write_text("Sample ID\tGene\tDiplotype\np1\tCYP2D6\t*1/*4\n")
    read = read_genotypes([cohort / "maf", cohort / "two", cohort / "long", cohort / "stars"], known_samples=SAMPLES)
    assert sorted(read.sample_ids) == sorted(SAMPLES)
    values = pd.DataFrame(read.dense(), index=read.sample_ids, columns=read.features.index)
    assert values.loc[SAMPLES, "TP53_lof"].tolist() == [1, 1, 0, 0]
    assert values.loc[SAMPLES, "KRAS_missense"].tolist() == [0, 1, 0, 0]
    assert values.loc["p1", "CYP2D6*4"] == 1
    assert values.loc["p10", ["CYP2D6*4"]].isna().all()
    absent = read_genotypes(cohort / "long", absent_means="missing", known_samples=SAMPLES)
    assert absent.sample_ids.tolist() == ["p2"]


def test_read_genotypes__the_same_variants_of_other_samples_are_put_below_each_other(cohort):
    (cohort / "others").write_text(vcf_text().replace("p1\tp2\tp3\tp10", "q1\tq2\tq3\tq4"))
    read, one = read_genotypes([cohort / "vcf", cohort / "others"]), read_genotypes(cohort / "vcf")
    assert read.sample_ids.tolist() == [*SAMPLES, "q1", "q2", "q3", "q4"]
    pd.testing.assert_frame_equal(read.features, one.features)
    np.testing.assert_array_equal(read.dense(), np.vstack([one.dense(), one.dense()]))
    (cohort / "matrix_of_others").write_text((cohort / "matrix").read_text().replace("p", "q"))
    with pytest.raises(InputError, match=r"none of its samples .*Merge such files first"):
        read_genotypes([cohort / "matrix", cohort / "matrix_of_others"])


def test_read_genotypes__absent_means_reaches_the_vcf(cohort):
    assert read_genotypes(cohort / "vcf", absent_means="reference").missing().nnz == 0


def test_read_genotypes__absent_sites_are_the_reference_of_samples_with_dosages_alone(tmp_path):
    (tmp_path / "dosages").write_text("sample_id\t1:7:A:C\ns1\t0\ns2\t2\n")
    (tmp_path / "expression").write_text("sample_id\tTPMT\ns1\t0.3\ns2\t-1.2\ns3\t2.5\n")
    files = [tmp_path / "dosages", tmp_path / "expression"]
    joined = read_genotypes(files, absent_means="reference")
    assert dict(zip(joined.sample_ids, joined.reference.everywhere, strict=True)) == {
        "s1": True,
        "s2": True,
        "s3": False,
    }
    assert read_genotypes(files[1], absent_means="reference").reference is None
    assert read_genotypes(files).reference is None


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "given.dat: the file is empty"),
        (b"\x6c\x1b\x01\xff", r"given.dat: found no \.bim file beside it \(expected given\.dat\.bim\)"),
        (b"\x89HDF\r\n\x1a\n", "given.dat: this HDF5 file cannot be read"),
        (b"PK\x03\x04....", "this is a zip archive"),
        (b"\x01\x02\x03\x04\n\x01\x02\x03", "given.dat: the file is binary"),
    ],
)
def test_read_genotypes__files_that_are_not_read(tmp_path, content, message):
    (tmp_path / "given.dat").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_genotypes(tmp_path / "given.dat")


def test_read_genotypes__options(cohort):
    with pytest.raises(InputError, match=r'"matrx" is unknown. Did you mean "matrix"'):
        read_genotypes(cohort / "matrix", genotype_format="matrx")
    with pytest.raises(InputError, match='`absent_means`: "ref" is unknown'):
        read_genotypes(cohort / "vcf", absent_means="ref")
    with pytest.raises(InputError, match=r"this is BCF \(expected a matrix\)"):
        read_genotypes(cohort / "bcf", genotype_format="matrix")
    with pytest.raises(InputError, match=r"two\.pgen: this is PLINK \(expected an \.h5ad file\)"):
        read_genotypes(cohort / "two.pgen", genotype_format="anndata")
    with pytest.raises(InputError, match="this is neither VCF nor BCF"):
        read_genotypes(cohort / "matrix", genotype_format="vcf")
    with pytest.raises(InputError, match="no source was given"):
        read_genotypes([])


def test_read_genotypes__samples_of_two_files_under_two_spellings(tmp_path, caplog):
    mutations, expression = tmp_path / "mutations.tsv", tmp_path / "expression.tsv"
    mutations.write_text("sample_id\tTP53\nLN1\t1\nLN2\t0\n")
    expression.write_text("sample_id\tTP53_rna\nLN1\t1.5\nln2\t0.5\n")
    assert read_genotypes([mutations, expression]).shape == (3, 2)
    assert '"ln2" may be "LN2": write them alike.' in caplog.text


@pytest.mark.parametrize("blank", ["\u00a0", "\u202f", "\ufeff"])
def test_read_genotypes__blanks_around_ids_in_every_format(tmp_path, caplog, blank):
    values = np.array([[0.0, 1.0], [1.0, 0.0]], dtype=np.float32)
    frame = pd.DataFrame(values, index=["s1", f"s2{blank}"], columns=["TP53", f"KRAS{blank}"])
    frame.rename_axis("sample_id").to_csv(tmp_path / "m.csv")
    frame.rename_axis("sample_id").to_parquet(tmp_path / "m.parquet")
    data = anndata.AnnData(frame)
    data.write_h5ad(tmp_path / "m.h5ad")
    sources = [as_genotypes(frame), as_genotypes(data)]
    sources += [read_genotypes(tmp_path / name) for name in ("m.csv", "m.parquet", "m.h5ad")]
    for genotypes in sources:
        assert genotypes.sample_ids.tolist() == ["s1", "s2"]
        assert genotypes.features.index.tolist() == ["KRAS", "TP53"]
    assert caplog.text.count("blanks around") >= len(sources)


@pytest.mark.parametrize("missing", ["NA", "nan", "None", "__UNKNOWN__"])
def test_read_genotypes__words_for_missing_are_no_samples(tmp_path, missing):
    (tmp_path / "m.csv").write_text(f"sample_id,TP53\ns1,1\n{missing},0\n")
    with pytest.raises(InputError, match=f'genotypes: found "{missing}" as the id of 1 sample'):
        read_genotypes(tmp_path / "m.csv")


def test_as_genotypes__complex_numbers_are_refused():
    with pytest.raises(InputError, match=r'column "g": found complex numbers \(expected real ones\)'):
        as_genotypes(pd.DataFrame({"g": [1 + 2j, 0]}, index=["s1", "s2"]))
    with pytest.raises(InputError, match="the values are complex128"):
        Genotypes.from_dense(np.array([[1j]]), ["s1"], ["g"], kind="score")


def test_as_genotypes__a_frame_of_plink_has_its_own_ids():
    frame = pd.DataFrame({"FID": "f", "IID": [2, 3, 4], "SEX": 1, "PHENOTYPE": 1.5, "rs1_A": [0, 1, 2]})
    genotypes = as_genotypes(frame)
    assert (genotypes.sample_ids.tolist(), genotypes.features.index.tolist()) == (["2", "3", "4"], ["rs1_A"])
    assert as_genotypes(frame.set_axis(["a", "b", "c"])).sample_ids.tolist() == ["a", "b", "c"]


CELLS = arrays.arrays(
    np.float32, st.tuples(st.integers(2, 5), st.integers(1, 6)), elements=st.sampled_from([0, 1, 2, np.nan])
)
"""Any calls of a few samples."""


@settings(max_examples=8, derandomize=True, deadline=None, database=None, phases=[Phase.generate, Phase.shrink])
@given(CELLS, st.sampled_from(["\t", ",", ";"]), st.booleans())
def test_read_genotypes__whatever_was_called_comes_back_from_every_form(tmp_path_factory, calls, separator, turned):
    folder = tmp_path_factory.mktemp("forms")
    samples = [f"s{at}" for at in range(len(calls))]
    sites = [f"1:{100 + at}:A:C" for at in range(calls.shape[1])]
    table = pd.DataFrame(calls, index=pd.Index(samples, name="sample_id"), columns=sites)
    (table.T.rename_axis("feature_id") if turned else table).to_csv(folder / "g.txt", sep=separator)
    table.reset_index().to_parquet(folder / "g.parquet")
    write_genotypes(Genotypes.from_dense(calls, samples, sites, kind="dosage"), folder / "g.h5ad")
    numbers = np.where(np.isnan(calls), -127, calls).astype(np.int8)
    properties = {"iid": samples, "sid": sites, "chromosome": ["1"] * len(sites)}
    properties |= {
        "bp_position": range(100, 100 + len(sites)),
        "allele_1": ["C"] * len(sites),
        "allele_2": ["A"] * len(sites),
    }
    to_bed(folder / "g.bed", numbers, properties=properties)
    for name in ("g.txt", "g.parquet", "g.h5ad", "g.bed"):
        found = read_genotypes(folder / name)
        assert found.sample_ids.tolist() == samples
        np.testing.assert_array_equal(found.dense()[:, found.features.index.get_indexer(sites)], calls, err_msg=name)
