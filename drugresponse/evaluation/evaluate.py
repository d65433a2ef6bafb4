"""The whole evaluation: tables in, everything that can honestly be said out."""

from __future__ import annotations

import logging
import os
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from drugresponse.audit.duplicates import twins_together
from drugresponse.audit.inputs import audit
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.joining import TrainingRows
from drugresponse.data.scores.follow_up import Horizons
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import ResponsesLike, as_responses
from drugresponse.errors import InputError, count, nearest
from drugresponse.evaluation._benchmark import run_units
from drugresponse.evaluation._ceiling import noise_ceiling
from drugresponse.evaluation._comparison import compare_learners, rank_stability
from drugresponse.evaluation._coverage import bounded_predictions, coverage_metrics, coverage_table, cross_conformal
from drugresponse.evaluation._folds import PlannedFold, as_splits, folds_of_table, plan_folds, prove_free_of_leaks
from drugresponse.evaluation._groups import group_errors
from drugresponse.evaluation._permutation import permutation_check
from drugresponse.evaluation._random_folds import flattery_of_random_folds
from drugresponse.evaluation._scores import score_evaluation
from drugresponse.evaluation._units import contenders
from drugresponse.evaluation.drug_verdicts import beside_leaks, drug_verdicts
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.outcomes.tables import decision_curve_of, outcome_coverage
from drugresponse.evaluation.rules.rule import RULE, Rule
from drugresponse.evaluation.rules.rule_learner import RuleLearner
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.baselines import NAIVE_NAMES
from drugresponse.learners.chosen import learner_name
from drugresponse.learners.registry import COVARIATES, EVALUATED_LEARNERS, LEARNERS, learner_class
from drugresponse.model.manifest import package_versions
from drugresponse.model.training import join_tables
from drugresponse.threads import one_thread
from drugresponse.version import __version__

__all__ = ["evaluate"]

progress = logging.getLogger("drugresponse.progress")

_SETTINGS = ("rank", "epochs", "trees", "depth", "most_fits", "most_minutes", "device")
"""What may be set whichever learners are asked for."""


