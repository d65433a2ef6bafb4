"""Some hundred damaged inputs through the real command, and that each kind of bad ending would be seen."""

from __future__ import annotations

import faulthandler
import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from benchmarks.robustness import forked
from benchmarks.robustness.corpus import Target, corpus
from benchmarks.robustness.forked import BAD, Ending, load_libraries, run_forked
from benchmarks.robustness.fuzz import damaged_file, run_case

SEED = 20
# formats whose readers start a process of their own, and models, cost more
TURNS = {"slow": 1, "quick": 3}
SLOW = ("h5ad", "parquet", "model", "xlsx", "ods", "kept", "rule", "splits", "gene sets", "vcf")


@pytest.fixture(scope="module")
def targets(tmp_path_factory) -> dict[str, Target]:
    load_libraries()
    return corpus(tmp_path_factory.mktemp("corpus"))


def test_fuzz__every_damaged_file_is_read_or_refused_by_one_line(targets, tmp_path):
    ended: Counter[str] = Counter()
    for name in targets:
        for number in range(1, 1 + TURNS["slow" if any(word in name for word in SLOW) else "quick"]):
            ending = run_case(targets[name], damaged_file(targets, name, number, SEED), tmp_path / "case")
            assert ending.kind not in BAD, (
                f"python -m benchmarks fuzz --seed {SEED} --replay '{name}:{number}': {ending}"
            )
            ended[ending.kind] += 1
    assert ended.total() > 110
    assert min(ended["done"], ended["refused"]) > 25


def test_fuzz__whole_files_are_read_and_a_case_is_the_same_again(targets, tmp_path):
    for name in ("dosages", "bcf", "model, described", "ods"):
        ending = run_case(targets[name], damaged_file(targets, name, 0, SEED), tmp_path / "case")
        assert (ending.kind, ending.code) == ("done", 0), ending
    (tmp_path / "again").mkdir()
    again = corpus(tmp_path / "again")
    for name in ("h5ad, sparse", "xlsx", "pgen", "model, ridge"):
        assert again[name].whole == targets[name].whole
        assert damaged_file(again, name, 5, SEED) == damaged_file(targets, name, 5, SEED) != targets[name].whole


def ending_of(monkeypatch, folder: Path, main, seconds: float = 20) -> Ending:
    monkeypatch.setattr("drugresponse.cli.main", main)
    (folder / "in").mkdir(parents=True)
    return run_forked([], folder, seconds=seconds)


def say(line: str, code: int) -> int:
    os.write(2, line.encode())
    return code


@pytest.mark.parametrize(
    ("main", "kind"),
    [
        (lambda _: say("drugresponse train: error: r, line 2: wrong. Do it.\n", 2), "refused"),
        (lambda _: say("drugresponse train: error: two\nlines\n", 2), "words"),
        (lambda _: say("drugresponse train: error: \x1b[2J\n", 2), "words"),
        (lambda _: say("", 2), "words"),
        (lambda _: [][1], "traceback"),
        (lambda _: 70, "traceback"),
        (lambda _: (faulthandler.disable(), os.kill(os.getpid(), signal.SIGSEGV)), "crash"),
        (lambda _: signal.pause(), "hang"),
        (lambda _: Path("stray").touch(), "elsewhere"),
        (lambda _: Path("/no/such/folder").rmdir(), "traceback"),
        (lambda _: Path("../out/half").touch() or say("drugresponse train: error: x. Y.\n", 2), "elsewhere"),
        (lambda _: os.system(":") and 0, "elsewhere"),
    ],
)  # fmt: skip
def test_run_forked__every_kind_of_ending_is_seen(monkeypatch, tmp_path, main, kind):
    ending = ending_of(monkeypatch, tmp_path / "case", main, 0.5 if kind == "hang" else 20)
    assert ending.kind == kind, ending


def test_run_forked__limits_hold(monkeypatch, tmp_path):
    monkeypatch.setattr(forked, "_MORE_ADDRESSES", 1 << 28)
    ending = ending_of(monkeypatch, tmp_path / "case", lambda _: len(bytearray(1 << 29)))
    assert ending.kind == "traceback"
    assert "MemoryError" in ending.text
