"""Clean simulated cohorts as tables, of several kinds and sizes, as a user would have them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.simulation.cohort import simulate_cohort
from drugresponse.simulation.files import write_cohort

__all__ = ["Tables", "clean_cohorts", "simulated_tables"]

_TABLES = ("genotypes", "features", "samples", "drugs", "responses")


@dataclass(eq=False)
class Tables:
    """The tables of a cohort with their ids as columns, and options of the commands that go with them."""

    genotypes: pd.DataFrame
    features: pd.DataFrame
    samples: pd.DataFrame
    drugs: pd.DataFrame
    responses: pd.DataFrame
    options: list[str] = field(default_factory=list)

    def write(self, folder: Path) -> list[str]:
        """Write the files; the words of a command line that name them."""
        words: list[str] = []
        for role in _TABLES:
            getattr(self, role).to_csv(folder / f"{role}.tsv", sep="\t", index=False)
            words += [f"--{role}", str(folder / f"{role}.tsv")]
        return [*words, *self.options]


def simulated_tables(preset: str = "cell-lines", random_state: int = 0, **sizes: int | str) -> Tables:
    """A simulated cohort of which nothing is held out."""
    cohort = simulate_cohort(preset, random_state=random_state, **sizes)  # type: ignore[arg-type]
    with tempfile.TemporaryDirectory() as folder:
        paths = write_cohort(cohort, folder, new_samples_share=0.0, new_drugs=0)
        tables = [pd.read_table(paths[f"{role}.tsv"], dtype={"sample_id": str}) for role in _TABLES]
    return Tables(*(table.assign(inchikey="") if "smiles" in table else table for table in tables))


def clean_cohorts(n_cohorts: int) -> Iterator[tuple[str, Tables]]:
    """Cohorts without a trap, each with its name: screens, patients, antibiograms, classes, dilutions and times.

    Every second one has a batch that was drawn without regard to anything else, and every third repeated measurements.
    """
    kinds: list[tuple[str, dict[str, int | str]]] = [
        ("cell-lines", {"n_samples": 120, "n_drugs": 8, "n_features": 60}),
        ("germline", {"n_samples": 250, "n_features": 80}),
        ("cell-lines", {"n_samples": 200, "n_drugs": 6, "n_features": 40, "outcome": "binary"}),
        ("germline", {"n_samples": 400, "n_features": 60, "outcome": "time-to-event"}),
        ("cell-lines", {"n_samples": 80, "n_drugs": 20, "n_features": 150}),
        ("germline", {"n_samples": 300, "n_features": 40, "outcome": "binary"}),
        ("cell-lines", {"n_samples": 150, "n_drugs": 4, "n_features": 60, "outcome": "interval"}),
        ("cell-lines", {"n_samples": 250, "n_drugs": 3, "n_features": 60, "outcome": "ordinal"}),
        ("germline", {"n_samples": 150, "n_features": 200}),
        ("cell-lines", {"n_samples": 300, "n_drugs": 2, "n_features": 100}),
    ]
    for number in range(n_cohorts):
        preset, sizes = kinds[number % len(kinds)]
        tables = simulated_tables(preset, 1000 + number, **sizes)
        rng = np.random.default_rng(number)
        if number % 2:
            tables.samples["batch"] = rng.choice(["b1", "b2", "b3", "b4"], len(tables.samples))
        if number % 3 == 0 and "response" in tables.responses and tables.responses["response"].dtype.kind == "f":
            again = tables.responses.sample(frac=0.2, random_state=number)
            spread = float(tables.responses.groupby("drug_id")["response"].std().mean())
            again["response"] += rng.normal(0, 0.3 * spread, len(again))
            tables.responses = pd.concat([tables.responses, again], ignore_index=True)
        shape = f"{len(tables.samples)} x {len(tables.features)}, {sizes.get('outcome', 'continuous')}"
        yield f"{number} {preset} ({shape})", tables
