"""What was predicted of an outcome that is no number: drug by drug, and sample by sample where they are few."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.report.blocks import Block, Cell, Part, Row, Table, Words
from drugresponse.report.drug_names import drug_cell
from drugresponse.report.outcome_words import predicted_number
from drugresponse.report.prediction_figures import prediction_figures
from drugresponse.report.wording import measure_of, measure_words

__all__ = ["outcome_prediction_figures", "outcome_predictions_part"]

_MOST_DRUGS, _MOST_ROWS = 200, 300


def outcome_predictions_part(predictions: pd.DataFrame, manifest: Mapping[str, Any], names: Mapping[str, str]) -> Part:
    """Counts for each drug, and the predictions themselves where a page can hold them.

    Parameters
    ----------
    predictions
        The table of `DrugResponseModel.predict`, ids as text.
    manifest
        Of the model.
    names
        Of drugs, by id.
    """
    outcome = Outcome.from_dict(manifest["outcome"])
    known = predictions[predictions["prediction"].notna()]
    blocks: list[Block] = [_by_drug(known, outcome, names)]
    if outcome.kind == "binary":
        blocks.append(
            Words(
                "Called is what the threshold says; possible are the classes that 90 % coverage does not rule out. "
                "They answer different questions and may differ, where a threshold keeps false alarms down.",
                quiet=True,
            )
        )
    if len(known) <= _MOST_ROWS:
        blocks.append(_one_by_one(known, outcome, names))
    else:
        blocks.append(Words("The table of predictions has them one by one.", quiet=True))
    return Part("What was predicted, drug by drug", blocks)


def outcome_prediction_figures(
    predictions: pd.DataFrame, manifest: Mapping[str, Any], names: Mapping[str, str]
) -> list[Part]:
    """Probabilities, classes, dilutions and times in pictures."""
    outcome, measure = Outcome.from_dict(manifest["outcome"]), measure_of(manifest)
    what = {
        "binary": f"probability of {outcome.event}" if outcome.kind == "binary" else "",
        "ordinal": " < ".join(outcome.classes),
        "interval": f"log{outcome.logarithm} of {measure_words(measure)}"
        if outcome.logarithm
        else measure_words(measure),
        "time-to-event": "mean time",
    }[outcome.kind]
    return prediction_figures(predictions, measure, names, what)


def _by_drug(known: pd.DataFrame, outcome: Outcome, names: Mapping[str, str]) -> Table:
    rows: list[Row] = []
    groups = list(known.groupby("drug_id", sort=True))
    for drug, of_drug in groups[:_MOST_DRUGS]:
        rows.append([drug_cell(drug, names), f"{len(of_drug):,}", *_summary(of_drug, outcome)])
    more = f"The first {_MOST_DRUGS} of {len(groups)} drugs." if len(groups) > _MOST_DRUGS else ""
    return Table(["Drug", "Samples", *_headings(outcome)], rows, more)


def _headings(outcome: Outcome) -> list[str]:
    if outcome.has_classes:
        return [*(f"called {word}" for word in outcome.classes), "all classes possible"]
    return ["lowest", "median", "highest"]


def _summary(rows: pd.DataFrame, outcome: Outcome) -> list[str]:
    if not outcome.has_classes:
        numbers = rows["prediction"].astype(float)
        return [predicted_number(float(value)) for value in (numbers.min(), numbers.median(), numbers.max())]
    called = rows["class" if outcome.kind == "binary" else "prediction"]
    whole = rows["class_set"].fillna("").str.count(";") + 1 == len(outcome.classes)
    return [*(f"{int((called == word).sum()):,}" for word in outcome.classes), f"{int(whole.sum()):,}"]


def _one_by_one(known: pd.DataFrame, outcome: Outcome, names: Mapping[str, str]) -> Table:
    more = {
        "binary": [("class", "Called"), ("class_set", "Possible")],
        "ordinal": [("probability", "Probability"), ("class_set", "Possible")],
        "interval": [("value", "In its unit")] if "value" in known else [],
        "time-to-event": [("median_time", "Median time")],
    }[outcome.kind]
    heading = {
        "binary": f"Probability of {outcome.event}",
        "ordinal": "Most probable",
        "interval": "Predicted",
        "time-to-event": "Mean time",
    }[outcome.kind]
    rows: list[Row] = [
        [
            Cell(row["sample_id"], "", "id"),
            drug_cell(row["drug_id"], names),
            Cell(predicted_number(row["prediction"]), _bounds(row["lower"], row["upper"])),
            predicted_number(row["baseline"]),
            *(predicted_number(row[name]) for name, _ in more),
        ]
        for row in known.to_dict("records")
    ]
    columns = ["Sample", "Drug", heading, "Naive", *(label for _, label in more)]
    return Table(columns, rows, "One by one, with bounds", words=2, most_bytes=60_000)


def _bounds(lower: Any, upper: Any) -> str:
    return f"{predicted_number(lower)} to {predicted_number(upper)}" if pd.notna(lower) and pd.notna(upper) else ""
