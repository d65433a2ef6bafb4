"""Write the pack of `drugresponse validate` anew: cohorts drawn here, files that other libraries write, known answers.

    .venv/bin/python tests/regenerate_validation_pack.py

Nothing here asks this package for an answer but for `models/` and `earlier.json`, which hold what an earlier version
trained and predicted: write them anew only where a learner was changed on purpose.
"""

from __future__ import annotations

import gzip
import hashlib
import json
import sys
import zipfile
from pathlib import Path
from typing import Any

import anndata
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import statsmodels.api as sm
from bed_reader import to_bed
from cyvcf2 import VCF, Writer
from numpy.typing import NDArray
from pgenlib import PgenWriter
from pyarrow import parquet

from drugresponse.model.model import DrugResponseModel

PACK = Path(__file__).resolve().parents[1] / "drugresponse" / "validation" / "pack"
SITES = [
    ("1", 97450058, "C", "T"),
    ("7", 99672916, "T", "C"),
    ("10", 94761900, "C", "T"),
    ("10", 94942290, "C", "T"),
    ("16", 31096368, "C", "T"),
    ("19", 15879621, "G", "A"),
    ("22", 42126611, "C", "G"),
    ("22", 42128945, "C", "A"),
]
NOISE = 0.6
EFFECTS = {("GENE03_mut", ""): 1.0, ("GENE07_mut", "D1"): 2.0, ("GENE11_mut", "D2"): -1.8}
SMILES = {
    "D1": "CC(=O)Oc1ccccc1C(=O)O",
    "D2": "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
    "D3": "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "D4": "CC(=O)Nc1ccc(O)cc1",
    "D5": "CN(C)C(=N)NC(=N)N",
}
N_TRAIN, N_NEW = 110, 50
LEARNERS: dict[str, dict[str, Any]] = {
    "additive-mean": {},
    "covariates": {},
    "ridge": {},
    "pair-ridge": {"scheme": "random-pairs"},
    "sparse": {},
    "gaussian": {},
    "boosted-trees": {"trees": 20},
    "random-forest": {"trees": 20},
    "neural": {"epochs": 10},
    "auto": {"most_fits": 12},
}
"""How each learner was trained for `earlier.json`; the checks read it from there."""
OUTCOMES = {
    "binary": ("prediction", "lower", "upper", "baseline", "threshold"),
    "ordinal": ("probability", "probability_S", "probability_I", "probability_R"),
    "interval": ("prediction", "lower", "upper", "value", "baseline"),
    "time-to-event": ("prediction", "lower", "upper", "baseline"),
}
"""Columns of predictions of each outcome that `earlier.json` keeps."""


def write(path: Path, rows: list[list[Any]], separator: str = "\t") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(separator.join(map(str, row)) + "\n" for row in rows), encoding="utf-8")


