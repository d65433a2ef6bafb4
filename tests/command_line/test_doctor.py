"""What the doctor finds in good and in bad surroundings."""

from __future__ import annotations

import json
import subprocess
import sys
from importlib import metadata

import pytest

from drugresponse.cli import main
from drugresponse.version import __version__

VARIABLES = (
    "GALAXY_SLOTS",
    "GALAXY_MEMORY_MB",
    "GALAXY_DRUGRESPONSE_DEVICE",
    "GALAXY_DRUGRESPONSE_DASK",
    "_GALAXY_JOB_TMP_DIR",
)


@pytest.fixture(autouse=True)
def no_variables(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


def examined(capsys) -> tuple[int, dict]:
    code = main(["doctor", "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_doctor__names_versions_and_finds_nothing_here(capsys, monkeypatch):
    monkeypatch.setenv("GALAXY_SLOTS", "1")
    code, found = examined(capsys)
    assert (code, found["problems"]) == (0, [])
    assert found["version"] == __version__
    assert found["libraries"]["numpy"] == metadata.version("numpy")
    assert found["threads"] == 1
    assert found["variables"]["GALAXY_SLOTS"] == "1"


def test_doctor__text_says_the_same(capsys):
    assert main(["doctor"]) == 0
    page = capsys.readouterr().out
    assert page.endswith("Nothing that would go wrong was found.\n")
    assert f"numpy {metadata.version('numpy')}" in page


@pytest.mark.parametrize(
    ("variable", "value", "problem"),
    [
        ("GALAXY_SLOTS", "many", 'GALAXY_SLOTS: "many" is not a whole number'),
        ("GALAXY_MEMORY_MB", "8G", 'GALAXY_MEMORY_MB: "8G" is not a number of megabytes'),
        ("GALAXY_MEMORY_MB", "500", "MB are left (expected 600 or more)"),
        ("GALAXY_DRUGRESPONSE_DEVICE", "gpu", 'GALAXY_DRUGRESPONSE_DEVICE: "gpu" is none of the choices'),
    ],
)
def test_doctor__says_what_would_go_wrong(capsys, monkeypatch, variable, value, problem):
    monkeypatch.setenv(variable, value)
    code, found = examined(capsys)
    assert code == 2
    (only,) = found["problems"]
    assert problem in only


def test_doctor__a_temporary_folder_that_cannot_be_written(tmp_path):
    """In a process of its own: Python looks for the folder once."""
    words = [sys.executable, "-m", "drugresponse.cli", "doctor"]
    code = "import tempfile, runpy, sys; tempfile.tempdir = '/nowhere'; sys.argv = ['drugresponse', 'doctor']"
    code += "; runpy.run_module('drugresponse.cli', run_name='__main__')"
    done = subprocess.run([words[0], "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2
    assert "temporary folder: cannot be written" in done.stdout


def test_doctor__loads_nothing_heavy():
    code = "import sys, drugresponse.cli as cli; cli.main(['doctor']); print('LOADED', *sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    modules = {name.partition(".")[0] for name in done.stdout.rpartition("LOADED")[2].split()}
    assert modules.isdisjoint({"numpy", "pandas", "torch", "sklearn"})
