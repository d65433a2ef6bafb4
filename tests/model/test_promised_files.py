"""Model files of every format that was promised to last predict what they predicted when they were written."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from drugresponse.model.file import FORMAT
from drugresponse.model.loading import load_model
from drugresponse.readers import read_genotypes, read_samples

ROOT = Path(__file__).resolve().parents[2] / "test-data" / "models"
FILES = sorted(ROOT.glob("format-*/*.safetensors"))


def test_promised_files__one_folder_for_each_format():
    assert {path.parent.name for path in FILES} == {f"format-{number}" for number in range(1, FORMAT + 1)}
    assert len(FILES) >= 8 * FORMAT


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_promised_files__predict_the_same_numbers(path):
    genotypes = read_genotypes(path.parent / "genotypes.tsv", features=path.parent / "features.tsv")
    found = load_model(path).predict(genotypes, samples=read_samples(path.parent / "samples.tsv"))
    expected = pd.read_csv(path.with_suffix(".tsv"), sep="\t", dtype={"sample_id": str, "drug_id": str})
    pd.testing.assert_frame_equal(found[expected.columns].head(len(expected)), expected, rtol=1e-6, atol=1e-6)
