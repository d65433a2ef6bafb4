"""Responses that several simulated studies measured."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from drugresponse.data.tables import Responses
from drugresponse.simulation._studies import measured_in_studies


def test_measured_in_studies__noise_and_levels_are_in_the_unit_of_the_responses():
    rng = np.random.default_rng(1)
    pairs = pd.MultiIndex.from_product([[f"s{at}" for at in range(80)], list("abc")], names=["sample_id", "drug_id"])
    table = pairs.to_frame(index=False).assign(response=rng.normal(size=240))
    one, levels = measured_in_studies(Responses.build(table), 3, np.random.default_rng(0))
    large = Responses.build(table.assign(response=1000 * table["response"]))
    thousand, higher = measured_in_studies(large, 3, np.random.default_rng(0))
    assert thousand.table["response"].to_numpy() == pytest.approx(1000 * one.table["response"].to_numpy())
    assert higher == pytest.approx({name: 1000 * level for name, level in levels.items()})
