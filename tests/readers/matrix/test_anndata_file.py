from __future__ import annotations

import re

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.errors import InputError
from drugresponse.readers.matrix import anndata_file
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.source import hdf5_checks

VALUES = np.array([[0, 1, 2], [np.nan, 0, 1]], dtype=np.float32)


def cohort(values=VALUES, **parts):
    var = pd.DataFrame(
        {
            "kind": pd.Categorical(["dosage"] * 3),
            "gene": ["VKORC1", "", "CYP2C9"],
            "chromosome": ["chr16", "16", "10"],
            "position": pd.array([7, None, 9], dtype="Int64"),
            "score": [0.5, 1.5, 2.5],
        },
        index=["rs1", "rs2", "rs3"],
    )
    return anndata.AnnData(values, obs=pd.DataFrame({"sex": ["f", "m"]}, index=["s1", "s2"]), var=var, **parts)


@pytest.fixture(autouse=True)
def walked_through(request, monkeypatch):
    """Whole files need no process that walks through them first; tests of damage ask for it by their name."""
    if "damage" not in request.node.name:
        monkeypatch.setattr(hdf5_checks, "_PROBE", "")


@pytest.fixture
def file(tmp_path):
    cohort(layers={"calls": VALUES * 0.5}).write_h5ad(tmp_path / "cohort.dat")
    return tmp_path / "cohort.dat"


@pytest.mark.parametrize(
    "values",
    [
        VALUES,
        VALUES.astype(np.float64),
        np.asfortranarray(VALUES),
        sparse.csr_matrix(VALUES),
        sparse.csc_matrix(VALUES),
    ],
    ids=["dense", "double", "columns", "csr", "csc"],
)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_read_anndata__as_the_object_in_memory(tmp_path, values, compression):
    written = cohort(values)
    written.write_h5ad(tmp_path / "cohort.dat", compression=compression)
    genotypes = read_anndata(tmp_path / "cohort.dat")
    assert genotypes.equals(as_genotypes(written))
    assert genotypes.features.index.tolist() == ["rs3", "rs2", "rs1"]
    np.testing.assert_array_equal(genotypes.dense(), VALUES[:, [2, 1, 0]])


def test_read_anndata__whole_numbers(tmp_path):
    written = cohort(np.array([[0, 1, 2], [1, 0, 1]], dtype=np.int8))
    written.write_h5ad(tmp_path / "cohort.dat")
    assert read_anndata(tmp_path / "cohort.dat").equals(as_genotypes(written))


def test_read_anndata__layer(file):
    np.testing.assert_array_equal(read_anndata(file, layer="calls").dense(), VALUES[:, [2, 1, 0]] * 0.5)
    with pytest.raises(InputError, match=r'cohort\.dat: found no layer "call"\. Did you mean "calls"'):
        read_anndata(file, layer="call")


def test_read_anndata__many_blocks_are_as_one(file, monkeypatch):
    expected = read_anndata(file)
    monkeypatch.setattr(anndata_file, "_BLOCK_CELLS", 1)
    assert read_anndata(file).equals(expected)


def test_read_anndata__no_matrix(tmp_path):
    anndata.AnnData(obs=pd.DataFrame(index=["s1"]), var=pd.DataFrame(index=["f1"])).write_h5ad(tmp_path / "cohort.dat")
    with pytest.raises(InputError, match=r"cohort\.dat: this file has no X\. Name the layer"):
        read_anndata(tmp_path / "cohort.dat")
    with pytest.raises(InputError, match=r'found no layer "calls"\. It has none'):
        read_anndata(tmp_path / "cohort.dat", layer="calls")


def test_read_anndata__other_hdf5(tmp_path):
    with h5py.File(tmp_path / "other.h5", "w") as stored:
        stored["matrix"] = VALUES
    with pytest.raises(InputError, match=r"other\.h5: this HDF5 file has no obs and no var \(expected \.h5ad"):
        read_anndata(tmp_path / "other.h5")


def test_read_anndata__names_and_matrix_disagree(file):
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        stored["X"] = VALUES[:, :2]
    with pytest.raises(InputError, match=r"X is 2 x 2, its names are 2 samples x 3 features"):
        read_anndata(file)


def test_read_anndata__indices_of_a_sparse_matrix_are_checked(tmp_path):
    cohort(sparse.csr_matrix(VALUES)).write_h5ad(tmp_path / "cohort.dat")
    with h5py.File(tmp_path / "cohort.dat", "r+") as stored:
        stored["X/indices"][1] = 2_000_000
    with pytest.raises(InputError, match=r"cannot be read \(.*ind.*\)\. It is truncated or damaged"):
        read_anndata(tmp_path / "cohort.dat")


def test_read_anndata__text_is_no_matrix(file):
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        stored["X"] = np.array([[b"a", b"b", b"c"]] * 2)
    with pytest.raises(InputError, match=r"cohort\.dat: .*"):
        read_anndata(file)


def test_read_anndata__other_files_are_not_followed(file, tmp_path):
    secret = tmp_path / "secret.bin"
    secret.write_bytes(VALUES.tobytes())
    with h5py.File(tmp_path / "other.h5", "w") as stored:
        stored["X"] = VALUES

    def refused():
        with pytest.raises(InputError, match=r"cohort\.dat: (X|var/gene) is stored outside this file"):
            read_anndata(file)

    for replacement in (h5py.ExternalLink(str(tmp_path / "other.h5"), "/X"), h5py.SoftLink("/layers/calls")):
        with h5py.File(file, "r+") as stored:
            del stored["X"]
            stored["X"] = replacement
        refused()
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        stored.create_dataset("X", (2, 3), "f4", external=[(str(secret), 0, 24)])
    refused()
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        layout = h5py.VirtualLayout((2, 3), "f4")
        layout[:] = h5py.VirtualSource(str(tmp_path / "other.h5"), "X", (2, 3))
        stored.create_virtual_dataset("X", layout)
    refused()
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        stored["X"] = VALUES
        del stored["var/gene"]
        stored["var/gene"] = h5py.ExternalLink(str(tmp_path / "other.h5"), "/X")
    refused()


