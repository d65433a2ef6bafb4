"""Folds made by jobs of their own, and collected: the bytes of an undivided run."""

from __future__ import annotations

from pathlib import Path

import pytest

import drugresponse as dr
from drugresponse import cli
from drugresponse.simulation.files import write_cohort


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort")
    write_cohort(dr.simulate_cohort(n_samples=50, n_drugs=3, n_features=20), folder)
    return folder


@pytest.fixture
def words(files: Path) -> list[str]:
    given = [f"--{name}={files / name}.tsv" for name in ("genotypes", "responses")]
    return ["evaluate", *given, "--learner", "ridge", "--folds=3", "--repeats=2", "--shuffles=0", "--threads=1"]


def outputs(folder: Path) -> dict[str, Path]:
    return {name: folder / name for name in ("metrics", "predictions", "report", "write-splits")}


def written(folder: Path, words: list[str], *more: str) -> dict[str, bytes]:
    folder.mkdir()
    assert cli.main([*words, *more, *(f"--{name}={path}" for name, path in outputs(folder).items())]) == 0
    return {name: path.read_bytes() for name, path in outputs(folder).items()}


def test_only_fold__jobs_of_their_own_and_a_collecting_run_write_what_an_undivided_one_does(words, tmp_path, capfd):
    whole = written(tmp_path / "whole", words)
    collected = tmp_path / "collected"
    collected.mkdir()
    for fold in range(3):
        folder = tmp_path / f"fold_{fold}"
        assert cli.main([*words, f"--only-fold={fold}", f"--resume={folder}"]) == 0
        last = capfd.readouterr().out.splitlines()[-1]
        assert last == f"Fits of fold {fold}: 4 in {folder}. Outputs are written without --only-fold."
        fits = list(folder.iterdir())
        assert len(fits) == 4, "ridge and covariates, in two repeats"
        for fit in fits:
            fit.rename(collected / fit.name)
    assert written(tmp_path / "out", words, f"--resume={collected}") == whole
    said = capfd.readouterr().err
    assert "12 of 12 units were found finished" in said
    assert "of 12 units)" not in said


def test_only_fold__writes_no_output(words, tmp_path):
    out = outputs(tmp_path)
    named = [f"--{name}={path}" for name, path in out.items()]
    assert cli.main([*words, *named, "--only-fold=0", f"--resume={tmp_path / 'fits'}", "-q"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["fits"]


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--only-fold=3"], "--only-fold: found 3 (expected 0 to 2). Name one of these folds."),
        (["--only-fold=1"], "--only-fold: found no folder for its fits (expected --resume). Name one."),
        ([], "--metrics must be given."),
    ],
)
def test_only_fold__that_cannot_be_made_is_refused(words, tmp_path, capfd, more, message):
    more = [*more, f"--resume={tmp_path / 'fits'}"] if more == ["--only-fold=3"] else more
    assert cli.main([*words, *more]) == 2
    assert capfd.readouterr().err.splitlines()[-1].startswith(f"drugresponse evaluate: error: {message}")
