"""What is said of the intervals of predictions: what they rest on, whether they hold, and how wide they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.data.splits import find_scheme
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES
from drugresponse.report.blocks import Block, Cell, Columns, Part, Table, Words
from drugresponse.report.drug_names import drug_cell
from drugresponse.report.evaluation_charts import coverage_figure
from drugresponse.report.evaluation_numbers import Numbers
from drugresponse.report.page import count, number

__all__ = ["coverage_part", "interval_lines"]

_LEAST = 0.85
"""Coverage of a single drug or tissue below this is called low; single ones swing by chance."""
_LEAST_ROWS = 50
"""Rows of a drug or tissue that are enough to speak of its coverage."""
_MOST_GROUPS = 15


def interval_lines(manifest: Mapping[str, Any]) -> list[str]:
    """What to know of the bounds that a model gives, one sentence or two a line.

    Parameters
    ----------
    manifest
        `DrugResponseModel.manifest_`.

    Examples
    --------
    >>> interval_lines({"held_out": None, "intervals": None})
    ['Predictions carry no bounds: no rows were held out at training.']
    """
    intervals, scores = manifest.get("intervals"), manifest.get("held_out") or {}
    if not intervals:
        return ["Predictions carry no bounds: no rows were held out at training."]
    scheme = manifest["scheme"]["name"]
    groups = count(intervals["groups"], find_scheme(scheme).err_together[0].name)
    nominal = f"{100 * intervals['coverage']:g}%"
    if intervals["median_width"] is None:
        return [
            f"Predictions carry no bounds: {groups} held out are too few for {nominal}. The held-out RMSE is the only "
            "guide to their error."
        ]
    lines = [
        f"The bounds of a prediction are made to hold {nominal} of new responses; they were calibrated on the held-out "
        f"errors of {groups}. This is an average over samples, not a promise for a single one."
    ]
    coverage, width, other = (scores.get(name) for name in ("coverage", "width", "reference_width"))
    if coverage is not None and width is not None:
        beside = "" if other is None else " " + width_words(width, other, manifest["scheme"]["reference"])
        lines.append(
            f"Checked on held-out rows, each fold's bounds calibrated on the other folds: {100 * coverage:.1f}% lay "
            f"within; median width {number(width)}.{beside}"
        )
    if not intervals["claimed"]:
        lines.append(
            "In this scheme new rows may be unlike those that were held out, so this coverage is not claimed: rows "
            "with bounds bear the flag coverage-not-claimed."
        )
    return lines


def width_words(width: float, reference_width: float, reference: str) -> str:
    """One sentence on the width beside that of the reference's intervals.

    Examples
    --------
    >>> width_words(3.0, 4.0, "drug mean")
    'Bounds around the drug mean, made in the same way, have median width 4.00: the model narrows them by 25%.'
    """
    words = f"Bounds around the {reference}, made in the same way, have median width {number(reference_width)}"
    saved = 1 - width / reference_width if reference_width > 0 else 0.0
    if saved < 0.01:
        return f"{words}: for a single prediction the model narrows nothing."
    return f"{words}: the model narrows them by {100 * saved:.0f}%."


def coverage_part(numbers: Numbers) -> Part | None:
    """Whether the intervals of held-out predictions hold; None where an evaluation did not ask."""
    table = numbers.summary.coverage
    if "level" not in table:
        return None
    title = "Do the intervals hold?"
    whole = table[table["level"] == "all"].set_index("learner")
    best, reference = numbers.best(), numbers.evaluation.reference
    if best not in whole.index:
        return Part(title, [Words("There are none: too few groups were held out to calibrate them.")])
    row = whole.loc[[best]].to_dict("records")[0]
    width = row["median_width"]
    words = (
        f"{100 * row['coverage']:.1f}% of the held-out responses lie within the 90% interval of {best}, whose median "
        f"width is {number(width)}. {width_words(width, row['reference_width'], reference)}{_unclaimed(numbers)}"
    )
    units = "lineages" if numbers.evaluation.scheme.name == "new-lineages" else "subjects (drugs, tissues)"
    explained = (
        f"The bounds of a fold are calibrated on the held-out errors of the other folds, with whole {units} as units. "
        "Coverage is over all folds. Wide bounds hold easily: read coverage and width together. "
        f"A drug or tissue counts as low under {100 * _LEAST:.0f}%, where it has {_LEAST_ROWS} rows or more."
    )
    rows = [_learner(name, table, numbers) for name in whole.index]
    columns = ["Predicted by", "Rows", "Coverage", "Median width", "Width of reference", "Drugs low", "Tissues low"]
    blocks: list[Block] = [
        coverage_figure(numbers),
        Words(words),
        Table(columns, rows),
        *_low(table, best, numbers.drug_names()),
        Words(explained, quiet=True),
    ]
    return Part(title, blocks)


def _unclaimed(numbers: Numbers) -> str:
    if numbers.evaluation.scheme.name in CLAIMED_SCHEMES:
        return ""
    return " In this scheme new rows may be unlike those held out, so the coverage is told and not claimed."


def _learner(name: str, table: pd.DataFrame, numbers: Numbers) -> list[Cell | str]:
    own = table[table["learner"] == name]
    row = own[own["level"] == "all"].iloc[0]
    low = []
    for level in ("drug", "tissue"):
        judged = own[(own["level"] == level) & (own["n"] >= _LEAST_ROWS)]
        low.append(f"{int((judged['coverage'] < _LEAST).sum()):,} of {len(judged):,}" if len(judged) else number(None))
    return [
        Cell(name, kind="strong" if numbers.is_learner(name) else ""),
        f"{int(row['n']):,}",
        f"{100 * row['coverage']:.1f}%",
        number(row["median_width"]),
        number(row["reference_width"]),
        *low,
    ]


def _low(table: pd.DataFrame, best: str, names: Mapping[str, str]) -> list[Block]:
    """The drugs and tissues whose intervals hold least, where any is low."""
    rows = table[(table["learner"] == best) & (table["level"] != "all") & (table["n"] >= _LEAST_ROWS)]
    low = rows[rows["coverage"] < _LEAST].sort_values(["coverage", "level", "id"], kind="stable")
    if low.empty:
        return []
    columns: Columns = {
        "Drug or tissue": lambda row: drug_cell(row.id, names if row.level == "drug" else {}),
        "Level": lambda row: str(row.level),
        "Rows": lambda row: f"{row.n:,}",
        "Coverage": lambda row: f"{100 * row.coverage:.1f}%",
        "Median width": lambda row: number(row.median_width),
        "Width of reference": lambda row: number(row.reference_width),
    }
    caption, left = f"Where the intervals of {best} hold least", len(low) - _MOST_GROUPS
    shown = Table.of(low.head(_MOST_GROUPS), columns, caption=caption, words=2)
    return [shown, Words(f"{left:,} more are low." if left > 0 else "")]
