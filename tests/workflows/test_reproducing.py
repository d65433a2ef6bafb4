from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from drugresponse.cli import main
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.model.loading import load_model
from drugresponse.settings import ReproduceSettings
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import write_cohort
from drugresponse.workflows.reproducing import reproduce

FILES = ("genotypes", "responses", "samples", "drugs")


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Path:
    """A folder of tables whose columns have names of their own, and of a model that was trained on them."""
    folder = tmp_path_factory.mktemp("study")
    write_cohort(simulate_cohort(n_samples=60, n_drugs=3, n_features=20, random_state=2), folder)
    table = pd.read_table(folder / "responses.tsv").rename(columns={"response": "ln IC50"})
    table.assign(response=0.0).to_csv(folder / "responses.tsv", sep="\t", index=False)
    words = [
        "--response-column",
        "ln IC50",
        "--measure",
        "ln_ic50",
        "--learner",
        "ridge",
        "--folds",
        "2",
        "--seed",
        "7",
    ]
    assert main(["train", *files(folder), *words, "--model", str(folder / "model.safetensors")]) == 0
    return folder


def files(folder: Path, **others: Path) -> list[str]:
    return [word for name in FILES for word in (f"--{name}", str(others.get(name, folder / f"{name}.tsv")))]


def test_reproduce__same_files_give_the_same_bytes_by_what_the_model_says(study, capsys):
    assert main(["reproduce", "--model", str(study / "model.safetensors"), *files(study)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "Inputs: the files of the training (genotypes, responses, drugs and samples).",
        "Versions: those of the training.",
        "Reproduced: the same bytes.",
    ]
    reading = load_model(study / "model.safetensors").manifest_["inputs"]["reading"]
    assert reading == {"response_column": "ln IC50", "measure": "ln_ic50"}


def test_reproduce__another_file_of_the_same_content_is_told(study, tmp_path, capsys):
    samples = tmp_path / "samples.csv"
    pd.read_table(study / "samples.tsv").to_csv(samples, index=False)
    given = files(study, samples=samples)
    assert main(["reproduce", "--model", str(study / "model.safetensors"), *given]) == 0
    told = capsys.readouterr().out
    assert "Inputs: samples not the files of the training." in told
    assert "Reproduced: the same model; its file differs in the list of its inputs alone." in told
    assert main(["reproduce", "--model", str(study / "model.safetensors"), *given[:-2]]) == 0
    told = capsys.readouterr().out
    assert "samples not the files of the training; drugs not given." in told
    assert "Reproduced within tolerance: predictions differ by at most 0 of" in told, "structures of known drugs"


def test_reproduce__other_responses_are_another_model(study, tmp_path, capsys):
    table = pd.read_table(study / "responses.tsv")
    table.loc[:20, "ln IC50"] += 2.0
    table.to_csv(tmp_path / "responses.tsv", sep="\t", index=False)
    given = files(study, responses=tmp_path / "responses.tsv")
    assert main(["reproduce", "-q", "--model", str(study / "model.safetensors"), *given]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "model.safetensors: is not reproduced: predictions differ by up to 0." in line
    assert "Inputs: responses not the files of the training." in line


def _other(study: Path, path: Path, **changed) -> Path:
    state, manifest = read_model_file(study / "model.safetensors")
    write_model_file(path, state, {**manifest, **changed})
    return path


def test_reproduce__within_tolerance_where_only_versions_differ(study, tmp_path, capsys):
    versions = {**load_model(study / "model.safetensors").manifest_["versions"], "numpy": "1.0"}
    model = _other(study, tmp_path / "m.safetensors", versions=versions)
    assert main(["reproduce", "--model", str(model), *files(study)]) == 0
    told = capsys.readouterr().out
    assert "Versions: numpy 1.0 then, " in told
    assert "Reproduced within tolerance: predictions differ by at most 0 of their standard deviation" in told


@pytest.mark.parametrize(
    ("reading", "words"),
    [
        ({"absent_means": "anything"}, '"absent_means": "anything" is none of the choices'),
        ({"measure": ["a", "b"]}, '"measure": found'),
    ],
)
def test_reproduce__what_a_file_says_of_reading_is_checked(study, tmp_path, capsys, reading, words):
    model = _other(study, tmp_path / "m.safetensors", inputs={"reading": reading})
    assert main(["reproduce", "-q", "--model", str(model), *files(study)]) == 2
    assert words in capsys.readouterr().err


def test_reproduce__files_cannot_be_named_by_a_model(study, tmp_path):
    inputs = {"reading": {"response_column": "ln IC50", "features": "/etc/passwd", "config": "/etc/passwd"}}
    model = _other(study, tmp_path / "m.safetensors", inputs=inputs)
    settings = ReproduceSettings(
        model=model,
        genotypes=[study / "genotypes.tsv"],
        responses=study / "responses.tsv",
        samples=study / "samples.tsv",
    )
    assert reproduce(settings)[0] == "Inputs: the model names none, since it was not trained from files."
