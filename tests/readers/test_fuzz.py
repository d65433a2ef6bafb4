"""Damaged files of every format but VCF: a clear error or a plausible answer, never another exception."""

from __future__ import annotations

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import anndata
import numpy as np
import pandas as pd
import pytest
from bed_reader import to_bed
from pgenlib import PgenWriter
from scipy import sparse

from benchmarks.robustness.texts import TEXTS
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.responses.doses import Doses
from drugresponse.data.tables import Responses
from drugresponse.errors import DrugResponseError
from drugresponse.readers import (
    read_doses,
    read_drugs,
    read_features,
    read_genotypes,
    read_pairs,
    read_responses,
    read_samples,
    read_splits,
)
from drugresponse.readers.genes.lists import read_gene_list
from drugresponse.readers.genes.names import read_gene_names
from drugresponse.readers.source import hdf5_checks
from drugresponse.readers.variants.regions import Regions, read_regions

TURNS = 24

READERS: dict[str, Callable] = {
    "responses": read_responses,
    "wide responses": read_responses,
    "doses": read_doses,
    "samples": read_samples,
    "drugs": read_drugs,
    "pairs": read_pairs,
    "features": read_features,
    "splits": read_splits,
    "gene names": read_gene_names,
    "gene list": read_gene_list,
    "bed": read_regions,
    "gtf": read_regions,
}
"""Of the texts that are no genotypes."""


def damaged(whole: bytes, generator: np.random.Generator) -> bytes:
    """One of nine kinds of damage."""
    lines = whole.split(b"\n")
    at, line = int(generator.integers(len(whole))), int(generator.integers(len(lines)))
    kind = generator.integers(9)
    if kind == 0:
        return whole[:at]
    if kind == 1:
        return whole[:at] + bytes([whole[at] ^ 1 << int(generator.integers(8))]) + whole[at + 1 :]
    if kind == 2:
        return b"\n".join(lines[:line] + lines[line + 1 :])
    if kind == 3:
        return b"\n".join(lines[: line + 1] + lines[line:])
    if kind == 4:
        return whole[:at] + b"A" * 200_000 + whole[at:]
    if kind == 5:
        return (
            whole[:at]
            + generator.choice([b"\t", b",", b'"', b"\n", b"\r", b"\0", b"\xff", b"-", b"9" * 400])
            + whole[at:]
        )
    if kind == 6:
        return gzip.compress(whole)[: -int(generator.integers(1, 30))]
    if kind == 7:
        return whole.replace(b"1", generator.choice([b"nan", b"inf", b"-", b"1e999", b"3", b"0x1", b"1,5"]))
    return generator.permutation(np.array(lines, dtype=object)).sum() if len(lines) > 99 else b"\n".join(lines[::-1])


def check_plausible(found: object) -> None:
    """What any result of a reader must fulfil."""
    if isinstance(found, Genotypes):
        values = found.values
        assert found.shape[0] > 0 and found.shape[1] > 0
        assert values.shape == (len(found.sample_ids), len(found.features))
        assert found.sample_ids.is_unique
        assert not np.isinf(values.data).any()
        assert (values.data != 0).any(), "a table of zeros"
        dosage = (found.features["kind"] == "altered").to_numpy()[values.indices]
        assert np.isin(values.data[dosage & ~np.isnan(values.data)], [0, 1]).all()
    elif isinstance(found, Responses):
        assert len(found.table) and np.isfinite(found.table["response"]).all()
    elif isinstance(found, Doses):
        assert np.isfinite(found.table.select_dtypes("number")).all().all()
    elif isinstance(found, Regions):
        assert all(1 <= each.start <= each.end + 1 for each in found.regions)
    elif isinstance(found, pd.DataFrame):
        assert len(found) > 0


def read_or_refuse(read: Callable[[], object]) -> bool:
    """Whether it was read."""
    try:
        check_plausible(read())
    except DrugResponseError as error:
        assert "\n" not in str(error)
        assert ": " in str(error)
        return False
    return True


