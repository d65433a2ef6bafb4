"""What an evaluation fits: the rows, the folds, and the learners that contend on them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from drugresponse.audit.duplicates import twins_together
from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.joining import TrainingRows
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import Responses, ResponsesLike, as_responses
from drugresponse.errors import InputError, nearest
from drugresponse.evaluation.folds import PlannedFold, as_splits, folds_of_table, plan_folds, prove_free_of_leaks
from drugresponse.evaluation.rules.rule import RULE, Rule
from drugresponse.evaluation.rules.rule_learner import RuleLearner
from drugresponse.evaluation.units import Contender, contenders
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.baselines import NAIVE_NAMES
from drugresponse.learners.chosen import learner_name
from drugresponse.learners.prior.prior import Prior
from drugresponse.learners.prior.prior_learner import with_prior
from drugresponse.learners.registry import COVARIATES, EVALUATED_LEARNERS, LEARNERS, learner_class
from drugresponse.learners.studies.shifts import refuse_unmet_studies, tell_of_unused_reference
from drugresponse.model.requests.ancestry import with_ancestry
from drugresponse.model.response_scales.choice import asked_scale
from drugresponse.model.response_scales.response_scale import AUTO, IDENTITY
from drugresponse.model.training import join_tables

__all__ = ["AskedEvaluation", "EvaluationPlan"]

_SETTINGS = ("rank", "epochs", "trees", "depth", "most_fits", "most_minutes", "response_scale", "device")
"""What may be set whichever learners are asked for."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AskedEvaluation:
    """Arguments of `evaluate` by name: those on which its fits depend."""

    drugs: FrameLike | None = None
    samples: FrameLike | None = None
    learners: str | Sequence[str] | Mapping[str, PairRegressor | None] = EVALUATED_LEARNERS
    scheme: str = "new-samples"
    splits: FrameLike | None = None
    folds: int = 5
    repeats: int = 1
    covariates: Sequence[str] | None = None
    arm: str | None = None
    outcome: str = "auto"
    classes: str | Sequence[str] | None = None
    lineage_column: str | None = None
    reference_study: str | None = None
    ancestry_components: int = 0
    minimum_carriers: int = 1
    settings: Mapping[str, Any] | None = None
    rule: FrameLike | None = None
    rule_name: str = RULE
    prior: FrameLike | None = None
    random_state: int = 0


@dataclass(frozen=True, eq=False)
class EvaluationPlan:
    """Which learners are fitted to which rows.

    Attributes
    ----------
    genotypes, responses, joined
        The tables, and what they are together.
    rows
        The joined rows, with twins on one side of every fold.
    splits, folds
        What is held out when, as a table and as row numbers.
    contenders
        The learners.
    settings
        Theirs.
    rule
        What is used already, if anything.
    """

    genotypes: Genotypes
    responses: Responses
    joined: TrainingRows
    rows: TrainingRows
    splits: pd.DataFrame
    folds: Sequence[PlannedFold]
    contenders: Sequence[Contender]
    settings: Mapping[str, Any]
    rule: Rule | None

    @classmethod
    def of(cls, asked: AskedEvaluation, genotypes: GenotypesLike, responses: ResponsesLike) -> EvaluationPlan:
        """The plan of what was asked for, its folds proved free of leaks.

        Raises
        ------
        InputError
            The tables do not fit together, a learner or a setting is none, or a fold leaks.
        """
        scheme, seed = asked.scheme, asked.random_state
        find_scheme(scheme)
        given_folds = None if asked.splits is None else as_splits(asked.splits)
        named = _named(asked.learners)
        _refuse_settings(asked.settings or {}, named)
        table, samples = genotypes_and_samples(genotypes, asked.samples)
        columns = (asked.covariates, asked.arm, asked.lineage_column)
        given = as_responses(responses, asked.outcome, asked.classes)
        measured, joined = join_tables(table, given, asked.drugs, samples, *columns, scheme, asked.minimum_carriers)
        joined, _ = with_ancestry(joined, asked.ancestry_components)
        rows = joined
        if given_folds is None:
            rows = replace(rows, pairs=twins_together(rows.pairs, scheme))
            given_folds = plan_folds(rows.pairs, scheme, asked.folds, asked.repeats, seed)
        planned = folds_of_table(rows.pairs, given_folds)
        prove_free_of_leaks(rows.pairs, scheme, planned)
        settings = {"device": "cpu", **(asked.settings or {}), "scheme": scheme, "random_state": seed}
        continuous = measured.outcome.kind == "continuous"
        asked_for, has_prior = settings.pop("response_scale", AUTO), asked.prior is not None
        scale = asked_scale(asked_for, measured.measure, has_prior=has_prior) if continuous else IDENTITY
        tell_of_unused_reference(asked.reference_study, scheme)
        if scheme == "new-studies":
            refuse_unmet_studies(rows.pairs, asked.reference_study, scale)
            scale = IDENTITY
            settings |= {} if asked.reference_study is None else {"reference_study": asked.reference_study}
        settings |= {} if scale == IDENTITY else {"response_scale": scale}
        rule = None if asked.rule is None else _known_rule(asked.rule, asked.rule_name, rows, named)
        contended = {COVARIATES: None, **named} | ({} if rule is None else {asked.rule_name: RuleLearner(rule)})
        evaluated = contenders(contended, settings)
        if asked.prior is not None:
            evaluated = _with_prior(evaluated, Prior.build(asked.prior), rows)
        return cls(table, measured, joined, rows, given_folds, planned, evaluated, settings, rule)


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


def _known_rule(table: FrameLike, name: str, rows: TrainingRows, named: Mapping[str, Any]) -> Rule:
    """The rule of a table, proved to speak of these genotypes and drugs."""
    _refuse_contender(name, None, {*named, *LEARNERS})
    rule = Rule.build(table, rows.pairs.outcome, name)
    rule.tell_of_unknown(rows.pairs, name)
    return rule


def _with_prior(evaluated: list[Contender], prior: Prior, rows: TrainingRows) -> list[Contender]:
    """The learners with a prior beneath those that take one; one of them, ridge if it is named, stands without it too.

    Raises
    ------
    InputError
        None takes one, or as `with_prior`.
    """
    taking = [each for each in evaluated if each.takes_prior()]
    if not taking:
        raise InputError("`prior`: no learner takes it (expected one that uses genotype). Name one, such as ridge.")
    shown = next((each for each in taking if each.name == "ridge"), taking[0])
    with_prior(shown.fresh(), prior, rows.pairs, shown.settings["scheme"], shown.settings["random_state"])
    name = f"{shown.name} without prior"
    _refuse_contender(name, None, {each.name for each in evaluated})
    bare = replace(shown, name=name, estimator=shown.fresh())
    return [*(replace(each, prior=prior) if each in taking else each for each in evaluated), bare]


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
