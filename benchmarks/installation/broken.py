"""python -m benchmarks.installation.broken: what `drugresponse validate` says of installations that are broken.

Each is a copy of the package, or a folder before it on the path, that breaks one thing.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from benchmarks.installation.mutants import PACKAGE

Breaking = Callable[[Path], Mapping[str, str]]
"""Breaks the installation in a folder that holds the package; gives the environment to run it in."""

_WITHOUT = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError("No module named " + repr(name), name=name)
sys.meta_path.insert(0, Absent())
"""
_PROGRAM = """
import functools, sys
from drugresponse.validation import validate
areas = sys.argv.pop(1)
if areas:
    validate.results_of_checks = functools.partial(validate.results_of_checks, areas.split(","))
from drugresponse.cli import main
sys.exit(main(["validate", *sys.argv[1:]]))
"""
"""The command, of which only the areas that concern the fault are run."""


def _customised(code: str) -> Breaking:
    def broken(site: Path) -> Mapping[str, str]:
        (site / "sitecustomize.py").write_text(code, encoding="utf-8")
        return {}

    return broken


def _without_library(name: str) -> Breaking:
    return _customised(_WITHOUT.format(name=name))


def _file(name: str, text: str) -> Breaking:
    def broken(site: Path) -> Mapping[str, str]:
        path = site / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return {}

    return broken


def _removed(name: str) -> Breaking:
    def broken(site: Path) -> Mapping[str, str]:
        path = site / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
        return {}

    return broken


def _pack(change: Callable[[Path], object]) -> Breaking:
    """A file of the pack is changed."""

    def broken(site: Path) -> Mapping[str, str]:
        change(site / "drugresponse" / "validation" / "pack")
        return {}

    return broken


def _cut(pack: Path) -> None:
    file = pack / "models" / "ridge.safetensors"
    file.write_bytes(file.read_bytes()[:9000])


def _environment(**variables: str) -> Breaking:
    return lambda _site: variables


_OLD_XGBOOST = "Metadata-Version: 2.1\nName: xgboost\nVersion: 2.0.3\n"
_HALF = "import numpy\nbefore = numpy.linalg.svd\ndef svd(*a, **k):\n    made = before(*a, **k)\n"
_HALF += "    return made if not isinstance(made, tuple) else type(made)(made[0], made[1] * 1.01, made[2])\n"
BROKEN: Mapping[str, tuple[str, Breaking]] = {
    "a library is missing: xgboost": ("Installation,Learning", _without_library("xgboost")),
    "a library is missing with which the program begins: numpy": ("Installation", _without_library("numpy")),
    "xgboost of another format of trees": ("Installation", _file("xgboost-2.0.3.dist-info/METADATA", _OLD_XGBOOST)),
    "the pack is cut short": ("Installation,Learning", _pack(_cut)),
    "the pack is missing": ("Installation", _removed("drugresponse/validation/pack")),
    "no temporary folder can be written": (
        "Installation",
        _customised("import tempfile\ntempfile._candidate_tempdir_list = lambda: ['/proc/none']\n"),
    ),
    "TMPDIR is a folder that is not there": ("Installation", _environment(TMPDIR="/proc/none")),
    "package data is missing: the page's template": ("Commands", _removed("drugresponse/report/templates/page.html")),
    "a module of the package is missing": ("Installation", _removed("drugresponse/learners/sparse/sparse.py")),
    "a module shadows a library: h5py.py": ("Installation,Reading", _file("h5py.py", "")),
    "a module shadows the standard library: random.py": ("Installation", _file("random.py", "")),
    "a library crashes as it is loaded: cyvcf2": ("Reading", _file("cyvcf2.py", "import os\nos.abort()\n")),
    "another version of the package on the path": (
        "Installation",
        _file("drugresponse/version.py", '"""The version."""\n\n__version__ = "0.0.9"\n'),
    ),
    "linear algebra that is a little wrong": ("Learning", _customised(_HALF + "numpy.linalg.svd = svd\n")),
    "the locale is C, without UTF-8 (nothing is broken)": (
        "Installation,Reading,Commands",
        _environment(LC_ALL="C", LANG="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0"),
    ),
}
"""By what is broken: the areas that are run, and how it is broken."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.installation.broken", description=__doc__)
    parser.add_argument("--whole", action="store_true", help="run every area, not those alone that concern the fault")
    parser.add_argument("--only", default="", help="those whose name holds this")
    options = parser.parse_args()
    for name, (areas, broken) in BROKEN.items():
        if options.only in name:
            code, line = validated("" if options.whole else areas, broken)
            print(f"{name}\t{code}\t{line}", flush=True)


def validated(areas: str, broken: Breaking) -> tuple[int, str]:
    """The exit code of `validate` on a copy that is broken so, and its last line; of all areas where none is named."""
    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryDirectory() as site:
        shutil.copytree(PACKAGE, Path(site, "drugresponse"), ignore=shutil.ignore_patterns("__pycache__"))
        variables = broken(Path(site))
        environment = {**os.environ, "PYTHONPATH": site, "OMP_NUM_THREADS": "1", **variables}
        words = [sys.executable, "-c", _PROGRAM, areas, "--report", "page.html", "--checks", "checks.tsv"]
        done = subprocess.run(
            words, cwd=folder, env=environment, capture_output=True, text=True, errors="replace", check=False
        )
        said = [line for line in done.stderr.splitlines() if line.strip()] or done.stdout.splitlines()
        return done.returncode, said[-1] if said else ""


if __name__ == "__main__":
    main()
