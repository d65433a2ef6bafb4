"""Predictions in pictures: drugs of each sample, samples of one drug, or samples and drugs as colours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import pandas as pd
from pandas.api.types import is_numeric_dtype

from drugresponse.data.tables import Measure
from drugresponse.model.predictions import flag_counts
from drugresponse.plots.predictions import heat_map, ranked_drugs, ranked_samples
from drugresponse.report.blocks import Figure, Part
from drugresponse.report.drug_names import drug_words
from drugresponse.report.drug_ranking import ranked_ends
from drugresponse.report.page import count
from drugresponse.report.pictures import Picture

__all__ = ["prediction_figures"]

_TITLE = "Predictions in pictures"
_MOST_RANKED = 4
_MOST_ROWS, _MOST_PATIENTS = 12, 40
_MOST_SAMPLES, _MOST_DRUGS = 60, 50


def prediction_figures(predictions: pd.DataFrame, measure: Measure, names: Mapping[str, str], what: str) -> list[Part]:
    """A part with a figure; none where nothing was predicted.

    Parameters
    ----------
    predictions
        As `prediction_report` takes them; classes in words are drawn in their order.
    measure
        Of the response, which tells what end of a ranking comes first.
    names
        Of drugs, by id.
    what
        What a prediction is, such as `ln_ic50 (uM)`.
    """
    known = predictions[predictions["prediction"].notna()]
    n_samples, n_drugs = known["sample_id"].nunique(), known["drug_id"].nunique()
    if not len(known):
        return []
    if n_drugs == 1:
        figure = _one_drug(known, measure, names, what)
    elif n_samples <= _MOST_RANKED:
        figure = _rankings(known, measure, names, what)
    else:
        figure = _colours(known, names, what)
    return [Part(_TITLE, [replace(figure, caption=f"{figure.caption}{_flag_words(predictions)}")])]


def _flag_words(predictions: pd.DataFrame) -> str:
    """Flags beside a picture, which may be seen without the page."""
    counts = [f"{flag} {n:,}" for flag, n in flag_counts(predictions).items()]
    return f" Flags, of {count(len(predictions), 'row')}: {', '.join(counts)}." if counts else ""


def _colours(known: pd.DataFrame, names: Mapping[str, str], what: str) -> Figure:
    shown = _farthest(known)
    n_samples, n_drugs = shown["sample_id"].nunique(), shown["drug_id"].nunique()
    words = _words_of(known)
    kind = "Most probable class" if words else "Prediction minus baseline"
    title = f"{kind} of {count(n_samples, 'sample')} and {count(n_drugs, 'drug')}"
    usual = "" if words else ", the baseline being the finest mean that the row's ids allow"
    sentences = [
        f"{kind}, {what}, of each sample (row) and drug (column){usual}; what is alike stands side by side; blank: no "
        "prediction."
    ]
    left = [
        f"{shown[column].nunique()} of {known[column].nunique():,} {column.removesuffix('_id')}s"
        for column in ("sample_id", "drug_id")
        if shown[column].nunique() < known[column].nunique()
    ]
    if left:
        sentences.append(f"Shown: {' and '.join(left)}, those whose predictions differ most from their baseline.")
    return Figure({"heat-map": Picture(title, partial(heat_map, shown, drugs=names))}, " ".join(sentences))


def _words_of(known: pd.DataFrame) -> bool:
    """Whether predictions are classes in words."""
    return not is_numeric_dtype(known["prediction"])


def _farthest(known: pd.DataFrame) -> pd.DataFrame:
    """As many samples and drugs as a picture shows legibly."""
    if _words_of(known):
        beyond = (known["prediction"] != known["baseline"]).astype(float)
    else:
        beyond = (known["prediction"] - known["baseline"]).abs()
    for column, most in (("sample_id", _MOST_SAMPLES), ("drug_id", _MOST_DRUGS)):
        of_each = beyond.groupby(known[column]).mean().sort_values(ascending=False, kind="stable")
        known = known[known[column].isin(of_each.index[:most])]
        beyond = beyond[known.index]
    return known


def _rankings(known: pd.DataFrame, measure: Measure, names: Mapping[str, str], what: str) -> Figure:
    end = ranked_ends(measure)[0]
    ranked = partial(ranked_drugs, known, drugs=names, n_drugs=_MOST_ROWS, highest_first=end == "highest")
    drawings = {
        f"ranked-{sample}": Picture(f"Drugs of sample {sample} by prediction minus baseline", partial(ranked, sample))
        for sample in known["sample_id"].unique()
    }
    return Figure(drawings, f"Drugs of each sample {_ranking_words(known, end, what, _MOST_ROWS)}")


def _one_drug(known: pd.DataFrame, measure: Measure, names: Mapping[str, str], what: str) -> Figure:
    end, drug = ranked_ends(measure)[0], str(known["drug_id"].iloc[0])
    draw = partial(ranked_samples, known, drug, drugs=names, n_samples=_MOST_PATIENTS, highest_first=end == "highest")
    title = f"Samples by prediction minus baseline, {drug_words(drug, names)}"
    return Figure(
        {"ranked-samples": Picture(title, draw)}, f"Samples {_ranking_words(known, end, what, _MOST_PATIENTS)}"
    )


def _ranking_words(known: pd.DataFrame, end: str, what: str, most: int) -> str:
    bars = "bars: their bounds; " if known["lower"].notna().any() else ""
    return (
        f"by prediction minus baseline, {what}, {end} first, {most} at most. Dots: predictions; {bars}"
        "upright lines: the baseline, the finest mean that the row's ids allow."
    )
