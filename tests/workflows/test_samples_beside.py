"""Covariates that come with the genotypes, in obs of .h5ad or in a list of files, are the samples table without one."""

from __future__ import annotations

import logging
import shutil

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.errors import InputError
from drugresponse.readers.samples_beside import samples_beside
from drugresponse.readers.text.file_lists import listed_sources
from drugresponse.settings import EvaluateSettings, PredictSettings, PrepareSettings, TrainSettings
from drugresponse.workflows import evaluate, predict, prepare, train
from tests.galaxy_tools import TEST_DATA

GERMLINE = TEST_DATA / "germline"
PATIENTS = ("P0121", "P0122", "P0123")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A cohort with its covariates as one .h5ad file, and a list of patients with theirs."""
    made = tmp_path_factory.mktemp("beside")
    prepare(
        PrepareSettings(
            genotypes=[GERMLINE / "genotypes.vcf"], samples=GERMLINE / "samples.tsv", dataset=made / "cohort.h5ad"
        )
    )
    table = pd.read_table(GERMLINE / "new_samples.tsv", dtype=str).set_index("sample_id").loc[list(PATIENTS)]
    listed = table.reset_index(drop=True).assign(path=[f"patient_{name}.vcf" for name in PATIENTS])
    listed[["path", "age", "sex", "ancestry"]].to_csv(made / "patients.txt", sep="\t", index=False)
    for name in PATIENTS:
        shutil.copy(GERMLINE / f"patient_{name}.vcf", made)
    return made


def trained(folder, name, samples=None):
    given = {"genotypes": [folder / "cohort.h5ad"], "responses": GERMLINE / "responses.tsv", "samples": samples}
    lines = train(TrainSettings(**given, model=folder / name, learner="ridge", folds=3))
    return lines, dr.load_model(folder / name)


def test_train__obs_of_a_prepared_file_are_covariates_and_a_table_wins(folder, caplog, tmp_path):
    with caplog.at_level(logging.INFO):
        lines, model = trained(folder, "beside.safetensors")
        assert 'no table was given; used are the columns "age", "ancestry", "sex" of cohort.h5ad' in caplog.text
        _, same = trained(folder, "table.safetensors", GERMLINE / "samples.tsv")
        assert "the table is used, and not the columns" in caplog.text
    assert "Covariates: ancestry, sex, age" in lines
    assert model.manifest_["held_out"] == same.manifest_["held_out"]
    few = tmp_path / "few.tsv"
    pd.read_table(GERMLINE / "samples.tsv")[["sample_id", "age"]].to_csv(few, sep="\t", index=False)
    assert trained(folder, "few.safetensors", few)[1].manifest_["covariates"] == ["age"]


def test_evaluate__obs_of_a_prepared_file_are_covariates(folder):
    given = {"genotypes": [folder / "cohort.h5ad"], "responses": GERMLINE / "responses.tsv", "learner": ["ridge"]}
    lines = evaluate(EvaluateSettings(**given, metrics=folder / "metrics", shuffles=0, folds=3))
    assert any("age" in line for line in lines if "ovariates" in line)


def test_predict__covariates_of_a_list_are_those_of_a_table(folder):
    model = GERMLINE / "model.safetensors"
    given = {"model": model, "absent_means": "reference"}
    predict(PredictSettings(**given, genotypes=[folder / "patients.txt"], predictions=folder / "listed"))
    files = [folder / f"patient_{name}.vcf" for name in PATIENTS]
    table = GERMLINE / "new_samples.tsv"
    predict(PredictSettings(**given, genotypes=files, samples=table, predictions=folder / "tabled"))
    assert (folder / "listed").read_bytes() == (folder / "tabled").read_bytes()
    prepare(
        PrepareSettings(
            genotypes=[folder / "patients.txt"], like=model, absent_means="reference", dataset=folder / "new.h5ad"
        )
    )
    predict(PredictSettings(model=model, genotypes=[folder / "new.h5ad"], predictions=folder / "prepared"))
    numbers = [pd.read_table(folder / name)["prediction"].tolist() for name in ("prepared", "tabled")]
    assert numbers[0] == pytest.approx(numbers[1])


def test_samples_beside__what_contradicts_is_refused(folder, tmp_path):
    for name, ages in (("one", [61.0, 70.0]), ("other", [61.0, 71.0])):
        genotypes = dr.Genotypes.from_dense([[0], [1]], ["s1", "s2"], [f"rs {name}"], kind="dosage")
        samples = pd.DataFrame({"age": ages}, index=["s1", "s2"])
        dr.write_genotypes(genotypes, tmp_path / f"{name}.h5ad", samples=samples)
    table, files = samples_beside(listed_sources([tmp_path / "one.h5ad"]))
    assert (table["age"].tolist(), [file.name for file in files]) == (["61", "70"], ["one.h5ad"])
    with pytest.raises(InputError, match=r'one.h5ad and other.h5ad: sample "s2" has two values of "age"'):
        samples_beside(listed_sources([tmp_path / "one.h5ad", tmp_path / "other.h5ad"]))
    assert samples_beside(listed_sources([folder / "patient_P0121.vcf"])) == (None, [])
    shutil.copy(GERMLINE / "genotypes.vcf", tmp_path)
    (tmp_path / "list").write_text("path\tage\ngenotypes.vcf\t61\n")
    with pytest.raises(InputError, match=r"genotypes.vcf: found 120 samples \(expected one"):
        samples_beside(listed_sources(tmp_path / "list"))
