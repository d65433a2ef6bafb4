from __future__ import annotations

import numpy as np
import pytest

from drugresponse.data.outcomes.dilutions import dilution_steps


def steps(*numbers: float, drugs: list[str] | None = None):
    return dilution_steps(np.array(numbers), np.array(drugs or ["d"] * len(numbers), dtype=object))


def test_dilution_steps__rounded_as_laboratories_do():
    written = [0.002, 0.004, 0.008, 0.015, 0.03, 0.06, 0.12, 0.25, 0.5, 1, 2, 4, 8, 16, 32, 64, 128, 256, 512]
    assert steps(*written).tolist() == list(range(-9, 10))
    assert steps(0.016, 0.032, 0.064, 0.125, 0.25).tolist() == [-6, -5, -4, -3, -2]


def test_dilution_steps__a_base_of_each_drug():
    found = steps(1, 2, 16, 20, 40, 320, drugs=["AMP"] * 3 + ["SXT"] * 3)
    np.testing.assert_allclose(found, np.log2([1, 2, 16, 20, 40, 320]), atol=1e-12)


def test_dilution_steps__several_spellings_of_one_are_one():
    found = steps(0.12, 0.125, 0.25, 0.5)
    assert found[0] == found[1] == -3


@pytest.mark.parametrize(
    "numbers",
    [
        (1, 2, 3, 4, 5),
        (0, 1, 2, 4),
        (-1, 1, 2, 4),
        (1, 2),
        (5, 10, 15, 20, 40),
        (0.19, 0.25, 0.38, 0.5),
        (7, 7.5, 8, 8.4),
        (np.nan, np.nan),
    ],
)
def test_dilution_steps__other_numbers_are_none(numbers):
    assert steps(*numbers) is None


def test_dilution_steps__chance_finds_none():
    rng = np.random.default_rng(0)
    drugs = np.repeat(np.array([f"d{i}" for i in range(4)], dtype=object), 5)
    assert not any(dilution_steps(np.exp(rng.normal(0, 2, 20)), drugs) is not None for _ in range(200))
