"""Predict: a model and new samples in, a table out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from drugresponse.errors import count
from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.model.loading import load_model
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import genotype_source_files, read_drugs, read_pairs, read_samples
from drugresponse.report import prediction_report
from drugresponse.workflows.new_genotypes import read_new_genotypes, refuse_few_features
from drugresponse.workflows.sources import true_and_false

__all__ = ["predict"]


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
    filters: str = "all",
    layer: str | None = None,
    aliases: Path | None = None,
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
    files = [file for path in genotypes for file in genotype_source_files(path)]
    inputs = [model, *files, *(each for each in (drugs, samples, pairs, features, aliases) if each)]
    with output_files({"predictions": predictions, "report": report}, inputs) as out:
        fitted = load_model(model).set_params(n_jobs=threads, device=device or "auto")
        sample_table = None if samples is None else read_samples(samples, sample_column=sample_column)
        asked = None if pairs is None else read_pairs(pairs, sample_column=sample_column, drug_column=drug_column)
        known: set[str] = set() if sample_table is None else set(sample_table.index)
        known |= set() if asked is None else set(asked["sample_id"])
        table = read_new_genotypes(
            fitted,
            genotypes,
            features=features,
            genotype_format=genotype_format,
            absent_means=absent_means,
            filters=filters,
            samples=sample_table,
            kind=kind,
            layer=layer,
            aliases=aliases,
            known_samples=known or None,
        )
        result = fitted.predict(
            table,
            samples=sample_table,
            pairs=asked,
            minimum_features=minimum_features,
            drugs=None if drugs is None else read_drugs(drugs, drug_column=drug_column),
        )
        refuse_few_features(result, fitted, table, minimum_features)
        write_table(true_and_false(result), out["predictions"])
        if "report" in out:
            found = FeatureMatch.of(fitted.regressor_, table)
            out["report"].write_text(prediction_report(result, fitted.manifest_, found), encoding="utf-8")
        return _told_of_predictions(result, predictions)


def _told_of_predictions(result: pd.DataFrame, path: Path) -> list[str]:
    lines = [
        f"Predicted {result['prediction'].notna().sum()} of {count(len(result), 'pair')}: "
        f"{count(result['sample_id'].nunique(), 'sample')} x {count(result['drug_id'].nunique(), 'drug')}."
    ]
    flags = result["flag"].str.split(";").explode()
    counts = flags[flags != ""].value_counts()
    if len(counts):
        lines.append("Flags: " + ", ".join(f"{word} {number}" for word, number in sorted(counts.items())) + ".")
    return [*lines, f"Predictions: {path}"]
