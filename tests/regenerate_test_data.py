"""Write everything under test-data anew: simulated cohorts, models trained on them, and files that must be refused.

    .venv/bin/python tests/regenerate_test_data.py

Models change when learners or the model file change; tests/test_galaxy_cases.py says so when they are stale.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pandas as pd
from cyvcf2 import VCF, Writer

from drugresponse.cli import main
from drugresponse.cohort_files import write_cohort
from drugresponse.data.synthetic import simulate_cohort

ROOT = Path(__file__).resolve().parents[1] / "test-data"
TRAIN = {
    "cell_lines": [
        *("--genotypes={folder}/genotypes.tsv", "--features={folder}/features.tsv", "--drugs={folder}/drugs.tsv"),
        *("--learner=ridge", "--folds=3", "--measure=ln_ic50", "--unit=uM", "--higher-means=resistant"),
    ],
    "germline": ["--genotypes={folder}/genotypes.vcf", "--learner=ridge", "--folds=3", "--measure=dose"],
}
AWKWARD_SAMPLES = ["-L1", 'O\'Brien "2"', "Zelle ä µ", "a;b|c $HOME", "`d`", "{e}", "\\f", "#g", "100%"]
AWKWARD_DRUGS = ["-", "5-FU (i.v.)", "N,N'-dimethyl", "drug é"]


def write_model(name: str, path: Path) -> None:
    """Train the model that is committed as test-data/NAME/model.safetensors."""
    folder = ROOT / name
    options = [each.format(folder=folder) for each in TRAIN[name]]
    shared = [f"--responses={folder}/responses.tsv", f"--samples={folder}/samples.tsv", "--threads=1", "--device=cpu"]
    code = main(["train", *shared, *options, f"--model={path}"])
    if code:
        raise SystemExit(code)


def write_cohorts() -> None:
    write_cohort(
        simulate_cohort("cell-lines", n_samples=120, n_drugs=12, n_features=60, random_state=1), ROOT / "cell_lines"
    )
    write_cohort(simulate_cohort("germline", n_samples=150, n_features=50, random_state=1), ROOT / "germline")
    for mode, suffix in (("wz", "vcf.gz"), ("wb", "bcf")):
        variants = VCF(str(ROOT / "germline" / "genotypes.vcf"))
        writer = Writer(str(ROOT / "germline" / f"genotypes.{suffix}"), variants, mode=mode)
        for each in variants:
            writer.write_record(each)
        writer.close()


def write_variations() -> None:
    """Other files for the same cell lines."""
    folder = ROOT / "cell_lines"
    genotypes = pd.read_table(folder / "genotypes.tsv", dtype=str, index_col=0)
    expression = genotypes.iloc[:, :5].rename(columns=lambda name: name.replace("_mut", "_expression")) + ".25"
    expression.to_csv(folder / "more_genotypes.csv", lineterminator="\n")
    new = pd.read_table(folder / "new_genotypes.tsv", dtype=str, index_col=0)
    new.iloc[:, ::3].to_csv(folder / "few_features.csv", lineterminator="\n")
    pairs = pd.DataFrame({"sample_id": ["L0097", "L0100", "L0100"], "drug_id": ["D001", "D002", "D010"]})
    pairs.to_csv(folder / "pairs.tsv", sep="\t", index=False, lineterminator="\n")
    splits = pd.DataFrame({"fold": [i % 3 for i in range(len(genotypes))], "sample_id": genotypes.index})
    splits.to_csv(folder / "splits.tsv", sep="\t", index=False, lineterminator="\n")


def write_awkward() -> None:
    """Ids and columns that break careless quoting."""
    folder = ROOT / "awkward"
    folder.mkdir(exist_ok=True)
    ids = [*AWKWARD_SAMPLES, *(f"cell {i}" for i in range(11))]
    features = ["TP53 (p.R175H)", "a,b", "del'x'"]
    calls = [[sample, *((i >> bit) & 1 for bit in range(len(features)))] for i, sample in enumerate(ids)]
    measured = [
        [sample, drug, round(0.5 * i % 3 + 0.25 * j, 3)]
        for i, sample in enumerate(ids)
        for j, drug in enumerate(AWKWARD_DRUGS)
    ]
    tables = {
        "genotypes.tsv": [["cell line", *features], *calls],
        "responses.tsv": [["cell line", "drug (name)", "-log10 IC50"], *measured],
    }
    for name, rows in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file, delimiter="\t", lineterminator="\n").writerows(rows)


def write_broken() -> None:
    """Files that must be refused with one line."""
    folder = ROOT / "broken"
    folder.mkdir(exist_ok=True)
    responses = pd.read_table(ROOT / "cell_lines" / "responses.tsv", dtype=str)
    text = responses.head(200).copy()
    text.loc[16, "response"] = "n.d."
    equal = responses.head(200).assign(response="1.5")
    # pairs are dealt one by one, so that every sample is trained on and tested
    leaky = responses[["sample_id", "drug_id"]].assign(fold=[i % 3 for i in range(len(responses))])
    tables = {"text_response.tsv": text, "equal_responses.tsv": equal, "leaky_splits.tsv": leaky}
    for name, table in tables.items():
        table.to_csv(folder / name, sep="\t", index=False, lineterminator="\n")
    header = {"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"format": "pt"}}
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    (folder / "foreign.safetensors").write_bytes(len(packed).to_bytes(8, "little") + packed + bytes(8))
    whole = (ROOT / "cell_lines" / "model.safetensors").read_bytes()
    (folder / "truncated.safetensors").write_bytes(whole[: len(whole) // 2])


if __name__ == "__main__":
    write_cohorts()
    write_variations()
    write_awkward()
    for each in TRAIN:
        write_model(each, ROOT / each / "model.safetensors")
    write_broken()