def test_read_anndata__claims_more_than_the_file_holds(file):
    with h5py.File(file, "r+") as stored:
        del stored["X"]
        stored.create_dataset("X", (2, 10**10), "f4", chunks=(1, 1000))
    with pytest.raises(InputError, match=r"X claims 80000000000 bytes, more than the file can hold"):
        read_anndata(file)


def test_refuse_crashing__damage_without_end(file, monkeypatch):
    monkeypatch.setattr(hdf5_checks, "_PROBE", "while True: pass")
    monkeypatch.setattr(hdf5_checks, "_SECONDS", 0.2)
    with pytest.raises(InputError, match=r"cohort\.dat: this HDF5 file is damaged in a way that stops its library"):
        hdf5_checks.refuse_crashing(file)


def test_refuse_crashing__damage_that_kills_the_process(file, monkeypatch):
    monkeypatch.setattr(hdf5_checks, "_PROBE", "import os, signal; os.kill(os.getpid(), signal.SIGSEGV)")
    with pytest.raises(InputError, match="damaged in a way that stops its library"):
        hdf5_checks.refuse_crashing(file)
    monkeypatch.setattr(hdf5_checks, "_PROBE", "raise SystemExit(1)")
    hdf5_checks.refuse_crashing(file)


def test_read_anndata__damaged_bytes_are_an_error_or_plausible(file, monkeypatch):
    monkeypatch.setattr(hdf5_checks, "_SECONDS", 20)
    whole = file.read_bytes()
    generator = np.random.default_rng(5)
    n_refused = 0
    for turn in range(8):
        damaged = bytearray(whole)
        if turn % 4 == 0:
            del damaged[generator.integers(len(whole)) :]
        else:
            for at in generator.integers(len(whole), size=20):
                damaged[at] ^= 1 << generator.integers(8)
        file.write_bytes(damaged)
        try:
            assert read_anndata(file).shape == (2, 3)
        except InputError as error:
            assert "\n" not in str(error)
            n_refused += 1
    assert n_refused >= 2


@pytest.mark.parametrize("chunks", [(1, 7), (50, 1), (10, 3), (50, 7), None])
def test_read_anndata__tiles_of_any_shape(tmp_path, monkeypatch, chunks):
    monkeypatch.setattr(anndata_file, "_BLOCK_CELLS", 40)
    values = np.random.default_rng(0).integers(0, 3, (50, 7)).astype(np.float32)
    values[values == 2] = np.nan
    anndata.AnnData(values).write_h5ad(tmp_path / "x.h5ad")
    with h5py.File(tmp_path / "x.h5ad", "a") as stored:
        about = dict(stored["X"].attrs)
        del stored["X"]
        stored.create_dataset("X", data=values, chunks=chunks).attrs.update(about)
    genotypes = read_anndata(tmp_path / "x.h5ad", kind="dosage")
    assert genotypes.equals(as_genotypes(anndata.AnnData(values), kind="dosage"))


def test_read_anndata__positions_as_fractions_of_whole_numbers(tmp_path):
    written = cohort()
    written.var["position"] = [7.0, np.nan, 9.0]
    written.write_h5ad(tmp_path / "cohort.dat")
    positions = read_anndata(tmp_path / "cohort.dat").features["position"]
    assert positions.dtype == "Int64"
    assert positions.fillna(-1).to_dict() == {"rs1": 7, "rs2": -1, "rs3": 9}


@pytest.mark.parametrize(
    ("position", "shown"),
    [(1.5, "1.5"), (np.inf, "inf"), (1e300, "1e+300"), ("1,000", "1,000"), ("chr1", "chr1"), (True, "True")],
)
@pytest.mark.parametrize("read", ["file", "memory"])
def test_positions__that_are_no_whole_number_are_refused(tmp_path, position, shown, read):
    written = cohort()
    written.var["position"] = [position] * 3
    written.write_h5ad(tmp_path / "cohort.dat")
    with pytest.raises(InputError, match=f'found "{re.escape(shown)}" as the position of feature "rs1"'):
        read_anndata(tmp_path / "cohort.dat") if read == "file" else as_genotypes(written)


@pytest.mark.parametrize("made", [np.asarray, sparse.csr_matrix])
@pytest.mark.parametrize("read", ["file", "memory"])
def test_read_anndata__complex_numbers_are_refused(tmp_path, made, read):
    written = cohort(made(VALUES + 1j))
    with pytest.raises(InputError, match="complex"):
        if read == "file":
            written.write_h5ad(tmp_path / "cohort.dat")
            read_anndata(tmp_path / "cohort.dat")
        else:
            as_genotypes(written)


@pytest.mark.parametrize("axis", ["obs_names", "var_names"])
def test_read_anndata__empty_ids_are_refused(tmp_path, axis):
    written = cohort()
    setattr(written, axis, ["", *getattr(written, axis)[1:]])
    written.write_h5ad(tmp_path / "cohort.dat")
    with pytest.raises(InputError, match=r"found (\"\" as the id of 1 sample|a feature without a name)"):
        read_anndata(tmp_path / "cohort.dat")
