from __future__ import annotations

import gzip
import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_matrix

NAMES = ["BRAF_mut", "gain_cna_(CDK12,ERBB2, MED24)", "x[1]"]
FRAME = pd.DataFrame(
    [[0, 1, np.nan], [1, 0, 0], [0, 0, 1]], index=pd.Index(["10", "9", "007"], name="sample_id"), columns=NAMES
)


def write(tmp_path, content, name="matrix.dat"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


def test_read_matrix__samples_are_told_by_another_spelling_too(tmp_path):
    file = write(tmp_path, "gene\tTCGA-ZZ-0001-01\tTCGA-ZZ-0002-01\nTP53\t1\t0\n")
    genotypes = read_matrix(file, known_samples=["TCGA-ZZ-0001", "TCGA-ZZ-0002"])
    assert genotypes.sample_ids.tolist() == ["TCGA-ZZ-0001-01", "TCGA-ZZ-0002-01"]


@pytest.fixture
def expected(tmp_path):
    genotypes = read_matrix(write(tmp_path, FRAME.to_csv(sep="\t")))
    assert genotypes.sample_ids.tolist() == ["10", "9", "007"]
    at = [genotypes.features.index.get_loc(name) for name in NAMES]
    np.testing.assert_array_equal(genotypes.dense()[:, at], FRAME.to_numpy(np.float32))
    return genotypes


@pytest.mark.parametrize(
    "content",
    [
        FRAME.to_csv(),
        FRAME.to_csv(sep="\t", na_rep="NA"),
        FRAME.to_csv(sep="\t", na_rep="n.a.").replace("\n", "\r\n"),
        FRAME.to_csv(sep="\t", na_rep=" . "),
        FRAME.to_csv(sep=";", decimal=","),
        gzip.compress(FRAME.to_csv(sep="\t").encode(), mtime=0),
        FRAME.to_csv(sep="\t").encode("utf-16"),
        FRAME.to_csv(sep="\t") + "\n",
        FRAME.to_csv(sep="\t", index_label=""),
        FRAME.reset_index()[[NAMES[0], "sample_id", *NAMES[1:]]].to_csv(sep="\t", index=False),
        FRAME.reset_index()[[NAMES[0], "sample_id", *NAMES[1:]]].to_csv(sep=";", decimal=",", index=False),
        FRAME.to_csv(sep="\t").removeprefix("sample_id\t"),
    ],
    ids=[
        "csv",
        "NA",
        "windows",
        "dots",
        "semicolons",
        "gzip",
        "utf-16",
        "blank",
        "nameless",
        "id-second",
        "id-second-slow",
        "from-R",
    ],
)
def test_read_matrix__same_genotypes_however_written(tmp_path, expected, content):
    assert read_matrix(write(tmp_path, content)).equals(expected)


def test_read_matrix__parquet_with_column_index_and_nulls(tmp_path, expected):
    small = FRAME.astype("Int8")
    numbered = small.reset_index().astype({"sample_id": object})
    for at, frame in enumerate((small, numbered, small.rename_axis(None))):
        frame.to_parquet(tmp_path / f"{at}.dat")
        assert read_matrix(tmp_path / f"{at}.dat").equals(expected)


def test_read_matrix__parquet_numeric_ids_are_text(tmp_path):
    for ids in ([1240121, 7], [1240121.0, 7.0]):
        pd.DataFrame({"sample_id": ids, "g": [0, 1]}).to_parquet(tmp_path / "ids.dat")
        assert read_matrix(tmp_path / "ids.dat").sample_ids.tolist() == ["1240121", "7"]


def test_read_matrix__transposed_told_by_known_samples(tmp_path, expected, caplog):
    caplog.set_level(logging.INFO)
    file = write(tmp_path, FRAME.T.to_csv(sep="\t", index_label="gene"))
    assert read_matrix(file, known_samples=["007", "9", "unheard of"]).equals(expected)
    assert "read as 3 features x 3 samples" in caplog.text


def test_read_matrix__transposed_told_by_the_features_table_or_the_id_column(tmp_path, expected):
    table = write(tmp_path, "feature_id\tkind\n" + "".join(f"{name}\taltered\n" for name in NAMES), "features.dat")
    file = write(tmp_path, FRAME.T.to_csv(sep="\t", index_label="gene"))
    assert read_matrix(file, features=table).equals(expected)
    assert read_matrix(write(tmp_path, FRAME.T.to_csv(sep="\t", index_label="feature_id"))).equals(expected)


def test_read_matrix__nothing_tells_the_axis(tmp_path, caplog):
    caplog.set_level(logging.INFO)
    file = write(tmp_path, FRAME.T.to_csv(sep="\t", index_label="name"))
    assert read_matrix(file, known_samples=["elsewhere"]).sample_ids.tolist() == NAMES
    assert "rows are taken as samples" in caplog.text


def test_read_matrix__missing_is_not_zero(tmp_path):
    genotypes = read_matrix(write(tmp_path, "id\ta\tb\ns1\t0\t\ns2\t1\t0\n"))
    assert genotypes.missing().toarray().tolist() == [[False, True], [False, False]]
    assert genotypes.values.nnz == 2


def test_read_matrix__kind_and_features_table(tmp_path):
    file = write(tmp_path, "id\ta\tb\ns1\t0\t1\ns2\t1\t0\n")
    table = write(tmp_path, "feature_id\tkind\tgene\na\tmut\tTP53\n", "features.dat")
    features = read_matrix(file, features=table, kind="score").features
    assert features.loc["a", ["block", "kind", "gene"]].tolist() == ["mut", "score", "TP53"]
    assert features.loc["b", ["block", "kind", "gene"]].tolist() == ["score", "score", ""]


def test_read_matrix__numbers_are_read_to_the_last_digit(tmp_path):
    values = np.random.default_rng(0).normal(size=(20, 30)).astype(np.float32)
    frame = pd.DataFrame(values, columns=[f"g{i:02d}" for i in range(30)], index=[f"s{i}" for i in range(20)])
    np.testing.assert_array_equal(read_matrix(write(tmp_path, frame.to_csv(sep="\t"))).dense(), values)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("id\ta\tb\ns1\t0\t1\ns2\tn.d.\t0\n", 'matrix.dat, line 3, column "a": "n.d." is not a number'),
        ("id\ta\tb\ns1\t0\t1\n\ns2\t0\n", "matrix.dat, line 4: found 2 values"),
        ("id\ta\ta\ns1\t0\t1\n", 'matrix.dat, line 1: found column "a" more than once'),
        ("id\ta\ns1\t0\ns1\t1\n", 'matrix.dat: "s1" stands in more than one row'),
        ("id\ta\ns1\t0\n\t1\n", 'matrix.dat, row 2 below the header, column "id": found an empty id'),
        ("id\ta\ns1\t0\ns2\tinf\n", 'matrix.dat, sample "s2", feature "a": found an infinite value'),
        ("id\ta\ns1\t0\ns2\t1e300\n", 'matrix.dat, sample "s2", feature "a": found an infinite value'),
        ("id a b\ns1 0 1\n", "matrix.dat: found one column"),
        ("id\ta\n", "matrix.dat: found a header and no rows below it"),
    ],
)
def test_read_matrix__broken(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_matrix(write(tmp_path, content))


def test_read_matrix__parquet_with_words(tmp_path):
    pd.DataFrame({"sample_id": ["s1"], "tissue": ["lung"]}).to_parquet(tmp_path / "words.dat")
    with pytest.raises(InputError, match=r'words.dat, line 2, column "tissue": "lung" is not a number'):
        read_matrix(tmp_path / "words.dat")


def test_read_matrix__genes_with_numbers_as_in_depmap(tmp_path):
    (tmp_path / "expression.csv").write_text(",TP53 (7157),MT-ND1 (4535)\nACH-1,1.5,0\nACH-2,0.25,3\n")
    found = read_matrix(tmp_path / "expression.csv")
    assert found.features["gene"].to_dict() == {"TP53 (7157)": "TP53", "MT-ND1 (4535)": "MT-ND1"}
    (tmp_path / "ensembl.csv").write_text(",BRAF (ENSG00000157764)\nACH-1,1.5\nACH-2,0.25\n")
    assert read_matrix(tmp_path / "ensembl.csv").features["gene"].tolist() == ["BRAF"]


@pytest.mark.parametrize(
    "text",
    [
        "Hugo_Symbol\tEntrez_Gene_Id\tS1\tS2\nTP53\t7157\t-2\t0\nERBB2\t2064\t2\t1\n",
        "Gene Symbol\tLocus ID\tCytoband\tS1\tS2\nTP53\t7157\t17p13.1\t-2\t0\nERBB2\t2064\t17q12\t2\t1\n",
        'Gene Symbol,Gene ID,Cytoband,S1,S2\n"TP53",7157,17p13.1,-2,0\nERBB2,2064,17q12,2,1\n',
    ],
)
def test_read_matrix__notes_on_genes_beside_the_samples_are_no_samples(tmp_path, text):
    (tmp_path / "copy_number.txt").write_text(text)
    found = read_matrix(tmp_path / "copy_number.txt", known_samples=["S1", "S2", "S3"])
    assert found.sample_ids.tolist() == ["S1", "S2"]
    assert found.features.index.tolist() == ["ERBB2", "TP53"]
    assert found.dense().tolist() == [[2, -2], [1, 0]]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("s1\t0.53\t-1.25\ns2\t0.1\t0.7\n", r'names of the columns are numbers, such as "0\.53", "-1\.25"'),
        ("s1\t0\t1\t0\t2\ns2\t1\t1\t0\t0\n", r'line 1: found numbers alone, such as "0"'),
    ],
)
def test_read_matrix__a_first_row_of_data_is_not_lost(tmp_path, text, message):
    (tmp_path / "m.tsv").write_text(text)
    with pytest.raises(InputError, match=rf"{message}.*Write a line of column names above it"):
        read_matrix(tmp_path / "m.tsv")


