"""The examples of each page of help, as typed, one after the other in one folder."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pandas as pd
import pytest

from drugresponse.cli import main
from drugresponse.command_line.examples import EXAMPLES
from drugresponse.command_line.parser import ALL_COMMANDS
from drugresponse.validation import validate
from drugresponse.validation.checks import equal
from tests.galaxy_tools import TEST_DATA
from tests.readers.published.look_alikes import write_depmap, write_gdsc

SMALLER = {
    "simulate": ["--n-samples=50", "--n-drugs=4", "--n-features=25"],
    "train": ["--learner=ridge", "--folds=2"],
    "evaluate": ["--shuffles=0", "--folds=2"],
    "explain": ["--refits=0"],
}
"""The same lines on less data, in less time."""


def test_examples__every_command_has_two():
    assert set(EXAMPLES) == set(ALL_COMMANDS)
    assert all(len(examples) == 2 for examples in EXAMPLES.values())


@pytest.mark.parametrize("name", EXAMPLES)
def test_help__shows_the_examples_as_they_are(name, capsys):
    assert main([name, "--help"]) == 0
    shown = " ".join(capsys.readouterr().out.replace("\\\n", " ").split())
    for example in EXAMPLES[name]:
        assert example in shown


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_examples__run_in_the_order_of_work(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # all checks take a minute each time; the test of the Galaxy tool makes them
    monkeypatch.setattr(validate, "results_of_checks", lambda: [("Reading", equal("One", 1, 1))])
    shutil.copy(TEST_DATA / "curves" / "doses.tsv", "doses.tsv")
    downloaded = [[Path(word) for word in example.split()[3:-2]] for example in EXAMPLES["import"]]
    write_gdsc(*downloaded[0])
    write_depmap(*downloaded[1])
    for name, examples in EXAMPLES.items():
        for example in examples:
            words, _, target = example.partition(" > ")
            code = main([*shlex.split(words)[1:], *SMALLER.get(name, [])])
            shown = capsys.readouterr()
            assert code == 0, (example, shown.err)
            if target:
                Path(target).write_text(shown.out, encoding="utf-8")
        if name == "simulate":
            measured = pd.read_table("cohort/new_responses.tsv")
            measured.groupby("sample_id").head(1).to_csv("pilots.tsv", sep="\t", index=False)
    written = {word for example in sum(EXAMPLES.values(), ()) for word in example.split() if word.endswith(".html")}
    assert written and all(Path(page).stat().st_size > 1000 for page in written)
