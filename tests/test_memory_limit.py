"""Files that are small and unpack to more than the memory that is granted."""

from __future__ import annotations

import gzip
import os
import sys
import zlib

import h5py
import numpy as np
import pyarrow
import pytest
from pyarrow import parquet

from drugresponse import memory_limit
from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.memory_limit import memory_left, refuse_beyond_memory
from drugresponse.readers import read_genotypes, read_responses, read_table
from drugresponse.readers.genes.sets import read_gene_sets
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.plink._calls import PlinkCalls
from drugresponse.readers.plink._sparse import AllelePlan, gather_calls
from drugresponse.readers.source import hdf5_checks
from drugresponse.readers.source.source import Source
from drugresponse.readers.variants.allele_calls import MISSING
from drugresponse.readers.variants.site_filter import SiteFilter
from drugresponse.readers.variants.sparse_calls import Allele, SparseCalls

HEADER = b"##fileformat=VCFv4.2\n#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
MEGABYTE = 1 << 20


@pytest.fixture
def grant(monkeypatch):
    """Grants what is held and so many megabytes more."""

    def give(megabytes):
        monkeypatch.setattr(memory_limit, "_held", lambda: 100 * MEGABYTE)
        monkeypatch.setenv("GALAXY_MEMORY_MB", str(100 + megabytes))

    return give


@pytest.fixture
def nothing_left(grant, monkeypatch):
    grant(0)
    monkeypatch.setattr(memory_limit, "_NEVER_REFUSED", 0)


def refused(where, what=r"reading it takes at least \d+ MB \(expected less than the \d+ MB that are left\)"):
    return pytest.raises(MemoryLimitError, match=rf"^{where}: {what}\. Check that the file is what it should be")


def test_memory_left__what_is_granted_less_what_is_held(grant):
    grant(7)
    assert memory_left() == 7 * MEGABYTE
    grant(-8)
    assert memory_left() == 0


def test_memory_left__grows_smaller_with_what_is_held(monkeypatch, tmp_path):
    # The system's count lags behind by up to 64 huge pages a thread, so its growth is played, not watched.
    monkeypatch.setenv("GALAXY_MEMORY_MB", "1000000")
    monkeypatch.setattr(memory_limit, "_STATUS", tmp_path / "statm")
    left = []
    for pages in (1000, 4000):
        (tmp_path / "statm").write_text(f"765000 {pages} 415 5 0 123 0\n")
        left.append(memory_left())
    assert left[0] - left[1] == 3000 * os.sysconf("SC_PAGE_SIZE")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process holds")
def test_memory_left__this_process_holds_its_libraries(monkeypatch):
    monkeypatch.setenv("GALAXY_MEMORY_MB", "1000000")
    assert memory_left() < (1_000_000 - 20) * MEGABYTE


def test_memory_left__without_a_grant(monkeypatch, tmp_path):
    monkeypatch.delenv("GALAXY_MEMORY_MB", raising=False)
    (tmp_path / "meminfo").write_text("MemTotal:   9000 kB\nMemAvailable:   2000 kB\n")
    monkeypatch.setattr(memory_limit, "_MACHINE", tmp_path / "meminfo")
    assert memory_left() == 2000 << 10
    monkeypatch.setattr(memory_limit, "_MACHINE", tmp_path / "absent")
    assert memory_left() == sys.maxsize


def test_memory_left__a_grant_that_is_no_number(monkeypatch):
    monkeypatch.setenv("GALAXY_MEMORY_MB", "8G")
    with pytest.raises(InputError, match='GALAXY_MEMORY_MB: "8G" is not a number of megabytes'):
        memory_left()


def test_refuse_beyond_memory__small_inputs_are_read_whatever_is_granted(grant):
    grant(-90)
    refuse_beyond_memory(MEGABYTE, "drugs.tsv")
    with refused("drugs.tsv"):
        refuse_beyond_memory(100 * MEGABYTE, "drugs.tsv")


@pytest.mark.parametrize(
    ("name", "content", "read"),
    [
        ("r.tsv", b"sample_id\tdrug_id\tresponse\ns1\td1\t1\n", read_responses),
        ("t.csv", b'a,b\n"1",2\n', read_table),
        ("m.tsv", b"sample_id\tTP53\ns1\t1\ns2\t0\n", read_genotypes),
        ("c.vcf", HEADER + b"s1\n1\t7\t.\tA\tC\t.\t.\t.\tGT\t0/1\n", read_genotypes),
        ("s.gmt", b"RAS\tx\tKRAS\n", read_gene_sets),
    ],
)
def test_read__text_that_does_not_fit(tmp_path, nothing_left, name, content, read):
    (tmp_path / name).write_bytes(content)
    with refused(name):
        read(tmp_path / name)


@pytest.mark.parametrize("part", ["fam", "bim"])
def test_read_genotypes__plink_whose_parts_unpack_to_too_much(tmp_path, grant, part):
    files = {"bed": bytes.fromhex("6c1b0102"), "bim": b"1\trs1\t0\t7\tC\tA\n", "fam": b"f1\ts1\t0\t0\t0\t-9\n"}
    files[part] = gzip.compress(files[part] * 200_000, 1)
    for name, content in files.items():
        (tmp_path / f"c.{name}").write_bytes(content)
    grant(70)
    with refused(f"c.{part}"):
        read_genotypes(tmp_path / "c.bed")


def test_read_genotypes__names_of_samples_that_do_not_fit(tmp_path, grant):
    names = b"\t".join(b"%d" % at for at in range(500_000))
    (tmp_path / "c.vcf.gz").write_bytes(gzip.compress(HEADER + names + b"\n", 1))
    grant(70)
    with refused("c.vcf.gz"):
        read_genotypes(tmp_path / "c.vcf.gz")


