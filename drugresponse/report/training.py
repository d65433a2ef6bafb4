"""The page of `train`: whether the model beats naive predictions, for which drugs, and what it was made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.data.metrics import METRIC_LABELS, POOLED_WARNING
from drugresponse.description import censor_words, covariate_words
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.report.figures import Bar, bars, skill_bar
from drugresponse.report.held_out import HeldOut
from drugresponse.report.method import joining_section, method_section
from drugresponse.report.outcome_training import outcome_training_report
from drugresponse.report.page import (
    Html,
    count,
    hint,
    identity,
    list_items,
    number,
    page,
    paragraph,
    section,
    table,
    text,
)
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
    manifest: Mapping[str, Any], metrics: pd.DataFrame | None, held_out: HeldOutForecasts | None = None
) -> str:
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
    if "outcome" in manifest:
        return outcome_training_report(manifest, metrics, held_out)
    held = HeldOut.read(manifest, metrics)
    measure = measure_of(manifest)
    trained = manifest["training"]
    lead = (
        f"{learner_words(manifest)} for {measure_words(measure)}, trained on {count(trained['samples'], 'sample')}, "
        f"{count(trained['drugs'], 'drug')} and {count(trained['pairs'], 'measured pair')}. {direction(measure)}"
    )
    limits = censor_words(manifest["training"], fitted_learners(manifest))
    words = ". ".join([*limits, *covariate_words(manifest["covariates"], manifest.get("unused_columns", {}))])
    body = [verdict_box(model_verdict(manifest, metrics)), paragraph(f"{words}.", "quiet")]
    if held is not None:
        body += [_figure(manifest, held), _scores_section(manifest, held)]
        if manifest["training"]["drugs"] > 1:
            body.append(_drugs_section(manifest, held))
    body += [joining_section(manifest), method_section(manifest), section("Limits", list_items(_limits(manifest)))]
    return page("Training report", lead, body, notice(manifest))


def _figure(manifest: Mapping[str, Any], held: HeldOut) -> Html:
    rows = [
        Bar(
            str(name),
            number(rmse),
            float(rmse),
            "model" if name == held.learner else "naive",
            held.by_fold(str(name), "rmse"),
        )
        for name, rmse in held.pooled["rmse"].items()
    ]
    dots = "circles: each fold; " if len(held.by_fold(held.learner, "rmse")) > 1 else ""
    return Html(
        f"<figure>{bars(rows, 'RMSE of the model and of each naive prediction', line=held.best_naive_rmse)}"
        f"<figcaption>RMSE on held-out rows, lower is better; scheme {text(scheme_words(manifest))}. Blue: the model; "
        f"grey: naive predictions; {dots}dashed: the best naive prediction.</figcaption></figure>\n"
    )


def _scores_section(manifest: Mapping[str, Any], held: HeldOut) -> Html:
    shown = [metric for metric in METRIC_LABELS if metric in held.pooled.columns]
    if len(held.folds) == 0:
        # the manifest keeps no correlation of the naive prediction, and one without the other misleads
        shown = [metric for metric in shown if metric not in ("r2", "pearson", "spearman")]
    rows = [
        [Html(f"<b>{text(name)}</b>") if name == held.learner else name]
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
    return section(
        "Scores beside naive predictions",
        table(["Predicted by", *(METRIC_LABELS[metric] for metric in shown)], rows),
        paragraph(explained + warned, "quiet"),
    )


def _with_range(metric: str, value: float, folds: list[float]) -> Html:
    # shares and correlations have a scale of 1, on which a millionth is nothing
    least = 0.0 if metric in ("rmse", "mae") else 5e-4
    shown = [number(0.0 if abs(score) < least else score) for score in (value, *_extent(folds))]
    return Html(shown[0] + (hint(f"{shown[1]} to {shown[2]}") if len(shown) > 1 else ""))


def _extent(folds: list[float]) -> tuple[float, ...]:
    known = [score for score in folds if score == score]
    return (min(known), max(known)) if len(known) > 1 else ()


def _drugs_section(manifest: Mapping[str, Any], held: HeldOut) -> Html:
    if held.drugs.empty:
        why = (
            "No drug had the 10 held-out rows in a fold that a score of its own takes."
            if len(held.folds)
            else "The model file keeps no scores of single drugs; the metrics table of the training has them."
        )
        return section("Drug by drug", paragraph(why))
    largest = float(held.drugs["skill"].abs().max())
    rows = [
        [
            identity(drug),
            skill_bar(scores.skill, largest),
            number(scores.skill),
            f"{scores.folds_better} of {scores.folds}",
            number(scores.normalised_pearson),
            number(scores.rmse),
            number(scores.naive_rmse),
        ]
        for drug, scores in held.drugs.head(MOST_DRUGS).iterrows()
    ]
    left = len(held.drugs) - MOST_DRUGS
    more = f"{count(left, 'drug')} with lower skill not shown; the metrics table has all." if left > 0 else ""
    columns = ["Drug", "Loss or gain", "Skill", "Folds above 0", "Normalised Pearson", "RMSE", "Best naive RMSE"]
    return section(
        "Drug by drug",
        paragraph(_drug_counts(manifest, held)),
        table(columns, rows, words=2, caption="By falling skill"),
        paragraph(more, "quiet"),
    )


def _drug_counts(manifest: Mapping[str, Any], held: HeldOut) -> str:
    kinds = held.drugs["judgement"].value_counts()
    better, worse = int(kinds.get("better", 0)), int(kinds.get("worse", 0))
    folds = int(held.drugs["folds"].min())
    unscored = manifest["training"]["drugs"] - len(held.drugs)
    sentences = [
        f"The model beats the best naive prediction of the drug in every fold for {better} of "
        f"{count(len(held.drugs), 'drug')}, and loses in every fold for {worse}."
    ]
    if folds > 1:
        sentences.append(
            f"Without any real gain, chance alone gives up to about 1 drug in {2**folds} with {folds} wins of {folds}, "
            "and as many losses: compare the two counts before you read single drugs."
        )
    else:
        sentences.append("Some drugs were scored in one fold only: read no single drug as proven.")
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
