"""Write everything under test-data anew: simulated cohorts, models trained on them, and files that must be refused.

    .venv/bin/python tests/regenerate_test_data.py

Models change when learners or the model file change; tests/test_galaxy_cases.py says so when they are stale.
"""

from __future__ import annotations

import csv
import gzip
import json
import math
import random
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import anndata
import pandas as pd
from bed_reader import to_bed
from cyvcf2 import VCF, Writer

from drugresponse.cli import main
from drugresponse.data.outcomes.outcome import KINDS
from drugresponse.data.tables import Responses
from drugresponse.learners import memory
from drugresponse.model.file import FORMAT
from drugresponse.model.model import DrugResponseModel
from drugresponse.readers import read_genotypes
from drugresponse.simulation.cohort import Cohort, simulate_cohort
from drugresponse.simulation.files import write_cohort

ROOT = Path(__file__).resolve().parents[1] / "test-data"
EXAMPLE = ROOT.parent.joinpath(
    *("data_managers", "data_manager_drugresponse_models", "data_manager", "simulated_cell_lines.safetensors")
)
TRAIN = {
    "cell_lines": [
        *("--genotypes={folder}/genotypes.tsv", "--features={folder}/features.tsv", "--drugs={folder}/drugs.tsv"),
        *("--learner=ridge", "--folds=3", "--measure=ln_ic50", "--unit=uM", "--higher-means=resistant"),
    ],
    "germline": ["--genotypes={folder}/genotypes.vcf", "--learner=ridge", "--folds=3", "--measure=dose"],
    "antibiogram": ["--genotypes={folder}/genotypes.tsv", "--learner=ridge", "--folds=3", "--measure=susceptibility"],
    "awkward": [
        *("--genotypes={folder}/genotypes.tsv", "--sample-column=cell line", "--drug-column=drug (name)"),
        *("--response-column=-log10 IC50", "--learner=ridge", "--folds=0"),
    ],
}
PROMISED: dict[str, dict[str, Any]] = {
    "ridge": {"learner": "ridge", "folds": 2},
    "random_pairs": {"learner": "ridge", "scheme": "random-pairs", "folds": 2},
    "gaussian": {"learner": "gaussian", "folds": 0},
    "gaussian_widths": {"learner": "gaussian", "folds": 0},
    "pair_ridge": {"learner": "pair-ridge", "scheme": "random-pairs", "folds": 0},
    "boosted_samples": {"learner": "boosted-trees", "trees": 8, "folds": 0},
    "boosted_few_drugs": {"learner": "boosted-trees", "trees": 8, "folds": 0},
    "boosted_pairs": {"learner": "boosted-trees", "scheme": "new-drugs", "trees": 8, "folds": 0},
    "forest_samples": {"learner": "random-forest", "trees": 3, "folds": 0},
    "neural": {"learner": "neural", "epochs": 20, "folds": 0},
    "auto": {"learner": "auto", "most_fits": 6, "folds": 2},
    "binary": {"learner": "ridge", "folds": 0},
    "ordinal": {"learner": "ridge", "folds": 0},
    "interval": {"learner": "ridge", "folds": 0},
    "time-to-event": {"learner": "ridge", "folds": 0},
}
USED_BY_MODELS = {"genotypes.tsv", "features.tsv", "samples.tsv"}
AWKWARD_SAMPLES = ["-L1", 'O\'Brien "2"', "Zelle ä µ", "a;b|c $HOME", "`d`", "{e}", "\\f", "#g", "100%"]
AWKWARD_DRUGS = ["-d", "5-FU (i.v.)", "N,N'-dimethyl", "drug é"]


def write_model(name: str, path: Path) -> None:
    """Train the model that is committed as test-data/NAME/model.safetensors."""
    folder = ROOT / name
    options = [each.format(folder=folder) for each in TRAIN[name]]
    shared = [f"--responses={folder}/responses.tsv", "--threads=1", "--device=cpu"]
    if (folder / "samples.tsv").is_file():
        shared.append(f"--samples={folder}/samples.tsv")
    code = main(["train", *shared, *options, f"--model={path}"])
    if code:
        raise SystemExit(code)


