"""How much memory a training will need, so that it can be refused before it is begun."""

from __future__ import annotations

from collections.abc import Mapping

from drugresponse.errors import InputError, MemoryLimitError

__all__ = ["estimate_megabytes", "most_waves", "refuse_too_little_memory"]

_LIBRARIES = 450
"""Megabytes that Python and the libraries hold before any data."""
_TREE_INPUTS = 100
_WAVES = 4000
_FEWEST_WAVES = 500
_MOST_WAVES_IN_ALL = 8_000_000


def estimate_megabytes(n_samples: int, n_features: int, n_drugs: int, n_pairs: int, n_jobs: int) -> int:
    """Megabytes at the peak of a training, for the hungriest learner.

    Tokens are held densely as float64, with a few copies while they are centred; the Gram matrix has the smaller side;
    trees take up to 100 float32 inputs a pair; the Gaussian ridge up to 4,000 waves a sample; units that run at once
    hold their own.

    Examples
    --------
    >>> estimate_megabytes(988, 678, 265, 213_787, 2) < 2048
    True
    """
    smaller = min(n_samples, n_features)
    waves = 8 * 3 * n_samples * most_waves(n_samples)
    tokens = 8 * n_samples * n_features * 4 + 8 * smaller**2 * 3
    grids = 8 * n_samples * n_drugs * 8
    trees = 4 * n_pairs * min(_TREE_INPUTS, n_features + 40)
    return _LIBRARIES + int(max(n_jobs, 1) * (tokens + grids + trees + waves) / 1e6)


def most_waves(n_samples: int) -> int:
    """Random features of the Gaussian ridge at most, so that those of many samples do not fill the memory.

    Examples
    --------
    >>> most_waves(1000), most_waves(4000), most_waves(1_000_000)
    (4000, 2000, 500)
    """
    return max(_FEWEST_WAVES, min(_WAVES, _MOST_WAVES_IN_ALL // max(n_samples, 1)))


def refuse_too_little_memory(needed: int, environment: Mapping[str, str]) -> None:
    """End when `GALAXY_MEMORY_MB` is set and smaller than what is needed.

    Raises
    ------
    MemoryLimitError
        With both numbers.
    InputError
        The variable is no number.

    Examples
    --------
    >>> refuse_too_little_memory(100, {"GALAXY_MEMORY_MB": "4096"})
    """
    granted = environment.get("GALAXY_MEMORY_MB", "")
    if not granted:
        return
    if not granted.isdigit():
        raise InputError(f'GALAXY_MEMORY_MB: "{granted}" is not a number of megabytes. Correct or unset the variable.')
    if int(granted) < needed:
        raise MemoryLimitError(
            f"memory: {granted} MB are granted (about {needed} MB are needed for this training). "
            "Ask for more memory, use fewer threads, or filter the features."
        )
