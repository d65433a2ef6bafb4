"""The table at the end of the Galaxy tests: what was tested, how many tests passed, and how long they took."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

HEADER = ("what", "tests", "passed", "seconds", "")


@dataclass(frozen=True)
class Row:
    """One line of the table; `note` says what a number cannot, such as SKIPPED."""

    what: str
    tests: int
    passed: int
    seconds: float
    note: str = ""

    @property
    def cells(self) -> tuple[str, ...]:
        return (self.what, str(self.tests), str(self.passed), f"{self.seconds:.0f}", self.note)


def seconds_of(result: dict[str, Any]) -> float:
    """Seconds of one test in a report of planemo; workflows have only the times of their start and end."""
    if result.get("time_seconds") is not None:
        return float(result["time_seconds"])
    times = [result.get(name) for name in ("start_datetime", "end_datetime")]
    if not all(times):
        return 0.0
    start, end = (datetime.fromisoformat(str(each)) for each in times)
    return (end - start).total_seconds()


def tests_in(report: Path) -> list[dict[str, Any]]:
    """What a report of planemo holds: a record for each test."""
    tests: list[dict[str, Any]] = json.loads(report.read_text())["tests"]
    return tests


def read_report(report: Path) -> list[tuple[str, dict[str, Any]]]:
    """Each test in a report of planemo with the name of its tool or workflow, without the number of the test."""
    return [(each["data"].get("tool_id") or each["id"].rsplit("_", 1)[0], each["data"]) for each in tests_in(report)]


def rows_of(report: Path) -> list[Row]:
    """One row for each tool or workflow in a report of planemo, by name."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, result in read_report(report):
        found.setdefault(name, []).append(result)
    return [
        Row(
            name,
            len(results),
            sum(each.get("status") == "success" for each in results),
            sum(map(seconds_of, results)),
        )
        for name, results in sorted(found.items())
    ]


def table_of(rows: Iterable[Row]) -> str:
    """The table in plain text, with a line that adds up."""
    listed = list(rows)
    total = Row(
        "all",
        sum(row.tests for row in listed),
        sum(row.passed for row in listed),
        sum(row.seconds for row in listed),
    )
    lines = [HEADER, *(row.cells for row in [*listed, total])]
    widths = [max(len(line[i]) for line in lines) for i in range(4)]
    return "\n".join(
        "  ".join([line[0].ljust(widths[0]), *(line[i].rjust(widths[i]) for i in (1, 2, 3)), line[4]]).rstrip()
        for line in lines
    )
