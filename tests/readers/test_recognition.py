from __future__ import annotations

import io
import zipfile

import pytest

from drugresponse.errors import InputError
from drugresponse.readers.formats import FORMATS, GENOTYPE_FORMATS
from drugresponse.readers.recognition import genotype_format_of, genotype_source_files


def archive(name):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as stream:
        stream.writestr(name, "text")
    return packed.getvalue()


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"##fileformat=VCFv4.2\n", "vcf"),
        (b"\x6c\x1b\x01\xdc", "plink"),
        (b"\x89HDF\r\n\x1a\n", "anndata"),
        (b"PAR1....", "matrix"),
        (b"sample_id\tTP53\ns1\t1\n", "matrix"),
        (b"Hugo_Symbol\tTumor_Sample_Barcode\nTP53\ts1\n", "alterations"),
        (b"#note\nsample_id,gene,alteration\ns1,TP53,lof\n", "alterations"),
        (b"Sample ID\tGene\tDiplotype\ns1\tCYP2D6\t*1/*4\n", "star-alleles"),
        (b"CYP2D6\t*1/*4\n", "star-alleles"),
        (archive("results/metadata.txt"), "star-alleles"),
        (b"Name\tGene symbol\tScope\tClass\tSubclass\tMethod\nS1\tsul1\tcore\tX\tX\tEXACTX\n", "amrfinderplus"),
        (b"Resistance gene\tIdentity\tPhenotype\nsul1\t100.0\tSulphonamide resistance\n", "resfinder"),
        (b"Mutation\tNucleotide change\tAmino acid change\ngyrA p.S83L\tTCG -> TTG\tS -> L\n", "resfinder"),
        (b"ORF_ID\tCut_Off\tBest_Hit_ARO\tDrug Class\n1\tStrict\tNDM-1\tcarbapenem\n", "rgi"),
        (b"input_file_name\tgene_symbol\tanalysis_software_name\nS1\tsul1\trgi\n", "hamronization"),
        (b'{"id": "S1", "dr_variants": []}', "tb-profiler"),
        (b'[\n {"inputSequence": {"header": "P1"}}]', "sierra"),
        (b"sample_id\tsubstitutions\nP1\tRT:M184V\n", "substitutions"),
        (b"\x01\x02\x03\x04\n\x01", "matrix"),
    ],
)
def test_genotype_format_of__by_content(tmp_path, content, expected):
    file = tmp_path / "dataset_1.dat"
    file.write_bytes(content)
    assert genotype_format_of(file) == expected
    assert expected in GENOTYPE_FORMATS


def test_genotype_format_of__insisting(tmp_path):
    file = tmp_path / "dataset_1.dat"
    file.write_bytes(b"sample_id,gene,alteration\ns1,TP53,lof\n")
    assert genotype_format_of(file, "matrix") == "matrix"
    file.write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(
        InputError, match=r"this is HDF5 \(expected a table of star alleles\)\. Use `genotype_format` auto"
    ):
        genotype_format_of(file, "star-alleles")
    with pytest.raises(InputError, match=r'"h5ad" is unknown'):
        genotype_format_of(file, "h5ad")


def test_genotype_format_of__spreadsheet(tmp_path):
    file = tmp_path / "genotypes.xlsx"
    file.write_bytes(archive("[Content_Types].xml"))
    with pytest.raises(InputError, match="begins like a workbook and cannot be read"):
        genotype_format_of(file)


def test_genotype_source_files__all_of_a_fileset(tmp_path):
    for suffix in (".bed", ".bim", ".fam"):
        (tmp_path / f"cohort{suffix}").write_bytes(b"\x6c\x1b\x01")
    expected = [tmp_path / f"cohort{suffix}" for suffix in (".bed", ".bim", ".fam")]
    assert genotype_source_files(tmp_path / "cohort.bed") == expected
    assert genotype_source_files(tmp_path) == expected
    assert genotype_source_files(tmp_path / "cohort") == expected
    (tmp_path / "cohort.fam").unlink()
    assert genotype_source_files(tmp_path / "cohort.bed") == [tmp_path / "cohort.bed", tmp_path / "cohort.bim"]
    assert genotype_source_files(tmp_path / "absent.tsv") == [tmp_path / "absent.tsv"]


@pytest.mark.parametrize("record", FORMATS.values(), ids=lambda record: record.name)
def test_formats__have_a_reader_and_know_their_header(record):
    assert callable(record.reader())
    assert record.has_header(["name of no format"]) is False
