"""Validate: whether this installation gives the known answers, as a page, a table and an exit code."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from drugresponse.command_line.doctor import examine as examine_machine
from drugresponse.errors import InstallationError, count, one_line
from drugresponse.progress import doing
from drugresponse.settings import ValidateSettings
from drugresponse.validation.checks import Check, equal

__all__ = ["results_of_checks", "validate"]

_LONGEST_RUN = 900
"""Seconds after which checks that do not end count as hung."""
_COLUMNS = ["area", "check", "expected", "found", "tolerance", "verdict"]
_NAMED = 3
"""Checks that do not hold which the message names."""


def validate(settings: ValidateSettings) -> list[str]:
    """Make every check, write what came out, and fail where one does not hold."""
    from drugresponse.outputs import output_files

    with output_files(settings.outputs()) as out:
        machine = examine_machine()
        named = "; ".join(machine["problems"]) or "nothing"
        results = [("Installation", equal("What drugresponse doctor names", named, "nothing")), *results_of_checks()]
        try:
            _write(results, machine, out)
        except Exception as error:
            # what is broken must not hide what was found
            results.append(_not_written(error))
            for file in out.values():
                file.write_text(_lines(results), encoding="utf-8")
    wrong = [(area, check) for area, check in results if not check.holds]
    if wrong:
        raise InstallationError(_words(wrong, len(results)))
    return [f"All {count(len(results), 'check')} hold: this installation gives the known answers."]


def _not_written(error: Exception) -> tuple[str, Check]:
    named = f"{type(error).__name__}: {one_line(error)}"
    return "Installation", Check("The page of validate", "written", named, "none", False)


def _cells(area: str, check: Check) -> list[str]:
    verdict = "holds" if check.holds else "does not hold"
    return [area, check.check, check.expected, check.found, check.tolerance, verdict]


def _lines(results: list[tuple[str, Check]]) -> str:
    """The table as plain text, for where nothing better can be written."""
    rows = [_COLUMNS, *(_cells(area, check) for area, check in results)]
    return "".join("\t".join(one_line(cell) for cell in row) + "\n" for row in rows)


def _words(wrong: list[tuple[str, Check]], n_checks: int) -> str:
    """What does not hold, the first of it by name."""
    named = "; ".join(
        f"{area}: {check.check}: found {check.found} (expected {check.expected})" for area, check in wrong[:_NAMED]
    )
    more = f"; and {len(wrong) - _NAMED} more" if len(wrong) > _NAMED else ""
    return (
        f"this installation: {len(wrong)} of {n_checks:,} checks {'does' if len(wrong) == 1 else 'do'} not hold: "
        f"{named}{more}. Install drugresponse and its libraries again, and rely on no result before all checks hold."
    )


def _write(results: list[tuple[str, Check]], machine: Mapping[str, Any], out: Mapping[str, Path]) -> None:
    """The outputs that were asked for."""
    import pandas as pd

    from drugresponse.outputs import write_table
    from drugresponse.report.html import as_html
    from drugresponse.report.markdown import as_markdown
    from drugresponse.report.validation import validation_report

    table = pd.DataFrame([_cells(area, check) for area, check in results], columns=_COLUMNS)
    if "checks" in out:
        write_table(table, out["checks"])
    report = validation_report(table, machine)
    if "report" in out:
        out["report"].write_text(as_html(report), encoding="utf-8")
    if "markdown" in out:
        out["markdown"].write_text(as_markdown(report), encoding="utf-8")


def results_of_checks(areas: Sequence[str] = ()) -> list[tuple[str, Check]]:
    """The results of a process that makes the checks of areas, or all; where it ends too soon, that is one more."""
    doing("making the checks")
    with tempfile.TemporaryDirectory(prefix="drugresponse-validate-") as made:
        folder = Path(made)
        lines, scratch = folder / "results", folder / "work"
        scratch.mkdir()
        command = [sys.executable, "-m", "drugresponse.validation.examination", str(lines), str(scratch), *areas]
        with (folder / "stderr").open("wb") as stderr:
            try:
                code = subprocess.run(
                    command,
                    stdout=subprocess.DEVNULL,
                    stderr=stderr,
                    timeout=_LONGEST_RUN,
                    check=False,
                ).returncode
                ended = f"the process ended with code {code}"
            except subprocess.TimeoutExpired:
                code, ended = 1, f"no end after {_LONGEST_RUN} s"
        said = (folder / "stderr").read_text(encoding="utf-8", errors="replace").strip()
        # a process that was ended, or a full disk, leaves the last line half written
        told = lines.read_text("utf-8", errors="replace").rpartition("\n")[0] if lines.exists() else ""
        rows = [json.loads(line) for line in told.splitlines()]
    names = [each.name for each in fields(Check)]
    results = [(row["area"], Check(**{name: row[name] for name in names})) for row in rows if "check" in row]
    if code or not results:
        last = rows[-1] if rows else {"area": "Installation", "about": "The checks begin"}
        words = f"{ended}{f', saying: {one_line(said.splitlines()[-1])}' if said else ''}"
        results.append((last["area"], Check(last["about"], "done to the end", words[:300], "none", False)))
    return results
