"""How far work is: what moves on a terminal, and what stays in a log."""

from __future__ import annotations

import io
import logging
import re
import sys
import time

import pytest

import drugresponse as dr
from drugresponse import progress
from drugresponse.cli import main
from drugresponse.messages import messages_to_stderr
from drugresponse.progress import PROGRESS, counted, doing, moving_line, rest
from tests.terminal import shown_on_terminal

DRAWN = re.compile(r"\r([^\r\x1b]*)\x1b\[K")


@pytest.fixture
def quick(monkeypatch):
    """A line that shows at once what else would show after a second."""
    monkeypatch.setattr(progress, "_TICK", 0.01)
    monkeypatch.setattr(progress, "_QUIET_FOR", 0.0)


def lines_drawn(stream: io.StringIO, least: int = 1) -> list[str]:
    """What the line has shown, once it has been drawn so often."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        drawn = [text for text in DRAWN.findall(stream.getvalue()) if text]
        if len(drawn) >= least:
            return drawn
        time.sleep(0.01)
    raise AssertionError(f"nothing was drawn: {stream.getvalue()!r}")


def test_line__says_what_is_done(quick):
    stream = io.StringIO()
    with moving_line(stream):
        doing("reading the genotypes")
        assert lines_drawn(stream)[0] == "reading the genotypes [00:00]"
    assert stream.getvalue().endswith("\r\x1b[K")


def test_line__counts_with_the_names_of_what_runs(quick):
    stream = io.StringIO()
    with moving_line(stream), counted(4, "held-out fits") as count:
        count.begin("ridge, fold 1")
        count.done("ridge, fold 1")
        count.begin("ridge, fold 2")
        stream.truncate(0)
        (first, *_) = lines_drawn(stream)
    assert first.startswith("held-out fits:  25%|")
    assert "1 of 4 [" in first
    assert first.endswith("ridge, fold 2]")


def test_line__comes_back_to_the_stage_after_a_count_and_rests_when_told(quick):
    stream = io.StringIO()
    with moving_line(stream):
        doing("scoring")
        with counted(2, "fits"):
            stream.truncate(0)
            assert lines_drawn(stream)[0].startswith("fits:")
        stream.truncate(0)
        assert lines_drawn(stream)[-1].startswith("scoring")
        rest()
        stream.truncate(0)
        time.sleep(0.1)
        assert DRAWN.findall(stream.getvalue()) == []


def test_line__short_work_shows_nothing():
    stream = io.StringIO()
    with moving_line(stream):
        doing("reading")
    assert stream.getvalue() == ""


def test_line__tells_how_far_a_large_file_is_read(quick, tmp_path, monkeypatch):
    monkeypatch.setattr(progress, "_LARGE", 1000)
    (tmp_path / "calls.vcf").write_bytes(b"x" * 4000)
    stream = io.StringIO()
    with moving_line(stream), (tmp_path / "calls.vcf").open("rb", buffering=0) as file:
        file.read(1000)
        doing("reading the genotypes")
        assert lines_drawn(stream)[0] == "reading the genotypes: calls.vcf 25% [00:00]"


def test_line__a_reader_that_went_away_stops_it(quick):
    stream = io.StringIO()
    stream.close()
    with moving_line(stream):
        doing("reading")
        time.sleep(0.1)


def test_log__has_a_line_for_each_tenth_or_for_each(caplog):
    with caplog.at_level(logging.INFO, PROGRESS):
        with counted(20, "fits") as count:
            for at in range(20):
                count.done(f"fold {at}")
        with counted(3, "units", 1, each=True) as count:
            count.done("ridge: fold 1")
        with counted(3, "blocks", logged=False) as count:
            count.done()
        doing("reading")
    assert caplog.messages[:2] == ["2 of 20 fits: fold 1", "4 of 20 fits: fold 3"]
    assert caplog.messages[9:] == ["20 of 20 fits: fold 19", "ridge: fold 1 (2 of 3 units)"]


def test_messages__in_a_pipe_nothing_moves(capsys, quick):
    with messages_to_stderr("drugresponse train"):
        doing("reading")
        time.sleep(0.05)
        logging.getLogger(PROGRESS).info("read")
    assert capsys.readouterr().err == "drugresponse train: read\n"


def test_messages__stand_above_the_line(quick, monkeypatch):
    stream = io.StringIO()
    monkeypatch.setattr("sys.stderr", stream)
    with messages_to_stderr("drugresponse train", moves=True):
        doing("reading")
        lines_drawn(stream)
        logging.getLogger(PROGRESS).info("read")
    assert "\r\x1b[Kdrugresponse train: read\n" in stream.getvalue()


def test_show_progress__is_off_unless_asked_for(capsys):
    cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=2, n_jobs=1)
    model.fit(cohort.genotypes, cohort.responses)
    assert capsys.readouterr().err == ""
    with dr.show_progress():
        model.fit(cohort.genotypes, cohort.responses)
    said = capsys.readouterr().err.splitlines()
    assert said == [f"drugresponse: {at} of 2 held-out fits: fold {at}" for at in (1, 2)]


def test_command__on_a_terminal_is_never_silent(tmp_path):
    """The line that moves while a command works, and what stays when it is done."""
    cohort = tmp_path / "cohort"
    assert main(["simulate", f"--directory={cohort}", "--n-samples=60", "--n-drugs=3", "--n-features=25", "-q"]) == 0
    words = ["train", f"--genotypes={cohort}/genotypes.tsv", f"--responses={cohort}/responses.tsv", "--learner=ridge"]
    code = "import sys, drugresponse.progress as p; p._TICK, p._QUIET_FOR = 0.01, 0.0; import drugresponse.cli as cli; "
    shown = shown_on_terminal(
        [sys.executable, "-c", f"{code} sys.exit(cli.main({[*words, f'--model={tmp_path}/model']!r}))"]
    )
    assert "loading the libraries [" in shown
    assert re.search(r"held-out fits: +\d+%\|", shown)
    # what stays are whole lines: the moving one was cleared away before each of them
    left = [re.sub(r".*\r\x1b\[K", "", line) for line in shown.split("\n")]
    assert left[0].startswith("drugresponse train: read")
    assert left[-2].startswith("Model: ")
    assert "1 of 3 held-out fits" not in "".join(left)
