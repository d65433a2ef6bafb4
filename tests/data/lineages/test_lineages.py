from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.lineages.lineages import Lineages, lineage_column_of, lineage_words
from drugresponse.errors import InputError
from tests.made_clones import made_clones


def of(*values: object) -> Lineages:
    samples = pd.DataFrame({"ST": list(values)}, index=[f"s{place}" for place in range(len(values))])
    return Lineages.of_column(samples, "ST")


def test_of_column__numbers_and_texts_are_one_lineage_however_they_are_read():
    assert of(131, 73, 131).numbers.tolist() == [0, 1, 0]
    assert of(131.0, np.nan, 131.0, 73.0).numbers.tolist() == [0, 2, 0, 1]
    assert of(" ST131", "ST131 ", "ST73").numbers.tolist() == [0, 0, 1]


@pytest.mark.parametrize("word", ["", None, "NA", "unknown", "-", "Untypable", "?", "novel"])
def test_of_column__samples_without_a_lineage_are_one_each(word):
    lineages = of("a", word, "b", word, "a", word)
    assert lineages.n_unknown == 3
    assert len(set(lineages.numbers)) == 5
    assert lineages.numbers[0] == lineages.numbers[4]
    assert lineage_words(lineages.to_dict()) == [
        "Lineages: column ST, 5 of 6 samples, the largest of 2; 3 samples without one are a lineage each"
    ]


def test_of_column__a_lineage_that_is_named_as_a_sample_is_another_than_that_sample():
    samples = pd.DataFrame({"cluster": ["", "s0", "s0"]}, index=["s0", "s1", "s2"])
    assert Lineages.of_column(samples, "cluster").numbers.tolist() == [1, 0, 0]


@pytest.mark.parametrize(
    "name", ["lineage", "Clone", "clonal complex", "sequence_type", "ST", "MLST", "Clade", "cluster"]
)
def test_lineage_column_of__usual_names(name):
    assert lineage_column_of(pd.DataFrame({"tissue": ["a"], name: ["b"]})) == name


@pytest.mark.parametrize("name", ["amr_genotype_cluster", "status", "stage", "cell_lineage_note"])
def test_lineage_column_of__other_names_are_none(name):
    assert lineage_column_of(pd.DataFrame({name: ["b"]})) is None


def test_lineage_column_of__named():
    samples = pd.DataFrame({"lineage": ["a"], "strain": ["b"]})
    assert lineage_column_of(samples, "strain") == "strain"
    with pytest.raises(
        InputError, match=r'found no column "strian" \(expected the lineages, `lineage_column`\).*"strain"'
    ):
        lineage_column_of(samples, "strian")
    with pytest.raises(InputError, match="Give `samples` with this column"):
        lineage_column_of(pd.DataFrame(index=["s1"]), "strain")


def test_of_genotypes__says_that_lineages_were_made(caplog):
    made = made_clones(12, n_features=300)
    lineages = Lineages.of_genotypes(as_genotypes(made.genotypes))
    n = len(made.samples)
    assert "no column tells their lineages. Lineages: made from genotype, 12 of" in caplog.text
    assert lineages.to_dict() == {
        "column": "", "samples": n, "lineages": 12, "largest": int(made.samples["lineage"].value_counts().max()),
        "unknown": 0, "distance": "Jaccard", "cut": 0.25, "features": lineages.distance.n_features,
    }  # fmt: skip


def test_lineage_words__nothing_where_none_are_held_out():
    assert lineage_words(None) == []


def test_of_genotypes__without_a_feature_that_tells():
    genotypes = Genotypes.from_dense(np.random.default_rng(0).normal(size=(9, 4)), list("abcdefghi"), list("wxyz"))
    assert set(genotypes.features["kind"]) == {"score"}
    with pytest.raises(InputError, match=r"no alteration or dosage that varies.*`lineage_column`"):
        Lineages.of_genotypes(genotypes)
