"""A cohort in the files that drevalpy reads: responses, names, calls, structures and their fingerprints."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rdkit import Chem
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator

from drugresponse.simulation.cohort import Cohort

__all__ = ["CALLS", "SMILES", "fingerprints", "write_folder"]

CALLS, SMILES = "mutations", "drug_smiles"
"""Its file of calls, without the ending, and ours of structures."""
_BITS = 128
_SAMPLE, _DRUG, _STRUCTURE = "cell_line_name", "pubchem_id", "canonical_smiles"


def write_folder(cohort: Cohort, data: Path, name: str) -> Path:
    """Write `data/name`, whose drugs must have structures; missing calls count as 0, since its models know none.

    Returns
    -------
    folder : Path
    """
    folder = data / name
    (folder / "drug_fingerprints").mkdir(parents=True, exist_ok=True)
    samples, drugs = cohort.samples, cohort.drugs
    responses = cohort.responses.table.rename(columns={"sample_id": _SAMPLE, "drug_id": _DRUG})
    responses = responses[[_SAMPLE, _DRUG, "response"]]
    tissues = samples["tissue"].reindex(responses[_SAMPLE]).to_numpy()
    responses.assign(tissue=tissues).to_csv(folder / f"{name}.csv", index=False)
    calls = pd.DataFrame(cohort.genotypes.dense(), index=samples.index, columns=cohort.genotypes.features.index)
    calls.fillna(0.0).rename_axis(_SAMPLE).to_csv(folder / f"{CALLS}.csv")
    # rows that are alike but for the index are dropped by its reader: a second column tells them apart
    names = samples[["tissue"]].assign(cellosaurus_id=samples.index)
    names.rename_axis(_SAMPLE).to_csv(folder / "cell_line_names.csv")
    drugs[["name"]].rename(columns={"name": "drug_name"}).rename_axis(_DRUG).to_csv(folder / "drug_names.csv")
    structures = drugs[["smiles"]].rename(columns={"smiles": _STRUCTURE}).rename_axis(_DRUG)
    structures.to_csv(folder / f"{SMILES}.csv")
    bits = pd.DataFrame(fingerprints(list(drugs["smiles"])).T, columns=drugs.index)
    bits.to_csv(folder / "drug_fingerprints" / f"pubchem_id_to_demorgan_{_BITS}_map.csv", index=False)
    return folder


def fingerprints(smiles: list[str]) -> NDArray[np.int64]:
    """`(n_drugs, 128)` Morgan bits of radius 2."""
    generator = GetMorganGenerator(radius=2, fpSize=_BITS)
    return np.array([generator.GetFingerprintAsNumPy(Chem.MolFromSmiles(each)) for each in smiles]).astype(np.int64)
