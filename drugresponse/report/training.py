"""The page of `train`: whether the model beats naive predictions, for which drugs, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd

from drugresponse import plots
from drugresponse.data.metrics import METRIC_LABELS, POOLED_WARNING
from drugresponse.description import censor_words, covariate_words, response_scale_words
from drugresponse.learners.prior.wording import prior_words
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.report.blocks import Cell, Columns, Figure, Items, Part, Report, Table, Words
from drugresponse.report.drug_names import drug_cell
from drugresponse.report.held_out import HeldOut
from drugresponse.report.html import Page, as_html
from drugresponse.report.method import joining_part, method_part
from drugresponse.report.outcome_training import outcome_training_report
from drugresponse.report.page import count, number
from drugresponse.report.pictures import Picture, skill_bar
from drugresponse.report.prediction_intervals import interval_lines
from drugresponse.report.wording import (
    direction,
    fitted_learners,
    general_limits,
    learner_words,
    measure_of,
    measure_words,
    notice,
    scheme_words,
    verdict_box,
)
from drugresponse.verdict import model_verdict

__all__ = ["training_report"]

MOST_DRUGS = 300


def training_report(
    manifest: Mapping[str, Any],
    metrics: pd.DataFrame | None,
    held_out: HeldOutForecasts | None = None,
    *,
    names: Mapping[str, str] | None = None,
    inputs: Sequence[str] = (),
) -> Page:
    """The page that tells what a training found.

    Parameters
    ----------
    manifest
        `DrugResponseModel.manifest_`.
    metrics
        `DrugResponseModel.metrics_`: columns `learner, scheme, repeat, fold, level, id, metric, value, lower, upper`.
        None where the model was not checked, or was loaded from its file; then the headline of the manifest is used.
    held_out
        `DrugResponseModel.held_out_`, from which the pictures of an outcome that is not continuous are drawn.
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
    >>> model = dr.DrugResponseModel(learner="ridge").fit(cohort.genotypes, cohort.responses)
    >>> training_report(model.manifest_, model.metrics_)[:15]
    '<!DOCTYPE html>'
    """
    names = names or {}
    if "outcome" in manifest:
        return as_html(outcome_training_report(manifest, metrics, held_out, names, inputs))
    held = HeldOut.read(manifest, metrics)
    measure = measure_of(manifest)
    trained = manifest["training"]
    lead = (
        f"{learner_words(manifest)} for {measure_words(measure)}, trained on {count(trained['samples'], 'sample')}, "
        f"{count(trained['drugs'], 'drug')} and {count(trained['pairs'], 'measured pair')}. {direction(measure)}"
    )
    limits = [*censor_words(manifest["training"], fitted_learners(manifest)), *response_scale_words(manifest)]
    limits += prior_words(manifest)
    words = ". ".join([*limits, *covariate_words(manifest["covariates"], manifest.get("unused_columns", {}))])
    figure = [] if held is None else [_figure(manifest, held)]
    parts = [Part("", [verdict_box(model_verdict(manifest, metrics)), *figure, Words(f"{words}.", quiet=True)])]
    if held is not None:
        parts.append(_scores_part(manifest, held))
        if manifest["training"]["drugs"] > 1:
            parts.append(_drugs_part(manifest, held, names))
    parts += [joining_part(manifest), method_part(manifest), Part("Limits", [Items(_limits(manifest))])]
    return as_html(Report("Training report", lead, parts, notice(manifest), inputs))


def _figure(manifest: Mapping[str, Any], held: HeldOut) -> Figure:
    table = held.pooled["rmse"].rename_axis("learner").reset_index(name="value").assign(fold="all")
    if len(held.folds):
        of_folds = held.folds["rmse"].reset_index(name="value")
        table = pd.concat([table, of_folds])
    metrics = table.assign(level="global", metric="rmse")
    picture = Picture("RMSE of the model and of each naive prediction", partial(plots.losses, metrics))
    dots = "circles: each fold; " if len(held.by_fold(held.learner, "rmse")) > 1 else ""
    return Figure(
        {"rmse": picture},
        f"RMSE on held-out rows, lower is better; scheme {scheme_words(manifest)}. Blue: the model; grey: naive "
        f"predictions; {dots}dashed: the best naive prediction.",
    )


def _scores_part(manifest: Mapping[str, Any], held: HeldOut) -> Part:
    shown = [metric for metric in METRIC_LABELS if metric in held.pooled.columns]
    if len(held.folds) == 0:
        # the manifest keeps no correlation of the naive prediction, and one without the other misleads
        shown = [metric for metric in shown if metric not in ("r2", "pearson", "spearman")]
    rows = [
        [Cell(str(name), kind="strong" if name == held.learner else "")]
        + [_with_range(metric, float(scores[metric]), held.by_fold(str(name), metric)) for metric in shown]
        for name, scores in held.pooled[shown].iterrows()
    ]
    reference = manifest["scheme"]["reference"]
    n_folds = len(held.by_fold(held.learner, "rmse"))
    averaged = (
        f"Averages over {n_folds} folds, the lowest and highest fold below; their range is no confidence interval. "
        if n_folds > 1
        else "From one fold. "
        if n_folds
        else "Averages over folds. The model file keeps no scores of single folds. "
    )
    explained = (
        f"{averaged}The held-out rows of a fold are pooled; scheme {scheme_words(manifest)}. Skill is the share saved "
        "of the squared error of the naive prediction that was best in the fold: 0 is no gain, below 0 is a loss. "
        f"Normalised Pearson subtracts the {reference} from measured and predicted values first. "
    )
    warned = POOLED_WARNING if "pearson" in shown and manifest["training"]["drugs"] > 1 else ""
    table = Table(["Predicted by", *(METRIC_LABELS[metric] for metric in shown)], rows)
    return Part("Scores beside naive predictions", [table, Words(explained + warned, quiet=True)])


def _with_range(metric: str, value: float, folds: list[float]) -> Cell:
    # shares and correlations have a scale of 1, on which a millionth is nothing
    least = 0.0 if metric in ("rmse", "mae") else 5e-4
    shown = [number(0.0 if abs(score) < least else score) for score in (value, *_extent(folds))]
    return Cell(shown[0], " to ".join(shown[1:]))


def _extent(folds: list[float]) -> tuple[float, ...]:
    known = [score for score in folds if score == score]
    return (min(known), max(known)) if len(known) > 1 else ()


def _drugs_part(manifest: Mapping[str, Any], held: HeldOut, names: Mapping[str, str]) -> Part:
    if held.drugs.empty:
        why = (
            "No drug had the 10 held-out rows in a fold that a score of its own takes."
            if len(held.folds)
            else "The model file keeps no scores of single drugs; the metrics table of the training has them."
        )
        return Part("Drug by drug", [Words(why)])
    largest = float(held.drugs["skill"].abs().max())
    columns: Columns = {
        "Drug": lambda row: drug_cell(row.Index, names),
        "Loss or gain": lambda row: Cell(drawing=skill_bar(row.skill, largest)),
        "Skill": lambda row: Cell(number(row.skill), _interval(row.lower, row.upper)),
        "Folds above 0": lambda row: f"{row.folds_better} of {row.folds}",
        "Normalised Pearson": lambda row: number(row.normalised_pearson),
        "RMSE": lambda row: number(row.rmse),
        "Best naive RMSE": lambda row: number(row.naive_rmse),
    }
    table = Table.of(held.drugs.head(MOST_DRUGS), columns, caption="By falling skill", words=2, most_bytes=120_000)
    left = len(held.drugs) - MOST_DRUGS
    more = f"{count(left, 'drug')} with lower skill not shown; the metrics table has all." if left > 0 else ""
    return Part("Drug by drug", [Words(_drug_counts(manifest, held)), table, Words(more, quiet=True)])


def _interval(lower: float, upper: float) -> str:
    return f"{number(lower)} to {number(upper)}" if lower == lower else ""


def _drug_counts(manifest: Mapping[str, Any], held: HeldOut) -> str:
    kinds = held.drugs["judgement"].value_counts()
    better, worse = int(kinds.get("better", 0)), int(kinds.get("worse", 0))
    unscored = manifest["training"]["drugs"] - len(held.drugs)
    n = len(held.drugs)
    sentences = [
        f"The 95% interval of the skill lies above 0 for {better} of {count(n, 'drug')}, and below 0 for {worse}. Each "
        f"drug is judged by itself: without any real gain, chance alone puts about 1 drug in 40 above, and as many "
        "below, so compare the two counts before you read single drugs."
    ]
    if model_verdict(manifest).leaks:
        sentences.insert(0, "The inputs leak, so that the counts below are no gains.")
    if unscored > 0:
        sentences.append(f"{count(unscored, 'drug')} had fewer than 10 held-out rows in each fold and no score.")
    return " ".join(sentences)


def _limits(manifest: Mapping[str, Any]) -> list[str]:
    matching = (
        "In new samples a variant is found by its id or place, swapped alleles are turned, and what is missing is "
        "taken as the mean of the training samples."
    )
    return [
        *general_limits(manifest),
        "The scores are of models trained on a part of the rows; the saved model was then trained on all of them.",
        *interval_lines(manifest),
        *([matching] if manifest["features"]["used"] else []),
    ]
