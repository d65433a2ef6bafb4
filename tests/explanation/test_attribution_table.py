from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.tables import Measure
from drugresponse.explanation._attributions import PartEffects
from drugresponse.explanation._noise import Noise
from drugresponse.explanation._refits import Spread
from drugresponse.explanation.attribution_table import ATTRIBUTION_COLUMNS, attribution_table, signed_importance

PARTS = pd.DataFrame(
    {
        "kind": ["genotype", "genotype", "genotype", "covariate"],
        "block": ["cnv", "mut", "mut", "covariates"],
        "feature_id": ["A", "B", "B", "tissue=lung"],
        "gene": ["GA", "GB", "GB", ""],
        "arm": ["", "", "arm=b", ""],
    }
)
EFFECT = np.array([[1.0, -2.0, 0.5, 3.0], [np.nan, 0.0, 1.0, -1.0]])
IMPORTANCE = np.array([[0.3, 0.2, 0.4, 0.9], [0.0, 0.1, 0.2, 0.3]])
EFFECTS = PartEffects(
    pd.Index(["d1", "d0"], name="drug_id"), PARTS, EFFECT, IMPORTANCE, np.arange(8, dtype=np.int32).reshape(2, 4)
)


def test_attribution_table__genotype_by_rank_then_covariates_drugs_in_their_order():
    table = attribution_table(EFFECTS)
    assert list(table.columns) == list(ATTRIBUTION_COLUMNS)
    assert table["drug_id"].tolist() == ["d1"] * 4 + ["d0"] * 4
    told = table[["feature_id", "arm", "rank", "n_carriers"]].head(4).to_numpy().tolist()
    assert told == [["B", "arm=b", 1, 2], ["A", "", 2, 0], ["B", "", 3, 1], ["tissue=lung", "", 1, 3]]
    assert table[["lower", "upper", "stability", "above_noise"]].isna().all(axis=None)
    assert table["direction"].tolist() == ["higher", "higher", "lower", "higher", "higher", "", "", "lower"]


def test_attribution_table__direction_follows_the_measure():
    words = attribution_table(EFFECTS, Measure(higher_means="resistant"))["direction"].tolist()
    assert words[:3] == ["resistant", "resistant", "sensitive"]
    words = attribution_table(EFFECTS, Measure(higher_means="sensitive"))["direction"].tolist()
    assert words[:3] == ["sensitive", "sensitive", "resistant"]


def test_attribution_table__effects_on_times_are_those_on_the_hazard():
    for means in (None, "sensitive", "resistant"):
        table = attribution_table(EFFECTS, Measure(higher_means=means), outcome=Outcome("time-to-event"))
        assert table["direction"].tolist()[:3] == ["sooner event", "sooner event", "later event"]


def test_attribution_table__spread_and_noise_stand_in_the_row_of_their_part():
    number = np.arange(8.0).reshape(2, 4)
    spread = Spread(number - 10, number + 10, number / 8, 5)
    above = np.array([[True, False, False, True], [False, False, True, False]])
    table = attribution_table(EFFECTS, spread=spread, noise=Noise(pd.DataFrame(), IMPORTANCE, above, 1))
    at = table[(table["drug_id"] == "d0") & (table["arm"] == "arm=b")].iloc[0]
    assert (at["lower"], at["upper"], at["stability"], at["above_noise"]) == (-4, 16, 6 / 8, True)
    genotype = table["kind"] == "genotype"
    assert table.loc[genotype, "above_noise"].sum() == 2
    assert table.loc[~genotype, "above_noise"].isna().all()


def test_signed_importance__is_in_the_order_of_features_without_arms_and_covariates():
    signed = signed_importance(attribution_table(EFFECTS))
    assert signed.drug_ids.tolist() == ["d1", "d0"]
    assert signed.features["feature_id"].tolist() == ["A", "B"]
    np.testing.assert_array_equal(signed.values, [[0.3, -0.2], [0.0, 0.0]])
