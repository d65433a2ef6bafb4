"""Predictions in pictures: the drugs of each sample where they are few, else samples and drugs as colours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
from pandas.api.types import is_numeric_dtype

from drugresponse.data.tables import Measure
from drugresponse.plots.predictions import heat_map, ranked_drugs
from drugresponse.report.blocks import Figure, Part
from drugresponse.report.drug_ranking import ranked_ends
from drugresponse.report.page import count
from drugresponse.report.pictures import Picture

__all__ = ["prediction_figures"]

_TITLE = "Predictions in pictures"
_MOST_RANKED = 4
_MOST_DRUGS = 12
_MOST_SAMPLES, _MOST_CELLS = 60, 3000


def prediction_figures(predictions: pd.DataFrame, measure: Measure, names: Mapping[str, str], what: str) -> list[Part]:
    """A part with a figure of two or more drugs; no part of predictions that are words, or of too many.

    Parameters
    ----------
    predictions
        As `prediction_report` takes them.
    measure
        Of the response, which tells what end of a ranking comes first.
    names
        Of drugs, by id.
    what
        What a prediction is, such as `ln_ic50 (uM)`.
    """
    numbers = all(is_numeric_dtype(predictions[name]) for name in ("prediction", "lower", "upper"))
    known = predictions[predictions["prediction"].notna()]
    samples, n_drugs = list(known["sample_id"].unique()), known["drug_id"].nunique()
    if not numbers or not samples or n_drugs < 2:
        return []
    if len(samples) <= _MOST_RANKED:
        return [Part(_TITLE, [_rankings(known, samples, measure, names, what)])]
    if len(samples) > _MOST_SAMPLES or len(samples) * n_drugs > _MOST_CELLS:
        return []
    title = f"Predictions minus baseline of {count(len(samples), 'sample')} and {count(n_drugs, 'drug')}"
    drawing = Picture(title, partial(heat_map, known, drugs=names))
    words = (
        f"Prediction minus baseline, {what}, of each sample (row) and drug (column), the baseline being the finest "
        "mean that the row's ids allow; what is alike stands side by side; blank: no prediction."
    )
    return [Part(_TITLE, [Figure({"heat-map": drawing}, words)])]


def _rankings(known: pd.DataFrame, samples: list[str], measure: Measure, names: Mapping[str, str], what: str) -> Figure:
    end = ranked_ends(measure)[0]
    ranked = partial(ranked_drugs, known, drugs=names, n_drugs=_MOST_DRUGS, highest_first=end == "highest")
    drawings = {
        f"ranked-{sample}": Picture(f"Drugs of sample {sample} by prediction minus baseline", partial(ranked, sample))
        for sample in samples
    }
    bars = "bars: their bounds; " if known["lower"].notna().any() else ""
    words = (
        f"Drugs of each sample by prediction minus baseline, {what}, {end} first, {_MOST_DRUGS} at most. Dots: "
        f"predictions; {bars}upright lines: the baseline, the finest mean that the row's ids allow."
    )
    return Figure(drawings, words)