def test_sparse_calls__more_than_fits(nothing_left):
    with SparseCalls(["s1", "s2"], SiteFilter()) as calls:
        calls.add(np.array([[1, MISSING]], np.int8), [Allele("2", 7, "A", "C")])
        with refused("genotypes"):
            calls.finish()


def test_gather_calls__more_than_fits(tmp_path, nothing_left):
    (tmp_path / "c.bed").write_bytes(bytes.fromhex("6c1b0102"))
    calls = PlinkCalls(Source(tmp_path / "c.bed"), np.array([2], np.uintp), 2)
    plan = AllelePlan(np.array([0]), np.array([1]), np.array([0]), np.empty((0, 2), np.intp))
    with refused("genotypes"):
        gather_calls(calls, plan)


def test_read_responses__parquet_of_many_equal_rows(tmp_path, grant):
    """A few kilobytes for a million rows."""
    rows = 1 << 20
    text = pyarrow.DictionaryArray.from_arrays(pyarrow.array(np.zeros(rows, np.int32)), pyarrow.array(["s1"]))
    table = pyarrow.table({"sample_id": text, "drug_id": text, **{f"x{at}": np.zeros(rows) for at in range(8)}})
    parquet.write_table(table, tmp_path / "r.parquet", compression="zstd", store_schema=False)
    assert (tmp_path / "r.parquet").stat().st_size < 60_000
    grant(140)
    with refused("r.parquet"):
        read_responses(tmp_path / "r.parquet")


def test_read_genotypes__parquet_of_one_long_text(tmp_path, monkeypatch):
    rows = 300
    text = pyarrow.DictionaryArray.from_arrays(
        pyarrow.array(np.zeros(rows, np.int32)), pyarrow.array(["x" * 2 * MEGABYTE])
    )
    parquet.write_table(
        pyarrow.table({"sample_id": text, "TP53": np.zeros(rows)}), tmp_path / "m.parquet", store_schema=False
    )
    true_held = memory_limit._held
    before, held = true_held(), [0]

    def hold():
        held.append(true_held() - before)
        return held[-1]

    monkeypatch.setattr(memory_limit, "_held", hold)
    monkeypatch.setenv("GALAXY_MEMORY_MB", "80")
    with refused("m.parquet", r"what was read of it has filled the memory \(expected it to fit\)"):
        read_genotypes(tmp_path / "m.parquet")
    assert max(held) < 150 * MEGABYTE


@pytest.fixture
def not_walked_through(monkeypatch):
    """Files whose own data sets are too large need no process that walks through them first."""
    monkeypatch.setattr(hdf5_checks, "_PROBE", "")


@pytest.fixture
def bomb(tmp_path):
    """Writes the parts of an .h5ad file, of which X is given by a function."""

    def write(samples, features, put):
        with h5py.File(tmp_path / "b.h5ad", "w") as stored:
            for axis, n in (("obs", samples), ("var", features)):
                group = stored.create_group(axis)
                group.attrs.update({"_index": "_index", "encoding-type": "dataframe", "encoding-version": "0.2.0"})
                group.attrs["column-order"] = np.array([], dtype=h5py.string_dtype())
                names = np.array([f"{axis}{at}" for at in range(n)], dtype=object)
                group.create_dataset("_index", data=names, dtype=h5py.string_dtype(), chunks=(n,))
                group["_index"].attrs.update({"encoding-type": "string-array", "encoding-version": "0.2.0"})
            put(stored)
        return tmp_path / "b.h5ad"

    return write


def packed(group, name, shape, dtype, value=0):
    """A data set in one compressed chunk."""
    made = group.create_dataset(name, shape=shape, dtype=dtype, chunks=shape, compression="gzip")
    made.id.write_direct_chunk((0,) * len(shape), zlib.compress(np.full(shape, value, dtype).tobytes(), 1))
    return made


def put_dense(stored):
    made = packed(stored, "X", (40, 1 << 18), np.float64)
    made.attrs.update({"encoding-type": "array", "encoding-version": "0.2.0"})


def put_sparse(stored):
    group = stored.create_group("X")
    group.attrs.update({"encoding-type": "csr_matrix", "encoding-version": "0.1.0", "shape": [2, 2]})
    packed(group, "data", (1 << 24,), np.float32)
    packed(group, "indices", (1 << 24,), np.int32)
    group.create_dataset("indptr", data=[0, 1 << 24, 1 << 24])


def test_read_anndata__a_dense_matrix_that_does_not_fit(bomb, grant, not_walked_through):
    file = bomb(40, 1 << 18, put_dense)
    grant(90)
    with refused(r"b\.h5ad"):
        read_anndata(file)


def test_read_anndata__a_sparse_matrix_that_does_not_fit(bomb, grant, not_walked_through):
    file = bomb(2, 2, put_sparse)
    grant(90)
    with refused(r"b\.h5ad"):
        read_anndata(file)


def test_read_anndata__one_long_name_of_many_samples(bomb, grant):
    """Each name is a pointer, and all point to the same ten megabytes."""

    def put(stored):
        names = stored["obs/_index"]
        names[0] = "x" * 10 * MEGABYTE
        stored.flush()
        _, pointers = names.id.read_direct_chunk((0,))
        names.id.write_direct_chunk((0,), pointers[:16] * 400)
        stored.create_dataset("X", shape=(400, 2), dtype=np.float32)

    file = bomb(400, 2, put)
    grant(600)
    with refused(r"b\.h5ad", r"its texts take more memory than is left \(expected less than 600 MB\)"):
        read_anndata(file)
