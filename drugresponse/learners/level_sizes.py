"""When a ridge on stored genotypes is fitted in two levels, how large these are, and what is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from drugresponse.errors import count

__all__ = ["MOST_KERNEL_SAMPLES", "LevelSizes", "level_sizes", "level_words"]

MOST_KERNEL_SAMPLES = 10_000
"""Stored genotypes of more samples are learned from in two levels, without a number for each two samples."""
_SEGMENT = 500
"""Features of a segment, and at most four times as many, so that segments do not outnumber the predictors."""
_MOST_PREDICTORS, _MOST_CELLS = 1000, 50_000_000
"""Predictors of a sample, and of all samples; each is held as often as there are folds."""
_MOST_PENALTIES = 3


@dataclass(frozen=True)
class LevelSizes:
    """How many predictors the second level gets.

    Attributes
    ----------
    n_features
        Of a segment, at most.
    n_targets, n_penalties
        Of the first level.
    """

    n_features: int
    n_targets: int
    n_penalties: int


def level_sizes(n_samples: int, n_features: int, n_targets: int) -> LevelSizes:
    """As many penalties, then as small segments, then as many targets as there is room for, by the shape alone.

    Parameters
    ----------
    n_samples, n_features
        Features as often as they are tokens.
    n_targets
        That are wanted, those of most weight first.

    Examples
    --------
    >>> level_sizes(20_000, 20_000, 1)
    LevelSizes(n_features=500, n_targets=1, n_penalties=3)
    >>> level_sizes(100_000, 50_000, 8)
    LevelSizes(n_features=800, n_targets=7, n_penalties=1)
    """
    room = max(1, min(_MOST_PREDICTORS, _MOST_CELLS // max(n_samples, 1)))
    segments = -(-n_features // _SEGMENT)
    n_penalties = max(1, min(_MOST_PENALTIES, room // max(segments * n_targets, 1)))
    if segments * n_targets > room:
        size = min(4 * _SEGMENT, -(-n_features * n_targets // room))
        n_targets = max(1, min(n_targets, room // -(-n_features // size)))
        return LevelSizes(max(size, -(-n_features // room)), n_targets, 1)
    return LevelSizes(_SEGMENT, n_targets, n_penalties)


def level_words(notes: Mapping[str, Any]) -> list[str]:
    """That a ridge was fitted in two levels, a sentence; nothing where it was not.

    Examples
    --------
    >>> for line in level_words({"segments": 40, "segment_features": 500, "segment_penalties": 3}):
    ...     print(line)
    Ridge in two levels, since samples are many: in 40 segments of up to 500 features, at 3 penalties each, then on
    what these predict of left-out samples.
    """
    of_learners = [notes, *notes.get("learners", {}).values()]
    known = next((each for each in of_learners if "segments" in each), None)
    if known is None:
        return []
    return [
        f"Ridge in two levels, since samples are many: in {count(int(known['segments']), 'segment')} of up to "
        f"{count(int(known['segment_features']), 'feature')}, at {count(int(known['segment_penalties']), 'penalty')} "
        "each, then on what these predict of left-out samples."
    ]
