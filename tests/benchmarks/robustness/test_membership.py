"""Attacks that must work do, those that cannot do not, and an advantage is that over a coin."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.robustness.membership import ATTACKS, advantage, attacks


def test_attacks__by_hashes_and_by_variants_of_one_carrier_are_sure_and_of_forgotten_samples_none():
    tried = attacks("ridge", 20, 20, 0)
    found = {name: advantage(scores, tried.inside) for name, scores in tried.scores.items()}
    assert list(found) == list(ATTACKS)
    assert found["hashes"] == found["variants of one carrier"] == 1
    assert found["hashes, --forget-samples"] == 0
    assert found["residuals"] > 0.2
    assert 0 < tried.accuracy < 1


def test_attacks__a_floor_for_carriers_names_no_variant_of_one_carrier():
    tried = attacks("ridge", 20, 20, 0, minimum_carriers=3)
    assert advantage(tried.scores["variants of one carrier"], tried.inside) < 0.6


@pytest.mark.parametrize(
    ("scores", "expected"), [([1, 1, 0, 0], 1), ([0, 0, 1, 1], -1), ([1, 0, 1, 0], 0), ([2] * 4, 0)]
)
def test_advantage__of_the_upper_half(scores, expected):
    assert advantage(np.array(scores, float), np.array([True, True, False, False])) == expected