def write_example() -> None:
    """The model of simulated cell lines that the data manager installs, with its card."""
    model = ROOT / "cell_lines" / "model.safetensors"
    shutil.copyfile(model, EXAMPLE)
    main(["describe", f"--model={model}", f"--card={EXAMPLE.with_suffix('.md')}"])


def write_promised_models() -> None:
    """A model of each kind in the present format of model files, and what it predicts; never written again.

    Later versions must read these files and predict the same numbers. When FORMAT rises, a new folder comes beside; a
    new kind of model comes into the present one.
    """
    folder = ROOT / "models" / f"format-{FORMAT}"
    missing = [name for name in PROMISED if not (folder / f"{name}.safetensors").exists()]
    if not missing:
        return
    folder.mkdir(parents=True, exist_ok=True)
    cohort = simulate_cohort("cell-lines", n_samples=90, n_drugs=22, n_features=24, random_state=2)
    if len(missing) == len(PROMISED):
        write_cohort(cohort, folder)
    # the waves make files of the Gaussian ridge large, and their number is in the file
    memory._WAVES = 1000
    for name in missing:
        model = DrugResponseModel(n_jobs=1, device="cpu", random_state=0, **PROMISED[name])
        responses: Any = cohort.responses
        tables = {"drugs": cohort.drugs, "samples": cohort.samples}
        if name == "neural":
            # the network stays at the ridge unless two genes act together
            responses = _with_epistasis(cohort)
        elif name == "boosted_few_drugs":
            responses = cohort.responses.table
            responses = responses[responses["drug_id"].isin(cohort.drugs.index[:6])]
        elif name in KINDS:
            responses, tables["drugs"] = _of_outcome(name)
        model.fit(cohort.genotypes, responses, **tables).save(folder / f"{name}.safetensors")
        predicted = model.predict(cohort.genotypes, samples=cohort.samples)
        stored = predicted.drop(columns=["baseline", "flag", "sites_filled"])
        stored.head(200).to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    for path in folder.iterdir():
        if path.name not in {f"{name}.{end}" for name in PROMISED for end in ("safetensors", "tsv")} | USED_BY_MODELS:
            path.unlink()


def _of_outcome(kind: str) -> tuple[Responses, pd.DataFrame]:
    """What four drugs did to the samples of the promised models as another outcome, and the drugs."""
    cohort = simulate_cohort("cell-lines", n_samples=90, n_drugs=22, n_features=24, outcome=kind, random_state=2)
    drugs, table = cohort.drugs.iloc[:4], cohort.responses.table
    # the first samples are new to the model, so that their bounds are promised too
    seen = ~table["sample_id"].isin(cohort.samples.index[:30])
    of_these = table[table["drug_id"].isin(drugs.index) & seen].reset_index(drop=True)
    return replace(cohort.responses, table=of_these), drugs


def _with_epistasis(cohort: Cohort) -> pd.DataFrame:
    calls = pd.DataFrame(cohort.genotypes.dense() > 0, index=cohort.genotypes.sample_ids)
    balanced = (calls.mean() - 0.5).abs().sort_values(kind="stable").index[:2]
    either = calls[balanced[0]] ^ calls[balanced[1]]
    table: pd.DataFrame = cohort.responses.table
    return table.assign(response=table["response"] + 6 * table["sample_id"].map(either.astype(float)))


def write_cohorts() -> None:
    write_cohort(
        simulate_cohort("cell-lines", n_samples=120, n_drugs=12, n_features=60, random_state=1), ROOT / "cell_lines"
    )
    write_cohort(simulate_cohort("germline", n_samples=150, n_features=50, random_state=1), ROOT / "germline")
    antibiogram = simulate_cohort(n_samples=150, n_drugs=4, n_features=30, outcome="binary", random_state=3)
    write_cohort(antibiogram, ROOT / "antibiogram", new_drugs=0)
    for mode, suffix in (("wz", "vcf.gz"), ("wb", "bcf")):
        variants = VCF(str(ROOT / "germline" / "genotypes.vcf"))
        writer = Writer(str(ROOT / "germline" / f"genotypes.{suffix}"), variants, mode=mode)
        for each in variants:
            writer.write_record(each)
        writer.close()