@pytest.mark.parametrize("name", TEXTS)
def test_readers__damaged_text(tmp_path, name):
    read, text = READERS.get(name, read_genotypes), TEXTS[name]
    generator = np.random.default_rng(sorted(TEXTS).index(name))
    file = tmp_path / "table.dat"
    file.write_bytes(text.encode())
    check_plausible(read(file))
    for _ in range(TURNS):
        file.write_bytes(damaged(text.encode(), generator))
        read_or_refuse(lambda: read(file))


def plink_files(folder: Path) -> np.ndarray:
    generator = np.random.default_rng(5)
    calls = generator.binomial(2, 0.4, (9, 14)).astype(np.float32)
    calls[generator.random(calls.shape) < 0.1] = np.nan
    bim = "".join(f"{'chr' * (at % 2)}{1 + at % 3}\trs{at}\t0\t{100 + at}\tC\tA\n" for at in range(14))
    to_bed(folder / "cohort.bed", calls, num_threads=1)
    (folder / "cohort.bim").write_text(bim)
    (folder / "cohort.fam").write_text("".join(f"f s{at} 0 0 0 -9\n" for at in range(9)))
    with PgenWriter(bytes(folder / "cohort.pgen"), 9, variant_ct=14, nonref_flags=False) as writer:
        writer.append_biallelic_batch(np.ascontiguousarray(np.where(np.isnan(calls), -9, calls).T.astype(np.int8)))
    rows = [line.split("\t") for line in bim.splitlines()]
    (folder / "cohort.pvar").write_text(
        "##a\n#CHROM\tPOS\tID\tREF\tALT\n" + "".join("\t".join([a, d, b, f, e]) + "\n" for a, b, _, d, e, f in rows)
    )
    (folder / "cohort.psam").write_text("#FID\tIID\n" + "".join(f"f\ts{at}\n" for at in range(9)))
    return calls


@pytest.mark.parametrize("name", ["bed", "bim", "fam", "pgen", "pvar", "psam"])
def test_readers__damaged_plink(tmp_path, name):
    plink_files(tmp_path)
    generator = np.random.default_rng(ord(name[1]))
    file = tmp_path / f"cohort.{name}"
    whole = file.read_bytes()
    source = tmp_path / ("cohort.bed" if name in ("bed", "bim", "fam") else "cohort.pgen")
    for _ in range(2 * TURNS):
        file.write_bytes(damaged(whole, generator))
        read_or_refuse(lambda: read_genotypes(source))
    if name not in ("bed", "pgen"):
        for lines in (whole.splitlines(True)[:-1], [*whole.splitlines(True), whole.splitlines(True)[-1]]):
            file.write_bytes(b"".join(lines))
            assert not read_or_refuse(lambda: read_genotypes(source))


def test_readers__chromosomes_with_and_without_prefix_are_one(tmp_path):
    calls = plink_files(tmp_path)
    order = sorted(range(14), key=lambda at: (at % 3, at))
    for name in ("cohort.bed", "cohort.pgen"):
        found = read_genotypes(tmp_path / name)
        assert found.features["chromosome"].tolist() == [str(1 + at % 3) for at in order]
        np.testing.assert_array_equal(found.dense(), calls[:, order])


def test_readers__lines_of_a_matrix_deleted_and_turned_round(tmp_path):
    text = TEXTS["matrix"].splitlines(True)
    file = tmp_path / "matrix.dat"
    file.write_text("".join(text))
    whole = read_genotypes(file)
    for at in range(1, len(text)):
        file.write_text("".join(text[:at] + text[at + 1 :]))
        rows = np.array([row for row in range(len(text) - 1) if row != at - 1])
        assert read_genotypes(file).equals(whole.take(rows))
    file.write_text(text[0] + "".join(text[:0:-1]))
    assert read_genotypes(file).equals(whole.take(np.arange(len(text) - 1)[::-1]))
    file.write_text("".join([*text, text[2]]))
    assert not read_or_refuse(lambda: read_genotypes(file))


