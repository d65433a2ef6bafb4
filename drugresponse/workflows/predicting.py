"""Predict: a model and new samples in, a table out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.errors import count
from drugresponse.features.parents import borne_by_parent_alone
from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.model.loading import load_model
from drugresponse.model.predictions import flag_counts
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.report import drug_names, prediction_report, short_predictions
from drugresponse.report.html import Page
from drugresponse.settings import PredictSettings
from drugresponse.settings.input_files import input_names
from drugresponse.workflows.dry_run import dry_run_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.new_genotypes import covariates_words, read_new_genotypes, refuse_few_features
from drugresponse.workflows.sources import drugs_of, pairs_of, samples_of, true_and_false, with_sources

__all__ = ["predict"]


def predict(settings: PredictSettings) -> list[str]:
    """Predict for new samples and write the table; returns what to tell the user.

    Raises
    ------
    InputError
        Every sample has too few of the model's features.
    """
    with output_files(settings.outputs(), folders=settings.folders(), publish=not settings.dry_run) as out:
        doing("loading the model")
        model = load_model(settings.model, allow=settings.allow_learner).set_params(
            n_jobs=settings.n_jobs, device=settings.device
        )
        files = with_sources(settings)
        samples, pairs, drugs = samples_of(files), pairs_of(settings), drugs_of(settings)
        known: set[str] = set() if samples is None else set(samples.index)
        known |= set() if pairs is None else set(pairs["sample_id"])
        genotypes = read_new_genotypes(model, files, samples, known or None)
        doing("predicting")
        result = model.predict(
            genotypes,
            samples=samples,
            pairs=pairs,
            minimum_features=settings.minimum_features,
            drugs=drugs,
        )
        refuse_few_features(result, model, genotypes, settings.minimum_features)
        by_parent = borne_by_parent_alone(genotypes, model.parts_.features)
        if settings.dry_run:
            words = [*covariates_words(model, samples), *_summary(result, *by_parent), *_scale_words(model.manifest_)]
            return dry_run_words(settings, words)
        write_table(true_and_false(result), out["predictions"])
        if "short" in out:
            write_table(short_predictions(result, model, drugs), out["short"])
        doing("writing")
        names = drug_names(model.drugs_, drugs)

        def page() -> Page:
            features = FeatureMatch.of(model.regressor_, genotypes)
            return prediction_report(result, model.manifest_, features, names=names, inputs=input_names(settings))

        write_report(out, page)
        return [*_summary(result, *by_parent), *_scale_words(model.manifest_), f"Predictions: {settings.predictions}"]


def _scale_words(manifest: Mapping[str, Any]) -> list[str]:
    """The scale of a model of several studies."""
    studies = manifest.get("studies")
    if studies is None:
        return []
    return [f"Predictions are on the scale of study {studies['reference']}; another study may lie above or below it."]


def _summary(result: pd.DataFrame, new_alleles: list[str], n_bearers: int) -> list[str]:
    lines = [
        f"Predicted {result['prediction'].notna().sum()} of {count(len(result), 'pair')}: "
        f"{count(result['sample_id'].nunique(), 'sample')} x {count(result['drug_id'].nunique(), 'drug')}."
    ]
    if new_alleles:
        lines.append(
            f"Taken by their family alone: {count(len(new_alleles), 'allele')} that the training never saw, in "
            f"{count(n_bearers, 'sample')}."
        )
    counts = flag_counts(result)
    if len(counts):
        lines.append("Flags: " + ", ".join(f"{word} {number}" for word, number in counts.items()) + ".")
    return lines
