from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from summary import Row, rows_of, table_of


@pytest.fixture
def report(tmp_path: Path) -> Path:
    tool = {"tool_id": "drugresponse_toy", "status": "success", "time_seconds": 2.5}
    times = {"start_datetime": "2026-01-01T23:59:30.5", "end_datetime": "2026-01-02T00:00:40.5"}
    tests = [
        {"id": "drugresponse_toy-0", "data": tool},
        {"id": "drugresponse_toy-1", "data": {**tool, "status": "failure", "time_seconds": 4}},
        {"id": "a_b.gxwf.yml_0", "data": {"status": "success", **times}},
        {"id": "a_b.gxwf.yml_1", "data": {"status": "error"}},
    ]
    path = tmp_path / "report.json"
    path.write_text(json.dumps({"tests": tests}))
    return path


def test_rows_of__tools_and_workflows(report: Path) -> None:
    assert rows_of(report) == [Row("a_b.gxwf.yml", 2, 1, 70.0), Row("drugresponse_toy", 2, 1, 6.5)]


def test_table_of__adds_up_and_keeps_the_note() -> None:
    lines = table_of([Row("drugresponse_toy", 12, 11, 61.4), Row("browser", 0, 0, 0, "SKIPPED")]).splitlines()
    assert lines == [
        "what              tests  passed  seconds",
        "drugresponse_toy     12      11       61",
        "browser               0       0        0  SKIPPED",
        "all                  12      11       61",
    ]
