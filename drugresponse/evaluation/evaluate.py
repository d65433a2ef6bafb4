"""The whole evaluation: tables in, everything that can honestly be said out."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from drugresponse.audit.inputs import audit
from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.joining import TrainingRows
from drugresponse.data.scores.follow_up import Horizons
from drugresponse.data.tables import ResponsesLike
from drugresponse.errors import InputError, count
from drugresponse.evaluation._ceiling import noise_ceiling
from drugresponse.evaluation._coverage import bounded_predictions, coverage_metrics, coverage_table, cross_conformal
from drugresponse.evaluation._groups import group_errors
from drugresponse.evaluation._permutation import permutation_check
from drugresponse.evaluation._plan import AskedEvaluation, EvaluationPlan
from drugresponse.evaluation._random_folds import flattery_of_random_folds
from drugresponse.evaluation._scores import score_evaluation
from drugresponse.evaluation.benchmark import run_units, units_of
from drugresponse.evaluation.blocks.block_verdicts import block_verdicts
from drugresponse.evaluation.comparison import compare_learners, rank_stability
from drugresponse.evaluation.drug_verdicts import beside_leaks, drug_verdicts
from drugresponse.evaluation.folds import PlannedFold
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.outcomes.tables import decision_curve_of, outcome_coverage
from drugresponse.evaluation.rules.rule import RULE
from drugresponse.evaluation.studies.seen_samples import compare_seen_samples
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import EVALUATED_LEARNERS
from drugresponse.learners.studies.shifts import StudyShifts
from drugresponse.model.manifest import package_versions
from drugresponse.progress import doing
from drugresponse.threads import one_thread
from drugresponse.units import units_on
from drugresponse.version import __version__

__all__ = ["evaluate", "evaluate_fold", "folds_numbered", "plan_evaluation", "refuse_few_shuffles"]

progress = logging.getLogger("drugresponse.progress")


@one_thread()
def evaluate(
    genotypes: GenotypesLike,
    responses: ResponsesLike,
    *,
    drugs: FrameLike | None = None,
    samples: FrameLike | None = None,
    learners: str | Sequence[str] | Mapping[str, PairRegressor | None] = EVALUATED_LEARNERS,
    scheme: str = "new-samples",
    splits: FrameLike | None = None,
    folds: int = 5,
    repeats: int = 1,
    shuffles: int = 20,
    covariates: Sequence[str] | None = None,
    arm: str | None = None,
    outcome: str = "auto",
    classes: str | Sequence[str] | None = None,
    lineage_column: str | None = None,
    reference_study: str | None = None,
    ancestry_components: int = 0,
    minimum_carriers: int = 1,
    settings: Mapping[str, Any] | None = None,
    resume: str | os.PathLike[str] | None = None,
    rule: FrameLike | None = None,
    rule_name: str = RULE,
    prior: FrameLike | None = None,
    cost_of_miss: float | None = None,
    horizon: float | None = None,
    n_jobs: int | None = None,
    client: Any = None,
    random_state: int = 0,
) -> EvaluationSummary:
    """Ask how well genotype predicts response, on rows that no training saw.

    Parameters
    ----------
    genotypes, responses, drugs, samples
        As for `DrugResponseModel.fit`.
    learners
        Names of learners, or names with a `PairRegressor` of your own (None takes the learner of that name).
        `covariates` is always added: it tells what genotype has to add to.
    scheme
        What is new in the rows that are held out.
    splits
        Given folds: columns `fold`, `sample_id` or `drug_id` or both, and `repeat`; None deals them.
    folds, repeats
        How many are dealt.
    shuffles
        Of the permutation check; 0 leaves it out, else 20 or more.
    covariates
        Columns of the samples table; None takes the usual ones.
    arm
        Column of the treatment arm, whose interaction with genotype is learned; None where there is none.
    outcome, classes
        As for `DrugResponseModel`.
    lineage_column
        Column of the samples table with the lineages; None takes `lineage`, `clone`, `ST` and the like. Where there is
        none, `new-lineages` makes them from genotype.
    reference_study
        As for `DrugResponseModel`.
    ancestry_components
        How many principal components of the genotypes are covariates too, so that `covariates` tells what ancestry
        alone predicts. They are made of all samples, those that are held out too, and of no response.
    minimum_carriers
        Carriers that a feature needs for a weight of its own, as for `DrugResponseModel`; counted in all samples, those
        that are held out too.
    settings
        Of the learners: `rank`, `epochs`, `trees`, `depth`, `most_fits`, `most_minutes`, `device`, and
        `response_scale`, as for `DrugResponseModel`, which each fold chooses from its training rows.
    resume
        Folder that keeps finished units, from which a killed run goes on.
    rule
        What a laboratory uses already: columns `drug_id`, `feature_id` and `score` or `class`; or `sample_id` in place
        of the feature, for what another program said. It is scored beside the learners as one that learns nothing:
        scores are summed over the features that a sample carries, and calibrated as those of every learner; the
        highest class is called as it is.
    rule_name
        Its name in the tables.
    prior
        As for `DrugResponseModel.fit`: learners that use genotype start from it, as far as inner folds of each fold's
        training rows allow. One of them, ridge if it is among them, is fitted without it too.
    cost_of_miss
        Of a binary outcome, how many false alarms are as bad as one missed event: gives the threshold at which the
        event is called, and net benefit; None where that is not known.
    horizon
        Of a time to an event, up to when survival is told; None is as long as enough were watched.
    n_jobs
        Units run at once; None and -1 are all cores. The result does not depend on it.
    client
        A `dask.distributed.Client`, on whose workers fits are made; None makes them on this machine, with the same
        result.
    random_state
        Seed of folds, learners, bootstrap and shuffles.

    Returns
    -------
    EvaluationSummary
        Every table.

    Raises
    ------
    InputError
        The tables do not fit together, or the measure's name and unit do not, or a fold leaks.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> summary = dr.evaluate(cohort.genotypes, cohort.responses, samples=cohort.samples, learners=["ridge"],
    ...                     folds=3, shuffles=0, n_jobs=1)
    >>> summary.evaluation.learners
    ('covariates', 'ridge')
    """
    refuse_few_shuffles(shuffles)
    asked = AskedEvaluation(
        drugs=drugs,
        samples=samples,
        learners=learners,
        scheme=scheme,
        splits=splits,
        folds=folds,
        repeats=repeats,
        covariates=covariates,
        arm=arm,
        outcome=outcome,
        classes=classes,
        lineage_column=lineage_column,
        reference_study=reference_study,
        ancestry_components=ancestry_components,
        minimum_carriers=minimum_carriers,
        settings=settings,
        rule=rule,
        rule_name=rule_name,
        prior=prior,
        random_state=random_state,
    )
    plan = EvaluationPlan.of(asked, genotypes, responses)
    rows = plan.rows
    once = [(fold.train, fold.test) for fold in plan.folds if fold.repeat == plan.folds[0].repeat]
    check, random_folds, seen_samples = None, None, None
    running: dict[str, Any] = {"n_jobs": n_jobs, "random_state": random_state, "settings": plan.settings}
    with units_on(client):
        evaluation, predictions = run_units(
            rows,
            plan.folds,
            plan.contenders,
            scheme,
            n_jobs=n_jobs,
            resume=resume,
            cost_of_miss=cost_of_miss,
            horizon=horizon,
            called={} if plan.rule is None or (calls := plan.rule.called(rows.pairs)) is None else {rule_name: calls},
        )
        progress.info("fitted %s on %s", count(len(plan.contenders), "learner"), count(len(plan.folds), "fold"))
        if shuffles:
            check = permutation_check(rows, once, scheme, n_shuffles=shuffles, **running)
            progress.info("shuffled genotypes %d times", shuffles)
        blocks = block_verdicts(rows, plan.folds, evaluation, plan.contenders, **running)
        if len(blocks):
            progress.info("fitted ridge without each of %s", count(len(blocks), "block"))
        if scheme == "new-lineages":
            random_folds = flattery_of_random_folds(rows, once, **running)
            progress.info("fitted ridge on folds of samples beside folds of lineages")
        if scheme == "new-studies":
            seen_samples = compare_seen_samples(rows, once, **running)
            progress.info("fitted ridge with and without what other studies measured of held-out samples")
    if plan.rule is not None:
        evaluation = replace(evaluation, rule=rule_name)
    doing("looking for leaks")
    findings = audit(
        plan.joined,
        genotypes=plan.genotypes,
        responses=plan.responses,
        scheme=scheme,
        together=rows.pairs.subjects,
        folds=once,
    )
    doing("scoring and drawing bootstrap samples")
    covered, predictions = _bounded(evaluation, predictions)
    scores = [
        score_evaluation(evaluation, random_state=random_state),
        *([coverage_metrics(covered, scheme, of_sets=rows.pairs.outcome.has_classes)] if len(covered) else []),
    ]
    return EvaluationSummary(
        evaluation=evaluation,
        predictions=predictions,
        splits=plan.splits,
        metrics=pd.concat(scores, ignore_index=True),
        comparison=compare_learners(evaluation, random_state=random_state),
        ranks=rank_stability(evaluation, random_state=random_state),
        drug_verdicts=beside_leaks(drug_verdicts(evaluation, random_state=random_state), findings),
        group_errors=group_errors(evaluation, random_state=random_state),
        audit=findings,
        permutation=check,
        ceiling=None if evaluation.layers else noise_ceiling(plan.responses, rows),
        coverage=covered,
        decision_curve=decision_curve_of(evaluation, cost_of_miss),
        random_folds=random_folds,
        block_verdicts=blocks,
        seen_samples=seen_samples,
        measure=plan.responses.measure,
        settings={
            **_settings_used(plan, shuffles),
            **_outcome_settings(rows, cost_of_miss, horizon),
        },
    )


def refuse_few_shuffles(shuffles: int) -> None:
    """Refuse a permutation check that is none."""
    if shuffles and shuffles < 20:
        raise InputError(f"shuffles: found {shuffles} (expected 0, or 20 or more: fewer are no check). Give more.")


def plan_evaluation(genotypes: GenotypesLike, responses: ResponsesLike, **options: Any) -> EvaluationPlan:
    """What `evaluate` would fit to what, with the same refusals; nothing is fitted.

    Parameters
    ----------
    genotypes, responses
        As for `evaluate`.
    **options
        Of `evaluate`, on which fits depend.
    """
    return EvaluationPlan.of(AskedEvaluation(**options), genotypes, responses)


def folds_numbered(plan: EvaluationPlan, fold: int) -> list[PlannedFold]:
    """The folds of a plan that have this number, one in each repeat.

    Raises
    ------
    InputError
        There is none.
    """
    chosen = [planned for planned in plan.folds if planned.fold == fold]
    if not chosen:
        numbers = sorted({planned.fold for planned in plan.folds})
        raise InputError(
            f"`only_fold`: found {fold} (expected {numbers[0]} to {numbers[-1]}). Name one of these folds."
        )
    return chosen


@one_thread()
def evaluate_fold(
    fold: int,
    genotypes: GenotypesLike,
    responses: ResponsesLike,
    *,
    resume: str | os.PathLike[str],
    n_jobs: int | None = None,
    client: Any = None,
    **options: Any,
) -> int:
    """Make the fits of one fold alone, for an `evaluate` that finds them finished.

    Folds may be made by jobs that know nothing of each other, on any machines; their folders may be one.

    Parameters
    ----------
    fold
        Its number from 0, in every repeat.
    genotypes, responses
        As for `evaluate`.
    resume
        Folder that keeps the fits, to be given to `evaluate`.
    n_jobs, client
        As for `evaluate`.
    **options
        Of `evaluate`, on which fits depend: the same, or it finds none of them.

    Returns
    -------
    int
        How many fits of this fold the folder holds: one for each learner and repeat.

    Raises
    ------
    InputError
        There is no such fold, or what `evaluate` refuses.

    Examples
    --------
    >>> import drugresponse as dr, tempfile
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> folder, options = tempfile.mkdtemp(), {"learners": ["ridge"], "folds": 2}
    >>> [evaluate_fold(fold, cohort.genotypes, cohort.responses, resume=folder, **options) for fold in range(2)]
    [2, 2]
    >>> summary = dr.evaluate(cohort.genotypes, cohort.responses, shuffles=0, resume=folder, **options)
    """
    plan = plan_evaluation(genotypes, responses, **options)
    chosen = folds_numbered(plan, fold)
    with units_on(client):
        return len(units_of(plan.rows, chosen, plan.contenders, plan.settings["scheme"], n_jobs=n_jobs, resume=resume))


def _bounded(evaluation: Evaluation, predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of coverage, and the predictions with bounds, which those of other outcomes have already."""
    if evaluation.layers:
        return outcome_coverage(evaluation), predictions
    bounds = cross_conformal(evaluation)
    return coverage_table(evaluation, bounds), bounded_predictions(predictions, evaluation, bounds)


