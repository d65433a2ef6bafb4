"""A small simulated cohort, written in the form of the benchmark's data folder."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.simulation.cohort import Cohort, simulate_cohort


def write_cohort(folder: Path, *, n_samples: int = 80, n_drugs: int = 12, split: bool = False) -> Cohort:
    """Write the tables; the last drug has no structure. With a split, every tenth row is tested, and one pair twice."""
    cohort = simulate_cohort(n_samples=n_samples, n_drugs=n_drugs, n_features=30)
    folder.mkdir(parents=True)
    calls = pd.DataFrame(cohort.genotypes.dense(), columns=cohort.genotypes.features.index)
    calls.insert(0, "sample_id", cohort.genotypes.sample_ids)
    calls.to_parquet(folder / "genotypes.parquet")
    drugs = cohort.drugs.copy()
    drugs.iloc[-1, drugs.columns.get_loc("smiles")] = ""
    responses = cohort.responses.table[["sample_id", "drug_id", "response"]].reset_index(drop=True)
    if split:
        responses["split"] = np.where(np.arange(len(responses)) % 10, "train", "test")
        responses = pd.concat([responses, responses.iloc[:1].assign(split="train")])
    tables = {"drugs": drugs.reset_index(), "samples": cohort.samples.reset_index(), "responses": responses}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    return cohort


def write_split(folder: Path, table: pd.DataFrame, scheme: str) -> None:
    (folder / "splits").mkdir(exist_ok=True)
    file = folder / "splits" / f"{scheme.replace('-', '_')}.tsv.gz"
    table.to_csv(file, sep="\t", index=False)