def write_chromosomes() -> None:
    """Two chromosomes of the patients, a file each."""
    folder = ROOT / "germline"
    lines = (folder / "genotypes.vcf").read_text(encoding="utf-8").splitlines(keepends=True)
    for each in ("2", "19"):
        text = "".join(line for line in lines if line.startswith(("#", f"{each}\t")))
        (folder / f"chromosome_{each}.vcf").write_text(text, encoding="utf-8")


def write_patients() -> None:
    """New patients, a file each that lists what differs from the reference alone."""
    packed = ROOT.parent / "tools" / "workflows" / "predict-new-patients" / "test-data" / "new_patients.vcf.gz"
    lines = [line.split("\t") for line in gzip.decompress(packed.read_bytes()).decode().splitlines()]
    columns = next(cells for cells in lines if cells[0] == "#CHROM")
    for at, sample in list(enumerate(columns))[9:12]:
        kept = [cells if cells[0].startswith("##") else [*cells[:9], cells[at]] for cells in lines]
        rows = ["\t".join(cells) for cells in kept if cells[0].startswith("#") or cells[-1] not in ("0/0", "0|0")]
        (ROOT / "germline" / f"patient_{sample}.vcf").write_text("\n".join(rows) + "\n", encoding="utf-8")


def write_other_formats() -> None:
    """The patients' genotypes again: a PLINK 1 fileset with the alternate as A1, and .h5ad."""
    folder = ROOT / "germline"
    genotypes = read_genotypes(folder / "genotypes.vcf")
    features = genotypes.features
    properties = {
        "iid": genotypes.sample_ids.tolist(),
        "sid": features.index.tolist(),
        "chromosome": features["chromosome"].tolist(),
        "bp_position": features["position"].tolist(),
        "allele_1": features["alt"].tolist(),
        "allele_2": features["ref"].tolist(),
    }
    to_bed(folder / "genotypes.bed", genotypes.dense(), properties=properties, num_threads=1)
    dense = anndata.AnnData(genotypes.dense(), pd.DataFrame(index=genotypes.sample_ids), features)
    dense.write_h5ad(folder / "genotypes.h5ad", compression="gzip")


def write_variations() -> None:
    """Other files for the same cell lines."""
    folder = ROOT / "cell_lines"
    genotypes = pd.read_table(folder / "genotypes.tsv", dtype=str, index_col=0)
    expression = genotypes.iloc[:, :5].rename(columns=lambda name: name.replace("_mut", "_expression")) + ".25"
    expression.to_csv(folder / "more_genotypes.csv", lineterminator="\n")
    new = pd.read_table(folder / "new_genotypes.tsv", dtype=str, index_col=0)
    new.iloc[:, ::3].to_csv(folder / "few_features.csv", lineterminator="\n")
    responses = (folder / "responses.tsv").read_text()
    (folder / "responses_semicolons.csv").write_text(responses.replace(".", ",").replace("\t", ";"))
    pairs = pd.DataFrame({"sample_id": ["L0097", "L0100", "L0100"], "drug_id": ["D001", "D002", "D010"]})
    pairs.to_csv(folder / "pairs.tsv", sep="\t", index=False, lineterminator="\n")
    splits = pd.DataFrame({"fold": [i % 3 for i in range(len(genotypes))], "sample_id": genotypes.index})
    splits.to_csv(folder / "splits.tsv", sep="\t", index=False, lineterminator="\n")
    measured = pd.read_table(folder / "new_responses.tsv", dtype=str)
    some = measured["drug_id"].isin(["D001", "D004"]) & measured["sample_id"].isin(measured["sample_id"].unique()[:-2])
    measured[some].to_csv(folder / "pilots.tsv", sep="\t", index=False, lineterminator="\n")
    _screens(folder).to_csv(folder / "screens.tsv", sep="\t", index=False, lineterminator="\n")


