"""The stages of the Galaxy tests: each takes the running Galaxy, says what is wrong, and returns rows of a summary."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import yaml
from browser import walk_in_browser
from collection_of_files import problem_of_collections
from reached_program import cause_of, check_report
from reruns import CASES, rerun_all
from results_as_inputs import problem_of_results
from server import DATA_MANAGER, HOME, ROOT, GalaxyServer
from summary import Row, read_report, rows_of
from waiting import LONGEST_SECONDS

# planemo does not look for .planemo.yml by itself
PLANEMO = (str(HOME / "planemo" / "bin" / "planemo"), "--config", ".planemo.yml")
REPORTS = HOME / "report"
WORKFLOWS = ROOT / "tools" / "workflows"
LESSON = ROOT / "docs" / "tutorial" / "workflows"
EXAMPLE = ROOT / "docs" / "examples" / "drive_galaxy.py"
COHORT = ROOT / "test-data" / "cell_lines"


def say(line: str) -> None:
    print(line, flush=True)


def planemo(*arguments: str) -> int:
    """Run planemo in the repository's root: it finds the top-level test-data only from there."""
    return subprocess.run([*PLANEMO, *arguments], cwd=ROOT, check=False).returncode


def workflow_files() -> list[Path]:
    """Those that are offered to all, and that of the tutorial."""
    return [*sorted(WORKFLOWS.glob("*/*.gxwf.yml")), *sorted(LESSON.glob("*.gxwf.yml"))]


def planemo_test(server: GalaxyServer, report: Path, *what: str) -> tuple[int, bool]:
    """Run ``planemo test`` against the server; returns its exit code, and whether it wrote its report."""
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    outputs = (
        *("--test_output", str(report.with_suffix(".html")), "--test_output_json", str(report)),
        *("--test_output_junit", str(report.with_suffix(".xml"))),
    )
    code = planemo(
        *("test", "--galaxy_url", server.url, "--galaxy_admin_key", server.admin_key),
        *("--galaxy_user_key", server.user_key, "--no_shed_install", "--test_timeout", str(LONGEST_SECONDS)),
        *(*outputs, *what),
    )
    if not report.exists():
        say(f"FAILED planemo wrote no report to {report.relative_to(ROOT)}")
    return code, report.exists()


def run_tool_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of all tools."""
    return run_tests_in(server, ROOT / "tools", REPORTS / "tool_test_output.json")


def run_data_manager_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of the tool that installs models for everybody."""
    return run_tests_in(server, DATA_MANAGER / "data_manager", REPORTS / "data_manager_test_output.json")


def run_tests_in(server: GalaxyServer, tools: Path, report: Path) -> tuple[bool, list[Row]]:
    code, written = planemo_test(server, report, str(tools.relative_to(ROOT)))
    if not written:
        return False, []
    problems, summary = check_report(report, tools)
    for problem in problems:
        say(f"FAILED {problem}")
    say(summary)
    return not code and not problems, rows_of(report)


def run_workflow_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of all workflows, and the report that Galaxy makes of each run."""
    report = REPORTS / "workflow_test_output.json"
    files = workflow_files()
    code, written = planemo_test(server, report, *(str(path.relative_to(ROOT)) for path in files))
    if not written:
        return False, []
    results = read_report(report)
    problems = [f"{name}: {each['status']}: {cause_of(each)}" for name, each in results if each["status"] != "success"]
    for path in files:
        tests = path.with_name(path.name.replace(".gxwf.yml", ".gxwf-tests.yml"))
        expected, ran = len(yaml.safe_load(tests.read_text())), sum(name == path.name for name, _ in results)
        if expected != ran:
            problems.append(f"{path.name}: {ran} of its {expected} tests were run")
    for name, each in results:
        run = ((each.get("invocation_details") or {}).get("details") or {}).get("invocation_id")
        if run:
            problems += [f"{name}: {problem}" for problem in problems_of_run_report(server, run)]
    for problem in problems:
        say(f"FAILED {problem}")
    return not code and not problems, rows_of(report)


def problems_of_run_report(server: GalaxyServer, run: str) -> list[str]:
    """What is wrong with the page that Galaxy shows of a workflow's run; planemo does not look at it."""
    from bioblend import ConnectionError as RefusedError
    from bioblend.galaxy import GalaxyInstance  # only planemo's Python has it

    galaxy = GalaxyInstance(server.url, key=server.user_key)
    try:
        page = galaxy.invocations.get_invocation_report(run)
    except RefusedError as error:
        return [f"the report of the run cannot be made: {str(error.body)[:200]}"]
    # without a report of its own, a workflow has a page that only lists inputs and outputs
    return [] if "For research only" in page["markdown"] else ["the report of the run is not the workflow's own"]


