"""Adapt: a model, new samples and a few of their measurements in; better predictions and what to measure next out."""

from __future__ import annotations

from functools import partial

import pandas as pd

from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.report import adaptation_report, drug_names, short_predictions
from drugresponse.settings import AdaptSettings
from drugresponse.settings.input_files import input_names
from drugresponse.workflows.dry_run import dry_run_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.new_genotypes import covariates_words, read_new_genotypes, refuse_few_features
from drugresponse.workflows.sources import (
    drugs_of,
    named_samples,
    pairs_of,
    responses_of,
    samples_of,
    true_and_false,
    with_sources,
)

__all__ = ["adapt"]


def adapt(settings: AdaptSettings) -> list[str]:
    """Predict for samples of which some drugs were measured, and rank what to measure next.

    Returns what to tell the user.

    Raises
    ------
    InputError
        The model cannot adapt, or no measurement can be used.
    """
    with output_files(settings.outputs(), folders=settings.folders(), publish=not settings.dry_run) as out:
        doing("loading the model")
        model = load_model(settings.model, allow=settings.allow_learner).set_params(
            n_jobs=settings.n_jobs, device=settings.device
        )
        files = with_sources(settings)
        samples, drugs = samples_of(files), drugs_of(settings)
        known_drugs = [*model.drugs_.index, *(() if drugs is None else drugs.index)]
        pilots = responses_of(settings, known_drugs, outcome=model.parts_.outcome)
        pilots = right_way_round(pilots, drugs=model.drugs_.index)
        genotypes = None
        if settings.genotypes:
            genotypes = read_new_genotypes(model, files, samples, named_samples(pilots, samples))
        doing("predicting")
        result = model.adapt(
            genotypes,
            pilots,
            drugs=drugs,
            samples=samples,
            pairs=pairs_of(settings),
            minimum_features=settings.minimum_features,
        )
        _refuse_without_rows(result)
        if genotypes is not None:
            advice = ", or leave `genotypes` out"
            refuse_few_features(result, model, genotypes, settings.minimum_features, advice=advice)
        doing("ranking what to measure next")
        ranked = model.next_drugs(
            pilots,
            sample_ids=list(dict.fromkeys(result["sample_id"])),
            candidates=_measurable(drugs, model),
            n_drugs=settings.n_next,
            with_genotypes=genotypes is not None,
        )
        if settings.dry_run:
            return dry_run_words(settings, [*covariates_words(model, samples), *_summary(result, ranked)])
        write_table(true_and_false(result), out["predictions"])
        if "short" in out:
            write_table(short_predictions(result, model, drugs), out["short"])
        if "next_drugs" in out:
            write_table(ranked, out["next_drugs"])
        page = partial(
            adaptation_report,
            result,
            ranked,
            model.manifest_,
            with_genotypes=genotypes is not None,
            names=drug_names(model.drugs_, drugs),
            inputs=input_names(settings),
        )
        write_report(out, page)
        return [*_summary(result, ranked), f"Predictions: {settings.predictions}"]


def _measurable(drugs: pd.DataFrame | None, model: DrugResponseModel) -> list[str] | None:
    """A table of drugs says which can be measured, as far as the model knows them."""
    known = [] if drugs is None else [str(drug) for drug in drugs.index if drug in model.drugs_.index]
    return known or None


def _refuse_without_rows(result: pd.DataFrame) -> None:
    if not len(result):
        raise InputError(
            "predictions: every drug of every sample was measured (expected some to predict). "
            "Name the rows with `pairs`, or give `drugs` with others."
        )


def _summary(result: pd.DataFrame, ranked: pd.DataFrame) -> list[str]:
    adapted = result[result["pilots"] > 0]
    plain = result["sample_id"].nunique() - adapted["sample_id"].nunique()
    lines = [
        f"Predicted {result['prediction'].notna().sum()} of {count(len(result), 'pair')}; {len(adapted)} of them in "
        f"{count(adapted['sample_id'].nunique(), 'sample')} corrected by pilot measurements."
    ]
    unknown = result.loc[~result["drug_seen"], "drug_id"].nunique()
    if unknown:
        lines.append(f"Not in training: {count(unknown, 'drug')}, which pilot measurements move by the average.")
    if plain:
        lines.append(f"Without a pilot measurement that could be used: {count(plain, 'sample')}, predicted plainly.")
    first = ranked[ranked["rank"] == 1]
    if len(first):
        names = first["drug_id"].value_counts().sort_index().sort_values(ascending=False, kind="stable")
        lines.append(f"To measure next: {names.index[0]}, for {names.iloc[0]} of {count(len(first), 'sample')}.")
    return lines
