from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from reached_program import check_report

TOOL = """
<tool id="drugresponse_toy">
    <tests>
        <test expect_num_outputs="1"/>
        <test expect_failure="true" expect_exit_code="2">
            <assert_stderr>
                <has_text text="at least 10"/>
            </assert_stderr>
        </test>
    </tests>
</tool>
"""
REFUSED = {"tool_stderr": "drugresponse train: error: 3 samples (at least 10 expected).", "exit_code": 2}


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    (tmp_path / "toy.xml").write_text(TOOL)
    (tmp_path / "macros.xml").write_text("<macros/>")
    return tmp_path


def problems(tools: Path, *jobs: dict[str, Any] | None, status: str = "success") -> list[str]:
    tests = [
        {"data": {"tool_id": "drugresponse_toy", "test_index": index, "status": status, "job": job}}
        for index, job in enumerate(jobs)
    ]
    report = tools / "report.json"
    report.write_text(json.dumps({"tests": tests}))
    return check_report(report, tools)[0]


def test_check_report__program_reached(tools: Path) -> None:
    assert problems(tools, {"exit_code": 0}, REFUSED) == []


def test_check_report__galaxy_refused_the_parameters(tools: Path) -> None:
    (problem,) = problems(tools, {"exit_code": 0}, None)
    assert problem.startswith("drugresponse_toy test 2: no job ran")


def test_check_report__another_program_failed(tools: Path) -> None:
    found = problems(tools, {"exit_code": 0}, {"tool_stderr": "ln: at least 10 links", "exit_code": 2})
    assert len(found) == 1 and "the program was not reached" in found[0]


def test_check_report__other_message(tools: Path) -> None:
    found = problems(tools, {"exit_code": 0}, {**REFUSED, "tool_stderr": "drugresponse train: error: another."})
    assert found == ["drugresponse_toy test 2: 'at least 10' is not in stderr"]


def test_check_report__other_exit_code(tools: Path) -> None:
    found = problems(tools, {"exit_code": 0}, {**REFUSED, "exit_code": 70})
    assert found == ["drugresponse_toy test 2: exit code 70 (expected 2)"]


def test_check_report__test_left_out(tools: Path) -> None:
    # Galaxy leaves a test case out of the report when it cannot read it
    assert problems(tools, {"exit_code": 0}) == ["drugresponse_toy test 2: not run"]


def test_check_report__failed_test(tools: Path) -> None:
    crash = {"tool_stderr": "Traceback:\ndrugresponse train: error: a defect.\n", "exit_code": 70}
    found = problems(tools, crash, REFUSED, status="failure")
    assert found[0] == "drugresponse_toy test 1: failure: drugresponse train: error: a defect."


def test_check_report__input_not_staged(tools: Path) -> None:
    test = {
        "tool_id": "drugresponse_toy",
        "test_index": 0,
        "status": "error",
        "execution_problem": "Trace\nno model.tsv",
    }
    report = tools / "report.json"
    report.write_text(json.dumps({"tests": [{"data": test}]}))
    assert check_report(report, tools)[0][0] == "drugresponse_toy test 1: error: no model.tsv"


def test_check_report__failure_without_a_message(tools: Path) -> None:
    (tools / "toy.xml").write_text(TOOL.replace('<has_text text="at least 10"/>', ""))
    (problem,) = problems(tools, {"exit_code": 0}, REFUSED)
    assert "asserts no message" in problem
