"""What a command would do, told when its inputs were read and joined: what was understood, fits, memory and files."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from drugresponse.data.joining import TrainingRows
from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.data.outcomes.wording import outcome_words
from drugresponse.description import censor_words, covariate_words, lost_words
from drugresponse.errors import count
from drugresponse.learners.memory import TrainingSize, estimate_megabytes
from drugresponse.memory_limit import memory_left
from drugresponse.settings import Settings

__all__ = ["dry_run_words", "files_words", "joined_words", "memory_words"]


def dry_run_words(settings: Settings, understood: Sequence[str]) -> list[str]:
    """The lines of a dry run: first what it is, then what was understood, last the files that a run would write.

    Parameters
    ----------
    settings
        Of the command.
    understood
        Lines on inputs, fits and memory.
    """
    written = {**settings.outputs(), **settings.folders()}
    return ["Dry run: inputs were read and joined, nothing is written.", *understood, *files_words(written)]


def joined_words(rows: TrainingRows, learners: Sequence[str]) -> list[str]:
    """Outcome, samples, drugs, features, covariates and lineages that were joined, and what was left out.

    Parameters
    ----------
    rows
        Measured pairs with their genotypes.
    learners
        Names of those that would be fitted: some read limits.
    """
    pairs, loss = rows.pairs, rows.loss
    n_groups = len(np.unique(pairs.subjects))
    together = f" in {count(n_groups, 'group')} that no fold parts" if n_groups < loss.samples else ""
    blocks = pairs.genotypes.features["block"].value_counts()
    kinds = ", ".join(f"{number:,} {name}" for name, number in blocks.items())
    lines = [
        outcome_words(rows.y, pairs.observed),
        f"Joined: {count(loss.samples, 'sample')}{together}; {count(loss.drugs, 'drug')}; "
        f"{count(loss.pairs, 'measured pair')}.",
        *lost_words(loss.to_dict()),
        f"Features: {pairs.genotypes.shape[1]:,} ({kinds}).",
        *censor_words(loss.to_dict(), learners),
        *covariate_words(list(pairs.covariates.columns), rows.covariates.unused_by_reason()),
    ]
    return lines + lineage_words(None if rows.lineages is None else rows.lineages.to_dict())


def memory_words(learners: Sequence[str], size: TrainingSize) -> str:
    """How much memory the fits take at their peak, and how much there is."""
    left = memory_left()
    known = "" if left == sys.maxsize else f"; {left >> 20:,} MB are left"
    at_once = f" with {count(size.n_jobs, 'fit')} at once" if size.n_jobs > 1 else ""
    return f"Memory: about {estimate_megabytes(learners, size):,} MB at the peak{at_once}{known}."


def files_words(outputs: dict[str, Path | None]) -> list[str]:
    """Each file that would be written, a line each."""
    given = [(name, path) for name, path in outputs.items() if path is not None]
    if not given:
        return ["To be written: no file."]
    replaced = " (replaces the file that is there)"
    return ["To be written:", *(f"  {name}: {path}{replaced * path.is_file()}" for name, path in given)]
