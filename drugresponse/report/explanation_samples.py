"""Sample by sample: the drugs ranked by what is predicted beyond the usual, and the reasons of the first."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from drugresponse import plots
from drugresponse.explanation.explain import Explanation
from drugresponse.plots.names import scale_words
from drugresponse.report.blocks import Block, Cell, Figure, Part, Row, Table, Words
from drugresponse.report.drug_names import drug_cell, drug_names, drug_words
from drugresponse.report.outcome_words import predicted_number
from drugresponse.report.page import MISSING, number
from drugresponse.report.pictures import Picture

__all__ = ["sample_parts"]

_MOST_SAMPLES = 5
_MOST_DRUGS = 15
_DRAWN = 2
_FEATURES_DRAWN = 6
_LEAST = 1e-4
"""A part that is so small beside the largest is not drawn."""
_SIDE = {"sensitive": (-1.0, "sensitive"), "resistant": (1.0, "sensitive"), "dose": (1.0, "in need of a lower dose")}


def sample_parts(results: Explanation) -> Iterator[Part]:
    """A part for each selected sample."""
    chosen = list(dict.fromkeys(results.predictions["sample_id"].astype(str)))
    for sample in chosen[:_MOST_SAMPLES]:
        yield Part(f"Sample {sample}", list(_sample(results, sample)))
    if len(chosen) > _MOST_SAMPLES:
        words = f"{len(chosen) - _MOST_SAMPLES} more selected samples are in the table of reasons."
        yield Part("Other samples", [Words(words, quiet=True)])


def _sample(results: Explanation, sample: str) -> Iterator[Block]:
    rows = results.predictions[results.predictions["sample_id"].astype(str) == sample]
    reasons = results.reasons[results.reasons["sample_id"].astype(str) == sample]
    # the parts add up from here; a naive prediction that knows the tissue is another number
    means = reasons[reasons["kind"] == "mean"].groupby("drug_id")["contribution"].sum()
    rows = rows.assign(usual=rows["drug_id"].map(means).astype(np.float64))
    is_number = results.rows.pairs.outcome.kind == "continuous" and results.response_scale == "identity"
    # parts add up to the score, of which the prediction of an outcome that is no number, or on another scale, is made
    scores = rows["prediction"] if is_number else rows["drug_id"].map(reasons.groupby("drug_id")["contribution"].sum())
    rows = rows.assign(beyond=scores.astype(np.float64) - rows["usual"])
    rows = rows[rows["beyond"].notna() & rows["prediction"].notna()]
    if rows.empty:
        yield Words("Nothing is predicted: too few of the model's features are known of this sample.")
        return
    # parts of times are of the hazard, which goes against what longer times mean
    is_time = results.rows.pairs.outcome.kind == "time-to-event"
    sign, word = (0.0, "") if is_time else _SIDE.get(results.measure.higher_means or "", (0.0, ""))
    order = rows["beyond"] * sign if sign else -rows["beyond"].abs()
    rows = rows.assign(order=order).sort_values(["order", "drug_id"], kind="stable")
    way = f"the one to which that makes it most {word}" if word else "the one that is moved furthest"
    names = drug_names(results.rows.pairs.drugs)
    for drug in rows["drug_id"].head(_DRAWN):
        if (reasons["drug_id"] == drug).any():
            title = f"Parts of the prediction for {drug_words(drug, names)}"
            picture = Picture(title, partial(plots.waterfall, results, sample, drug))
            words = "How the parts add up to the prediction: blue raises it, red lowers it."
            yield Figure({f"parts-{sample}-{drug}": picture}, words)
    yield Words(
        "Drugs ranked by how far covariates and genotype move the prediction from the usual, the mean of such rows in "
        f"training: {way} comes first."
    )
    if not is_number:
        scale = scale_words(results.rows.pairs.outcome, results.measure, results.response_scale)
        yield Words(f"Parts, the usual and what is beyond it are on the scale of the {scale}.", quiet=True)
    yield _ranking(rows, reasons, names)


def _ranking(rows: pd.DataFrame, reasons: pd.DataFrame, names: Mapping[str, str]) -> Table:
    named = reasons[~reasons["kind"].isin(["mean", "other", "gap"])]
    strongest = named.iloc[np.argsort(-named["contribution"].abs().to_numpy(), kind="stable")]
    strongest = strongest[strongest["contribution"] != 0].groupby("drug_id", sort=False).head(3)
    words = {
        drug: "; ".join(f"{_label(row)}: {number(row['contribution'], sign=True)}" for row in group.to_dict("records"))
        for drug, group in strongest.groupby("drug_id", sort=False)
    }
    written: list[Row] = [
        [
            drug_cell(row["drug_id"], names),
            words.get(row["drug_id"], MISSING),
            Cell(predicted_number(row["prediction"]), _bounds(row["lower"], row["upper"])),
            number(row["usual"]),
            number(row["beyond"], sign=True),
        ]
        for row in rows.head(_MOST_DRUGS).to_dict("records")
    ]
    more = f"The first {_MOST_DRUGS} of {len(rows)} drugs." if len(rows) > _MOST_DRUGS else ""
    return Table(["Drug", "Strongest parts", "Predicted", "Usual", "Beyond"], written, more, words=2)


def _bounds(lower: Any, upper: Any) -> str:
    if isinstance(lower, str):
        return f"{lower} to {upper}" if lower and upper else ""
    return f"{number(lower)} to {number(upper)}" if np.isfinite(lower) and np.isfinite(upper) else ""


def _label(row: Mapping[Hashable, Any]) -> str:
    return f"{row['feature_id']} = {row['value']:g}" if np.isfinite(row["value"]) else str(row["feature_id"])
