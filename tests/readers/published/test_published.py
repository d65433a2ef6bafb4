"""Files as publishers give them out, by hand-made look-alikes: what is taken, what is left out, and what is said."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.cli import main
from drugresponse.readers.published.reader import read_published
from tests.readers.published.look_alikes import LINES, write_depmap, write_gdsc


@pytest.fixture(scope="module")
def gdsc(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gdsc")
    files = {"fitted": folder / "fitted.xlsx", "genetic": folder / "features.csv"}
    write_gdsc(**files)
    return files


@pytest.fixture(scope="module")
def depmap(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("depmap")
    names = ("screen", "OmicsSomaticMutationsMatrixHotspot", "models")
    files = {name: folder / f"{name}.csv" for name in names}
    write_depmap(*files.values())
    return files


def test_read_published__gdsc(gdsc):
    tables = read_published("gdsc", [gdsc["genetic"], gdsc["fitted"]])
    assert len(tables.responses) == 2 * LINES - 1
    assert tables.measure == dr.Measure("ln_ic50", "uM", "resistant")
    assert tables.samples.loc["683667"].to_dict() == {"name": "LINE-0", "model_id": "SIDM00000", "tissue": "SKCM"}
    assert tables.drugs.loc["1373", "targets"] == "BRAF"
    assert tables.genotypes.loc["683667"].to_dict() == {"BRAF_mut": 1.0, "TP53_mut": 0.0}
    assert tables.features.loc["BRAF_mut", "gene"] == "BRAF"
    assert "1 row without an id or a response left out" in tables.notes[1]


def test_read_published__depmap(depmap):
    tables = read_published("depmap", list(depmap.values()))
    assert tables.responses[["sample_id", "response"]].values.tolist() == [["ACH-000001", 0.81], ["ACH-000002", 0.27]]
    assert tables.measure == dr.Measure("auc", "", "resistant")
    assert tables.drugs.loc["BRD-K1", "smiles"] == "CCO"
    assert tables.genotypes["GENE3_hotspot"].to_dict() == {"ACH-000001": 0.0, "ACH-000002": 1.0}
    assert "SAME_hotspot" not in tables.genotypes
    assert tables.samples["subject_id"].tolist() == ["PT-1", "ACH-000002"]
    assert tables.samples["age"].tolist() == ["50", ""]
    assert "1 row of lines whose STR profile did not match and 1 row without an id" in tables.notes[0]
    assert "1 gene in which no model differs, 1 row beside a model's default" in tables.notes[1]


def test_read_published__rows_of_one_model_that_none_is_the_default_of(depmap, tmp_path):
    matrix = pd.read_csv(depmap["OmicsSomaticMutationsMatrixHotspot"]).drop(columns="IsDefaultEntryForModel")
    matrix.to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(dr.InputError, match='found "ACH-000002" in several rows'):
        read_published("depmap", [tmp_path / "m.csv"])


def test_read_published__unknown_publisher_or_file(gdsc):
    with pytest.raises(dr.InputError, match=r'"gdcs" is no publisher .* Did you mean "gdsc"'):
        read_published("gdcs", [])
    with pytest.raises(
        dr.InputError, match=r"is none of the files of depmap that are known .*expected one of: secondary"
    ):
        read_published("depmap", [gdsc["genetic"]])


def test_import__tables_and_settings_that_train(gdsc, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [str(gdsc["fitted"]), str(gdsc["genetic"])]
    assert main(["import", "gdsc", *files, "--directory", "study"]) == 0
    told = capsys.readouterr().out
    assert "24 samples with both genotype and response." in told
    assert main(["train", "--config", "study/train.yml", "--model", "m", "--learner", "ridge", "--folds", "0"]) == 0
    model = dr.load_model("m")
    assert model.manifest_["measure"] == {"name": "ln_ic50", "unit": "uM", "higher_means": "resistant"}
    assert model.manifest_["training"]["pairs"] == 2 * LINES - 1
    assert main(["import", "gdsc", *files, "--directory", "study"]) == 2
    assert "already holds" in capsys.readouterr().err
