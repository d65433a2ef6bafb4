"""python -m benchmarks.installation.mutants: faults planted into copies of the package, and what finds each.

Run outside the tests: each fault costs some seconds. The table is added to: faults that it names are not run again.
"""

from __future__ import annotations

import argparse
import gc
import importlib
import io
import os
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import drugresponse
from benchmarks.installation.faults import CHOSEN, Fault, drawn_faults
from benchmarks.robustness.forked import load_libraries
from drugresponse.validation.examination import AREAS

PACKAGE = Path(drugresponse.__file__).parent
PROJECT = Path(__file__).resolve().parents[2]
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
"""Areas that most probably find a fault in a room; the others are run where these do not."""
NOT_FOUND = "not found"
_MOST_SECONDS = {"validate": 200, "tests": 120}
"""Of processor time: a fault that lets a computation never end is found by it."""
_OURS = ("drugresponse", "tests", "benchmarks", "conftest")


def copied_project(folder: Path) -> Path:
    """The package as it would be installed, with its tests and what they read beside it; the package's folder."""
    target = folder / "drugresponse"
    shutil.copytree(PACKAGE, target, ignore=shutil.ignore_patterns("__pycache__"))
    for each in PROJECT.iterdir():
        if each.name in ("tests", "test-data", "tools"):
            shutil.copytree(each, folder / each.name)  # a fault may write over what is read
        elif each.name not in ("drugresponse", ".git", ".fuzz"):
            (folder / each.name).symlink_to(each)
    return target


def found_by_validate(site: Path, room: str, *, likeliest: bool = False) -> str:
    """The first check that does not hold, the likeliest areas first, or alone; `NOT_FOUND` where all hold."""
    first = FIRST.get(room, ())
    rest = () if likeliest else tuple(area for area in AREAS if area not in first)
    return _in_a_fork(site, lambda: _first_wrong(site, (*first, *rest)), _MOST_SECONDS["validate"])


def _first_wrong(site: Path, areas: Sequence[str]) -> str:
    from drugresponse.validation.bench import Bench
    from drugresponse.validation.examination import examine

    scratch = site / "work"
    scratch.mkdir()
    for area, _, check in examine(Bench(scratch), areas):
        if check is not None and not check.holds:
            return f"{area}: {check.check}"
    return NOT_FOUND


def found_by_unit_tests(site: Path, file: str) -> str:
    """The first unit test that fails on the faulty copy: examples of a module, and tests that mirror it or its room."""
    tests = [str(Path("drugresponse", file)), *mirrored_tests(file)]
    return _in_a_fork(site, lambda: _first_failed(site, tests), _MOST_SECONDS["tests"])


def mirrored_tests(file: str) -> list[str]:
    """The test files of a module by their names in the project; of its room, the nearest by name first."""
    stem = Path(file).stem.lstrip("_")
    room = Path("tests", file).parent
    own = PROJECT / room / f"test_{stem}.py"
    if own.exists():
        return [str(own.relative_to(PROJECT))]
    if room == Path("tests"):
        return []
    words = set(stem.split("_"))
    near = sorted(
        (PROJECT / room).glob("test_*.py"),
        key=lambda path: (-len(words & {*path.stem.split("_")}), path.stat().st_size, path.name),
    )
    return [str(path.relative_to(PROJECT)) for path in near]


def _first_failed(site: Path, tests: Sequence[str]) -> str:
    import pytest

    failed: list[str] = []

    class Failures:
        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.failed:
                failed.append(report.nodeid)

        def pytest_collectreport(self, report: pytest.CollectReport) -> None:
            if report.failed:
                failed.append(report.nodeid)

    paths = [str(site / each) for each in tests]
    words = ["-x", "-q", "--doctest-modules", "-p", "no:cacheprovider", "--rootdir", str(site)]
    words += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *paths]
    pytest.main(words, plugins=[Failures()])
    return failed[0] if failed else NOT_FOUND


def _in_a_fork(site: Path, work: Callable[[], str], most_seconds: int) -> str:
    """What work says that is done in a process of its own, with the package of a folder in the place of this one's."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder, "answer")
        pid = os.fork()
        if pid == 0:
            _answer(site, work, answer, most_seconds)
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if status == 0 and answer.exists():
            return answer.read_text("utf-8")
        return f"the process ended with code {status}"


def _answer(site: Path, work: Callable[[], str], answer: Path, most_seconds: int) -> None:
    """Never returns."""
    code = 1
    try:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (most_seconds, most_seconds + 5))
        nothing = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nothing, number)
        sys.stdout, sys.stderr = (io.TextIOWrapper(io.FileIO(number, "w"), encoding="utf-8") for number in (1, 2))
        (site / "tmp").mkdir(exist_ok=True)
        os.environ |= {"PYTHONPATH": str(site), "TMPDIR": str(site / "tmp")}
        tempfile.tempdir = None  # chosen anew
        os.chdir(site)
        for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
            del sys.modules[name]
        sys.path[:] = [str(site), *(path for path in sys.path if path not in ("", str(PROJECT)))]
        try:
            of_the_copy = Path(importlib.import_module("drugresponse").__file__ or "").is_relative_to(site)
            said = work() if of_the_copy else "the copy is not what was loaded"
        except Exception as error:
            said = f"not loaded: {type(error).__name__}"
        answer.write_text(said, encoding="utf-8")
        code = 0
    finally:
        with suppress(BaseException):
            sys.stdout.flush()
        os._exit(code)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.installation.mutants", description=__doc__)
    parser.add_argument("--drawn", type=int, default=61, help="operators changed, beside the faults chosen by hand")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--minutes", type=float, default=600, help="begin no other fault after so long")
    parser.add_argument("--likeliest", action="store_true", help="run only the areas that most probably find a fault")
    parser.add_argument("--only", nargs="*", default=[], help="words in the names of faults; all when left out")
    parser.add_argument("--unharmed", action="store_true", help="plant nothing: what is found then is no finding")
    parser.add_argument("--table", type=Path, required=True, help="tab-separated, a row for each fault")
    options = parser.parse_args()
    faults = [*CHOSEN, *drawn_faults(PACKAGE, options.drawn, options.seed)]
    faults = [each for each in faults if not options.only or any(word in each.words for word in options.only)]
    load_libraries()
    importlib.import_module("pytest")
    gc.freeze()
    done = options.table.read_text("utf-8").splitlines() if options.table.exists() else []
    named = {line.partition("\t")[0] for line in done}
    begun = time.monotonic()
    with options.table.open("a", encoding="utf-8") as table:
        if not done:
            table.write("fault\tvalidate\tunit tests\tseconds\n")
        for fault in faults:
            if fault.words in named or time.monotonic() - begun > 60 * options.minutes:
                continue
            table.write(_row(fault, likeliest=options.likeliest, unharmed=options.unharmed))
            table.flush()


def _row(fault: Fault, *, likeliest: bool, unharmed: bool) -> str:
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        site = Path(os.path.realpath(folder))
        path = copied_project(site) / fault.file
        if not unharmed:
            path.write_text(fault.planted(path.read_text("utf-8")), encoding="utf-8")
        units = found_by_unit_tests(site, fault.file)
        validate = found_by_validate(site, fault.file.partition("/")[0], likeliest=likeliest)
    return f"{fault.words}\t{validate}\t{units}\t{time.monotonic() - began:.0f}\n"


if __name__ == "__main__":
    main()
