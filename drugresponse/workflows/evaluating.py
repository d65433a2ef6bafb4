"""Evaluate: tables in, everything that can honestly be said out."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from drugresponse.audit.findings import leak_messages, twin_messages
from drugresponse.description import censor_words, covariate_words
from drugresponse.errors import InputError, count
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS, TOO_FEW
from drugresponse.evaluation.evaluate import evaluate as evaluate_tables
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.learners.registry import EVALUATED_LEARNERS
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import read_splits
from drugresponse.report import evaluation_figures, evaluation_markdown, evaluation_report, evaluation_title
from drugresponse.threads import count_jobs
from drugresponse.workflows.sources import Sources, true_and_false

__all__ = ["evaluate"]

logger = logging.getLogger(__name__)


def evaluate(
    *,
    genotypes: Sequence[Path],
    responses: Path,
    metrics: Path,
    drugs: Path | None = None,
    samples: Path | None = None,
    features: Path | None = None,
    predictions: Path | None = None,
    verdicts: Path | None = None,
    report: Path | None = None,
    markdown: Path | None = None,
    figures: Path | None = None,
    write_splits: Path | None = None,
    learner: Sequence[str] = EVALUATED_LEARNERS,
    scheme: str = "new-samples",
    splits: Path | None = None,
    folds: int = 5,
    repeats: int = 1,
    shuffles: int = 20,
    covariates: Sequence[str] | None = None,
    arm: str | None = None,
    genotype_format: str = "auto",
    kind: str | None = None,
    absent_means: str | None = None,
    filters: str = "all",
    layer: str | None = None,
    aliases: Path | None = None,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    response_column: str = "response",
    measure: str = "",
    unit: str = "",
    higher_means: Any = None,
    rank: int = 256,
    epochs: int = 60,
    trees: int = 400,
    depth: int = 5,
    most_fits: int = 0,
    most_minutes: float = 0,
    resume: Path | None = None,
    seed: int = 0,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Evaluate learners on held-out rows and write what was found; returns what to tell the user."""
    n_jobs = count_jobs(threads)
    sources = Sources(
        genotypes,
        responses,
        drugs,
        samples,
        features,
        genotype_format,
        kind,
        absent_means,
        sample_column,
        drug_column,
        response_column,
        measure,
        unit,
        higher_means,
        layer,
        aliases,
        filters,
    )
    outputs = {
        "metrics": metrics,
        "predictions": predictions,
        "verdicts": verdicts,
        "report": report,
        "markdown": markdown,
        "write_splits": write_splits,
    }
    if figures is not None and (not figures.parent.is_dir() or figures.is_file()):
        raise InputError(f"{figures}: is no folder and cannot be made one. Name a folder whose parent exists.")
    with output_files(outputs, [*sources.paths(), *([splits] if splits else [])]) as out:
        tables = sources.read(n_jobs, arm)
        given = None if splits is None else read_splits(splits, sample_column=sample_column, drug_column=drug_column)
        found = evaluate_tables(
            tables.genotypes,
            tables.responses,
            drugs=tables.drugs,
            samples=tables.samples,
            learners=list(learner),
            scheme=scheme,
            splits=given,
            folds=folds,
            repeats=repeats,
            shuffles=shuffles,
            covariates=covariates,
            arm=arm,
            settings={
                "rank": rank,
                "epochs": epochs,
                "trees": trees,
                "depth": depth,
                "most_fits": most_fits,
                "most_minutes": most_minutes,
                "device": device or "auto",
            },
            resume=resume,
            n_jobs=n_jobs,
            random_state=seed,
        )
        told = [*_told(found), f"Metrics: {metrics}"]
        _write(found, out)
        if figures is not None:
            _write_figures(found, figures)
        return told


def _write(found: EvaluationSummary, out: dict[str, Path]) -> None:
    write_table(found.metrics, out["metrics"])
    tables = {
        "predictions": lambda: true_and_false(found.predictions),
        "verdicts": lambda: found.drug_verdicts,
        "write_splits": lambda: found.splits,
    }
    for name, table in tables.items():
        if name in out:
            write_table(table(), out[name])
    texts = {"report": evaluation_report, "markdown": evaluation_markdown}
    for name, text in texts.items():
        if name in out:
            out[name].write_text(text(found), encoding="utf-8")


def _write_figures(found: EvaluationSummary, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    drawn = evaluation_figures(found)
    with output_files({name: folder / name for name in drawn}) as out:
        for name, text in drawn.items():
            out[name].write_text(text, encoding="utf-8")


def _told(found: EvaluationSummary) -> list[str]:
    """The pooled scores of each learner, and for how many drugs genotype helps."""
    scheme, metrics = found.evaluation.scheme, found.metrics
    pooled = metrics[(metrics["fold"].astype(str) == "all") & (metrics["level"] == "global")]
    wide = {
        str(name): dict(zip(rows["metric"], rows["value"], strict=True)) for name, rows in pooled.groupby("learner")
    }
    best = found.evaluation.best_naive()
    rows = found.evaluation.rows
    leaks = leak_messages(found.audit)
    lines = [f"Leak: {message}" for message in leaks]
    lines += [f"Warning: {message}" for message in twin_messages(found.audit)]
    lines += censor_words(rows.loss.to_dict(), found.evaluation.learners)
    lines += covariate_words(list(rows.pairs.covariates.columns), rows.covariates.unused_by_reason())
    lines += [f"Held out ({scheme.name}: {scheme.test_rows}); best naive: {best}, RMSE {wide[best]['rmse']:.4g}"]
    for name in found.evaluation.learners:
        told = wide[name]
        skill = f"{told['skill']:+.3f} over the best naive" if math.isfinite(told["skill"]) else "not defined"
        lines.append(f"  {name}: RMSE {told['rmse']:.4g}, skill {skill}")
    words = found.drug_verdicts["verdict"]
    helped, judged = int(words.isin((HELPS, LEAKS)).sum()), int((words != TOO_FEW).sum())
    drugs = f"{helped} of {count(judged, 'drug')} with rows enough (false-discovery rate 5 %)"
    lines.append(
        f"With genotype, errors are less for {drugs}; the inputs leak, so that this does not show that genotype helps."
        if leaks
        else f"Genotype helps for {drugs}."
    )
    if found.permutation is not None:
        check = found.permutation
        lines.append(f"Shuffled genotypes: p {check.p:.3g} over {len(check.shuffled)} shuffles.")
    return [*lines, f"{evaluation_title(found)}."]
