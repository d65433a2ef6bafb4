"""The verdict on a model, made once from its manifest and told in the same words wherever it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.audit.findings import caution_messages, findings_of, leak_messages
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.scores.labels import metric_label
from drugresponse.data.scores.truth import FEW_EVENTS
from drugresponse.data.splits import SCHEMES
from drugresponse.data.tables import Measure
from drugresponse.errors import count
from drugresponse.learners.registry import NAIVE, WITHOUT_GENOTYPE
from drugresponse.model.held_out import headline
from drugresponse.model.judging.judgement import LEAST_SKILL, Judgement, judge_of_average, judge_scores
from drugresponse.model.judging.skill_interval import MINIMUM_GROUPS
from drugresponse.words import joined, number, percent

__all__ = [
    "NOT_CHECKED",
    "SMALL_SKILL",
    "ModelVerdict",
    "fitted_learners",
    "gain_sources",
    "higher_words",
    "measure_of",
    "measure_words",
    "model_verdict",
    "predicted_words",
    "skill_name",
]

NOT_CHECKED = "Not checked"
MOSTLY_MISSED = 0.5
"""Share of the events that is called, below which the verdict says so."""
SMALL_SKILL = 0.05
"""A gain below this is called small."""
_TITLES = {
    "better": "Better than every naive prediction",
    "same": "Not reliably better than a naive prediction",
    "worse": "Worse than a naive prediction",
    "unknown": "Cannot be judged",
}


@dataclass(frozen=True)
class ModelVerdict:
    """What a model's held-out scores amount to.

    Attributes
    ----------
    judgement
        `better`, `same` or `worse` than the best naive prediction, or `unknown`.
    leaks
        What makes the scores too good, a sentence each: with any, no gain is believed.
    title, words
        A few words without a full stop, and the sentences below them.
    """

    judgement: Judgement
    leaks: tuple[str, ...]
    title: str
    words: str

    @property
    def kind(self) -> str:
        """How good the news is: the judgement, or `worse` where the inputs leak."""
        return "worse" if self.leaks else self.judgement

    def sentence(self) -> str:
        """Title and words in one line."""
        return f"{self.title}. {self.words}"


def model_verdict(manifest: Mapping[str, Any], metrics: pd.DataFrame | None = None) -> ModelVerdict:
    """The verdict that a manifest holds; of files that hold none, what their scores amount to.

    Parameters
    ----------
    manifest
        `DrugResponseModel.manifest_`.
    metrics
        `DrugResponseModel.metrics_`, from which scores are taken where they are at hand.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> model_verdict(model.manifest_).title
    'Not checked'
    """
    findings = findings_of(manifest)
    leaks = tuple(leak_messages(findings))
    scores = (
        manifest.get("held_out")
        if metrics is None or "outcome" in manifest
        else headline(metrics, str(manifest["learner"]))
    )
    if not scores:
        words = (
            "This model was trained without a held-out check (folds 0), so nothing is known about whether it predicts "
            "better than simple means. Train it with 2 or more folds before you rely on its predictions."
        )
        title = f"{NOT_CHECKED}, and the inputs leak" if leaks else NOT_CHECKED
        return ModelVerdict("unknown", leaks, title, words)
    kind = _Checked if "outcome" not in manifest else _CheckedForecasts
    checked = kind(manifest, scores, _judged(manifest, scores, metrics))
    if not leaks:
        words = " ".join([checked.comparison(), checked.consequence(), *caution_messages(findings)])
        return ModelVerdict(checked.judgement, (), checked.title(), words)
    title = "Not to be believed: the inputs leak"
    if checked.judgement != "better":
        title = f"{_TITLES[checked.judgement]}, and the inputs leak"
    words = f"{checked.comparison()} That is no measure of how it predicts for samples that do not leak."
    return ModelVerdict(checked.judgement, leaks, title, words)


def _judged(manifest: Mapping[str, Any], scores: Mapping[str, Any], metrics: pd.DataFrame | None) -> Mapping[str, Any]:
    if manifest.get("verdict"):
        return manifest["verdict"]
    if metrics is not None:
        return judge_scores(metrics, str(manifest["learner"]))
    return {"judgement": judge_of_average(_number(scores["skill"])), "folds": 0, "folds_better": 0}


def _number(value: float | None) -> float:
    return float("nan") if value is None else float(value)


class _Checked:
    """The words about a model that was checked on held-out rows."""

    def __init__(self, manifest: Mapping[str, Any], scores: Mapping[str, Any], judged: Mapping[str, Any]) -> None:
        self.manifest, self.scores = manifest, scores
        self.judgement: Judgement = judged["judgement"]
        self.folds, self.folds_better = int(judged["folds"]), int(judged["folds_better"])
        # older files were judged by whether all folds agree
        self.by_interval = "lower" in judged
        self.lower, self.upper = (_number(judged.get(name)) for name in ("lower", "upper"))
        self.skill = _number(scores["skill"])
        self.naive = str(scores["best_naive"])

    def title(self) -> str:
        title = _TITLES[self.judgement]
        if self.judgement != "better":
            return title
        title = "A little better than every naive prediction" if self.skill < SMALL_SKILL else title
        return title if self.folds > 1 else f"{title}, in one fold" if self.folds else "Better than naive, on average"

    def comparison(self) -> str:
        words = {
            "better": f"with {percent(self.skill)} less squared error than the best naive prediction of each fold",
            "worse": f"with {percent(-self.skill)} more squared error than the best naive prediction of each fold",
            "same": self._hardly_different(),
            "unknown": "with an error that could not be set against a naive prediction",
        }[self.judgement]
        who = f"{self.manifest['learner']} predicts {measure_words(measure_of(self.manifest))}"
        rmse, naive_rmse = (number(_number(self.scores[name])) for name in ("rmse", "best_naive_rmse"))
        return (
            f"On held-out rows ({self.manifest['scheme']['test_rows']}), {who} {words} (RMSE {rmse} against "
            f"{naive_rmse} of the {self.naive}; {self._agreement()})."
        )

    def _hardly_different(self) -> str:
        if abs(self.skill) < LEAST_SKILL:
            return "about as well as the best naive prediction"
        more = f"{percent(self.skill)} less" if self.skill > 0 else f"{percent(-self.skill)} more"
        return f"on average with {more} squared error than the best naive prediction of each fold, {self._unsure()}"

    def _unsure(self) -> str:
        """Why a difference is no gain or loss."""
        if not self.by_interval:
            return "but not so in every fold"
        if not np.isfinite(self.lower):
            return f"which fewer than {MINIMUM_GROUPS} independent groups cannot tell from chance"
        return "which may be chance"

    def _agreement(self) -> str:
        skill = f"skill {number(self.skill)}" if self.judgement != "unknown" else "skill not defined"
        if not self.folds or self.judgement == "unknown":
            return skill
        if np.isfinite(self.lower):
            skill = f"{skill}, 95% interval {number(self.lower)} to {number(self.upper)}"
        if self.folds == 1:
            return f"{skill} in the only fold"
        return f"{skill}, above 0 in {self.folds_better} of {self.folds} folds"

    def consequence(self) -> str:
        sources = gain_sources(self.manifest)
        if self.judgement == "unknown":
            return f"Held-out responses do not differ, or the {self.naive} is exact: there is nothing to judge by."
        if self.judgement != "better":
            if "genotype" in sources:
                verb = "adds" if len(sources) == 1 else "add"
                return f"Nothing here shows that {joined(sources)} {verb} to what the {self.naive} already tells."
            return f"The final model uses no genotype; the {self.naive} tells as much."
        if not sources:
            return "The final model holds mean effects only and uses no genotype."
        if self.folds == 1:
            return "One fold cannot show how far this gain varies: train with 3 or more folds before you rely on it."
        if sources == ["genotype"]:
            return "The gain rests on genotype alone, since no covariates were given."
        if "genotype" not in sources:
            return f"The gain rests on {joined(sources)}; the final model uses no genotype."
        return f"The gain is that of {joined(sources)} together; this check does not tell their shares apart."


class _CheckedForecasts(_Checked):
    """The words about a model whose responses are no plain numbers: its proper score beside the naive ones."""

    def __init__(self, manifest: Mapping[str, Any], scores: Mapping[str, Any], judged: Mapping[str, Any]) -> None:
        super().__init__(manifest, scores, judged)
        self.metric = metric_label(str(scores["metric"]))
        self.few = int(manifest["outcome"]["events"]) < FEW_EVENTS

    def title(self) -> str:
        return f"{super().title()}: too few events" if self.few else super().title()

    def comparison(self) -> str:
        worth = percent(abs(self.skill)) if np.isfinite(self.skill) else ""
        words = {
            "better": f"{worth} better than the best naive prediction",
            "worse": f"{worth} worse than the best naive prediction",
            "same": self._hardly_different(),
            "unknown": "but too little is known to judge it by",
        }[self.judgement]
        who = f"{self.manifest['learner']} predicts {predicted_words(self.manifest)}"
        loss, naive = (number(_number(self.scores[name])) for name in ("loss", "best_naive_loss"))
        return (
            f"On held-out rows ({self.manifest['scheme']['test_rows']}), {who} {words} ({self.metric} {loss} against "
            f"{naive} of the {self.naive}; {self._agreement()})."
        )

    def _hardly_different(self) -> str:
        if abs(self.skill) < LEAST_SKILL:
            return "about as well as the best naive prediction"
        which = "better" if self.skill > 0 else "worse"
        return f"on average {percent(abs(self.skill))} {which} than the best naive prediction, {self._unsure()}"

    def _agreement(self) -> str:
        name = skill_name(str(self.scores["metric"]))
        if self.few:
            return f"{name} {number(self.skill)}"
        return f"{name}{super()._agreement().removeprefix('skill')}"

    def consequence(self) -> str:
        if self.few:
            events = int(self.manifest["outcome"]["events"])
            tell = "tells a difference is" if events == 1 else "tell a difference are"
            return (
                f"{count(events, 'held-out response')} that {tell} too few to judge by (expected {FEW_EVENTS} or more)."
            )
        return f"{super().consequence()}{self._missed_events()}{self._called_against_odds()}"

    def _called_against_odds(self) -> str:
        """That a threshold above one half calls susceptible what is rather resistant, to keep false alarms down."""
        forecasts = self.manifest.get("forecasts") or {}
        threshold = forecasts.get("threshold")
        if forecasts.get("threshold_rule") != "major-errors" or threshold is None or threshold <= MOSTLY_MISSED:
            return ""
        low, high = (self.manifest["outcome"]["classes"][at] for at in (0, -1))
        return (
            f" Its threshold is {threshold:.2f}: up to that probability of {high} it calls {low}, also where {high} is "
            "the more probable; look at the probability itself, or say what a miss costs."
        )

    def _missed_events(self) -> str:
        """That calls miss most events, where a threshold that keeps false alarms down leaves a weak model few."""
        caught = self.scores["scores"].get("sensitivity")
        rule = (self.manifest.get("forecasts") or {}).get("threshold_rule")
        if rule is None or caught is None or caught >= MOSTLY_MISSED:
            return ""
        event = self.manifest["outcome"]["classes"][-1]
        why = " at most 3 % major errors allow no more." if rule == "major-errors" else ""
        end = f":{why}" if why else "."
        return f" At its threshold it calls only {percent(caught)} of the held-out {event}{end}"


def skill_name(metric: str) -> str:
    """What the skill by a proper score is called.

    Examples
    --------
    >>> skill_name("brier"), skill_name("censored_log_loss")
    ('Brier skill', 'Censored log loss skill')
    """
    return f"{metric_label(metric).removesuffix(' score')} skill"


def predicted_words(manifest: Mapping[str, Any]) -> str:
    """What is predicted of an outcome that is not continuous.

    Examples
    --------
    >>> predicted_words({"outcome": {"kind": "binary", "classes": ["S", "R"]}, "measure": Measure().to_dict()})
    'whether the response is R'
    """
    outcome, name = manifest["outcome"], measure_words(measure_of(manifest))
    if outcome["kind"] == "binary":
        return f"whether the {name} is {outcome['classes'][-1]}"
    if outcome["kind"] == "ordinal":
        return f"the class of the {name}"
    return f"the {name}" if outcome["kind"] == "interval" else "when the event happens"


def measure_of(manifest: Mapping[str, Any]) -> Measure:
    """What the response numbers of a model mean."""
    return Measure(**manifest["measure"])


def higher_words(measure: Measure, outcome: Outcome) -> str:
    """What is high in a response, by the user's word, or by the order of classes and times.

    Examples
    --------
    >>> higher_words(Measure(), Outcome("ordinal", ("S", "I", "R")))
    'the classes from low to high are S, I, R'
    """
    if outcome.has_classes:
        return f"the classes from low to high are {', '.join(outcome.classes)}"
    if outcome.kind == "time-to-event":
        return "a longer time is a later event"
    return f"a higher number is a {measure.higher_words()}"


def measure_words(measure: Measure) -> str:
    """Name and unit, as far as they were told."""
    return (measure.name or "response") + (f" ({measure.unit})" if measure.unit else "")


def fitted_learners(manifest: Mapping[str, Any]) -> list[str]:
    """The learners that predict: those of some weight where auto weighed them."""
    return list(manifest["notes"].get("weights", [manifest["learner"]])) or [NAIVE]


def gain_sources(manifest: Mapping[str, Any]) -> list[str]:
    """What, beyond mean effects, the model could learn from."""
    learners = set(fitted_learners(manifest))
    if learners == {NAIVE}:
        return []
    sources = ["genotype"] if manifest["features"]["used"] and learners - WITHOUT_GENOTYPE else []
    if manifest["covariates"]:
        sources.append(f"covariates ({', '.join(map(str, manifest['covariates']))})")
    scheme = SCHEMES.get(manifest["scheme"]["name"])
    if scheme is not None and not scheme.drug_effect:
        sources.append("drug structure")
    return sources
