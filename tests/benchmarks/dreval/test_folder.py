"""Files for drevalpy: read back, they are the cohort."""

from __future__ import annotations

import pandas as pd

from benchmarks.dreval.folder import write_folder
from drugresponse.simulation.cohort import simulate_cohort


def test_write_folder__holds_the_cohort(tmp_path):
    cohort = simulate_cohort(n_samples=30, n_features=20, n_drugs=3)
    folder = write_folder(cohort, tmp_path, "made")
    responses = pd.read_csv(folder / "made.csv")
    assert list(responses.columns) == ["cell_line_name", "pubchem_id", "response", "tissue"]
    assert len(responses) == len(cohort.responses.table)
    assert (responses["tissue"] == cohort.samples["tissue"].reindex(responses["cell_line_name"]).to_numpy()).all()
    calls = pd.read_csv(folder / "mutations.csv", index_col="cell_line_name")
    assert (calls.to_numpy() == cohort.genotypes.dense()).all()
    assert list(calls.columns) == list(cohort.genotypes.features.index)
    bits = pd.read_csv(folder / "drug_fingerprints" / "pubchem_id_to_demorgan_128_map.csv")
    assert list(bits.columns) == list(cohort.drugs.index)
    assert bits.shape[0] == 128 and set(bits.to_numpy().ravel()) == {0, 1}


def test_write_folder__each_sample_has_a_line_that_no_other_has(tmp_path):
    folder = write_folder(simulate_cohort(n_samples=30, n_features=20, n_drugs=3), tmp_path, "made")
    names = pd.read_csv(folder / "cell_line_names.csv", index_col="cell_line_name")
    assert len(names.drop_duplicates()) == 30
