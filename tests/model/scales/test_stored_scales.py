"""Scales of stored genotypes are those of genotypes in memory, and so is what they refuse and flag."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data import stored_values
from drugresponse.data.genotypes import Genotypes
from drugresponse.model.scales.scales import TrainedScales
from tests.stored_genotypes import passes, stored

N = 40


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr(stored_values, "BLOCK_CELLS", 300)


def cohort(seed: int) -> Genotypes:
    rng = np.random.default_rng(seed)
    frequency, level = np.linspace(0.05, 0.5, 90), np.linspace(4, 9, 40)
    ids = [f"s{number}" for number in range(N)]
    blocks = {
        "dosage": rng.binomial(2, frequency, (N, 90)),
        "altered": rng.binomial(1, frequency, (N, 90)),
        "score": rng.normal(level, 1, (N, 40)),
        "copy_number": rng.choice([-1.0, 0, 0, 0, 1.0], (N, 30)),
    }
    sources = []
    for kind, values in blocks.items():
        calls = values.astype(np.float32)
        calls[rng.random(calls.shape) < 0.03] = np.nan
        names = [f"{kind}{number}" for number in range(calls.shape[1])]
        sources.append(Genotypes.from_dense(calls, ids, names, kind=kind))
    return Genotypes.join(sources)


NOTHING = pd.DataFrame(index=[f"s{number}" for number in range(N)])


def test_trained_scales__are_those_in_memory_in_one_pass_and_the_measured_values():
    genotypes = cohort(0)
    there = stored(genotypes)
    expected, scales = TrainedScales.of(genotypes, NOTHING), TrainedScales.of(there, NOTHING)
    for name in ("low", "high", "centre", "size"):
        np.testing.assert_allclose(getattr(scales, name), getattr(expected, name), rtol=1e-6)
    assert scales.slopes.keys() == expected.slopes.keys() and scales.usual.keys() == expected.usual.keys()
    for key, slopes in scales.slopes.items():
        assert slopes == pytest.approx(expected.slopes[key], rel=1e-4)
    for key, usual in scales.usual.items():
        np.testing.assert_allclose(usual, expected.usual[key], rtol=1e-6)
    assert passes(there) == pytest.approx(1 + 70 / genotypes.shape[1])
