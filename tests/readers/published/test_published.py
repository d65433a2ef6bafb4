"""Files as publishers give them out, by hand-made look-alikes: what is taken, what is left out, and what is said."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse.cli import main
from drugresponse.readers.published.reader import read_published
from tests.readers.published.look_alikes import (
    LINES,
    write_beataml,
    write_cbioportal,
    write_ccle,
    write_cellminer,
    write_depmap,
    write_gdsc,
    write_hivdb,
    write_pharmacodb,
)


@pytest.fixture(scope="module")
def gdsc(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("gdsc")
    files = {"fitted": folder / "fitted.xlsx", "genetic": folder / "features.csv"}
    write_gdsc(**files)
    return files


@pytest.fixture(scope="module")
def depmap(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("depmap")
    names = ("screen", "OmicsSomaticMutationsMatrixHotspot", "models")
    files = {name: folder / f"{name}.csv" for name in names}
    write_depmap(*files.values())
    return files


def test_read_published__gdsc(gdsc):
    tables = read_published("gdsc", [gdsc["genetic"], gdsc["fitted"]])
    assert len(tables.responses) == 2 * LINES - 1
    assert tables.measure == dr.Measure("ln_ic50", "uM", "resistant")
    assert tables.samples.loc["683667"].to_dict() == {"name": "LINE-0", "model_id": "SIDM00000", "tissue": "SKCM"}
    assert tables.drugs.loc["1373", "targets"] == "BRAF"
    assert tables.genotypes.loc["683667"].to_dict() == {"BRAF_mut": 1.0, "TP53_mut": 0.0}
    assert tables.features.loc["BRAF_mut", "gene"] == "BRAF"
    assert "1 row without an id or a response left out" in tables.notes[0]


def test_read_published__depmap(depmap):
    tables = read_published("depmap", list(depmap.values()))
    assert tables.responses[["sample_id", "response"]].values.tolist() == [["ACH-000001", 0.81], ["ACH-000002", 0.27]]
    assert tables.measure == dr.Measure("auc", "", "resistant")
    assert tables.drugs.loc["BRD-K1", "smiles"] == "CCO"
    assert tables.genotypes["GENE3_hotspot"].to_dict() == {"ACH-000001": 0.0, "ACH-000002": 1.0}
    assert "SAME_hotspot" not in tables.genotypes
    assert tables.samples["subject_id"].tolist() == ["PT-1", "ACH-000002"]
    assert tables.samples["age"].tolist() == ["50", ""]
    assert "1 row of lines whose STR profile did not match and 1 row without an id" in tables.notes[1]
    assert "1 gene in which no model differs, 1 row beside a model's default" in tables.notes[0]


def test_read_published__hivdb(tmp_path):
    write_hivdb(tmp_path / "NRTI_DataSet.txt")
    tables = read_published("hivdb", [tmp_path / "NRTI_DataSet.txt"])
    rows = tables.responses.set_index(["drug_id", "sample_id"])["response"]
    assert rows.round(6).to_dict() == {
        ("3TC", "4426"): 0.0,
        ("3TC", "4432"): round(float(np.log10(200)), 6),
        ("3TC", "4664"): round(float(np.log10(150)), 6),
        ("ABC", "4432"): 1.0,
        ("ABC", "4664"): round(float(np.log10(4.2)), 6),
        ("ABC", "5221"): round(float(np.log10(0.9)), 6),
    }
    assert tables.measure == dr.Measure("log10_fold_change", "", "resistant")
    assert tables.genotypes["RT_184V"].tolist() == [0, 1, 1, 0]
    assert "RT_184M" not in tables.genotypes  # that of the consensus, as the lists of mutations tell
    assert tables.genotypes["RT_1ins"].fillna(-1).tolist() == [0, 0, -1, 1]
    assert tables.genotypes.loc["5221", "RT_2del"] == 1
    assert tables.features.loc["RT_184V", "parent"] == "RT_184 (site)"
    assert tables.samples["subject_id"].to_dict() == {"4426": "1", "4432": "1", "4664": "2", "5221": "3"}
    assert "2 cells without a fold change above 0 left out" in tables.notes[0]


@pytest.mark.parametrize(
    ("header", "cells", "message"),
    [
        ("SeqID\tFPV\tABC\tP1\tP2", "1\t1\t1\t-\tV", 'found drugs against "PR", "RT"'),
        ("SeqID\tXYZ\tP1\tP2", "1\t1\t-\tV", "found no column of a drug that is known"),
        ("SeqID\tABC\tP1\tP2", "1\t1\t-\t?", r'column "P2": found "\?" .expected residues'),
        ("SeqID\tABC\tP1\tP2", "1\t1\t-\tV\n1\t1\t-\tV", 'found SeqID "1" in two rows'),
    ],
)
def test_read_published__hivdb_that_is_none(tmp_path, header, cells, message):
    (tmp_path / "x.txt").write_text(f"{header}\n{cells}\n")
    with pytest.raises(dr.InputError, match=message):
        read_published("hivdb", [tmp_path / "x.txt"])


def test_import__hivdb_predicts_from_a_list_of_substitutions(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    mutated = rng.random(60) < 0.4
    table = pd.DataFrame(
        {"SeqID": range(60), "3TC": 10.0 ** (2 * mutated + rng.normal(0, 0.1, 60)), "P1": "-", "P2": "-"}
    )
    table.assign(P184=np.where(mutated, "V", "-"), P215=np.where(rng.random(60) < 0.5, "FY", "-")).to_csv(
        "NRTI.txt", sep="\t", index=False
    )
    assert main(["import", "hivdb", "NRTI.txt", "--directory", "hiv"]) == 0
    assert main(["train", "--config", "hiv/train.yml", "--model", "m", "--learner", "ridge", "--folds", "0"]) == 0
    Path("new.tsv").write_text("sample_id\tsubstitutions\nA\tRT:M184V\nB\tnone\n")
    assert main(["predict", "--model", "m", "--genotypes", "new.tsv", "--predictions", "p.tsv"]) == 0
    predicted = pd.read_csv("p.tsv", sep="\t").set_index("sample_id")["prediction"]
    assert predicted["A"] - predicted["B"] == pytest.approx(2, abs=0.4)


def test_read_published__beataml(tmp_path):
    write_beataml(tmp_path / "curves.txt", tmp_path / "mutations.txt")
    tables = read_published("beataml", [tmp_path / "mutations.txt", tmp_path / "curves.txt"])
    assert tables.responses.values.tolist() == [["BA2392D", "Venetoclax", 90.5], ["BA2400D", "Venetoclax", 210.0]]
    assert tables.measure.higher_means == "resistant"
    assert tables.genotypes.loc["BA2392D"].to_dict() == {"FLT3_mut": 1.0, "NPM1_mut": 0.0}
    assert tables.samples["subject_id"].to_dict() == {"BA2392D": "2392", "BA2400D": "2392"}
    assert "1 row without an id or a response, and 1 curve that did not converge, left out" in tables.notes[0]


def test_read_published__ccle(tmp_path):
    write_ccle(tmp_path / "drug_data.csv", tmp_path / "calls.gct")
    tables = read_published("ccle", [tmp_path / "calls.gct", tmp_path / "drug_data.csv"])
    rows = tables.responses.set_index(["sample_id", "drug_id"])["response"]
    assert rows["A375_SKIN", "PLX4720"] == 4.5 and len(rows) == 5
    assert tables.measure == dr.Measure("activity_area", "", "sensitive")
    assert tables.samples.loc["5637_URINARY_TRACT"].to_dict() == {"name": "5637", "tissue": "URINARY_TRACT"}
    assert tables.samples.loc["HL60_HAEMATOPOIETIC_AND_LYMPHOID_TISSUE", "tissue"] == (
        "HAEMATOPOIETIC_AND_LYMPHOID_TISSUE"
    )
    assert tables.drugs["targets"].to_dict() == {"PLX4720": "RAF", "Erlotinib": "EGFR"}
    assert tables.genotypes.loc["A375_SKIN"].to_dict() == {"BRAF_MUT": 1.0, "EGFR_AMP": 0.0}
    assert tables.features["gene"].to_dict() == {"BRAF_MUT": "BRAF", "EGFR_AMP": "EGFR"}
    assert "1 feature in which no line differs left out" in tables.notes[0]
    assert "1 row without an id or a response left out" in tables.notes[1]


@pytest.fixture(scope="module")
def cellminer(tmp_path_factory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("cellminer")
    files = {"scores": folder / "z.xlsx", "repeats": folder / "raw.xlsx", "expression": folder / "RNA__composite.xlsx"}
    write_cellminer(**files)
    return files


def test_read_published__cellminer(cellminer):
    tables = read_published("cellminer", [cellminer["expression"], cellminer["scores"]])
    rows = tables.responses.set_index(["drug_id", "sample_id"])["response"]
    assert rows.to_dict() == {
        ("740", "BR:MCF7"): 0.5,
        ("740", "LE:K-562"): -1.25,
        ("752", "BR:MCF7"): -0.5,
        ("752", "LE:K-562"): 0.25,
        ("752", "ME:LOX IMVI"): 1.5,
    }
    assert tables.measure == dr.Measure("activity_z_score", "", "sensitive")
    assert tables.drugs.loc["740"].to_dict() == {"name": "Methotrexate", "smiles": "CCO", "mechanism": "DHFR"}
    assert tables.drugs.loc["752", "smiles"] == ""
    assert tables.samples.loc["ME:LOX IMVI"].to_dict() == {"name": "LOX IMVI", "tissue": "melanoma"}
    assert tables.genotypes.fillna(-1).to_dict() == {"TP53": {"BR:MCF7": 1.5, "LE:K-562": 0.0, "ME:LOX IMVI": -1}}
    assert tables.features.loc["TP53"].to_dict() == {"kind": "score", "gene": "TP53", "block": "expression"}
    assert "1 feature in which no line differs left out" in tables.notes[1]


def test_read_published__cellminer_repeats_that_failed_are_left_out(cellminer):
    tables = read_published("cellminer", [cellminer["repeats"]])
    assert tables.responses["response"].tolist() == [6.5, 7.0, 4.0, 5.5, 6.0]
    assert tables.measure == dr.Measure("minus_log10_gi50", "", "sensitive")
    assert "1 experiment that did not pass quality control left out; 1 response at 4" in tables.notes[0]


def test_read_published__cellminer_of_two_measures(cellminer):
    with pytest.raises(dr.InputError, match=r"beside a file of minus_log10_gi50 .* not both"):
        read_published("cellminer", [cellminer["scores"], cellminer["repeats"]])


def test_read_published__pharmacodb_rows_of_two_downloads_count_once(tmp_path):
    files = [tmp_path / "tissue.csv", tmp_path / "line.csv"]
    write_pharmacodb(*files)
    tables = read_published("pharmacodb", files)
    assert tables.responses[["sample_id", "drug_id", "study", "response"]].values.tolist() == [
        ["BT-474", "Lapatinib", "CCLE", 0.41],
        ["BT-474", "Lapatinib", "gCSI", 0.36],
        ["MCF-7", "Lapatinib", "CCLE", 0.02],
        ["BT-474", "Lapatinib", "GDSC2", 0.39],
    ]
    assert tables.measure == dr.Measure("aac", "", "sensitive")
    assert tables.samples.loc["BT-474", "tissue"] == "Breast"
    assert "1 row without an AAC left out" in tables.notes[0]
    assert "1 row that a file before has too left out" in tables.notes[1]


def test_read_published__pharmacodb_percent_of_its_pages(tmp_path):
    (tmp_path / "copied.csv").write_text("compound,cell_line,dataset,AAC,IC50\nLapatinib,MCF-7,CCLE,41.2,0.1\n")
    with pytest.raises(dr.InputError, match=r"copied.csv: found an AAC of 41.2 \(expected a share from 0 to 1"):
        read_published("pharmacodb", [tmp_path / "copied.csv"])


def test_read_published__beataml_silent_mutations_are_none(tmp_path):
    rows = "BA1D\tFLT3\tmissense_variant\nBA2D\tFLT3\tsynonymous_variant\nBA2D\tNPM1\tframeshift_variant\n"
    (tmp_path / "m.txt").write_text(f"dbgap_sample_id\tsymbol\tvariant_classification\n{rows}")
    tables = read_published("beataml", [tmp_path / "m.txt"])
    assert tables.genotypes["FLT3_mut"].to_dict() == {"BA1D": 1, "BA2D": 0}
    assert "1 row of changes that alter no protein left out" in tables.notes[0]


def test_read_published__cbioportal(tmp_path):
    files = write_cbioportal(tmp_path)
    tables = read_published("cbioportal", list(files.values()))
    assert tables.responses.values.tolist() == [
        ["P-1-T1", "overall survival", 12.5, 1],
        ["P-1-T2", "overall survival", 12.5, 1],
    ]
    assert tables.samples.loc["P-1-T2"].to_dict() == {
        "subject_id": "P-1", "tissue": "Glioma", "age": "61", "sex": "Male"
    }  # fmt: skip
    assert not {"OS_MONTHS", "OS_STATUS", "DFS_STATUS"} & {*tables.samples.columns}
    altered = tables.genotypes
    assert altered.loc["P-1-T1", ["TP53_missense", "MYC_amp", "PTEN_del"]].tolist() == [1, 1, 1]
    assert altered.loc["P-1-T2", ["MYC_amp", "PTEN_del"]].tolist() == [0, 0]
    assert np.isnan(altered.loc["P-2-T1", "MYC_amp"])
    assert "A1_amp" not in altered
    assert any(
        "1 sample without a time above 0 or a status left out; disease-free survival left out" in note
        for note in tables.notes
    )


@pytest.mark.parametrize(("dead", "alive"), [("DECEASED", "LIVING"), ("1:DECEASED", "0:LIVING"), ("1", "0")])
def test_read_published__cbioportal_status_of_older_studies(tmp_path, dead, alive):
    rows = f"P1\t{dead}\t3.5\nP2\t{alive}\t7\nP3\t\t\n"
    (tmp_path / "patients.txt").write_text(f"PATIENT_ID\tOS_STATUS\tOS_MONTHS\n{rows}")
    responses = read_published("cbioportal", [tmp_path / "patients.txt"]).responses
    assert responses[["sample_id", "time", "event"]].values.tolist() == [["P1", 3.5, 1], ["P2", 7.0, 0]]


def test_read_published__columns_in_other_letters(tmp_path):
    (tmp_path / "patients.txt").write_text("Patient_Id\tOS_STATUS\tOS_MONTHS\nP1\t1\t3.5\n")
    assert read_published("cbioportal", [tmp_path / "patients.txt"]).responses["time"].tolist() == [3.5]
    (tmp_path / "screen.csv").write_text("Broad ID,DepMap-ID,AUC,Screen_ID\nBRD-K1,ACH-000001,0.8,MTS010\n")
    assert read_published("depmap", [tmp_path / "screen.csv"]).responses["response"].tolist() == [0.8]


def test_read_published__cbioportal_expression_is_no_copy_number(tmp_path):
    (tmp_path / "data_mrna.txt").write_text("Hugo_Symbol\tEntrez_Gene_Id\tS1\tS2\nMYC\t4609\t7.31\t0.2\n")
    with pytest.raises(dr.InputError, match=r"expected discrete copy number\)"):
        read_published("cbioportal", [tmp_path / "data_mrna.txt"])


def test_read_published__depmap_expression_is_no_matrix_of_mutations(depmap, tmp_path):
    matrix = pd.read_csv(depmap["OmicsSomaticMutationsMatrixHotspot"])
    matrix.loc[0, "GENE3 (103)"] = 3.27
    matrix.to_csv(tmp_path / "OmicsExpressionProteinCodingGenesTPMLogp1.csv", index=False)
    with pytest.raises(dr.InputError, match=r"other numbers than 0, 1 and 2, such as 3.27 .*expression=FILE"):
        read_published("depmap", [tmp_path / "OmicsExpressionProteinCodingGenesTPMLogp1.csv"])


def test_read_published__gdsc_feature_that_is_neither_there_nor_not(gdsc, tmp_path):
    features = pd.read_csv(gdsc["genetic"]).astype({"is_mutated": float})
    features.loc[1, "is_mutated"] = 0.5
    features.to_csv(tmp_path / "features.csv", index=False)
    with pytest.raises(dr.InputError, match=r"found 0.5 as is_mutated .*expected 0 or 1"):
        read_published("gdsc", [tmp_path / "features.csv"])


def test_read_published__rows_of_one_model_that_none_is_the_default_of(depmap, tmp_path):
    matrix = pd.read_csv(depmap["OmicsSomaticMutationsMatrixHotspot"]).drop(columns="IsDefaultEntryForModel")
    matrix.to_csv(tmp_path / "m.csv", index=False)
    with pytest.raises(dr.InputError, match='found "ACH-000002" in several rows'):
        read_published("depmap", [tmp_path / "m.csv"])


def test_read_published__unknown_publisher_or_file(gdsc):
    with pytest.raises(dr.InputError, match=r'"gdcs" is no publisher .* Did you mean "gdsc"'):
        read_published("gdcs", [])
    with pytest.raises(
        dr.InputError, match=r"is none of the files of depmap that are known .*expected one of: secondary"
    ):
        read_published("depmap", [gdsc["genetic"]])


def test_import__tables_and_settings_that_train(gdsc, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    files = [str(gdsc["fitted"]), str(gdsc["genetic"])]
    assert main(["import", "gdsc", *files, "--directory", "study"]) == 0
    told = capsys.readouterr().out
    assert "24 samples with both genotype and response." in told
    assert main(["train", "--config", "study/train.yml", "--model", "m", "--learner", "ridge", "--folds", "0"]) == 0
    model = dr.load_model("m")
    assert model.manifest_["measure"] == {"name": "ln_ic50", "unit": "uM", "higher_means": "resistant"}
    assert model.manifest_["training"]["pairs"] == 2 * LINES - 1
    assert main(["import", "gdsc", *files, "--directory", "study"]) == 2
    assert "already holds" in capsys.readouterr().err
