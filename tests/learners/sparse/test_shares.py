from __future__ import annotations

import numpy as np

from drugresponse.learners.sparse._shares import shares_by_drug


def test_shares_by_drug__many_rows_tell_drugs_apart_and_few_do_not():
    rng = np.random.default_rng(0)

    def shares(n: int) -> np.ndarray:
        y = rng.normal(size=(n, 2))
        maps = [y * [1, 0] + rng.normal(size=(n, 2)) / 5, y * [0, 1] + rng.normal(size=(n, 2)) / 5]
        return shares_by_drug(maps, y, np.ones(n), np.arange(n))

    many, few = shares(2000), shares(8)
    assert many[0, 0] - many[0, 1] > 0.8
    assert many[1, 1] - many[1, 0] > 0.8
    assert abs(few[0, 0] - few[0, 1]) < 0.6
    assert (many >= 0).all()


def test_shares_by_drug__a_drug_without_spread_has_those_of_all():
    y = np.column_stack([np.random.default_rng(0).normal(size=50), np.zeros(50)])
    shares = shares_by_drug([y, 0 * y], y, np.ones(50), np.arange(50))
    assert np.isfinite(shares).all()
    assert shares[0, 1] > 0.5
