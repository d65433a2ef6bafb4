"""Build the distribution, install it into empty environments as a user would, use it, and write its bill of materials.

Run by make: `.venv/bin/python packaging/release_check.py [--lowest] [--python PATH ...] [--without torch]`. What it
makes stands in `build/release`: wheel, sdist and `drugresponse.cdx.json`, a CycloneDX bill of what is installed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from install import CONSTRAINTS, ROOT, as_uv_variables, pip_settings, say

FOLDER = ROOT / "build" / "release"
BILL = "drugresponse.cdx.json"
BILL_WRITER = "cyclonedx-bom==7.5.0"
USE = (
    "--version",
    "simulate --directory cohort --n-samples 40 --n-drugs 4 --n-features 30",
    "train --genotypes cohort/genotypes.vcf --responses cohort/responses.tsv --samples cohort/samples.tsv "
    "--drugs cohort/drugs.tsv --learner ridge --folds 2 --model model.safetensors --report page.html",
    "train --genotypes cohort/genotypes.tsv --responses cohort/responses.tsv --learner boosted-trees --trees 8 "
    "--folds 0 --model trees.safetensors",
    "prepare --genotypes cohort/genotypes.vcf --dataset cohort.h5ad --summary summary.tsv",
    "predict --model trees.safetensors --genotypes cohort/new_genotypes.tsv --predictions predictions.tsv",
)
"""Commands that need nearly every library; none needs torch."""


def uv(*words: str | Path) -> None:
    """Run uv, which takes the settings of pip."""
    settings = pip_settings()
    variables = as_uv_variables(settings) or {}
    found = [str(Path(sys.executable).with_name("uv")), *map(str, words)]
    subprocess.run(found, check=True, cwd=ROOT, env={**variables, **os.environ})


def constraints() -> list[str]:
    """Words that pin what is installed to the versions that were tested."""
    named = (CONSTRAINTS, *pip_settings().get("constraint", "").split())
    return [word for path in named for word in ("-c", path)]


def install_and_use(what: Path, name: str, python: str, *how: str, without: Sequence[str] = ()) -> Path:
    """Install a file into an environment of its own, and run commands there; returns the environment."""
    began = time.monotonic()
    environment = FOLDER / f"environment-{name}"
    uv("venv", "-q", "--clear", "--python", python, environment)
    uv("pip", "install", "-q", "--python", environment / "bin" / "python", *how, *left_out(without), what)
    for each in without:
        stand_in(environment, each)
    place = FOLDER / f"use-{name}"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    clean = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    for words in USE:
        command = [str(environment / "bin" / "drugresponse"), *words.split()]
        done = subprocess.run(command, cwd=place, env=clean, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{name}: drugresponse {words}: exit code {done.returncode}\n{done.stderr[-3000:]}")
    say(f"{name}: installed and used, {time.monotonic() - began:.0f} s")
    return environment


def version_of(python: str) -> str:
    """The version of an interpreter, which is named by its path or by what the shell finds."""
    asked = [python, "-c", "import platform; print(platform.python_version())"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


def left_out(names: Sequence[str]) -> list[str]:
    """Words that leave libraries out, such as one that has no small build for an interpreter."""
    if not names:
        return []
    file = FOLDER / "left-out.txt"
    file.write_text("".join(f"{name}; python_version < '3'\n" for name in names), encoding="utf-8")
    return ["--override", str(file)]


def stand_in(environment: Path, name: str) -> None:
    """Make a library be named as installed, of which there is no code: a model keeps its version."""
    (libraries,) = environment.glob("lib/python*/site-packages")
    told = libraries / f"{name}-0.dist-info" / "METADATA"
    told.parent.mkdir()
    told.write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0\n", encoding="utf-8")


def main() -> int:
    """Build, install, use and write the bill."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lowest", action="store_true", help="also with the lowest versions that setup.cfg allows")
    parser.add_argument("--python", nargs="*", default=[], help="other Pythons to install the wheel into")
    parser.add_argument("--without", nargs="*", default=[], help="libraries that are not installed into other Pythons")
    options = parser.parse_args()
    shutil.rmtree(FOLDER, ignore_errors=True)
    uv("build", "-q", "--out-dir", FOLDER)
    wheel, sdist = (next(FOLDER.glob(pattern)) for pattern in ("*.whl", "*.tar.gz"))
    environment = install_and_use(wheel, "wheel", sys.executable, *constraints())
    install_and_use(sdist, "sdist", sys.executable, *constraints())
    if options.lowest:
        install_and_use(wheel, "lowest", sys.executable, "--resolution", "lowest-direct")
    for python in options.python:
        install_and_use(wheel, f"python-{version_of(python)}", python, without=options.without)
    bill = ("--output-reproducible", "--of", "JSON", "-o", FOLDER / BILL, environment / "bin" / "python")
    uv("tool", "run", "-q", "--from", BILL_WRITER, "cyclonedx-py", "environment", *bill)
    say(f"Bill of materials: {FOLDER / BILL}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
