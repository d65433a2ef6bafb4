"""The training of a whole model: tables joined and audited, held-out rows predicted, and all parts fitted."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from drugresponse.audit.duplicates import twins_together
from drugresponse.audit.findings import Finding, caution_messages, leak_messages
from drugresponse.audit.inputs import audit
from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.measures.plausible import refuse_misread_responses
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.few_carriers import without_few_carriers
from drugresponse.data.parents.sums import with_parents
from drugresponse.data.splits import Fold, find_scheme, tissue_of_pair
from drugresponse.data.tables import Measure, Responses, index_by_id
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError
from drugresponse.features.ancestry import AncestryAxes
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.prior.prior import Prior
from drugresponse.learners.prior.prior_learner import PriorLearner, with_prior
from drugresponse.learners.registry import NAIVE, learned_scheme
from drugresponse.learners.studies.shifts import StudyShifts, refuse_unmet_studies, tell_of_unused_reference
from drugresponse.learners.studies.study_learner import StudyLearner, rows_on_one_scale
from drugresponse.model._training_ids import TrainingIds
from drugresponse.model.adaptation import PilotAdaptation
from drugresponse.model.feature_weights import USUAL_LEAST_SHARE, least_share
from drugresponse.model.forecasts.head import Head
from drugresponse.model.forecasts.naive import NaiveForecasts
from drugresponse.model.held_out import HeldOut, plan_check, score_held_out
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.model.intervals.absent_blocks import BlockWidths, describe_blocks
from drugresponse.model.intervals.intervals import IntervalTable
from drugresponse.model.manifest import describe_training
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.ancestry import with_ancestry
from drugresponse.model.requests.requests import drugs_by_id
from drugresponse.model.response_scales.choice import ScaleChoice, asked_scale
from drugresponse.model.response_scales.response_scale import ResponseScale, on_scale
from drugresponse.model.response_scales.scaled_learner import ScaledLearner
from drugresponse.model.scales.scales import TrainedScales
from drugresponse.progress import doing

__all__ = ["Training", "join_tables", "plan_training", "train"]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

_FOLDS_OF_A_HEAD = {0: 3, 1: 5}
"""By folds of the check, where these are too few: a score is no probability before rows that the model did not see have
said so, and those of a single fold, of one model, do not tell how far the level of another model may lie from its."""


@dataclass(frozen=True, eq=False)
class Training:
    """What a training leaves.

    Attributes
    ----------
    parts
        All that predicts.
    metrics
        Held-out scores beside the naive predictions; None where nothing was held out.
    findings
        What the inputs themselves say against the held-out scores, leaks first.
    held_out
        The held-out rows of an outcome that is not continuous, where they were checked; else None.
    """

    parts: FittedParts
    metrics: pd.DataFrame | None
    findings: tuple[Finding, ...]
    held_out: HeldOutForecasts | None = None


def train(
    settings: Mapping[str, Any],
    regressor: PairRegressor,
    genotypes: Genotypes,
    responses: Responses,
    *,
    drugs: FrameLike | None,
    samples: FrameLike | None,
    prior: Prior | None,
    inputs: Mapping[str, Any],
    n_jobs: int,
) -> Training:
    """Join the tables by id, check on held-out rows, and train on all.

    Parameters
    ----------
    settings
        The arguments of `DrugResponseModel` by name.
    regressor
        The learner that they name, not yet fitted.
    genotypes, responses, drugs, samples, inputs
        As for `DrugResponseModel.fit`.
    prior
        What is known already, if anything.
    n_jobs
        Units run at once.

    Raises
    ------
    InputError
        The tables do not fit together or to the scheme, or the measure's name and unit do not.
    """
    responses, rows, axes = _joined(settings, genotypes, responses, drugs, samples)
    if prior is not None:
        regressor = with_prior(regressor, prior, rows.pairs, settings["scheme"], settings["random_state"])
    rows, findings = _audited_rows(rows, settings["scheme"], genotypes, responses)
    doing(f"training {settings['learner']}")
    if rows.pairs.outcome.kind == "continuous":
        regressor, checked = _checked(regressor, rows, settings, responses.measure, n_jobs)
    else:
        checked = _checked_forecasts(regressor, rows, settings, n_jobs)
    told_of_prior = regressor.describe() if isinstance(regressor, PriorLearner) else {}
    if isinstance(regressor, PriorLearner) and regressor.offset_ is None:
        regressor = regressor.learner_
    shifts = None
    if rows.pairs.studies is not None:
        shifts = StudyShifts.fit(rows.pairs, rows.y, settings["reference_study"])
        rows = rows_on_one_scale(rows, settings["reference_study"])
    ids = rows.pairs.genotypes.sample_ids
    doing("describing the model")
    parts = FittedParts(
        regressor,
        NaiveEffects.fit(rows.pairs, rows.y, rows.weights, scheme=settings["scheme"]),
        TrainingIds.forgotten() if settings["forget_samples"] else TrainingIds.of(ids),
        rows.pairs.drugs,
        [str(name) for name in rows.pairs.covariates.columns],
        rows.covariates.texts(settings["arm"]),
        # axes have ranges of their own
        TrainedScales.of(rows.pairs.genotypes, rows.covariates.table, not regressor.trained_features().empty),
        checked.adaptation,
        checked.intervals,
        manifest={},
        head=checked.head,
        naive_forecasts=checked.naive_forecasts,
        ancestry=axes,
        response_scale=checked.response_scale,
    )
    metrics = checked.metrics
    if settings["minimum_features"] is None:
        settings = {**settings, "minimum_features": _least_share(parts, rows)}
    manifest = describe_training(
        settings, parts, rows, responses.measure, metrics=metrics, findings=findings, inputs=inputs
    )
    if rows.pairs.outcome.kind == "continuous" and checked.choice.is_worth_telling:
        manifest["response_scale"] = checked.choice.to_dict()
    manifest |= {"prior": told_of_prior} if told_of_prior else {}
    manifest |= {} if shifts is None else {"studies": shifts.to_dict()}
    manifest |= describe_blocks(rows.pairs.genotypes, regressor, checked.block_widths)
    if genotypes.genome:
        manifest["genome"] = genotypes.genome.to_dict()
    return Training(replace(parts, manifest=manifest), metrics, findings, checked.held_out)


def _least_share(parts: FittedParts, rows: TrainingRows) -> float:
    least = least_share(parts.feature_weights, rows.pairs.genotypes, parts.features)
    if least < USUAL_LEAST_SHARE:
        progress.info(
            "samples are predicted whose known features hold %.0f %% of the model's weight or more: many calls are "
            "missing in the training too, and one sample in twenty has less",
            100 * least,
        )
    return least


def plan_training(
    settings: Mapping[str, Any],
    genotypes: Genotypes,
    responses: Responses,
    *,
    drugs: FrameLike | None,
    samples: FrameLike | None,
) -> tuple[TrainingRows, list[Fold]]:
    """What `train` would fit to, and on which folds it would be checked, with the same refusals; nothing is fitted.

    Parameters
    ----------
    settings, genotypes, responses, drugs, samples
        As for `train`.
    """
    _, rows, _ = _joined(settings, genotypes, responses, drugs, samples)
    rows = replace(rows, pairs=twins_together(rows.pairs, settings["scheme"]))
    return rows, _folds_of_check(rows, settings)


def _joined(
    settings: Mapping[str, Any],
    genotypes: Genotypes,
    responses: Responses,
    drugs: FrameLike | None,
    samples: FrameLike | None,
) -> tuple[Responses, TrainingRows, AncestryAxes | None]:
    columns = (settings["covariates"], settings["arm"], settings["lineage_column"])
    responses, rows = join_tables(
        genotypes, responses, drugs, samples, *columns, settings["scheme"], settings["minimum_carriers"]
    )
    _refuse_unmet_scheme(settings, rows.pairs)
    _tell_without_meaning(settings, rows.pairs.outcome.kind)
    return responses, *with_ancestry(rows, settings["ancestry_components"])


def _folds_of_check(rows: TrainingRows, settings: Mapping[str, Any]) -> list[Fold]:
    """Folds that are held out; none where nothing is judged, unless a head is learned on them."""
    n_folds = settings["folds"]
    if rows.pairs.outcome.kind != "continuous":
        n_folds = _FOLDS_OF_A_HEAD.get(n_folds, n_folds)
    return plan_check(rows, settings["scheme"], n_folds, settings["random_state"]) if n_folds else []


def join_tables(
    genotypes: Genotypes,
    responses: Responses,
    drugs: FrameLike | None,
    samples: FrameLike | None,
    covariates: str | Sequence[str] | None,
    arm: str | None,
    lineage_column: str | None,
    scheme: str,
    minimum_carriers: int = 1,
) -> tuple[Responses, TrainingRows]:
    """The responses the right way round, refused where they cannot be what they measure, and all tables joined by id.

    Parents of features, such as gene families, are features of the genotypes from here on.

    Parameters
    ----------
    genotypes, responses, drugs, samples
        As for `DrugResponseModel.fit`.
    covariates, arm, lineage_column, scheme, minimum_carriers
        As for `DrugResponseModel`; one covariate may be named alone.

    Raises
    ------
    InputError
        The tables do not fit together, or the measure's name and unit do not.
    """
    doing("joining the tables")
    responses = right_way_round(responses, samples=genotypes.sample_ids)
    if responses.outcome.kind == "continuous":
        refuse_misread_responses(responses)
    rows = join_training_rows(
        with_parents(genotypes),
        responses,
        drugs_by_id(drugs, responses.table["drug_id"]),
        None if samples is None else index_by_id(samples, "sample_id", where="samples"),
        [covariates] if isinstance(covariates, str) else covariates,
        arm,
        lineage_column,
        scheme,
    )
    common = without_few_carriers(rows.pairs.genotypes, minimum_carriers)
    return responses, replace(rows, pairs=replace(rows.pairs, genotypes=common))


def _audited_rows(
    rows: TrainingRows, scheme: str, genotypes: Genotypes, responses: Responses
) -> tuple[TrainingRows, tuple[Finding, ...]]:
    """The rows with twins on one side of every fold; and what the audit says, leaks as warnings too."""
    together = replace(rows, pairs=twins_together(rows.pairs, scheme))
    doing("looking for leaks")
    findings = audit(rows, genotypes=genotypes, responses=responses, scheme=scheme, together=together.pairs.subjects)
    for message in (*leak_messages(findings), *caution_messages(findings)):
        logger.warning("%s", message)
    return together, findings


def _refuse_unmet_scheme(settings: Mapping[str, Any], pairs: Pairs) -> None:
    """The scheme must be one that these data can be asked about, also where nothing is held out."""
    scheme = find_scheme(settings["scheme"])
    if scheme.name == "new-tissues":
        tissue_of_pair(pairs)
    if scheme.name == "new-studies":
        refuse_unmet_studies(pairs, settings["reference_study"], settings["response_scale"])
    if scheme.sample_effect and settings["forget_samples"]:
        raise InputError(
            f"`forget_samples`: the scheme {scheme.name} keeps an effect for each training sample, by name "
            "(expected a scheme for new samples). Choose another `scheme`, or do not forget the samples."
        )
    needs_structure = not scheme.drug_effect and settings["learner"] != NAIVE
    if needs_structure and not (pairs.drugs["smiles"] != "").any():
        raise InputError(
            f"drugs: no drug has a structure (the scheme {scheme.name} predicts new drugs from theirs). "
            "Give `drugs` with a column smiles, or choose another `scheme`."
        )


def _tell_without_meaning(settings: Mapping[str, Any], kind: str) -> None:
    """Warn of settings that this outcome has no use for."""
    tell_of_unused_reference(settings["reference_study"], settings["scheme"])
    for name, of_kind in (("cost_of_miss", "binary"), ("horizon", "time-to-event")):
        if settings[name] is not None and kind != of_kind:
            logger.warning("`%s`: has no meaning, since the outcome is %s (expected %s).", name, kind, of_kind)


@dataclass(frozen=True, eq=False)
class _Checked:
    """What is learned from held-out rows, and scores of them; parts as in `FittedParts`."""

    metrics: pd.DataFrame | None = None
    adaptation: PilotAdaptation | None = None
    intervals: IntervalTable | None = None
    head: Head | None = None
    naive_forecasts: NaiveForecasts | None = None
    held_out: HeldOutForecasts | None = None
    response_scale: ResponseScale = field(default_factory=ResponseScale.identity)
    choice: ScaleChoice = field(default_factory=ScaleChoice.identity)
    block_widths: BlockWidths | None = None


def _checked(
    regressor: PairRegressor, rows: TrainingRows, settings: Mapping[str, Any], measure: Measure, n_jobs: int
) -> tuple[PairRegressor, _Checked]:
    """Train on all rows, and learn what held-out fits say of them."""
    folds, scheme, seed = _folds_of_check(rows, settings), settings["scheme"], settings["random_state"]
    if rows.pairs.studies is not None:
        return _checked_over_studies(regressor, rows, folds, settings, n_jobs)
    scale = asked_scale(settings["response_scale"], measure, has_prior=isinstance(regressor, PriorLearner))
    scaled = ScaledLearner(regressor, scale, scheme, seed)
    if not settings["folds"]:
        scaled.fit(training_pairs_for(regressor, rows.pairs), rows.y, rows.weights)
        return scaled.learner_, _Checked(response_scale=scaled.scale_, choice=scaled.choice_)
    predicted = scaled.fit_holding_out(rows.pairs, rows.y, rows.weights, folds, n_jobs)
    doing("judging by the held-out rows")
    held_out = HeldOut.gather(rows, scheme, folds, predicted, scaled.scale_.name)
    return scaled.learner_, _Checked(
        score_held_out(held_out, settings["learner"]),
        PilotAdaptation.learn(held_out, seed, n_jobs),
        held_out.intervals(),
        response_scale=scaled.scale_,
        choice=scaled.choice_,
        block_widths=BlockWidths.learn(replace(rows, y=on_scale(scaled.scale_.name, rows.y)), folds, settings, n_jobs),
    )


def _checked_over_studies(
    regressor: PairRegressor, rows: TrainingRows, folds: Sequence[Fold], settings: Mapping[str, Any], n_jobs: int
) -> tuple[PairRegressor, _Checked]:
    """The same with whole studies held out, of whose level nothing is known."""
    reference = settings["reference_study"]
    learner = StudyLearner(regressor, reference)
    if not folds:
        learner.fit(training_pairs_for(regressor, rows.pairs), rows.y, rows.weights)
        return learner.learner_, _Checked()
    predicted = learner.fit_holding_out(rows.pairs, rows.y, rows.weights, folds, n_jobs)
    doing("judging by the held-out rows")
    held_out = HeldOut.gather(rows, settings["scheme"], folds, predicted, reference=reference)
    one_scale = {**settings, "scheme": learned_scheme(settings["scheme"])}
    together = rows_on_one_scale(rows, reference)
    parts = plan_check(together, one_scale["scheme"], settings["folds"], settings["random_state"])
    return learner.learner_, _Checked(
        score_held_out(held_out, settings["learner"]),
        PilotAdaptation.learn(held_out, settings["random_state"], n_jobs),
        held_out.intervals(),
        block_widths=BlockWidths.learn(together, parts, one_scale, n_jobs),
    )


def _checked_forecasts(
    regressor: PairRegressor, rows: TrainingRows, settings: Mapping[str, Any], n_jobs: int
) -> _Checked:
    """The same for an outcome that is not continuous; its head is learned on held-out rows without a check too."""
    scheme, horizon = settings["scheme"], settings["horizon"]
    n_folds, folds = settings["folds"], _folds_of_check(rows, settings)
    scores = regressor.fit_holding_out(rows.pairs, rows.y, rows.weights, folds, n_jobs)
    doing("judging by the held-out rows")
    held_out = HeldOutForecasts(rows, scheme, folds, scores, settings["cost_of_miss"], horizon)
    check = replace(held_out, folds=folds[:1] if n_folds == 1 else folds)
    return _Checked(
        check.metrics(settings["learner"]) if n_folds else None,
        head=held_out.head(),
        naive_forecasts=NaiveForecasts.fit(rows.pairs, rows.y, rows.weights, scheme=scheme, horizon=horizon),
        held_out=check if n_folds else None,
    )
