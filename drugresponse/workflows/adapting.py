"""Adapt: a model, new samples and a few of their measurements in; better predictions and what to measure next out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import genotype_source_files, read_drugs, read_pairs, read_responses, read_samples
from drugresponse.report import adaptation_report
from drugresponse.workflows.new_genotypes import read_new_genotypes, refuse_few_features
from drugresponse.workflows.sources import true_and_false

__all__ = ["adapt"]


def adapt(
    *,
    model: Path,
    responses: Path,
    predictions: Path,
    genotypes: Sequence[Path] = (),
    drugs: Path | None = None,
    samples: Path | None = None,
    pairs: Path | None = None,
    next_drugs: Path | None = None,
    report: Path | None = None,
    n_next: int = 5,
    features: Path | None = None,
    genotype_format: str = "auto",
    kind: str | None = None,
    absent_means: str | None = None,
    filters: str = "all",
    layer: str | None = None,
    aliases: Path | None = None,
    sample_column: str = "sample_id",
    drug_column: str = "drug_id",
    response_column: str = "response",
    minimum_features: float | None = None,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Predict for samples of which some drugs were measured, and rank what to measure next.

    Returns what to tell the user.

    Raises
    ------
    InputError
        The model cannot adapt, or no measurement can be used.
    """
    given = (drugs, samples, pairs, features, aliases)
    files = [file for path in genotypes for file in genotype_source_files(path)]
    inputs = [model, responses, *files, *(each for each in given if each)]
    outputs = {"predictions": predictions, "next_drugs": next_drugs, "report": report}
    with output_files(outputs, inputs) as out:
        fitted = load_model(model).set_params(n_jobs=threads, device=device or "auto")
        sample_table = None if samples is None else read_samples(samples, sample_column=sample_column)
        drug_table = None if drugs is None else read_drugs(drugs, drug_column=drug_column)
        pilots = read_responses(
            responses,
            sample_column=sample_column,
            drug_column=drug_column,
            response_column=response_column,
            drug_ids=[*fitted.drugs_.index, *(() if drug_table is None else drug_table.index)],
        )
        pilots = right_way_round(pilots, drugs=fitted.drugs_.index)
        table = None
        if genotypes:
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
                known_samples=set(pilots.table["sample_id"]) | set(() if sample_table is None else sample_table.index),
            )
        result = fitted.adapt(
            table,
            pilots,
            drugs=drug_table,
            samples=sample_table,
            pairs=None if pairs is None else read_pairs(pairs, sample_column=sample_column, drug_column=drug_column),
            minimum_features=minimum_features,
        )
        _refuse_without_rows(result)
        if table is not None:
            refuse_few_features(result, fitted, table, minimum_features, advice=", or leave `genotypes` out")
        write_table(true_and_false(result), out["predictions"])
        ranked = fitted.next_drugs(
            pilots,
            sample_ids=list(dict.fromkeys(result["sample_id"])),
            candidates=_measurable(drug_table, fitted),
            n_drugs=n_next,
            with_genotypes=table is not None,
        )
        if "next_drugs" in out:
            write_table(ranked, out["next_drugs"])
        if "report" in out:
            page = adaptation_report(result, ranked, fitted.manifest_, with_genotypes=table is not None)
            out["report"].write_text(page, encoding="utf-8")
        return _told(result, ranked, predictions)


def _measurable(drugs: pd.DataFrame | None, model: DrugResponseModel) -> list[str] | None:
    """A table of drugs says which can be measured, as far as the model knows them."""
    known = [] if drugs is None else [str(each) for each in drugs.index if each in model.drugs_.index]
    return known or None


def _refuse_without_rows(result: pd.DataFrame) -> None:
    if not len(result):
        raise InputError(
            "predictions: every drug of every sample was measured (expected some to predict). "
            "Name the rows with `pairs`, or give `drugs` with others."
        )


def _told(result: pd.DataFrame, ranked: pd.DataFrame, path: Path) -> list[str]:
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
    return [*lines, f"Predictions: {path}"]
