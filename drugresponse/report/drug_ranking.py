"""The drugs that stand out in a sample: at the end that the measure's direction asks for, or else at both."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from drugresponse.data.tables import Measure
from drugresponse.report.blocks import Cell, Chip
from drugresponse.report.drug_names import drug_words
from drugresponse.report.page import number

__all__ = ["TOP_DRUGS", "drugs_at_end", "ranked_ends", "ranking_words"]

TOP_DRUGS = 5
_ENDS = {"sensitive": ("highest",), "resistant": ("lowest",)}


def ranked_ends(measure: Measure) -> tuple[str, ...]:
    """Where the drugs to look at are: `highest`, `lowest`, or both where the direction does not tell.

    Examples
    --------
    >>> ranked_ends(Measure("ln_ic50", "uM", "resistant")), ranked_ends(Measure("ln_ic50", "uM"))
    (('lowest',), ('highest', 'lowest'))
    """
    return _ENDS.get(measure.higher_means or "", ("highest", "lowest"))


def ranking_words(measure: Measure) -> str:
    """The ends in words, and how to have one only."""
    if len(ranked_ends(measure)) == 1:
        return f"{ranked_ends(measure)[0]} first"
    words = (
        "" if measure.higher_means else "; which end is the good one was not told: train with --higher-means to say so"
    )
    return f"highest first and lowest first{words}"


def drugs_at_end(gaps: pd.DataFrame, end: str, names: Mapping[str, str]) -> dict[str, Cell]:
    """The drugs of each sample whose `gap` lies furthest at one end, with the gap; samples without any are told so."""
    ordered = gaps.sort_values(["gap", "drug_id"], ascending=[end == "lowest", True], kind="stable")
    shown = {str(sample): Cell("no prediction: too few features known") for sample in gaps["sample_id"].unique()}
    for sample, rows in ordered.dropna(subset=["gap"]).groupby("sample_id"):
        top = rows.head(TOP_DRUGS)
        shown[str(sample)] = Cell(
            chips=[
                Chip(drug_words(drug, names), number(float(gap), sign=True))
                for drug, gap in zip(top["drug_id"], top["gap"], strict=True)
            ]
        )
    return shown
