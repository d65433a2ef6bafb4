"""Checks of the readers: one cohort in each format gives the same genotypes, calls of other programs their cells."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.readers import read_genotypes
from drugresponse.readers.tables.responses import read_responses
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, close, equal

__all__ = ["CHECKS"]

_DOSAGES = {
    "text": "matrix.tsv",
    "Parquet": "matrix.parquet",
    ".h5ad": "matrix.h5ad",
    "a workbook": "matrix.xlsx",
    "VCF": "variants.vcf",
    "bgzipped VCF": "variants.vcf.gz",
    "BCF": "variants.bcf",
    "PLINK 1": "plink1/people.bed",
    "PLINK 2": "plink2/people.pgen",
    "PLINK .raw": "plink.raw",
    "PLINK .traw": "plink.traw",
}
_WITH_FEATURES = ("matrix.tsv", "matrix.parquet", "matrix.xlsx")


def _dosages(name: str, bench: Bench) -> Iterator[Check]:
    """The people of the pack, as one format holds them."""
    folder, file = bench.pack / "genotypes", _DOSAGES[name]
    with (folder / "truth.csv").open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    features = folder / "features.tsv" if file in _WITH_FEATURES else None
    genotypes = read_genotypes(folder / file, features=features)
    cells = _cells(genotypes)
    expected = np.array([[float(cell) if cell else np.nan for cell in row[1:]] for row in rows])
    yield equal(f"Samples of {name}", list(cells.index), [row[0] for row in rows])
    yield equal(f"Features of {name}", sorted(cells.columns), sorted(header[1:]))
    yield close(f"Dosages of {name}", cells.reindex(columns=header[1:]).to_numpy(), expected, 0.0)
    places = genotypes.features.reindex(header[1:])[["chromosome", "position", "ref", "alt"]]
    told = [":".join([str(row.chromosome), f"{row.position:.0f}", row.ref, row.alt]) for row in places.itertuples()]
    yield equal(f"Places and alleles of {name}", told, header[1:])


def _cells(genotypes: Genotypes) -> pd.DataFrame:
    return pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)


def _calls(bench: Bench) -> Iterator[Check]:
    """Calls of other programs"""
    folder = bench.pack / "calls"
    for name, known in bench.json("calls/expected.json").items():
        place = folder / name
        files: Any = place if place.is_file() else sorted(path for path in place.rglob("*") if path.is_file())
        cells = _cells(read_genotypes(files))
        expected = np.array([[np.nan if cell is None else cell for cell in row] for row in known["features"].values()])
        yield equal(f"Samples of {name}", list(cells.index), known["samples"])
        found = cells.reindex(index=known["samples"], columns=list(known["features"]), fill_value=-1)
        yield close(f"Cells of {name}", found.T.to_numpy(), expected, 0.0)


def _turned(bench: Bench) -> Iterator[Check]:
    """Text with other separators, decimals, orders and encodings"""
    rows = bench.responses.head(40)
    expected = rows.sort_values(["sample_id", "drug_id"])["response"].to_numpy()
    text = rows.to_csv(index=False, sep=";", decimal=",")
    for name, content in (
        ("semicolons and decimal commas", text.encode()),
        ("UTF-16", rows.to_csv(index=False, sep="\t").encode("utf-16")),
        ("Windows line ends", rows.to_csv(index=False, lineterminator="\r\n").encode()),
        ("rows in another order", rows.iloc[::-1].to_csv(index=False, sep="\t").encode()),
    ):
        file = bench.scratch / "responses.txt"
        file.write_bytes(content)
        table = read_responses(file).table.sort_values(["sample_id", "drug_id"])
        yield close(f"Responses with {name}", table["response"].to_numpy(), expected, 0.0)
    wide = rows.pivot(index="sample_id", columns="drug_id", values="response")
    file = bench.scratch / "wide.tsv"
    wide.to_csv(file, sep="\t")
    table = read_responses(file).table.sort_values(["sample_id", "drug_id"])
    yield close("Responses as a table of samples by drugs", table["response"].to_numpy(), expected, 0.0)
    transposed = bench.scratch / "transposed.tsv"
    bench.genotypes.T.to_csv(transposed, sep="\t")
    cells = _cells(read_genotypes(transposed, known_samples=list(bench.genotypes.index)))
    found = cells.reindex(index=bench.genotypes.index, columns=bench.genotypes.columns).to_numpy()
    yield close("A table of features by samples", found, bench.genotypes.to_numpy(), 0.0)


def _callable(bench: Bench) -> Iterator[Check]:
    """What a call that is not there means"""
    file = Path(bench.pack, "genotypes", "variants.vcf")
    missing = _cells(read_genotypes(file))
    filled = _cells(read_genotypes(file, absent_means="reference"))
    yield equal("Missing calls that count as the reference", int(np.isnan(filled.to_numpy()).sum()), 0)
    yield close("Calls that are there", filled.to_numpy(), missing.fillna(0).to_numpy(), 0.0)


def _named(name: str) -> Any:
    check = partial(_dosages, name)
    check.__doc__ = f"The people of the pack, as {name}"
    return check


CHECKS = (*map(_named, _DOSAGES), _calls, _turned, _callable)