def _outcome_settings(rows: TrainingRows, cost_of_miss: float | None, horizon: float | None) -> dict[str, Any]:
    """What was scored of an outcome that is not continuous, and up to when."""
    observed = rows.pairs.observed
    if observed is None:
        return {}
    told: dict[str, Any] = {"outcome": observed.outcome.to_dict()}
    if cost_of_miss is not None:
        told["cost_of_miss"] = cost_of_miss
    if observed.outcome.kind == "time-to-event":
        horizons = Horizons.of_rows(rows.pairs.drug_ids, rows.y, observed, horizon)
        told["horizons"] = dict(zip([*horizons.drug_ids, "all drugs"], map(float, horizons.horizon), strict=True))
        told["stated_times"] = dict(
            zip([*horizons.drug_ids, "all drugs"], (list(map(float, row)) for row in horizons.stated), strict=True)
        )
    return told


def _settings_used(plan: EvaluationPlan, shuffles: int) -> dict[str, Any]:
    """What a reader needs to repeat the evaluation; leaves out what cannot change a result."""
    rows, folds = plan.rows, plan.folds
    lineages = rows.lineages if plan.settings["scheme"] == "new-lineages" else None
    return {
        "package": __version__,
        "learners": [contender.name for contender in plan.contenders],
        "folds": len({fold.fold for fold in folds}),
        "repeats": len({fold.repeat for fold in folds}),
        "shuffles": shuffles,
        "training": rows.loss.to_dict(),
        "covariates": [str(name) for name in rows.pairs.covariates.columns],
        **({} if rows.pairs.arm is None else {"arm": rows.pairs.arm}),
        **({} if lineages is None else {"lineages": lineages.to_dict()}),
        **_studies_used(rows, plan.settings.get("reference_study")),
        "versions": package_versions(),
        **{name: value for name, value in plan.settings.items() if name != "device"},
    }


def _studies_used(rows: TrainingRows, reference: str | None) -> dict[str, Any]:
    """The shifts of all studies; each fold estimates those of its training rows anew."""
    if rows.pairs.studies is None:
        return {}
    return {"studies": StudyShifts.fit(rows.pairs, rows.y, reference).to_dict()}
