"""A dry run tells what the run then does, refuses what it refuses, and leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest

from drugresponse.cli import main

SMALL = ["--n-samples=60", "--n-drugs=4", "--n-features=25", "-q"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("dry")
    assert main(["simulate", f"--directory={folder}/cohort", *SMALL]) == 0
    words = ["train", *tables(folder), "--learner=ridge", "--folds=2", f"--model={folder}/model", "-q"]
    assert main(words) == 0
    pilots = pd.read_table(folder / "cohort" / "new_responses.tsv").groupby("sample_id").head(1)
    pilots.to_csv(folder / "pilots.tsv", sep="\t", index=False)
    return folder


def tables(folder: Path) -> list[str]:
    return [f"--{name}={folder}/cohort/{name}.tsv" for name in ("genotypes", "responses", "samples")]


def new(folder: Path) -> list[str]:
    cohort = folder / "cohort"
    return [f"--model={folder}/model", f"--genotypes={cohort}/new_genotypes.tsv", f"--samples={cohort}/new_samples.tsv"]


def commands(folder: Path, out: Path) -> dict[str, list[str]]:
    return {
        "train": [*tables(folder), "--learner=ridge", "--folds=2", f"--model={out}/model"],
        "evaluate": [*tables(folder), "--learner=ridge", "--folds=2", "--shuffles=0", f"--metrics={out}/metrics",
                     f"--resume={out}/fits", f"--figures={out}/figures"],
        "predict": [*new(folder), f"--predictions={out}/predictions", f"--report={out}/report"],
        "adapt": [*new(folder), f"--responses={folder}/pilots.tsv", f"--predictions={out}/adapted"],
        "explain": [*tables(folder), f"--model={folder}/model", f"--attributions={out}/attributions"],
        "prepare": [tables(folder)[0], "--minimum-frequency=0.05", f"--dataset={out}/dataset"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["train", "evaluate", "predict", "adapt", "explain", "prepare"])
def test_dry_run__leaves_nothing_and_names_the_files(name, folder, tmp_path, capsys):
    words = commands(folder, tmp_path)[name]
    capsys.readouterr()
    assert main([name, *words, "--dry-run"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "Dry run: inputs were read and joined, nothing is written."
    assert list(tmp_path.iterdir()) == []
    named = [word.partition("=")[2] for word in words if f"={tmp_path}/" in word and "resume" not in word]
    assert [line.split(": ")[1] for line in said[said.index("To be written:") + 1 :]] == named


def test_dry_run__of_evaluate_counts_the_fits_that_are_then_made(folder, tmp_path, capsys):
    words = ["evaluate", *commands(folder, tmp_path)["evaluate"], "--repeats=2"]
    assert main([*words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    fits = int(re.search(r"covariates and ridge on 4 folds, 2 times dealt: (\d+) fits", said)[1])
    assert "Joined: 48 samples; 4 drugs; " in said
    assert "Covariates: tissue" in said
    assert main(words) == 0
    assert len(list((tmp_path / "fits").glob("*.npz"))) == fits
    joined = re.search(r"(\d+) measured pairs", said)[1]
    assert f"Outcome: measured numbers, {joined} responses." in capsys.readouterr().out


def test_dry_run__of_predict_tells_the_pairs_that_are_then_predicted(folder, tmp_path, capsys):
    words = ["predict", *commands(folder, tmp_path)["predict"]]
    assert main([*words, "--dry-run"]) == 0
    dry = capsys.readouterr().out.splitlines()
    assert main(words) == 0
    assert [line for line in dry if line.startswith("Predicted")] == [capsys.readouterr().out.splitlines()[0]]


@pytest.mark.parametrize(
    ("name", "changed", "message"),
    [
        ("train", ["--scheme=new-drugs"], "drugs: no drug has a structure"),
        ("train", ["--model=/nowhere/model"], 'the folder "/nowhere" does not exist'),
        ("evaluate", ["--covariates=shoe"], "shoe"),
        ("evaluate", ["--only-fold=7"], "--only-fold: found 7 (expected 0 to 1)"),
        ("evaluate", ["--shuffles=5"], "expected 0, or 20 or more"),
        ("explain", ["--refits=1"], "expected 0, or 2 or more"),
        ("explain", ["--selected-samples=nobody"], "have no genotype"),
    ],
)
def test_dry_run__refuses_what_the_run_would_refuse(name, changed, message, folder, tmp_path, capsys):
    assert main([name, *commands(folder, tmp_path)[name], *changed, "--dry-run"]) == 2
    assert message in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_dry_run__says_that_the_memory_does_not_do(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GALAXY_MEMORY_MB", "100")
    assert main(["train", *commands(folder, tmp_path)["train"], "--dry-run"]) == 4
    assert "100 MB are granted" in capsys.readouterr().err


def test_dry_run__says_which_file_would_be_replaced(folder, capsys):
    words = [*tables(folder), "--learner=auto", f"--model={folder}/model"]
    before = (folder / "model").read_bytes()
    assert main(["train", *words, "--dry-run"]) == 0
    said = capsys.readouterr().out
    assert f"model: {folder}/model (replaces the file that is there)" in said
    assert "additive-mean, covariates, ridge" in said
    assert (folder / "model").read_bytes() == before
