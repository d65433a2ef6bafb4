"""Tables of the benchmark as Markdown for people and as tab-separated values for programs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.cohorts import PUBLISHED

__all__ = ["comparison_page", "markdown_table", "put_between_marks", "scores_page", "tab_separated"]

_REFERENCES = {"random-pairs": "mean effects", PUBLISHED: "mean effects", "new-drugs": "sample mean"}
_SHOWN = {
    "normalised_pearson": ("normalised Pearson", 3),
    "rmse": ("RMSE", 3),
    "skill": ("skill", 3),
    "within_drug_pearson": ("within drug", 3),
    "spearman": ("Spearman", 3),
    "fit_seconds": ("fit, s", 1),
    "predict_seconds": ("predict, s", 2),
    "cpu_seconds": ("CPU, s", 1),
    "peak_mb": ("peak, MB", 0),
}


def scores_page(means: pd.DataFrame) -> str:
    """A heading and a table for each cohort and scheme; a learner that was run on some folds only says on how many."""
    parts = []
    for (cohort, scheme), table in means.groupby(["cohort", "scheme"], sort=False):
        n_folds = int(table["of_folds"].max())
        reference = _REFERENCES.get(str(scheme), "drug mean")
        parts.append(
            f"### {cohort}, {scheme}\n\n{n_folds} fold{'s' if n_folds > 1 else ''}; normalised by the {reference}.\n"
        )
        lines = [
            [_label(row), *(_cell(row[name], digits) for name, (_, digits) in _SHOWN.items())] for row in _rows(table)
        ]
        parts.append(markdown_table(["", *(words for words, _ in _SHOWN.values())], lines))
    return "\n".join(parts)


def comparison_page(table: pd.DataFrame, learner: str) -> str:
    """A table for each cohort and scheme, and a line that counts the verdicts."""
    parts = []
    for (cohort, scheme), rows in table.groupby(["cohort", "scheme"], sort=False):
        parts.append(f"### `{learner}` on {cohort}, {scheme}\n")
        lines = [
            [
                str(row["other"]),
                str(row["n_folds"]),
                _SHOWN[row["score"]][0],
                *(_cell(row[name], 4) for name in ("value", "other_value", "gain")),
                f"{_cell(row['lower'], 4)} to {_cell(row['upper'], 4)}",
                row["verdict"],
            ]
            for row in _rows(rows)
        ]
        header = ["against", "folds", "score", f"`{learner}`", "other", "gain", "95 % interval", "verdict"]
        parts.append(markdown_table(header, lines))
    counts = table["verdict"].value_counts()
    broken = int(counts.get("worse", 0) + counts.get("deficit", 0))
    words = ", ".join(f"{count} {name}" for name, count in counts.items())
    rule = "no interval wholly below 0 and no deficit above 0.01"
    parts.append(f"{words}. The rule ({rule}) is {'kept' if not broken else f'broken {broken} times'}.\n")
    return "\n".join(parts)


def tab_separated(table: pd.DataFrame) -> str:
    return table.to_csv(sep="\t", index=False, float_format="%.6g", lineterminator="\n")


def put_between_marks(old: str, page: str, mark: str = "benchmarks") -> str:
    """The old text with the page between its two marks, or the page alone where there are none."""
    before, begin, rest = old.partition(f"<!-- {mark} -->")
    _, end, after = rest.partition(f"<!-- /{mark} -->")
    return f"{before}{begin}\n\n{page}\n{end}{after}" if begin and end else page


def markdown_table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Words at the left, all other columns at the right."""
    rows = [header, ["---", *("---:" for _ in header[1:])], *lines]
    return "".join(f"| {' | '.join(str(cell).replace('|', '/') for cell in row)} |\n" for row in rows)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    return [{str(name): value for name, value in row.items()} for row in table.to_dict("records")]


def _label(row: dict[str, Any]) -> str:
    marks = []
    if row["status"] != "done":
        marks.append(str(row["status"]))
    elif row["n_folds"] != row["of_folds"]:
        marks.append(f"{row['n_folds']} of {row['of_folds']} folds")
    if row["stale"]:
        marks.append("older code")
    return f"{row['learner']} ({'; '.join(marks)})" if marks else str(row["learner"])


def _cell(value: float, digits: int) -> str:
    # + 0.0: no minus before nothing
    return "" if np.isnan(value) else f"{round(value, digits) + 0.0:.{digits}f}".replace("-", "\N{MINUS SIGN}")
