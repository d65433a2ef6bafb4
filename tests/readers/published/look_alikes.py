"""Hand-made look-alikes of files that publishers give out; nothing in them was measured."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

__all__ = [
    "LINES",
    "write_beataml",
    "write_cbioportal",
    "write_ccle",
    "write_cellminer",
    "write_depmap",
    "write_gdsc",
    "write_hivdb",
    "write_pharmacodb",
]

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


def write_hivdb(file: Path) -> None:
    """Four sequences of reverse transcriptase: the consensus, a mixture, one that was not read, and an insertion."""
    file.write_text(
        "SeqID\tPtID\tSubtype\t3TC\tABC\tP183\tP184\tP1\tP2\tP3\tCompMutList\n"
        "4426\t1\tB\t1.0\tNA\t-\t-\t-\t-\t-\t\n"
        "4432\t1\tB\t200.0\t10.0\t-\tMV\t-\t-\t-\tM184MV\n"
        "4664\t2\tB\t150\t4.2\t.\tV\tX\t-\t-\tM184V\n"
        "5221\t3\tB\t0\t0.9\t-\t-\t#\t~\t-\tP1#, I2~\n"
    )


def write_cellminer(scores: Path, repeats: Path, expression: Path) -> None:
    """Z-scores and repeats of two compounds in three lines, and expression, below titles and with footnotes."""
    lines = ["BR:MCF7", "LE:K-562", "ME:LOX IMVI"]
    about = ["NSC # b", "Drug name", "FDA status", "Mechanism of action c", "PubChem SID", "SMILES d"]
    drugs = [[740, "Methotrexate", "FDA approved", "DHFR", 1, "CCO"], [752, "-", "-", "-", 2, "-"]]
    totals = ["Total experiments e", "Total after quality control f"]
    first = ["740", 0.5, -1.25, "na", 3, 2], ["752", -0.5, 0.25, 1.5, 3, 3]
    rows = [[*drug, *row[1:]] for drug, row in zip(drugs, first, strict=True)]
    _write_titled(scores, [[*about, *lines, *totals], *rows])
    checks = ["Total probes e", "Total after quality control f", "Failure reason", "Experiment name"]
    repeated = [
        [*drugs[0], 2, 1, "-", "0001NS10", 6.5, 7.0, "na"],
        [*drugs[0], 2, 1, "Low range", "0002NS10", 4, 4, 4],
        [*drugs[1], 1, 1, "-", "0003NS11", 4, 5.5, 6],
    ]
    _write_titled(repeats, [[*about, *checks, *lines], *repeated])
    genes = ["Gene name d", "Entrez gene id e", "Chromosome f", "Start f", "End f", "Cytoband f"]
    values = [["TP53", 7157, 17, 1, 2, "p", 1.5, 0.0, "na"], ["SAME", 7, 1, 1, 2, "q", 2, 2, 2]]
    _write_titled(expression, [[*genes, *lines], *values])


def _write_titled(file: Path, rows: list[list[object]]) -> None:
    titles: list[list[object]] = [["Data Set: NCI-60"], ["a: a footnote"], ["b: another"]]
    pd.DataFrame(titles + rows).to_excel(file, index=False, header=False)


def write_pharmacodb(tissue_file: Path, line_file: Path) -> None:
    """Statistics of a compound in a tissue, one without a curve, and of a line, of which the first has a row too."""
    columns = ["compound", "tissue", "cell_line", "dataset", "Einf", "EC50", "AAC", "IC50"]
    rows = [
        ["Lapatinib", "Breast", "BT-474", "CCLE", 12.5, 0.04, 0.41, 0.11],
        ["Lapatinib", "Breast", "BT-474", "gCSI", 20, 0.05, 0.36, 0.2],
        ["Lapatinib", "Breast", "MCF-7", "CCLE", 90, 3.1, 0.02, ""],
        ["Lapatinib", "Breast", "HS578T", "CCLE", "", "", "", ""],
    ]
    pd.DataFrame(rows, columns=columns).to_csv(tissue_file, index=False)
    of_line = [["BT-474", "Lapatinib", *rows[1][3:]], ["BT-474", "Lapatinib", "GDSC2", 15, 0.05, 0.39, 0.1]]
    pd.DataFrame(of_line, columns=["cell_line", "compound", *columns[3:]]).to_csv(line_file, index=False)


def write_beataml(curves_file: Path, mutations_file: Path) -> None:
    """Curves of two specimens of one patient, one that did not converge and one without DNA, and mutations."""
    curves = pd.DataFrame(
        {
            "dbgap_subject_id": ["2392", "2392", "2392", "2393"],
            "dbgap_dnaseq_sample": ["BA2392D", "BA2400D", "BA2392D", ""],
            "dbgap_rnaseq_sample": ["BA2392R", "", "BA2392R", "BA2393R"],
            "inhibitor": ["Venetoclax", "Venetoclax", "Quizartinib (AC220)", "Venetoclax"],
            "converged": [True, True, False, True],
            "ic50": [0.01, 10.0, 0.2, 1.0],
            "auc": [90.5, 210.0, 120.0, 150.0],
        }
    )
    mutations = pd.DataFrame(
        {"dbgap_sample_id": ["BA2392D", "BA2392D", "BA2400D"], "symbol": ["FLT3", "FLT3", "NPM1"], "t_vaf": 0.4}
    )
    for table, file in ((curves, curves_file), (mutations, mutations_file)):
        table.to_csv(file, index=False, sep="\t")


def write_ccle(screen_file: Path, matrix_file: Path) -> None:
    """Two drugs on three lines, one without a response, and alterations of two of the lines."""
    lines = ["A375_SKIN", "5637_URINARY_TRACT", "HL60_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE"]
    screen = pd.DataFrame(
        {
            "CCLE Cell Line Name": [*lines, *lines],
            "Primary Cell Line Name": ["A-375", "5637", "HL-60"] * 2,
            "Compound": ["PLX4720"] * 3 + ["Erlotinib"] * 3,
            "Target": ["RAF"] * 3 + ["EGFR"] * 3,
            "Doses (uM)": ".0025,.0080,.025,.080,.25,.80,2.53,8",
            "FitType": "Sigmoid",
            "EC50 (uM)": "NA",
            "IC50 (uM)": [0.2, 8.0, 8.0, 8.0, 3.1, 8.0],
            "Amax": -50.0,
            "ActArea": [4.5, 0.2, 0.1, 0.3, 1.9, np.nan],
        }
    )
    screen.to_csv(screen_file, index=False)
    matrix_file.write_text(
        "#1.2\n3\t2\nName\tDescription\t5637_URINARY_TRACT\tA375_SKIN\n"
        "BRAF_MUT\tBRAF\t0\t1\nEGFR_AMP\tEGFR\t1\t0\nALK_MUT\tALK\t0\t0\n"
    )


def write_cbioportal(folder: Path) -> dict[str, Path]:
    """A study of two patients, one of whom has two samples."""
    names = ("data_mutations", "data_cna", "data_clinical_patient", "data_clinical_sample")
    files = {name: folder / f"{name}.txt" for name in names}
    marks = "#Patient Identifier\tNames\n#for\tpeople\n#STRING\tSTRING\n#1\t1\n"
    files["data_mutations"].write_text(
        "#version 2.4\nHugo_Symbol\tTumor_Sample_Barcode\tVariant_Classification\tHGVSp_Short\n"
        "TP53\tP-1-T1\tMissense_Mutation\tp.R175H\nKRAS\tP-2-T1\tMissense_Mutation\tp.G12D\n"
        "KRAS\tP-1-T2\tSilent\tp.G12G\n"
    )
    files["data_cna"].write_text(
        "Hugo_Symbol\tEntrez_Gene_Id\tP-1-T1\tP-1-T2\tP-2-T1\nMYC\t4609\t2\t0\tNA\nPTEN\t5728\t-2\t-1\t0\nA1\t1\t1\t0\t0\n"
    )
    files["data_clinical_patient"].write_text(
        f"{marks}PATIENT_ID\tAGE\tSEX\tOS_STATUS\tOS_MONTHS\tDFS_STATUS\tDFS_MONTHS\n"
        "P-1\t61\tMale\t1:DECEASED\t12.5\t0:DiseaseFree\t12.5\nP-2\t55\tFemale\t\t\t\t\n"
    )
    files["data_clinical_sample"].write_text(
        f"{marks}PATIENT_ID\tSAMPLE_ID\tCANCER_TYPE\nP-1\tP-1-T1\tGlioma\nP-1\tP-1-T2\tGlioma\nP-2\tP-2-T1\tMelanoma\n"
    )
    return files