def run_browser(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """A newcomer's steps in a real browser, where there is one."""
    start = time.monotonic()
    outcome = walk_in_browser(server.url)
    seconds = time.monotonic() - start
    say(f"Browser: {outcome.word}: {outcome.message}")
    note = "" if outcome.word == "passed" else outcome.word
    return outcome.word != "FAILED", [Row("browser", int(note != "SKIPPED"), int(not note), seconds, note)]


def run_example(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """The example of the documentation that drives Galaxy from Python."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        try:
            done = subprocess.run(
                [sys.executable, str(EXAMPLE), server.url, str(COHORT), folder],
                env={**os.environ, "GALAXY_KEY": server.user_key},
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
            problem = problem_of_example(done, Path(folder))
        except subprocess.TimeoutExpired:
            problem = f"it had not ended after {LONGEST_SECONDS} s"
    if problem:
        say(f"FAILED {EXAMPLE.name}: {problem}")
    return not problem, [Row(EXAMPLE.name, 1, int(not problem), time.monotonic() - start)]


def problem_of_example(done: subprocess.CompletedProcess[str], folder: Path) -> str | None:
    """What is wrong with the results of the example, if anything."""
    if done.returncode:
        return (done.stderr.strip().splitlines() or ["no message"])[-1]
    wanted = {"model.safetensors", "metrics.tsv", "predictions.tsv"}
    if {path.name for path in folder.iterdir()} != wanted:
        return f"it wrote {sorted(path.name for path in folder.iterdir())} ({sorted(wanted)} expected)"
    n_lines = len((folder / "predictions.tsv").read_text().splitlines())
    return None if n_lines == 241 else f"predictions.tsv has {n_lines} lines (241 expected)"


def run_reruns(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """Each tool twice, with another number of slots: all outputs must be equal, byte by byte."""
    from bioblend.galaxy import GalaxyInstance

    start = time.monotonic()
    problems = rerun_all(GalaxyInstance(server.url, key=server.user_key))
    for each in problems.values():
        for problem in each:
            say(f"FAILED {problem}")
    return not problems, [Row("reruns", len(CASES), len(CASES) - len(problems), time.monotonic() - start)]


def run_collections(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """Genotypes given as a collection, which planemo cannot give to a field for several datasets."""
    start = time.monotonic()
    problem = problem_of_collections(server)
    if problem:
        say(f"FAILED collections: {problem}")
    return not problem, [Row("collections", 1, int(not problem), time.monotonic() - start)]


def run_results(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """Results given as inputs, which a form refuses, and plain text, which it takes."""
    start = time.monotonic()
    problem = problem_of_results(server)
    if problem:
        say(f"FAILED results as inputs: {problem}")
    return not problem, [Row("results as inputs", 1, int(not problem), time.monotonic() - start)]


STAGES: dict[str, Callable[[GalaxyServer], tuple[bool, list[Row]]]] = {
    "tools": run_tool_tests,
    "data_manager": run_data_manager_tests,
    "workflows": run_workflow_tests,
    "browser": run_browser,
    "example": run_example,
    "reruns": run_reruns,
    "collections": run_collections,
    "results": run_results,
}
