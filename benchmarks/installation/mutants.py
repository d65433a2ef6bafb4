"""python -m benchmarks.installation.mutants: faults planted into copies of the package, and what finds each.

Run outside the tests: each fault costs from some seconds to a minute.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import drugresponse
from benchmarks.installation.faults import CHOSEN, Fault, drawn_faults
from drugresponse.validation.examination import AREAS

PACKAGE = Path(drugresponse.__file__).parent
FIRST = {
    "readers": ("Reading",),
    "features": ("Learning",),
    "data": ("Outcomes", "Learning", "Reading"),
    "learners": ("Learning", "Outcomes"),
    "model": ("Learning", "Outcomes", "Refusals"),
    "evaluation": ("Commands",),
    "explanation": ("Statistics", "Commands"),
    "association": ("Statistics",),
    "curves": ("Statistics",),
    "genotype_qc": ("Statistics",),
    "simulation": ("Statistics", "Commands"),
    "audit": ("Refusals",),
    "outputs.py": ("Commands", "Refusals"),
    "errors.py": ("Refusals",),
    "workflows": ("Commands",),
}
"""Areas that most probably find a fault in a room; the others are asked where these do not."""
_LONGEST = 900


def copied_package(folder: Path) -> Path:
    """The package as it would be installed, with what was compiled of it; the pack is a link."""
    target = folder / "drugresponse"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("pack"), copy_function=shutil.copy2)
    (target / "validation" / "pack").symlink_to(PACKAGE / "validation" / "pack")
    return target


def found_by_validate(site: Path, room: str, *, likeliest: bool = False) -> str:
    """The first check that does not hold, the likeliest areas first, or alone; empty where all hold."""
    first = FIRST.get(room, ())
    rest = [area for area in AREAS if area not in first]
    for areas in (first, () if likeliest else rest):
        if areas and (check := _first_wrong(site, areas)):
            return check
    return ""


def _first_wrong(site: Path, areas: Sequence[str]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        lines, scratch = Path(folder, "lines"), Path(folder, "work")
        scratch.mkdir()
        command = [sys.executable, "-m", "drugresponse.validation.examination", str(lines), str(scratch), *areas]
        environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "1"}
        with subprocess.Popen(
            command, env=environment, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as process:
            begun = time.monotonic()
            while True:
                ended = process.poll() is not None
                for row in _rows(lines):
                    if row.get("holds") is False:
                        process.kill()
                        return f"{row['area']}: {row['check']}"
                if ended:
                    return "" if process.returncode == 0 else f"the process ended with code {process.returncode}"
                if time.monotonic() - begun > _LONGEST:
                    process.kill()
                    return f"no end after {_LONGEST} s"
                time.sleep(0.5)


def _rows(lines: Path) -> Iterator[dict[str, str]]:
    whole = lines.read_text("utf-8").rpartition("\n")[0] if lines.exists() else ""
    return (json.loads(line) for line in whole.splitlines())


def found_by_unit_tests(site: Path, file: str) -> str:
    """Whether the unit tests of the room of a module fail on the faulty copy."""
    tests = Path(__file__).resolve().parents[2] / "tests" / Path(file).parent
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", str(tests)]
    environment = {**os.environ, "PYTHONPATH": f"{site}{os.pathsep}{tests.parents[0]}", "OMP_NUM_THREADS": "1"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, check=False, timeout=_LONGEST)
    except subprocess.TimeoutExpired:
        return "no end"
    return "found" if done.returncode == 1 else "not found" if done.returncode == 0 else "no tests"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.installation.mutants", description=__doc__)
    parser.add_argument("--drawn", type=int, default=60, help="operators changed, beside the faults chosen by hand")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--first", type=int, default=0, help="leave out the faults before this one")
    parser.add_argument("--minutes", type=float, default=600, help="begin no other fault after so long")
    parser.add_argument("--likeliest", action="store_true", help="ask only the areas that most probably find a fault")
    parser.add_argument("--unit-tests", action="store_true", help="also run the unit tests of each room")
    parser.add_argument("--table", type=Path, required=True, help="tab-separated, a row for each fault")
    options = parser.parse_args()
    faults = [*CHOSEN, *drawn_faults(PACKAGE, options.drawn, options.seed)][options.first :]
    begun = time.monotonic()
    with options.table.open("w", encoding="utf-8") as table:
        table.write("fault\tfound by validate\tunit tests\n")
        for fault in faults:
            if time.monotonic() - begun > 60 * options.minutes:
                break
            found, units = _tried(fault, likeliest=options.likeliest, with_unit_tests=options.unit_tests)
            table.write(f"{fault.words}\t{found or 'not found'}\t{units}\n")
            table.flush()


def _tried(fault: Fault, *, likeliest: bool, with_unit_tests: bool) -> tuple[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        site = Path(folder)
        path = copied_package(site) / fault.file
        path.write_text(fault.planted(path.read_text("utf-8")), encoding="utf-8")
        found = found_by_validate(site, fault.file.partition("/")[0], likeliest=likeliest)
        return found, found_by_unit_tests(site, fault.file) if with_unit_tests else ""


if __name__ == "__main__":
    main()
