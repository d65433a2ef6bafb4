from __future__ import annotations

import json
import subprocess
import sys

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse import genotype_files
from drugresponse.data.genotypes import Genotypes
from drugresponse.genotype_files import ABOUT, to_anndata, write_genotypes
from drugresponse.readers import read_genotypes
from tests.galaxy_tools import TEST_DATA
from tests.stored_genotypes import passes, stored

SOURCES = {
    "vcf": ["germline/genotypes.vcf"],
    "plink": ["germline/genotypes.bed"],
    "matrix": ["cell_lines/genotypes.tsv", "cell_lines/more_genotypes.csv"],
    "maf": ["cell_lines/mutations.maf"],
    "several": ["germline/genotypes.h5ad", "germline/star_alleles.tsv"],
}


@pytest.mark.parametrize("files", SOURCES.values(), ids=SOURCES)
def test_write__is_read_back_as_the_same_genotypes(tmp_path, files):
    genotypes = read_genotypes([TEST_DATA / each for each in files])
    write_genotypes(genotypes, tmp_path / "cohort.dat")
    assert read_genotypes(tmp_path / "cohort.dat").equals(genotypes)


def two_blocks() -> Genotypes:
    samples = ["-s 1", "ä/2"]
    altered = Genotypes.from_dense([[0, 1, np.nan], [1, 0, 0]], samples, ["TP53", "KRAS", "a/b"], kind="altered")
    scores = Genotypes.from_dense([[0, 2.5], [np.nan, 0]], samples, ["TP53", "altered:KRAS"], kind="score")
    return Genotypes.join([altered, scores])


def test_write__ids_that_blocks_share(tmp_path):
    genotypes = two_blocks()
    write_genotypes(genotypes, tmp_path / "cohort.h5ad")
    assert read_genotypes(tmp_path / "cohort.h5ad").equals(genotypes)
    names = anndata.read_h5ad(tmp_path / "cohort.h5ad").var_names
    assert names.is_unique
    assert {"altered:TP53", "score:TP53", "KRAS", "altered:KRAS", "a/b"} == set(names)


def test_write__parents_where_there_are_any(tmp_path):
    table = pd.DataFrame({"kind": "altered", "parent": ["qnrS;QUINOLONE", ""]}, index=["qnrS1", "sul1"])
    genotypes = Genotypes.build([[1, 0]], ["s1"], table)
    write_genotypes(genotypes, tmp_path / "cohort.h5ad")
    assert read_genotypes(tmp_path / "cohort.h5ad").equals(genotypes)
    assert "parent" not in to_anndata(two_blocks()).var.columns


def test_names__a_joined_id_that_is_taken():
    samples = ["s1"]
    altered = Genotypes.from_dense([[0, 1]], samples, ["TP53", "score:TP53"], kind="altered")
    scores = Genotypes.from_dense([[0.5]], samples, ["TP53"], kind="score")
    assert to_anndata(Genotypes.join([altered, scores])).var_names.is_unique


def test_write__the_same_bytes_twice(tmp_path):
    samples = pd.DataFrame({"site": ["x", "y"]}, index=["-s 1", "ä/2"])
    for name in "ab":
        write_genotypes(two_blocks(), tmp_path / name, samples=samples, about={"sources": ["a"], "n": 1})
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_anndata__opens_with_its_own_reader(tmp_path):
    columns = {
        "age": ["7", ""],
        "site/ward": ["a", "b"],
        "_index": ["c", ""],
        "site_ward": ["", ""],
        "sample_id": ["", "x"],
    }
    samples = pd.DataFrame(columns, index=["ä/2", "another"])
    write_genotypes(two_blocks(), tmp_path / "cohort.h5ad", samples=samples, about={"notes": ["µ"]})
    found = anndata.read_h5ad(tmp_path / "cohort.h5ad")
    assert found.obs_names.tolist() == ["-s 1", "ä/2"]
    assert found.obs["age"].isna().tolist() == [True, False]
    assert found.obs["site_ward"].tolist() == ["", "a"]
    assert found.obs.columns.tolist() == ["age", "site_ward", "_index ", "site_ward'", "sample_id "]
    assert found.var.loc["KRAS", "kind"] == "altered"
    assert np.array_equal(found.X.toarray(), two_blocks().dense(), equal_nan=True)
    assert json.loads(found.uns[ABOUT]) == {"format": 1, "notes": ["µ"]}


def test_anndata__is_taken_as_genotypes_in_memory():
    from drugresponse.data.conversion.genotypes import as_genotypes

    genotypes = read_genotypes(TEST_DATA / "germline" / "genotypes.vcf")
    assert as_genotypes(to_anndata(genotypes)).equals(genotypes)


def stored_cohort(n=23, n_features=61) -> Genotypes:
    rng = np.random.default_rng(0)
    values = rng.binomial(2, 0.3, (n, n_features)).astype(np.float32)
    values[rng.random(values.shape) < 0.05] = np.nan
    features = pd.DataFrame(
        {"kind": "dosage", "chromosome": "7", "position": range(n_features), "gene": "G"},
        index=[f"rs{at}" for at in range(n_features)],
    )
    return stored(Genotypes.build(values, [f"s{at}" for at in range(n)], features))


@pytest.mark.parametrize("cells", [(20, 50), (7, 100), (1 << 20, 1 << 23)])
def test_write__stored_values_block_by_block(tmp_path, monkeypatch, cells):
    monkeypatch.setattr(genotype_files, "_CHUNK_CELLS", cells[0])
    monkeypatch.setattr(genotype_files, "_TALLEST", 9)
    monkeypatch.setattr(genotype_files, "BLOCK_CELLS", cells[1])
    genotypes = stored_cohort()
    samples = pd.DataFrame({"age": ["61"]}, index=["s4"])
    for name in ("cohort.h5ad", "again.h5ad"):
        write_genotypes(genotypes, tmp_path / name, samples=samples, about={"n": 1})
    assert passes(genotypes) == 2
    assert (tmp_path / "cohort.h5ad").read_bytes() == (tmp_path / "again.h5ad").read_bytes()
    assert read_genotypes(tmp_path / "cohort.h5ad").equals(genotypes)
    made, expected = anndata.read_h5ad(tmp_path / "cohort.h5ad"), to_anndata(genotypes, samples=samples)
    np.testing.assert_array_equal(made.X, expected.X.toarray())
    assert made.obs["age"].tolist()[4] == 61 and json.loads(made.uns[ABOUT])["n"] == 1
    pd.testing.assert_frame_equal(made.var, expected.var, check_categorical=False, check_dtype=False)


def test_write__a_disk_that_is_full_is_an_error_and_no_end_of_the_process(tmp_path):
    """HDF5 ends a process with a signal where it cannot write its last; limits of files stand for the disk."""
    program = (
        "import resource, sys\n"
        "from drugresponse import write_genotypes\n"
        "from drugresponse.readers import read_genotypes\n"
        f"genotypes = read_genotypes({str(TEST_DATA / 'germline/genotypes.vcf')!r})\n"
        "for size in (300, 20_000, 60_000):\n"
        "    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))\n"
        "    try:\n"
        "        write_genotypes(genotypes, sys.argv[1])\n"
        "    except OSError as error:\n"
        "        print(error.strerror, flush=True)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, tmp_path / "a.h5ad"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "File too large\n" * 3, "")
