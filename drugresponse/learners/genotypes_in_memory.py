"""Genotypes in memory for learners that take them whole, where they fit."""

from __future__ import annotations

from dataclasses import replace

from drugresponse.data.pairs import Pairs
from drugresponse.errors import MemoryLimitError

__all__ = ["with_genotypes_in_memory"]

_COPIES = 4
"""Tokens are held densely in double precision, with copies while they are centred and drawn from."""
_MOST = 8 << 30


def with_genotypes_in_memory(pairs: Pairs, learner: str) -> Pairs:
    """Pairs whose genotypes are in memory, for a learner that needs all numbers at once.

    Parameters
    ----------
    pairs
        Compact.
    learner
        Its name, for the message.

    Raises
    ------
    MemoryLimitError
        They are stored and too many to be held.
    """
    genotypes = pairs.genotypes
    if not genotypes.is_stored:
        return pairs
    needed = 8 * _COPIES * genotypes.shape[0] * genotypes.shape[1]
    if needed > _MOST:
        raise MemoryLimitError(
            f"{learner}: it holds all genotypes in memory, {genotypes.shape[0]:,} samples x {genotypes.shape[1]:,} "
            f"features, about {needed >> 20:,} MB (expected at most {_MOST >> 20:,} MB). "
            "Choose the learner ridge, filter the features, or ask for more memory."
        )
    return replace(pairs, genotypes=genotypes.in_memory())
