"""Hand-made look-alikes of files that publishers give out; nothing in them was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = ["LINES", "write_depmap", "write_gdsc"]

LINES = 24


def write_gdsc(fitted: Path, genetic: Path) -> None:
    """Fitted dose responses of two drugs, one of which BRAF moves, and genetic features."""
    rng = np.random.default_rng(0)
    braf = np.arange(LINES) % 3 == 0
    rows, features = [], []
    for line in range(LINES):
        for drug in (1003, 1373):
            response = 2 - 3 * (braf[line] and drug == 1373) + rng.normal(0, 0.3)
            ids = {"DATASET": "GDSC2", "COSMIC_ID": 683667 + line, "CELL_LINE_NAME": f"LINE-{line}"}
            told = {"SANGER_MODEL_ID": f"SIDM{line:05}", "TCGA_DESC": "SKCM" if braf[line] else "LUAD"}
            about = {"DRUG_ID": drug, "DRUG_NAME": f"Drug {drug}", "PUTATIVE_TARGET": "BRAF", "MAX_CONC": 10.0}
            rows.append({**ids, **told, **about, "LN_IC50": response, "AUC": 0.9, "RMSE": 0.05, "Z_SCORE": 0.1})
        for name, mutated in (("BRAF_mut", braf[line]), ("TP53_mut", line % 2)):
            line_ids = {"cell_line_name": f"LINE-{line}", "cosmic_sample_id": 683667 + line}
            features.append(
                {**line_ids, "genetic_feature": name, "is_mutated": int(mutated), "recurrent_gain_loss": ""}
            )
    rows[0]["LN_IC50"] = np.nan
    pd.DataFrame(rows).to_excel(fitted, index=False)
    pd.DataFrame(features).to_csv(genetic, index=False)


def write_depmap(screen_file: Path, matrix_file: Path, models_file: Path) -> None:
    """Three lines of a screen, mutations of them with a second row of one, and two models."""
    screen = pd.DataFrame(
        {
            "broad_id": ["BRD-K1", "BRD-K1", "BRD-K1", "BRD-K2"],
            "depmap_id": ["ACH-000001", "ACH-000002", "ACH-000003", ""],
            "screen_id": ["MTS010", "MTS010", "HTS002", "MTS010"],
            "auc": [0.81, 0.27, 1.02, 0.5],
            "name": ["ribociclib"] * 3 + ["olaparib"],
            "moa": "CDK inhibitor",
            "target": "CDK4, CDK6",
            "smiles": "CCO, OCC",
            "passed_str_profiling": [True, True, False, True],
        }
    )
    genes = {f"GENE{at} ({100 + at})": [0.0, 2.0, 0.0] for at in range(12)} | {"SAME (7)": [0.0, 0.0, 0.0]}
    ids = {"SequencingID": ["CDS-1", "CDS-2", "CDS-3"], "ModelID": ["ACH-000001", "ACH-000002", "ACH-000002"]}
    matrix = pd.DataFrame(ids | {"ModelConditionID": "MC", "IsDefaultEntryForModel": ["Yes", "Yes", "No"]} | genes)
    models = pd.DataFrame(
        {
            "ModelID": ["ACH-000001", "ACH-000002"],
            "PatientID": ["PT-1", ""],
            "CellLineName": ["A", "B"],
            "OncotreeLineage": ["Skin", "Lung"],
            "Age": ["50", "Unknown"],
        }
    )
    for table, file in ((screen, screen_file), (matrix, matrix_file), (models, models_file)):
        table.to_csv(file, index=False)
