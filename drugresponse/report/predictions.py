"""The page of `predict`: what was predicted, what to beware of, and how good the model was on held-out rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.tables import Measure
from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.model.predictions import BLOCK_ABSENT, FEW_FEATURES, MANY_SITES_FILLED, NOT_CLAIMED, flag_counts
from drugresponse.report.blocks import Block, Cell, Columns, Items, Part, Report, Row, Table, Words
from drugresponse.report.drug_ranking import TOP_DRUGS, drugs_at_end, ranked_ends, ranking_words
from drugresponse.report.forecasts import forecast_report
from drugresponse.report.found_features import features_part
from drugresponse.report.held_out import HeldOut
from drugresponse.report.html import Page, as_html
from drugresponse.report.outcome_predictions import outcome_prediction_figures, outcome_predictions_part
from drugresponse.report.page import count, number
from drugresponse.report.prediction_figures import prediction_figures
from drugresponse.report.prediction_intervals import interval_lines
from drugresponse.report.wording import (
    direction,
    general_limits,
    learner_words,
    measure_of,
    measure_words,
    notice,
    scheme_words,
    verdict_box,
)
from drugresponse.verdict import NOT_CHECKED, ModelVerdict, model_verdict

__all__ = ["prediction_report"]

MOST_SAMPLES = 200
FLAGS = {
    "new-drug": "The drug was not in training.",
    "seen-sample": "The sample was in training: its prediction is no check of the model.",
    FEW_FEATURES: "Too few of the genotype features that the model relies on are known: nothing is predicted, or, "
    "where less was asked for than the training had, a guess without bounds.",
    "no-structure": "The drug has no readable structure where the prediction would need one.",
    "out-of-range": "Values of the sample lie far outside those of training: its prediction is a guess beyond them.",
    "outside-scheme": "The model was not trained for rows like this, and its held-out scores do not cover them.",
    MANY_SITES_FILLED: "The file lacks more than half of the model's sites, which were taken for the reference: a "
    "guess where they were not assayed.",
    BLOCK_ABSENT: "The sample lacks a whole block of features: it is predicted from the others, with bounds as much "
    "wider as held-out errors were larger without it.",
    NOT_CLAIMED: "The row has bounds that may be too narrow: in this scheme new rows may be unlike those that "
    "calibrated them, or less than half of what the model relies on is known of the sample (features_found).",
}


def prediction_report(
    predictions: pd.DataFrame,
    manifest: Mapping[str, Any],
    match: FeatureMatch | None = None,
    *,
    names: Mapping[str, str] | None = None,
    inputs: Sequence[str] = (),
) -> Page:
    """The page that sums up a table of predictions.

    Parameters
    ----------
    predictions
        As `DrugResponseModel.predict` gives it, or as read from its file: columns `sample_id, drug_id, prediction,
        lower, upper, baseline, sample_seen, drug_seen, features_found, flag, sites_filled`; a missing
        prediction is NaN.
    manifest
        `DrugResponseModel.manifest_` of the model.
    match
        What the samples have of the model's features; None leaves out what the table of predictions does not tell.
    names
        Names of drugs by id, as `drug_names` gives them.
    inputs
        Names of the files, for the foot of the page.

    Returns
    -------
    str
        One HTML page without scripts; the same input gives the same text.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> prediction_report(model.predict(cohort.genotypes), model.manifest_)[:15]
    '<!DOCTYPE html>'
    """
    predictions = predictions.astype({"sample_id": str, "drug_id": str})
    names, known = names or {}, int(predictions["prediction"].notna().sum())
    counts, features = _counts_part(predictions, known), features_part(predictions, manifest, match)
    if "outcome" in manifest:
        drug_by_drug = outcome_predictions_part(predictions, manifest, names)
        figures = outcome_prediction_figures(predictions, manifest, names)
        return as_html(
            forecast_report("Prediction report", manifest, figures, [counts, drug_by_drug, features], inputs)
        )
    verdict, measure = model_verdict(manifest), measure_of(manifest)
    lead = (
        f"{count(known, 'prediction')} of {measure_words(measure)} "
        f"for {count(predictions['sample_id'].nunique(), 'sample')} "
        f"and {count(predictions['drug_id'].nunique(), 'drug')}, by {learner_words(manifest)}. {direction(measure)}"
    )
    parts = [
        Part(
            "How good the model was on held-out rows",
            [verdict_box(verdict), Words(_caution(verdict)), _scores(manifest)],
        ),
        *prediction_figures(predictions, measure, names, measure_words(measure)),
        counts,
        features,
        _samples_part(predictions, measure, names),
        Part("Limits", [Items(_limits(manifest, predictions))]),
    ]
    return as_html(Report("Prediction report", lead, parts, notice(manifest), inputs))


def _scores(manifest: Mapping[str, Any]) -> Words:
    held = HeldOut.read(manifest, None)
    if held is None:
        return Words("")
    normalised = float(held.pooled["normalised_pearson"].iloc[0])
    words = (
        f"Measured at training, averaged over folds; scheme {scheme_words(manifest)}. Normalised Pearson "
        f"{number(normalised)}, after subtracting the {manifest['scheme']['reference']}. The training report tells how "
        "far folds and drugs differ."
    )
    return Words(words, quiet=True)


def _counts_part(predictions: pd.DataFrame, known: int) -> Part:
    counts = flag_counts(predictions)
    order = [word for word in FLAGS if word in counts.index] + sorted(set(counts.index) - set(FLAGS))
    bounded = int(predictions["lower"].notna().sum())
    rows = [[word, FLAGS.get(word, "Not explained here."), f"{counts[word]:,}"] for word in order]
    facts = [
        f"{count(len(predictions), 'pair')} of sample and drug asked for; {count(known, 'prediction')} given, "
        f"{len(predictions) - known:,} empty; {bounded:,} with bounds.",
        f"Samples seen in training: {_distinct(predictions, 'sample'):,} of {predictions['sample_id'].nunique():,}. "
        f"Drugs seen in training: {_distinct(predictions, 'drug'):,} of {predictions['drug_id'].nunique():,}.",
    ]
    flagged = Table(["Flag", "What it means", "Rows"], rows, words=2) if rows else Words("No row bears a flag.")
    return Part("What was predicted", [Items(facts), flagged])


def _distinct(predictions: pd.DataFrame, what: str) -> int:
    return int(predictions.loc[predictions[f"{what}_seen"].astype(bool), f"{what}_id"].nunique())


def _samples_part(predictions: pd.DataFrame, measure: Measure, names: Mapping[str, str]) -> Part:
    several = predictions["drug_id"].nunique() > 1
    content = _top_drugs(predictions, measure, names) if several else _one_drug(predictions)
    left = predictions["sample_id"].nunique() - MOST_SAMPLES
    more = f"The first {MOST_SAMPLES} samples; the table of predictions has {left:,} more." if left > 0 else ""
    return Part("Sample by sample", [*content, Words(more, quiet=True)])


def _caution(verdict: ModelVerdict) -> str:
    if verdict.leaks:
        return "What the model was trained on leaks: read the differences below as unproven."
    if verdict.title == NOT_CHECKED:
        return "The model was not checked: read the differences below as unproven."
    if verdict.judgement != "better":
        return (
            "Held-out rows do not show that the model is better than a naive prediction: read the differences below as "
            "unproven."
        )
    return ""


def _top_drugs(predictions: pd.DataFrame, measure: Measure, names: Mapping[str, str]) -> list[Block]:
    gaps = predictions.assign(gap=predictions["prediction"] - predictions["baseline"])
    shown = [str(sample) for sample in gaps["sample_id"].unique()[:MOST_SAMPLES]]
    kept = gaps[gaps["sample_id"].isin(shown)]
    shares = {str(name): float(share) for name, share in kept.groupby("sample_id")["features_found"].first().items()}
    ends = {end: drugs_at_end(kept, end, names) for end in ranked_ends(measure)}
    rows: list[Row] = [
        [Cell(sample, kind="id"), number(shares[sample]), *(drugs[sample] for drugs in ends.values())]
        for sample in shown
    ]
    words = (
        f"For each sample the {TOP_DRUGS} drugs whose prediction lies {' and '.join(ends)} relative to the baseline "
        f"({ranking_words(measure)}): prediction minus baseline, in {measure_words(measure)}. The baseline is the "
        "finest mean that the row's ids allow, so the difference is what the model adds. A difference above 0 means "
        f"{measure.higher_words()} than the baseline."
    )
    columns = ["Sample", "Features found", *(f"Drugs, {end} first" for end in ends)]
    return [Words(words), Table(columns, rows, words=4, most_bytes=120_000)]


def _one_drug(predictions: pd.DataFrame) -> list[Block]:
    columns: Columns = {
        "Sample": lambda row: Cell(row.sample_id, kind="id"),
        "Prediction": lambda row: number(row.prediction),
        "Bounds": lambda row: f"{number(row.lower)} to {number(row.upper)}" if np.isfinite(row.lower) else number(None),
        "Baseline": lambda row: number(row.baseline),
        "Difference": lambda row: number(row.prediction - row.baseline, sign=True),
        "Features found": lambda row: number(row.features_found),
        "Flag": lambda row: row.flag.replace(";", ", "),
    }
    if predictions["lower"].isna().all():
        del columns["Bounds"]
    words = "The baseline is the finest mean that the row's ids allow; the difference is what the model adds."
    rows = predictions.head(MOST_SAMPLES).fillna({"flag": ""})
    return [Words(words), Table.of(rows, columns, most_bytes=120_000)]


def _limits(manifest: Mapping[str, Any], predictions: pd.DataFrame) -> list[str]:
    lines = general_limits(manifest)
    lines += interval_lines(manifest)
    if (manifest.get("intervals") or {}).get("median_width") is not None and predictions["lower"].isna().all():
        lines.append("No row of this table is of the kind that was held out at training, so none has bounds.")
    if manifest["parameters"].get("forget_samples"):
        lines.append("The model forgot its training samples, so it cannot tell which samples it has seen.")
    return lines
