"""Simulate: a cohort whose truth is known, as files."""

from __future__ import annotations

from pathlib import Path

from drugresponse.errors import InputError, count, show_ids
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import COHORT_FILES, write_cohort

__all__ = ["simulate"]


def simulate(
    *,
    directory: Path,
    preset: str = "cell-lines",
    n_samples: int | None = None,
    n_drugs: int | None = None,
    n_features: int | None = None,
    seed: int = 0,
) -> list[str]:
    """Write a cohort whose truth is known; see `simulate_cohort` and `write_cohort`."""
    there = [name for name in COHORT_FILES if (directory / name).exists()]
    if there:
        raise InputError(
            f'directory: "{directory}" already holds {show_ids(there)} (nothing is overwritten). Choose another folder.'
        )
    cohort = simulate_cohort(preset, n_samples=n_samples, n_drugs=n_drugs, n_features=n_features, random_state=seed)
    written = write_cohort(cohort, directory)
    n_samples_made, n_features_made = cohort.genotypes.shape
    return [
        f"Simulated {count(n_samples_made, 'sample')}, {count(len(cohort.drugs), 'drug')}, "
        f"{count(n_features_made, 'feature')}, {count(len(cohort.responses), 'response')}.",
        f"Wrote {len(written)} files to {directory}: train on genotypes.tsv, responses.tsv, drugs.tsv and samples.tsv; "
        "predict new_genotypes.tsv; truth.tsv holds the planted effects.",
    ]
