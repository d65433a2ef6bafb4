"""Train: tables in, a model with its scores and report out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from drugresponse.description import censor_words, covariate_words, describe_scores, leak_words
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.model.model import DrugResponseModel
from drugresponse.outputs import output_files, write_table
from drugresponse.report import training_report
from drugresponse.threads import count_jobs
from drugresponse.verdict import fitted_learners
from drugresponse.workflows.sources import Sources

__all__ = ["train"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


def train(
    *,
    genotypes: Sequence[Path],
    responses: Path,
    model: Path,
    drugs: Path | None = None,
    samples: Path | None = None,
    features: Path | None = None,
    metrics: Path | None = None,
    report: Path | None = None,
    learner: str = "auto",
    scheme: str = "new-samples",
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
    minimum_features: float = 0.5,
    folds: int = 3,
    rank: int = 256,
    epochs: int = 60,
    trees: int = 400,
    depth: int = 5,
    most_fits: int = 0,
    most_minutes: float = 0,
    forget_samples: bool = False,
    seed: int = 0,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Train a model and write it with its scores and report; returns what to tell the user."""
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
    with output_files({"model": model, "metrics": metrics, "report": report}, sources.paths()) as out:
        tables = sources.read(n_jobs, arm)
        fitted = DrugResponseModel(
            learner,
            scheme,
            covariates=covariates,
            arm=arm,
            minimum_features=minimum_features,
            folds=folds,
            rank=rank,
            epochs=epochs,
            trees=trees,
            depth=depth,
            most_fits=most_fits,
            most_minutes=most_minutes,
            forget_samples=forget_samples,
            device=device or "auto",
            n_jobs=n_jobs,
            random_state=seed,
        )
        fitted.fit(
            tables.genotypes, tables.responses, drugs=tables.drugs, samples=tables.samples, inputs=tables.checksums
        )
        progress.info("trained %s", learner)
        fitted.save(out["model"])
        if "metrics" in out:
            unchecked = pd.DataFrame(columns=list(METRIC_COLUMNS))
            write_table(unchecked if fitted.metrics_ is None else fitted.metrics_, out["metrics"])
        if "report" in out:
            out["report"].write_text(training_report(fitted.manifest_, fitted.metrics_), encoding="utf-8")
        if fitted.manifest_["individual_level"]:
            logger.warning(
                "model: the file holds an effect for each training sample; share it only as you may share their data."
            )
        manifest = fitted.manifest_
        first = [*leak_words(manifest), *censor_words(manifest["training"], fitted_learners(manifest))]
        first += covariate_words(manifest["covariates"], manifest["unused_columns"])
        return [*first, *describe_scores(manifest), f"Model: {model}"]
