"""The page of `validate`: whether this installation gives the known answers, check by check, and on what machine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.report.blocks import Block, Cell, Items, Part, Report, Row, Table, Verdict, Words
from drugresponse.report.page import count
from drugresponse.report.wording import as_sentence

__all__ = ["validation_report"]


def validation_report(checks: pd.DataFrame, machine: Mapping[str, Any]) -> Report:
    """The page about the checks of an installation.

    Parameters
    ----------
    checks
        One row for each: text columns `area, check, expected, found, tolerance, verdict` (`holds` or `does not hold`).
    machine
        As `doctor` examines it.

    Examples
    --------
    >>> row = dict(area="Reading", check="VCF", expected="1", found="2", tolerance="none", verdict="does not hold")
    >>> machine = {"version": "1", "python": "3", "system": "x", "libraries": {"numpy": "2"}, "cores": 2, "gpu": "none"}
    >>> validation_report(pd.DataFrame([row]), machine).title
    'This installation does not compute what it should'
    """
    wrong = checks[checks["verdict"] != "holds"]
    areas = checks.groupby("area", sort=False)["verdict"].agg(n="size", held=lambda verdict: (verdict == "holds").sum())
    words = (
        "Made-up data whose answers are known were read, learned, predicted and explained on this machine. What this "
        "shows is that the programs work here; it says nothing on how good a model of your data is."
    )
    verdict = (
        Verdict(
            "worse",
            f"{len(wrong):,} of {len(checks):,} checks {'does' if len(wrong) == 1 else 'do'} not hold",
            f"Rely on no result. {words}",
        )
        if len(wrong)
        else Verdict("better", f"All {count(len(checks), 'check')} hold", words)
    )
    parts = [Part("", [verdict])]
    if len(wrong):
        parts.append(Part("What does not hold", [_table(wrong)]))
    summary: list[Row] = [
        [str(row.Index), f"{row.n}", Cell(f"{row.held}", kind="" if row.held == row.n else "bad")]
        for row in areas.itertuples()
    ]
    parts += [
        Part("By area", [Table(["Area", "Checks", "Hold"], summary)]),
        Part("What was used", _versions(machine)),
        Part("Every check", [_table(checks)]),
    ]
    title = "This installation does not compute what it should" if len(wrong) else "This installation computes right"
    lead = f"drugresponse {machine['version']}, checked on {machine['system']}."
    return Report(title, lead, parts, as_sentence("research use only"))


def _table(checks: pd.DataFrame) -> Table:
    return Table.of(
        checks,
        {
            "Area": lambda row: row.area,
            "Check": lambda row: row.check,
            "Expected": lambda row: Cell(row.expected),
            "Found": lambda row: Cell(row.found),
            "Tolerance": lambda row: row.tolerance,
            "Verdict": lambda row: Cell(row.verdict, kind="good" if row.verdict == "holds" else "bad"),
        },
        words=6,
        most_bytes=200_000,
    )


def _versions(machine: Mapping[str, Any]) -> list[Block]:
    libraries = ", ".join(f"{name} {version or 'missing'}" for name, version in machine["libraries"].items())
    return [
        Items(
            [
                f"drugresponse {machine['version']}",
                f"Python {machine['python']}",
                f"System: {machine['system']}, {count(machine['cores'], 'core')}; GPU: {machine['gpu']}",
                f"Libraries: {libraries}",
            ]
        ),
        Words("Signed off by (name, date):", quiet=True),
    ]
