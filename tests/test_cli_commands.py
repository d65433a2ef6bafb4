"""The commands from their words to their files."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from drugresponse import cli
from tests.test_cli import one_line

SMALL = ["--n-samples=40", "--n-drugs=8", "--n-features=20"]


def run_program(*words: str, **settings: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "drugresponse.cli", *words]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, **settings)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("cohort") / "cohort"
    assert cli.main(["simulate", f"--directory={folder}", *SMALL, "-q"]) == 0
    return folder


def test_train_predict_describe__one_after_the_other(cohort, tmp_path, capsys):
    model, predictions, text = tmp_path / "m.safetensors", tmp_path / "p.tsv", tmp_path / "d.txt"
    inputs = [
        f"--genotypes={cohort}/genotypes.tsv",
        f"--responses={cohort}/responses.tsv",
        f"--samples={cohort}/samples.tsv",
    ]
    assert cli.main(["train", *inputs, "--learner=ridge", "--folds=2", f"--model={model}"]) == 0
    assert capsys.readouterr().out.strip()
    new = [f"--genotypes={cohort}/new_genotypes.tsv", f"--samples={cohort}/new_samples.tsv"]
    assert cli.main(["predict", f"--model={model}", *new, f"--predictions={predictions}"]) == 0
    assert len(predictions.read_text(encoding="utf-8").splitlines()) == 1 + 8 * 6
    assert cli.main(["describe", f"--model={model}", f"--output={text}"]) == 0
    assert "ridge" in text.read_text(encoding="utf-8")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["d.txt", "m.safetensors", "p.tsv"]


def test_train__refused_input_leaves_no_output(cohort, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    words = [f"--genotypes={cohort}/genotypes.tsv", f"--responses={cohort}/drugs.tsv", "--learner=ridge"]
    done = run_program("train", *words, f"--model={out}/m", f"--metrics={out}/t", f"--report={out}/r")
    assert done.returncode == 2
    assert one_line(done.stderr.splitlines(keepends=True)[-1]).startswith("drugresponse train: error: ")
    assert "Traceback" not in done.stderr
    assert list(out.iterdir()) == []


def test_train__sigterm_leaves_nothing_behind(cohort, tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    words = [f"--genotypes={cohort}/genotypes.tsv", f"--responses={cohort}/responses.tsv", "--learner=boosted-trees"]
    command = [sys.executable, "-m", "drugresponse.cli", "train", *words, "--trees=5000", f"--model={out}/m"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        # what comes after reading takes seconds: the signal arrives while it trains
        assert process.stderr.readline().startswith("drugresponse train: read")
        process.terminate()
        process.wait(timeout=60)
    assert process.returncode == cli.TERMINATED
    assert list(out.iterdir()) == []


def test_summary__a_closed_pipe_is_no_defect(cohort, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    command = [sys.executable, "-m", "drugresponse.cli", "simulate", f"--directory={tmp_path}/c", *SMALL]
    done = subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
    os.close(writer)
    assert done.returncode == cli.PIPE_CLOSED
    assert done.stderr.count("error") == 0
    assert (tmp_path / "c" / "genotypes.tsv").exists()


@pytest.fixture(scope="module")
def evaluated(cohort) -> list[str]:
    inputs = [f"--{name}={cohort}/{name}.tsv" for name in ("genotypes", "responses", "drugs", "samples")]
    return ["evaluate", *inputs, "--learner", "covariates", "ridge", "--folds=2", "--shuffles=0", "--threads=1"]


def test_evaluate__writes_all_that_was_asked_for_and_tells(evaluated, tmp_path, capsys):
    names = ("metrics", "predictions", "verdicts", "report", "markdown", "write-splits", "headline", "figures")
    assert cli.main([*evaluated, *(f"--{name}={tmp_path}/{name}" for name in names)]) == 0
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted(names)
    assert capsys.readouterr().out.splitlines()[-1] == f"Metrics: {tmp_path}/metrics"
    assert {each.suffix for each in (tmp_path / "figures").iterdir()} == {".png", ".svg"}
    assert (tmp_path / "headline").read_bytes().startswith(b"\x89PNG")
    words = (tmp_path / "markdown").read_text(encoding="utf-8").replace("\\", "")
    cited = ", ".join(re.findall(r"Figure \(([^)]*)\)", words)).split(", ")
    assert cited[0] == "skill" and set(cited) == {each.stem for each in (tmp_path / "figures").iterdir()}
    assert (tmp_path / "report").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_evaluate__given_the_written_splits_gives_the_same_bytes(evaluated, tmp_path):
    outputs = [[f"--metrics={tmp_path}/m{run}", f"--predictions={tmp_path}/p{run}"] for run in (1, 2)]
    assert cli.main([*evaluated, *outputs[0], f"--write-splits={tmp_path}/s1"]) == 0
    assert cli.main([*evaluated, *outputs[1], f"--splits={tmp_path}/s1", f"--write-splits={tmp_path}/s2"]) == 0
    for name in "mps":
        assert (tmp_path / f"{name}1").read_bytes() == (tmp_path / f"{name}2").read_bytes()


def test_evaluate__killed_and_resumed_gives_the_bytes_of_an_undisturbed_run(evaluated, tmp_path, capsys):
    words = [*evaluated, "--folds=5", "--repeats=5"]  # enough units that the kill comes long before the last
    assert cli.main([*words, f"--metrics={tmp_path}/whole", f"--predictions={tmp_path}/whole_rows"]) == 0
    kept, out = tmp_path / "kept", tmp_path / "out"
    out.mkdir()
    words = [*words, f"--metrics={out}/metrics", f"--predictions={out}/rows", f"--resume={kept}"]
    with subprocess.Popen([sys.executable, "-m", "drugresponse.cli", *words], stderr=subprocess.PIPE) as process:
        deadline = time.monotonic() + 60
        while len(list(kept.glob("*.npz"))) < 2 and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        process.terminate()
        process.wait(timeout=60)
    assert process.returncode == cli.TERMINATED
    assert list(out.iterdir()) == []
    assert 2 <= len(list(kept.glob("*.npz"))) < 50
    capsys.readouterr()
    assert cli.main(words) == 0
    assert "of 50 units were found finished" in capsys.readouterr().err
    assert (out / "metrics").read_bytes() == (tmp_path / "whole").read_bytes()
    assert (out / "rows").read_bytes() == (tmp_path / "whole_rows").read_bytes()


def test_evaluate__refused_splits_leave_no_output(cohort, evaluated, tmp_path, capsys):
    rows = (cohort / "responses.tsv").read_text(encoding="utf-8").splitlines()[1:]
    pairs = ["\t".join(["fold", "sample_id", "drug_id"])]
    pairs += [f"{i % 2}\t" + "\t".join(row.split("\t")[:2]) for i, row in enumerate(rows)]
    (tmp_path / "splits").write_text("\n".join(pairs) + "\n", encoding="utf-8")
    out = tmp_path / "out"
    out.mkdir()
    assert cli.main([*evaluated, f"--splits={tmp_path}/splits", f"--metrics={out}/m", f"--report={out}/r"]) == 2
    last = capsys.readouterr().err.splitlines()[-1]
    assert last.startswith("drugresponse evaluate: error: splits: fold 0 trains on the subject of ")
    assert list(out.iterdir()) == []
