from __future__ import annotations

import pandas as pd

from benchmarks.cohorts import cohort_names, read_cohort
from tests.benchmarks.cohort_folder import write_cohort


def test_read_cohort__files_of_blocks_stand_for_one_of_genotypes(tmp_path):
    folder = tmp_path / "blocks"
    write_cohort(folder)
    table = pd.read_parquet(folder / "genotypes.parquet")
    (folder / "genotypes.parquet").rename(folder / "expression.parquet")
    table.to_parquet(folder / "mutation.parquet")
    assert cohort_names(tmp_path) == ["blocks"]
    features = read_cohort(folder).pairs.genotypes.features
    assert features["block"].unique().tolist() == ["expression", "mutation"]
    assert len(features) == 2 * (table.shape[1] - 1)
