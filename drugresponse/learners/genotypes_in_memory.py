"""Genotypes in memory for learners that take them whole, where they fit."""

from __future__ import annotations

from dataclasses import replace
from typing import Protocol

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.errors import MemoryLimitError
from drugresponse.memory_limit import memory_left

__all__ = ["genotypes_in_memory", "new_pairs_for", "takes_stored", "training_pairs_for"]

_COPIES = 4
"""Tokens are held densely in double precision, with copies while they are centred and drawn from."""
_MOST = 8 << 30


class Reading(Protocol):
    """A learner or its record, as far as it matters here."""

    @property
    def reads_blocks(self) -> bool:
        """Whether it is fitted to stored genotypes by blocks."""


def takes_stored(learner: Reading, pairs: Pairs) -> bool:
    """Whether a learner, or one of this record, reads such pairs by blocks where their genotypes are stored."""
    numbers_alone = getattr(learner, "reads_blocks_of_numbers_alone", False)
    return learner.reads_blocks and (pairs.outcome.kind == "continuous" or not numbers_alone)


def training_pairs_for(learner: Reading, pairs: Pairs) -> Pairs:
    """Training pairs as a learner takes them: stored genotypes are brought into memory where it does not read blocks.

    Parameters
    ----------
    learner
        Its `reads_blocks` tells.
    pairs
        Those that it is to be fitted to.

    Raises
    ------
    MemoryLimitError
        Genotypes are stored and too many to be held.
    """
    if not pairs.genotypes.is_stored or takes_stored(learner, pairs):
        return pairs
    pairs = pairs.compact()
    held = genotypes_in_memory(pairs.genotypes, type(learner).__name__, "Choose the learner ridge, filter the features")
    return replace(pairs, genotypes=held)


def genotypes_in_memory(genotypes: Genotypes, what: str, way_out: str = "Filter the features") -> Genotypes:
    """Genotypes with all values in memory, for what needs them whole.

    Parameters
    ----------
    genotypes
        Those that are in memory come back as they are.
    what, way_out
        What holds them, and what may be done where they are too many, for the message.

    Raises
    ------
    MemoryLimitError
        They are stored and too many to be held.
    """
    n_samples, n_features = genotypes.shape
    needed, most = 8 * _COPIES * n_samples * n_features, min(_MOST, memory_left())
    if genotypes.is_stored and needed > most:
        raise MemoryLimitError(
            f"{what}: it holds all genotypes in memory, {n_samples:,} samples x {n_features:,} "
            f"features, about {needed >> 20:,} MB (expected at most {most >> 20:,} MB). {way_out}, "
            "or ask for more memory."
        )
    return genotypes.in_memory()


def new_pairs_for(learner: Reading, pairs: Pairs) -> Pairs:
    """Pairs as a learner predicts for them: those of this package read no more of stored genotypes than they need."""
    own = type(learner).__module__.partition(".")[0] == __name__.partition(".")[0]
    return pairs if own else training_pairs_for(learner, pairs)
