from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest

import drugresponse as dr
from drugresponse.readers.genotypes import read_genotypes

HEAD = "#1.2\n3\t2\nName\tDescription\tA375_SKIN\t5637_URINARY_TRACT\n"
ROWS = "BRAF_MUT\tBRAF\t1\t0\nMYC_AMP\tna\t0\tna\nEGFR_DEL\ta deletion of EGFR\t0\t1\n"
NEWER = (
    "#1.3\n2\t3\t1\t2\nid\tpr_gene_symbol\ts1\ts2\ts3\ntissue\tna\tskin\tlung\tlung\nage\tna\t7\t8\t9\n"
    "BRAF_MUT\tBRAF\t1\t0\t0\nTP53_MUT\tTP53\t0\t1\t0\n"
)


def written(folder: Path, text: str) -> Path:
    file = folder / "calls.gct"
    file.write_text(text)
    return file


def test_read_gct__samples_genes_and_missing_cells(tmp_path):
    genotypes = read_genotypes(written(tmp_path, HEAD + ROWS))
    assert genotypes.sample_ids.tolist() == ["A375_SKIN", "5637_URINARY_TRACT"]
    assert genotypes.features["gene"].to_dict() == {"BRAF_MUT": "BRAF", "MYC_AMP": "", "EGFR_DEL": ""}
    assert genotypes.features.index.tolist() == ["BRAF_MUT", "EGFR_DEL", "MYC_AMP"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 0, 0], [0, 1, np.nan]])
    assert set(genotypes.features["kind"]) == {"altered"}


def test_read_gct__notes_of_version_1_3_are_no_values(tmp_path):
    genotypes = read_genotypes(written(tmp_path, NEWER))
    assert genotypes.sample_ids.tolist() == ["s1", "s2", "s3"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 0], [0, 1], [0, 0]])


def test_read_gct__gzip_and_lines_of_windows(tmp_path):
    file = tmp_path / "calls.gct.gz"
    file.write_bytes(gzip.compress((HEAD + ROWS).replace("\n", "\r\n").encode()))
    assert read_genotypes(file).shape == (2, 3)


def test_read_gct__a_features_table_counts(tmp_path):
    (tmp_path / "features.tsv").write_text("feature_id\tgene\tkind\nBRAF_MUT\tB-RAF\taltered\n")
    genotypes = read_genotypes(written(tmp_path, HEAD + ROWS), features=tmp_path / "features.tsv")
    assert genotypes.features.loc["BRAF_MUT", "gene"] == "B-RAF"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (HEAD + ROWS[:18], r"calls.gct: holds 1 rows and 2 columns of samples \(expected 3 and 2, as its second line"),
        (HEAD.replace("3\t2", "3\t1") + ROWS, r"holds 3 rows and 2 columns of samples \(expected 3 and 1"),
        (HEAD + ROWS.replace("MYC_AMP", "BRAF_MUT"), '"BRAF_MUT" stands in more than one row'),
        (HEAD + ROWS.replace("\t1\t0", "\t1\thigh"), 'line 4, column "5637_URINARY_TRACT": "high" is not a number'),
        (NEWER.replace("\t1\t2\n", "\n"), r"line 2: found '2 3' \(expected how many rows"),
    ],
)
def test_read_gct__what_is_wrong_is_named(tmp_path, text, message):
    with pytest.raises(dr.InputError, match=message):
        read_genotypes(written(tmp_path, text))


def test_read_gct__is_no_table_of_responses(tmp_path):
    with pytest.raises(dr.InputError, match=r"this is a GCT table .* Give it as genotypes"):
        dr.read_responses(written(tmp_path, HEAD + ROWS))
