from __future__ import annotations

import logging

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.readers.genes.names import GeneNames, apply_gene_names, read_gene_names
from tests.stored_genotypes import stored

NAMES = GeneNames({"MLL2": "KMT2D", "HER2": "ERBB2"}, {"CAP": ("CAP1", "SERPINB6")}, "aliases.tsv")


def write(tmp_path, content):
    file = tmp_path / "aliases.dat"
    file.write_text(content)
    return file


def make(values, ids, kind="altered", genes=None):
    features = pd.DataFrame({"kind": kind, "block": kind, "gene": genes if genes else ""}, index=ids)
    return Genotypes.build(np.array(values, dtype=float), [f"s{i}" for i in range(len(values))], features)


@pytest.mark.parametrize(
    "content",
    [
        "alias\tgene\nMLL2\tKMT2D\nALR\tKMT2D\nHER2\tERBB2\n",
        "Gene,Alias\nKMT2D,MLL2\nKMT2D,ALR\nERBB2,HER2\n",
        "hgnc_id\tsymbol\talias_symbol\tprev_symbol\nHGNC:7133\tKMT2D\tALR\tMLL2\nHGNC:3430\tERBB2\tHER2\t\n",
        "Approved symbol\tPrevious symbols\tAlias symbols\nKMT2D\tMLL2\tALR\nERBB2\t\tHER2\n",
        'symbol\talias_symbol\nKMT2D\t"ALR|MLL2"\nERBB2\tHER2|ERBB2\n',
        "old symbol;gene\nALR, MLL2;KMT2D\nHER2;ERBB2\n",
    ],
    ids=["two-columns", "swapped", "hgnc", "hgnc-custom", "bars", "commas"],
)
def test_read_gene_names__tables_of_aliases(tmp_path, content):
    names = read_gene_names(write(tmp_path, content))
    assert dict(names.gene_of) == {"ALR": "KMT2D", "HER2": "ERBB2", "MLL2": "KMT2D"}
    assert not names.ambiguous


def test_read_gene_names__an_alias_of_two_genes_is_kept_apart(tmp_path):
    names = read_gene_names(write(tmp_path, "alias\tgene\nCAP\tSERPINB6\nCAP\tCAP1\nMLL2\tKMT2D\n"))
    assert dict(names.ambiguous) == {"CAP": ("CAP1", "SERPINB6")}
    assert names.current("CAP") == "CAP"


def test_read_gene_names__a_gene_in_use_is_never_renamed(tmp_path):
    names = read_gene_names(write(tmp_path, "symbol\talias_symbol\nMPP1\tPEMP\nMPHOSPH1\tMPP1\n"))
    assert names.current("MPP1") == "MPP1"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a\tb\nMLL2\tKMT2D\n", r'^aliases\.dat: found the columns "a", "b" \(expected "alias" and "gene"'),
        ("alias\tgene\nMLL2\t\n", r'^aliases\.dat, line 2: found the alias "MLL2" without a gene\.'),
        ("alias\tgene\n\tKMT2D\n", r'^aliases\.dat: column "alias" is empty \(expected aliases\)'),
        ("alias\tgene\n", r"found a header and no rows below it"),
    ],
)
def test_read_gene_names__broken_tables(tmp_path, content, message):
    with pytest.raises(InputError, match=message):
        read_gene_names(write(tmp_path, content))


def test_apply_gene_names__gene_column_and_ids(caplog):
    genotypes = make(
        [[0, 1, 1, 0]], ["MLL2_mut", "HER2", "MLL2X_mut", "gain_HER2"], genes=["MLL2", "HER2", "MLL2X", "HER2"]
    )
    with caplog.at_level(logging.INFO):
        renamed = apply_gene_names(genotypes, NAMES)
    assert renamed.features["gene"].to_dict() == {
        "ERBB2": "ERBB2",
        "KMT2D_mut": "KMT2D",
        "MLL2X_mut": "MLL2X",
        "gain_HER2": "ERBB2",
    }
    assert renamed.dense()[0, renamed.features.index.get_loc("ERBB2")] == 1
    assert "genotypes: gene names renamed after aliases.tsv: 2 of 3." in caplog.text


def test_apply_gene_names__ids_alone():
    genotypes = make([[1, 0, 2, 0]], ["MLL2_mut", "HER2 (amp)", "MLL2*4", "17:7577120:C:T"], kind="dosage")
    assert set(apply_gene_names(genotypes, NAMES).features.index) == {
        "KMT2D_mut",
        "ERBB2 (amp)",
        "KMT2D*4",
        "17:7577120:C:T",
    }


def test_apply_gene_names__a_longer_name_is_another_gene():
    renamed = apply_gene_names(make([[1, 1]], ["HER2NEU_amp", "HER2_amp"], genes=["HER2", "HER2"]), NAMES)
    assert renamed.features.index.tolist() == ["ERBB2_amp", "HER2NEU_amp"]


def test_apply_gene_names__nothing_to_do_gives_the_same_object():
    genotypes = make([[1]], ["TP53_mut"])
    assert apply_gene_names(genotypes, NAMES) is genotypes


def test_apply_gene_names__ambiguous_names_are_reported(caplog):
    genotypes = make([[1]], ["CAP_mut"])
    assert apply_gene_names(genotypes, NAMES, where="calls.tsv") is genotypes
    assert (
        'calls.tsv: gene names that mean several genes in aliases.tsv are kept: 1 (such as "CAP", which may be'
        in caplog.text
    )


def test_apply_gene_names__an_alteration_under_either_name_counts():
    nan = np.nan
    genotypes = make([[0, 1, 0], [nan, 0, 1], [0, 0, 0], [nan, nan, 0]], ["KMT2D_mut", "MLL2_mut", "TP53_mut"])
    renamed = apply_gene_names(genotypes, NAMES)
    assert renamed.features.index.tolist() == ["KMT2D_mut", "TP53_mut"]
    np.testing.assert_array_equal(renamed.dense(), [[1, 0], [0, 1], [0, 0], [nan, 0]])


def test_apply_gene_names__contradicting_numbers_keep_their_names(caplog):
    ids = ["KMT2D_expression", "MLL2_expression", "TP53_expression"]
    genotypes = make([[1.5, 2.5, 0.1], [0.5, 0.5, 0.2]], ids, kind="score")
    renamed = apply_gene_names(genotypes, NAMES)
    assert renamed.equals(genotypes)
    assert "features that would share a name after renaming, but contradict each other, keep theirs: 2." in caplog.text
    agreeing = make([[1.5, 1.5, 0.1], [0.5, np.nan, 0.2]], ids, kind="score")
    np.testing.assert_allclose(apply_gene_names(agreeing, NAMES).dense(), [[1.5, 0.1], [0.5, 0.2]])


@pytest.mark.parametrize("names", [{"MLL2": "KMT2D", "B7": "KMT2D"}, {"MLL2": "A1"}])
def test_apply_gene_names__stored_values(names):
    values = [[0, 1, np.nan, 2.5], [1, 0, 1, 0]]
    altered = Genotypes.from_dense(
        np.minimum(values, 1), ["s1", "s2"], ["KMT2D_mut", "MLL2_mut", "B7_mut", "C"], kind="altered"
    )
    scores = Genotypes.from_dense(values, ["s1", "s2"], ["KMT2D_x", "MLL2_x", "B7_x", "C_x"], kind="score")
    genotypes = Genotypes.join([altered, scores])
    there = apply_gene_names(stored(genotypes), GeneNames(names, {}))
    assert there.is_stored
    assert there.equals(apply_gene_names(genotypes, GeneNames(names, {})))
    assert not there.equals(genotypes)