def _screens(folder: Path) -> pd.DataFrame:
    """Four drugs in three screens that lie 1 apart; six samples are of both neighbours."""
    measured = pd.read_table(folder / "responses.tsv")
    measured = measured[measured["drug_id"].isin(["D001", "D002", "D004", "D007"])]
    number = measured["sample_id"].str[1:].astype(int)
    screens = {"Basel": (1, 36, 0), "Kyoto": (31, 66, 1), "Lima": (61, 96, -1)}
    parts = [
        measured[number.between(first, last)].assign(
            screen=name, response=lambda part, level=level: part.response + level
        )
        for name, (first, last, level) in screens.items()
    ]
    return pd.concat(parts).round({"response": 3})


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


def write_gene_calls() -> None:
    """The mutations of the cell lines as a MAF file, aliases of two of its genes, and star alleles of the patients."""
    draw = random.Random(7)
    genotypes = pd.read_table(ROOT / "cell_lines" / "genotypes.tsv", dtype=str, index_col=0)
    kinds = [("Missense_Mutation", "p.R132H"), ("Nonsense_Mutation", "p.Q61*"), ("Silent", "p.L12L")]
    rows = [["Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode", "HGVSp_Short"]]
    for sample, calls in genotypes.iterrows():
        rows.append(["Unknown", "IGR", sample, ""])
        altered = [name.removesuffix("_mut").replace("ERBB2", "HER2") for name in calls.index[calls == "1"]]
        rows += [[gene, *_kind(draw, kinds[:2], sample)] for gene in altered]
        rows += [[draw.choice(calls.index).removesuffix("_mut"), *_kind(draw, kinds[2:], sample)]]
    _write_rows(ROOT / "cell_lines" / "mutations.maf", [["#version 2.4"], *rows])
    _write_rows(ROOT / "cell_lines" / "gene_aliases.tsv", [["alias", "gene"], ["p53", "TP53"], ["HER2", "ERBB2"]])
    header = ["Sample ID", "Gene", "Source Diplotype", "Phenotype", "Activity Score", "Outside Call"]
    calls = [header]
    diplotypes = [("*1/*1", "Normal", "2.0"), ("*1/*2", "Intermediate", "1.5"), ("*2/*3", "Poor", "0.5")]
    for sample in pd.read_table(ROOT / "germline" / "samples.tsv", dtype=str)["sample_id"]:
        for gene in ("CYP2C9", "CYP2D6"):
            diplotype, phenotype, score = draw.choices(diplotypes, [6, 3, 1])[0]
            calls.append([sample, gene, diplotype, f"{phenotype} Metabolizer", score, "no"])
        calls.append([sample, "DPYD", "no call", "", "", "no"])
    _write_rows(ROOT / "germline" / "star_alleles.tsv", calls)
    _write_archive_of_calls(ROOT / "germline" / "results.zip", [call for call in calls if call[1] == "CYP2D6"])


def _write_archive_of_calls(path: Path, calls: list[list[str]]) -> None:
    """Calls of one gene as PyPGx packs them: what they are, and a table whose first column has no name."""
    rows = [["", "Genotype", "Phenotype", "Haplotype1", "Haplotype2"]]
    for sample, _, diplotype, phenotype, *_ in calls:
        rows.append([sample, diplotype, phenotype, *(f"{allele};" for allele in diplotype.split("/"))])
    told = {"Gene": "CYP2D6", "Assembly": "GRCh38", "SemanticType": "SampleTable[Results]"}
    contents = {"metadata.txt": "".join(f"{name}={value}\n" for name, value in told.items())}
    contents["data.tsv"] = "".join("\t".join(row) + "\n" for row in rows)
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in contents.items():
            archive.writestr(zipfile.ZipInfo(f"tmp1/{name}", (2026, 1, 1, 0, 0, 0)), text, zipfile.ZIP_DEFLATED)


