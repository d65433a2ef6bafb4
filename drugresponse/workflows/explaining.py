"""Explain: a model and measurements in; attributions, associations and a page out."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path

from drugresponse.cluster.client import open_client
from drugresponse.data.joining import TrainingRows
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.explanation.explain import Explanation, rows_to_explain
from drugresponse.explanation.explain import explain as explain_model
from drugresponse.learners.genotypes_in_memory import genotypes_in_memory
from drugresponse.model.loading import load_model
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.readers.genes.names import read_gene_names
from drugresponse.readers.genes.sets import GeneSet, read_gene_sets
from drugresponse.report import explanation_report
from drugresponse.settings import ExplainSettings, ExplanationChecks, values_of
from drugresponse.settings.input_files import input_names
from drugresponse.workflows.dry_run import dry_run_words, joined_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.new_genotypes import read_new_genotypes
from drugresponse.workflows.sources import drugs_of, named_samples, responses_of, samples_of, with_sources

__all__ = ["explain"]


def explain(settings: ExplainSettings) -> list[str]:
    """Explain a model and write what was asked for; returns what to tell the user.

    Raises
    ------
    InputError
        The tables do not fit the model, or an output lacks the input that it needs.
    """
    selected = [sample for sample in settings.selected_samples or () if sample]
    _refuse_outputs_without_input(settings, selected)
    address = None if settings.dry_run else settings.dask
    with (
        output_files(settings.outputs(), folders=settings.folders(), publish=not settings.dry_run) as out,
        open_client(address, settings.n_jobs) as client,
    ):
        doing("loading the model")
        model = load_model(settings.model, allow=settings.allow_learner).set_params(device=settings.device)
        gene_sets = _gene_sets_of(settings)
        responses = responses_of(settings, model.drugs_.index, outcome=model.parts_.outcome, times=settings)
        responses = right_way_round(responses, drugs=model.drugs_.index)
        files = with_sources(settings)
        samples = samples_of(files)
        genotypes = read_new_genotypes(model, files, samples, named_samples(responses, samples))
        if settings.dry_run:
            rows, known = rows_to_explain(
                model,
                genotypes_in_memory(genotypes, "explain"),
                responses,
                drugs=drugs_of(settings),
                samples=samples,
                selected_samples=selected,
                refits=settings.refits,
            )
            return dry_run_words(settings, _plan(settings, rows, known.shape[1]))
        explanation = explain_model(
            model,
            genotypes,
            responses,
            drugs=drugs_of(settings),
            samples=samples,
            gene_sets=gene_sets,
            selected_samples=selected,
            n_jobs=settings.n_jobs,
            client=client,
            random_state=settings.seed,
            **values_of(settings, ExplanationChecks),
        )
        doing("writing")
        _write(explanation, out, input_names(settings))
        return _summary(explanation, settings.attributions)


def _plan(settings: ExplainSettings, rows: TrainingRows, n_known: int) -> list[str]:
    """What was understood, and what would be fitted."""
    learner = settings.refit_learner or "the model's learner"
    refits = f"{learner} again, {settings.refits} times without a part of the subjects, and beside permuted copies"
    return [
        *joined_words(rows, []),
        f"Features of the model: {n_known:,}.",
        f"To be fitted: {refits if settings.refits else 'nothing'}.",
    ]


def _refuse_outputs_without_input(settings: ExplainSettings, selected: Sequence[str]) -> None:
    if settings.pathways is not None and settings.gene_sets is None:
        raise InputError("`pathways`: found no gene sets to test (expected `gene_sets`). Give a GMT file.")
    if settings.reasons is not None and not selected:
        raise InputError(
            "`reasons`: found no samples to explain (expected `selected_samples`). "
            "Name one or several, separated by commas."
        )


def _gene_sets_of(settings: ExplainSettings) -> tuple[GeneSet, ...] | None:
    if settings.gene_sets is None:
        return None
    return read_gene_sets(settings.gene_sets, None if settings.aliases is None else read_gene_names(settings.aliases))


def _write(explanation: Explanation, out: dict[str, Path], inputs: Sequence[str]) -> None:
    tables = {
        "attributions": explanation.attributions,
        "associations": explanation.associations.table,
        "agreement": explanation.agreement,
        "reasons": explanation.reasons,
        "pathways": explanation.pathways,
    }
    for name, table in tables.items():
        if name in out and table is not None:
            write_table(table, out[name])
    write_report(out, partial(explanation_report, explanation, inputs))


def _summary(explanation: Explanation, path: Path) -> list[str]:
    named, joined = explanation.agreement["verdict"].value_counts(), explanation.rows.loss
    lines = [
        f"Explained {count(joined.pairs, 'measured pair')} of {count(joined.samples, 'sample')} and "
        f"{count(joined.drugs, 'drug')}; {count(explanation.associations.n_tests, 'association')} tested.",
        f"Named by both the measurements and the model: {named.get('both', 0)}; by the measurements only: "
        f"{named.get('association only', 0)}; by the model only: {named.get('model only', 0)}.",
    ]
    if joined.censored_rows:
        limits = f"{joined.censored_rows:,} of {count(joined.pairs, 'response')}"
        lines.append(f"Limits (column censor): {limits}, taken as if measured there.")
    if explanation.noise is None:
        lines.append(
            "Without refits, named by the model means among its ten weightiest features of a drug, and no more."
        )
    agreed = explanation.agreement["same_direction"].fillna(True).astype(bool)
    both = explanation.agreement[(explanation.agreement["verdict"] == "both") & agreed].head(3)
    if len(both):
        words = ", ".join(f"{row.feature_id} with {row.drug_id} (q {row.q:.2g})" for row in both.itertuples())
        lines.append(f"The surest: {words}.")
    if explanation.pathways is not None:
        outstanding = int((explanation.pathways["q"] <= 0.05).sum())
        lines.append(f"Gene sets that stand out: {outstanding} of {len(explanation.pathways)}.")
    return [*lines, f"Attributions: {path}"]
