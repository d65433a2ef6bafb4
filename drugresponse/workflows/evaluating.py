"""Evaluate: tables in, everything that can honestly be said out."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from drugresponse.audit.findings import caution_messages, leak_messages
from drugresponse.cluster.client import open_client
from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.data.metrics import METRIC_LABELS
from drugresponse.data.outcomes.wording import outcome_words
from drugresponse.data.scores.labels import LOSS_METRICS, metric_label
from drugresponse.description import censor_words, covariate_words
from drugresponse.errors import InputError, count
from drugresponse.evaluation.blocks.block_verdicts import block_verdict_words
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS, UNJUDGED
from drugresponse.evaluation.evaluate import evaluate as evaluate_tables
from drugresponse.evaluation.evaluate import evaluate_fold, folds_numbered, plan_evaluation, refuse_few_shuffles
from drugresponse.evaluation.rules.rule import RULE
from drugresponse.evaluation.studies.seen_samples import seen_samples_words
from drugresponse.evaluation.summary import EvaluationSummary, random_folds_words, rule_words
from drugresponse.learners.baselines import NAIVE_NAMES
from drugresponse.learners.registry import LEARNERS
from drugresponse.learners.studies.shifts import study_words
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.readers.tables.rules import read_rule
from drugresponse.readers.tables.splits import read_splits
from drugresponse.report import evaluation_markdown, evaluation_report, evaluation_title, short_evaluation
from drugresponse.settings import (
    EvaluateSettings,
    ForecastSettings,
    LearnerSettings,
    StudyDesign,
    values_of,
)
from drugresponse.settings.input_files import input_names
from drugresponse.words import joined
from drugresponse.workflows.dry_run import dry_run_words, joined_words, memory_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.sources import prior_of, read_training_tables, true_and_false

__all__ = ["evaluate"]

logger = logging.getLogger(__name__)


def evaluate(settings: EvaluateSettings) -> list[str]:
    """Evaluate learners on held-out rows and write the tables and pages; returns what to tell the user."""
    if settings.dry_run:
        return _dry_run(settings)
    if settings.only_fold is not None:
        return _evaluate_fold(settings, settings.only_fold)
    with (
        output_files(settings.outputs(), folders=settings.folders()) as out,
        open_client(settings.dask, settings.n_jobs) as client,
    ):
        _refuse_net_benefit_without_cost(settings)
        tables = read_training_tables(settings, settings.n_jobs, settings.learner, settings.arm, in_processes=True)
        summary = evaluate_tables(
            tables.genotypes,
            tables.responses,
            drugs=tables.drugs,
            samples=tables.samples,
            n_jobs=settings.n_jobs,
            client=client,
            shuffles=settings.shuffles,
            resume=settings.resume,
            **values_of(settings, ForecastSettings),
            **_options_of_fits(settings),
        )
        rows = summary.evaluation.rows
        lines = [outcome_words(rows.y, rows.pairs.observed), *_summary(summary), f"Metrics: {settings.metrics}"]
        doing("writing")
        _write(summary, out, input_names(settings))
        return lines


def _refuse_net_benefit_without_cost(settings: EvaluateSettings) -> None:
    if settings.net_benefit is not None and settings.cost_of_miss is None:
        raise InputError(
            "`net_benefit`: found no cost of a missed event (expected how many false alarms are as bad as one). "
            "Give `cost_of_miss`, or leave the table out."
        )


def _folder_of_fits(settings: EvaluateSettings) -> Path:
    """Where the fits of one fold are kept, which has to be said."""
    if settings.resume is None:
        raise InputError("`only_fold`: found no folder for its fits (expected `resume`). Name one.")
    return settings.resume


def _dry_run(settings: EvaluateSettings) -> list[str]:
    """What was understood, and what would be fitted; that outputs can be written is proved too."""
    with output_files(settings.outputs(), folders=settings.folders(), publish=False):
        _refuse_net_benefit_without_cost(settings)
        if settings.only_fold is not None:
            _folder_of_fits(settings)
        refuse_few_shuffles(settings.shuffles)
        return dry_run_words(settings, _plan(settings))


def _plan(settings: EvaluateSettings) -> list[str]:
    tables = read_training_tables(settings, settings.n_jobs, settings.learner, settings.arm, in_processes=True)
    plan = plan_evaluation(
        tables.genotypes,
        tables.responses,
        drugs=tables.drugs,
        samples=tables.samples,
        **_options_of_fits(settings),
    )
    folds = plan.folds if settings.only_fold is None else folds_numbered(plan, settings.only_fold)
    names = [contender.name for contender in plan.contenders]
    repeats = f", {settings.repeats} times dealt" if settings.repeats > 1 and settings.splits is None else ""
    fits = f"{joined(names)} on {count(len(folds), 'fold')}{repeats}: {count(len(names) * len(folds), 'fit')}"
    once = sum(fold.repeat == folds[0].repeat for fold in folds)
    if settings.shuffles and settings.only_fold is None:
        fits += f"; ridge on {settings.shuffles} times shuffled genotypes: {count(settings.shuffles * once, 'fit')}"
    understood = [*joined_words(plan.rows, names), f"To be fitted ({settings.scheme}): {fits}."]
    if settings.resume is not None:
        understood.append(f"Fits that {settings.resume} holds already are not made again.")
    return [*understood, memory_words(settings.learner, tables.size)]


def _evaluate_fold(settings: EvaluateSettings, fold: int) -> list[str]:
    """Make the fits of one fold, for a run that collects them."""
    folder = _folder_of_fits(settings)
    tables = read_training_tables(settings, settings.n_jobs, settings.learner, settings.arm, in_processes=True)
    with open_client(settings.dask, settings.n_jobs) as client:
        fits = evaluate_fold(
            fold,
            tables.genotypes,
            tables.responses,
            drugs=tables.drugs,
            samples=tables.samples,
            resume=folder,
            n_jobs=settings.n_jobs,
            client=client,
            **_options_of_fits(settings),
        )
    return [f"Fits of fold {fold}: {fits} in {folder}. Outputs are written without --only-fold."]


def _options_of_fits(settings: EvaluateSettings) -> dict[str, Any]:
    """Arguments of `evaluate` on which fits depend, but for the tables."""
    return {
        "learners": settings.learner,
        "outcome": settings.outcome,
        "classes": settings.classes,
        "settings": {**values_of(settings, LearnerSettings), "device": settings.device},
        "splits": _read_splits(settings),
        "repeats": settings.repeats,
        "rule": _read_rule(settings),
        "prior": prior_of(settings.prior, settings.drug_column),
        "rule_name": _name_of_rule(settings.rule),
        "random_state": settings.seed,
        **values_of(settings, StudyDesign),
    }


def _read_splits(settings: EvaluateSettings) -> pd.DataFrame | None:
    if settings.splits is None:
        return None
    return read_splits(settings.splits, sample_column=settings.sample_column, drug_column=settings.drug_column)


def _read_rule(settings: EvaluateSettings) -> pd.DataFrame | None:
    if settings.rule is None:
        return None
    return read_rule(settings.rule, sample_column=settings.sample_column, drug_column=settings.drug_column)


def _name_of_rule(path: Path | None) -> str:
    """The file's name without its endings, where that tells something."""
    stem = "" if path is None else path.name.split(".")[0]
    # Galaxy and pipes number their files
    told = stem and not stem.startswith(("dataset_", "pipe-")) and stem not in (*LEARNERS, *NAIVE_NAMES)
    return stem if told else RULE


