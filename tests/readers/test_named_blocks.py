"""Files whose blocks are named: the same samples side by side, never below each other."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.blocks import block_names
from drugresponse.errors import InputError
from drugresponse.readers.genotypes import read_genotypes
from drugresponse.readers.source.source import Source

VCF = "##fileformat=VCFv4.2\n##contig=<ID=1>\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t{}\n{}\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "expr.tsv").write_text("sample_id\tTP53\tKRAS\nP1\t0.5\t1.5\nP2\t-0.5\t2.5\n")
    (tmp_path / "cnv.tsv").write_text("sample_id\tTP53\tKRAS\nP1\t2.1\t1.9\nP2\t1.2\t3.5\n")
    for name, call in (("P1", "0/1"), ("P2", "1/1")):
        record = f"1\t7\trs1\tA\tC\t.\tPASS\t.\tGT\t{call}"
        (tmp_path / f"{name}.vcf").write_text(VCF.format(name, record))
    (tmp_path / "maf.tsv").write_text("Tumor_Sample_Barcode\tHugo_Symbol\tVariant_Classification\nP1\tTP53\tMissense\n")
    return tmp_path


def test_read_genotypes__named_files_are_blocks_and_files_of_patients_within_one_are_stacked(folder):
    names = [f"expression={folder}/expr.tsv", f"cnv={folder}/cnv.tsv"]
    names += [f"germline={folder}/{name}.vcf" for name in ("P1", "P2")]
    read = read_genotypes(names)
    assert read.shape == (2, 5)
    assert block_names(read) == ["cnv", "expression", "germline"]
    assert read.dense()[:, -1].tolist() == [1, 2]
    mapping = {"expression": folder / "expr.tsv", "cnv": folder / "cnv.tsv"}
    both = read_genotypes({**mapping, "germline": [folder / "P1.vcf", folder / "P2.vcf"]})
    assert both.equals(read)


def test_read_genotypes__without_names_the_same_features_are_refused_with_the_way_out(folder):
    with pytest.raises(InputError, match=r"name each block: expression=FILE"):
        read_genotypes([folder / "expr.tsv", folder / "cnv.tsv"])


def test_read_genotypes__a_patient_is_no_block_of_another(folder):
    with pytest.raises(InputError, match=r"blocks one .* and other .* have no sample in common"):
        read_genotypes({"one": folder / "P1.vcf", "other": folder / "P2.vcf"})


def test_read_genotypes__a_list_of_alterations_bears_no_other_name(folder):
    with pytest.raises(InputError, match="found a table of alterations under the name dna"):
        read_genotypes([f"dna={folder}/maf.tsv"])


def test_source__a_file_whose_name_has_an_equals_sign_is_that_file(folder, monkeypatch):
    monkeypatch.chdir(folder)
    (folder / "run=3.tsv").write_text("sample_id\tA\nP1\t1\n")
    assert (Source("run=3.tsv").block, Source("run=3.tsv").path.name) == ("", "run=3.tsv")
    assert (Source("run=expr.tsv").block, Source("run=expr.tsv").path.name) == ("run", "expr.tsv")


def test_read_genotypes__a_parquet_of_samples_that_lack_a_block_is_missing_there(folder):
    pd.DataFrame({"TP53": [1]}, index=pd.Index(["P2"], name="sample_id")).to_parquet(folder / "mut.parquet")
    read = read_genotypes({"expression": folder / "expr.tsv", "mutation": folder / "mut.parquet"})
    np.testing.assert_array_equal(read.dense()[:, -1], [np.nan, 1])
