"""A benchmark cohort from its folder, as the rows that a learner is fitted on, and the fold of each."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.readers import read_drugs, read_genotypes, read_responses, read_samples, read_table


def read_cohort(folder: Path) -> TrainingRows:
    responses = read_responses(folder / "responses.tsv")
    genotypes = read_genotypes(folder / "genotypes.parquet", features=folder / "features.tsv")
    drugs, samples = read_drugs(folder / "drugs.tsv"), read_samples(folder / "samples.tsv")
    return join_training_rows(genotypes, responses, drugs, samples)


def fold_of_rows(folder: Path, rows: TrainingRows) -> NDArray[np.intp]:
    """The published fold of each row; rows of drugs without structure are in none (-1), as in the figures quoted."""
    table = read_table(folder / "splits" / "new_samples.tsv.gz")
    folds = table.set_index("sample_id")["fold"].astype(int)
    fold = folds.reindex(rows.pairs.sample_ids).to_numpy()
    return np.where((rows.pairs.drugs["smiles"] != "").to_numpy()[rows.pairs.drug_index], fold, -1)
