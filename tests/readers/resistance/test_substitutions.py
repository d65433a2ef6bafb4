from __future__ import annotations

import numpy as np
import pytest

from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.resistance._substitutions import parse_substitution

TABLE = (
    "sample_id\tsubstitutions\n"
    "P1\tRT:M184MV, RT:K65R\n"
    "P2\tPR:V82A;RT:M184I/V + PR:35ins\n"
    "P3\tnone\n"
    "P4\tNA\n"
    "P5\tRT_184X RT_65R\n"
)


def write(path, text):
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("RT:M184V", ("RT", 184, ("V",))),
        ("RTM184V", ("RT", 184, ("V",))),
        ("rt:184V", ("RT", 184, ("V",))),
        ("RT_184V", ("RT", 184, ("V",))),
        ("IN:M50MI", ("IN", 50, ("I",))),
        ("IN:M50*", ("IN", 50, ("*",))),
        ("RT:T67-", ("RT", 67, ("del",))),
        ("RT67d", ("RT", 67, ("del",))),
        ("RT69del", ("RT", 69, ("del",))),
        ("PR:E35E_D", ("PR", 35, ("ins",))),
        ("PRE35_", ("PR", 35, ("ins",))),
        ("PR:35Insertion", ("PR", 35, ("ins",))),
        ("NS5A:Y93H", ("NS5A", 93, ("H",))),
        ("RT:M184M", ("RT", 184, ())),
        ("RT:M184I", ("RT", 184, ("I",))),
        ("PR:N88D", ("PR", 88, ("D",))),
        ("RT:T69i", ("RT", 69, ("ins",))),
        ("PROT:V82A", ("PR", 82, ("A",))),
        ("Integrase:Q148H", ("IN", 148, ("H",))),
        ("NNRTI:K103N", ("RT", 103, ("N",))),
    ],
)
def test_parse_substitution__spellings_of_hivdb(written, expected):
    assert parse_substitution(written) == expected


@pytest.mark.parametrize("written", ["M184V", "RT:M184", "RT:184", "0.5", "RT", "TP53_lof", "RT:M184v!", "POL:M184V"])
def test_parse_substitution__no_substitution_with_its_gene(written):
    assert parse_substitution(written) is None


@pytest.mark.parametrize("between", ["\t", "quoted"])
def test_read_substitutions__lists(tmp_path, caplog, between):
    text = TABLE if between == "\t" else "".join(
        f'"{sample}","{cells}"\n' for sample, cells in (line.split("\t") for line in TABLE.splitlines())
    )  # fmt: skip
    genotypes = read_genotypes(write(tmp_path / "dataset_1.dat", text))
    assert genotypes.sample_ids.tolist() == ["P1", "P2", "P3", "P4", "P5"]
    assert genotypes.features.index.tolist() == ["PR_35ins", "PR_82A", "RT_184I", "RT_184V", "RT_65R"]
    nan = np.nan
    np.testing.assert_array_equal(
        genotypes.dense(),
        [[0, 0, 0, 1, 1], [1, 1, 1, 1, 0], [0, 0, 0, 0, 0], [nan] * 5, [0, 0, nan, nan, 1]],
    )
    assert '1 sample with an empty list count as not sequenced ("P4"). Write none' in caplog.text


def test_read_substitutions__equals_sierra(tmp_path):
    from tests.readers.resistance.test_sierra import gene, mutation, result
    from tests.readers.resistance.test_sierra import write as write_json

    found = [
        result("P1", gene("PR", 1, 99), gene("RT", 1, 560, mutation("M", 184, "MV"))),
        result("P2", gene("PR", 1, 99, mutation("V", 32, "I")), gene("RT", 1, 560)),
        result("P3", gene("PR", 1, 99, mutation("N", 88, "D")), gene("RT", 1, 560)),
    ]
    rows = "P1\tRT:M184MV\nP2\tPR:V32I\nP3\tPR:N88D\n"
    lists = write(tmp_path / "a.tsv", f"sample_id\tmutations\n{rows}")
    assert read_genotypes(lists).features.index.tolist() == ["PR_32I", "PR_88D", "RT_184V"]
    assert read_genotypes(lists).equals(read_genotypes(write_json(tmp_path / "b.json", found)))


def test_read_substitutions__a_column_for_each_gene(tmp_path):
    table = write(tmp_path / "a.tsv", "sample_id\tPR\tRT\nP1\tV82A\tM184V K65R\nP2\tNA\tnone\nP3\tNA\tNA\n")
    genotypes = read_genotypes(table)
    nan = np.nan
    assert genotypes.features.index.tolist() == ["PR_82A", "RT_184V", "RT_65R"]
    np.testing.assert_array_equal(genotypes.dense(), [[1, 1, 1], [nan, 0, 0], [nan, nan, nan]])


def test_read_substitutions__other_names_of_genes_are_those_of_the_model(tmp_path):
    lists = "sample_id\tsubstitutions\nP1\tPROT:V82A, RT:K65XR\nP2\tRT:K65R, INT:Q148H\n"
    columns = "sample_id\tProtease\tRT\tINT\nP1\tV82A\tK65XR\tnone\nP2\tnone\tK65R\tQ148H\n"
    for text in (lists, columns):
        genotypes = read_genotypes(write(tmp_path / "lists.tsv", text))
        assert genotypes.features.index.tolist() == ["IN_148H", "PR_82A", "RT_65R"]
        # a mixture with X may hold any residue
        np.testing.assert_array_equal(genotypes.dense(), [[0, 1, np.nan], [1, 0, 1]])


def test_read_substitutions__a_sample_alone_reads_as_among_many(tmp_path):
    whole = read_genotypes(write(tmp_path / "a.tsv", TABLE))
    alone = write(tmp_path / "b.tsv", "sample_id\tsubstitutions\nP3\tnone\n")
    assert read_genotypes(alone, known_features=whole.features).equals(whole.take(np.array([2])))
    only = read_genotypes(write(tmp_path / "a.tsv", TABLE), absent_means="missing")
    np.testing.assert_array_equal(only.dense()[2], [np.nan] * 5)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("sample_id\tmutations\nP1\tRT:M184V\nP1\tPR:V82A\n", r'line 3: "P1" has a row already, .* line 2'),
        ("sample_id\tmutations\nP1\tM184V\n", r'line 2: found "M184V" among .*with the gene\)'),
        ("sample_id\tmutations\nP1\t12\n", 'found "12" among .* use `genotype_format` matrix'),
        ("sample_id\tmutations\n\tRT:M184V\n", "line 2: found no sample"),
        ("sample_id\tmutations\nP1\tnone\n", "found no gene or mutation in 1 sample"),
        ("sample_id\tmutations\n", "found a header and no rows below it"),
    ],
)
def test_read_substitutions__damaged(tmp_path, text, message):
    with pytest.raises(InputError, match=message):
        read_genotypes(write(tmp_path / "a.tsv", text))
    with pytest.raises(InputError, match="found no column of substitutions"):
        read_genotypes(write(tmp_path / "b.tsv", "sample_id\tx\nP1\t1\n"), genotype_format="substitutions")