@pytest.mark.parametrize("name", ["alterations", "maf"])
def test_readers__a_row_of_alterations_twice_is_one(tmp_path, name):
    text = TEXTS[name].splitlines(True)
    file = tmp_path / "rows.dat"
    file.write_text("".join(text))
    whole = read_genotypes(file)
    file.write_text("".join([*text, text[-1]]))
    assert read_genotypes(file).equals(whole)


@pytest.mark.parametrize("kind", ["csr", "dense"])
def test_readers__damaged_h5ad(tmp_path, monkeypatch, kind):
    # what crashes or hangs HDF5 is found by a process of its own, which other tests try
    monkeypatch.setattr(hdf5_checks, "_PROBE", "")
    values = np.array([[0, 1, 2], [np.nan, 0, 1]], dtype=np.float32)
    table = anndata.AnnData(pd.DataFrame(values, index=["s1", "s2"], columns=["rs1", "rs2", "rs3"]))
    if kind == "csr":
        table.X = sparse.csr_matrix(values)
    file = tmp_path / "cohort.h5ad"
    table.write_h5ad(file)
    whole = file.read_bytes()
    generator = np.random.default_rng(2)
    for _ in range(TURNS // 4):
        file.write_bytes(whole[: int(generator.integers(len(whole)))])
        assert not read_or_refuse(lambda: read_genotypes(file))


def test_readers__damaged_parquet(tmp_path):
    file = tmp_path / "matrix.parquet"
    pd.DataFrame({"sample_id": ["s1", "s2"], "TP53": [1, 0], "KRAS": [None, 1]}).to_parquet(file)
    whole = file.read_bytes()
    generator = np.random.default_rng(0)
    for _ in range(2 * TURNS):
        at = int(generator.integers(len(whole)))
        flipped = whole[:at] + bytes([whole[at] ^ 1 << int(generator.integers(8))]) + whole[at + 1 :]
        file.write_bytes(whole[:at] if generator.integers(2) else flipped)
        read_or_refuse(lambda: read_genotypes(file))


def test_readers__parquet_that_ends_its_library(tmp_path):
    """Two statistics of a column change places, which the library meets with the end of the process."""
    file = tmp_path / "matrix.parquet"
    pd.DataFrame({"sample_id": ["s1", "s2"], "TP53": [1, 0]}).to_parquet(file)
    whole, statistics = file.read_bytes(), bytes.fromhex("29061926000400")
    assert whole.count(statistics) == 1, "the library writes other statistics now: craft the damage anew"
    file.write_bytes(whole.replace(statistics, bytes.fromhex("29260004190600")))
    code = f"from drugresponse.readers import read_genotypes; read_genotypes({str(file)!r})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.endswith("the Parquet file is damaged or truncated. Write or copy it again.\n")


def test_readers__parquet_whose_page_claims_gigabytes(tmp_path):
    """How long a page is unpacked stands before it, as a number that takes two bytes more when it is 2 GB."""
    file = tmp_path / "matrix.parquet"
    frame = pd.DataFrame({"sample_id": [f"s{at}" for at in range(2000)], "x": np.linspace(0, 1, 2000)})
    frame.to_parquet(file, use_dictionary=False)
    whole, honest = file.read_bytes(), bytes.fromhex("1500158efa0115")
    assert whole.count(honest) == 1, "the library writes other pages now: craft the damage anew"
    file.write_bytes(whole.replace(honest, bytes.fromhex("150015feffffff0f15")))
    # in a process of its own: the largest child is that of a process's whole life
    program = (
        "import resource, sys\n"
        "from drugresponse import InputError, read_genotypes\n"
        "try:\n"
        "    read_genotypes(sys.argv[1])\n"
        "except InputError as error:\n"
        "    print(error, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, file], capture_output=True, text=True, check=True)
    message, _, most_memory = done.stdout.strip().rpartition(" ")
    assert "damaged or truncated" in message
    assert 0 < int(most_memory) < 1 << 20
