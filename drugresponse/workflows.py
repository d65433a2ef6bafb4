"""The tasks of a user: paths in, paths out, and a few lines that say what happened."""

from __future__ import annotations

import hashlib
import json as json_format
import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from drugresponse.cohort_files import write_cohort
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.synthetic import simulate_cohort
from drugresponse.data.tables import Measure
from drugresponse.description import describe_model, describe_scores
from drugresponse.errors import InputError
from drugresponse.models.memory import estimate_megabytes, refuse_too_little_memory
from drugresponse.models.pipeline import DrugResponseModel, load_model
from drugresponse.models.threads import available_cores
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import read_drugs, read_genotypes, read_pairs, read_responses, read_samples
from drugresponse.report import prediction_report, training_report

__all__ = ["describe", "predict", "simulate", "train"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


def simulate(
    *,
    directory: Path,
    preset: str = "cell-lines",
    n_samples: int | None = None,
    n_drugs: int | None = None,
    n_features: int | None = None,
    seed: int = 0,
) -> list[str]:
    """Write a cohort whose truth is known; see `simulate_cohort` and `write_cohort`."""
    cohort = simulate_cohort(preset, n_samples=n_samples, n_drugs=n_drugs, n_features=n_features, random_state=seed)
    written = write_cohort(cohort, directory)
    n_samples_made, n_features_made = cohort.genotypes.shape
    return [
        f"Simulated {n_samples_made} samples, {len(cohort.drugs)} drugs, {n_features_made} features, "
        f"{len(cohort.responses)} responses.",
        f"Wrote {len(written)} files to {directory}: train on genotypes.tsv, responses.tsv, drugs.tsv and samples.tsv; "
        "predict new_genotypes.tsv; truth.tsv holds the planted effects.",
    ]


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
    genotype_format: str = "auto",
    kind: str | None = None,
    absent_means: str | None = None,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    response_column: str = "response",
    measure: str = "",
    unit: str = "",
    higher_means: Any = None,
    minimum_features: float = 0.5,
    folds: int = 3,
    rank: int = 20,
    epochs: int = 60,
    trees: int = 300,
    depth: int = 5,
    forget_samples: bool = False,
    seed: int = 0,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Train a model and write it with its scores and report; returns what to tell the user."""
    n_jobs = threads or available_cores()
    inputs = [*genotypes, responses, *(each for each in (drugs, samples, features) if each)]
    with output_files({"model": model, "metrics": metrics, "report": report}, inputs) as out:
        meaning = Measure(measure or "", unit or "", higher_means)
        measured = read_responses(
            responses,
            sample_column=sample_column,
            drug_column=drug_column,
            response_column=response_column,
            measure=meaning,
        )
        sample_table = None if samples is None else read_samples(samples, sample_column=sample_column)
        known = set(measured.table["sample_id"]) | set(() if sample_table is None else sample_table.index)
        table = _read_all_genotypes(genotypes, features, genotype_format, absent_means, kind, known)
        progress.info("read %d samples x %d features and %d responses", *table.shape, len(measured))
        needed = estimate_megabytes(*table.shape, measured.table["drug_id"].nunique(), len(measured), n_jobs)
        refuse_too_little_memory(needed, os.environ)
        fitted = DrugResponseModel(
            learner,
            scheme,
            covariates=covariates,
            minimum_features=minimum_features,
            folds=folds,
            rank=rank,
            epochs=epochs,
            trees=trees,
            depth=depth,
            forget_samples=forget_samples,
            device=device or "auto",
            n_jobs=n_jobs,
            random_state=seed,
        )
        roles = {
            "genotypes": list(genotypes),
            "responses": [responses],
            "drugs": [drugs],
            "samples": [samples],
            "features": [features],
        }
        fitted.fit(
            table,
            measured,
            samples=sample_table,
            drugs=None if drugs is None else read_drugs(drugs, drug_column=drug_column),
            inputs={role: sums for role, paths in roles.items() if (sums := _checksums(paths))},
        )
        progress.info("trained %s", learner)
        fitted.save(out["model"])
        if "metrics" in out:
            write_table(fitted.metrics_ if fitted.metrics_ is not None else _no_metrics(), out["metrics"])
        if "report" in out:
            out["report"].write_text(training_report(fitted.manifest_, fitted.metrics_), encoding="utf-8")
    if fitted.manifest_["individual_level"]:
        logger.warning(
            "model: the file holds an effect for each training sample; share it only as you may share their data."
        )
    return [*describe_scores(fitted.manifest_), f"Model: {model}"]


def predict(
    *,
    model: Path,
    genotypes: Sequence[Path],
    predictions: Path,
    drugs: Path | None = None,
    samples: Path | None = None,
    pairs: Path | None = None,
    report: Path | None = None,
    features: Path | None = None,
    genotype_format: str = "auto",
    kind: str | None = None,
    absent_means: str | None = None,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    minimum_features: float | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Predict for new samples and write the table; returns what to tell the user.

    Raises
    ------
    InputError
        Every sample has too few of the model's features.
    """
    inputs = [model, *genotypes, *(each for each in (drugs, samples, pairs, features) if each)]
    with output_files({"predictions": predictions, "report": report}, inputs) as out:
        fitted = load_model(model)
        sample_table = None if samples is None else read_samples(samples, sample_column=sample_column)
        asked = None if pairs is None else read_pairs(pairs, sample_column=sample_column, drug_column=drug_column)
        known: set[str] = set() if sample_table is None else set(sample_table.index)
        known |= set() if asked is None else set(asked["sample_id"])
        table = _read_all_genotypes(genotypes, features, genotype_format, absent_means, kind, known)
        progress.info("read %d samples x %d features", *table.shape)
        result = fitted.predict(
            table,
            samples=sample_table,
            pairs=asked,
            minimum_features=minimum_features,
            drugs=None if drugs is None else read_drugs(drugs, drug_column=drug_column),
        )
        _refuse_empty_predictions(result, fitted, minimum_features)
        write_table(_as_text(result), out["predictions"])
        if "report" in out:
            out["report"].write_text(prediction_report(result, fitted.manifest_), encoding="utf-8")
    return _told_of_predictions(result, predictions)


def describe(*, model: Path, json: bool = False) -> str:
    """What a model file tells about itself, as text or as JSON."""
    manifest = load_model(model).manifest_
    if json:
        return json_format.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join(describe_model(manifest))


def _read_all_genotypes(
    paths: Sequence[Path],
    features: Path | None,
    genotype_format: str,
    absent_means: str | None,
    kind: str | None,
    known_samples: set[str],
) -> Genotypes:
    return read_genotypes(
        list(paths),
        features=features,
        genotype_format=genotype_format,
        absent_means=absent_means,
        kind=kind,
        known_samples=known_samples or None,
    )


def _refuse_empty_predictions(result: pd.DataFrame, model: DrugResponseModel, minimum: float | None) -> None:
    if result["prediction"].notna().any():
        return
    least = model.minimum_features if minimum is None else minimum
    best = float(result["features_found"].max())
    raise InputError(
        f"genotypes: the features found hold at most {best:.1%} of the model's weight in any sample "
        f"(expected {least:.0%} or more). Check that the feature ids are those of the training, "
        "or lower --minimum-features."
    )


def _as_text(result: pd.DataFrame) -> pd.DataFrame:
    """Booleans as the words true and false."""
    words = {True: "true", False: "false"}
    return result.assign(**{name: result[name].map(words) for name in ("sample_seen", "drug_seen")})


def _told_of_predictions(result: pd.DataFrame, path: Path) -> list[str]:
    lines = [
        f"Predicted {result['prediction'].notna().sum()} of {len(result)} pairs: "
        f"{result['sample_id'].nunique()} samples x {result['drug_id'].nunique()} drugs."
    ]
    flags = result["flag"].str.split(";").explode()
    counts = flags[flags != ""].value_counts()
    if len(counts):
        lines.append("Flags: " + ", ".join(f"{word} {count}" for word, count in sorted(counts.items())) + ".")
    return [*lines, f"Predictions: {path}"]


def _checksums(paths: Sequence[Path | None]) -> list[str]:
    sums = []
    for path in paths:
        if path is not None:
            with Path(path).open("rb") as file:
                sums.append(
                    hashlib.file_digest(file, "sha256").hexdigest()
                    if hasattr(hashlib, "file_digest")
                    else hashlib.sha256(file.read()).hexdigest()
                )
    return sums


def _no_metrics() -> pd.DataFrame:
    from drugresponse.models.held_out import METRIC_COLUMNS

    return pd.DataFrame(columns=list(METRIC_COLUMNS))
