"""What is said of a prior, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.errors import count

__all__ = ["prior_words"]

_WHY_NOT = {
    "few": "too few samples to choose its strength",
    "direction": "held-out rows go against its direction; is a higher response what its values mean by higher?",
    "no gain": "held-out rows do not favour it",
}


def prior_words(manifest: Mapping[str, Any]) -> list[str]:
    """How much of a prior a model uses, and why; nothing without one.

    Examples
    --------
    >>> told = {"kind": "effect", "entries": 40, "used": 34, "strength": 0.7, "gain": 0.041, "reason": ""}
    >>> prior_words({"prior": told})
    ['Prior: 34 of 40 effects used; strength 0.7; squared error on inner held-out rows 4.1 % lower with it']
    """
    told = manifest.get("prior")
    if told is None:
        return []
    named = f"Prior: {told['used']} of {count(told['entries'], told['kind'])}"
    if told["reason"]:
        return [f"{named} matched, not used: {_WHY_NOT[told['reason']]}"]
    gained = f"squared error on inner held-out rows {100 * told['gain']:.1f} % lower with it"
    return [f"{named} used; strength {told['strength']:g}; {gained}"]
