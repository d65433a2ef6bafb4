"""Isolates of clones through the commands: files in, and what is said of lineages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from drugresponse.cli import main
from tests.made_clones import made_clones


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Clones with a level of their own that no feature causes; two isolates are of no known clone."""
    folder = tmp_path_factory.mktemp("clones")
    made = made_clones(40, own_level=1.0)
    samples = made.samples.rename(columns={"lineage": "strain"})
    samples.iloc[:2, 0] = ""
    made.genotypes.to_csv(folder / "genotypes.tsv", sep="\t")
    samples.to_csv(folder / "samples.tsv", sep="\t")
    made.responses.to_csv(folder / "responses.tsv", sep="\t", index=False)
    return folder


def run(folder: Path, command: str, *words: str) -> int:
    names = ("genotypes", "responses", "samples")
    given = [word for name in names for word in (f"--{name}", str(folder / f"{name}.tsv"))]
    return main([command, *given, "--learner", "ridge", "--threads", "1", *words])


def test_train__says_which_lineages_are_held_out(folder, tmp_path, capsys):
    n = len(pd.read_table(folder / "samples.tsv"))
    words = ("--scheme", "new-lineages", "--model", str(tmp_path / "model"))
    assert run(folder, "train", *words, "--lineage-column", "#2") == 0
    line = f"Lineages: column strain, 42 of {n} samples, the largest of 12; 2 samples without one are a lineage each"
    assert line in capsys.readouterr().out
    assert main(["describe", "--model", str(tmp_path / "model")]) == 0
    assert line in capsys.readouterr().out


def test_train__says_that_lineages_were_made(folder, tmp_path, capsys):
    assert run(folder, "train", "--scheme", "new-lineages", "--model", str(tmp_path / "model")) == 0
    said = capsys.readouterr()
    assert "Lineages: made from genotype, " in said.out
    assert "a column of your own tells better (--lineage-column)" in said.out
    assert "samples: no column tells their lineages" in said.err


def test_train__warns_where_samples_are_held_out_one_by_one(folder, tmp_path, capsys):
    assert run(folder, "train", "--lineage-column", "strain", "--model", str(tmp_path / "model")) == 0
    assert "Warning: Lineages straddle folds: " in capsys.readouterr().out


def test_train__a_column_that_is_not_there_is_one_line(folder, tmp_path, capsys):
    assert run(folder, "train", "--lineage-column", "strian", "--model", str(tmp_path / "model")) == 2
    error = capsys.readouterr().err
    assert 'found no column "strian" (expected the lineages, --lineage-column). Did you mean "strain"?' in error
    assert "Traceback" not in error


def test_evaluate__says_by_how_much_random_folds_flatter(folder, tmp_path, capsys):
    words = ("--scheme", "new-lineages", "--lineage-column", "strain", "--shuffles", "0", "--folds", "3")
    page = tmp_path / "page.md"
    assert run(folder, "evaluate", *words, "--metrics", str(tmp_path / "metrics"), "--markdown", str(page)) == 0
    said = capsys.readouterr().out
    assert "Held out (new-lineages: samples of unseen lineages and seen drugs)" in said
    assert "Random folds flatter: skill of ridge " in said
    assert "By how much do random folds flatter?" in page.read_text(encoding="utf-8")
