"""Explain: a model and measurements in; attributions, associations and a page out."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from drugresponse.association.associations import MINIMUM_CARRIERS
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.explanation.explain import DEFAULT_REFITS, Explanation
from drugresponse.explanation.explain import explain as explain_model
from drugresponse.model.loading import load_model
from drugresponse.outputs import output_files, write_table
from drugresponse.readers import genotype_source_files, read_drugs, read_responses, read_samples
from drugresponse.readers.genes.names import read_gene_names
from drugresponse.readers.genes.sets import read_gene_sets
from drugresponse.report import explanation_report
from drugresponse.workflows.new_genotypes import read_new_genotypes

__all__ = ["explain"]


def explain(
    *,
    model: Path,
    genotypes: Sequence[Path],
    responses: Path,
    attributions: Path,
    drugs: Path | None = None,
    samples: Path | None = None,
    gene_sets: Path | None = None,
    selected_samples: Sequence[str] | None = None,
    associations: Path | None = None,
    agreement: Path | None = None,
    reasons: Path | None = None,
    pathways: Path | None = None,
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
    response_column: str = "response",
    refits: int = DEFAULT_REFITS,
    refit_learner: str | None = None,
    adjust_sensitivity: bool = False,
    minimum_carriers: int = MINIMUM_CARRIERS,
    seed: int = 0,
    threads: int | None = None,
    device: str | None = None,
) -> list[str]:
    """Explain a model and write what was asked for; returns what to tell the user.

    Raises
    ------
    InputError
        The tables do not fit the model, or an output lacks the input that it needs.
    """
    chosen = [each for each in selected_samples or () if each]
    _refuse_outputs_without_input(pathways, gene_sets, reasons, chosen)
    given = (drugs, samples, gene_sets, features, aliases)
    outputs = {
        "attributions": attributions,
        "associations": associations,
        "agreement": agreement,
        "reasons": reasons,
        "pathways": pathways,
        "report": report,
    }
    files = [file for path in genotypes for file in genotype_source_files(path)]
    with output_files(outputs, [model, responses, *files, *(each for each in given if each)]) as out:
        fitted = load_model(model)
        if device is not None:
            fitted.set_params(device=device)
        sets = (
            None
            if gene_sets is None
            else read_gene_sets(gene_sets, None if aliases is None else read_gene_names(aliases))
        )
        measured = read_responses(
            responses,
            sample_column=sample_column,
            drug_column=drug_column,
            response_column=response_column,
            drug_ids=fitted.drugs_.index,
        )
        measured = right_way_round(measured, drugs=fitted.drugs_.index)
        sample_table = None if samples is None else read_samples(samples, sample_column=sample_column)
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
            known_samples=set(measured.table["sample_id"]) | set(() if sample_table is None else sample_table.index),
        )
        found = explain_model(
            fitted,
            table,
            measured,
            drugs=None if drugs is None else read_drugs(drugs, drug_column=drug_column),
            samples=sample_table,
            gene_sets=sets,
            selected_samples=chosen,
            refits=refits,
            refit_learner=refit_learner,
            adjust_sensitivity=adjust_sensitivity,
            minimum_carriers=minimum_carriers,
            n_jobs=threads,
            random_state=seed,
        )
        _write(found, out)
        return _told(found, attributions)


def _refuse_outputs_without_input(
    pathways: Path | None, gene_sets: Path | None, reasons: Path | None, chosen: Sequence[str]
) -> None:
    if pathways is not None and gene_sets is None:
        raise InputError("`pathways`: found no gene sets to test (expected `gene_sets`). Give a GMT file.")
    if reasons is not None and not chosen:
        raise InputError(
            "`reasons`: found no samples to explain (expected `selected_samples`). "
            "Name one or several, separated by commas."
        )


def _write(found: Explanation, out: dict[str, Path]) -> None:
    tables = {
        "attributions": found.attributions,
        "associations": found.associations.table,
        "agreement": found.agreement,
        "reasons": found.reasons,
        "pathways": found.pathways,
    }
    for name, table in tables.items():
        if name in out and table is not None:
            write_table(table, out[name])
    if "report" in out:
        out["report"].write_text(explanation_report(found), encoding="utf-8")


def _told(found: Explanation, path: Path) -> list[str]:
    named, joined = found.agreement["verdict"].value_counts(), found.rows.loss
    lines = [
        f"Explained {count(joined.pairs, 'measured pair')} of {count(joined.samples, 'sample')} and "
        f"{count(joined.drugs, 'drug')}; {count(found.associations.n_tests, 'association')} tested.",
        f"Named by both the measurements and the model: {named.get('both', 0)}; by the measurements only: "
        f"{named.get('association only', 0)}; by the model only: {named.get('model only', 0)}.",
    ]
    if joined.censored_rows:
        limits = f"{joined.censored_rows:,} of {count(joined.pairs, 'response')}"
        lines.append(f"Limits (column censor): {limits}, taken as if measured there.")
    if found.noise is None:
        lines.append(
            "Without refits, named by the model means among its ten weightiest features of a drug, and no more."
        )
    agreed = found.agreement["same_direction"].fillna(True).astype(bool)
    both = found.agreement[(found.agreement["verdict"] == "both") & agreed].head(3)
    if len(both):
        words = ", ".join(f"{row.feature_id} with {row.drug_id} (q {row.q:.2g})" for row in both.itertuples())
        lines.append(f"The surest: {words}.")
    if found.pathways is not None:
        lines.append(f"Gene sets that stand out: {int((found.pathways['q'] <= 0.05).sum())} of {len(found.pathways)}.")
    return [*lines, f"Attributions: {path}"]
