"""Calls in words: what each spelling becomes, and that new samples are counted as the model counts."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.cli import main
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.matrix.words import genotypes_in_words

NAN = np.nan


def read(tmp_path, rows: str, **options) -> pd.DataFrame:
    (tmp_path / "words.tsv").write_text(rows.replace(" ", "\t").replace("_", " "))
    genotypes = read_genotypes(tmp_path / "words.tsv", **options)
    return pd.DataFrame(genotypes.dense(), genotypes.sample_ids, genotypes.features.index)


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ("A/A A/G G/G ./.", [0, 1, 2, NAN]),
        ("AA AG AA --", [0, 1, 0, NAN]),
        ("a|a g|a a|a NN", [0, 1, 0, NAN]),
        ("C/C C/del del/del 0/0", [0, 1, 2, NAN]),
        ("II ID II DD", [0, 1, 0, 2]),
        ("0/0 0/1 1|1 ./.", [0, 1, 2, NAN]),
        ("wt mut WT not_tested", [0, 1, 0, NAN]),
        ("negative positive Positive unknown", [0, 1, 1, NAN]),
        ("wild_type G12D p.G13D NA", [0, 1, 1, NAN]),
        ("+ - + NA", [1, 0, 1, NAN]),
        ("yes No TRUE not_tested", [1, 0, 1, NAN]),
        ("Y n y ", [1, 0, 1, NAN]),
        ("present absent non-carrier carrier", [1, 0, 0, 1]),
    ],
)
@pytest.mark.parametrize("across", [False, True])
def test_read_genotypes__spellings_of_a_column(tmp_path, cells, expected, across):
    """A column of numbers stands beside; across, samples are the columns."""
    samples = ["s1", "s2", "s3", "s4"]
    if across:
        text = "feature_id s1 s2 s3 s4\nX " + cells + "\nn 0.5 1.5 2.5 3.5\n"
    else:
        rows = zip(samples, cells.split(" "), strict=True)
        text = "sample_id X n\n" + "".join(f"{name} {cell} {at}.5\n" for at, (name, cell) in enumerate(rows))
    values = read(tmp_path, text, known_samples=samples)
    np.testing.assert_array_equal(values["X"], expected)
    assert values["n"].tolist() == [0.5, 1.5, 2.5, 3.5]


def test_read_genotypes__a_minus_is_absent_only_beside_plus(tmp_path, caplog):
    caplog.set_level("INFO", "drugresponse.progress")
    values = read(tmp_path, "sample_id A B rs1\ns1 + - A/G\ns2 - - -\ns3 NA - A/A\n")
    np.testing.assert_array_equal(values, [[1, 0, 1], [0, 0, NAN], [NAN, 0, 0]])
    assert 'words.tsv: read as present or absent ("-" too, beside "+"): "A", "B".' in caplog.text
    assert np.isnan(read(tmp_path, "sample_id A B\ns1 - -\n")).all(axis=None)
    assert 'each cell is "-" or empty, and counts as missing. If "-" means absent, write 0 or no' in caplog.text


def test_read_genotypes__phenotypes_of_metabolizers_in_columns_of_genes(tmp_path):
    rows = "sample_id CYP2D6_phenotype CYP2D6 CYP2C19\ns1 PM *4/*4 Rapid_metabolizer\ns2 NM *1/*1 nm\ns3 im *1/*4 NA\n"
    values = read(tmp_path, rows)
    assert values["CYP2D6*4"].tolist() == [2, 0, 1]
    assert values["CYP2D6_phenotype:Poor Metabolizer"].tolist() == [1, 0, 0]
    assert values["CYP2D6_phenotype:Intermediate Metabolizer"].tolist() == [0, 0, 1]
    np.testing.assert_array_equal(values["CYP2C19_phenotype:Rapid Metabolizer"], [1, 0, NAN])


def test_read_genotypes__a_column_without_any_call_is_missing(tmp_path):
    values = read(tmp_path, "sample_id rs1 rs2\ns1 A/G ./.\ns2 A/A ./.\n")
    np.testing.assert_array_equal(values["rs2"], [NAN, NAN])


def test_read_genotypes__a_column_a_gene(tmp_path):
    values = read(tmp_path, "sample_id CYP2D6 CYP2C9_genotype HLA-B\ns1 *1/*4 *1/*1 *57:01/*08:01\ns2 *4/*4 *2/*3 NA\n")
    assert values["CYP2D6*4"].tolist() == [1, 2]
    assert values[["CYP2C9*2", "CYP2C9*3"]].to_numpy().tolist() == [[0, 0], [1, 1]]
    np.testing.assert_array_equal(values["HLA-B*57:01"], [1, NAN])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("sample_id rs1\ns1 A/G\ns2 C/G\n", r'column "rs1": found the alleles "A", "C", "G" \(expected two\)'),
        ("sample_id rs1\ns1 0/2\ns2 0/1\n", r'column "rs1": found more than one alternate allele'),
        ("sample_id rs1\ns1 A/G\ns2 0/1\n", r'column "rs1", sample "s2": found "0/1" beside letters|"A/G" beside'),
        ("sample_id rs1\ns1 A/G\ns2 2\n", r'column "rs1", sample "s2": found "2" beside letters'),
        ("sample_id rs1\ns1 AB\ns2 BB\n", r'"AB" is not a number, .*or calls such as A/G, 0/1, \*1/\*4, wild type'),
        ("sample_id lesion\ns1 large\ns2 no\n", r'"large" is not a number, .* move it into the table of samples'),
        ("sample_id X\ns1 +/+\ns2 +/-\ns3 -/-\n", r'"\+/\+" is not .* Which allele \+ is, is not told .*wt, het'),
        ("sample_id X\ns1 N\ns2 N\n", 'column "X": found "N" where no cell of the table is "Y"'),
        ("sample_id X Y\ns1 rs1 rs2\ns2 1 0\ns3 0 1\n", 'line 2: found words alone, such as "rs1", above numbers'),
        ("sample_id X\ns1 0.5\ns2 nt\n", 'column "X": "nt" is not a number'),
        ("sample_id X KRAS\ns1 0.5 wt\ns2 failed mut\n", 'column "X": "failed" is not a number'),
        ("sample_id KRAS\ns1 wt\ns2 ND\ns3 mut\n", '"ND" is not a number, nor is'),
        ("sample_id rs1 CYP2D6 KRAS\ns1 A/G *1/*4 wt\ns2 G/G *4/*4 hemi\n", 'line 3, column "KRAS": "hemi" is not'),
        ("sample_id rs1 X\ns1 A/G 61\ns2 G/G about\n", 'line 3, column "X": "about" is not a number'),
        ("sample_id CYP2D6\ns1 *1/*1\ns2 *1/*1\n", "found no call other than the reference"),
    ],
)
def test_read_genotypes__words_that_are_no_calls(tmp_path, rows, message):
    with pytest.raises(InputError, match=message):
        read(tmp_path, rows)


def test_read_genotypes__which_allele_is_counted_is_told_or_missing(tmp_path, caplog):
    known = pd.DataFrame({"ref": ["G"], "alt": ["A"]}, index=["rs1"])
    alone = "sample_id rs1 rs2\nN1 A/A 1\n"
    assert read(tmp_path, alone, known_features=known)["rs1"].tolist() == [2]
    assert np.isnan(read(tmp_path, alone)["rs1"]).all()
    assert 'column "rs1": everybody has A, so that which allele is counted is not told' in caplog.text


def test_predict__a_table_in_which_the_other_allele_is_frequent(tmp_path, monkeypatch):
    """The file of the training has mostly G, the new one mostly A, and one patient has nothing else."""
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    copies = rng.binomial(2, 0.3, 80)
    ids = [f"s{at}" for at in range(80)]
    letters = [["G/G", "G/A", "A/A"][number] for number in copies]
    pd.DataFrame({"sample_id": ids, "rs1": letters, "rs2": rng.choice(["CC", "CT"], 80)}).to_csv("g.csv", index=False)
    dose = 30 - 8 * copies + rng.normal(0, 1, 80)
    pd.DataFrame({"sample_id": ids, "drug_id": "d", "response": dose}).to_csv("r.tsv", sep="\t", index=False)
    train = ["--genotypes", "g.csv", "--responses", "r.tsv", "--learner", "ridge", "--folds", "0"]
    assert main(["train", *train, "--model", "m"]) == 0
    for name, rows in (("many", "N1,A/A,CC\nN2,A/A,CC\nN3,A/G,CT\n"), ("one", "N1,A/A,CC\n")):
        (tmp_path / f"{name}.csv").write_text(f"sample_id,rs1,rs2\n{rows}")
        assert main(["predict", "--model", "m", "--genotypes", f"{name}.csv", "--predictions", "p.tsv"]) == 0
        predicted = pd.read_csv("p.tsv", sep="\t").set_index("sample_id")["prediction"]
        assert predicted["N1"] == pytest.approx(14, abs=2)
    in_memory = dr.load_model("m").predict(dr.read_genotypes("many.csv"))
    assert in_memory.set_index("sample_id")["prediction"]["N1"] == pytest.approx(14, abs=2)


def _zygosity(cells, **options):  # type: ignore[no-untyped-def]
    samples = [f"s{at}" for at in range(len(cells))]
    return genotypes_in_words(samples, ["rs1"], np.array(cells, dtype=object)[:, None], where="panel.tsv", **options)


@pytest.mark.parametrize(
    "words",
    [
        ["wt", "het", "hom"],
        ["Wild-type", "Heterozygous", "homozygous"],
        ["hom-ref", "het", "hom-alt"],
        ["HOM_REF", "HET", "HOM_VAR"],
        ["wt/wt", "wt/mut", "mut/mut"],
    ],
)
def test_genotypes_in_words__copies_by_zygosity(words):
    genotypes = _zygosity([*words, "", words[1]])
    assert genotypes.features["kind"].tolist() == ["dosage"]
    np.testing.assert_array_equal(genotypes.dense()[:, 0], [0, 1, 2, np.nan, 1])


def test_genotypes_in_words__homozygous_alone_tells_no_allele_but_to_a_model():
    for cells in (["het", "hom"], ["hom", "hom-alt", "wt"]):
        with pytest.raises(
            InputError, match='"rs1": found "hom", which does not tell whether the reference or the alt'
        ):
            _zygosity(cells)
    trained = _zygosity(["wt", "het", "hom"]).features
    assert _zygosity(["hom"], known_features=trained).dense().tolist() == [[2.0]]
    assert _zygosity(["wt"], known_features=trained).dense().tolist() == [[0.0]]
