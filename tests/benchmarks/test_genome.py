from __future__ import annotations

import numpy as np
import pytest
from bed_reader import open_bed

from benchmarks import genome
from benchmarks.genome import bare_kernel, write_cohort
from drugresponse.readers.plink.reader import read_plink


def test_write_cohort__files_and_responses_that_follow_the_calls(tmp_path, monkeypatch):
    monkeypatch.setattr(genome, "_BATCH_CELLS", 4000)
    bed = write_cohort(tmp_path, 203, 300)
    with open_bed(bed) as stored:
        calls = stored.read()
    frequency = np.nanmean(calls, axis=0) / 2
    assert calls.shape == (203, 300) and 0 < np.isnan(calls).mean() < 0.02
    assert frequency.min() < 0.1 and frequency.max() > 0.4
    heterozygous = (calls == 1).mean(axis=0)
    np.testing.assert_allclose(heterozygous.mean(), (2 * frequency * (1 - frequency)).mean(), atol=0.02)
    y = np.loadtxt(bed.with_name("responses.tsv"), skiprows=1, usecols=2)
    centred = np.nan_to_num(calls - np.nanmean(calls, axis=0))
    fitted = centred @ np.linalg.solve(centred.T @ centred + 100 * np.eye(300), centred.T @ (y - y.mean()))
    assert np.corrcoef(fitted, y)[0, 1] > 0.5
    assert y.std() == pytest.approx(np.sqrt(2), rel=0.25)
    new = write_cohort(tmp_path, 203, 300, new=True)
    assert new != bed and new.read_bytes() != bed.read_bytes()
    assert new.with_suffix(".bim").read_bytes() == bed.with_suffix(".bim").read_bytes()


def test_bare_kernel__products_of_centred_calls(tmp_path, monkeypatch):
    monkeypatch.setattr(genome, "_KERNEL_CELLS", 500)
    bed = write_cohort(tmp_path, 30, 50)
    calls = read_plink(bed).dense()
    centred = np.nan_to_num(calls - np.nanmean(calls, axis=0))
    np.testing.assert_allclose(bare_kernel(bed, 30, 50), centred @ centred.T, atol=1e-3)


def held(n_megabytes):
    np.ones(n_megabytes << 17).sum()


def test_measured__the_peak_above_the_small_work():
    measured = genome._measured(held, (60,), (20,))
    assert 35 < measured.megabytes < 80 and measured.wall > 0


def test_genome__the_commands_train_and_predict(tmp_path):
    bed, new = write_cohort(tmp_path, 60, 300), write_cohort(tmp_path, 20, 300, new=True)
    genome._train(bed, tmp_path / "model", "ridge", 3)
    genome._predict(new, tmp_path / "model")
    assert len(new.with_name("predictions.tsv").read_text().splitlines()) == 21
