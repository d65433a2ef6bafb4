"""The stages of the Galaxy tests: each takes the running Galaxy, says what is wrong, and returns rows of a summary."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import yaml
from browser import walk_in_browser
from collection_of_files import problem_of_collections
from reached_program import cause_of, check_report, read_test_cases
from reruns import CASES, rerun_all
from results_as_inputs import problem_of_results
from server import DATA_MANAGER, HOME, ROOT, GalaxyServer
from summary import Row, read_report, rows_of, tests_in
from waiting import LONGEST_SECONDS
from web_client import find_browser
from workflow_pages import WORKFLOWS, workflows_without_a_run

# planemo does not look for .planemo.yml by itself
PLANEMO = (str(HOME / "planemo" / "bin" / "planemo"), "--config", ".planemo.yml")
REPORTS = HOME / "report"
# as many as Galaxy has workers
AT_ONCE = 2
LEFT_BEHIND = "plnmotmptestjob*.json"
"""Planemo writes the inputs of each test beside the test, and leaves them there when it is stopped."""
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


def dealt(weights: Mapping[Path, int]) -> list[list[Path]]:
    """Deal files to `AT_ONCE` shares, of about the same weight each; a share without any is left out."""
    shares: list[list[Path]] = [[] for _ in range(AT_ONCE)]
    for path in sorted(weights, key=lambda path: (-weights[path], path)):
        min(shares, key=lambda share: sum(weights[each] for each in share)).append(path)
    return [share for share in shares if share]


def planemo_test(server: GalaxyServer, report: Path, weights: Mapping[Path, int]) -> tuple[bool, bool]:
    """Run ``planemo test`` on files with so many tests each; returns whether all passed, and whether it reported.

    A test mostly waits for Galaxy, which has two workers: so a planemo for each share of the files runs at once. Their
    results are put together in `report`; each share's page and JUnit file stand beside it.
    """
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    runs: dict[Path, list[str]] = {}
    for number, share in enumerate(dealt(weights), start=1):
        part = report.with_stem(f"{report.stem}_{number}")
        part.unlink(missing_ok=True)
        runs[part] = [
            *("--galaxy_url", server.url, "--galaxy_admin_key", server.admin_key, "--galaxy_user_key", server.user_key),
            *("--no_shed_install", "--test_timeout", str(LONGEST_SECONDS)),
            *("--test_output", str(part.with_suffix(".html")), "--test_output_json", str(part)),
            *("--test_output_junit", str(part.with_suffix(".xml"))),
            *(str(path.relative_to(ROOT)) for path in share),
        ]
    folders = {ROOT, *(path.parent for path in weights)}
    clear_left_behind(folders)
    try:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            codes = list(pool.map(lambda arguments: planemo("test", *arguments), runs.values()))
    finally:
        clear_left_behind(folders)
    missing = [part for part in runs if not part.exists()]
    for part in missing:
        say(f"FAILED planemo wrote no report to {part.relative_to(ROOT)}")
    if not missing:
        report.write_text(json.dumps({"tests": [each for part in runs for each in tests_in(part)]}))
    return not any(codes), not missing


def clear_left_behind(folders: Iterable[Path]) -> None:
    """Remove what a planemo that was stopped left behind; none may be running."""
    for folder in folders:
        for path in folder.glob(LEFT_BEHIND):
            path.unlink(missing_ok=True)


def run_tool_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of all tools."""
    return run_tests_in(server, ROOT / "tools", REPORTS / "tool_test_output.json")


def run_data_manager_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of the tool that installs models for everybody."""
    return run_tests_in(server, DATA_MANAGER / "data_manager", REPORTS / "data_manager_test_output.json")


def run_tests_in(server: GalaxyServer, tools: Path, report: Path) -> tuple[bool, list[Row]]:
    passed, reported = planemo_test(server, report, Counter(case.tool for case in read_test_cases(tools)))
    if not reported:
        return False, []
    problems, summary = check_report(report, tools)
    for problem in problems:
        say(f"FAILED {problem}")
    say(summary)
    return passed and not problems, rows_of(report)


def run_workflow_tests(server: GalaxyServer) -> tuple[bool, list[Row]]:
    """All tests of all workflows, and the report that Galaxy makes of each run."""
    report = REPORTS / "workflow_test_output.json"
    tests = {path: number_of_tests(path) for path in workflow_files()}
    passed, reported = planemo_test(server, report, tests)
    if not reported:
        return False, []
    results = read_report(report)
    problems = [f"{name}: {each['status']}: {cause_of(each)}" for name, each in results if each["status"] != "success"]
    for path, expected in tests.items():
        ran = sum(name == path.name for name, _ in results)
        if expected != ran:
            problems.append(f"{path.name}: {ran} of its {expected} tests were run")
    for name, each in results:
        run = ((each.get("invocation_details") or {}).get("details") or {}).get("invocation_id")
        if run:
            problems += [f"{name}: {problem}" for problem in problems_of_run_report(server, run)]
    for problem in problems:
        say(f"FAILED {problem}")
    return passed and not problems, rows_of(report)


def number_of_tests(workflow: Path) -> int:
    """How many tests stand beside a workflow."""
    tests = workflow.with_name(workflow.name.replace(".gxwf.yml", ".gxwf-tests.yml"))
    return len(yaml.safe_load(tests.read_text()))


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
    """A newcomer's steps in a real browser, where there is one; pages of workflows' runs that are lacking are made."""
    start = time.monotonic()
    if find_browser():
        make_runs(server)
    outcome = walk_in_browser(server.url)
    seconds = time.monotonic() - start
    say(f"Browser: {outcome.word}: {outcome.message}")
    note = "" if outcome.word == "passed" else outcome.word
    return outcome.word != "FAILED", [Row("browser", int(note != "SKIPPED"), int(not note), seconds, note)]


def make_runs(server: GalaxyServer) -> None:
    """Run the workflows whose pages are to be looked at, where the stage before has not done so."""
    from bioblend.galaxy import GalaxyInstance

    invocations = GalaxyInstance(server.url, key=server.user_key).invocations
    made = [each["id"] for each in invocations.get_invocations(limit=100)]
    pages = {run: invocations.get_invocation_report(run)["markdown"] for run in made}
    lacking = {path: number_of_tests(path) for path in workflows_without_a_run(pages).values()}
    if lacking:
        planemo_test(server, REPORTS / "pages_test_output.json", lacking)


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
