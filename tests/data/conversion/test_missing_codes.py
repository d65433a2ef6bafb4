from __future__ import annotations

import anndata
import numpy as np
import pandas as pd
import pytest

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.errors import InputError
from drugresponse.readers import read_genotypes

CALLS = np.array([[0, 1, 2, 1], [2, 2, 0, 1], [1, 0, 0, 2]], dtype=np.float64)


def table(cells, kind=None):
    frame = pd.DataFrame(cells, index=["s1", "s2", "s3"], columns=[f"rs{at}" for at in range(cells.shape[1])])
    return as_genotypes(frame, kind=kind)


def with_code(code, cells=CALLS):
    return np.where(np.eye(*cells.shape, k=1) > 0, code, cells)


@pytest.mark.parametrize("code", [-9, -1, 9, 99, -99, -127, 255])
@pytest.mark.parametrize("kind", [None, "dosage", "altered"])
def test_as_genotypes__a_mark_of_missing_calls_is_no_dosage(code, kind):
    with pytest.raises(InputError, match=rf"found {code} in 3 cells, and 0 to 2 in all others .*`kind` copy_number"):
        table(with_code(code), kind)
    assert table(with_code(code), "copy_number").dense().max() == max(code, 2)


@pytest.mark.parametrize("code", [-9, -1, 9])
def test_read_genotypes__marks_of_missing_calls_in_every_table(tmp_path, code):
    frame = pd.DataFrame(with_code(code), index=pd.Index(["s1", "s2", "s3"], name="sample_id"), columns=list("abcd"))
    frame.to_csv(tmp_path / "text", sep="\t")
    frame.to_parquet(tmp_path / "parquet")
    anndata.AnnData(frame).write_h5ad(tmp_path / "h5ad")
    for name in ("text", "parquet", "h5ad"):
        with pytest.raises(InputError, match=f"found {code} in 3 cells"):
            read_genotypes(tmp_path / name)


def test_as_genotypes__expected_copies_and_far_codes():
    with pytest.raises(InputError, match="found -9 in 3 cells"):
        table(with_code(-9, CALLS / 2 + 0.01))
    scores = np.random.default_rng(0).normal(5, 3, CALLS.shape)
    with pytest.raises(InputError, match="found -999 in 3 cells"):
        table(with_code(-999, scores))
    assert table(with_code(-999, scores), "score").dense().min() == -999
    with pytest.raises(InputError, match="found -9 in 3 cells, and 0 to 8 in all others"):
        table(with_code(-9, CALLS * 4))


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        (CALLS - 1, "copy_number"),
        (CALLS - 2, "copy_number"),
        (np.array([[-2, -1, 0, 1], [2, 0, 0, 1], [0, 0, -1, 0]]), "copy_number"),
        (np.arange(12).reshape(3, 4) - 1.0, "copy_number"),
        (CALLS * 4.5, "score"),
        (np.random.default_rng(0).normal(0, 3, CALLS.shape).round(), "copy_number"),
        (with_code(-9, np.random.default_rng(0).normal(0, 3, CALLS.shape)), "score"),
    ],
)
def test_as_genotypes__honest_numbers_are_not_stopped(cells, kind):
    found = table(np.array(cells, dtype=np.float64))
    assert set(found.features["kind"]) == {kind}


def test_as_genotypes__losses_beside_gains_are_told_of(caplog):
    assert set(table(CALLS - 1).features["kind"]) == {"copy_number"}
    assert "found -1 in" in caplog.text
    assert "read as losses" in caplog.text
