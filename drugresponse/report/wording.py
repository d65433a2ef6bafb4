"""What is said about a model on every page: its verdict, its measure, its scheme, and its limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.tables import Measure
from drugresponse.report.blocks import Verdict
from drugresponse.report.page import count
from drugresponse.verdict import ModelVerdict, fitted_learners, gain_sources, higher_words, measure_of, measure_words
from drugresponse.words import weighed

__all__ = [
    "as_sentence",
    "direction",
    "fitted_learners",
    "gain_sources",
    "general_limits",
    "learner_words",
    "measure_of",
    "measure_words",
    "notice",
    "scheme_words",
    "scope_limits",
    "verdict_box",
]


def direction(measure: Measure, outcome: Outcome = CONTINUOUS) -> str:
    """One sentence on what a higher number means, or on the order of classes and times."""
    if outcome.has_classes or outcome.kind == "time-to-event":
        words = higher_words(measure, outcome)
        return f"{words[0].upper()}{words[1:]}."
    if measure.higher_means is None:
        return (
            "Whether a higher response is good or bad was not told, so this page speaks of higher and lower only "
            "(train with --higher-means to tell)."
        )
    return f"A higher number means {measure.higher_words()}."


def scheme_words(manifest: Mapping[str, Any]) -> str:
    """The split scheme and what its held-out rows have."""
    return f"{manifest['scheme']['name']}: {manifest['scheme']['test_rows']}"


def learner_words(manifest: Mapping[str, Any]) -> str:
    """The learner, and how auto weighs the others."""
    weights = manifest["notes"].get("weights")
    if weights is None:
        return str(manifest["learner"])
    return f"{manifest['learner']} ({weighed(weights) or 'the naive model'})"


def verdict_box(verdict: ModelVerdict) -> Verdict:
    """The verdict on a model, on top of its pages."""
    return Verdict(verdict.kind, verdict.title, verdict.words, verdict.leaks)


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
