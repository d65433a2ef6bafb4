"""A large .h5ad file that stays where it is says the same as one that is read into memory."""

from __future__ import annotations

import os
import pickle

import anndata
import h5py
import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from drugresponse.data import stored_values
from drugresponse.data.stored_values import ColumnsInMemory
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.source import hdf5_checks


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(hdf5_checks, "_PROBE", "")
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 50)


@pytest.fixture
def large(monkeypatch):
    return lambda: monkeypatch.setattr(stored_values, "STORED_CELLS", 0)


def calls(n=17, n_features=40, seed=0):
    rng = np.random.default_rng(seed)
    values = rng.binomial(2, rng.uniform(0.0, 0.5, n_features), (n, n_features)).astype(np.float32)
    values[rng.random(values.shape) < 0.05] = np.nan
    return values


def write(folder, values, *, kind="dosage", compression=None, layer=None):
    n, n_features = values.shape
    var = pd.DataFrame({"position": np.arange(n_features)[::-1] // 2}, index=[f"rs{at}" for at in range(n_features)])
    var = var.assign(kind=kind) if kind else var
    obs = pd.DataFrame(index=[f"s{at}" for at in range(n)])
    made = anndata.AnnData(values, obs=obs, var=var, layers={layer: values} if layer else None)
    made.write_h5ad(folder / "cohort.h5ad", compression=compression)
    return folder / "cohort.h5ad"


def assert_alike(there, here):
    assert there.is_stored and not here.is_stored
    assert there.equals(here)
    assert there.n_missing().tolist() == here.n_missing().tolist()
    some = np.array([7, 2, 2, 11])
    np.testing.assert_array_equal(there.take(some).dense(), here.take(some).dense())
    few = np.array([31, 3, 4, 17])
    np.testing.assert_array_equal(there.select(few).dense(), here.select(few).dense())


FORMS = {"dense": np.asarray, "double": np.float64, "csc": sparse.csc_matrix, "csr": sparse.csr_matrix}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize("compression", [None, "gzip"])
def test_read_anndata__stored_as_in_memory(tmp_path, large, form, compression):
    file = write(tmp_path, form(calls()), compression=compression, layer="calls")
    here = read_anndata(file)
    large()
    assert_alike(read_anndata(file), here)
    assert_alike(read_anndata(file, layer="calls"), here)


@pytest.mark.parametrize("chunks", [(17, 3), (5, 7), (17, 40), (1, 1)])
def test_read_anndata__stored_chunks_of_any_shape(tmp_path, large, chunks):
    file = write(tmp_path, calls())
    here = read_anndata(file)
    with h5py.File(file, "r+") as stored:
        values, attributes = stored["X"][()], dict(stored["X"].attrs)
        del stored["X"]
        stored.create_dataset("X", data=values, chunks=chunks, compression="gzip").attrs.update(attributes)
    large()
    there = read_anndata(file)
    assert_alike(there, here)
    # where the chunks that hold a column are most of the file, it is read as a whole
    assert isinstance(there.values.source, ColumnsInMemory) == (chunks == (17, 40))


@pytest.mark.parametrize("values", [calls(), np.minimum(calls(), 1), calls() - 1.0, calls() * 1.5, calls() + 20])
def test_read_anndata__stored_kinds_are_guessed_from_all_numbers(tmp_path, large, values):
    file = write(tmp_path, values, kind=None)
    here = read_anndata(file)
    large()
    there = read_anndata(file)
    assert there.is_stored and there.features["kind"].tolist() == here.features["kind"].tolist()


@pytest.mark.parametrize("kind", ["dosage", None])
def test_read_anndata__stored_marks_of_missing_calls_are_refused(tmp_path, large, kind):
    values = calls()
    values[3, 36] = values[11, 2] = -9
    file = write(tmp_path, values, kind=kind)
    with pytest.raises(InputError) as here:
        read_anndata(file)
    large()
    with pytest.raises(InputError) as there:
        read_anndata(file)
    assert "-9 in 2 cells" in str(there.value) and str(there.value) == str(here.value)


def test_read_anndata__stored_infinite_values_are_refused(tmp_path, large):
    values = calls()
    values[3, 36] = -np.inf
    large()
    with pytest.raises(InputError, match="infinite"):
        read_anndata(write(tmp_path, values, kind="score"))


def test_read_anndata__stored_columns_that_are_no_features_are_left_out(tmp_path, large):
    file = write(tmp_path, calls(n_features=3))
    with h5py.File(file, "r+") as stored:
        stored["var/_index"][1] = "AGE"
    here = read_anndata(file)
    large()
    there = read_anndata(file)
    assert there.shape == (17, 2) and there.is_stored and there.equals(here)


@pytest.mark.parametrize("form", [np.asarray, sparse.csc_matrix])
def test_read_anndata__stored_file_that_changes_or_vanishes(tmp_path, large, form):
    file = write(tmp_path, form(calls()))
    large()
    there = read_genotypes(file)
    again = pickle.loads(pickle.dumps(there.values))  # noqa: S301 -- written on the line itself
    np.testing.assert_array_equal(again.toarray(), there.dense())
    os.utime(file, ns=(0, 0))
    with pytest.raises(InputError, match="is not the file any more"):
        there.dense()
    file.unlink()
    with pytest.raises(InputError, match="is not there any more"):
        there.dense()


@pytest.mark.parametrize(
    ("part", "number", "message"),
    [("indptr", 7, "not in order|do not hold"), ("indices", 10**6, "cannot be read")],
)
def test_read_anndata__stored_damaged_columns_are_an_error(tmp_path, large, part, number, message):
    file = write(tmp_path, sparse.csc_matrix(calls()))
    with h5py.File(file, "r+") as stored:
        stored[f"X/{part}"][-1] = number
    large()
    with pytest.raises(InputError, match=message):
        read_anndata(file).dense()


def test_read_genotypes__stored_single_copies_of_men_count_as_two(tmp_path, large, caplog):
    values = calls()
    values[:8, 20:] = np.minimum(values[:8, 20:], 1)
    file = write(tmp_path, values)
    table = anndata.read_h5ad(file)
    table.var["chromosome"] = ["1"] * 20 + ["X"] * 20
    table.var["position"] = 9_000_000 + np.arange(40)
    table.write_h5ad(file)
    men = [f"s{at}" for at in range(8)]
    here = read_genotypes(file, men=men)
    large()
    there = read_genotypes(file, men=men)
    assert there.is_stored and there.equals(here) and not there.equals(read_genotypes(file))
    assert caplog.text.count("8 male samples have no more than one copy") == 2
    assert there.take(np.array([9, 1])).equals(here.take(np.array([9, 1])))
    assert read_genotypes(file, men=["s9", *men]).equals(read_genotypes(file))  # somebody has two copies