@one_thread()
def evaluate(
    genotypes: GenotypesLike,
    responses: ResponsesLike,
    *,
    drugs: pd.DataFrame | None = None,
    samples: pd.DataFrame | None = None,
    learners: str | Sequence[str] | Mapping[str, PairRegressor | None] = EVALUATED_LEARNERS,
    scheme: str = "new-samples",
    splits: pd.DataFrame | None = None,
    folds: int = 5,
    repeats: int = 1,
    shuffles: int = 20,
    covariates: Sequence[str] | None = None,
    arm: str | None = None,
    outcome: str = "auto",
    classes: str | Sequence[str] | None = None,
    lineage_column: str | None = None,
    settings: Mapping[str, Any] | None = None,
    resume: str | os.PathLike[str] | None = None,
    rule: pd.DataFrame | None = None,
    rule_name: str = RULE,
    cost_of_miss: float | None = None,
    horizon: float | None = None,
    n_jobs: int | None = None,
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
    settings
        Of the learners: `rank`, `epochs`, `trees`, `depth`, `most_fits`, `most_minutes`, `device`.
    resume
        Folder that keeps finished units, from which a killed run goes on.
    rule
        What a laboratory uses already: columns `drug_id`, `feature_id` and `score` or `class`; or `sample_id` in place
        of the feature, for what another program said. It is scored beside the learners as one that learns nothing:
        scores are summed over the features that a sample carries, and calibrated as those of every learner; the
        highest class is called as it is.
    rule_name
        Its name in the tables.
    cost_of_miss
        Of a binary outcome, how many false alarms are as bad as one missed event: gives the threshold at which the
        event is called, and net benefit; None where that is not known.
    horizon
        Of a time to an event, up to when survival is told; None is as long as enough were watched.
    n_jobs
        Units run at once; None and -1 are all cores. The result does not depend on it.
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
    find_scheme(scheme)
    given_folds = None if splits is None else as_splits(splits)
    named = _named(learners)
    _refuse_settings(settings or {}, named)
    if shuffles and shuffles < 20:
        raise InputError(f"shuffles: found {shuffles} (expected 0, or 20 or more: fewer are no check). Give more.")
    table = as_genotypes(genotypes)
    columns = (covariates, arm, lineage_column)
    measured, joined = join_tables(table, as_responses(responses, outcome, classes), drugs, samples, *columns, scheme)
    rows = joined
    if given_folds is None:
        rows = replace(rows, pairs=twins_together(rows.pairs, scheme))
    plan = plan_folds(rows.pairs, scheme, folds, repeats, random_state) if given_folds is None else given_folds
    planned = folds_of_table(rows.pairs, plan)
    prove_free_of_leaks(rows.pairs, scheme, planned)
    learner_settings = {"device": "cpu", **(settings or {}), "scheme": scheme, "random_state": random_state}
    known = None if rule is None else _known_rule(rule, rule_name, rows, named)
    contended = {COVARIATES: None, **named} | ({} if known is None else {rule_name: RuleLearner(known)})
    evaluated = contenders(contended, learner_settings)
    evaluation, predictions = run_units(
        rows,
        planned,
        evaluated,
        scheme,
        n_jobs=n_jobs,
        resume=resume,
        cost_of_miss=cost_of_miss,
        horizon=horizon,
        called={rule_name: calls} if known is not None and (calls := known.called(rows.pairs)) is not None else {},
    )
    if known is not None:
        evaluation = replace(evaluation, rule=rule_name)
    progress.info("fitted %s on %s", count(len(evaluated), "learner"), count(len(planned), "fold"))
    check, random_folds = None, None
    once = [(fold.train, fold.test) for fold in planned if fold.repeat == planned[0].repeat]
    running: dict[str, Any] = {"n_jobs": n_jobs, "random_state": random_state, "settings": learner_settings}
    if shuffles:
        check = permutation_check(rows, once, scheme, n_shuffles=shuffles, **running)
        progress.info("shuffled genotypes %d times", shuffles)
    if scheme == "new-lineages":
        random_folds = flattery_of_random_folds(rows, once, **running)
        progress.info("fitted ridge on folds of samples beside folds of lineages")
    findings = audit(
        joined, genotypes=table, responses=measured, scheme=scheme, together=rows.pairs.subjects, folds=once
    )
    covered, predictions = _bounded(evaluation, predictions)
    scores = [
        score_evaluation(evaluation, random_state=random_state),
        *([coverage_metrics(covered, scheme, of_sets=rows.pairs.outcome.has_classes)] if len(covered) else []),
    ]
    return EvaluationSummary(
        evaluation=evaluation,
        predictions=predictions,
        splits=plan,
        metrics=pd.concat(scores, ignore_index=True),
        comparison=compare_learners(evaluation, random_state=random_state),
        ranks=rank_stability(evaluation, random_state=random_state),
        drug_verdicts=beside_leaks(drug_verdicts(evaluation, random_state=random_state), findings),
        group_errors=group_errors(evaluation, random_state=random_state),
        audit=findings,
        permutation=check,
        ceiling=None if evaluation.layers else noise_ceiling(measured, rows),
        coverage=covered,
        decision_curve=decision_curve_of(evaluation, cost_of_miss),
        random_folds=random_folds,
        measure=measured.measure,
        settings={
            **_settings_used(rows, learner_settings, [contender.name for contender in evaluated], planned, shuffles),
            **_outcome_settings(rows, cost_of_miss, horizon),
        },
    )


def _bounded(evaluation: Evaluation, predictions: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The table of coverage, and the predictions with bounds, which those of other outcomes have already."""
    if evaluation.layers:
        return outcome_coverage(evaluation), predictions
    bounds = cross_conformal(evaluation)
    return coverage_table(evaluation, bounds), bounded_predictions(predictions, evaluation, bounds)


def _named(learners: Any) -> Mapping[str, PairRegressor | None]:
    """Learners by name, however they were given."""
    if isinstance(learners, Mapping):
        for name, learner in learners.items():
            _refuse_contender(name, learner)
        return learners
    listed = [learners] if isinstance(learners, str) or not isinstance(learners, Iterable) else list(learners)
    others = [type(learner).__name__ for learner in listed if not isinstance(learner, str)]
    if others:
        raise InputError(
            f"learners: found {others[0]} (expected names such as ridge, or names with learners of your own). A "
            "model's learner is given by its name, and what it was set to in settings."
        )
    return dict.fromkeys(listed)


def _known_rule(table: pd.DataFrame, name: str, rows: TrainingRows, named: Mapping[str, Any]) -> Rule:
    """The rule of a table, proved to speak of these genotypes and drugs."""
    _refuse_contender(name, None, {*named, *LEARNERS})
    rule = Rule.build(table, rows.pairs.outcome, name)
    rule.tell_of_unknown(rows.pairs, name)
    return rule


def _refuse_contender(name: Any, learner: Any, others: Collection[str] = ()) -> None:
    """Refuse what is no learner, and a learner under a name that in the tables means another one."""
    if learner is not None and not isinstance(learner, PairRegressor):
        found = f"the class {learner.__name__}" if isinstance(learner, type) else type(learner).__name__
        raise InputError(
            f'learners: "{name}" is {found} (expected a PairRegressor, or None for the one of that name). Give one.'
        )
    taken = name in NAIVE_NAMES or name in others or (name in LEARNERS and learner_name(learner or name) != name)
    if taken or not isinstance(name, str) or not name.isprintable() or not name.strip():
        what = "the name of another one" if taken else "no name"
        raise InputError(f"learners: {name!r} is {what} (expected a name of its own for each learner). Rename it.")


def _refuse_settings(settings: Mapping[str, Any], named: Mapping[str, PairRegressor | None]) -> None:
    """A setting that none of the learners takes is a slip."""
    registered = [name for name, estimator in named.items() if estimator is None]
    taken = {*_SETTINGS, *(word for name in registered for word in learner_class(name).own_settings(settings))}
    unknown = sorted(set(settings) - taken)
    if unknown:
        raise InputError(f'settings: "{unknown[0]}" is unknown. {nearest(unknown[0], taken)}')


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


def _settings_used(
    rows: TrainingRows, settings: Mapping[str, Any], learners: list[str], planned: Sequence[PlannedFold], shuffles: int
) -> dict[str, Any]:
    """What a reader needs to repeat the evaluation; leaves out what cannot change a result."""
    return {
        "package": __version__,
        "learners": learners,
        "folds": len({fold.fold for fold in planned}),
        "repeats": len({fold.repeat for fold in planned}),
        "shuffles": shuffles,
        "training": rows.loss.to_dict(),
        "covariates": [str(name) for name in rows.pairs.covariates.columns],
        **({} if rows.pairs.arm is None else {"arm": rows.pairs.arm}),
        **({"lineages": rows.lineages.to_dict()} if rows.lineages and settings["scheme"] == "new-lineages" else {}),
        "versions": package_versions(),
        **{name: value for name, value in settings.items() if name != "device"},
    }