def _write(summary: EvaluationSummary, out: dict[str, Path], inputs: list[str]) -> None:
    tables = {
        "metrics": lambda: summary.metrics,
        "predictions": lambda: true_and_false(summary.predictions),
        "verdicts": lambda: summary.drug_verdicts,
        "net_benefit": lambda: _net_benefit(summary),
        "write_splits": lambda: summary.splits,
        "short": lambda: short_evaluation(summary),
    }
    for name, table in tables.items():
        if name in out:
            write_table(table(), out[name])
    if "markdown" in out:
        out["markdown"].write_text(evaluation_markdown(summary, inputs), encoding="utf-8")
    write_report(out, partial(evaluation_report, summary, inputs))


def _net_benefit(summary: EvaluationSummary) -> pd.DataFrame:
    """The decision curve with what calling none is worth."""
    columns = ["learner", "threshold", "net_benefit", "call_all", "call_none"]
    if summary.decision_curve.empty:
        logger.warning("`net_benefit`: no row, since the outcome is not yes or no.")
    return summary.decision_curve.assign(call_none=0.0).reindex(columns=columns)


_BESIDE = {
    "binary": ("auroc", "average_precision", "very_major_error", "major_error"),
    "ordinal": ("weighted_kappa", "accuracy_within_one", "very_major_error", "major_error"),
    "interval": ("rmse_exact", "essential_agreement"),
    "time-to-event": ("harrell_c", "uno_c"),
}
"""Scores that stand beside the skill of each learner."""