def _kind(draw: random.Random, kinds: list[tuple[str, str]], sample: str) -> list[str]:
    effect, change = draw.choice(kinds)
    return [effect, sample, change]


def _write_rows(path: Path, rows: list[list[str]]) -> None:
    path.write_text("".join("\t".join(row) + "\n" for row in rows), encoding="utf-8")


def write_broken() -> None:
    """Files that must be refused with one line."""
    folder = ROOT / "broken"
    listed = "".join(f"../germline/patient_{name}.vcf\n" for name in ("P0121", "P0122"))
    (folder / "list_of_files.txt").write_text(listed, encoding="utf-8")
    folder.mkdir(exist_ok=True)
    responses = pd.read_table(ROOT / "cell_lines" / "responses.tsv", dtype=str)
    text = responses.head(200).copy()
    text.loc[16, "response"] = "n.d."
    # pairs are dealt one by one, so that every sample is trained on and tested
    leaky = responses[["sample_id", "drug_id"]].assign(fold=[i % 3 for i in range(len(responses))])
    ids = [f"P{i:04d}" for i in range(1, 25)]
    times = [i * 37 % 400 + 20 for i in range(1, 25)]
    survival = pd.DataFrame({"sample_id": ids, "time": times, "event": [int(i % 3 > 0) for i in range(1, 25)]})
    tables = {
        "text_response.tsv": text,
        "leaky_splits.tsv": leaky,
        "survival.tsv": survival,
    }
    for name, table in tables.items():
        table.to_csv(folder / name, sep="\t", index=False, lineterminator="\n")
    header = {"weight": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}, "__metadata__": {"format": "pt"}}
    packed = json.dumps(header).encode()
    packed += b" " * (-len(packed) % 8)
    (folder / "foreign.safetensors").write_bytes(len(packed).to_bytes(8, "little") + packed + bytes(8))
    whole = (ROOT / "cell_lines" / "model.safetensors").read_bytes()
    (folder / "truncated.safetensors").write_bytes(whole[: len(whole) // 2])


def write_doses() -> None:
    """Made-up curves at eight doses: viability, percent with replicates, a raw signal, inhibition; some to refuse."""
    folder = ROOT / "curves"
    folder.mkdir(exist_ok=True)
    noise = random.Random(5)
    steps = [0.0032 * 10 ** (i / 2) for i in range(8)]
    rows = []
    for i in range(12):
        for drug, potency, bottom in (("potent", 0.03, 0.05), ("usual", 0.5, 0.2), ("idle", 500.0, 0.9)):
            midpoint = potency * 10 ** (0.12 * (i - 6))
            rows += [
                [
                    f"C{i + 1:02d}",
                    drug,
                    f"{dose:.3g}",
                    round(_viability(dose, midpoint, bottom) + noise.gauss(0, 0.02), 3),
                ]
                for dose in steps
            ]
    names = ["sample_id", "drug_id", "dose", "response"]
    nanomolar = [
        [sample, drug, f"{1000 * float(dose):g}", f"{100 * viability + shift:.1f}", "nM"]
        for sample, drug, dose, viability in rows[:96]
        for shift in (-1.5, 0, 1.5)
    ]
    signal = [
        [each[0], each[1], each[2], round(level * each[3]), plate]
        for plate, level in (("P1", 20000), ("P2", 35000))
        for each in [
            *rows[:48],
            *([sample, "DMSO", "0", value] for sample in ("C01", "C02") for value in (0.97, 1, 1.03)),
        ]
    ]
    logarithms = [[*each[:2], round(math.log10(float(each[2])), 3), each[3]] for each in rows[:48]]
    tables = {
        "doses.tsv": [names, *rows],
        "doses_percent.csv": [["cell line", "compound", "concentration", "viability (%)", "dose_unit"], *nanomolar],
        "signal.tsv": [[*names, "plate"], *signal],
        "inhibition.tsv": [names, *([*each[:3], round(100 - 100 * each[3], 1)] for each in rows[:96])],
        "few_doses.tsv": [names, *(each for i, each in enumerate(rows[:96]) if i >= 8 or i < 3)],
        "log_doses.tsv": [names, *logarithms],
        "single_dose.tsv": [names, *rows[4::8]],
    }
    for name, table in tables.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            separator = "," if name.endswith(".csv") else "\t"
            csv.writer(file, delimiter=separator, lineterminator="\n").writerows(table)


def write_gene_sets() -> None:
    """Sets of the simulated genes: of one that acts, of others, and two that no tool can test."""
    sets = {
        "KINASES": ["ALK", "BRAF", "EGFR", "ERBB2", "FGFR1", "FLT3", "KIT", "MET", "PDGFRA", "RET"],
        "PI3K_SIGNALLING": ["AKT1", "MTOR", "PIK3CA", "PIK3R1", "PTEN", "STK11", "TSC1", "TSC2"],
        "CHROMATIN": ["ARID1A", "ASXL1", "BAP1", "CREBBP", "EP300", "EZH2", "KDM6A", "KMT2C", "PBRM1", "SETD2"],
        "TOO_FEW": ["TP53", "RB1"],
        "ELSEWHERE": ["ABC1", "ABC2", "ABC3", "ABC4", "ABC5"],
    }
    text = "".join("\t".join([name, "made up", *genes]) + "\n" for name, genes in sets.items())
    (ROOT / "cell_lines" / "gene_sets.gmt").write_text(text, encoding="utf-8")


def write_annotated() -> None:
    """Made-up variants of two ancestries and two batches, with effects as VEP tells them; regions, genes, layers.

    The last sample is the first person again. The first half of the variants differs between batches, the second
    between ancestries; variants 210 to 219 are rare, and 220 to 229 hardly called.
    """
    folder = ROOT / "prepare"
    folder.mkdir(exist_ok=True)
    draw = random.Random(11)
    n_samples = 40
    genes = ["CYP2C19", "CYP2D6", "DPYD", "EGFR", "SLCO1B1", "TPMT"]
    effects = ["missense_variant", "stop_gained", "synonymous_variant", "splice_donor_variant", "intron_variant"]
    samples = [["sample_id", "ancestry", "batch", "subject_id"]]
    samples += [
        [f"S{i + 1:02d}", "north" if i % 2 else "south", "first" if i < 20 else "second", f"P{i + 1:02d}"]
        for i in range(n_samples - 1)
    ]
    samples.append([f"S{n_samples:02d}", "south", "second", "P40"])
    columns = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT"]
    csq = "Consequence annotations from Ensembl VEP. Format: Allele|Consequence|SYMBOL|PICK"
    lines = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        *(f"##contig=<ID=chr{i}>" for i in range(1, 7)),
        f'##INFO=<ID=CSQ,Number=.,Type=String,Description="{csq}">',
        '##INFO=<ID=R2,Number=1,Type=Float,Description="Quality of imputation">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join([*columns, *(each[0] for each in samples[1:])]),
    ]
    for i in range(240):
        chromosome, position = i // 40 + 1, 10_000 * (i % 40 + 1)
        about = f"R2={draw.uniform(0.3, 1):.2f}"
        if i % 4 == 0:
            about += f";CSQ=T|{effects[i // 4 % 5]}|{genes[chromosome - 1]}|1"
        calls = _calls(draw, i, samples[1:])
        place = [f"chr{chromosome}", str(position), f"rs{1000 + i}", "C", "T", ".", "PASS", about, "GT"]
        lines.append("\t".join(place + calls))
    (folder / "annotated.vcf").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    _write_rows(folder / "samples.tsv", samples)
    regions = [["chr2", "99999", "200000", "CYP2D6"], ["6", "0", "150000", "TPMT"]]
    _write_rows(folder / "regions.bed", regions)
    _write_rows(folder / "genes.txt", [["TPMT"], ["EGFR"]])
    genotypes = pd.read_table(ROOT / "germline" / "genotypes.tsv", index_col=0).iloc[:30, :12]
    layered = anndata.AnnData(genotypes.astype("float32") * 0, layers={"calls": genotypes.to_numpy("float32")})
    layered.write_h5ad(folder / "layers.h5ad", compression="gzip")


def _calls(draw: random.Random, number: int, samples: list[list[str]]) -> list[str]:
    base = draw.uniform(0.15, 0.5)
    apart = draw.choice((-0.14, 0.14))
    calls = []
    for _, ancestry, batch, _ in samples[:-1]:
        side = batch == "first" if number < 120 else ancestry == "north"
        frequency = base + (apart if side else -apart)
        if 210 <= number < 220:
            frequency = 0.01
        alleles = sorted(int(draw.random() < frequency) for _ in range(2))
        missing = draw.random() < (0.7 if 220 <= number < 230 else 0.01)
        calls.append("./." if missing else f"{alleles[0]}/{alleles[1]}")
    return [*calls, calls[0]]


def _viability(dose: float, midpoint: float, bottom: float) -> float:
    return bottom + (1 - bottom) / (1 + (dose / midpoint) ** 1.5)


def write_isolates() -> None:
    """Lineages of the isolates of the antibiogram, and a rule: scores of genes for all drugs, and for two."""
    folder = ROOT / "antibiogram"
    samples = pd.read_table(folder / "samples.tsv", dtype=str)
    lineages = samples.assign(lineage=[f"ST{at * 7 % 31}" for at in range(len(samples))])
    lineages.to_csv(folder / "isolates.tsv", sep="\t", index=False, lineterminator="\n")
    rule = [["", "KEAP1_mut", "30"], ["", "NFE2L2_mut", "30"], ["D001", "EGFR_mut", "60"], ["D002", "BRAF_mut", "60"]]
    _write_rows(folder / "rule.tsv", [["drug_id", "feature_id", "score"], *rule])


def write_resistance() -> None:
    """Made-up results of programs that find resistance: two isolates of AMRFinderPlus, and sequences of Sierra."""
    folder = ROOT / "resistance"
    folder.mkdir(exist_ok=True)
    header = ["Element symbol", "Element name", "Scope", "Type", "Subtype", "Class", "Subclass", "Method"]
    gene = ["blaCTX-M-15", "a lactamase", "core", "AMR", "AMR", "BETA-LACTAM", "CEPHALOSPORIN", "ALLELEX"]
    mutation = ["gyrA_S83L", "a gyrase", "core", "AMR", "POINT", "QUINOLONE", "QUINOLONE", "POINTX"]
    for name, rows in (("EC1", [gene, mutation]), ("EC2", [])):
        text = "".join("\t".join(cells) + "\n" for cells in [header, *rows])
        (folder / f"{name}.tsv").write_text(text, encoding="utf-8")
    sequences = []
    for sample, residues in (("P1", "V"), ("P2", "MV"), ("P3", "IV")):
        mutations = [{"consensus": "M", "position": 184, "AAs": residues, "text": f"M184{residues}"}]
        genes = [{"gene": {"name": "RT"}, "firstAA": 1, "lastAA": 240, "mutations": mutations}]
        sequences.append({"inputSequence": {"header": sample}, "alignedGeneSequences": genes})
    (folder / "sierra.json").write_text(json.dumps(sequences, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_cohorts()
    write_chromosomes()
    write_patients()
    write_other_formats()
    write_variations()
    write_awkward()
    write_doses()
    write_gene_sets()
    write_gene_calls()
    write_annotated()
    write_resistance()
    write_isolates()
    for each in TRAIN:
        write_model(each, ROOT / each / "model.safetensors")
    write_example()
    write_broken()
    write_promised_models()
