"""Simulate: a cohort whose truth is known, as files."""

from __future__ import annotations

from drugresponse.errors import InputError, count, show_ids
from drugresponse.settings import SimulateSettings
from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import COHORT_FILES, write_cohort

__all__ = ["simulate"]


def simulate(settings: SimulateSettings) -> list[str]:
    """Write a cohort whose truth is known; see `simulate_cohort` and `write_cohort`."""
    directory = settings.directory
    there = [name for name in COHORT_FILES if (directory / name).exists()]
    if there:
        raise InputError(
            f'directory: "{directory}" already holds {show_ids(there)} (nothing is overwritten). Choose another folder.'
        )
    cohort = simulate_cohort(
        settings.preset,
        n_samples=settings.n_samples,
        n_drugs=settings.n_drugs,
        n_features=settings.n_features,
        outcome=settings.outcome,
        studies=settings.studies,
        random_state=settings.seed,
    )
    written = write_cohort(cohort, directory)
    n_samples, n_features = cohort.genotypes.shape
    levels = cohort.truth.attrs.get("study_levels", {})
    planted = ", ".join(f"{name} {level:+.3f}" for name, level in levels.items())
    return [
        f"Simulated {count(n_samples, 'sample')}, {count(len(cohort.drugs), 'drug')}, "
        f"{count(n_features, 'feature')}, {count(len(cohort.responses), 'response')}.",
        f"Wrote {len(written)} files to {directory}: train on genotypes.tsv, responses.tsv, drugs.tsv and samples.tsv; "
        "predict new_genotypes.tsv; truth.tsv holds the planted effects.",
        *([f"Levels of the studies (column study of responses.tsv): {planted}."] if levels else []),
    ]
