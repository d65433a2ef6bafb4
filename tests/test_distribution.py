"""What pip makes of this check-out: wheel and sdist that hold every file, and work in an empty environment."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import venv
import zipfile
from pathlib import Path

import pytest
from sklearn import __file__ as a_library

from tests.galaxy_tools import ROOT

BESIDE = ("LICENSE", "README.md", "pyproject.toml", "setup.cfg")
HOLDS_ALL = """
import sys, tempfile
from pathlib import Path
import drugresponse
from drugresponse.validation.bench import Bench
from drugresponse.validation.examination import examine

assert Path(drugresponse.__file__).is_relative_to(sys.prefix), drugresponse.__file__
made = [check for _, _, check in examine(Bench(Path(tempfile.mkdtemp(dir="."))), ["Installation"]) if check is not None]
assert made
for check in made:
    if not check.holds:
        print(check)
"""


def of_package(folder: Path) -> set[str]:
    """Files of the package by their place beside it, but for those that Python makes of them."""
    files = (folder / "drugresponse").rglob("*")
    return {str(file.relative_to(folder)) for file in files if file.is_file() and file.parent.name != "__pycache__"}


def run(*command: str | Path, cwd: Path) -> str:
    """What a command says, in a process that knows neither this check-out nor pip's settings."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP_"))}
    done = subprocess.run([*map(str, command)], cwd=cwd, env=clean, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory) -> Path:
    """Of a copy, since building writes beside what it builds; by the setuptools that is here, which torch needs too."""
    copy, made = tmp_path_factory.mktemp("checkout"), tmp_path_factory.mktemp("sdist")
    shutil.copytree(ROOT / "drugresponse", copy / "drugresponse", ignore=shutil.ignore_patterns("__pycache__"))
    for name in BESIDE:
        shutil.copy(ROOT / name, copy)
    run(sys.executable, "-c", f"from setuptools import build_meta; build_meta.build_sdist({str(made)!r})", cwd=copy)
    (file,) = made.iterdir()
    return file


@pytest.fixture(scope="module")
def wheel(sdist, tmp_path_factory) -> Path:
    """Of the sdist, as where a machine builds for itself."""
    made = tmp_path_factory.mktemp("wheel")
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "wheel", "-q", "--no-index")
    run(*pip, "--no-deps", "--no-build-isolation", "-w", made, sdist, cwd=made)
    (file,) = made.iterdir()
    return file


def test_sdist__holds_every_file_of_the_package(sdist):
    with tarfile.open(sdist) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {*of_package(ROOT), *BESIDE} - names == set()


def test_wheel__holds_every_file_of_the_package_and_no_other(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = {name for name in archive.namelist() if ".dist-info/" not in name}
    assert names == of_package(ROOT)


def test_wheel__works_in_an_empty_environment(wheel, tmp_path):
    """Installed by pip alone; the libraries are those of this environment, where the package is linked and not seen."""
    venv.create(tmp_path / "env", with_pip=False)
    python = tmp_path / "env" / "bin" / "python"
    (libraries,) = (tmp_path / "env" / "lib").glob("python*/site-packages")
    (libraries / "libraries.pth").write_text(f"{Path(a_library).parents[1]}\n", encoding="utf-8")
    pip = (sys.executable, "-m", "pip", "--isolated", "--disable-pip-version-check", "--python", python)
    run(*pip, "install", "-q", "--no-index", "--no-deps", "--no-compile", wheel, cwd=tmp_path)
    command = python.with_name("drugresponse")
    assert run(command, "--version", cwd=tmp_path).startswith("drugresponse ")
    run(command, "simulate", "--directory", "made", "--n-samples", "20", "--n-features", "20", cwd=tmp_path)
    assert (tmp_path / "made" / "genotypes.tsv").exists()
    assert run(python, "-c", HOLDS_ALL, cwd=tmp_path) == ""
