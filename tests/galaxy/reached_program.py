"""Did every test that expects a failure reach the program?

Galaxy also passes such a test when it refuses the parameters itself: then no job has run, and the asserted message was
never looked for. So the report of ``planemo test`` is read again here, against the test cases in the tools' XML.
"""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from summary import tests_in

# the command line, and the script of the data manager
PROGRAMS = ("drugresponse", "install_model")


@dataclass(frozen=True)
class TestCase:
    """One test of one tool, as its XML declares it."""

    __test__ = False  # not a class for pytest to collect

    tool: Path
    tool_id: str
    index: int
    expect_failure: bool
    expect_exit_code: int | None
    messages: tuple[str, ...]

    @property
    def name(self) -> str:
        return f"{self.tool_id} test {self.index + 1}"


def read_test_cases(tools: Path) -> list[TestCase]:
    """Read the test cases of all tools in a folder, in the order in which Galaxy numbers them."""
    cases = []
    for path in sorted(tools.glob("*.xml")):
        tool = ElementTree.parse(path).getroot()
        if tool.tag != "tool":
            continue
        for index, test in enumerate(tool.iterfind("tests/test")):
            code = test.get("expect_exit_code")
            cases.append(
                TestCase(
                    tool=path,
                    tool_id=tool.attrib["id"],
                    index=index,
                    expect_failure=test.get("expect_failure", "").lower() == "true",
                    expect_exit_code=int(code) if code else None,
                    messages=tuple(each.attrib["text"] for each in test.iterfind("assert_stderr/has_text")),
                )
            )
    return cases


def cause_of(result: dict[str, Any]) -> str:
    """The last line that the program wrote to stderr, or else what Galaxy's test driver had to say, on one line."""
    stderr = ((result.get("job") or {}).get("tool_stderr") or "").strip()
    if stderr and not result.get("execution_problem"):
        return stderr.splitlines()[-1][:300]
    said = str(result.get("execution_problem") or "; ".join(result.get("output_problems") or [])).strip()
    return said.splitlines()[-1][:300] if said else "no message"


def problems_of(case: TestCase, result: dict[str, Any] | None) -> list[str]:
    """What is wrong with the result of one test case, apart from what Galaxy itself has already said."""
    if result is None:
        return [f"{case.name}: not run"]
    if result.get("status") != "success":
        return [f"{case.name}: {result.get('status')}: {cause_of(result)}"]
    if not case.expect_failure:
        return []
    problems = []
    if not case.messages:
        problems.append(f"{case.name}: expects a failure, but asserts no message (add assert_stderr with has_text)")
    job = result.get("job") or {}
    if not job:
        return [*problems, f"{case.name}: no job ran, because Galaxy itself refused the parameters"]
    stderr = job.get("tool_stderr") or ""
    if not any(program in stderr for program in PROGRAMS):
        problems.append(f"{case.name}: the program was not reached (stderr: {stderr.strip()[:200]!r})")
    problems += [f"{case.name}: {text!r} is not in stderr" for text in case.messages if text not in stderr]
    if case.expect_exit_code is not None and job.get("exit_code") != case.expect_exit_code:
        problems.append(f"{case.name}: exit code {job.get('exit_code')} (expected {case.expect_exit_code})")
    return problems


def check_report(report: Path, tools: Path) -> tuple[list[str], str]:
    """Compare the report of ``planemo test`` with the tools' XML; returns the problems and a line that sums up."""
    cases = read_test_cases(tools)
    results = {(each["data"]["tool_id"], int(each["data"]["test_index"])): each["data"] for each in tests_in(report)}
    problems = [problem for case in cases for problem in problems_of(case, results.get((case.tool_id, case.index)))]
    if not cases:
        problems.append(f"{tools}: no tool there has a test")
    failing = sum(case.expect_failure for case in cases)
    passed = sum(each.get("status") == "success" for each in results.values())
    return problems, f"Galaxy tests: {passed} of {len(cases)} passed; {failing} of them expect a failure of the program"
