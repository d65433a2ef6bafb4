from __future__ import annotations

import cProfile
import gzip
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_drugs, read_features, read_pairs, read_samples, read_table

TEXT = "sample_id\tname\n007\tA, B\n1e5\tNA\n"
EXPECTED = {"sample_id": ["007", "1e5"], "name": ["A, B", "NA"]}


def write(tmp_path, content, name="table.dat"):
    file = tmp_path / name
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    return file


@pytest.mark.parametrize(
    "content",
    [
        TEXT,
        TEXT.replace("\n", "\r\n"),
        TEXT.replace("\n", "\r"),
        TEXT + "\n\n",
        b"\xef\xbb\xbf" + TEXT.encode(),
        TEXT.encode("utf-16"),
        gzip.compress(TEXT.encode(), mtime=0),
        'sample_id\tname\n007\t"A, B"\n1e5\tNA\n',
        'sample_id,name\n007,"A, B"\n1e5,NA\n',
        "sample_id;name\n007;A, B\n1e5;NA\n",
        TEXT.removesuffix("\n"),
    ],
    ids=[
        "tabs",
        "windows",
        "old-mac",
        "blank-end",
        "bom",
        "utf-16",
        "gzip",
        "quoted",
        "commas",
        "semicolons",
        "no-end",
    ],
)
def test_read_table__same_cells_however_written(tmp_path, content):
    assert read_table(write(tmp_path, content)).to_dict("list") == EXPECTED


def test_read_table__tabs_win_over_commas_in_names(tmp_path):
    table = read_table(write(tmp_path, "sample_id\tgain_(CDK12,ERBB2,MED24)\ns,1\t0\n"))
    assert table.columns.tolist() == ["sample_id", "gain_(CDK12,ERBB2,MED24)"]
    assert table.iloc[0].tolist() == ["s,1", "0"]


def test_read_table__tabs_win_where_commas_are_as_even(tmp_path):
    table = read_table(write(tmp_path, "id\tmembers (a, b)\n1\tA, B\n2\tC, D\n"))
    assert table.to_dict("list") == {"id": ["1", "2"], "members (a, b)": ["A, B", "C, D"]}
    table = read_table(write(tmp_path, "id\tmembers (a, b, c)\n1\tA, B, C\n"))
    assert table.columns.tolist() == ["id", "members (a, b, c)"]


def test_read_table__lone_quotation_marks_in_tabs_are_kept(tmp_path):
    assert read_table(write(tmp_path, 'id\tname\n1\t5" probe\n2\t"\n'))["name"].tolist() == ['5" probe', '"']


def test_read_table__row_names_without_a_header_name(tmp_path):
    assert read_table(write(tmp_path, "a\tb\ns1\t1\t2\ns2\t3\t4\n")).columns.tolist() == ["", "a", "b"]


def test_read_table__parquet_ids_become_text(tmp_path):
    file = tmp_path / "table.dat"
    pd.DataFrame({"sample_id": [1240121, 7], "other_id": [1240121.0, np.nan], "age": [1.5, 2.0]}).to_parquet(file)
    assert read_table(file).to_dict("list") == {
        "sample_id": ["1240121", "7"],
        "other_id": ["1240121", ""],
        "age": ["1.5", "2"],
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "table.dat: the file is empty"),
        (" \n\n", "table.dat: the file holds no text"),
        (gzip.compress(b"", mtime=0), "table.dat: the gzip file holds nothing"),
        (gzip.compress(b"a\tb\n" * 999, mtime=0)[:-10], "table.dat: the gzip file is truncated or damaged"),
        (b"\x00\x01\x02\xff\xfe" * 20, "table.dat: the file is binary"),
        ("a\tb\n1\x00\t2\n", "table.dat: the file is binary"),
        (
            b"id\tIC50 (\xb5M)\n1\t2\n",
            "table.dat, line 1: found byte 0xb5, which is not UTF-8 text. Save the file as UTF-8.",
        ),
        ("a\tb\n", r"table.dat: found a header and no rows below it \(expected at least one\)"),
        (
            "a\tb\n1\t2\n\n3\n",
            r"table.dat, line 4: found 1 values \(expected 2, as in the header; columns are sep.* tabs",
        ),
        ("a,b\n1,2\n3,4,5\n", r"table.dat, line 3: found 3 values \(expected 2.*commas\)"),
        ("a\tb\ta\n1\t2\t3\n", 'table.dat, line 1: found column "a" more than once'),
        ("a\t\n1\t2\n", "table.dat, line 1: column 2 has no name"),
        ('a,b\n1,"2\n3,4\n', "table.dat, line 3: found a quotation mark that is not closed"),
        (b"PAR1 not really", "table.dat: the Parquet file is damaged or truncated"),
        (b"PK\x03\x04rest", "table.dat: this is a zip archive"),
        ("##fileformat=VCFv4.2\n#CHROM\n", "table.dat: this is a VCF file"),
    ],
)
def test_read_table__broken_files_end_in_one_line(tmp_path, content, message):
    with pytest.raises(InputError, match=message) as caught:
        read_table(write(tmp_path, content))
    assert "\n" not in str(caught.value)


