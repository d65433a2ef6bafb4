"""How often the commands open their inputs, as the interpreter's own audit of opened files counts it."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from bed_reader import to_bed
from cyvcf2 import VCF, Writer

from drugresponse import workflows
from drugresponse.readers import read_genotypes
from drugresponse.settings import PrepareSettings, SimulateSettings

PROGRAM = """
import json, os, sys
from collections import Counter

folder, answer, *commands = sys.argv[1:]
opened = Counter()

def note(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith(folder):
        opened[os.path.basename(arguments[0])] += 1

sys.addaudithook(note)
from drugresponse.cli import main

counts = []
for command in commands:
    opened.clear()
    assert main(command.split("|")) == 0
    counts.append(dict(opened))
with open(answer, "w") as file:
    json.dump(counts, file)
"""
GENOTYPES = ("genotypes.tsv", "genotypes.vcf.gz", "genotypes.bcf", "cohort.bed", "genotypes.h5ad", "alterations.dat")
BY_A_LIBRARY = ("genotypes.bcf", "cohort.bed", "genotypes.h5ad")
"""What a library opens once more, unseen by the interpreter."""
TABLES = ("responses.tsv", "samples.tsv", "drugs.tsv")


@pytest.fixture(scope="module")
def openings(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], dict[str, int]]:
    """By the command and the source of its genotypes, how often each input was opened."""
    folder = tmp_path_factory.mktemp("openings")
    inputs = folder / "inputs"
    workflows.simulate(SimulateSettings(directory=inputs, preset="germline", n_samples=60, n_features=20))
    _write_formats(inputs)
    commands = {}
    for name in GENOTYPES:
        model = folder / f"{name}.model"
        tables = [f"--{role}={inputs / file}" for role, file in (("samples", "samples.tsv"), ("drugs", "drugs.tsv"))]
        read = [f"--genotypes={inputs / name}", *tables, "--quiet"]
        measured = [*read, f"--responses={inputs / 'responses.tsv'}", "--folds=2", "--learner=ridge"]
        commands["train", name] = ["train", *measured, f"--model={model}"]
        commands["predict", name] = ["predict", *read, f"--model={model}", f"--predictions={folder / 'predictions'}"]
    evaluated = [*measured, "--repeats=1", "--shuffles=0", f"--metrics={folder / 'metrics'}"]
    commands["evaluate", name] = ["evaluate", *evaluated]
    words = ["|".join(command) for command in commands.values()]
    answer = folder / "answer.json"
    subprocess.run([sys.executable, "-c", PROGRAM, str(inputs), str(answer), *words], check=True)
    return dict(zip(commands, json.loads(answer.read_text()), strict=True))


def _write_formats(folder: Path) -> None:
    """The cohort's genotypes in more formats."""
    (folder / "genotypes.vcf.gz").write_bytes(gzip.compress((folder / "genotypes.vcf").read_bytes()))
    genotypes = read_genotypes(folder / "genotypes.vcf")
    features = genotypes.features
    properties = {
        "iid": genotypes.sample_ids.tolist(),
        "allele_1": features["alt"].tolist(),
        "allele_2": features["ref"].tolist(),
        "chromosome": features["chromosome"].tolist(),
        "bp_position": features["position"].tolist(),
    }
    with (
        closing(VCF(str(folder / "genotypes.vcf"))) as records,
        closing(Writer(str(folder / "genotypes.bcf"), records, mode="wb")) as written,
    ):
        for record in records:
            written.write_record(record)
    to_bed(folder / "cohort.bed", genotypes.dense(), properties=properties, num_threads=1)
    workflows.prepare(PrepareSettings(genotypes=[folder / "genotypes.vcf"], dataset=folder / "genotypes.h5ad"))
    rows = [f"{sample}\tGENE{at % 7}\tmissense\n" for at, sample in enumerate(genotypes.sample_ids)]
    (folder / "alterations.dat").write_text("sample_id\tgene\talteration\n" + "".join(rows))


@pytest.mark.parametrize("command", ["train", "predict"])
@pytest.mark.parametrize("name", GENOTYPES)
def test_inputs__are_opened_at_most_twice_after_a_look(openings, command, name):
    """Genotypes are looked at once more: a list of files names files that no output may replace."""
    counts = openings[command, name]
    parts = ("cohort.bed", "cohort.bim", "cohort.fam") if name == "cohort.bed" else (name,)
    tables = TABLES if command == "train" else TABLES[1:]
    assert counts.keys() == {*parts, *tables}
    counts[name] -= 1
    assert max(counts.values()) <= 2, counts
    # of .h5ad the samples beside the genotypes are read first, of BCF the header
    assert counts[name] == 1 + (name in ("genotypes.h5ad", "genotypes.bcf")) or name not in BY_A_LIBRARY


def test_inputs__are_opened_at_most_twice_after_a_look_by_evaluate(openings):
    counts = openings["evaluate", GENOTYPES[-1]]
    assert counts.keys() == {GENOTYPES[-1], *TABLES}
    counts[GENOTYPES[-1]] -= 1
    assert max(counts.values()) <= 2, counts