def write_table(path: Path, table: pd.DataFrame, **more: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(path, sep="\t", lineterminator="\n", **more)


def dosages() -> tuple[list[str], NDArray[np.float64]]:
    """Ids of people, and their copies of the alternate alleles; some calls are missing."""
    rng = np.random.default_rng(58)
    calls = rng.binomial(2, rng.uniform(0.15, 0.6, len(SITES)), (24, len(SITES))).astype(np.float64)
    calls[rng.random(calls.shape) < 0.04] = np.nan
    return [f"P{i + 1:02d}" for i in range(len(calls))], calls


def write_genotypes() -> None:
    """The same people in every format that holds dosages."""
    folder = PACK / "genotypes"
    ids, calls = dosages()
    names = [":".join(map(str, site)) for site in SITES]
    shown = [["" if np.isnan(call) else int(call) for call in row] for row in calls]
    write(
        folder / "truth.csv", [["sample_id", *names], *([one, *row] for one, row in zip(ids, shown, strict=True))], ","
    )
    write(folder / "matrix.tsv", [["sample_id", *names], *([one, *row] for one, row in zip(ids, shown, strict=True))])
    places = zip(names, SITES, strict=True)
    head = ["feature_id", "kind", "chromosome", "position", "ref", "alt"]
    write(folder / "features.tsv", [head, *([name, "dosage", *site] for name, site in places)])
    frame = pd.DataFrame(calls, columns=names).assign(sample_id=ids)[["sample_id", *names]]
    parquet.write_table(pa.Table.from_pandas(frame, preserve_index=False), folder / "matrix.parquet")
    features = pd.DataFrame(SITES, index=names, columns=["chromosome", "position", "ref", "alt"]).assign(kind="dosage")
    features.index.name = "feature_id"
    anndata.AnnData(calls.astype(np.float32), pd.DataFrame(index=ids), features).write_h5ad(folder / "matrix.h5ad")
    write_variants(folder, ids, calls)
    book = openpyxl.Workbook()
    sheet = book.active
    for row in [["sample_id", *names], *([one, *row] for one, row in zip(ids, shown, strict=True))]:
        sheet.append([None if cell == "" else cell for cell in row])
    book.save(folder / "matrix.xlsx")
    same_zip(folder / "matrix.xlsx")
    alleles = [[site[2] if counted else site[3] for site in SITES] for counted in (True, False)]
    raw_names = [f"{name}_{alt}" for name, alt in zip(names, alleles[1], strict=True)]
    raw = [["FID", "IID", "PAT", "MAT", "SEX", "PHENOTYPE", *raw_names]]
    raw += [
        [one, one, 0, 0, 0, -9, *(cell if cell != "" else "NA" for cell in row)]
        for one, row in zip(ids, shown, strict=True)
    ]
    write(folder / "plink.raw", raw, " ")
    traw = [["CHR", "SNP", "(C)M", "POS", "COUNTED", "ALT", *(f"{one}_{one}" for one in ids)]]
    for at, (chromosome, position, ref, alt) in enumerate(SITES):
        column = [row[at] if row[at] != "" else "NA" for row in shown]
        traw.append([chromosome, names[at], 0, position, alt, ref, *column])
    write(folder / "plink.traw", traw)


def write_variants(folder: Path, ids: list[str], calls: NDArray[np.float64]) -> None:
    words = {0.0: "0/0", 1.0: "0/1", 2.0: "1/1"}
    contigs = dict.fromkeys(site[0] for site in SITES)
    lines = ["##fileformat=VCFv4.2", *(f"##contig=<ID={name}>" for name in contigs)]
    lines.append('##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">')
    lines.append("\t".join(["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", *ids]))
    for (chromosome, position, ref, alt), column in zip(SITES, calls.T, strict=True):
        cells = [words.get(call, "./.") for call in column]
        lines.append("\t".join([chromosome, str(position), ".", ref, alt, ".", "PASS", ".", "GT", *cells]))
    text = "".join(f"{line}\n" for line in lines)
    (folder / "variants.vcf").write_text(text, encoding="utf-8")
    for mode, name in (("wz", "variants.vcf.gz"), ("wb", "variants.bcf")):
        variants = VCF(str(folder / "variants.vcf"))
        writer = Writer(str(folder / name), variants, mode=mode)
        for each in variants:
            writer.write_record(each)
        writer.close()
    properties = {
        "iid": ids,
        "sid": [f"v{i}" for i in range(len(SITES))],
        "chromosome": [site[0] for site in SITES],
        "bp_position": [site[1] for site in SITES],
        "allele_1": [site[3] for site in SITES],
        "allele_2": [site[2] for site in SITES],
    }
    (folder / "plink1").mkdir(exist_ok=True)
    to_bed(folder / "plink1" / "people.bed", calls, properties=properties, num_threads=1)
    second = folder / "plink2"
    second.mkdir(exist_ok=True)
    with PgenWriter(bytes(second / "people.pgen"), len(ids), variant_ct=len(SITES), nonref_flags=False) as writer:
        for column in calls.T:
            writer.append_biallelic(np.where(np.isnan(column), -9, column).astype(np.int8))
    rows = [[site[0], site[1], f"v{i}", site[2], site[3]] for i, site in enumerate(SITES)]
    write(second / "people.pvar", [["#CHROM", "POS", "ID", "REF", "ALT"], *rows])
    write(second / "people.psam", [["#IID", "SEX"], *([one, "NA"] for one in ids)])


def same_zip(path: Path) -> None:
    """The same archive without the times at which it was made."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in sorted(archive.namelist())}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            if name == "docProps/core.xml":
                content = b"".join(part for part in [content.split(b"<dcterms:created")[0], b"</cp:coreProperties>"])
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)


def write_called_genes() -> None:
    """Made-up calls of other programs, and which cells they mean; NaN is not known."""
    folder = PACK / "calls"
    folder.mkdir(parents=True, exist_ok=True)
    maf = [
        ["#version 2.4"],
        ["Hugo_Symbol", "Chromosome", "Variant_Classification", "Tumor_Sample_Barcode", "HGVSp_Short"],
        ["TP53", "17", "Missense_Mutation", "s1", "p.R175H"],
        ["TP53", "17", "Frame_Shift_Del", "s2", "p.L14fs*8"],
        ["TP53", "17", "Silent", "s3", "p.P36P"],
        ["Unknown", "2", "IGR", "s4", ""],
        ["NRAS", "1", "Missense_Mutation", "s2", "p.Q61K"],
    ]
    write(folder / "mutations.maf", maf)
    stars = [["sample_id", "gene", "diplotype"], ["a", "CYP2C19", "*2/*2"], ["b", "CYP2C19", "*1/*17"]]
    stars += [["c", "CYP2C19", "*1/*1"], ["a", "CYP2D6", "*4/*10"], ["b", "CYP2D6", "*1/*4"], ["c", "CYP2D6", "*1/*1"]]
    write(folder / "stars.tsv", stars)
    amr = ["Name", "Element symbol", "Element name", "Scope", "Type", "Subtype", "Class", "Subclass", "Method"]
    hits = [
        ["i1", "blaCTX-M-15", "a lactamase", "core", "AMR", "AMR", "BETA-LACTAM", "CEPHALOSPORIN", "ALLELEX"],
        ["i1", "gyrA_S83L", "a gyrase", "core", "AMR", "POINT", "QUINOLONE", "QUINOLONE", "POINTX"],
        ["i2", "blaTEM", "a lactamase", "core", "AMR", "AMR", "BETA-LACTAM", "BETA-LACTAM", "INTERNAL_STOP"],
        ["i3", "sul1", "a synthase", "core", "AMR", "AMR", "SULFONAMIDE", "SULFONAMIDE", "EXACTX"],
    ]
    write(folder / "amrfinderplus.tsv", [amr, *hits])
    rgi = ["ORF_ID", "Contig", "Cut_Off", "Best_Hit_ARO", "Best_Identities", "ARO", "Model_type"]
    rgi += ["SNPs_in_Best_Hit_ARO", "Other_SNPs", "Drug Class", "Resistance Mechanism", "AMR Gene Family"]
    for name, cut_off, term in (("i1", "Perfect", "NDM-1"), ("i2", "Strict", "sul1"), ("i3", "Loose", "mexX")):
        row = ["1_1", "1_1", cut_off, term, "99", "300", "a model", "n/a", "n/a", "carbapenem", "x", "a family"]
        write(folder / "rgi" / f"{name}.txt", [rgi, row])
    genes = ["Resistance gene", "Identity", "Alignment Length/Gene Length", "Coverage", "Position in reference"]
    genes += ["Contig", "Position in contig", "Phenotype", "Accession no."]
    for name, gene in (("i1", "blaNDM-1"), ("i2", "sul1")):
        row = [gene, "99.9", "813/813", "100.0", "1..813", "N1", "1..813", "Beta-lactam resistance", "AB1"]
        write(folder / "resfinder" / name / "ResFinder_results_tab.txt", [genes, row])
    point = ["Mutation", "Nucleotide change", "Amino acid change", "Resistance", "PMID"]
    write(folder / "resfinder" / "i1" / "PointFinder_results.txt", [point])
    row = ["gyrA p.S83L", "TCG -> TTG", "S -> L", "Ciprofloxacin", "1"]
    write(folder / "resfinder" / "i2" / "PointFinder_results.txt", [point, row])
    columns = ["input_file_name", "gene_symbol", "gene_name", "reference_database_name", "reference_database_version"]
    columns += ["reference_accession", "analysis_software_name", "analysis_software_version"]
    columns += ["genetic_variation_type", "antimicrobial_agent", "drug_class", "nucleotide_mutation"]
    columns += ["amino_acid_mutation", "sequence_identity"]
    found = ["a gene", "db", "1", "acc", "rgi", "1", "gene_presence_detected", "", "BETA-LACTAM", "", "", "99"]
    write(folder / "hamronization.tsv", [columns, ["i1", "TEM-1", *found], ["i2", "OXA-1", *found]])
    write_documents(folder)
    variants = [
        ["##fileformat=VCFv4.2"],
        ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO", "FORMAT", "a", "b", "c"],
        ["1", "100", ".", "A", "C", ".", "PASS", ".", "GT:DP", "0|1:12", "1|1:9", "./.:3"],
        ["1", "200", ".", "A", "C,G", ".", "PASS", ".", "GT", "0/1", "1/2", "2/2"],
        ["2", "400", ".", "A", "C", ".", "PASS", ".", "DS", "0.25", "1.5", "2"],
        ["X", "50000000", ".", "G", "T", ".", "PASS", ".", "GT", "0", "1", "0/1"],
    ]
    write(folder / "cells.vcf", variants)
    rows = "P1\tRT:M184MV, RT:K65R\nP2\tPR:V82A;RT:M184I/V\nP3\tnone\nP4\tNA\n"
    (folder / "substitutions.tsv").write_text(f"sample_id\tsubstitutions\n{rows}", encoding="utf-8")
    expected = {
        "mutations.maf": {
            "samples": ["s1", "s2", "s3", "s4"],
            "features": {
                "NRAS_missense": [0, 1, 0, 0],
                "TP53_lof": [0, 1, 0, 0],
                "TP53_missense": [1, 0, 0, 0],
                "TP53_mutation": [1, 1, 0, 0],
            },
        },
        "stars.tsv": {
            "samples": ["a", "b", "c"],
            "features": {
                "CYP2C19*2": [2, 0, 0],
                "CYP2C19*17": [0, 1, 0],
                "CYP2D6*4": [1, 1, 0],
                "CYP2D6*10": [1, 0, 0],
            },
        },
        "amrfinderplus.tsv": {
            "samples": ["i1", "i2", "i3"],
            "features": {
                "blaCTX-M-15": [1, 0, 0],
                "blaTEM=INTERNAL_STOP": [0, 1, 0],
                "gyrA_S83L": [1, 0, 0],
                "sul1": [0, 0, 1],
            },
        },
        # one copy of X counts as two
        "cells.vcf": {
            "samples": ["a", "b", "c"],
            "features": {
                "1:100:A:C": [1, 2, None],
                "1:200:A:C": [1, 1, 0],
                "1:200:A:G": [0, 1, 2],
                "2:400:A:C": [0.25, 1.5, 2],
                "X:50000000:G:T": [0, 2, 1],
            },
        },
        "rgi": {"samples": ["i1", "i2", "i3"], "features": {"NDM-1": [1, 0, 0], "sul1": [0, 1, 0]}},
        "resfinder": {
            "samples": ["i1", "i2"],
            "features": {"blaNDM-1": [1, 0], "gyrA_S83L": [0, 1], "sul1": [0, 1]},
        },
        "hamronization.tsv": {"samples": ["i1", "i2"], "features": {"TEM-1": [1, 0], "OXA-1": [0, 1]}},
        "tb_profiler": {
            "samples": ["S1", "S2"],
            "features": {"rpoB_p.Ser450Leu": [1, 0], "fabG1_c.-15C>T": [0, 1]},
        },
        "sierra.json": {
            "samples": ["P1", "P2"],
            "features": {"PR_82A": [None, 1], "RT_184V": [1, 0], "RT_215F": [1, None]},
        },
        "substitutions.tsv": {
            "samples": ["P1", "P2", "P3", "P4"],
            "features": {
                "PR_82A": [0, 1, 0, None],
                "RT_184I": [0, 1, 0, None],
                "RT_184V": [1, 1, 0, None],
                "RT_65R": [1, 0, 0, None],
            },
        },
    }
    write_json(folder / "expected.json", expected)


def write_documents(folder: Path) -> None:
    drugs = [{"drug": "rifampicin"}]
    variant = {"pos": 761155, "freq": 1.0, "gene_id": "Rv0667", "gene_name": "rpoB", "type": "missense_variant"}
    other = {"pos": 1673425, "freq": 1.0, "gene_id": "Rv1483", "gene_name": "fabG1", "type": "upstream_gene_variant"}
    for name, found in (
        ("S1", variant | {"change": "p.Ser450Leu", "drugs": drugs}),
        ("S2", other | {"change": "c.-15C>T", "drugs": [{"drug": "isoniazid"}]}),
    ):
        document = {
            "schema_version": "1.0.0",
            "id": name,
            "pipeline": {"software_version": "6.7.0"},
            "main_lineage": "lineage4",
            "dr_variants": [found],
            "other_variants": [],
            "qc": {"missing_positions": []},
        }
        write_json(folder / "tb_profiler" / f"{name}.json", document)

    def mutation(consensus: str, position: int, residues: str) -> dict[str, Any]:
        return {
            "consensus": consensus,
            "position": position,
            "AAs": residues,
            "isInsertion": False,
            "isDeletion": False,
        }

    def gene(name: str, first: int, last: int, *mutations: dict[str, Any]) -> dict[str, Any]:
        return {"firstAA": first, "lastAA": last, "gene": {"name": name, "length": None}, "mutations": list(mutations)}

    results = [
        {
            "inputSequence": {"header": header},
            "subtypeText": "B",
            "validationResults": [],
            "alignedGeneSequences": genes,
            "drugResistance": [],
        }
        for header, genes in (
            ("P1", [gene("RT", 1, 240, mutation("M", 184, "MV"), mutation("T", 215, "F"))]),
            ("P2", [gene("RT", 40, 200), gene("PR", 1, 99, mutation("V", 82, "A"))]),
        )
    ]
    write_json(folder / "sierra.json", results)


def write_json(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


class Screen:
    """A screen whose truth is known: genotypes, tissues, expected responses, and what was measured."""

    def __init__(self) -> None:
        rng = np.random.default_rng(580)
        n = N_TRAIN + N_NEW
        self.ids = [f"S{i + 1:03d}" for i in range(n)]
        self.features = [f"GENE{i + 1:02d}_mut" for i in range(20)]
        self.calls = (rng.random((n, 20)) < rng.uniform(0.15, 0.4, 20)).astype(int)
        self.tissue = rng.choice(["lung", "skin", "blood"], n)
        self.drugs = list(SMILES)
        shift = {"lung": 0.5, "skin": 0.0, "blood": -0.5}
        self.expected = np.tile(np.linspace(0, 2, 5), (n, 1)) + np.array([shift[each] for each in self.tissue])[:, None]
        for (feature, drug), effect in EFFECTS.items():
            column = self.calls[:, self.features.index(feature)]
            for at, name in enumerate(self.drugs):
                if drug in ("", name):
                    self.expected[:, at] += effect * column
        self.measured = self.expected + rng.normal(0, NOISE, self.expected.shape)
        self.kept = rng.random(self.expected.shape) >= 0.1
        self.rng = rng

    def rows(self, values: NDArray[Any], first: int, last: int) -> pd.DataFrame:
        rows = [
            [self.ids[i], drug, values[i, at]]
            for i in range(first, last)
            for at, drug in enumerate(self.drugs)
            if self.kept[i, at]
        ]
        return pd.DataFrame(rows, columns=["sample_id", "drug_id", "response"])


def write_screen() -> Screen:
    screen = Screen()
    folder = PACK / "screen"
    frame = pd.DataFrame(screen.calls, index=pd.Index(screen.ids, name="sample_id"), columns=screen.features)
    samples = pd.DataFrame({"sample_id": screen.ids, "tissue": screen.tissue})
    for name, part in (("", slice(0, N_TRAIN)), ("new_", slice(N_TRAIN, None))):
        write_table(folder / f"{name}genotypes.tsv", frame.iloc[part])
        write_table(folder / f"{name}samples.tsv", samples.iloc[part], index=False)
        first, last = (0, N_TRAIN) if not name else (N_TRAIN, N_TRAIN + N_NEW)
        write_table(folder / f"{name}responses.tsv", screen.rows(screen.measured.round(4), first, last), index=False)
    truth = pd.DataFrame(screen.expected.round(6), index=frame.index, columns=screen.drugs)
    write_table(folder / "expected.tsv", truth)
    drugs = pd.DataFrame({"drug_id": list(SMILES), "smiles": list(SMILES.values())})
    write_table(folder / "drugs.tsv", drugs, index=False)
    planted = [[feature, drug, effect] for (feature, drug), effect in EFFECTS.items()]
    write_json(folder / "truth.json", {"noise": NOISE, "planted": planted, "associations": least_squares(screen)})
    write_outcomes(screen, folder)
    return screen


def least_squares(screen: Screen) -> list[dict[str, Any]]:
    """Effect and p of some features by ordinary least squares with tissue as a covariate, as statsmodels fits it."""
    tissues = pd.get_dummies(pd.Series(screen.tissue)).to_numpy(dtype=float)
    rows = []
    for at in (0, 1):
        measured = screen.kept[:N_TRAIN, at]
        y = screen.measured.round(4)[:N_TRAIN, at][measured]
        for feature in range(0, 20, 2):
            design = np.column_stack([screen.calls[:N_TRAIN, feature], tissues[:N_TRAIN]])[measured]
            fit = sm.OLS(y, design).fit()
            of = {"drug_id": screen.drugs[at], "feature_id": screen.features[feature]}
            rows.append(of | {"effect": float(fit.params[0]), "p": float(fit.pvalues[0]), "n": int(measured.sum())})
    return rows


def write_outcomes(screen: Screen, folder: Path) -> None:
    """The same effects seen as classes, limits and times, on two drugs."""
    rng = np.random.default_rng(581)
    scores = 1.4 * (screen.expected - screen.expected.mean(axis=0)) / screen.expected.std(axis=0)
    latent = scores + rng.logistic(size=scores.shape)
    binary = np.where(latent > np.quantile(latent, 0.65, axis=0), "R", "S")
    cuts = np.quantile(latent, [0.4, 0.7], axis=0)
    ordinal = np.array(["S", "I", "R"])[(latent[None] > cuts[:, None]).sum(axis=0)]
    level = np.ceil(scores + 0.7 * rng.normal(size=scores.shape))
    series = np.where(level <= -2, "<=0.25", np.where(level > 2, ">4", [[f"{2.0**x:g}" for x in row] for row in level]))
    event = rng.exponential(size=scores.shape) * 12 * np.exp(-scores)
    end = rng.uniform(4, 40, size=scores.shape)
    times = np.maximum(np.minimum(event, end).round(2), 0.01)
    for name, values in (("binary", binary), ("ordinal", ordinal), ("interval", series)):
        for start, part in (("", (0, N_TRAIN)), ("new_", (N_TRAIN, N_TRAIN + N_NEW))):
            rows = screen.rows(values, *part)
            write_table(folder / f"{start}{name}.tsv", rows[rows["drug_id"].isin(["D1", "D2"])], index=False)
    for start, part in (("", (0, N_TRAIN)), ("new_", (N_TRAIN, N_TRAIN + N_NEW))):
        rows = screen.rows(times, *part).rename(columns={"response": "time"})
        rows["event"] = screen.rows((event <= end).astype(int), *part)["response"]
        write_table(folder / f"{start}time-to-event.tsv", rows[rows["drug_id"].isin(["D1", "D2"])], index=False)


def write_doses() -> None:
    """Hill curves without noise: viability = bottom + (1 - bottom) / (1 + (dose / EC50) ** slope)."""
    doses = [round(0.001 * 10 ** (i / 2), 6) for i in range(9)]
    rows, curves = [["sample_id", "drug_id", "dose", "response"]], []
    for i, (middle, slope, bottom) in enumerate([(0.02, 1.0, 0.0), (0.1, 1.5, 0.1), (0.5, 2.0, 0.3), (1.0, 0.8, 0.0)]):
        sample = f"C{i + 1}"
        rows += [
            [sample, "D1", dose, f"{bottom + (1 - bottom) / (1 + (dose / middle) ** slope):.9f}"] for dose in doses
        ]
        # half of the control, where the curve crosses it
        half = middle * ((1 - bottom) / (0.5 - bottom) - 1) ** (1 / slope)
        log_doses = np.linspace(np.log10(doses[0]), np.log10(doses[-1]), 20001)
        seen = bottom + (1 - bottom) / (1 + (10**log_doses / middle) ** slope)
        area = float(np.trapezoid(seen, log_doses) / (log_doses[-1] - log_doses[0]))
        curves.append(
            {"sample_id": sample, "ec50": middle, "slope": slope, "bottom": bottom, "ic50": half, "auc": area}
        )
    write(PACK / "curves" / "doses.tsv", rows)
    write_json(PACK / "curves" / "truth.json", curves)


def write_earlier(screen: Screen) -> None:
    """What this version trains and predicts, for later ones and other machines to be compared with."""
    folder = PACK / "screen"
    calls = pd.DataFrame(screen.calls, index=pd.Index(screen.ids, name="sample_id"), columns=screen.features)
    samples = pd.DataFrame({"tissue": screen.tissue}, index=calls.index)
    responses = pd.read_table(folder / "responses.tsv")
    drugs = pd.read_table(folder / "drugs.tsv", index_col=0)
    known: dict[str, Any] = {}
    models = PACK / "models"
    models.mkdir(exist_ok=True)
    for name, settings in LEARNERS.items():
        folds = 3 if name in ("ridge", "auto") else 0
        model = DrugResponseModel(name, folds=folds, n_jobs=1, device="cpu", **settings)
        model.fit(calls.iloc[:N_TRAIN], responses, samples=samples, drugs=drugs)
        rows = model.predict(calls.iloc[N_TRAIN : N_TRAIN + 8], samples=samples)
        known[name] = {"settings": settings | {"folds": folds}, "predictions": rows["prediction"].round(9).tolist()}
        if name in ("ridge", "boosted-trees", "neural"):
            store(name, model, rows)
    for kind, columns in OUTCOMES.items():
        measured = pd.read_table(folder / f"{kind}.tsv", dtype={"response": str})
        model = DrugResponseModel("ridge", folds=3, n_jobs=1).fit(
            calls.iloc[:N_TRAIN], measured, samples=samples, drugs=drugs.loc[["D1", "D2"]]
        )
        rows = model.predict(calls.iloc[N_TRAIN : N_TRAIN + 8], samples=samples)
        known[kind] = {
            name: [None if np.isnan(x) else round(x, 9) for x in rows[name].astype(float)] for name in columns
        }
    write_json(PACK / "earlier.json", known)


def store(name: str, model: DrugResponseModel, rows: pd.DataFrame) -> None:
    """Keep a model and what it predicts; a file that is there is never written again: it must stay readable."""
    path = PACK / "models" / f"{name}.safetensors"
    if path.exists():
        return
    model.save(path)
    known = {column: [None if np.isnan(x) else round(x, 9) for x in rows[column]] for column in ("prediction", "lower")}
    write_json(path.with_suffix(".json"), known)


def write_checksums() -> None:
    files = sorted(path for path in PACK.rglob("*") if path.is_file() and path.name != "SHA256SUMS")
    lines = [
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(PACK).as_posix()}\n" for path in files
    ]
    (PACK / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")
    size = sum(path.stat().st_size for path in files)
    sys.stdout.write(f"{len(files)} files, {size:,} bytes\n")


def write_bad() -> None:
    """Files that must be refused."""
    folder = PACK / "bad"
    folder.mkdir(exist_ok=True)
    write(folder / "words.tsv", [["sample_id", "drug_id", "response"], ["S001", "D1", "1.5"], ["S002", "D1", "n.d."]])
    (folder / "model.pickle").write_bytes(
        b"\x80\x04\x95\x1d\x00\x00\x00\x00\x00\x00\x00\x8c\x05posix\x94\x8c\x06system\x94\x93\x94."
    )
    whole = (PACK / "genotypes" / "variants.vcf.gz").read_bytes()
    (folder / "cut.vcf.gz").write_bytes(whole[: len(whole) // 2])
    (folder / "list.gz").write_bytes(gzip.compress(b"no table", mtime=0))


if __name__ == "__main__":
    PACK.mkdir(parents=True, exist_ok=True)
    write_genotypes()
    write_called_genes()
    drawn = write_screen()
    write_doses()
    write_bad()
    write_earlier(drawn)
    write_checksums()
