"""What rows of an outcome are counted as, and what a prediction of it is called."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

from drugresponse.data.outcomes.outcome import Kind
from drugresponse.report.page import MISSING, number

__all__ = ["COUNTED", "predicted_number"]


COUNTED: Mapping[Kind, str] = MappingProxyType(
    {
        "binary": "Of the rarer class",
        "ordinal": "Not of the largest class",
        "interval": "Not at the commonest limit",
        "time-to-event": "Events",
    }
)
"""What rows of a drug are counted as, beside all of them: those that a score rests on, of `count_events`."""


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
