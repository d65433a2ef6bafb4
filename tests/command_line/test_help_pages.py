"""Pages of help: groups, what is required, the order of work, and colours on terminals alone."""

from __future__ import annotations

import re
import sys

import pytest

from drugresponse.cli import main
from drugresponse.settings import COMMANDS, GROUPS, SECTIONS
from tests.terminal import shown_on_terminal


def help_of(*words: str) -> None:
    assert main([*words, "--help"]) == 0


@pytest.mark.parametrize("name", COMMANDS)
def test_help__each_option_stands_in_its_group(name, capsys):
    help_of(name)
    page = capsys.readouterr().out
    titles = re.findall(r"^(\w.*):$", page, re.MULTILINE)
    groups = [title for title in GROUPS if any(each.group == title for each in COMMANDS[name].parameters)]
    assert titles == [*groups, "Help and messages", "examples"]
    parts = dict(zip(titles, re.split(r"^\w.*:\n", page, flags=re.MULTILINE)[1:], strict=True))
    for parameter in COMMANDS[name].parameters:
        assert re.search(rf"^  {parameter.option}\b", parts[parameter.group], re.MULTILINE)


def test_groups__are_the_sections_of_the_forms_and_more():
    assert set(SECTIONS.values()) < set(GROUPS)
    names = ("genotypes", "learner", "model", "response_column", "folds", "threads")
    assert [COMMANDS["train"].parameter(name).group for name in names] == [
        "Input", "Main choices", "Output", "Columns and measure", "Learner settings", "Running",
    ]  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_help__marks_what_is_required(name, capsys):
    help_of(name)
    usage, _, page = capsys.readouterr().out.partition("\n\n")
    required = [each for each in COMMANDS[name].parameters if each.required]
    assert page.count("(required") == len(required)
    assert re.findall(r"--[a-z-]+", usage) == [each.option for each in required]


def test_help__tells_the_order_of_work_with_a_line_for_each(capsys):
    help_of()
    page = capsys.readouterr().out
    named = re.findall(r"^    (\w+)\b", page, re.MULTILINE)
    work = ["simulate", "import", "curves", "prepare", "train", "evaluate", "predict", "explain", "adapt"]
    assert [name for name in named if name in work] == work
    assert COMMANDS["train"].summary in " ".join(page.split())


def on_a_terminal(**environment: str) -> str:
    """What `train --help` prints to a terminal."""
    return shown_on_terminal([sys.executable, "-m", "drugresponse.cli", "train", "--help"], COLUMNS="80", **environment)


def test_help__has_colours_on_a_terminal_that_wants_them_and_the_same_words_everywhere(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    help_of("train")
    plain = capsys.readouterr().out
    coloured = on_a_terminal(TERM="xterm-256color", NO_COLOR="")
    assert "\x1b[" not in plain
    assert "\x1b[" in coloured
    assert "\x1b[" not in on_a_terminal(TERM="xterm-256color", NO_COLOR="1") + on_a_terminal(TERM="dumb")

    def signs(page: str) -> str:
        # the two break lines at other places, and one writes "Usage:"
        return re.sub(r"\x1b\[[\d;]*m|\s", "", page).lower()

    assert signs(coloured) == signs(plain)
