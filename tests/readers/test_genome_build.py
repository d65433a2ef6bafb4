from __future__ import annotations

import anndata
import numpy as np
import pytest
from cyvcf2 import VCF, Writer

from drugresponse.readers.genome_build import genome_build

COLUMNS = "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n"


@pytest.mark.parametrize(
    ("told", "build"),
    [
        (["##contig=<ID=1,length=249250621>"], "GRCh37"),
        (["##contig=<ID=chr2,length=242193529,assembly=hg38>"], "GRCh38"),
        (["##reference=GRCh37.fa", "##contig=<ID=chrX,length=156040895>"], "GRCh38"),
        (["##contig=<ID=1,length=249250621>", "##contig=<ID=2,length=242193529>"], ""),
        (["##contig=<ID=1,length=24925062>"], ""),
        (["##reference=file:///data/human_g1k_v37_decoy.fasta"], "GRCh37"),
        (["##reference=file:///data/Homo_sapiens_assembly38.fasta", "##contig=<ID=1,assembly=b38>"], "GRCh38"),
        (["##contig=<ID=1,assembly=b37,md5=hg38>"], "GRCh37"),
        (["##reference=file:///data/ab37/x.fa"], ""),
        (["##reference=hg19.fa", "##contig=<ID=1,assembly=GRCh38>"], ""),
        (["##source=GRCh38"], ""),
    ],
)
def test_genome_build__of_a_header(tmp_path, told, build):
    file = tmp_path / "variants.dat"
    file.write_text("\n".join(["##fileformat=VCFv4.2", *told, COLUMNS]))
    assert genome_build(file) == build


def test_genome_build__of_bcf(tmp_path):
    file = tmp_path / "variants.vcf"
    file.write_text("##fileformat=VCFv4.2\n##contig=<ID=1,length=249250621>\n" + COLUMNS)
    written = Writer(str(tmp_path / "variants.bcf"), VCF(str(file)), mode="wb")
    written.write_header()
    written.close()
    assert genome_build(tmp_path / "variants.bcf") == "GRCh37"


@pytest.mark.parametrize(
    ("about", "build"),
    [
        ('{"sources": [{"build": ""}, {"build": "GRCh38"}]}', "GRCh38"),
        ('{"sources": [{"build": "GRCh37"}, {"build": "GRCh38"}]}', ""),
        ('{"sources": [{"file": "a.vcf"}]}', ""),
        ("[]", ""),
        ("none", ""),
        (7, ""),
        (None, ""),
    ],
)
def test_genome_build__of_a_dataset(tmp_path, about, build):
    made = anndata.AnnData(np.zeros((1, 1)), uns={} if about is None else {"drugresponse": about})
    made.write_h5ad(tmp_path / "cohort.dat")
    assert genome_build(tmp_path / "cohort.dat") == build


def test_genome_build__of_what_tells_none(tmp_path):
    (tmp_path / "matrix.tsv").write_text("sample_id\tTP53\ns1\t1\n")
    assert (genome_build(tmp_path / "matrix.tsv"), genome_build(tmp_path)) == ("", "")
