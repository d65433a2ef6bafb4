from __future__ import annotations

import gzip

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers.variants.regions import Region, Regions, read_regions

GTF = (
    "#!genome-build GRCh38\n"
    'chr22\tHAVANA\tgene\t42126499\t42130810\t.\t-\t.\tgene_id "ENSG1"; gene_name "CYP2D6"; level 2;\n'
    'chr22\tHAVANA\ttranscript\t1\t99\t.\t-\t.\tgene_id "ENSG1"; gene_name "CYP2D6";\n'
    'chr22\tHAVANA\tgene\t500\t600\t.\t-\t.\tgene_id "ENSG2";\n'
)
GFF = (
    "##gff-version 3\n"
    "NC_000010.11\tBestRefSeq\tgene\t94762681\t94855547\t.\t+\t.\tID=gene-CYP2C19;Name=CYP2C19;gbkey=Gene\n"
    "###\n"
    "NC_012920.1\tRefSeq\tgene\t648\t1601\t.\t+\t.\tID=x;gene=MT-RNR1%2Cx\n"
    "##FASTA\n>10\nACGT\n"
)


def test_read_regions__bed_counts_from_zero_and_gtf_from_one(tmp_path):
    (tmp_path / "bed").write_text('track name="a"\n# comment\nchr1\t99\t200\tG1\t0\t+\n1\t300\t301\n')
    assert read_regions(tmp_path / "bed").regions == (Region("1", 100, 200, "G1"), Region("1", 301, 301))
    (tmp_path / "gtf").write_text(GTF)
    assert read_regions(tmp_path / "gtf").regions == (
        Region("22", 42126499, 42130810, "CYP2D6"),
        Region("22", 500, 600, "ENSG2"),
    )


def test_read_regions__gff_with_accessions_compressed(tmp_path):
    (tmp_path / "gff.dat").write_bytes(gzip.compress(GFF.encode()))
    found = read_regions(tmp_path / "gff.dat")
    assert found.regions == (Region("10", 94762681, 94855547, "CYP2C19"), Region("MT", 648, 1601, "MT-RNR1,x"))
    assert found.covers("chrM", np.array([647, 648])).tolist() == [False, True]


def test_read_regions__text(tmp_path):
    found = read_regions("chr10:100-200, X:5 ,2:7-,chrM")
    assert [(each.chromosome, each.start) for each in found.regions] == [("10", 100), ("X", 5), ("2", 7), ("MT", 1)]
    assert found.covers("chrX", np.array([4, 5, 6])).tolist() == [False, True, False]
    assert found.covers("2", np.array([6, 7, 248_000_000])).tolist() == [False, True, True]
    (tmp_path / "list").write_text("10:100-200\nX:5\n")
    assert read_regions(tmp_path / "list").regions == found.regions[:2]


def test_regions__equal_a_comparison_with_every_region():
    generator = np.random.default_rng(0)
    starts = generator.integers(1, 400, 60)
    lengths = generator.integers(0, 40, 60)
    genes = generator.choice(["A", "B", "C", ""], 60)
    chromosomes = generator.choice(["1", "chr2"], 60)
    given = [Region(*each) for each in zip(chromosomes, starts, starts + lengths, genes, strict=True)]
    regions = Regions.of(given)
    positions = generator.permutation(np.arange(1, 460))
    for name, other in (("1", "1"), ("2", "chr2")):
        inside = [[each for each in given if each.chromosome == other and each.start <= at <= each.end]
                  for at in positions]  # fmt: skip
        assert regions.covers(name, positions).tolist() == [bool(each) for each in inside]
        shortest = [sorted((each.end - each.start, each.gene) for each in found if each.gene) for found in inside]
        expected = [tuple(dict.fromkeys(gene for _, gene in each)) for each in shortest]
        assert regions.genes_at(f"chr{name}", positions) == expected
    assert regions.covers("3", positions).sum() == 0


def test_regions__genes():
    assert Regions.of([Region("1", 1, 5, "A"), Region("1", 9, 9, "B"), Region("1", 20, 30)]).genes == {"A", "B"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("chr1\t5\t9\nchr1\t9\t5\n", r'^x\.bed, line 2: found "9" to "5" \(expected two whole numbers from 0'),
        ("chr1\tfive\t9\n", r'^x\.bed, line 1: found "five" to "9"'),
        ("chr1\t5\n", r'^x\.bed, line 1: found "5" to ""'),
        ("chr1:5-9\nnonsense here:x\n", r"^x\.bed, line 2: found"),
        ("# only a comment\n", r"^x\.bed: found no region"),
        (GTF.replace("\tgene\t", "\texon\t"), r"^x\.bed: found no region"),
        (GTF.replace("500", "-5"), r'^x\.bed, line 4: found "-5" to "600" .* as in GTF or GFF3'),
        (b"chr1\t5\t9\n\xff\n", r"^x\.bed, near line \d: found bytes that are not UTF-8 text"),
        (b"", r"^x\.bed: the file is empty"),
        (gzip.compress(b"chr1\t5\t9\n" * 999, mtime=0)[:-9], r"^x\.bed: the gzip file is truncated"),
    ],
)
def test_read_regions__broken_files(tmp_path, content, message):
    (tmp_path / "x.bed").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(InputError, match=message):
        read_regions(tmp_path / "x.bed")


@pytest.mark.parametrize("text", ["chr1:9-5", "chr1:0-5", "chr1:-5", "chr1:5-9-12", ":5", "chr1:99999999999"])
def test_read_regions__broken_text(text):
    with pytest.raises(InputError, match=r"regions: found .* \(expected chromosome:from-to"):
        read_regions(text)


def test_read_regions__an_absent_file_is_not_taken_for_text(tmp_path):
    for name in ("genes.bed", "absent.gtf.gz"):
        with pytest.raises(InputError, match="found no such file"):
            read_regions(str(tmp_path / name))
        with pytest.raises(InputError, match="found no such file"):
            read_regions(name)