def test_read_samples__missing_cleared_ids_kept_and_decimal_commas(tmp_path):
    samples = read_samples(write(tmp_path, "cell\tage\ttissue\nNA1\t1,5\tn.a.\n01\t2\tlung\n"), sample_column="cell")
    assert samples.index.tolist() == ["NA1", "01"]
    assert samples.index.name == "sample_id"
    assert samples.to_dict("list") == {"age": ["1.5", "2"], "tissue": ["", "lung"]}


def test_read_drugs__absent_column_names_the_columns_and_the_option(tmp_path):
    file = write(tmp_path, "compound\tsmiles\nA\tCC\n", "drugs.tsv")
    message = r'drugs.tsv: found no column "drug_id" \(its columns are "compound", "smiles"\).*`drug_column`'
    with pytest.raises(InputError, match=message):
        read_drugs(file)
    assert read_drugs(file, drug_column="compound").index.tolist() == ["A"]


def test_read_drugs__repeated_id(tmp_path):
    with pytest.raises(InputError, match='"A" occurs more than once in "drug_id"'):
        read_drugs(write(tmp_path, "drug_id\tsmiles\nA\tCC\nA\tCCC\n"))


def test_read_pairs__with_and_without_a_drug(tmp_path):
    pairs = read_pairs(write(tmp_path, "note\tdrug_id\tsample_id\nx\td1\ts1\n"))
    assert pairs.to_dict("list") == {"sample_id": ["s1"], "drug_id": ["d1"]}
    assert read_pairs(write(tmp_path, "sample_id\ns1\ns2\n")).columns.tolist() == ["sample_id"]


def test_read_pairs__empty_id_and_absent_columns(tmp_path):
    file = write(tmp_path, "sample_id\tdrug_id\ns1\td1\n\td1\n", "pairs.tsv")
    with pytest.raises(InputError, match=r'pairs.tsv, line 3: found an empty "sample_id"'):
        read_pairs(file)
    with pytest.raises(InputError, match=r'found no column "compound".*`drug_column`'):
        read_pairs(file, drug_column="compound")


def test_read_features__columns_known_to_genotypes_are_kept(tmp_path):
    text = "feature_id\tkind\tposition\tnote\tgene\nTP53_mut\tmut\t12\tx\tTP53\nMSI\t.\t\ty\t\n"
    features = read_features(write(tmp_path, text))
    assert features.columns.tolist() == ["kind", "gene", "position"]
    assert features["kind"].tolist() == ["mut", ""]
    assert features["position"].dtype == "Int64"
    assert features["position"].isna().tolist() == [False, True]


def test_read_features__fraction_as_position(tmp_path):
    with pytest.raises(InputError, match='line 2, column "position": found a fraction'):
        read_features(write(tmp_path, "feature_id\tposition\na\t1.5\n"))


def test_readers__import_loads_no_reader_of_variants():
    code = "import sys, drugresponse.readers; sys.exit('cyvcf2' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_read_samples__many_columns_cost_no_more_calls_than_few(tmp_path):
    """Nothing is done for each column of a table, of which most are not looked at."""
    header = [f"c{at}" for at in range(3000)]
    rows = [["0,5", "NA", "lung"] + ["n.a."] * 2997, ["1", "2", "skin"] + ["1"] * 2997]
    lines = ["\t".join(["sample_id", *header]), *("\t".join([f"s{at}", *row]) for at, row in enumerate(rows))]
    (tmp_path / "samples.tsv").write_text("\n".join(lines))
    with cProfile.Profile() as profile:
        samples = read_samples(tmp_path / "samples.tsv")
    assert samples.iloc[:, :3].to_numpy().tolist() == [["0.5", "", "lung"], ["1", "2", "skin"]]
    assert sum(each.callcount for each in profile.getstats()) < 100 * len(header)


@pytest.mark.parametrize(("first", "sign"), [("sep=;", ";"), ('"sep=,"', ","), ("SEP=\t", "\t")])
def test_read_table__a_line_that_tells_the_separator_is_no_header(tmp_path, first, sign):
    path = tmp_path / "table.csv"
    path.write_text("\r\n".join([first, f"drug_id{sign}name", f"d1{sign}a"]))
    table = read_table(path)
    assert table.to_dict("list") == {"drug_id": ["d1"], "name": ["a"]}
    assert table.index.tolist() == [1]