@pytest.mark.parametrize("names", ["100.5\t101.25\t130.0", "7157\t2064\t672", "1.5\tx\t0.5"])
def test_read_matrix__numbers_may_be_names(tmp_path, names):
    (tmp_path / "m.tsv").write_text(f"sample_id\t{names}\ns1\t0.5\t1\t2\ns2\t1\t0\t1\n")
    assert read_matrix(tmp_path / "m.tsv").shape == (2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id\t{x}\trs1\ns1\tlung\t1\ns2\tskin\t0\n", r'column "\{x\}": "lung" .* move it into the table of samples'),
        (
            "s1\tBRAF\tV600E\ns2\tTP53\tR213*\n",
            r'"TP53" is not a number.*names its columns sample_id, gene and alteration',
        ),
    ],
)
def test_read_matrix__a_column_of_words_is_no_slip_of_a_cell(tmp_path, text, message):
    (tmp_path / "m.txt").write_text(text)
    with pytest.raises(InputError, match=message):
        read_matrix(tmp_path / "m.txt")


@pytest.mark.parametrize("name", ["IID", "iid", "#IID"])
def test_read_matrix__ids_of_plink_in_any_case(tmp_path, name):
    genotypes = read_matrix(write(tmp_path, f"fid\t{name}\tsex\trs1_A\nf\ts1\t1\t0\nf\ts2\t2\t2\n"))
    assert (genotypes.sample_ids.tolist(), genotypes.features.index.tolist()) == (["s1", "s2"], ["rs1_A"])


def test_read_matrix__whole_numbers_beside_an_id_are_no_names(tmp_path):
    with pytest.raises(InputError, match="the first line seems to be data"):
        read_matrix(write(tmp_path, "S1\t0\t1\t2\nS2\t1\t1\t0\n"))
    assert read_matrix(write(tmp_path, "\t0\t1\t2\nS2\t1\t1\t0\n")).shape == (1, 3)


def test_read_matrix__star_alleles_are_sent_where_they_are_read(tmp_path):
    with pytest.raises(InputError, match="calls of star alleles sample_id, gene and diplotype"):
        read_matrix(write(tmp_path, "sample\tgene\tgenotype\ns1\tTPMT\t*1/*2\n"))


@pytest.mark.parametrize("name", ["gene", "Hugo_Symbol", "ID_REF"])
def test_read_matrix__a_column_of_genes_tells_the_axis_where_no_id_does(tmp_path, name):
    file = write(tmp_path, f"{name}\tS1\tS2\nTP53\t1\t0\nKRAS\t0\t1\n")
    assert read_matrix(file).sample_ids.tolist() == ["S1", "S2"]
    assert read_matrix(file, known_samples=["TP53", "KRAS"]).sample_ids.tolist() == ["TP53", "KRAS"]
