"""The README and its pages as a newcomer types them: commands and Python in order, in a fresh folder."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from drugresponse.cli import main
from drugresponse.learners.registry import LEARNERS
from drugresponse.settings import with_learners
from tests.galaxy_tools import ROOT

TEXT = (ROOT / "README.md").read_text(encoding="utf-8")
OUTCOMES, COMMAND_LINE, PYTHON, TABLE = (
    (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for name in ("outcomes", "command-line", "python", "learners")
)
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
MOST_LINES = 120


def blocks_of(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def lines_of(text: str) -> list[str]:
    shell = [block for language, block in blocks_of(text) if not language]
    return [line.partition("#")[0].strip() for block in shell for line in block.replace("\\\n", " ").splitlines()]


def commands_of(text: str) -> list[list[str]]:
    """What follows the program's name; not where it goes into a file of the shell's."""
    lines = [line for line in lines_of(text) if line.startswith("drugresponse ") and " > " not in line]
    return [shlex.split(line)[1:] for line in lines]


LINES = lines_of(TEXT)
SMALLER = {
    "simulate": ["--n-samples=60", "--n-drugs=6", "--n-features=30"],
    "train": ["--learner=ridge", "--folds=2"],
    "evaluate": ["--learner=ridge", "--folds=2", "--shuffles=0"],
    "explain": ["--refits=0"],
}
"""The same commands on less data, in less time."""


def test_readme__is_short():
    assert len(TEXT.splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    ("text", "names"),
    [
        pytest.param(TEXT, {"doctor", "simulate", "train", "predict"}, id="README"),
        pytest.param(
            COMMAND_LINE,
            {"simulate", "train", "predict", "describe", "evaluate", "adapt", "explain", "curves", "prepare"},
            id="command-line",
        ),
    ],
)
def test_shell_blocks__every_command_runs_in_order(text, names, tmp_path, monkeypatch, capsys):
    (tmp_path / "test-data").symlink_to(ROOT / "test-data")
    monkeypatch.chdir(tmp_path)
    commands = commands_of(text)
    assert {each[0] for each in commands} == names
    for words in commands:
        code = main([*words, *SMALLER.get(words[0], [])])
        assert code == 0, (words, capsys.readouterr().err)
    assert Path("report.html").stat().st_size > 1000


def test_page_on_outcomes__every_command_runs_in_order_and_the_python_too(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    commands = commands_of(OUTCOMES)
    assert [each[0] for each in commands] == ["simulate", "train", "predict", "evaluate"]
    for words in commands:
        assert main([*words, *SMALLER.get(words[0], [])]) == 0, (words, capsys.readouterr().err)
    (block,) = [block for language, block in blocks_of(OUTCOMES) if language == "python"]
    names: dict[str, object] = {}
    exec(block.replace("simulate_cohort(", "simulate_cohort(n_samples=60, n_drugs=3, n_features=30, "), names)
    assert names["model"].classes_.tolist() == ["S", "R"]


def test_page_on_notebooks__every_block_runs_in_order_and_shows_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = blocks_of((ROOT / "docs" / "notebooks.md").read_text(encoding="utf-8"))
    names: dict[str, object] = {}
    for block in (block for language, block in blocks if language == "python"):
        exec(block, names)
    (shown,) = (block for language, block in blocks if not language)
    assert capsys.readouterr().out == shown
    assert names["search"].best_params_ == {"model__learner": "ridge"}
    assert names["read"]["tissue"].tolist() == names["cohort"].samples["tissue"].tolist()


def test_shell_blocks__what_make_and_pip_are_asked_for_exists():
    rules = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert {line.split()[1] for line in LINES if line.startswith("make ")} <= rules
    assert set(re.findall(r"`make ([a-z-]+)`", TEXT)) <= rules
    asked = [line for line in LINES if "pip install" in line]
    assert asked and all((ROOT / shlex.split(line)[shlex.split(line).index("-c") + 1]).is_file() for line in asked)


def test_shell_blocks__pip_comes_after_an_environment():
    """The Python of a system refuses to install (PEP 668)."""
    at = {
        start: next(n for n, line in enumerate(LINES) if line.startswith(start)) for start in ("python3 -m venv", "pip")
    }
    assert at["python3 -m venv"] < at["pip"]


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("text", [pytest.param(TEXT, id="README"), pytest.param(PYTHON, id="python")])
def test_python_blocks__run(text, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code = "\n".join(block for language, block in blocks_of(text) if language == "python")
    smaller = code.replace("simulate_cohort()", "simulate_cohort(n_samples=60, n_drugs=4, n_features=30)")
    smaller = smaller.replace('learner="auto"', 'learner="ridge"').replace('["ridge", "neural"]', '["ridge"]')
    names: dict[str, object] = {}
    exec(compile(smaller, "page", "exec"), names)
    assert Path("model.safetensors").is_file()
    assert len(names["predictions"]) == 4 * len(names["cohort"].genotypes.sample_ids)
    assert not set(names) & {"found", "told"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links__lead_to_files(page):
    for target in re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target


def test_pages__each_is_reached_from_the_readme():
    linked = {"README"}
    todo = [ROOT / "README.md"]
    while todo:
        page = todo.pop()
        targets = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+\.md)", page.read_text(encoding="utf-8"))
        for target in ((page.parent / target).resolve() for target in targets):
            if target.stem not in linked:
                linked.add(target.stem)
                todo.append(target)
    assert {page.stem for page in PAGES} <= linked


def test_sections__say_where_to_ask_how_to_cite_to_upgrade_and_to_remove():
    for word in ("**Help**", "CITATION.cff", "**Upgrading**", "**Removing**", "2.9 GB", "1.6 GB", "issue tracker"):
        assert word in TEXT


def test_table_of_learners__is_that_of_the_registry():
    assert with_learners(TABLE) == TABLE, "run python -m drugresponse.galaxy"
    rows = re.findall(r"^\| `([a-z-]+)`", TABLE.partition("| `--learner` |")[2], re.MULTILINE)
    assert rows == list(LEARNERS)
