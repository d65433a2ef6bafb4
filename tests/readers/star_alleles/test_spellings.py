"""The user's way with star alleles: trained in one spelling, predicted in others."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import workflows
from drugresponse.model.loading import load_model
from drugresponse.readers import read_genotypes
from drugresponse.settings import PredictSettings, PrepareSettings, TrainSettings

COPIES = {"*1/*1": 2.0, "*1/*4": 1.0, "*4/*4": 0.0, "*1/*1x2": 3.0}


def calls(file: Path, diplotypes: list[str]) -> Path:
    rows = [f"s{at:03}\tCYP2D6\t{each}" for at, each in enumerate(diplotypes)]
    file.write_text("\n".join(["sample_id\tgene\tdiplotype", *rows]) + "\n")
    return file


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("stars")
    drawn = np.random.default_rng(0).choice(list(COPIES), 80).tolist()
    calls(folder / "calls", drawn)
    rows = [f"s{at:03}\tcodeine\t{COPIES[each]}" for at, each in enumerate(drawn)]
    (folder / "responses").write_text("\n".join(["sample_id\tdrug_id\tresponse", *rows]) + "\n")
    workflows.train(
        TrainSettings(
            genotypes=[folder / "calls"],
            responses=folder / "responses",
            learner="ridge",
            folds=0,
            model=folder / "model",
        )
    )
    return folder


def predict(folder: Path, to: Path, diplotypes: list[str]) -> pd.DataFrame:
    file = calls(to / "new", diplotypes)
    workflows.predict(PredictSettings(model=folder / "model", genotypes=[file], predictions=to / "predictions"))
    return pd.read_table(to / "predictions")


def test_predict__one_diplotype_in_many_spellings(folder, tmp_path):
    alike = {
        3.0: ["*1/*1x2", "*1/*1X2", "(*1/*1)x2", "*1/*1 x2", "CYP2D6*1/CYP2D6*1x2"],
        0.0: ["*4/*4", "4/4", "*4A/*4D", "*4.001/*4"],
        2.0: ["*1/*1", "1/1", "*1A/*1"],
    }
    found = predict(folder, tmp_path, [each for spellings in alike.values() for each in spellings])
    expected = np.repeat(list(alike), [len(each) for each in alike.values()])
    np.testing.assert_allclose(found["prediction"], expected, atol=0.1)
    assert (found["features_found"] == 1).all()


def test_predict__alleles_that_training_never_saw_are_missing_and_said(folder, tmp_path, caplog):
    found = predict(folder, tmp_path, ["*1/*1", "*99/*99", "*1/*99", "*4 (partial)/*4"])
    assert found["prediction"].notna().tolist() == [True, False, False, False]
    assert found["features_found"].tolist() == [1, 0, 0, 0]
    assert 'the training never saw "CYP2D6*99"; in 2 samples the gene is missing' in caplog.text
    assert 'and therefore missing: diplotype 1 (such as "CYP2D6 *4 (partial)/*4")' in caplog.text


def test_predict__from_memory_and_from_a_prepared_file_alike(folder, tmp_path):
    new = calls(tmp_path / "calls", ["*1/*4", "*99/*99", "*4/*99", "*1/*1x2"])
    workflows.prepare(PrepareSettings(genotypes=[folder / "calls"], dataset=tmp_path / "trained"))
    workflows.prepare(PrepareSettings(genotypes=[new], like=tmp_path / "trained", dataset=tmp_path / "dataset"))
    model = load_model(folder / "model")
    for genotypes in (read_genotypes(new), read_genotypes(tmp_path / "dataset")):
        found = model.predict(genotypes, minimum_features=0.0).set_index("sample_id")["features_found"]
        assert found["s001"] == 0
        assert 0 < found["s002"] < 1
        assert found["s000"] == found["s003"] == 1
