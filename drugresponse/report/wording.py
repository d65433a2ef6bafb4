"""What is said about a model on every page: its measure, its scheme, what its gain rests on, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.data.splits import SCHEMES
from drugresponse.data.tables import Measure
from drugresponse.evaluation.drug_verdicts import WITHOUT_GENOTYPE
from drugresponse.report.held_out import LEAST_SKILL, SMALL_SKILL, HeldOut
from drugresponse.report.page import Html, count, joined, number, paragraph, percent, text

__all__ = [
    "as_sentence",
    "direction",
    "gain_sources",
    "general_limits",
    "learner_words",
    "measure_of",
    "measure_words",
    "notice",
    "scheme_words",
    "scope_limits",
    "verdict",
]

_TITLES = {
    "better": "Better than every naive prediction",
    "same": "Not reliably better than a naive prediction",
    "worse": "Worse than a naive prediction",
    "unknown": "Not checked",
}


def measure_of(manifest: Mapping[str, Any]) -> Measure:
    """What the response numbers of a model mean."""
    return Measure(**manifest["measure"])


def measure_words(measure: Measure) -> str:
    """Name and unit, as far as they were told."""
    return (measure.name or "response") + (f" ({measure.unit})" if measure.unit else "")


def direction(measure: Measure) -> str:
    """One sentence on what a higher number means."""
    if measure.higher_means is None:
        return "Whether a higher response is good or bad was not told, so this page speaks of higher and lower only."
    return f"A higher number means {measure.higher_words()}."


def scheme_words(manifest: Mapping[str, Any]) -> str:
    """The split scheme and what its held-out rows have."""
    return f"{manifest['scheme']['name']}: {manifest['scheme']['test_rows']}"


def learner_words(manifest: Mapping[str, Any]) -> str:
    """The learner, and how auto weighs the others."""
    weights = manifest["notes"].get("weights")
    if weights is None:
        return str(manifest["learner"])
    shares = sorted(weights.items(), key=lambda each: (-each[1], each[0]))
    told = ", ".join(f"{name} {share:.2f}" for name, share in shares) or "the naive model"
    return f"{manifest['learner']} ({told})"


def fitted_learners(manifest: Mapping[str, Any]) -> list[str]:
    """The learners that predict: those of some weight where auto weighed them."""
    return list(manifest["notes"].get("weights", [manifest["learner"]])) or ["additive-mean"]


def gain_sources(manifest: Mapping[str, Any]) -> list[str]:
    """What, beyond mean effects, the model could learn from."""
    learners = set(fitted_learners(manifest))
    if learners == {"additive-mean"}:
        return []
    sources = ["genotype"] if manifest["features"]["used"] and learners - set(WITHOUT_GENOTYPE) else []
    if manifest["covariates"]:
        sources.append(f"covariates ({', '.join(map(str, manifest['covariates']))})")
    scheme = SCHEMES.get(manifest["scheme"]["name"])
    if scheme is not None and not scheme.drug_effect:
        sources.append("drug structure")
    return sources


def verdict(manifest: Mapping[str, Any], held: HeldOut | None) -> Html:
    """The verdict box: a title and two sentences."""
    if held is None:
        kind, title = "unknown", _TITLES["unknown"]
        words = (
            "This model was trained without a held-out check (folds 0), so nothing is known about whether it predicts "
            "better than simple means. Train it with 2 or more folds before you rely on its predictions."
        )
    else:
        kind, title = held.judgement, _title(held)
        words = f"{_comparison(manifest, held)} {_consequence(manifest, held)}"
    return Html(f'<div class="verdict {kind}"><strong>{text(title)}</strong>{paragraph(words)}</div>\n')


def _title(held: HeldOut) -> str:
    if held.judgement == "unknown":
        return "Cannot be judged"
    if held.judgement != "better":
        return _TITLES[held.judgement]
    n_folds = len(held.by_fold(held.learner, "skill"))
    title = "A little better than every naive prediction" if held.skill < SMALL_SKILL else _TITLES["better"]
    return title if n_folds > 1 else f"{title}, in one fold" if n_folds else "Better than naive, on average"


def _comparison(manifest: Mapping[str, Any], held: HeldOut) -> str:
    where = f"On held-out rows ({manifest['scheme']['test_rows']}),"
    who = f"{held.learner} predicts {measure_words(measure_of(manifest))}"
    rmse = f"RMSE {number(held.rmse)} against {number(held.best_naive_rmse)} of the {held.best_naive}"
    words = {
        "better": f"with {percent(held.skill)} less squared error than the best naive prediction of each fold",
        "worse": f"with {percent(-held.skill)} more squared error than the best naive prediction of each fold",
        "same": _hardly_different(held.skill),
        "unknown": "with an error that could not be set against a naive prediction",
    }[held.judgement]
    return f"{where} {who} {words} ({rmse}; {_agreement(held)})."


def _hardly_different(skill: float) -> str:
    if abs(skill) < LEAST_SKILL:
        return "about as well as the best naive prediction"
    more = f"{percent(skill)} less" if skill > 0 else f"{percent(-skill)} more"
    return f"on average with {more} squared error than the best naive prediction of each fold, but not so in every fold"


def _agreement(held: HeldOut) -> str:
    skills = held.by_fold(held.learner, "skill")
    if not skills:
        return f"skill {number(held.skill)}"
    if len(skills) == 1:
        return f"skill {number(held.skill)} in the only fold"
    better = sum(each > 0 for each in skills)
    return f"skill {number(held.skill)}, above 0 in {better} of {len(skills)} folds"


def _consequence(manifest: Mapping[str, Any], held: HeldOut) -> str:
    sources = gain_sources(manifest)
    if held.judgement == "unknown":
        return "Train with more samples or fewer folds."
    if held.judgement != "better":
        if "genotype" in sources:
            return f"Nothing here shows that {joined(sources)} add to what the {held.best_naive} already tells."
        return f"The final model uses no genotype; the {held.best_naive} tells as much."
    if not sources:
        return "The final model holds mean effects only and uses no genotype."
    if len(held.by_fold(held.learner, "skill")) == 1:
        return "One fold cannot show how far this gain varies: train with 3 or more folds before you rely on it."
    if sources == ["genotype"]:
        return "The gain rests on genotype alone, since no covariates were given."
    if "genotype" not in sources:
        return f"The gain rests on {joined(sources)}; the final model uses no genotype."
    return f"The gain is that of {joined(sources)} together; this check does not tell their shares apart."


def scope_limits(scheme: str, test_rows: str) -> list[str]:
    """What held-out scores of a scheme do not cover."""
    return [
        f"The scores hold for the scheme {scheme} ({test_rows}) within one cohort. Another cohort, assay or site can "
        "be predicted worse; only measuring there can tell.",
        "An association is not a cause: a genotype feature can stand for tissue, ancestry, subtype or batch.",
    ]


def general_limits(manifest: Mapping[str, Any]) -> list[str]:
    """Limits that hold for the model, wherever it is used."""
    lines = [
        *scope_limits(manifest["scheme"]["name"], manifest["scheme"]["test_rows"]),
        f"The model learned from {count(manifest['training']['samples'], 'sample')}; a response rarer than that is "
        "unknown to it.",
    ]
    if "genotype" not in gain_sources(manifest):
        lines.append("The model uses no genotype: two samples that are otherwise alike get the same prediction.")
    if manifest["individual_level"]:
        lines.append(
            "The scheme uses the measured level of each training sample, so the model file holds individual-level "
            "data: share it as you would share the responses."
        )
    return lines


def notice(manifest: Mapping[str, Any]) -> str:
    """The notice at the foot of a page."""
    return as_sentence(str(manifest["notice"]))


def as_sentence(words: str) -> str:
    """Words with a capital and a full stop.

    Examples
    --------
    >>> as_sentence("research use only")
    'Research use only.'
    """
    return f"{words[:1].upper()}{words[1:]}."
