"""The page of `adapt`: what pilot measurements changed, how far that can be trusted, and what to measure next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.tables import Measure
from drugresponse.plots.models import pilots as pilots_plot
from drugresponse.report.blocks import Block, Cell, Chip, Figure, Items, Part, Report, Row, Table, Words
from drugresponse.report.drug_names import drug_words
from drugresponse.report.drug_ranking import TOP_DRUGS, drugs_at_end, ranked_ends, ranking_words
from drugresponse.report.html import Page, as_html
from drugresponse.report.page import count, joined, number
from drugresponse.report.pictures import Picture
from drugresponse.report.prediction_figures import prediction_figures
from drugresponse.report.wording import direction, general_limits, learner_words, measure_of, measure_words, notice

__all__ = ["adaptation_report"]

MOST_SAMPLES = 200


def adaptation_report(
    predictions: pd.DataFrame,
    next_drugs: pd.DataFrame,
    manifest: Mapping[str, Any],
    *,
    with_genotypes: bool = True,
    names: Mapping[str, str] | None = None,
    inputs: Sequence[str] = (),
) -> Page:
    """The page that sums up predictions corrected by pilot measurements.

    Parameters
    ----------
    predictions, next_drugs
        As `DrugResponseModel.adapt` and `next_drugs` give them.
    manifest
        `DrugResponseModel.manifest_` of the model.
    with_genotypes
        Whether the predictions started at those of the model.
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
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=20)
    >>> model = dr.DrugResponseModel(learner="covariates").fit(cohort.genotypes, cohort.responses)
    >>> pilots = cohort.responses.table.head(1).assign(sample_id="new")
    >>> page = adaptation_report(model.adapt(None, pilots), model.next_drugs(pilots), model.manifest_)
    >>> page[:15], "new" in page
    ('<!DOCTYPE html>', True)
    """
    predictions = predictions.astype({"sample_id": str, "drug_id": str})
    measure, names = measure_of(manifest), names or {}
    n_samples, n_drugs = predictions["sample_id"].nunique(), predictions["drug_id"].nunique()
    lead = (
        f"{count(int(predictions['prediction'].notna().sum()), 'prediction')} of {measure_words(measure)} for "
        f"{count(n_samples, 'sample')} and {count(n_drugs, 'drug')}, by {learner_words(manifest)}, corrected by what "
        f"was measured of the same samples. {direction(measure)}"
    )
    parts = [
        Part("What pilot measurements are worth", _worth(manifest)),
        *prediction_figures(predictions, measure, names, measure_words(measure)),
        Part("What was measured and predicted", [Items(_facts(predictions, manifest, with_genotypes))]),
        Part("Sample by sample", _samples(predictions, next_drugs, measure, names)),
        Part("Limits", [Items(_limits(manifest, names))]),
    ]
    return as_html(Report("Adaptation report", lead, parts, notice(manifest), inputs))


def _worth(manifest: Mapping[str, Any]) -> list[Block]:
    """What the correction did for samples that were held out at training."""
    tried = (manifest.get("adaptation") or {}).get("tried") or []
    if not tried:
        return [Words("This was not tried on held-out samples: too few of them have several measured drugs.")]
    rows = [
        [
            f"{trial['pilots']:,}",
            number(trial["rmse_before"]),
            number(trial["rmse_after"]),
            _percent_less(trial["rmse_before"], trial["rmse_after"]),
        ]
        for trial in tried
    ]
    words = (
        "Tried at training on held-out samples, with randomly chosen pilot drugs and the other drugs predicted: root "
        "mean squared error of the model's own prediction, and after the correction."
    )
    drawing = Picture("Error of the model and after the correction", partial(pilots_plot, manifest))
    caption = "Error of the drugs that were not measured over the number of pilot drugs, with the squared error saved."
    figure = Figure({"pilots": drawing}, caption)
    return [figure, Words(words), Table(["Pilot drugs", "RMSE before", "RMSE after", "Squared error saved"], rows)]


def _percent_less(before: float, after: float) -> str:
    return f"{100 * (1 - (after / before) ** 2):.0f}%" if before > 0 else number(None)


def _facts(predictions: pd.DataFrame, manifest: Mapping[str, Any], with_genotypes: bool) -> list[str]:
    by_sample = predictions.groupby("sample_id", sort=False)["pilots"].max()
    measured = by_sample[by_sample > 0]
    lines = [
        "Predictions start at the model's, from genotype."
        if with_genotypes
        else "No genotypes were given: predictions start at the mean of the tissue and drug, where the tissue is "
        "known, or of the drug."
    ]
    if len(measured):
        least, most = int(measured.min()), int(measured.max())
        used = f"{least}" if least == most else f"{least} to {most}"
        lines.append(f"{count(len(measured), 'sample')} with pilot measurements, of {used} drugs each.")
    plain = int((by_sample == 0).sum())
    if plain:
        lines.append(f"{count(plain, 'sample')} without one that could be used: their predictions are not corrected.")
    unknown = sorted(predictions.loc[~predictions["drug_seen"].astype(bool), "drug_id"].unique())
    if unknown:
        lines.append(f"{count(len(unknown), 'drug')} not in training: moved by the average of the other drugs.")
    width = (predictions["upper"] - predictions["lower"])[predictions["pilots"] > 0].median()
    before = (manifest.get("intervals") or {}).get("median_width")
    if np.isfinite(width):
        beside = f"; without pilot measurements it was {number(before)} at training" if before is not None else ""
        lines.append(f"Median width of the bounds after the correction: {number(float(width))}{beside}.")
    return lines


def _samples(
    predictions: pd.DataFrame, next_drugs: pd.DataFrame, measure: Measure, names: Mapping[str, str]
) -> list[Block]:
    gaps = predictions.assign(gap=predictions["prediction"] - predictions["baseline"])
    ends = {end: drugs_at_end(gaps, end, names) for end in ranked_ends(measure)}
    ranked = {str(sample): list(rows["drug_id"]) for sample, rows in next_drugs.groupby("sample_id", sort=False)}
    pilots = predictions.groupby("sample_id", sort=False)["pilots"].max()
    rows: list[Row] = [
        [
            Cell(str(sample), kind="id"),
            f"{pilots[sample]:,}",
            *(drugs[str(sample)] for drugs in ends.values()),
            Cell(chips=[Chip(drug_words(drug, names)) for drug in ranked.get(str(sample), [])[:TOP_DRUGS]]),
        ]
        for sample in pilots.index[:MOST_SAMPLES]
    ]
    words = (
        f"For each sample the {TOP_DRUGS} drugs, of those predicted, whose prediction lies {' and '.join(ends)} "
        f"relative to the baseline ({ranking_words(measure)}): prediction minus baseline, in {measure_words(measure)}. "
        "Beside them the drugs whose measurement would make the other predictions surer, the most telling first."
    )
    left = len(pilots) - MOST_SAMPLES
    more = f"The first {MOST_SAMPLES} samples; the table of predictions has {left:,} more." if left > 0 else ""
    columns = ["Sample", "Pilot drugs", *(f"Drugs, {end} first" for end in ends), "Measure next"]
    return [Words(words), Table(columns, rows, words=5, most_bytes=120_000), Words(more, quiet=True)]


def _limits(manifest: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    learned = manifest.get("adaptation") or {}
    lines = general_limits(manifest)
    if learned.get("bounds"):
        lines.append(
            f"Bounds of corrected predictions are made to hold {100 * learned['coverage']:g}% of new measurements; "
            "they were calibrated on held-out samples with random pilot drugs. This is an average over samples, not a "
            "promise for a single one."
        )
    else:
        lines.append("Corrected predictions carry no bounds: too few samples, or tissues, were held out at training.")
    lines.append(
        "Pilot measurements must come from the same assay, in the same unit, as the training: a shift of the whole "
        "assay would be taken for the sample's."
    )
    first = [drug_words(drug, names) for drug in learned.get("first_drugs", [])]
    if first:
        lines.append(f"In a sample of which nothing is measured, the most telling drugs are {joined(first)}, in turn.")
    return lines
