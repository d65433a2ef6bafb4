"""Other names of genes at training and at prediction, and the layer of an .h5ad file, through the whole commands."""

from __future__ import annotations

from pathlib import Path

import anndata
import pandas as pd
import pytest

from drugresponse import cli
from tests.galaxy_tools import TEST_DATA

FOLDER = TEST_DATA / "cell_lines"
ALIASES = f"--aliases={FOLDER}/gene_aliases.tsv"


def predictions(tmp_path: Path, name: str, *words: str, model: Path = FOLDER / "model.safetensors") -> pd.DataFrame:
    options = [f"--model={model}", f"--samples={FOLDER}/new_samples.tsv", f"--predictions={tmp_path / name}", "-q"]
    assert cli.main(["predict", *options, *words]) == 0
    return pd.read_table(tmp_path / name)


@pytest.fixture
def older_names(tmp_path) -> Path:
    """The new samples, with the name that TP53 once had."""
    table = pd.read_table(FOLDER / "new_genotypes.tsv", dtype=str).rename(columns={"TP53_mut": "p53_mut"})
    assert "p53_mut" in table.columns
    table.to_csv(tmp_path / "older.tsv", sep="\t", index=False)
    return tmp_path / "older.tsv"


def test_predict__aliases_make_older_names_count(tmp_path, older_names):
    expected = predictions(tmp_path, "a", f"--genotypes={FOLDER}/new_genotypes.tsv")
    lost = predictions(tmp_path, "b", f"--genotypes={older_names}")
    pd.testing.assert_frame_equal(
        predictions(tmp_path, "c", f"--genotypes={older_names}", ALIASES), expected, rtol=1e-9
    )
    assert (lost["features_found"] < expected["features_found"]).all()


def test_adapt__aliases_make_older_names_count(tmp_path, older_names):
    for name, words in (
        ("a", [f"--genotypes={FOLDER}/new_genotypes.tsv"]),
        ("b", [f"--genotypes={older_names}", ALIASES]),
    ):
        options = [f"--model={FOLDER}/model.safetensors", f"--responses={FOLDER}/pilots.tsv"]
        assert cli.main(["adapt", *options, *words, f"--predictions={tmp_path / name}", "-q"]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_train__aliases_and_layers(tmp_path):
    table = pd.read_table(FOLDER / "genotypes.tsv", index_col=0)
    made = anndata.AnnData(
        table.to_numpy("float32") * 0,
        pd.DataFrame(index=table.index.astype(str)),
        pd.DataFrame({"kind": "altered"}, index=[each.replace("ERBB2", "HER2") for each in table.columns]),
        layers={"calls": table.to_numpy("float32")},
    )
    made.write_h5ad(tmp_path / "layers.h5ad")
    shared = [
        f"--responses={FOLDER}/responses.tsv",
        "--learner=ridge",
        "--folds=0",
        "--threads=1",
        "-q",
        "--kind=altered",
    ]
    sources = {
        "a": [f"--genotypes={FOLDER}/genotypes.tsv"],
        "b": [f"--genotypes={tmp_path}/layers.h5ad", "--layer=calls", ALIASES],
    }
    for name, words in sources.items():
        assert cli.main(["train", *shared, *words, f"--model={tmp_path / name}"]) == 0
    new = [f"--genotypes={FOLDER}/new_genotypes.tsv"]
    one, other = (predictions(tmp_path, f"{name}.tsv", *new, model=tmp_path / name) for name in "ab")
    pd.testing.assert_frame_equal(one, other)


def test_aliases__a_table_without_them_is_refused(tmp_path, capsys):
    words = [f"--genotypes={FOLDER}/new_genotypes.tsv", f"--model={FOLDER}/model.safetensors"]
    assert cli.main(["predict", *words, f"--aliases={FOLDER}/drugs.tsv", f"--predictions={tmp_path}/p"]) == 2
    assert 'expected "alias" and "gene"' in capsys.readouterr().err
