"""What effects on an outcome are measured in, and what a prediction of it is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from drugresponse.data.outcomes.outcome import Kind, Outcome
from drugresponse.data.tables import Measure
from drugresponse.report.page import MISSING, number
from drugresponse.verdict import measure_words

__all__ = ["COUNTED", "predicted_number", "scale_words"]


COUNTED: Mapping[Kind, str] = MappingProxyType(
    {
        "binary": "Of the rarer class",
        "ordinal": "Not of the largest class",
        "interval": "Not at the commonest limit",
        "time-to-event": "Events",
    }
)
"""What rows of a drug are counted as, beside all of them: those that a score rests on, of `count_events`."""


def scale_words(outcome: Outcome, measure: Measure) -> str:
    """What a score, and so an effect, is measured in.

    Examples
    --------
    >>> scale_words(Outcome("binary", ("S", "R")), Measure("susceptibility"))
    'log odds of R'
    >>> scale_words(Outcome("interval", logarithm=2), Measure("mic", "mg/L"))
    'log2 of mic (mg/L)'
    """
    name = measure_words(measure)
    return {
        "continuous": name,
        "binary": f"log odds of {outcome.event}",
        "ordinal": f"log odds of a class nearer to {outcome.event}",
        "interval": f"log{outcome.logarithm} of {name}" if outcome.logarithm else name,
        "time-to-event": "log hazard of the event",
    }[outcome.kind]


def predicted_number(predicted: Any) -> str:
    """A prediction as a number, or as the word that it is.

    Examples
    --------
    >>> predicted_number("R"), predicted_number(0.25), predicted_number(float("nan"))
    ('R', '0.250', '–')
    """
    if isinstance(predicted, str):
        return predicted or MISSING
    return number(predicted) if np.isfinite(predicted) else MISSING
