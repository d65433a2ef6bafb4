"""Train: tables in, a model with its scores and report out."""

from __future__ import annotations

import logging
from functools import partial

import pandas as pd

from drugresponse.cluster.client import open_client
from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.description import (
    block_words,
    censor_words,
    covariate_words,
    describe_scores,
    forecast_words,
    leak_words,
    outcome_of,
    response_scale_words,
)
from drugresponse.errors import count
from drugresponse.learners.prior.wording import prior_words
from drugresponse.learners.registry import AUTO, NAIVE
from drugresponse.learners.stack.stack import candidates_for
from drugresponse.learners.studies.shifts import study_words
from drugresponse.model.held_out import METRIC_COLUMNS
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.training import plan_training
from drugresponse.outputs import output_files, write_table
from drugresponse.progress import doing
from drugresponse.report import drug_names, short_training, training_report
from drugresponse.settings import ForecastSettings, LearnerSettings, StudyDesign, TrainSettings, values_of
from drugresponse.settings.input_files import input_names
from drugresponse.verdict import fitted_learners
from drugresponse.words import joined
from drugresponse.workflows.dry_run import dry_run_words, joined_words, memory_words
from drugresponse.workflows.figures import write_report
from drugresponse.workflows.reproducing import reading_of
from drugresponse.workflows.sources import SourceTables, prior_of, read_training_tables

__all__ = ["train"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")


def train(settings: TrainSettings) -> list[str]:
    """Train a model and write it with its scores and report; returns what to tell the user."""
    address = None if settings.dry_run else settings.dask
    with (
        output_files(settings.outputs(), folders=settings.folders(), publish=not settings.dry_run) as out,
        open_client(address, settings.n_jobs) as client,
    ):
        tables = read_training_tables(settings, settings.n_jobs, settings.learner, settings.arm)
        fitted = DrugResponseModel(
            settings.learner,
            outcome=settings.outcome,
            classes=settings.classes,
            minimum_features=settings.minimum_features,
            forget_samples=settings.forget_samples,
            device=settings.device,
            n_jobs=settings.n_jobs,
            random_state=settings.seed,
            **values_of(settings, StudyDesign),
            **values_of(settings, LearnerSettings),
            **values_of(settings, ForecastSettings),
        )
        if settings.dry_run:
            return dry_run_words(settings, _plan(fitted, tables))
        fitted.fit(
            tables.genotypes,
            tables.responses,
            drugs=tables.drugs,
            samples=tables.samples,
            prior=prior_of(settings.prior, settings.drug_column),
            inputs=tables.checksums | reading_of(settings),
            client=client,
        )
        progress.info("trained %s", settings.learner)
        doing("writing")
        fitted.save(out["model"])
        if "metrics" in out:
            unchecked = pd.DataFrame(columns=list(METRIC_COLUMNS))
            write_table(unchecked if fitted.metrics_ is None else fitted.metrics_, out["metrics"])
        if "short" in out:
            write_table(short_training(fitted), out["short"])
        page = partial(
            training_report,
            fitted.manifest_,
            fitted.metrics_,
            fitted.held_out_,
            names=drug_names(fitted.drugs_),
            inputs=input_names(settings),
        )
        write_report(out, page)
        if fitted.manifest_["individual_level"]:
            logger.warning(
                "model: the file holds an effect for each training sample; share it only as you may share their data."
            )
        manifest = fitted.manifest_
        first = [*leak_words(manifest), *censor_words(manifest["training"], fitted_learners(manifest))]
        first += covariate_words(manifest["covariates"], manifest["unused_columns"])
        first += [*response_scale_words(manifest), *prior_words(manifest)]
        first += [*lineage_words(manifest.get("lineages")), *study_words(manifest.get("studies"))]
        first += block_words(manifest)
        return [
            outcome_of(manifest),
            *first,
            *describe_scores(manifest),
            *forecast_words(manifest),
            f"Model: {settings.model}",
        ]


def _plan(model: DrugResponseModel, tables: SourceTables) -> list[str]:
    """What was understood, and what would be fitted."""
    settings = model.get_params(deep=False)
    rows, folds = plan_training(
        settings, tables.genotypes, tables.responses, drugs=tables.drugs, samples=tables.samples
    )
    learner = model.learner
    names = [NAIVE, *candidates_for(rows.pairs)] if learner == AUTO else [learner]
    held_out = f"on {count(len(folds), 'fold')} of {settings['scheme']}"
    fits = count(len(names) * len(folds), "fit")
    if not folds:
        plan = f"{joined(names)} on all rows; nothing is held out, so that nothing is judged"
    elif learner == AUTO:
        limited = ", as far as the work budget leaves room" * bool(settings["most_fits"] or settings["most_minutes"])
        plan = f"{joined(names)}, each {held_out}: {fits}{limited}; those that auto weighs then on all rows"
    else:
        plan = f"{learner} {held_out}, and on all rows: {count(len(folds) + 1, 'fit')}"
    return [*joined_words(rows, names), f"To be fitted: {plan}.", memory_words([learner], tables.size)]