def _beside(scores: Mapping[str, float], summary: EvaluationSummary) -> str:
    names = [name for name in _BESIDE.get(summary.evaluation.kind, ()) if name in scores]
    return "".join(f", {_in_sentence(metric_label(name))} {scores[name]:.3f}" for name in names)


def _in_sentence(label: str) -> str:
    """A label within a sentence; names of people and abbreviations keep their capitals."""
    named = label[1].isupper() or "'" in label or label.startswith("Brier")
    return label if named else label[0].lower() + label[1:]


def _summary(summary: EvaluationSummary) -> list[str]:
    """The pooled scores of each learner, and for how many drugs genotype helps."""
    scheme, metrics = summary.evaluation.scheme, summary.metrics
    pooled = metrics[(metrics["fold"].astype(str) == "all") & (metrics["level"] == "global")]
    wide = {
        str(name): dict(zip(rows["metric"], rows["value"], strict=True)) for name, rows in pooled.groupby("learner")
    }
    best = summary.evaluation.best_naive()
    rows = summary.evaluation.rows
    leaks = leak_messages(summary.audit)
    lines = [f"Leak: {message}" for message in leaks]
    lines += [f"Warning: {message}" for message in caution_messages(summary.audit)]
    lines += censor_words(rows.loss.to_dict(), summary.evaluation.learners)
    lines += covariate_words(list(rows.pairs.covariates.columns), rows.covariates.unused_by_reason())
    lines += lineage_words(summary.settings.get("lineages"))
    lines += study_words(summary.settings.get("studies"))
    loss = LOSS_METRICS[summary.evaluation.kind]
    label = _in_sentence(metric_label(loss)) if summary.evaluation.layers else METRIC_LABELS[loss]
    lines += [f"Held out ({scheme.name}: {scheme.test_rows}); best naive: {best}, {label} {wide[best][loss]:.4g}"]
    for name in summary.evaluation.learners:
        scores = wide[name]
        skill = f"{scores['skill']:+.3f} over the best naive" if math.isfinite(scores["skill"]) else "not defined"
        lines.append(f"  {name}: {label} {scores[loss]:.4g}, skill {skill}{_beside(scores, summary)}")
    lines += rule_words(summary)
    words = summary.drug_verdicts["verdict"]
    helped, judged = int(words.isin((HELPS, LEAKS)).sum()), int((~words.isin(UNJUDGED)).sum())
    enough = "events enough" if summary.evaluation.layers else "rows enough"
    drugs = f"{helped} of {count(judged, 'drug')} with {enough} (false-discovery rate 5 %)"
    lines.append(
        f"With genotype, errors are less for {drugs}; the inputs leak, so that this does not show that genotype helps."
        if leaks
        else f"Genotype helps for {drugs}."
    )
    if summary.permutation is not None:
        check = summary.permutation
        lines.append(f"Shuffled genotypes: p {check.p:.3g} over {len(check.shuffled)} shuffles.")
    lines += block_verdict_words(summary.block_verdicts)
    if summary.random_folds is not None:
        lines.append(random_folds_words(summary.random_folds))
    if summary.seen_samples is not None:
        lines.append(seen_samples_words(summary.seen_samples))
    return [*lines, f"{evaluation_title(summary)}."]
